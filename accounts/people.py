"""Making, changing and deleting users: the rules that hold whoever asks."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.identity import Identity
from accounts.models import User, UserRole
from accounts.owners import ensure_an_owner_remains, ensure_owners_remain_without
from mcadmin.core.errors import InvalidRequest, NotFound


class OwnAccount(InvalidRequest):
    """Nobody locks themselves out."""

    code = "own_account"


class UserNotFound(NotFound):
    """No user has this id."""

    code = "user_not_found"


def create(*, username: str, password: str, role: str = UserRole.ADMIN) -> User:
    """Store a new user.

    Raises:
        InvalidRequest: the name is taken or not allowed, or the password too weak; by field.
    """
    user = User(username=User.normalize_username(username), role=UserRole(role))
    with _told_by_field():
        user.full_clean(exclude=["password"])
        _set_password(user, password)
        with transaction.atomic():
            user.save()
    return user


def read(user_id: int) -> User:
    """Return the user of that id.

    Raises:
        UserNotFound: there is none.
    """
    return _found(User.objects.filter(pk=user_id).first())


def change(
    user_id: int, *, by: Identity, username: str | None = None, password: str | None = None, role: str | None = None
) -> User:
    """Change what is not None; a new role or password ends the user's tokens.

    Raises:
        UserNotFound: there is none.
        OwnAccount: one's own role was to be lowered.
        LastOwner: nobody else is an active owner.
        InvalidRequest: as ``create``.
    """
    with _told_by_field(), transaction.atomic():
        user = _lock(user_id)
        if role is not None and role != user.role:
            if user.pk == by.id and UserRole(role).rank < UserRole(user.role).rank:
                raise OwnAccount("You cannot lower your own role; ask another owner.")
            ensure_an_owner_remains(user, role=role, is_active=user.is_active)
            user.role = UserRole(role)
            user.end_tokens()
        if username is not None:
            user.username = User.normalize_username(username)
            user.full_clean(exclude=["password"])
        if password is not None:
            _set_password(user, password)
        user.save()
    return user


def delete(user_id: int, *, by: Identity) -> str:
    """Delete the user; return the name they had.

    Raises:
        UserNotFound: there is none.
        OwnAccount: it is one's own.
        LastOwner: nobody else is an active owner.
    """
    with transaction.atomic():
        user = _lock(user_id)
        if user.pk == by.id:
            raise OwnAccount("You cannot delete your own account; ask another owner.")
        ensure_owners_remain_without([user])
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
