import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.core.cache import cache
from redis.exceptions import OutOfMemoryError, ReadOnlyError
from rest_framework.test import APIClient

from accounts import throttles
from accounts.models import User
from accounts.shared_cache import CacheGone, reaching_it
from accounts.tests.conftest import PASSWORD, ClientOf, MakeUser
from accounts.throttles import Limit, TooManyTries

LOGIN = "/api/auth/token"
THREE = Limit("three", 3)


@pytest.fixture
def alice(make_user: MakeUser) -> User:
    return make_user()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Time that passes only when told."""

    class Clock:
        now = 1_000_000.0

        def time(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr("accounts.throttles.time", clock)
    monkeypatch.setattr("django.core.cache.backends.locmem.time", clock)
    monkeypatch.setattr("django.core.cache.backends.base.time", clock)
    return clock


def log_in(api: APIClient, *, username: str = "alice", password: str = "wrong", peer: str = "192.0.2.1") -> Any:
    return api.post(LOGIN, {"username": username, "password": password}, format="multipart", REMOTE_ADDR=peer)


def test_places_are_free_again_one_after_the_other(clock: Any) -> None:
    throttles.count_try(THREE, "me")
    clock.now += 20
    throttles.count_try(THREE, "me")
    throttles.count_try(THREE, "me")
    with pytest.raises(TooManyTries) as caught:
        throttles.count_try(THREE, "me")
    assert caught.value.wait == 40

    throttles.count_try(THREE, "you")
    clock.now += 40.1
    throttles.count_try(THREE, "me")
    with pytest.raises(TooManyTries):
        throttles.count_try(THREE, "me")


def test_a_place_given_back_is_free() -> None:
    places = [throttles.count_try(THREE, "me") for _ in range(3)]
    throttles.give_back(places[1:2])

    throttles.count_try(THREE, "me")
    with pytest.raises(TooManyTries):
        throttles.count_try(THREE, "me")


@pytest.mark.parametrize("backend", [None, "accounts.tests.slow_cache.SlowCache"])
def test_fifty_at_once_get_three_places(settings: LazySettings, backend: str | None) -> None:
    if backend is not None:
        settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "slow"}}
    barrier = threading.Barrier(50)

    def attempt(_: int) -> bool:
        barrier.wait()
        try:
            throttles.count_try(THREE, "me")
        except TooManyTries:
            return False
        return True

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(attempt, range(50))) == 3


def test_what_people_type_is_not_stored() -> None:
    throttles.count_try(THREE, "secret-name")

    assert "secret-name" not in str(list(cache._cache))  # type: ignore[attr-defined]


def test_the_sixth_wrong_password_is_429_and_so_is_the_right_one(api: APIClient, alice: User, clock: Any) -> None:
    assert [log_in(api).status_code for _ in range(6)] == [401] * 5 + [429]
    refused = log_in(api, password=PASSWORD)

    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert refused.headers["Retry-After"] == "60"
    assert refused.json()["detail"] == "Too many tries. Wait 60 s, then try again."
    clock.now += 60.1
    assert log_in(api, password=PASSWORD).status_code == 200


def test_a_name_that_nobody_has_is_throttled_alike(api: APIClient, db: None) -> None:
    assert [log_in(api, username="nobody").status_code for _ in range(6)] == [401] * 5 + [429]


def test_other_addresses_and_other_names_go_on(api: APIClient, alice: User, make_user: MakeUser) -> None:
    make_user("bob")
    for _ in range(6):
        log_in(api)

    assert log_in(api, password=PASSWORD, peer="192.0.2.2").status_code == 200
    assert log_in(api, username="bob", password=PASSWORD).status_code == 200


def test_ten_logins_of_an_address_right_or_wrong(api: APIClient, alice: User) -> None:
    found = [log_in(api, password=PASSWORD).status_code for _ in range(11)]

    assert found == [200] * 10 + [429]


def test_fifty_failures_of_a_name_from_everywhere(api: APIClient, alice: User) -> None:
    found = [log_in(api, peer=f"192.0.2.{number}").status_code for number in range(51)]

    assert found == [401] * 50 + [429]


def test_failures_from_ten_addresses_lock_nobody_out_elsewhere(api: APIClient, alice: User) -> None:
    found = [log_in(api, peer=f"192.0.2.{number // 5}").status_code for number in range(50)]

    assert found == [401] * 41 + [429] * 4 + [401] + [429] * 4
    assert log_in(api, password=PASSWORD, peer="198.51.100.1").status_code == 200


def test_an_address_that_signed_in_lately_passes_whatever_happens_elsewhere(api: APIClient, alice: User) -> None:
    assert log_in(api, password=PASSWORD, peer="198.51.100.1").status_code == 200
    for number in range(60):
        log_in(api, peer=f"192.0.2.{number}")

    assert log_in(api, password=PASSWORD, peer="198.51.100.2").status_code == 429
    assert log_in(api, password=PASSWORD, peer="198.51.100.1").status_code == 200
    assert [log_in(api, peer="198.51.100.1").status_code for _ in range(6)] == [401] * 5 + [429]


def test_addresses_of_one_ipv6_network_are_one(api: APIClient, alice: User) -> None:
    found = [log_in(api, peer=f"2001:db8:1:2::{number}").status_code for number in range(1, 7)]

    assert found == [401] * 5 + [429]
    assert log_in(api, peer="2001:db8:1:3::1").status_code == 401


def test_what_an_address_sends_too_often_is_not_parsed(api: APIClient, alice: User) -> None:
    found = [api.post(LOGIN, {"nothing": "x"}, format="multipart").status_code for _ in range(11)]

    assert found == [400] * 10 + [429]


@pytest.mark.parametrize("bearer", ["", "nonsense", "master"])
def test_a_token_of_any_kind_changes_nothing(alice: User, client_of: ClientOf, bearer: str) -> None:
    client = client_of(settings.MC_ADMIN.master_token if bearer == "master" else bearer)

    assert [log_in(client).status_code for _ in range(6)] == [401] * 5 + [429]


def test_forwarded_addresses_count_only_from_trusted_proxies(
    api: APIClient, alice: User, settings: LazySettings
) -> None:
    def from_client(address: str) -> int:
        fields = {"username": "alice", "password": "wrong"}
        forwarded = {"HTTP_X_FORWARDED_FOR": address, "REMOTE_ADDR": "192.0.2.1"}
        return api.post(LOGIN, fields, format="multipart", **forwarded).status_code  # type: ignore[arg-type]

    assert [from_client(f"198.51.100.{number}") for number in range(6)] == [401] * 5 + [429]
    cache.clear()
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"trusted_proxies": ["192.0.2.1"]})
    assert [from_client(f"198.51.100.{number}") for number in range(6)] == [401] * 6
    cache.clear()
    # What a client writes itself stands before the address that our proxy adds.
    assert [from_client(f"198.51.100.{number}, 203.0.113.7") for number in range(6)] == [401] * 5 + [429]


def test_without_redis_signing_in_says_so(api: APIClient, alice: User, settings: LazySettings) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    }

    answer = log_in(api, password=PASSWORD)

    assert (answer.status_code, answer.json()["code"]) == (503, CacheGone.code)


@pytest.mark.parametrize("kind", [OutOfMemoryError, ReadOnlyError])
def test_a_redis_that_answers_and_refuses_is_not_called_silent(kind: type[Exception]) -> None:
    with pytest.raises(CacheGone, match=r"refuses.*maxmemory") as caught, reaching_it():
        raise kind("command not allowed")
    assert "does not answer" not in str(caught.value)
