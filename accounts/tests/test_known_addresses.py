"""Addresses that somebody signed in from: strangers shut nobody out there, and a restart does not forget them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from accounts import consumers, known_addresses
from accounts.consumers import KEPT_BACK, MAX_WAITING, LoginCodeConsumer
from accounts.models import SignInAddress, User
from accounts.tests.conftest import PASSWORD
from testing.contract import ContractClient
from web import sockets

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_hashes")]
LOGIN = "/api/auth/token"
HOME, ELSEWHERE = "198.51.100.1", "203.0.113.9"
STRANGERS = MAX_WAITING - KEPT_BACK


@pytest.fixture
def alice(quick_hashes: None) -> User:
    return User.objects.create_user("alice", PASSWORD)


def log_in(peer: str, password: str = PASSWORD, *, username: str = "alice") -> int:
    fields = {"username": username, "password": password}
    return ContractClient().post(LOGIN, fields, format="multipart", REMOTE_ADDR=peer).status_code


class Pages:
    """Waiting pages, ended all at once."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def open(self, peer: str) -> WebsocketCommunicator:
        page = WebsocketCommunicator(LoginCodeConsumer.as_asgi(), "/api/auth/code")
        page.scope["client"] = [peer, 4711]
        assert (await page.connect(timeout=5))[0]
        self._stack.push_async_callback(page.disconnect)
        return page

    async def shows(self, peer: str) -> str:
        return str((await (await self.open(peer)).receive_json_from(timeout=5))["type"])


@asynccontextmanager
async def crowd(count: int, *, more: int = 0) -> AsyncIterator[Pages]:
    """``count`` strangers' pages, each of an address of its own; ``more`` addresses have tried and failed."""
    async with AsyncExitStack() as stack:
        pages = Pages(stack)
        found = [await pages.shows(f"192.0.2.{number}") for number in range(count + more)]
        assert found == ["code"] * count + ["error"] * more
        yield pages


@pytest.fixture(autouse=True)
def short_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "HOLD_S", 0.01)


async def test_a_hundred_strangers_leave_places_to_addresses_that_signed_in(alice: User) -> None:
    assert await sync_to_async(log_in)(HOME) == 200
    cache.clear()  # as a restart does
    async with crowd(STRANGERS, more=MAX_WAITING - STRANGERS) as pages:
        assert [await pages.shows(HOME) for _ in range(6)] == ["code"] * 5 + ["error"]
        assert await pages.shows(ELSEWHERE) == "error"
    assert not LoginCodeConsumer.waiting


async def test_a_known_address_pushes_a_stranger_out_when_all_is_full(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "KEPT_BACK", 0)
    assert await sync_to_async(log_in)(HOME) == 200
    async with crowd(MAX_WAITING) as pages:
        assert [await pages.shows(peer) for peer in (ELSEWHERE, HOME, HOME)] == ["error", "code", "code"]
        assert list(LoginCodeConsumer.waiting.values()).count(HOME) == 2
        assert "192.0.2.0" not in LoginCodeConsumer.waiting.values()


async def test_strangers_never_push_a_known_address_out(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "LEAST_S", 0.0)
    assert await sync_to_async(log_in)(HOME) == 200
    async with AsyncExitStack() as stack:
        pages = Pages(stack)
        mine = [await pages.shows(HOME) for _ in range(5)]
        others = [await pages.shows(f"192.0.2.{number}") for number in range(STRANGERS + 20)]
        assert mine + others == ["code"] * (5 + len(others))
        assert list(LoginCodeConsumer.waiting.values()).count(HOME) == 5


async def test_a_stranger_who_waited_long_makes_room_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    async with crowd(STRANGERS) as pages:
        assert await pages.shows(ELSEWHERE) == "error"
        monkeypatch.setattr(consumers, "LEAST_S", 0.0)
        assert await pages.shows(ELSEWHERE) == "code"
        assert len(LoginCodeConsumer.waiting) == STRANGERS
        assert "192.0.2.0" not in LoginCodeConsumer.waiting.values()


async def test_signing_in_by_a_code_makes_the_pages_address_known(alice: User) -> None:
    client = ContractClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {settings.MC_ADMIN.master_token}")
    async with crowd(0) as pages:
        page = await pages.open(HOME)
        code = (await page.receive_json_from())["code"]
        body = {"username": "alice", "code": code}
        answer = await sync_to_async(client.post)("/api/auth/verifyCode", body, format="json")
        assert answer.status_code == 200
        assert (await page.receive_json_from())["type"] == "verified"
    assert await sync_to_async(known_addresses.is_known)(HOME)
    assert not await sync_to_async(known_addresses.is_known)("127.0.0.1")


def test_a_restart_does_not_lock_the_owner_of_a_name_out(alice: User) -> None:
    assert log_in(HOME) == 200
    cache.clear()
    for number in range(60):
        log_in(f"192.0.2.{number}", "wrong")

    assert (log_in(ELSEWHERE), log_in(HOME)) == (429, 200)


@pytest.mark.parametrize("change", ["old", "disabled", "deleted"])
def test_what_is_no_longer_known(alice: User, change: str) -> None:
    assert log_in(HOME) == 200
    assert known_addresses.is_known(HOME)
    if change == "old":
        SignInAddress.objects.update(at=timezone.now() - known_addresses.KNOWN_FOR - timedelta(seconds=1))
    elif change == "disabled":
        User.objects.update(is_active=False)
    else:
        alice.delete()

    assert not known_addresses.is_known(HOME)
    assert not known_addresses.is_known_of("alice", HOME)


def test_few_addresses_of_a_user_are_kept_and_few_sign_ins_write(alice: User) -> None:
    for number in range(known_addresses.MOST_OF_ONE + 5):
        known_addresses.remember(alice, f"192.0.2.{number}")
    assert SignInAddress.objects.count() == known_addresses.MOST_OF_ONE
    assert not known_addresses.is_known("192.0.2.0")

    before = SignInAddress.objects.get(address="192.0.2.54").at
    known_addresses.remember(alice, "192.0.2.54")
    assert SignInAddress.objects.get(address="192.0.2.54").at == before
    SignInAddress.objects.update(at=before - 2 * known_addresses.RENEWED_AFTER)
    known_addresses.remember(alice, "192.0.2.54")
    assert SignInAddress.objects.get(address="192.0.2.54").at > before


def test_a_failure_makes_nothing_known_and_names_do_not_vouch_for_each_other(alice: User) -> None:
    User.objects.create_user("bob", PASSWORD)
    assert log_in(HOME, "wrong") == 401
    assert not known_addresses.is_known(HOME)
    assert log_in(HOME, username="bob") == 200

    assert known_addresses.is_known(HOME)
    assert not known_addresses.is_known_of("alice", HOME)
    assert not known_addresses.is_known_of("alice\0", HOME)
