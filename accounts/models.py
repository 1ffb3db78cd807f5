"""The people who may sign in."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import names
from accounts.rights.rights import Rights

USERNAME_MIN_LENGTH = 3
USERNAME_MAX_LENGTH = 50


class UserRole(StrEnum):
    """What a user may do; an owner may do everything an admin may."""

    OWNER = "owner"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """A higher rank includes the rights of every lower one."""
        return 2 if self is UserRole.OWNER else 1


class Access(StrEnum):
    """Which servers a user who is no owner may use."""

    EVERYTHING = "everything"
    GRANTED = "granted"


def validate_username(value: str) -> None:
    """Refuse names that could forge a log line or pass for somebody else.

    Raises:
        ValidationError: control characters, white space at an end, or a name the audit log uses itself.
    """
    if not value.isprintable() or value != value.strip():
        raise ValidationError("A username has no control characters and no white space at its ends.", "characters")
    if value.lower() in names.RESERVED:
        raise ValidationError("This username is reserved; choose another.", "reserved")


class UserManager(BaseUserManager["User"]):
    """Makes users whose name and password are stored in one form only."""

    def create_user(
        self, username: str, password: str | None = None, role: UserRole = UserRole.ADMIN
    ) -> "User":
        """Store a new user; the caller has validated name and password. Without a password nobody can log in.

        Raises:
            IntegrityError: the name is taken.
        """
        user = self.model(username=self.model.normalize_username(username), role=UserRole(role))
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person with a role; ids are never given twice (AUTOINCREMENT), so an old token cannot find a new user."""

    username = models.CharField(
        max_length=USERNAME_MAX_LENGTH,
        unique=True,
        validators=[MinLengthValidator(USERNAME_MIN_LENGTH), validate_username],
        error_messages={"unique": "This username is taken; choose another."},
    )
    role = models.CharField(
        max_length=16, choices=[(role.value, role.value) for role in UserRole], default=UserRole.ADMIN.value
    )
    is_active = models.BooleanField("active", default=True, help_text="Without it the user cannot sign in.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    tokens_valid_after = models.DateTimeField(null=True, editable=False)
    last_seen_at = models.DateTimeField(null=True, editable=False)  # to the minute; see accounts.last_seen
    last_login = None  # a login leaves an audit event instead
    access = models.CharField(
        max_length=16, choices=[(access.value, access.value) for access in Access], default=Access.EVERYTHING.value,
        help_text="everything: all servers, also those to come; granted: what the grants say",
    )
    may_create = models.BooleanField(
        "may create servers", default=False, help_text="With access `everything` they may in any case."
    )
    key_prefix: str = ""  # of the API key by which this request came; "" for a person
    rights: Rights | None = None  # what the user came with from the database or the cache; see accounts.rights.loading

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering = ["id"]
        verbose_name = "user"

    def __str__(self) -> str:
        return self.username

    def clean(self) -> None:
        """Hold a new name against those of all others; one that is stored already may stay.

        Raises:
            ValidationError: as ``names.check_new``.
        """
        super().clean()
        known = User.objects.filter(pk=self.pk, username=self.username).exists()
        if self.username and not known:
            names.check_new(self.username, others=User.objects.exclude(pk=self.pk).values_list("username", flat=True))

    @property
    def is_owner(self) -> bool:
        """Tell whether the user is an owner who may sign in."""
        return self.is_active and self.role == UserRole.OWNER

    @property
    def is_staff(self) -> bool:
        """Tell whether the admin site lets the user in."""
        return self.is_owner

    @property
    def is_superuser(self) -> bool:
        """Tell whether every permission of the admin site is granted; there are no finer ones."""
        return self.is_owner

    def has_perm(self, perm: str, obj: object = None) -> bool:  # noqa: ARG002 - Django's signature
        """Answer Django's admin: all or nothing."""
        return self.is_owner

    def has_perms(self, perm_list: Any, obj: object = None) -> bool:  # noqa: ARG002 - Django's signature
        """Answer Django's admin: all or nothing."""
        return self.is_owner

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002 - Django's signature
        """Answer Django's admin: all or nothing."""
        return self.is_owner

    def set_password(self, raw_password: str | None) -> None:
        """Hash and set the password, and end the tokens given out so far; the caller saves."""
        super().set_password(raw_password)
        if self.pk is not None:
            self.end_tokens()

    def end_tokens(self) -> None:
        """Make every token issued until now worthless; the caller saves.

        The instant always moves: a token may carry the one just after the last (see ``earliest_issue``).
        """
        self.tokens_valid_after = self.earliest_issue()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Make sessions of the admin site end with the tokens, not with the password alone."""
        after = self.tokens_valid_after.isoformat() if self.tokens_valid_after else ""
        return salted_hmac(
            "accounts.session", f"{self.password}\0{after}", secret=secret, algorithm="sha256"
        ).hexdigest()

    def earliest_issue(self) -> datetime:
        """Return the instant a token issued now has to carry so that ``tokens_valid_after`` does not end it."""
        now = timezone.now()
        if self.tokens_valid_after is None:
            return now
        return max(now, self.tokens_valid_after + timedelta(microseconds=1))


class Role(models.Model):
    """Verbs under a name that an owner gave; the built-in roles have no row (``accounts.rights.roles``)."""

    name = models.CharField(max_length=50, unique=True)
    verbs = models.JSONField(default=list)
    commands = models.JSONField(default=list)  # first words that may be given without the verb `command`

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """A role of a user on one server, or on all whose id fits a pattern.

    ``counts`` is false while the server that it was given for is removed, or another one has its id.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    built_in = models.CharField(max_length=16, blank=True)  # the name of a built-in role; else there is a ``role``
    role = models.ForeignKey(Role, on_delete=models.PROTECT, null=True, related_name="grants")
    server = models.CharField(max_length=63)  # an id, or a pattern with *
    incarnation = models.PositiveIntegerField(null=True)  # of a pattern: none
    counts = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["server", "id"]
        indexes: ClassVar = [models.Index(fields=["server"], name="grant_server")]

    def __str__(self) -> str:
        return f"{self.role_name} on {self.server}"

    @property
    def role_name(self) -> str:
        """The name of the role, built-in or not."""
        return self.built_in or (self.role.name if self.role is not None else "")


class Key(models.Model):
    """An API key of a user; its token is shown once and never stored. See ``accounts.keys``."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="keys")
    prefix = models.CharField(max_length=8)
    token_hash = models.CharField(max_length=64, unique=True)  # SHA-256 of the whole token
    name = models.CharField(max_length=50)
    verbs = models.JSONField(default=list)
    servers = models.JSONField(default=list)  # ids, or patterns with *
    may_create = models.BooleanField(default=False)
    networks = models.JSONField(default=list)  # empty: from everywhere
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)  # to the minute; see accounts.last_seen
    last_address = models.CharField(max_length=64, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        verbose_name = "key"

    def __str__(self) -> str:
        return f"{self.name} (mca_{self.prefix})"

    @property
    def all_verbs(self) -> list[str]:
        """Its verbs of servers, and ``create`` where it may make new ones."""
        return [*self.verbs, "create"] if self.may_create else list(self.verbs)


class SignInAddress(models.Model):
    """An address, or a network that counts as one, that a user signed in from, and when they did last."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "address"], name="one_of_user_and_address")]
        indexes: ClassVar = [models.Index(fields=["address"], name="sign_in_address")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.address}"


class SignInMethod(StrEnum):
    """How somebody signed in."""

    PAGE = "page"  # a session, by name and password
    ADMIN_SITE = "admin_site"  # a session of the same kind, begun there
    TOKEN = "token"  # noqa: S105 - a kind, not a secret
    CODE = "code"


class SignIn(models.Model):
    """One sign-in of a user: a session (page and admin site share it) or an access token.

    A token without a row is good: it was issued before there were rows, or the user has had so many since that its row
    was deleted. A session without a row is not.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    key_hash = models.CharField(max_length=64, unique=True)  # SHA-256 of the session's key or the token's jti
    is_session = models.BooleanField(default=False)
    session_key = models.CharField(max_length=40, blank=True)  # of a session
    method = models.CharField(max_length=16, choices=[(method.value, method.value) for method in SignInMethod])
    is_kept = models.BooleanField(default=False)  # a session that goes on when the browser is closed
    issued_at = models.DateTimeField()  # what ``User.tokens_valid_after`` is compared with
    began_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["-began_at", "-id"]
        verbose_name = "sign-in"

    def __str__(self) -> str:
        return f"{self.method} of {self.user_id} since {self.began_at:%Y-%m-%d %H:%M}"


class SetupCode(models.Model):
    """The code by which the first owner is made: at most one row, renewed at each start, gone with its use."""

    code_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"of {self.made_at:%Y-%m-%d %H:%M}"


class Invitation(models.Model):
    """A link by which somebody makes their own account once; its token is stored as a hash alone.

    ``grants`` are {role, role_id, server, incarnation}, as they were checked when it was made; ``role_id`` of a
    built-in role is null.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    access = models.CharField(max_length=16, choices=[(access.value, access.value) for access in Access])
    may_create = models.BooleanField(default=False)
    grants = models.JSONField(default=list)
    made_by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")  # null: token or shell
    made_by_name = models.CharField(max_length=50)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-made_at", "-id"]

    def __str__(self) -> str:
        return f"of {self.made_at:%Y-%m-%d %H:%M} by {self.made_by_name}"


class Preferences(models.Model):
    """What a user likes the page to look like; the panel itself reads none of it."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    value = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"of {self.user_id}"
