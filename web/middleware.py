"""What every HTTP request passes, whatever app answers it."""

import logging
from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse

logger = logging.getLogger(__name__)

_WORDS = {
    400: ("bad_request", "The request is malformed."),
    403: ("forbidden", "This is not allowed."),
    404: ("not_found", "There is nothing at this address; it was not found."),
    405: ("method_not_allowed", "This address does not take that method."),
    408: ("too_slow", "The request took too long to arrive."),
    413: ("too_large", "The request is too large."),
}


class EitherSlash:
    """Answer ``/api/x`` and ``/api/x/`` alike: routes are declared without the slash, which is taken off here.

    A redirect would cost a round trip and lose the body of a POST.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.path_info = without_slash(request.path_info)
        return self.get_response(request)


class AnswersInJson:
    """Turn what Django itself answers under /api (404, 405, 500) into our JSON."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        api = is_api(request.path_info)
        response = self.get_response(request)
        json = response.headers.get("Content-Type", "").startswith("application/json")
        if api and response.status_code >= 400 and not json and not response.streaming:
            code, detail = _WORDS.get(response.status_code, ("error", "MC Admin failed; its log says more."))
            answer = problem(response.status_code, code, detail)
            for name in ("Allow", "Retry-After", "WWW-Authenticate"):
                if name in response.headers:
                    answer.headers[name] = response.headers[name]
            return answer
        return response


class KnownHost:
    """Refuse a Host that is none of ``allowed_hosts``. The innermost: the refusal is audited like any other."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            return problem(400, "host_not_allowed", "This host name is not in allowed_hosts of the settings.")
        return self.get_response(request)


def is_api(path: str) -> bool:
    """Tell whether ``path`` belongs to the API, and so answers JSON."""
    return path == "/api" or path.startswith("/api/")


def without_slash(path: str) -> str:
    """Return an API path without its trailing slash; any other path as it is."""
    return path[:-1] if is_api(path) and len(path) > 1 and path.endswith("/") else path


def problem(status: int, code: str, detail: str) -> JsonResponse:
    """Return an error in the one shape that all our errors have."""
    return JsonResponse({"detail": detail, "code": code}, status=status)
