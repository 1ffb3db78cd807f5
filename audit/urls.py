"""HTTP routes of the audit app."""

from django.urls import path

from audit.api.views import AuditView, ServerAuditView

urlpatterns = [
    path("/audit", AuditView.as_view()),
    path("/servers/<server_id:id>/audit", ServerAuditView.as_view()),  # the converter is servers.urls'
]
