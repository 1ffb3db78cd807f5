"""Joins the settings to the domain: the only place that builds its objects, and the tests' seam."""

from functools import cache

from django.conf import settings

from servers.docker.cli import DockerCli
from servers.live.services import Services, Stores
from servers.minecraft.manager import DockerMCManager
from servers.records import monitoring
from web import process_role

stores_override: Stores | None = None  # tests without a database keep nothing
cli_override: DockerCli | None = None  # tests put their fake here, then call reset()


@cache
def cli() -> DockerCli:
    """Return how docker is called."""
    if cli_override is not None:
        return cli_override
    docker = settings.MC_ADMIN.docker
    return DockerCli(str(docker.binary or ""), str(docker.compose_binary or ""))


def node() -> str | None:
    """Return by what name others know this machine among several; None, since there is one."""
    return None


def manager() -> DockerMCManager:
    """Return the manager of the servers under ``server_path``."""
    config = settings.MC_ADMIN
    return DockerMCManager(
        config.server_path,
        cli=cli(),
        allowed_images=config.allowed_images,
        stop_timeout_s=config.stop_timeout_s,
    )


@cache
def live() -> Services:
    """Return this process's services; whoever runs the loop starts and stops them."""
    config = settings.MC_ADMIN
    # Each worker reads the figures for itself, which costs little; one process writes them down.
    history = monitoring.HistoryStore() if process_role.current().supervises else None
    return Services(
        config.server_path,
        manager=manager(),
        cli=cli(),
        allowed_images=config.allowed_images,
        stores=stores_override or Stores(notes=monitoring.NoteStore(), history=history),
    )


def reset() -> None:
    """Forget all objects, so that the next call builds them from the settings of now."""
    cli.cache_clear()
    live.cache_clear()
