"""The same rights for views outside DRF: async Django views whose bodies stream."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.authentication import SCHEME, authenticate_token, read_bearer
from accounts.identity import Identity
from accounts.permissions import AccessPermission
from accounts.tokens import TokenRefused
from mcadmin.core.errors import AppError
from mcadmin.exception_handler import status_of

View = Callable[..., Any]  # a coroutine function; Django's types know sync views only


def require(permission: type[AccessPermission], *, methods: Sequence[str]) -> Callable[[View], View]:
    """Guard an async Django view: only whom ``permission`` admits comes in, as ``request.user``.

    401 and 403 as everywhere, 405 for other ``methods``; an AppError of the view becomes its answer. The view
    carries ``permission`` and ``methods`` for the system check and the tables of tests.
    """

    def guard(view: View) -> View:
        @csrf_exempt  # a bearer token, not a cookie, proves who calls
        @wraps(view)
        async def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            try:
                user = await sync_to_async(_identity)(request)
            except TokenRefused as error:
                return _unauthenticated(error.code, str(error))
            if not permission.admits(user):
                if user is None:
                    return _unauthenticated("not_authenticated", "Sign in first: the Authorization header is missing.")
                return JsonResponse({"detail": permission.message, "code": "permission_denied"}, status=403)
            request.user = user  # type: ignore[assignment]  # SYSTEM is no row
            if request.method not in methods:
                return _not_allowed(methods)
            try:
                answer: HttpResponseBase = await view(request, **kwargs)
            except AppError as error:
                return _answer(error)
            return answer

        guarded.permission = permission  # type: ignore[attr-defined]
        guarded.methods = tuple(methods)  # type: ignore[attr-defined]
        return guarded

    return guard


def _identity(request: HttpRequest) -> Identity | None:
    header = request.META.get("HTTP_AUTHORIZATION", "")
    return authenticate_token(read_bearer(header)) if header else None


def _unauthenticated(code: str, detail: str) -> HttpResponse:
    return JsonResponse({"detail": detail, "code": code}, status=401, headers={"WWW-Authenticate": SCHEME})


def _not_allowed(methods: Sequence[str]) -> HttpResponse:
    body = {"detail": "This address does not take that method.", "code": "method_not_allowed"}
    return JsonResponse(body, status=405, headers={"Allow": ", ".join(methods)})


def _answer(error: AppError) -> HttpResponse:
    body: dict[str, Any] = {"detail": str(error), "code": error.code}
    if errors := getattr(error, "errors", None):
        body["errors"] = errors
    return JsonResponse(body, status=status_of(type(error)))
