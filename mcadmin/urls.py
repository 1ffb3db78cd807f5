"""Every HTTP route; API routes are declared without trailing slash and answer both forms."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path

from mcadmin.admin_site.site import site
from mcadmin.api import AttentionView
from mcadmin.api_document import ApiDocumentView
from mcadmin.spa import page
from servers.api.metrics import MetricsView


def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django passes it
    """Say that the process answers; no login, no database."""
    return JsonResponse({"status": "ok"})


def docs(request: HttpRequest) -> HttpResponse:
    """Show the API's document in Swagger UI, all of it from our own files."""
    return render(request, "mcadmin/docs.html")


def redoc(request: HttpRequest) -> HttpResponse:
    """Show the same document in ReDoc: to read, where Swagger UI is to try."""
    return render(request, "mcadmin/redoc.html")


api_urlpatterns: list[URLPattern | URLResolver] = [
    path("/healthz", healthz),
    path("/schema", ApiDocumentView.as_view(), name="schema"),
    path("/docs", docs),
    path("/redoc", redoc),
    path("/attention", AttentionView.as_view()),
    path("", include("accounts.urls")),
    path("", include("servers.urls")),
    path("", include("backups.urls")),
    path("", include("audit.urls")),
]
urlpatterns = [
    path("healthz", healthz),
    path("metrics", MetricsView.as_view(schema=None)),  # the document knows it as /api/metrics
    path("api", include(api_urlpatterns)),
    path(settings.MC_ADMIN.admin_path, site.urls),
    path("", page),
    path("<path:path>", page),  # last: whatever nobody else answers
]
