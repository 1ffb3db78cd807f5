"""HTTP edge of the accounts app: invitations, made by owners and taken up by whoever has the link."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import invitations, wiring
from accounts.api.serializers import ACCESS, NewcomerSerializer, SessionSerializer
from accounts.api.sessions import begin_session, check_page
from accounts.authentication import SCHEME, is_signed_in
from accounts.identity import who
from accounts.models import Invitation
from core.connections import address_group
from web.client_address import of_request

STATES = ["open", "used", "revoked", "expired"]


class InvitedGrantSerializer(serializers.Serializer[Any]):
    """A role on a server, or on a pattern with `*`."""

    role = serializers.CharField(max_length=50)
    server = serializers.CharField(max_length=63)


class NewInvitationSerializer(serializers.Serializer[Any]):
    """What the account shall be allowed that is made by the link."""

    access = serializers.ChoiceField(
        choices=ACCESS, required=False,
        help_text="Without it: `granted` where there are grants, else the setting `default_access`.",
    )
    may_create = serializers.BooleanField(default=False)
    grants = InvitedGrantSerializer(many=True, default=list)
    days = serializers.IntegerField(min_value=1, max_value=invitations.MAX_DAYS, default=invitations.MAX_DAYS)


class InvitationSerializer(serializers.Serializer[Any]):
    """An invitation, as owners see it; its link is in no list."""

    id = serializers.IntegerField()
    state = serializers.SerializerMethodField()
    access = serializers.ChoiceField(choices=ACCESS)
    may_create = serializers.BooleanField()
    grants = InvitedGrantSerializer(many=True)
    made_by = serializers.CharField(source="made_by_name")
    made_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    used_at = serializers.DateTimeField(allow_null=True)
    used_by = serializers.CharField(source="used_by.username", default=None, allow_null=True)

    def get_state(self, row: Invitation) -> str:
        """Tell what has become of it: open, used, revoked or expired."""
        return invitations.state_of(row)


class MadeInvitationSerializer(InvitationSerializer):
    """The one answer that holds the link."""

    token = serializers.CharField()
    link = serializers.CharField()


class ValidSerializer(serializers.Serializer[Any]):
    """That it is good, and nothing else."""

    valid = serializers.BooleanField()


class JoinedSerializer(SessionSerializer):
    """The session of the new account, and what it was not given because it is gone."""

    warnings = serializers.ListField(child=serializers.CharField())


class InvitationsView(APIView):
    """/invitations."""

    @extend_schema(operation_id="invitations_list", responses=InvitationSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the invitations, the newest first; those that ended more than 90 days ago are gone."""
        return Response(InvitationSerializer(invitations.listed(), many=True).data)

    @extend_schema(
        operation_id="invitations_make", request=NewInvitationSerializer, responses={201: MadeInvitationSerializer}
    )
    def post(self, request: Request) -> Response:
        """Make an invitation; its link is in this answer and nowhere else."""
        form = NewInvitationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        grants = [wiring.wanted_grant(one["role"], one["server"]) for one in values.pop("grants")]
        row, token = invitations.make(by=who(request), grants=grants, **values)
        link = request.build_absolute_uri(f"/invite#{token}")
        return Response({**InvitationSerializer(row).data, "token": token, "link": link}, status=201)


class InvitationView(APIView):
    """/invitations/{id}."""

    @extend_schema(operation_id="invitations_revoke", request=None, responses={204: None})
    def delete(self, request: Request, id: int) -> Response:
        """Revoke an invitation; one that was used stays in the list, as does the account."""
        invitations.revoke(id)
        return Response(status=204)


class InvitedView(APIView):
    """/invitations/{token}."""

    authentication_classes = []

    @extend_schema(operation_id="invitations_check", responses=ValidSerializer, auth=[])
    def get(self, request: Request, token: str) -> Response:
        """Tell whether an invitation is good: 404 for one that never was, 410 for one that is over."""
        invitations.check(token, address=address_group(of_request(request) or ""))
        return Response({"valid": True})

    @extend_schema(operation_id="invitations_use", request=NewcomerSerializer, responses=JoinedSerializer, auth=[])
    def post(self, request: Request, token: str) -> Response:
        """Make the account that the invitation is for, and sign in by session; it works once.

        What the account should have been given on a server that was removed meanwhile is left out: see `warnings`.
        """
        if is_signed_in(request._request):  # noqa: SLF001 - DRF has no other way to it
            raise invitations.AlreadySignedIn
        check_page(request)
        form = NewcomerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user, gone = invitations.use(token, **form.validated_data)
        return Response({**begin_session(request, user, is_kept=False), "warnings": gone})

    def get_authenticate_header(self, request: Request) -> str:
        """Answer as the sign-in does."""
        return SCHEME
