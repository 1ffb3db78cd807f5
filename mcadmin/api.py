"""The API's addresses that are about everything: no floor below knows both servers and backups."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.identity import who
from mcadmin import attention


class AttentionItemSerializer(serializers.Serializer[Any]):
    """One matter: a sentence, and the same as a code and its parameters for another language."""

    code = serializers.ChoiceField(choices=[code.value for code in attention.Code])
    params = serializers.DictField(child=serializers.JSONField())
    tone = serializers.ChoiceField(choices=["bad", "warn", "info"])
    sentence = serializers.CharField()
    advice = serializers.CharField(allow_blank=True)
    server_id = serializers.CharField(allow_blank=True, help_text="empty: of no single server")
    since = serializers.DateTimeField(allow_null=True)
    action = serializers.ChoiceField(choices=[look.value for look in attention.Look], help_text="where to look")
    operation = serializers.CharField(allow_blank=True, help_text="id of the operation that it is about")


class AttentionView(APIView):
    """/attention."""

    @extend_schema(operation_id="attention_list", responses=AttentionItemSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List what needs attention, the worst first: of the servers that you may see, and of all where you may."""
        return Response(AttentionItemSerializer(attention.for_rights_of(who(request)), many=True).data)
