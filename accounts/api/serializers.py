"""The shapes of requests and answers about people and tokens. Names and passwords are judged by ``accounts.users``."""

from typing import Any

from django.core.validators import ProhibitNullCharactersValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import USERNAME_MAX_LENGTH, USERNAME_MIN_LENGTH, Access, SignInMethod, UserRole

_ROLES = [role.value for role in UserRole]
ACCESS = [access.value for access in Access]
PASSWORD_MAX_LENGTH = 1024


class _Credential(serializers.CharField):
    """A text taken as it is: white space counts, and a NUL makes it wrong, not malformed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)
        self.validators = [v for v in self.validators if not isinstance(v, ProhibitNullCharactersValidator)]


class LoginSerializer(serializers.Serializer[Any]):
    """The form of ``POST /auth/token``, as OAuth 2 names its fields; those we do not use are ignored."""

    username = _Credential(max_length=200)
    password = _Credential(max_length=PASSWORD_MAX_LENGTH)
    grant_type = serializers.ChoiceField(choices=["password"], required=False)


class TokenSerializer(serializers.Serializer[Any]):
    """A token to send as ``Authorization: Bearer``."""

    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["bearer"])


class CodeSerializer(serializers.Serializer[Any]):
    """Who shall be let in, and the code that their page shows."""

    username = _Credential(max_length=200)
    code = _Credential(max_length=200)

    def to_internal_value(self, data: Any) -> Any:
        """Refuse a number: one with leading zeros is lost already."""
        if isinstance(data, dict) and isinstance(data.get("code"), int | float):
            raise serializers.ValidationError({"code": ["The code is a text of digits, not a number."]})
        return super().to_internal_value(data)


class NewSessionSerializer(serializers.Serializer[Any]):
    """Name and password, or a token that a code has brought; and whether the session outlives the browser."""

    username = _Credential(max_length=200, required=False)
    password = _Credential(max_length=PASSWORD_MAX_LENGTH, required=False)
    access_token = _Credential(max_length=8192, required=False)
    remember = serializers.BooleanField(default=False)

    def validate(self, attrs: Any) -> Any:
        """Ask for one of the two."""
        if ("access_token" in attrs) == ("username" in attrs and "password" in attrs):
            raise serializers.ValidationError("Send username and password, or access_token.")
        return attrs


class NewcomerSerializer(serializers.Serializer[Any]):
    """Name and password that somebody chooses for their own account."""

    username = serializers.CharField(
        trim_whitespace=False, min_length=USERNAME_MIN_LENGTH, max_length=USERNAME_MAX_LENGTH
    )
    password = _Credential(max_length=PASSWORD_MAX_LENGTH)


class SetupSerializer(NewcomerSerializer):
    """The code of the link, and the first owner."""

    code = _Credential(max_length=200)


class SignInSerializer(serializers.Serializer[Any]):
    """A session or token of one's own."""

    id = serializers.IntegerField()
    method = serializers.ChoiceField(choices=[method.value for method in SignInMethod])
    began_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    address = serializers.CharField()
    agent = serializers.CharField()
    current = serializers.SerializerMethodField()

    def get_current(self, row: Any) -> bool:
        """Tell whether it makes this request."""
        return bool(row.pk == self.context["current"])


class VerifiedSerializer(TokenSerializer):
    """The token that the waiting page got, too."""

    result = serializers.ChoiceField(choices=["success"])


class PasswordSerializer(serializers.Serializer[Any]):
    """A new password, and the proof that it is one's own account."""

    old_password = _Credential(max_length=PASSWORD_MAX_LENGTH)
    new_password = _Credential(max_length=PASSWORD_MAX_LENGTH)


class PasswordChangedSerializer(TokenSerializer):
    """A token that goes on; all others were ended."""

    message = serializers.CharField()


class UserPublicSerializer(serializers.Serializer[Any]):
    """What everybody may know of a user."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    role = serializers.ChoiceField(choices=_ROLES)
    created_at = serializers.DateTimeField()


class UserSerializer(UserPublicSerializer):
    """What owners may know of a user."""

    active = serializers.BooleanField(source="is_active")
    last_seen_at = serializers.DateTimeField(allow_null=True)
    access = serializers.SerializerMethodField(help_text="An owner has `everything` in any case.")
    may_create = serializers.SerializerMethodField(help_text="Whether they may make servers; with `everything` always.")

    @extend_schema_field(serializers.ChoiceField(choices=ACCESS))
    def get_access(self, user: Any) -> str:
        """Tell what counts."""
        return str(Access.EVERYTHING.value if user.role == UserRole.OWNER else user.access)

    def get_may_create(self, user: Any) -> bool:
        """Tell what counts."""
        return bool(user.may_create or self.get_access(user) == Access.EVERYTHING)


class SessionSerializer(serializers.Serializer[Any]):
    """Who is signed in, and what a page needs to go on."""

    user = UserPublicSerializer(allow_null=True)
    setup_needed = serializers.BooleanField()
    csrf = serializers.CharField(allow_null=True)


class NewUserSerializer(serializers.Serializer[Any]):
    """A user to be made."""

    username = serializers.CharField(
        trim_whitespace=False, min_length=USERNAME_MIN_LENGTH, max_length=USERNAME_MAX_LENGTH
    )
    password = _Credential(max_length=PASSWORD_MAX_LENGTH)
    role = serializers.ChoiceField(choices=_ROLES, default=UserRole.ADMIN.value)
    access = serializers.ChoiceField(
        choices=ACCESS, required=False, help_text="Without it: the setting `default_access`."
    )


class UserChangeSerializer(serializers.Serializer[Any]):
    """What a user shall be from now on; without a password the old one stays."""

    username = serializers.CharField(
        trim_whitespace=False, min_length=USERNAME_MIN_LENGTH, max_length=USERNAME_MAX_LENGTH
    )
    role = serializers.ChoiceField(choices=_ROLES)
    password = _Credential(max_length=PASSWORD_MAX_LENGTH, required=False)
    active = serializers.BooleanField(source="is_active", required=False)


class UserDeletedSerializer(serializers.Serializer[Any]):
    """What was done."""

    message = serializers.CharField()
