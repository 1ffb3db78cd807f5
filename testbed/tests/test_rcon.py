import pytest

from testbed.tests.support import RawRcon, StandIn, run

pytestmark = pytest.mark.docker


def test_login_echoes_the_id_and_a_wrong_password_gives_minus_1(server: StandIn) -> None:
    with RawRcon(server.port(25575)) as rcon:
        assert rcon.login("wrong") == (-1, 2, "")
        rcon.send(5, 2, "list")
        assert rcon.receive() == (-1, 2, "")
        assert rcon.login() == (1, 2, "")


def test_list_answers_as_the_game_does(server: StandIn) -> None:
    with server.rcon() as rcon:
        rcon.send(7, 2, "list")

        assert rcon.receive() == (7, 0, "There are 0 of a max of 7 players online: ")


def test_9000_bytes_come_in_three_pieces(server: StandIn) -> None:
    with server.rcon() as rcon:
        rcon.send(7, 2, "testbed echo 9000")
        pieces = [rcon.receive() for _ in range(3)]

    assert [len(piece.text) for piece in pieces] == [4096, 4096, 808]
    assert {piece[:2] for piece in pieces} == {(7, 0)}
    assert "".join(piece.text for piece in pieces) == "0123456789" * 900


def test_exactly_4096_bytes_come_in_one_piece(server: StandIn) -> None:
    with server.rcon() as rcon:
        rcon.send(7, 2, "testbed echo 4096")
        assert len(rcon.receive().text) == 4096
        assert rcon.ask("seed").startswith("Seed: [")


def test_marker_is_answered_after_the_last_piece(server: StandIn) -> None:
    with server.rcon() as rcon:
        rcon.send(7, 2, "testbed echo 5000")
        first = rcon.receive()
        rcon.send(8, 0)

        assert [first.id, rcon.receive().id] == [7, 7]
        assert rcon.receive() == (8, 0, "Unknown request 0")


@pytest.mark.parametrize("text", ["x" * 1447, "list\0\0\x0a\0\0\0\x09\0\0\0\x02\0\0\0list"])
def test_what_does_not_come_alone_in_one_read_closes_the_connection(server: StandIn, text: str) -> None:
    with server.rcon() as rcon:
        body = b"\x07\0\0\0\x02\0\0\0" + text.encode() + b"\0\0"
        rcon.socket.sendall((len(text) + 10 if len(text) > 1000 else 14).to_bytes(4, "little") + body)

        with pytest.raises((EOFError, ConnectionResetError)):
            rcon.receive()


def test_commands_change_the_game_and_are_logged_with_their_origin(server: StandIn) -> None:
    with server.rcon() as rcon:
        assert rcon.ask("save-off") == "Automatic saving is now disabled"
        assert rcon.ask("save-off") == "Saving is already turned off"
        assert rcon.ask("save-all flush") == "Saving the game (this may take a moment!)Saved the game"
        assert rcon.ask("save-on") == "Automatic saving is now enabled"
        assert rcon.ask("say one & two") == ""
        assert rcon.ask("kick Nobody") == "No player was found"
        assert rcon.ask("no such thing").startswith("Unknown or incomplete command")
        assert "/save-all" in rcon.ask("help")

    log = server.log()
    for said in ("[Rcon: Automatic saving is now disabled]", "[Rcon: Saved the game]", "[Rcon] one & two"):
        assert f"[Server thread/INFO]: {said}\n" in log
    assert "[RCON Listener #1/INFO]: Thread RCON Client /" in log
    assert "shutting down\n" in log


def test_rcon_cli_in_the_image(server: StandIn) -> None:
    def ask(*words: str, code: int = 0) -> str:
        return run("docker", "exec", server.name, "rcon-cli", *words, code=code)

    assert ask("list").strip() == "There are 0 of a max of 7 players online:"
    assert ask("testbed", "echo", "9000").strip() == "0123456789" * 900
    assert "wrong RCON password" in ask("--password", "wrong", "list", code=1)
    assert ask("--", "list") == ask("list")
    assert ask("--port", "25575", "--", "testbed", "echo", "20").strip() == "01234567890123456789"
    # After -- nothing is an option: the game gets it, and does not know it.
    unknown = ask("nonsense").replace("nonsense", "--password wrong list")
    assert ask("--", "--password", "wrong", "list") == unknown
