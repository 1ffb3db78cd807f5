"""``GET /metrics``: Prometheus' text, made from memory at every scrape."""

import hmac
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.process_collector import ProcessCollector
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.authentication import SCHEME, is_master_token, read_bearer
from accounts.identity import SystemUser
from accounts.tokens import TokenRefused
from servers.api.metric_families import PanelCollector


class MetricsAuthentication(BaseAuthentication):
    """``metrics_token`` of the settings, or the master token; no user's token: Prometheus is nobody's session."""

    def authenticate(self, request: Request) -> tuple[SystemUser, str] | None:
        """Return SYSTEM, which here may only read the metrics."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        try:
            token = read_bearer(header)
        except TokenRefused as error:
            raise AuthenticationFailed(str(error), error.code) from None
        wanted: str = settings.MC_ADMIN.metrics_token
        may = bool(wanted) and hmac.compare_digest(token.encode(), wanted.encode())
        if not may and not is_master_token(token):
            raise AuthenticationFailed("This is neither metrics_token of the settings nor the master token.")
        return SystemUser(), SCHEME

    def authenticate_header(self, request: Request) -> str:
        """Make DRF answer 401."""
        return SCHEME


class MetricsAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped library
    """Declare it in the OpenAPI document."""

    target_class = MetricsAuthentication
    name = "metricsToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "metrics_token of the settings, or the master token"}


class MetricsView(APIView):
    """/metrics."""

    authentication_classes = [MetricsAuthentication]
    @extend_schema(operation_id="metrics", responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: Request) -> HttpResponse:
        """Return all figures in Prometheus' text format; needs `metrics_token`, or the master token."""
        registry = CollectorRegistry()
        ProcessCollector(namespace="mcadmin", registry=registry)
        registry.register(PanelCollector())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
