"""Servers over HTTP: list, create, what they are and how they are."""

from asgiref.sync import async_to_sync
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from accounts.identity import who
from accounts.rights import judge
from accounts.rights.loading import rights_of
from servers import wiring
from servers.api import kept_back, serializers
from servers.api.compose import create_server
from servers.api.compose_serializers import ServerCreateSerializer, ServerDetailSerializer
from servers.api.details import server_detail
from servers.api.items import for_rights, items_for
from servers.minecraft.instance import ServerNotRunning
from servers.minecraft.status import MCServerStatus

SERVICE = OpenApiParameter(
    "service", str, description="One of `games`, where a server has several; without it, the first of them."
)


class ServersView(APIView):
    """/servers."""

    @extend_schema(operation_id="servers_list", responses=serializers.ServerItemSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List all servers that you may see; a broken one comes with its ``problem``."""
        return Response(items_for(who(request)))

    @extend_schema(
        operation_id="servers_create",
        request=ServerCreateSerializer,
        responses={201: serializers.ServerItemSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create a server from a compose text or from parameters; it is not started."""
        return create_server(request)


class ServerViewSet(ViewSet):
    """/servers/{id} and what is read below it, all from memory or disk."""

    @extend_schema(operation_id="servers_read", responses=ServerDetailSerializer)
    def retrieve(self, request: Request, id: str) -> Response:
        """Describe one server in full."""
        rights = rights_of(who(request))
        detail = kept_back.for_reader(for_rights(server_detail(id), rights), rights)
        return Response(ServerDetailSerializer(detail).data)

    @extend_schema(operation_id="servers_status", responses=serializers.StatusSerializer)
    def status(self, request: Request, id: str) -> Response:
        """Answer from memory: no process, no loop, no database. An unknown server is REMOVED."""
        status = wiring.live().status(id)
        return Response(  # by hand, as in api.figures: no answer is asked for more often
            {
                "status": status.status,
                "reason": status.reason,
                "since": status.since,
                "exitCode": status.exit_code,
                "oomKilled": status.oom_killed,
                "health": status.health,
                "lastStatus": status.last_status,
                "reasonCode": status.reason_code,
                "reasonParams": status.reason_params,
            }
        )

    @extend_schema(operation_id="servers_players", parameters=[SERVICE], responses=serializers.PlayersSerializer)
    def players(self, request: Request, id: str) -> Response:
        """Answer who is online, as last sampled; 409 unless HEALTHY, or RUNNING and the game answers all the same."""
        live = wiring.live()
        game = live.game(id, request.query_params.get("service", ""))
        status = live.game_status(game)
        if not live.may_have_players(game):
            raise ServerNotRunning(f"{game} is {status.status}, so nobody can be online. Wait until it is HEALTHY.")
        sample = live.players(game)
        if status.status is not MCServerStatus.HEALTHY and sample.sampled_at is None:
            raise ServerNotRunning(f"{game} is {status.status} and has not told its players yet. {status.reason or ''}")
        answer = {
            "onlinePlayers": list(sample.online),
            "onlineCount": sample.count,
            "maxPlayers": sample.maximum,
            "sampledAt": sample.sampled_at,
            "motd": sample.motd,
            "latencyMs": sample.latency_ms,
        }
        return Response(answer)

    @extend_schema(
        operation_id="servers_rcon",
        parameters=[SERVICE],
        request=serializers.RconRequestSerializer,
        responses=serializers.RconAnswerSerializer,
    )
    def rcon(self, request: Request, id: str) -> Response:
        """Run one command in the game and return its answer."""
        body = serializers.RconRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        command = body.validated_data["command"]
        judge.require_command(who(request), id, command)
        game = wiring.live().game(id, request.query_params.get("service", ""))
        result = async_to_sync(wiring.live().command)(game, command)
        return Response({"result": result, "command": command})
