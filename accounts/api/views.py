"""HTTP edge of the accounts app: sign in, and who am I."""

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import tokens
from accounts.api.serializers import LoginSerializer, TokenSerializer, UserPublicSerializer
from accounts.authentication import SCHEME
from accounts.login import check_password
from accounts.permissions import AllowAnyone, IsSignedIn


class TokenView(APIView):
    """/auth/token."""

    authentication_classes = []  # a page that still holds an old token must be able to log in
    permission_classes = [AllowAnyone]
    parser_classes = [MultiPartParser, FormParser]

    @extend_schema(operation_id="auth_token", request=LoginSerializer, responses=TokenSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Sign in; a wrong name and a wrong password get the same answer after the same time."""
        form = LoginSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = check_password(form.validated_data["username"], password=form.validated_data["password"])
        if user is None:
            raise AuthenticationFailed("Username or password is wrong.", "wrong_credentials")
        return Response({"access_token": tokens.issue(user), "token_type": "bearer"})

    def get_authenticate_header(self, request: Request) -> str:
        """Keep a failed login at 401, though the view itself asks for no token."""
        return SCHEME


class MeView(APIView):
    """/user/me."""

    permission_classes = [IsSignedIn]

    @extend_schema(operation_id="user_me", responses=UserPublicSerializer)
    def get(self, request: Request) -> Response:
        """Read your own account; the master token gets SYSTEM with id 0."""
        return Response(UserPublicSerializer(request.user).data)
