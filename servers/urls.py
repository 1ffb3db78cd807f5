"""HTTP routes of the servers app; web/middleware.py answers them with a trailing slash, too."""

from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from servers.api.checking import CheckChangeView, CheckNewView
from servers.api.compose import ComposeViewSet, DefaultsView
from servers.api.figures import FiguresViewSet
from servers.api.history import HistoryViewSet
from servers.api.metrics import MetricsView
from servers.api.operations import OperationsView, OperationViewSet, ServerOperationsViewSet
from servers.api.removed import RemovedView, RemovedViewSet
from servers.api.rights import GrantsView, MembersView, MyRightsView
from servers.api.servers import ServersView, ServerViewSet
from servers.api.system import SystemViewSet
from servers.changes.removed import REMOVED_NAME
from servers.minecraft.manager import RESERVED_IDS, SERVER_ID, is_server_id


class ServerIdConverter:
    """An id that a server may have; any other is 404 here, before a view sees it."""

    regex = SERVER_ID

    def to_python(self, value: str) -> str:
        if not is_server_id(value):
            raise ValueError(f"reserved: {', '.join(RESERVED_IDS)}")
        return value

    def to_url(self, value: str) -> str:
        return value


class RemovedNameConverter(StringConverter):
    """A name that a removed server may have."""

    regex = REMOVED_NAME


register_converter(ServerIdConverter, "server_id")
register_converter(RemovedNameConverter, "removed_name")

urlpatterns = [
    path("/servers", ServersView.as_view()),
    path("/servers/defaults", DefaultsView.as_view()),
    path("/servers/check", CheckNewView.as_view()),
    path("/servers/removed", RemovedView.as_view()),
    path("/servers/removed/<removed_name:name>", RemovedViewSet.as_view({"delete": "destroy"})),
    path("/servers/removed/<removed_name:name>/restore", RemovedViewSet.as_view({"post": "restore"})),
    path("/servers/<server_id:id>", ServerViewSet.as_view({"get": "retrieve"})),
    path("/servers/<server_id:id>/status", ServerViewSet.as_view({"get": "status"})),
    path("/servers/<server_id:id>/resources", FiguresViewSet.as_view({"get": "resources"})),
    path("/servers/<server_id:id>/cpu_percent", FiguresViewSet.as_view({"get": "cpu_percent"})),
    path("/servers/<server_id:id>/memory", FiguresViewSet.as_view({"get": "memory"})),
    path("/servers/<server_id:id>/iostats", FiguresViewSet.as_view({"get": "iostats"})),
    path("/servers/<server_id:id>/disk-usage", FiguresViewSet.as_view({"get": "disk_usage"})),
    path("/servers/<server_id:id>/players", ServerViewSet.as_view({"get": "players"})),
    path("/servers/<server_id:id>/compose", ComposeViewSet.as_view({"get": "read", "post": "update"})),
    path("/servers/<server_id:id>/compose/check", CheckChangeView.as_view()),
    path("/servers/<server_id:id>/compose/revisions", ComposeViewSet.as_view({"get": "revisions"})),
    path(
        "/servers/<server_id:id>/compose/revisions/<int:number>/restore", ComposeViewSet.as_view({"post": "restore"})
    ),
    path("/servers/<server_id:id>/rcon", ServerViewSet.as_view({"post": "rcon"})),
    path(
        "/servers/<server_id:id>/operations",
        ServerOperationsViewSet.as_view({"get": "history", "post": "create"}),
    ),
    path("/servers/<server_id:id>", include("servers.api.files.urls")),
    path("/operations", OperationsView.as_view()),
    path("/operations/<uuid:id>", OperationViewSet.as_view({"get": "retrieve"})),
    path("/operations/<uuid:id>/cancel", OperationViewSet.as_view({"post": "cancel"})),
    path("/servers/<server_id:id>/history", HistoryViewSet.as_view({"get": "server"})),
    path("/system/history", HistoryViewSet.as_view({"get": "host"})),
    path("/servers/<server_id:id>/members", MembersView.as_view()),
    path("/user/me/rights", MyRightsView.as_view()),
    path("/admin/users/<int:id>/grants", GrantsView.as_view()),
    path("/metrics", MetricsView.as_view()),
    path("/system/info", SystemViewSet.as_view({"get": "info"})),
    path("/system/cpu_percent", SystemViewSet.as_view({"get": "cpu_percent"})),
    path("/system/disk-usage", SystemViewSet.as_view({"get": "disk_usage"})),
]
