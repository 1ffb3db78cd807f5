from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import transaction

from accounts import user_cache
from accounts.models import User, UserRole
from accounts.tests.conftest import PASSWORD, MakeUser
from web.json_cache import JsonSerializer


def loaded(user_id: int) -> User | None:
    found = user_cache.load(user_id, key_hash="0" * 64)
    return found.user if found is not None else None


def test_a_second_look_asks_no_database(make_user: MakeUser, django_assert_num_queries: Any) -> None:
    user = make_user()
    first = loaded(user.pk)
    assert first is not None

    with django_assert_num_queries(0):
        second = loaded(user.pk)

    assert second is not None
    for name in ("pk", "username", "role", "is_active", "created_at", "tokens_valid_after"):
        assert getattr(second, name) == getattr(first, name)


def test_a_cached_user_still_has_a_password_and_saving_keeps_it(make_user: MakeUser) -> None:
    user = make_user()
    loaded(user.pk)
    cached = loaded(user.pk)
    assert cached is not None

    cached.end_tokens()
    cached.save()

    assert cached.check_password(PASSWORD)
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_no_password_hash_lies_in_the_cache(make_user: MakeUser) -> None:
    user = make_user()
    loaded(user.pk)

    assert user.password not in str(cache.get(f"accounts.user.{user.pk}"))


@pytest.mark.django_db(transaction=True)
def test_a_change_and_a_deletion_are_seen_at_once(quick_hashes: None) -> None:
    user = User.objects.create_user("alice", PASSWORD)
    loaded(user.pk)
    user.role = UserRole.OWNER
    user.save()
    assert (found := loaded(user.pk)) is not None
    assert found.role == UserRole.OWNER

    key = user.pk
    user.delete()
    assert loaded(key) is None


@pytest.mark.django_db(transaction=True)
def test_what_was_read_before_a_change_and_kept_after_it_is_not_used(
    quick_hashes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User.objects.create_user("alice", PASSWORD)
    keep = user_cache._keep

    def slow(found: user_cache.SignedIn, key: str, mark: str) -> None:
        user.role = UserRole.OWNER
        user.save()  # between another request's read and its write into the cache
        keep(found, key, mark)

    monkeypatch.setattr(user_cache, "_keep", slow)
    loaded(user.pk)
    monkeypatch.setattr(user_cache, "_keep", keep)

    assert (found := loaded(user.pk)) is not None
    assert found.role == UserRole.OWNER


@pytest.mark.django_db(transaction=True)
def test_a_change_not_yet_committed_is_not_kept_as_of_before(quick_hashes: None) -> None:
    user = User.objects.create_user("alice", PASSWORD)
    with transaction.atomic():
        user.role = UserRole.OWNER
        user.save()
        assert (found := loaded(user.pk)) is not None
        assert found.role == UserRole.OWNER


def test_without_redis_users_come_from_the_database(make_user: MakeUser, settings: LazySettings) -> None:
    user = make_user()
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    }

    assert loaded(user.pk) == user
    user_cache.forget(user.pk)


@pytest.mark.parametrize("value", [1, "ü", None, {"a": [1, 2.5, True]}, ""])
def test_values_come_back_from_redis_as_they_were(value: object) -> None:
    serializer = JsonSerializer()

    assert serializer.loads(serializer.dumps(value)) == value
