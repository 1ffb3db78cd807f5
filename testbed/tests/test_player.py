import pytest

from testbed.tests.support import Player, StandIn, wait_until

pytestmark = pytest.mark.docker


def test_player_joins_chats_hears_and_leaves(server: StandIn) -> None:
    with Player(server.port(25565), "Bot1") as bot, server.rcon() as rcon:
        bot.wait_for(event="spawn")
        assert rcon.ask("list") == "There are 1 of a max of 7 players online: Bot1"

        bot.order(chat="hello")
        bot.wait_for(event="chat", message="<Bot1> hello")
        rcon.ask("say to everybody")
        bot.wait_for(event="chat", message="[Rcon] to everybody")

        bot.order(quit=True)
        bot.wait_for(event="end")
        wait_until(lambda: "Bot1 left the game" in server.log())
        assert rcon.ask("list").endswith("online: ")

    log = server.log()
    assert log.count("[Server thread/INFO]: <Bot1> hello\n") == 1
    assert log.index("Bot1 joined the game") < log.index("<Bot1> hello") < log.index("Bot1 left the game")


def test_kicked_player_is_told_why(server: StandIn) -> None:
    with Player(server.port(25565), "Bot2") as bot, server.rcon() as rcon:
        bot.wait_for(event="spawn")
        assert rcon.ask("kick bot2 too loud") == "Kicked Bot2: too loud"
        bot.wait_for(event="end")

    assert "Bot2 lost connection: too loud\n" in server.log()


def test_nobody_there_is_an_error_event() -> None:
    with Player(1, "Bot3") as bot:
        bot.wait_for(event="error")
