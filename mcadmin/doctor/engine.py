"""Docker and Compose."""

from django.conf import settings

from core import process, programs
from core.errors import AppError
from mcadmin.doctor.findings import Finding, failed, ok

VERSION_TIMEOUT_S = 15.0


async def check_docker() -> list[Finding]:
    """Tell whether the engine answers, and which cgroup version its host has."""
    from servers import wiring  # noqa: PLC0415 - needs usable settings
    from servers.docker.engine import DockerManager  # noqa: PLC0415

    try:
        version = await DockerManager(wiring.cli()).version()
    except AppError as error:
        advice = "Install and start it with: setup/engine.sh. Without it, files, backups and history still work."
        return failed("docker", str(error), advice)
    return [
        *ok("docker", f"Docker Engine {version.engine} answers."),
        *ok("cgroup", f"Containers are counted by cgroup v{version.cgroup}."),
    ]


async def check_compose() -> list[Finding]:
    """Tell whether Compose is there, and is version 2 or newer."""
    own = settings.MC_ADMIN.docker.compose_binary or programs.find("docker-compose")
    argv = [str(own)] if own else [str(settings.MC_ADMIN.docker.binary or "docker"), "compose"]
    advice = "Install it with: setup/compose.sh"
    try:
        text = (await process.run(*argv, "version", "--short", timeout_s=VERSION_TIMEOUT_S)).strip()
    except AppError as error:
        return failed("compose", str(error), advice)
    if text.removeprefix("v").startswith(("0.", "1.")):
        return failed("compose", f"Compose {text} is too old; version 2 is needed.", advice)
    return ok("compose", f"Compose {text} answers.")
