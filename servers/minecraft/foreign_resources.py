"""Whose containers are these? Asked before every operation, so that none ever touches another project's."""

import asyncio
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from core.errors import Conflict
from servers.docker.cli import DockerCli
from servers.docker.compose import ComposeManager
from servers.docker.compose_file.document import project_name
from servers.docker.container import Container
from servers.docker.engine import DockerManager
from servers.docker.writers import list_writers


class ForeignContainer(Conflict):
    """A container that belongs to something else has this server's name or project."""

    code = "foreign_container"


class OtherProject(Conflict):
    """Containers of another Compose project were made from this server's folder."""

    code = "other_project"


class FolderInUse(Conflict):
    """A container that is not the server's own writes in its folder."""

    code = "folder_in_use"


class ForeignResource(Conflict):
    """A volume or network that belongs to something else has the name of one of this server's."""

    code = "foreign_resource"


async def own_containers(project: ComposeManager, *, server_id: str, cli: DockerCli) -> list[Container]:
    """List the containers of the server's compose project.

    Raises:
        ForeignContainer: the project's containers come from another directory, or ``mc-<id>`` is none of them.
    """
    everything = await project.all_containers()
    for one in everything:
        if not await asyncio.to_thread(_is_from, one, project.directory):
            raise ForeignContainer(
                f"The compose project {project.name!r} was started from another directory, named "
                f"{Path(one.working_dir or '').name!r}, and not from this server's. Take that one down, or rename it."
            )
    ours = {one.id for one in everything}
    for one in await DockerManager(cli).inspect([f"mc-{server_id}"]):
        if one.id not in ours and not await asyncio.to_thread(_is_from, one, project.directory):
            raise ForeignContainer(
                f"A container named {one.name} exists already and does not belong to this server. "
                f"Remove or rename it: docker rm {one.name}"
            )
    return [one for one in everything if not one.is_one_off]


async def other_writers(
    folders: Iterable[Path], own: Iterable[Container], *, cli: DockerCli, since: datetime | None = None
) -> list[Container]:
    """List the containers that write in a server's folders, or did after ``since``, ``own`` left out.

    Raises:
        EngineUnreachable.
    """
    known = {one.id for one in own}
    return [one for one in await list_writers(folders, cli=cli, since=since) if one.id not in known]


async def require_no_other_project(directory: Path, *, cli: DockerCli) -> None:
    """Check that no other Compose project runs from a server's folder: the panel would act past it.

    Raises:
        OtherProject: naming it.
    """
    for one in await list_writers([directory], cli=cli):
        if one.project and one.project != project_name(directory.name) and await asyncio.to_thread(
            _is_from, one, directory
        ):
            raise OtherProject(
                f"{one.name} runs from the folder of {directory.name}, but in the Compose project {one.project!r}, "
                f"which MC Admin does not use. Take it down in that folder: {stop_words(one)}; then start it here."
            )


def stop_words(container: Container) -> str:
    """Return the command that ends a container."""
    return f"docker compose -p {container.project} down" if container.project else f"docker stop {container.name}"


async def require_own_resources(project: ComposeManager) -> None:
    """Check, before anything is made, that no volume or network of others would become the server's.

    Raises:
        ForeignResource.
    """
    for kind, name, made_by in await project.foreign_resources():
        whose = f"the Compose project {made_by!r}" if made_by else "something else"
        raise ForeignResource(
            f"The {kind} {name!r} exists already and belongs to {whose}. Give this server's another name in the "
            f"compose file; or, if nobody needs that one, remove it: docker {kind} rm {name}"
        )


def _is_from(container: Container, directory: Path) -> bool:
    """Tell whether Compose made the container from ``directory``, by whatever name."""
    return container.working_dir is not None and os.path.realpath(container.working_dir) == os.path.realpath(directory)
