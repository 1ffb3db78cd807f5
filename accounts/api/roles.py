"""Roles over HTTP, for owners."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.rights import roles
from accounts.rights.verbs import Verb

_VERBS = [verb.value for verb in Verb]


class RoleChangeSerializer(serializers.Serializer[Any]):
    """A role; ``commands`` are first words that may be given without the verb `command`."""

    name = serializers.CharField(max_length=roles.NAME_MAX_LENGTH, trim_whitespace=False)
    verbs = serializers.ListField(child=serializers.ChoiceField(choices=_VERBS))
    commands = serializers.ListField(child=serializers.CharField(max_length=64), default=list)


class RoleSerializer(serializers.Serializer[Any]):
    """A role as it is; a built-in one has no id and cannot be changed."""

    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    built_in = serializers.BooleanField()
    verbs = serializers.ListField(child=serializers.ChoiceField(choices=_VERBS))
    commands = serializers.ListField(child=serializers.CharField())
    users = serializers.ListField(child=serializers.CharField(), allow_null=True)


class RoleViewSet(ViewSet):
    """/admin/roles."""

    @extend_schema(operation_id="roles_list", responses=RoleSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List all roles, the built-in ones first."""
        return Response(RoleSerializer(roles.listed(), many=True).data)

    @extend_schema(operation_id="roles_create", request=RoleChangeSerializer, responses={201: RoleSerializer})
    def create(self, request: Request) -> Response:
        """Make a role."""
        made = roles.create(**_wanted(request))
        return Response(RoleSerializer(roles.described(made)).data, status=201)

    @extend_schema(operation_id="roles_replace", request=RoleChangeSerializer, responses=RoleSerializer)
    def update(self, request: Request, id: int) -> Response:
        """Replace a role, for everybody who has it at once."""
        return Response(RoleSerializer(roles.described(roles.change(id, **_wanted(request)))).data)

    @extend_schema(operation_id="roles_delete", responses={204: None})
    def destroy(self, request: Request, id: int) -> Response:
        """Delete a role that nobody has."""
        roles.remove(id)
        return Response(status=204)


def _wanted(request: Request) -> dict[str, Any]:
    form = RoleChangeSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)
