"""Making, changing and deleting users: the rules that hold whoever asks."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import keys
from accounts.identity import Identity
from accounts.models import Access, Invitation, User, UserRole
from accounts.owners import ensure_an_owner_remains, ensure_owners_remain_without
from core.errors import InvalidRequest, NotFound


class OwnAccount(InvalidRequest):
    """Nobody locks themselves out."""

    code = "own_account"


class UserNotFound(NotFound):
    """No user has this id."""

    code = "user_not_found"


def create(*, username: str, password: str, role: str = UserRole.ADMIN, access: str | None = None) -> User:
    """Store a new user; without ``access`` the setting ``default_access`` says it. An owner has everything anyway.

    Raises:
        InvalidRequest: the name is taken or not allowed, or the password too weak; by field.
    """
    user = User(username=User.normalize_username(username), role=UserRole(role), access=access_of_new(access))
    with _told_by_field():
        user.full_clean(exclude=["password"])
        _set_password(user, password)
        with transaction.atomic():
            _hold_names()
            user.clean()  # again: somebody may have been faster
            user.save()
    return user


def access_of_new(access: str | None) -> Access:
    """Return the access of a new user for whom an owner asked for ``access``, or for none (None)."""
    return Access(settings.MC_ADMIN.default_access if access is None else access)


def read(user_id: int) -> User:
    """Return the user of that id.

    Raises:
        UserNotFound: there is none.
    """
    return _found(User.objects.filter(pk=user_id).first())


def check_name(username: str) -> None:
    """Check that a new user may have this name.

    Raises:
        InvalidRequest: as ``create``.
    """
    with _told_by_field():
        User(username=User.normalize_username(username)).full_clean(exclude=["password"])


def check_rights(user_id: int, *, by: Identity, role: str, is_active: bool) -> None:
    """Check that ``by`` may give that user the role and the state; to be called in a transaction.

    Raises:
        OwnAccount: one's own rights would shrink.
        LastOwner: nobody else is an active owner.
    """
    user = _lock(user_id)
    if user.pk == by.id and (UserRole(role).rank < UserRole(user.role).rank or not is_active):
        raise OwnAccount("You cannot lower your own rights; ask another owner.")
    ensure_an_owner_remains(user, role=role, is_active=is_active)


def change(  # noqa: PLR0913 - a row
    user_id: int, *, by: Identity, username: str | None = None, password: str | None = None, role: str | None = None,
    is_active: bool | None = None,
) -> User:
    """Change what is not None; a new role, state or password ends the user's tokens.

    A password that somebody else sets ends the user's keys, too. Who is no owner any more has no open invitations,
    and gets none back with the rights.

    Raises:
        UserNotFound: there is none.
        OwnAccount: one's own rights would shrink.
        LastOwner: nobody else is an active owner.
        InvalidRequest: as ``create``.
    """
    with _told_by_field(), transaction.atomic():
        user = _lock(user_id)
        rights = UserRole(user.role if role is None else role), user.is_active if is_active is None else is_active
        if rights != (user.role, user.is_active):
            check_rights(user_id, by=by, role=rights[0], is_active=rights[1])
            user.role, user.is_active = rights
            user.end_tokens()
            if not user.is_owner:
                _revoke_invitations(user)
        if username is not None:
            user.username = User.normalize_username(username)
            user.full_clean(exclude=["password"])
        if password is not None:
            _set_password(user, password)
            if by.id != user.pk:
                keys.end_all_of(user.pk, why=keys.NEW_PASSWORD)
        user.save()
    return user


def check_deletion(users: Iterable[User], *, by: Identity) -> None:
    """Check that ``by`` may delete all of these; to be called in a transaction.

    Raises:
        OwnAccount: one's own is among them.
        LastOwner: nobody else is an active owner.
    """
    users = list(users)
    if any(user.pk == by.id for user in users):
        raise OwnAccount("You cannot delete your own account; ask another owner.")
    ensure_owners_remain_without(users)


def delete(user_id: int, *, by: Identity) -> str:
    """Delete the user; return the name they had.

    Raises:
        UserNotFound: there is none.
        OwnAccount, LastOwner: as ``check_deletion``.
    """
    with transaction.atomic():
        user = _lock(user_id)
        check_deletion([user], by=by)
        user.delete()
    return user.username


def end_all_tokens(user_id: int) -> User:
    """Sign the user out everywhere: every token given out so far becomes worthless.

    Raises:
        UserNotFound: there is none.
    """
    with transaction.atomic():
        user = _lock(user_id)
        user.end_tokens()
        user.save(update_fields=["tokens_valid_after"])
    return user


def _revoke_invitations(user: User) -> None:
    Invitation.objects.filter(made_by=user, used_at=None, revoked_at=None).update(revoked_at=timezone.now())


def _hold_names() -> None:
    """Let nobody else make a user until the end of the transaction: whoever does locks the same rows, as ``_lock``."""
    list(User.objects.select_for_update().filter(role=UserRole.OWNER).order_by("pk"))


def _lock(user_id: int) -> User:
    # The row is locked: what is decided about it stays true until the end of the transaction. The owners' are, too,
    # for they are counted next: two who lock one first and the others after it would wait for each other.
    rows = User.objects.select_for_update().filter(Q(pk=user_id) | Q(role=UserRole.OWNER)).order_by("pk")
    return _found(next((one for one in rows if one.pk == user_id), None))


def _found(user: User | None) -> User:
    if user is None:
        raise UserNotFound("The user was not found; it may have been deleted.")
    return user


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from None
    user.set_password(password)


@contextmanager
def _told_by_field() -> Iterator[None]:
    """Turn what Django's validation and the database's constraint say into one kind of error."""
    try:
        yield
    except ValidationError as error:
        by_field = error.message_dict
        detail = " ".join(f"{name}: {message}" for name, messages in by_field.items() for message in messages)
        raise InvalidRequest(detail, errors=by_field) from None
    except IntegrityError:  # somebody was faster than the validation
        taken = "This username is taken; choose another."
        raise InvalidRequest(f"username: {taken}", errors={"username": [taken]}) from None
