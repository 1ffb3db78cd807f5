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
    UserPublicSerializer,
)
from accounts.identity import who
from accounts.models import User, UserRole
from accounts.permissions import RequireRole


class UserViewSet(ViewSet):
    """/admin/users and, for making one, /auth/register."""

    permission_classes = [RequireRole(UserRole.OWNER)]

    @extend_schema(operation_id="users_list", responses=UserPublicSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List all users by id."""
        return Response(UserPublicSerializer(User.objects.order_by("pk"), many=True).data)

    @extend_schema(operation_id="users_create", request=NewUserSerializer, responses={200: UserPublicSerializer})
    def create(self, request: Request) -> Response:
        """Make a user; the role is admin unless another is named."""
        form = NewUserSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(UserPublicSerializer(users.create(**form.validated_data)).data)

    @extend_schema(operation_id="auth_register", request=NewUserSerializer, responses={200: UserPublicSerializer})
    def register(self, request: Request) -> Response:
        """Do the same at the address that scripts know."""
        return self.create(request)

    @extend_schema(operation_id="users_read", responses=UserPublicSerializer)
    def retrieve(self, request: Request, id: int) -> Response:
        """Read one user."""
        return Response(UserPublicSerializer(users.read(id)).data)

    @extend_schema(operation_id="users_replace", request=UserChangeSerializer, responses=UserPublicSerializer)
    def update(self, request: Request, id: int) -> Response:
        """Set name and role, and the password if one is given; a new role or password signs the user out."""
        return self._change(request, id, partial=False)

    @extend_schema(operation_id="users_change", request=UserChangeSerializer, responses=UserPublicSerializer)
    def partial_update(self, request: Request, id: int) -> Response:
        """Change what is given."""
        return self._change(request, id, partial=True)

    @extend_schema(operation_id="users_delete", responses={200: UserDeletedSerializer})
    def destroy(self, request: Request, id: int) -> Response:
        """Delete a user; their tokens and sockets end."""
        username = users.delete(id, by=who(request))
        return Response({"message": f"{username} was deleted."})

    def _change(self, request: Request, id: int, *, partial: bool) -> Response:
        form = UserChangeSerializer(data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        return Response(UserPublicSerializer(users.change(id, by=who(request), **form.validated_data)).data)
