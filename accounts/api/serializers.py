"""The shapes of requests and answers about people and tokens."""

from typing import Any

from django.core.validators import ProhibitNullCharactersValidator
from rest_framework import serializers

from accounts.models import UserRole


class _Credential(serializers.CharField):
    """A text taken as it is: white space counts, and a NUL makes it wrong, not malformed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)
        self.validators = [v for v in self.validators if not isinstance(v, ProhibitNullCharactersValidator)]


class LoginSerializer(serializers.Serializer[Any]):
    """The form of ``POST /auth/token``, as OAuth 2 names its fields; those we do not use are ignored."""

    username = _Credential(max_length=200)
    password = _Credential(max_length=1024)
    grant_type = serializers.ChoiceField(choices=["password"], required=False)


class TokenSerializer(serializers.Serializer[Any]):
    """A token to send as ``Authorization: Bearer``."""

    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["bearer"])


class UserPublicSerializer(serializers.Serializer[Any]):
    """What everybody may know of a user."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    role = serializers.ChoiceField(choices=[role.value for role in UserRole])
    created_at = serializers.DateTimeField()
