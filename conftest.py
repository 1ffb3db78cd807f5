"""Fixtures and rules of every test."""

import inspect
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from blockbuster import blockbuster_ctx

from testing import floor

if TYPE_CHECKING:
    from testing.contract import ContractClient

APPS = ["mcadmin", "backups", "servers", "audit", "accounts", "web", "core"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "process: starts the panel as a process of its own")
    if "PYTEST_XDIST_WORKER" not in os.environ:  # the workers report to the process that counts
        config.pluginmanager.register(floor.Tally())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse an async database test that is not transactional: its rows would leak or lock."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        is_async = inspect.iscoroutinefunction(getattr(item, "function", None))
        if marker and is_async and not marker.kwargs.get("transaction"):
            raise pytest.UsageError(f"{item.nodeid}: async test needs django_db(transaction=True)")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a tool that is not here; fail it where the real tools are required."""
    for mark in floor.MARKS:
        if item.get_closest_marker(mark) and (reason := floor.absent(mark)):
            (pytest.fail if floor.REQUIRE_REAL else pytest.skip)(f"{mark} is required: {reason}")


@pytest.fixture
def api() -> "ContractClient":
    """An API client that checks every answer against the OpenAPI document."""
    from testing.contract import ContractClient

    return ContractClient()


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Forget the users, throttles and codes of the test before: ids and addresses come again."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def no_blocking_in_the_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail an async test when our own code blocks its event loop."""
    if not inspect.iscoroutinefunction(getattr(request, "function", None)):
        yield
        return
    # Names and not modules: importing them here would begin before Django is set up.
    with blockbuster_ctx(scanned_modules=APPS, excluded_modules=[f"{app}.tests" for app in APPS]):
        yield
