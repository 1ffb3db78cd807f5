"""What saving a compose file, or making a server, would come to, by the same rules; nothing is written."""

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from django.conf import settings

from core.errors import AppError
from core.process import child_environment
from core.text_difference import Differ
from servers import wiring
from servers.changes import compose, compose_safety, create
from servers.changes.actions import check_project
from servers.changes.compose import ComposeChange, WorldGuard
from servers.changes.compose_safety import Acceptance, Finding
from servers.changes.create import ServerRequest
from servers.changes.port_conflicts import check_ports
from servers.changes.variable_warnings import unset_variables_in
from servers.docker.compose_file.unset_variables import unset_variables
from servers.docker.compose_file.yaml_text import BadComposeFile, Problem, ProblemFacts
from servers.docker.container import Container
from servers.minecraft.compose.rendering import Rendering
from servers.minecraft.compose.rules import MCComposeFile
from servers.minecraft.compose.warnings import warnings_with_lines
from servers.minecraft.instance import COMPOSE_NAME
from servers.minecraft.server_info import ServerInfo, describe
from servers.operations.caller import Caller
from servers.records import revisions

T = TypeVar("T")

_SNAPSHOT_FIRST = Problem(
    "other_game",
    "Another version or type of game will run on this world and may change it for good. "
    "A snapshot of it is made first.",
)


class Effect(StrEnum):
    """What happens to the containers."""

    NONE = "none"
    RECREATE = "recreate"  # it is stopped: made anew, not started
    RESTART = "restart"  # it runs: taken down, and started with the new file


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What would come of it.

    Attributes:
        errors: why it would be refused; also of what is no text, such as a port that is taken.
        findings: of the safety policy; those that are not accepted stand in the way, too.
        warnings: what may be regretted.
        diff: the unified difference to the text that is there, or to nothing.
        derived: what the text says; None where it cannot be read.
        effect: None where nobody can say, for the engine is away.
    """

    errors: list[ProblemFacts]
    findings: list[Finding]
    warnings: list[ProblemFacts]
    diff: str
    derived: ServerInfo | None
    effect: Effect | None


async def check_change(change: ComposeChange, *, acceptance: Acceptance) -> Checked:
    """Check a new text for a server's compose file as ``compose_job`` would.

    Raises:
        ServerNotFound, OwnerNeeded.
    """
    compose.require_may_skip(change, acceptance)
    server_id, text = change.server_id, change.text
    server = wiring.manager().get_instance(server_id)
    present, told = await server.get_compose_file(), _Told(acceptance.by)
    await told.of(check_project(server_id))
    new = await told.of(server.check_update(text))
    texts = await told.of(compose.texts_with(server_id, text.encode())) or {COMPOSE_NAME: text.encode()}
    findings = await told.of(compose_safety.findings_of(server_id, acceptance=acceptance, texts=texts))
    guard = None
    if new is not None:
        await told.of(compose.check_ports(server_id, new))
        guard = await told.of(WorldGuard.of(change, new))
    await told.of(asyncio.to_thread(server.compose_etag, if_match=change.if_match))
    containers = await told.of(server.own_containers())
    rendering = await server.render_if_possible(instead=text.encode())
    unset = await asyncio.to_thread(unset_variables_in, server.directory, instead=text)
    warnings = [*unset, *([_SNAPSHOT_FIRST] if guard is not None and guard.leases else [])]
    said = await asyncio.to_thread(
        _said, server_id, new, text, before=("now", present), rendering=rendering
    )
    return Checked(
        errors=told.errors,
        findings=findings or [],
        warnings=_facts([*said.warnings, *warnings], next(iter(texts))),
        diff=said.diff,
        derived=said.derived,
        effect=None if containers is None else _effect(containers),
    )


async def check_new(new: ServerRequest) -> Checked:
    """Check a server that is to be created as ``create`` would."""
    told = _Told(new.acceptance.by)
    await told.of(create.check_id(new.id, new.acceptance.by))
    text = await told.of(create.text_of(new))
    if text is None:
        return Checked(errors=told.errors, findings=[], warnings=[], diff="", derived=None, effect=Effect.NONE)
    read = await told.of(asyncio.to_thread(_read_new, new.id, text))
    texts = {COMPOSE_NAME: text.encode()}
    findings = await told.of(
        compose_safety.findings_of(new.id, acceptance=new.acceptance, texts=texts, is_new=True)
    )
    if read is not None:
        await told.of(asyncio.to_thread(check_ports, new.id, read.published_ports))
    said = await asyncio.to_thread(_said, new.id, read, text, before=(revisions.NOTHING, ""))
    unset = await asyncio.to_thread(_unset_in_new, text)
    return Checked(
        errors=told.errors,
        findings=findings or [],
        warnings=_facts([*said.warnings, *unset], COMPOSE_NAME),
        diff=said.diff,
        derived=said.derived,
        effect=Effect.NONE,
    )


@dataclass
class _Told:
    """Collects why it would be refused, each once, in words for who asks."""

    by: Caller
    errors: list[ProblemFacts] = field(default_factory=list)

    async def of(self, step: Awaitable[T]) -> T | None:
        """Take a step and return what it does; None where it refuses."""
        try:
            return await step
        except BadComposeFile as error:
            found = [problem.facts() for problem in error.problems]
        except AppError as error:
            is_hidden = error.named_server and not self.by.has_everything
            found = [Problem(error.code, error.words_without_name if is_hidden else str(error)).facts()]
        self.errors += [one for one in found if one not in self.errors]
        return None


def _read_new(server_id: str, text: str) -> MCComposeFile:
    return MCComposeFile.from_yaml(text, server_id=server_id, allowed_images=settings.MC_ADMIN.allowed_images)


@dataclass(frozen=True, kw_only=True)
class _Said:
    """What the text alone says: it takes the processor for a while."""

    warnings: list[Problem]
    diff: str
    derived: ServerInfo | None


def _said(
    server_id: str, read: MCComposeFile | None, text: str, *, before: tuple[str, str],
    rendering: Rendering | None = None,
) -> _Said:
    return _Said(
        warnings=warnings_with_lines(read, text) if read is not None else [],
        diff="\n".join(Differ().unified(before[1], text, names=(before[0], "new"))),
        derived=_derived(server_id, text, rendering or Rendering()),
    )


def _unset_in_new(text: str) -> list[Problem]:
    return list(unset_variables({COMPOSE_NAME: text}, env_file="", known=child_environment().keys()))


def _facts(problems: Iterable[Problem], compose_name: str) -> list[ProblemFacts]:
    found = [one.facts() for one in problems]
    for one in found:
        if one["file"] == compose_name:
            one["file"] = None
    return found


def _derived(server_id: str, text: str, rendering: Rendering) -> ServerInfo | None:
    found = describe(server_id, lambda: text, settings.MC_ADMIN.allowed_images, rendering)
    return found if found.service is not None else None


def _effect(containers: Iterable[Container]) -> Effect:
    found = list(containers)
    if any(one.is_running or one.is_restarting for one in found):
        return Effect.RESTART
    return Effect.RECREATE if found else Effect.NONE
