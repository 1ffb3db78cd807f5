"""HTTP edge of the accounts app: sign in, sign out, and who am I."""

from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import login, throttles, tokens, users, wiring
from accounts.api.serializers import (
    CodeSerializer,
    LoginSerializer,
    PasswordChangedSerializer,
    PasswordSerializer,
    TokenSerializer,
    UserPublicSerializer,
    VerifiedSerializer,
)
from accounts.authentication import SCHEME, AnySchemeAuthentication
from accounts.identity import SystemUser
from accounts.models import User
from accounts.permissions import AllowAnyone, IsSignedIn, RequireMaster
from accounts.shared_cache import reaching_it
from core.errors import InvalidRequest
from web import client_address


class NoAccount(InvalidRequest):
    """The master token is no account."""

    code = "no_account"


class TokenView(APIView):
    """/auth/token."""

    authentication_classes = []  # a page that still holds an old token must be able to log in
    permission_classes = [AllowAnyone]
    parser_classes = [MultiPartParser, FormParser]

    @extend_schema(
        operation_id="auth_token",
        # One of the two types that are taken: from two, client generators make a body that is both at once.
        request={"application/x-www-form-urlencoded": LoginSerializer},
        responses=TokenSerializer,
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Sign in; a wrong name and a wrong password get the same answer after the same time.

        The form may come as multipart/form-data, too.
        """
        form = LoginSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        user = login.sign_in(values["username"], password=values["password"], request=request)
        if user is None:
            raise AuthenticationFailed("Username or password is wrong.", "wrong_credentials")
        return Response({"access_token": tokens.issue(user), "token_type": "bearer"})

    def get_authenticate_header(self, request: Request) -> str:
        """Keep a failed login at 401, though the view itself asks for no token."""
        return SCHEME


class VerifyCodeView(APIView):
    """/auth/verifyCode."""

    authentication_classes = [AnySchemeAuthentication]
    permission_classes = [RequireMaster]

    @extend_schema(
        operation_id="auth_verify_code",
        request=CodeSerializer,
        responses=VerifiedSerializer,
        auth=[{"bearer": []}],  # type: ignore[list-item]  # their hint is wrong
    )
    def post(self, request: Request) -> Response:
        """Let the page that shows ``code`` in as ``username``; it gets the same token as this answer."""
        form = CodeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        place = throttles.count_try(throttles.WRONG_CODES)
        user = _active_user(form.validated_data["username"])
        with reaching_it():
            waiting = wiring.login_codes().redeem(form.validated_data["code"]) if user is not None else None
            if user is None or waiting is None:
                raise InvalidRequest("The user or the code is unknown, or the code is too old.")
            throttles.give_back([place])
            token = tokens.issue(user)
            message = {"type": "code.verified", "access_token": token, "user_id": user.pk}
            async_to_sync(get_channel_layer().send)(waiting, message)
        return Response({"result": "success", "access_token": token, "token_type": "bearer"})


class LogoutAllView(APIView):
    """/auth/logout-all."""

    permission_classes = [IsSignedIn]

    @extend_schema(operation_id="auth_logout_all", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End all your tokens and sockets, this one included."""
        user = _own_account(request, "cannot sign out")
        users.end_all_tokens(user.pk)
        return Response(status=204)


class MeView(APIView):
    """/user/me."""

    permission_classes = [IsSignedIn]

    @extend_schema(operation_id="user_me", responses=UserPublicSerializer)
    def get(self, request: Request) -> Response:
        """Read your own account; the master token gets SYSTEM with id 0."""
        return Response(UserPublicSerializer(request.user).data)


class MyPasswordView(APIView):
    """/user/me/password."""

    permission_classes = [IsSignedIn]

    @extend_schema(operation_id="user_password", request=PasswordSerializer, responses=PasswordChangedSerializer)
    def post(self, request: Request) -> Response:
        """Change your own password; your tokens end, the answer holds a new one."""
        user = _own_account(request, "has no password")
        form = PasswordSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        address = client_address.of_request(request)
        if login.prove(user.username, password=form.validated_data["old_password"], address=address) is None:
            wrong = "This is not your present password."
            raise InvalidRequest(wrong, errors={"old_password": [wrong]})
        changed = users.change(user.pk, by=user, password=form.validated_data["new_password"])
        return Response(
            {"message": "Password changed.", "access_token": tokens.issue(changed), "token_type": "bearer"}
        )


def _own_account(request: Request, lack: str) -> User:
    user: Any = request.user
    if isinstance(user, SystemUser):
        raise NoAccount(f"The master token {lack}; change master_token in the settings instead.")
    found: User = user
    return found


def _active_user(username: str) -> User | None:
    if "\0" in username:  # PostgreSQL refuses to look for one
        return None
    return User.objects.filter(username=User.normalize_username(username), is_active=True).first()
