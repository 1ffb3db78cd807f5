"""Serve the page that this project brings, as ``make page`` built it: compressed beforehand, under a strict policy."""

import hashlib
from pathlib import PurePosixPath

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from core.errors import AppError
from core.paths import Root

INDEX = "index.html"
ASSETS = "assets/"  # their names hold a hash of their content
SERVERS = "servers/"  # an id may have a dot, which is then no file's
MAX_BYTES = 16 * 1024 * 1024
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))  # the smaller one first
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
# No script, style or picture but our own files, and no text that becomes markup: not even our own scripts can do that.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


def is_built() -> bool:
    """Tell whether there is a page to serve."""
    return _read(INDEX) is not None


def own_page(request: HttpRequest, path: str) -> HttpResponse:
    """Answer a file of the page, and its index for every address that is the page's own to read.

    Without a build the root says how to make one, and nothing else is there.
    """
    if not is_built():
        if path or request.method not in {"GET", "HEAD"}:
            raise Http404
        return render(request, "mcadmin/no_page.html")
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    name = path or INDEX
    if PurePosixPath(name).suffix not in _KINDS or name.startswith(SERVERS):
        if "." in name.rpartition("/")[2] and not name.startswith(SERVERS):
            raise Http404  # an index in place of a file only hides the mistake
        name = INDEX
    content = _read(name)
    if content is None:
        raise Http404
    return _answer(request, name, content)


def _answer(request: HttpRequest, name: str, content: bytes) -> HttpResponse:
    encoding = ""
    for token, ending in _ENCODINGS:
        if _accepts(request, token) and (packed := _read(name + ending)) is not None:
            encoding, content = token, packed
            break
    response = HttpResponse(content, content_type=_KINDS[PurePosixPath(name).suffix])
    if encoding:
        response["Content-Encoding"] = encoding
    response["Vary"] = "Accept-Encoding"
    is_hashed = name.startswith(ASSETS)
    response["Cache-Control"] = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
    response["Content-Security-Policy"] = POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    etag = quote_etag(f"{_digest(content)}{encoding}")
    response["ETag"] = etag
    answer = get_conditional_response(request, etag=etag, response=response) or response
    for header in ("Content-Security-Policy", "Cross-Origin-Resource-Policy"):
        answer[header] = response[header]  # also on a 304
    return answer


def _digest(content: bytes) -> str:
    # Not of size and time: a build in an image gives each file the same time.
    return hashlib.sha256(content).hexdigest()[:20]


def _accepts(request: HttpRequest, token: str) -> bool:
    for part in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() == token:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _read(path: str) -> bytes | None:
    try:
        with Root(settings.PAGE_DIST) as root:
            return root.read_bytes(path, max_bytes=MAX_BYTES)
    except (AppError, OSError):  # not built, a directory, `..`, a link that leads out
        return None
