"""The audit log over HTTP: a page as JSON, or everything as a stream of CSV or JSON Lines."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from django.db import connections
from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit import query
from audit.api import serializers
from audit.models import AuditEvent

Lines = Callable[[list[AuditEvent]], str]

_STREAMS: dict[str, tuple[str, str, Lines]] = {
    "csv": ("text/csv; charset=utf-8", query.csv_head(), query.as_csv),
    "jsonl": ("application/jsonl; charset=utf-8", "", query.as_jsonl),
}
_ANSWERS = {
    (200, "application/json"): serializers.AuditPageSerializer,
    (200, "text/csv"): OpenApiTypes.STR,
    (200, "application/jsonl"): OpenApiTypes.STR,
}


class AuditView(APIView):
    """/audit."""

    @extend_schema(
        operation_id="audit_list", parameters=[serializers.AllServersQuerySerializer], responses=_ANSWERS
    )
    def get(self, request: Request) -> HttpResponseBase:
        """List what was done, newest first; ``format=csv`` or ``jsonl`` streams all of it, oldest first."""
        return _answer(request, serializers.AllServersQuerySerializer)


class ServerAuditView(APIView):
    """/servers/{id}/audit."""

    @extend_schema(
        operation_id="audit_of_server", parameters=[serializers.AuditQuerySerializer], responses=_ANSWERS
    )
    def get(self, request: Request, id: str) -> HttpResponseBase:
        """List what was done to one server; it need not exist any more."""
        return _answer(request, serializers.AuditQuerySerializer, server=id)


def _answer(
    request: Request, shape: type[serializers.AuditQuerySerializer], *, server: str = ""
) -> HttpResponseBase:
    asked = shape(data=request.query_params)
    asked.is_valid(raise_exception=True)
    values: dict[str, Any] = asked.validated_data
    rows = query.Filter(
        user=values.get("user", ""),
        server=server or values.get("server", ""),
        path=values.get("path", ""),
        method=values.get("method", ""),
        success=values["success"],
        begin=query.instant(values.get("from", ""), name="from"),
        end=query.instant(values.get("to", ""), name="to"),
    ).rows()
    if values["format"] in _STREAMS:
        return _stream(rows, *_STREAMS[values["format"]], name=f"audit.{values['format']}")
    return Response(serializers.AuditPageSerializer(_page(rows, values.get("cursor"), values["limit"])).data)


def _page(rows: QuerySet[AuditEvent], cursor: int | None, limit: int) -> dict[str, Any]:
    if cursor is not None:
        rows = rows.filter(sequence__lt=cursor)
    found = list(rows[: limit + 1])
    return {"events": found[:limit], "next": found[limit - 1].sequence if len(found) > limit else None}


def _stream(
    rows: QuerySet[AuditEvent], content_type: str, head: str, lines: Lines, *, name: str
) -> StreamingHttpResponse:
    response = StreamingHttpResponse(_pages(rows, head, lines), content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _pages(rows: QuerySet[AuditEvent], head: str, lines: Lines) -> AsyncIterator[str]:
    """Yield the text a page at a time; between two pages no connection and no lock is held."""
    if head:
        yield head
    after = 0
    while found := await asyncio.to_thread(_read, rows, after):
        after = found[-1].sequence
        yield lines(found)


def _read(rows: QuerySet[AuditEvent], after: int) -> list[AuditEvent]:
    try:
        return query.page(rows, after=after)
    finally:
        connections.close_all()
