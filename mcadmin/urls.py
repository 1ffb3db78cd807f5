"""Every HTTP route; API routes are declared without trailing slash and answer both forms."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from mcadmin.admin_site import site
from mcadmin.page import page


def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django passes it
    """Say that the process answers; no login, no database."""
    return JsonResponse({"status": "ok"})


api_urlpatterns: list[URLPattern | URLResolver] = [
    path("/healthz", healthz),
    path("/schema", SpectacularAPIView.as_view(), name="schema"),
    path("/docs", SpectacularSwaggerView.as_view(url_name="schema")),
    path("", include("accounts.urls")),
    path("", include("servers.urls")),
]
urlpatterns = [
    path("healthz", healthz),
    path("api", include(api_urlpatterns)),
    path(settings.MC_ADMIN.admin_path, site.urls),
    path("", page),
    path("<path:path>", page),  # last: whatever nobody else answers
]
