"""One kind of answer: JSON, whatever Accept or ?format= a client sends; and how JSON bodies are read."""

from collections.abc import Iterable, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, JSONParser
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


class Json(JSONParser):
    """Refuses what is nested beyond the interpreter's patience, as it refuses what is no JSON."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Read a body; raises ParseError."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - it is nested too deep.") from None
