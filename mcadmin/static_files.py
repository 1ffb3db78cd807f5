"""The panel's own scripts, styles and pictures, served by Django; no web server is needed for them."""

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.exceptions import SuspiciousOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse


class StaticFiles(ASGIStaticFilesHandler):
    """Answers 404 to an address that cannot be a file's: ``..``, NUL, a name longer than any file system takes."""

    def serve(self, request: HttpRequest) -> HttpResponse | FileResponse:
        """Serve the request's path; raises Http404."""
        try:
            return super().serve(request)
        except (SuspiciousOperation, ValueError, OSError) as error:
            raise Http404("There is no such file.") from error
