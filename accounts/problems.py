"""How errors are answered: as everywhere, and without names and places that whoever asks may not know."""

from typing import Any

from rest_framework.response import Response

from accounts.rights.loading import rights_of
from accounts.rights.rights import Rights
from accounts.rights.verbs import Verb
from core.errors import AppError
from web import problems


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer as ``web.problems`` does; "port is taken by another server" names none that the caller may not see."""
    response = problems.exception_handler(exc, context)
    if response is not None and isinstance(exc, AppError) and exc.words_without_name:
        user = getattr(context.get("request"), "user", None)
        if user is None or not _may_know(rights_of(user), exc):
            response.data["detail"] = exc.words_without_name
    return response


def _may_know(rights: Rights, error: AppError) -> bool:
    if error.named_server and not rights.sees(error.named_server):
        return False
    return not error.place_of or Verb.COMPOSE in rights.verbs(error.place_of)
