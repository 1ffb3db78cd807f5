"""The safety policy: whoever writes a compose file could become root on this machine.

Two stages, ``docs/compose-safety.md``: the source text with nothing run, then the file as Compose renders it.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.paths import FileMissing, OutsideRoot, Root
from servers.docker.cli import DockerCli
from servers.docker.compose import find_files
from servers.docker.compose_file.document import project_name
from servers.docker.compose_file.render import panel_variables, render
from servers.docker.compose_file.rendered import RenderedProject
from servers.docker.compose_file.yaml_text import MAX_BYTES, BadComposeFile, Problem
from servers.docker.folders import open_server
from servers.docker.policy.rendered_policy import check_rendered
from servers.docker.policy.source_policy import SourceReport, check_source
from servers.minecraft.compose import derivations
from servers.minecraft.compose.rules import SERVICE, published


@dataclass(frozen=True)
class SafetyCheck:
    """One server's compose texts, and whatever Compose would read with them.

    Attributes:
        server_id: whose; decides the project's name.
        directory: the server's; None for one that is not there yet.
        texts: the compose file, then its override, by name.
    """

    server_id: str
    directory: Path | None
    texts: Mapping[str, bytes]
    cli: DockerCli
    allowed_images: Sequence[str]

    @classmethod
    async def of_directory(
        cls, directory: Path, *, server_id: str, cli: DockerCli, allowed_images: Sequence[str]
    ) -> "SafetyCheck":
        """Take the files that lie in ``directory``, which may be a staged one.

        Raises:
            BadComposeFile: there is none, or it is a link.
        """
        texts = await asyncio.to_thread(read_texts, directory)
        return cls(server_id, directory, texts, cli, allowed_images)

    async def read(self) -> "SourceReading":
        """Do the first stage: nothing is run, nothing outside the directory is opened.

        Raises:
            BadComposeFile: the text is no YAML that we read.
        """
        return SourceReading(self, await asyncio.to_thread(self._check_source))

    def _check_source(self) -> SourceReport:
        variables = panel_variables()
        if self.directory is None:
            return check_source(self.texts, root=None, panel_variables=variables)
        with open_server(self.directory) as root:
            return check_source(self.texts, root=root, panel_variables=variables)


@dataclass(frozen=True)
class Judgement:
    """What the policy says of one file.

    Attributes:
        findings: what is refused unless an owner accepts it.
        published: the ports of this machine that it takes, as ``rules.published`` has them, of the rendered
            file; empty where the second stage was not reached.
    """

    findings: list[Problem]
    published: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True)
class SourceReading:
    """The first stage's result, and the way to the second."""

    check: SafetyCheck
    source: SourceReport

    @property
    def text_hash(self) -> str:
        """A digest of every byte that Compose would read: what an owner accepts is bound to it."""
        digest = hashlib.sha256()
        for name, content in sorted(self.source.inputs.items()):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()

    async def judge(self, *, accepted: frozenset[str] = frozenset()) -> "Judgement":
        """Return all findings; the second stage's only when those of the first are ``accepted`` or none.

        Raises:
            BadComposeFile: Compose does not accept the file.
        """
        first = self.source.findings
        if any(one.code not in accepted for one in first):
            return Judgement(first)
        config, place = await self.render()
        second = await asyncio.to_thread(self._check_rendered, config, place)
        services = RenderedProject.from_config(config).services.values()
        return Judgement(
            list(dict.fromkeys([*first, *second])), tuple(published(port for one in services for port in one.ports))
        )

    async def render(self) -> tuple[dict[str, Any], Path]:
        """Let Compose render the texts; returns what it made, and the directory that its paths count from."""
        check = self.check
        return await render(
            check.texts, directory=check.directory, project=project_name(check.server_id), cli=check.cli,
            has_env_file=self.source.has_env_file,
        )

    def _check_rendered(self, config: dict[str, Any], place: Path) -> list[Problem]:
        def is_allowed(image: str) -> bool:
            return derivations.is_allowed(image, self.check.allowed_images)

        found = check_rendered(config, self.source, directory=place, is_allowed=is_allowed)
        return [*found, *_foreign_names(config, self.check.server_id)]


def read_texts(directory: Path) -> dict[str, bytes]:
    """Read the compose file and its override, by name, as Docker chooses them; blocking.

    Raises:
        BadComposeFile: there is none, or it is a link, which could lead into ``data/``.
    """
    try:
        with open_server(directory) as root:
            names = find_files(root)
            return {name: _read(root, name) for name in names} or _none()
    except FileMissing:
        return _none()


def _none() -> dict[str, bytes]:
    raise BadComposeFile([Problem("no_compose_file", "There is no compose file.")])


def _read(root: Root, name: str) -> bytes:
    try:
        return root.read_bytes(name, max_bytes=MAX_BYTES, follow=False)
    except OutsideRoot:
        message = f"{name} is a link; put the file itself there."
        raise BadComposeFile([Problem("compose_link", message)]) from None


def _foreign_names(config: Mapping[str, Any], server_id: str) -> Iterator[Problem]:
    """Find containers that would take the name of another server's."""
    for service, value in (config.get("services") or {}).items():
        name = str(value.get("container_name") or "")
        own = f"mc-{server_id}"
        if name.startswith("mc-") and name != own and not (service != SERVICE and name.startswith(f"{own}-")):
            message = f"The name {name[:80]!r} of the service {service!r} is for another server's container."
            yield Problem("foreign_name", message)
