"""Which server and which path a request means."""

import base64
import os
from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from accounts.identity import who
from accounts.rights import judge
from core import paths
from core.errors import InvalidRequest
from core.paths import Root
from servers import wiring
from servers.changes import compose_kept
from servers.minecraft.files import secret_files
from servers.minecraft.files.secret_files import SecretFiles

PATH = OpenApiParameter("path", str, description="Below `data/`, with or without `/` in front")
RAW_PATH = OpenApiParameter("raw_path", str, description="Instead of `path`: base64 of the bytes, for names not UTF-8")


def data(server_id: str) -> Root:
    """Hold the server's ``data/``; the caller closes it. Raises ServerNotFound, FileMissing."""
    live = wiring.live()
    live.catalog.info(server_id)
    return live.data_root(server_id).hold()


def secrets_from(request: Request, server_id: str, root: Root) -> SecretFiles | None:
    """Return the files that are kept from the caller; None for who may read them all. ``root``: the data's."""
    names = secret_files.NAMES if judge.hides_secrets(who(request), server_id) else frozenset()
    if compose_kept.is_kept_from(who(request), server_id):
        names |= secret_files.COMPOSE_NAMES
    return secret_files.of_root(root, names) if names else None


def require_readable(request: Request, server_id: str, root: Root, path: str) -> None:
    """Refuse a file that is kept from the caller; raises HoldsSecret. ``root``: the data's."""
    secrets = secrets_from(request, server_id, root)
    if secrets is not None and secrets.has(root, path):
        raise secret_files.refusal(path)


def require_movable(request: Request, server_id: str, root: Root, path: str) -> None:
    """Refuse to copy, move or rename what would let the caller read a file that is kept from them.

    Raises:
        HoldsSecret.
    """
    secrets = secrets_from(request, server_id, root)
    lost = secrets.first_lost(root, path) if secrets is not None else None
    if lost is not None:
        raise secret_files.refusal(lost)


def require_no_name_lost(request: Request, server_id: str, root: Root, path: str) -> None:
    """Refuse to delete or replace one of several names of a file that is kept from the caller; raises HoldsSecret."""
    secrets = secrets_from(request, server_id, root)
    if secrets is not None and secrets.is_shared(root, path):
        raise secret_files.refusal(path)


def require_changeable(request: Request, server_id: str, root: Root, *changed: str) -> None:
    """Refuse what would make, change, move or delete a compose file that the caller may not change.

    Raises:
        RightMissing.
    """
    check = changes_checked(request, server_id, root)
    for path in changed:
        check(path)


def changes_checked(request: Request, server_id: str, root: Root) -> Callable[[str], None]:
    """Return what refuses a path as ``require_changeable`` does: of many, or before one is known."""
    return compose_kept.check_for(who(request), server_id, root)


def path_in_query(request: Request, *, default: str | None = None) -> str:
    """Return the path that ``raw_path`` or ``path`` of the query names; raises InvalidRequest without either."""
    return path_in(request.query_params, "", default=default)


def path_in(values: Any, prefix: str, *, default: str | None = None) -> str:
    """Return the path that ``<prefix>raw_path`` or ``<prefix>path`` of a mapping names."""
    if raw := values.get(f"{prefix}raw_path"):
        return paths.raw_path_of(raw)
    text = values.get(f"{prefix}path", default)
    if text is None:
        raise InvalidRequest(f"{prefix}path is missing: which file?")
    return paths.path_of(text)


def public(path: str) -> str:
    """Return a path as the API shows it: from ``/``, U+FFFD for what is not UTF-8."""
    return "/" + readable(path)


def readable(text: str) -> str:
    """Return a name or path with U+FFFD for bytes that are not UTF-8."""
    return text if text.isascii() else os.fsencode(text).decode(errors="replace")


def raw(path: str) -> str | None:
    """Return ``raw_path`` of a path that ``path`` cannot name: bytes that are not UTF-8, or a backslash."""
    encoded = os.fsencode(path)
    try:
        if "\\" not in encoded.decode():
            return None
    except UnicodeDecodeError:
        pass
    return base64.b64encode(encoded).decode("ascii")


def cursor(name: str) -> str:
    """Return a name, whatever its bytes, as ``name_in_query`` reads it."""
    return base64.urlsafe_b64encode(os.fsencode(name)).decode("ascii")


def name_in_query(request: Request, parameter: str) -> str:
    """Return the name that a parameter holds as ``cursor`` wrote it; "" without one, or InvalidRequest."""
    text = request.query_params.get(parameter, "")
    try:
        return os.fsdecode(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True))
    except ValueError:
        raise InvalidRequest(f"{parameter} is no `next` of an earlier answer.") from None


class TextField(serializers.CharField):
    """A text taken as it is, empty or not."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"allow_blank": True, "trim_whitespace": False} | kwargs))
