"""The admin site: owners only. Rooms of our own (overview, servers) beside Django's lists, one row of tabs for all."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.options import BaseModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, URLResolver, path, reverse

# The types say which model an admin class is for, ``ModelAdmin[User]``; Django itself cannot read that.
setattr(BaseModelAdmin, "__class_getitem__", classmethod(lambda cls, _: cls))  # noqa: B010 - unknown to the types

# What the tabs are called and lead to, in their order; a room whose page is not there is left out.
ROOMS = [
    ("Overview", "admin:index"),
    ("Servers", "admin:servers"),
    ("Operations", "admin:servers_operation_changelist"),
    ("Snapshots", "admin:snapshots"),
    ("Schedules", "admin:backups_schedule_changelist"),
    ("Revisions", "admin:servers_composerevision_changelist"),
    ("Audit", "admin:audit_auditevent_changelist"),
    ("Users", "admin:accounts_user_changelist"),
    ("Grants", "admin:accounts_grant_changelist"),
    ("Roles", "admin:accounts_role_changelist"),
    ("Invitations", "admin:accounts_invitation_changelist"),
    ("Sign-ins", "admin:accounts_signin_changelist"),
    ("Keys", "admin:accounts_key_changelist"),
]

Context = dict[str, Any]


class McAdminSite(admin.AdminSite):
    """Django's admin under our name; ``User.is_staff`` lets owners in and nobody else."""

    site_header = site_title = "MC Admin"
    index_title = "Overview"
    enable_nav_sidebar = False
    site_url = None
    index_template = "mcadmin/admin/index.html"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the rooms that are no model's."""
        from mcadmin.admin_site import actions, servers, snapshots  # noqa: PLC0415 - models are there only now

        def room(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            def shown(request: HttpRequest, **kwargs: Any) -> HttpResponse:
                return view(request, self.each_context(request), **kwargs)

            return self.admin_view(shown)

        return [
            path("server/", room(servers.servers_page), name="servers"),
            path("server/<str:server_id>/", room(servers.server_page), name="server"),
            path("server/<str:server_id>/<str:action>/", room(servers.confirm_page), name="confirm"),
            path("act/", self.admin_view(actions.dispatch), name="act"),
            path("snapshots/", room(snapshots.snapshots_page), name="snapshots"),
            *super().get_urls(),
        ]

    def each_context(self, request: HttpRequest) -> Context:
        """Add the tabs."""
        context: Context = super().each_context(request)
        return context | {"rooms": _rooms(request.path)}

    def index(self, request: HttpRequest, extra_context: Context | None = None) -> TemplateResponse:
        """Show what needs attention, and how everything is."""
        from mcadmin.admin_site import dashboard  # noqa: PLC0415 - as above

        return super().index(request, {**dashboard.read(), **(extra_context or {})})


class McAdminConfig(AdminConfig):
    """Makes ``McAdminSite`` the default site."""

    default_site = "mcadmin.admin_site.site.McAdminSite"


def _rooms(here: str) -> list[Context]:
    found = []
    for name, view in ROOMS:
        try:
            url = reverse(view)
        except NoReverseMatch:
            continue
        found.append({"name": name, "url": url})
    fitting = [room for room in found if here.startswith(room["url"])]
    current = max(fitting, key=lambda room: len(room["url"]), default=None)
    return [{**room, "current": room is current} for room in found]


site = admin.site
