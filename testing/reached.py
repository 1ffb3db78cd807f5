"""The panel's settings, and a middleware that notes each change that reaches its view: ``DJANGO_SETTINGS_MODULE``."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from django.http import HttpRequest, HttpResponse

from mcadmin.settings import *  # noqa: F403

MIDDLEWARE = [*MIDDLEWARE, "testing.reached.NoteReached"]  # noqa: F405 - the innermost

WORK_S = 0.12  # each view takes at least this, so that there is something to leave


class NoteReached:
    """Writes the query of each request that is about to be carried out to the file ``REACHED``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "cut" not in request.GET:
            return self.get_response(request)
        with Path(os.environ["REACHED"]).open("a") as file:
            file.write(f"{request.GET['cut']}\n")
        time.sleep(WORK_S / 2)
        response = self.get_response(request)
        time.sleep(WORK_S / 2)
        return response
