"""HTTP edge of the accounts app: sign in, sign out, and who am I."""

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import login, preferences, sign_ins, throttles, users, wiring
from accounts.api.own_account import own_account, proof_of
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
from accounts.models import SignInMethod, User
from accounts.shared_cache import reaching_it
from core.errors import InvalidRequest
from web import client_address


class TokenView(APIView):
    """/auth/token."""

    authentication_classes = []  # a page that still holds an old token must be able to log in
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
        token = sign_ins.begin_token(request._request, user, method=SignInMethod.TOKEN)  # noqa: SLF001 - DRF has no other way to it
        return Response({"access_token": token, "token_type": "bearer"})

    def get_authenticate_header(self, request: Request) -> str:
        """Keep a failed login at 401, though the view itself asks for no token."""
        return SCHEME


class VerifyCodeView(APIView):
    """/auth/verifyCode."""

    authentication_classes = [AnySchemeAuthentication]
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
            token = sign_ins.begin_token(request._request, user, method=SignInMethod.CODE)  # noqa: SLF001 - as above
            message = {"type": "code.verified", "access_token": token, "user_id": user.pk}
            async_to_sync(get_channel_layer().send)(waiting, message)
        return Response({"result": "success", "access_token": token, "token_type": "bearer"})


class LogoutAllView(APIView):
    """/auth/logout-all."""

    @extend_schema(operation_id="auth_logout_all", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End all your tokens and sockets, this one included. API keys go on: end them at /user/me/keys."""
        user = own_account(request, "cannot sign out")
        users.end_all_tokens(user.pk)
        return Response(status=204)


class MeView(APIView):
    """/user/me."""

    @extend_schema(operation_id="user_me", responses=UserPublicSerializer)
    def get(self, request: Request) -> Response:
        """Read your own account; the master token gets SYSTEM with id 0."""
        return Response(UserPublicSerializer(request.user).data)


class MyPasswordView(APIView):
    """/user/me/password."""

    @extend_schema(operation_id="user_password", request=PasswordSerializer, responses=PasswordChangedSerializer)
    def post(self, request: Request) -> Response:
        """Change your own password; sessions and tokens end, but the session that asks. The answer holds a token."""
        user = own_account(request, "has no password")
        form = PasswordSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        address = client_address.of_request(request)
        if login.prove(user.username, password=form.validated_data["old_password"], address=address) is None:
            wrong = "This is not your present password."
            raise InvalidRequest(wrong, errors={"old_password": [wrong]})
        http = request._request  # noqa: SLF001 - as above
        with transaction.atomic():
            changed = users.change(user.pk, by=user, password=form.validated_data["new_password"])
            if proof_of(request).is_session:
                sign_ins.spare(proof_of(request), user=changed, request=http)
            token = sign_ins.begin_token(http, changed, method=SignInMethod.TOKEN)
        return Response({"message": "Password changed.", "access_token": token, "token_type": "bearer"})


class PreferencesView(APIView):
    """/user/me/preferences."""

    @extend_schema(operation_id="user_preferences_read", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Read what you stored with PUT; an empty object before that."""
        return Response(preferences.read(own_account(request, "has no preferences")))

    @extend_schema(operation_id="user_preferences_replace", request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def put(self, request: Request) -> Response:
        """Store what a page shall know of you on every device: any JSON object of at most 16 KiB."""
        user = own_account(request, "has no preferences")
        return Response(preferences.replace(user, request.data))


def _active_user(username: str) -> User | None:
    if "\0" in username:  # PostgreSQL refuses to look for one
        return None
    return User.objects.filter(username=User.normalize_username(username), is_active=True).first()
