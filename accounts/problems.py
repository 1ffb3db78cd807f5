"""How errors are answered: as everywhere, and without the name of a server that does not exist for whoever asks."""

from typing import Any

from rest_framework.response import Response

from accounts.rights.loading import rights_of
from core.errors import AppError
from web import problems


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer as ``web.problems`` does; "port is taken by another server" names none that the caller may not see."""
    response = problems.exception_handler(exc, context)
    if response is None or not isinstance(exc, AppError) or not exc.named_server:
        return response
    user = getattr(context.get("request"), "user", None)
    if user is None or not rights_of(user).sees(exc.named_server):
        response.data["detail"] = exc.words_without_name
    return response
