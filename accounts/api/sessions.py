"""HTTP edge of the accounts app: sessions by cookie, the first owner, and the list of one's sign-ins."""

from typing import Any

from django.contrib import auth
from django.middleware.csrf import get_token
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import key_use, login, setup, sign_ins
from accounts.api.own_account import own_account, proof_of
from accounts.api.serializers import NewSessionSerializer, SessionSerializer, SetupSerializer, SignInSerializer
from accounts.authentication import SCHEME, authenticate_token
from accounts.identity import Identity, SystemUser
from accounts.models import User
from accounts.session_origin import is_of_own_page
from accounts.tokens import TokenRefused
from core.errors import Forbidden, InvalidRequest
from web.request import flag

_SESSION: Any = [{}, {"session": []}]  # drf-spectacular takes what its hint does not know


class ForeignPage(Forbidden):
    """A page of another origin asks for a session."""

    code = "foreign_origin"

    def __init__(self) -> None:
        super().__init__("Sessions are for the panel's own pages; elsewhere use a token of /api/auth/token.")


class SessionView(APIView):
    """/auth/session."""

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Let who signs in be nobody: a cookie that has ended must not stand in the way."""
        return [] if self.request is not None and self.request.method == "POST" else super().get_authenticators()

    @extend_schema(operation_id="auth_session_read", responses=SessionSerializer, auth=_SESSION)
    def get(self, request: Request) -> Response:
        """Tell who is signed in, whether the first owner is still to be made, and the token that changes need.

        `csrf` goes into the header `X-CSRFToken` of each change by cookie. A request by bearer token gets none.
        """
        user: Any = request.user
        return Response(SessionSerializer(_state(request, user)).data)

    @extend_schema(
        operation_id="auth_session_begin", request=NewSessionSerializer, responses=SessionSerializer, auth=[],
    )
    def post(self, request: Request) -> Response:
        """Sign in by name and password, or by an access token, and get the session's cookie."""
        check_page(request)
        form = NewSessionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        if "access_token" in values:
            user = _user_of_token(values["access_token"])
        else:
            found = login.sign_in(values["username"], password=values["password"], request=request)
            if found is None:
                raise AuthenticationFailed("Username or password is wrong.", "wrong_credentials")
            user = found
        return Response(begin_session(request, user, is_kept=values["remember"]))

    @extend_schema(operation_id="auth_session_end", request=None, responses={204: None}, auth=_SESSION)
    def delete(self, request: Request) -> Response:
        """Sign out: the session, or the token of this request, ends with its sockets."""
        user: Any = request.user
        if isinstance(user, User):
            http, proof = request._request, proof_of(request)  # noqa: SLF001 - DRF has no other way to it
            if proof.is_key:
                raise InvalidRequest("A key has no session. End it with DELETE /api/user/me/keys/{id}, signed in.")
            if proof.is_session:
                auth.logout(http)
                http.user = user  # so that the audit says who left
            else:
                sign_ins.end_own(proof, user=user)
        return Response(status=204, headers={"Clear-Site-Data": '"cache", "storage"'})

    def get_authenticate_header(self, request: Request) -> str:
        """Keep a failed login at 401, though signing in asks for no token."""
        return SCHEME


class SignInsView(APIView):
    """/auth/sessions."""

    @extend_schema(operation_id="auth_sessions_list", responses=SignInSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List your sessions and tokens that are good, the latest first; times of use are exact to the minute."""
        user = own_account(request, "has no sessions")
        rows = sign_ins.listed(user)
        return Response(SignInSerializer(rows, many=True, context={"current": proof_of(request).sign_in_id}).data)

    @extend_schema(
        operation_id="auth_sessions_end_others", request=None, responses={204: None},
        parameters=[OpenApiParameter("others", bool, required=True, description="Has to be 1.")],
    )
    def delete(self, request: Request) -> Response:
        """End all your sessions and tokens but the one that makes this request, with their sockets."""
        user = own_account(request, "has no sessions")
        if not flag(request, "others"):
            raise InvalidRequest("Say ?others=1; one session is ended at /api/auth/sessions/{id}.")
        sign_ins.end_others(proof_of(request), user=user, request=request._request)  # noqa: SLF001 - as above
        return Response(status=204)


class SignInView(APIView):
    """/auth/sessions/{id}."""

    @extend_schema(operation_id="auth_sessions_end", request=None, responses={204: None})
    def delete(self, request: Request, id: int) -> Response:
        """End one of your sessions or tokens, with its sockets."""
        sign_ins.end(id, user=own_account(request, "has no sessions"))
        return Response(status=204)


class SetupView(APIView):
    """/auth/setup."""

    authentication_classes = []
    @extend_schema(operation_id="auth_setup", request=SetupSerializer, responses=SessionSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Make the first owner by the code of the link that the panel printed at its start, and sign them in."""
        check_page(request)
        form = SetupSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = setup.make_first_owner(**form.validated_data)
        return Response(begin_session(request, user, is_kept=False))

    def get_authenticate_header(self, request: Request) -> str:
        """Answer as the sign-in does."""
        return SCHEME


def _state(request: Request, user: Identity | None) -> dict[str, Any]:
    http = request._request  # noqa: SLF001 - as above
    is_by_token = "HTTP_AUTHORIZATION" in http.META
    csrf = None if is_by_token else get_token(http)
    return {"user": user, "setup_needed": user is None and setup.is_needed(), "csrf": csrf}


def begin_session(request: Request, user: User, *, is_kept: bool) -> dict[str, Any]:
    """Begin the session of ``user`` in this browser, and return what a page has to know of it."""
    sign_ins.begin_session(request._request, user, is_kept=is_kept)  # noqa: SLF001 - as above
    return SessionSerializer(_state(request, user)).data


def check_page(request: Request) -> None:
    """Check that a page of the panel, or a program, asks for a session by name.

    Raises:
        ForeignPage; InvalidRequest: a token came along.
    """
    if not is_of_own_page(request._request):  # noqa: SLF001 - as above
        raise ForeignPage
    if "HTTP_AUTHORIZATION" in request.META:
        raise InvalidRequest("A request with an Authorization header begins no session; leave the header out.")


def _user_of_token(token: str) -> User:
    if key_use.is_key(token):
        raise InvalidRequest("A key begins no session; sign in with your name and password.")
    try:
        user = authenticate_token(token)
    except TokenRefused as error:
        raise AuthenticationFailed(str(error), error.code) from None
    if isinstance(user, SystemUser):
        raise InvalidRequest("The master token has no session; sign in by a name.")
    return user
