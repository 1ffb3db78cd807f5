"""HTTP routes of the accounts app."""

from django.urls import path

from accounts.api.views import MeView, TokenView

urlpatterns = [
    path("/auth/token", TokenView.as_view()),
    path("/user/me", MeView.as_view()),
]
