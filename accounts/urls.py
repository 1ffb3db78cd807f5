"""HTTP routes of the accounts app; web/middleware.py answers them with a trailing slash, too."""

from django.urls import path, register_converter

from accounts.api.invitations import InvitationsView, InvitationView, InvitedView
from accounts.api.keys import AllKeysView, AnyKeyView, KeysView, KeyView
from accounts.api.roles import RoleViewSet
from accounts.api.sessions import SessionView, SetupView, SignInsView, SignInView
from accounts.api.users import UserViewSet
from accounts.api.views import LogoutAllView, MeView, MyPasswordView, PreferencesView, TokenView, VerifyCodeView
from accounts.invitations import TOKEN


class InvitationConverter:
    """The token of an invitation, which is no number."""

    regex = TOKEN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(InvitationConverter, "invitation")

urlpatterns = [
    path("/auth/token", TokenView.as_view()),
    path("/auth/session", SessionView.as_view()),
    path("/auth/sessions", SignInsView.as_view()),
    path("/auth/sessions/<int:id>", SignInView.as_view()),
    path("/auth/setup", SetupView.as_view()),
    path("/auth/register", UserViewSet.as_view({"post": "register"})),
    path("/auth/verifyCode", VerifyCodeView.as_view()),
    path("/auth/logout-all", LogoutAllView.as_view()),
    path("/invitations", InvitationsView.as_view()),
    path("/invitations/<int:id>", InvitationView.as_view()),
    path("/invitations/<invitation:token>", InvitedView.as_view()),
    path("/user/me", MeView.as_view()),
    path("/user/me/password", MyPasswordView.as_view()),
    path("/user/me/preferences", PreferencesView.as_view()),
    path("/user/me/keys", KeysView.as_view()),
    path("/user/me/keys/<int:id>", KeyView.as_view()),
    path("/admin/keys", AllKeysView.as_view()),
    path("/admin/keys/<int:id>", AnyKeyView.as_view()),
    path("/admin/users", UserViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "/admin/users/<int:id>",
        UserViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("/admin/roles", RoleViewSet.as_view({"get": "list", "post": "create"})),
    path("/admin/roles/<int:id>", RoleViewSet.as_view({"put": "update", "delete": "destroy"})),
    path("/admin/users/<int:id>/sessions", UserViewSet.as_view({"delete": "end_sessions"})),
]
