"""A server's compose file read with the values that Docker gets."""

import asyncio
from contextlib import suppress
from pathlib import Path

from core.errors import AppError
from servers.docker.cli import DockerCli
from servers.docker.compose_file.rendered import RenderedProject
from servers.docker.compose_file.yaml_text import BadComposeFile
from servers.minecraft.compose.rendering import Rendering, render_server
from servers.minecraft.compose.rules import MCComposeFile


class ComposeReading:
    """The half of a server that reads its compose file, and texts that are to take its place."""

    name: str
    directory: Path
    _cli: DockerCli
    _allowed_images: tuple[str, ...]

    def read_compose(self) -> str:
        """Read the compose file's text; blocking."""
        raise NotImplementedError

    async def get_minecraft_compose(self) -> MCComposeFile:
        """Read the compose file as Minecraft's rules see it, with the values that Docker gets.

        Raises:
            BadComposeFile: it is no YAML that we would read.
        """
        rendering = await self.render_if_possible()
        return await asyncio.to_thread(self.read_minecraft_compose, rendering.project)

    async def render(self, *, instead: bytes | None = None) -> Rendering:
        """Return the compose project as Docker gets it; Compose runs only when the files have changed.

        Args:
            instead: a text in the compose file's place.

        Raises:
            ProgramMissing: there is no Compose.
            FilesChange: ask again later.
        """
        return await render_server(
            self.directory,
            server_id=self.name,
            cli=self._cli,
            allowed_images=self._allowed_images,
            instead=instead,
        )

    async def render_if_possible(self, *, instead: bytes | None = None) -> Rendering:
        """Return what ``render`` does, an empty one where that cannot be had: then the text alone counts."""
        try:
            return await self.render(instead=instead)
        except AppError:
            return Rendering()

    async def check_update(self, yaml_content: str) -> MCComposeFile:
        """Read a text that is to replace this server's file, which may leave conventions broken as they are.

        Raises:
            BadComposeFile: with every rule that it breaks, and that the file on disk keeps.
        """
        before: MCComposeFile | None = None
        with suppress(BadComposeFile):
            before = await self.get_minecraft_compose()
        rendering = await self.render_if_possible(instead=yaml_content.encode())
        return await asyncio.to_thread(self._check, yaml_content, rendering.project, before)

    def _check(
        self, yaml_content: str, rendered: RenderedProject | None, before: MCComposeFile | None
    ) -> MCComposeFile:
        return MCComposeFile.from_yaml(
            yaml_content, server_id=self.name, allowed_images=self._allowed_images, rendered=rendered, before=before
        )

    def read_minecraft_compose(self, rendered: RenderedProject | None) -> MCComposeFile:
        """Read the compose file with the values of ``rendered``, without it with those of the text; blocking."""
        text = self.read_compose()
        return MCComposeFile.read(
            text, server_id=self.name, allowed_images=self._allowed_images, rendered=rendered
        )
