"""HTTP edge of the accounts app: API keys, one's own and, for owners, everybody's."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import keys
from accounts.api.own_account import own_account
from accounts.models import Key

_LACK = "makes no keys"


class KeyWantedSerializer(serializers.Serializer[Any]):
    """A key to be made; ``accounts.keys`` judges what it says."""

    name = serializers.CharField(trim_whitespace=False, max_length=keys.NAME_MAX_LENGTH)
    verbs = serializers.ListField(
        child=serializers.CharField(max_length=50), min_length=1, max_length=50,
        help_text="verbs of servers, which bring `view`, and `create` for new servers",
    )
    servers = serializers.ListField(
        child=serializers.CharField(max_length=63), required=False, max_length=keys.MAX_SERVERS,
        help_text="ids, or patterns with `*`",
    )
    networks = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, max_length=keys.MAX_NETWORKS,
        help_text="addresses or ranges that it may be used from; none: from everywhere",
    )
    expires_at = serializers.DateTimeField(required=False, help_text="within a year; 90 days from now by itself")


class KeySerializer(serializers.Serializer[Any]):
    """A key, without its token."""

    id = serializers.IntegerField()
    prefix = serializers.CharField()
    name = serializers.CharField()
    verbs = serializers.ListField(child=serializers.CharField(), source="all_verbs")
    servers = serializers.ListField(child=serializers.CharField())
    networks = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_address = serializers.CharField(allow_blank=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_why = serializers.CharField(allow_blank=True)


class NewKeySerializer(KeySerializer):
    """A key that was just made, with its token, which is shown this once."""

    token = serializers.CharField()


class KeyOfSomebodySerializer(KeySerializer):
    """A key, and whose it is."""

    username = serializers.CharField(source="user.username")


class KeysView(APIView):
    """/user/me/keys."""

    @extend_schema(operation_id="user_keys_list", responses=KeySerializer(many=True))
    def get(self, request: Request) -> Response:
        """List your API keys, the latest first, also those that have ended; times of use are exact to the minute."""
        return Response(KeySerializer(keys.listed(own_account(request, _LACK)), many=True).data)

    @extend_schema(operation_id="user_keys_create", request=KeyWantedSerializer, responses={201: NewKeySerializer})
    def post(self, request: Request) -> Response:
        """Make a key; `token` is shown this once. It may what its verbs say and you may yourself, at any time."""
        user = own_account(request, _LACK)
        form = KeyWantedSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row, token = keys.begin(user, keys.WantedKey(**form.validated_data))
        answer = {**KeySerializer(row).data, "token": token}
        return Response(answer, status=201, headers={"Cache-Control": "no-store"})


class KeyView(APIView):
    """/user/me/keys/{id}."""

    @extend_schema(operation_id="user_keys_end", request=None, responses={204: None})
    def delete(self, request: Request, id: int) -> Response:
        """End one of your keys, with its sockets."""
        keys.end(id, why=keys.BY_USER, user=own_account(request, _LACK))
        return Response(status=204)


class AllKeysView(APIView):
    """/admin/keys."""

    @extend_schema(operation_id="keys_list", responses=KeyOfSomebodySerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the keys of all users, the latest first, also those that have ended."""
        return Response(KeyOfSomebodySerializer(Key.objects.select_related("user"), many=True).data)


class AnyKeyView(APIView):
    """/admin/keys/{id}."""

    @extend_schema(operation_id="keys_end", request=None, responses={204: None})
    def delete(self, request: Request, id: int) -> Response:
        """End a key of anybody, with its sockets."""
        keys.end(id, why=keys.BY_OWNER)
        return Response(status=204)
