"""Serve a built single-page app: our own, or the one in ``page_dir``, so that no web server is needed beside us."""

import mimetypes
import os
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag
from django.views.decorators.csrf import csrf_exempt

from core.errors import AppError
from core.paths import Root
from mcadmin.own_page import is_built, own_page
from web.middleware import is_api

INDEX = "index.html"
SETUP = "setup"  # where the link to the first owner leads, also where there is no page
INVITE = "invite"  # ours also where there is a page: the token in the fragment is nobody else's
MAX_BYTES = 64 * 1024 * 1024
# Build tools put a hash of the content into these files' names, so a browser need never ask again.
HASHED_FOLDERS = ("assets/", "static/")


@csrf_exempt  # it only reads; an unknown address of the API is 404 to a POST, too
def page(request: HttpRequest, path: str = "") -> HttpResponse:
    """Answer a file of the page; for any address that names none, ``index.html``: the page routes by itself.

    A missing file with an extension is 404 all the same: an index in place of a script only hides the mistake.
    """
    folder = settings.MC_ADMIN.page_dir
    if folder is None and path.rstrip("/") == SETUP and request.method in {"GET", "HEAD"} and not is_built():
        return render(request, "mcadmin/setup.html")
    if path.rstrip("/") == INVITE and request.method in {"GET", "HEAD"}:
        return render(request, "mcadmin/invite.html", {"has_page": folder is not None or is_built()})
    if is_api(request.path_info):
        raise Http404
    if folder is None:
        return own_page(request, path)
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    found = _read(folder, path or INDEX)
    if found is None and "." not in path.rpartition("/")[2]:
        path, found = INDEX, _read(folder, INDEX)
    if found is None:
        raise Http404
    return _answer(request, path or INDEX, *found)


def _read(folder: Path, path: str) -> tuple[bytes, os.stat_result] | None:
    try:
        with Root(folder) as root:
            known = root.stat(path)
            return (root.read_bytes(path, max_bytes=MAX_BYTES), known) if known else None
    except AppError:  # a directory, `..`, a link that leads out, too large: nothing that a page consists of
        return None


def _answer(request: HttpRequest, path: str, content: bytes, known: os.stat_result) -> HttpResponse:
    kind, encoding = mimetypes.guess_type(path)
    response = HttpResponse(content, content_type=kind if kind and not encoding else "application/octet-stream")
    if kind and kind.startswith("text/"):
        response["Content-Type"] = f"{kind}; charset=utf-8"
    etag = quote_etag(f"{known.st_mtime_ns:x}-{known.st_size:x}")
    response["ETag"] = etag
    response["Last-Modified"] = http_date(known.st_mtime)
    hashed = path.startswith(HASHED_FOLDERS)
    response["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
    answer = get_conditional_response(request, etag=etag, last_modified=int(known.st_mtime), response=response)
    return answer or response
