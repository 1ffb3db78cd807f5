"""One kind of answer: JSON, whatever Accept or ?format= a client sends."""

from collections.abc import Iterable

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class JsonOnly(BaseContentNegotiation):
    """Choose the first parser that fits and always the first renderer: no 406 for a strange Accept header."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Choose by media type, as DRF does."""
        content_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type in {content_type, "*/*"}), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None  # noqa: ARG002 - the signature is DRF's
    ) -> tuple[BaseRenderer, str]:
        """Choose the view's own renderer."""
        own = next(iter(renderers))
        return own, own.media_type or "application/json"
