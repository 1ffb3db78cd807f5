"""Who may do what, over HTTP, where that takes knowing the servers: one's own rights, grants, members."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import users
from accounts.identity import who
from accounts.models import Access, User
from accounts.rights import grants
from accounts.rights.loading import rights_of
from accounts.rights.verbs import Verb
from servers import members

_ACCESS = [access.value for access in Access]
_VERBS = [verb.value for verb in Verb]


class MyRightsSerializer(serializers.Serializer[Any]):
    """What the caller may do now, on the servers that are there."""

    access = serializers.ChoiceField(choices=_ACCESS)
    create = serializers.BooleanField()  # type: ignore[assignment]  # a field, which DRF takes off the class
    servers = serializers.DictField(child=serializers.ListField(child=serializers.ChoiceField(choices=_VERBS)))
    commands = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="by server: first words of the commands that are allowed without the verb `command`",
    )


class GrantSerializer(serializers.Serializer[Any]):
    """A role on a server, or on all whose id fits a pattern with `*`."""

    role = serializers.CharField(max_length=50)
    server = serializers.CharField(max_length=63)


class ShownGrantSerializer(GrantSerializer):
    """The same; ``counts`` is false while the server that it was given for is removed."""

    role = serializers.CharField(source="role_name")
    counts = serializers.BooleanField()


class UserRightsSerializer(serializers.Serializer[Any]):
    """What a user was given."""

    access = serializers.ChoiceField(choices=_ACCESS)
    create = serializers.BooleanField(source="may_create")  # type: ignore[assignment]  # a field, which DRF takes off the class
    grants = ShownGrantSerializer(many=True)


class UserRightsChangeSerializer(serializers.Serializer[Any]):
    """What a user shall have from now on; what is left out stays."""

    access = serializers.ChoiceField(choices=_ACCESS, required=False)
    create = serializers.BooleanField(required=False)  # type: ignore[assignment]  # a field, which DRF takes off the class
    grants = GrantSerializer(many=True, required=False)


class MemberSerializer(serializers.Serializer[Any]):
    """Somebody who may do something with a server."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    access = serializers.ChoiceField(choices=_ACCESS)
    roles = serializers.ListField(child=serializers.CharField())
    verbs = serializers.ListField(child=serializers.ChoiceField(choices=_VERBS))


class MyRightsView(APIView):
    """/user/me/rights."""

    @extend_schema(operation_id="user_rights", responses=MyRightsSerializer)
    def get(self, request: Request) -> Response:
        """Tell what you may do now with which server."""
        return Response(members.rights_now(rights_of(who(request))))


class GrantsView(APIView):
    """/admin/users/{id}/grants."""

    @extend_schema(operation_id="user_grants_read", responses=UserRightsSerializer)
    def get(self, request: Request, id: int) -> Response:
        """Read what a user was given; an owner has everything whatever it says."""
        return Response(_shown(users.read(id)))

    @extend_schema(
        operation_id="user_grants_replace", request=UserRightsChangeSerializer, responses=UserRightsSerializer
    )
    def put(self, request: Request, id: int) -> Response:
        """Replace what is sent; it counts at once for all requests and sockets of the user, who stays signed in."""
        body = UserRightsChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        pairs = [(one["role"], one["server"]) for one in values["grants"]] if "grants" in values else None
        changed = members.set_rights(id, access=values.get("access"), may_create=values.get("create"), pairs=pairs)
        return Response(_shown(changed))


class MembersView(APIView):
    """/servers/{id}/members."""

    @extend_schema(operation_id="server_members", responses=MemberSerializer(many=True))
    def get(self, request: Request, id: str) -> Response:
        """List who may do what with the server."""
        return Response(MemberSerializer(members.members(id), many=True).data)


def _shown(user: User) -> dict[str, Any]:
    shown = {"access": user.access, "may_create": user.may_create, "grants": grants.of(user.pk)}
    return dict(UserRightsSerializer(shown).data)
