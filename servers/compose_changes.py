"""Change a server's compose file, by a new text or an old revision."""

import asyncio
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from servers import actions, compose_safety, port_clashes, records, revisions, variable_warnings, wiring
from servers.compose_safety import Acceptance
from servers.minecraft import compose_update
from servers.minecraft.compose_rules import MCComposeFile
from servers.minecraft.compose_update import Caller
from servers.minecraft.safety import read_texts
from servers.minecraft.warnings import java_warnings
from servers.operations import Job
from servers.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Change:
    """A new text for a server's compose file.

    Attributes:
        message: what it is for, kept with the revision.
        healthy_within_s: wait so long for the game to be healthy, instead of watching for 15 s.
    """

    server_id: str
    text: str
    message: str = ""
    healthy_within_s: float | None = None


async def job(change: Change, *, acceptance: Acceptance, origin: str) -> Job:
    """Check a new text before anything is touched, and return the job that puts it in place.

    Raises:
        BadComposeFile: with every broken rule.
        UnsafeCompose: with the findings of the safety policy.
        PortTaken: a port belongs to another server or program.
        ServerNotFound, ProjectClash.
    """
    server_id, text = change.server_id, change.text
    server = wiring.manager().get_instance(server_id)
    await server.get_compose_file()  # raises ServerNotFound
    await actions.check_project(server_id)
    compose = await server.check_update(text)
    await _require_safe(server_id, text.encode(), acceptance)
    before = await asyncio.to_thread(wiring.live().catalog.info, server_id)
    own = {port for _, port, _ in before.published_ports}
    await asyncio.to_thread(port_clashes.check_ports, server_id, compose.published_ports, own=own)

    async def work(progress: Progress) -> dict[str, Any]:
        await _require_safe(server_id, text.encode(), acceptance)
        await asyncio.to_thread(port_clashes.check_ports, server_id, compose.published_ports, own=own)
        return {"revision": await _put_in_place(change, acceptance=acceptance, progress=progress)}

    return Job(
        kind="update", server_id=server_id, work=work, started_by=acceptance.username, origin=origin,
        leases=port_clashes.port_leases(compose.published_ports),
    )  # fmt: skip


async def restore_job(server_id: str, number: int, *, acceptance: Acceptance, origin: str) -> Job:
    """Return the job that puts an old revision in place again; raises RevisionNotFound, and as ``job`` does."""
    await wiring.manager().get_instance(server_id).get_compose_file()  # raises ServerNotFound
    revision = await records.in_database(revisions.read, server_id, number)
    change = Change(server_id=server_id, text=revision.yaml_content, message=f"Revision {number} again.")
    return await job(change, acceptance=acceptance, origin=origin)


async def _put_in_place(change: Change, *, acceptance: Acceptance, progress: Progress) -> int:
    """Update the file, keep each text that it then held as a revision, and return the number of the last."""
    numbers: list[int] = []

    async def add(text: bytes, *, username: str, message: str) -> int:
        return await records.in_database(
            revisions.add, change.server_id, text.decode(errors="replace"), username=username, message=message
        )

    async def on_written(old: bytes, new: bytes) -> None:
        is_new = new == change.text.encode()
        if is_new:
            await add(old, username="", message=revisions.FOUND)
        message = change.message if is_new else "Rolled back: the text before did not run."
        numbers.append(await add(new, username=acceptance.username, message=message))

    async def recheck(text: bytes) -> None:
        is_new = text == change.text.encode()
        given = acceptance if is_new else Acceptance(username=acceptance.username)  # was given for the new text only
        await _require_safe(change.server_id, text, given)

    warnings = await compose_update.update(
        wiring.manager().get_instance(change.server_id),
        change.text,
        healthy_within_s=change.healthy_within_s,
        caller=Caller(on_line=progress.line, on_written=on_written, recheck=recheck),
    )
    for warning in [*warnings, *await asyncio.to_thread(_warnings_of_written, change)]:
        progress.warn(warning)
    return numbers[-1]


def _warnings_of_written(change: Change) -> list[str]:
    directory = wiring.manager().get_instance(change.server_id).directory
    allowed = settings.MC_ADMIN.allowed_images
    compose = MCComposeFile.read(change.text, server_id=change.server_id, allowed_images=allowed)
    return [*variable_warnings.unset_in(directory), *java_warnings(compose)]


async def _require_safe(server_id: str, text: bytes, acceptance: Acceptance) -> None:
    """Check ``text`` as if it stood in the compose file's place, beside what else lies there."""
    directory = wiring.manager().get_instance(server_id).directory
    texts = dict(await asyncio.to_thread(read_texts, directory))
    texts[next(iter(texts))] = text
    await compose_safety.require_safe(server_id, acceptance=acceptance, directory=directory, texts=texts)
