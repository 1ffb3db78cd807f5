"""HTTP edge of the accounts app: an owner and the users."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts import users
from accounts.api.serializers import (
    NewUserSerializer,
    UserChangeSerializer,
    UserDeletedSerializer,
    UserSerializer,
)
from accounts.identity import who
from accounts.models import User


class UserViewSet(ViewSet):
    """/admin/users and, for making one, /auth/register."""

    @extend_schema(operation_id="users_list", responses=UserSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List all users by id."""
        return Response(UserSerializer(User.objects.order_by("pk"), many=True).data)

    @extend_schema(operation_id="users_create", request=NewUserSerializer, responses={200: UserSerializer})
    def create(self, request: Request) -> Response:
        """Make a user; the role is admin unless another is named."""
        form = NewUserSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(UserSerializer(users.create(**form.validated_data)).data)

    @extend_schema(operation_id="auth_register", request=NewUserSerializer, responses={200: UserSerializer})
    def register(self, request: Request) -> Response:
        """Do the same at the address that scripts know."""
        return self.create(request)

    @extend_schema(operation_id="users_read", responses=UserSerializer)
    def retrieve(self, request: Request, id: int) -> Response:
        """Read one user."""
        return Response(UserSerializer(users.read(id)).data)

    @extend_schema(operation_id="users_replace", request=UserChangeSerializer, responses=UserSerializer)
    def update(self, request: Request, id: int) -> Response:
        """Set name and role, and the password if one is given; a new role, state or password signs the user out."""
        return self._change(request, id, partial=False)

    @extend_schema(operation_id="users_change", request=UserChangeSerializer, responses=UserSerializer)
    def partial_update(self, request: Request, id: int) -> Response:
        """Change what is given."""
        return self._change(request, id, partial=True)

    @extend_schema(operation_id="users_delete", responses={200: UserDeletedSerializer})
    def destroy(self, request: Request, id: int) -> Response:
        """Delete a user; their tokens and sockets end."""
        username = users.delete(id, by=who(request))
        return Response({"message": f"{username} was deleted."})

    @extend_schema(operation_id="users_end_sessions", request=None, responses={204: None})
    def end_sessions(self, request: Request, id: int) -> Response:
        """End all sessions and tokens of a user, with their sockets."""
        users.end_all_tokens(id)
        return Response(status=204)

    def _change(self, request: Request, id: int, *, partial: bool) -> Response:
        form = UserChangeSerializer(data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        return Response(UserSerializer(users.change(id, by=who(request), **form.validated_data)).data)
