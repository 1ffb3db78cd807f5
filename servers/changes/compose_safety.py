"""Who may run which compose file: the policy's findings against what an owner has accepted for exactly this text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from core.errors import Forbidden
from servers import wiring
from servers.changes.port_conflicts import check_panel_ports
from servers.docker.compose_file.yaml_text import Problem, ProblemFacts
from servers.minecraft.compose.safety import SafetyCheck
from servers.models import AcceptedFindings
from servers.operations.caller import Caller
from servers.records import incarnations, operation_rows

MAX_REMEMBERED = 200
_found: dict[tuple[str, str, frozenset[str]], list[Problem]] = {}


class Finding(ProblemFacts):
    """A finding, and whether an owner has accepted it for exactly this text."""

    accepted: bool


class UnsafeCompose(Forbidden):
    """The file has findings that no owner has accepted; they are in ``findings``."""

    code = "unsafe_compose"

    def __init__(self, findings: Iterable[Problem]) -> None:
        self.findings = list(findings)
        codes = ", ".join(sorted({one.code for one in self.findings}))
        sentences = " ".join(f"{one} [{one.code}]" for one in self.findings[:20])
        super().__init__(
            f"This compose file could harm this machine or other servers: {sentences} Change it; or an owner accepts "
            f'it as it is with "accept_findings" and these codes: {codes}.'
        )
        self.extra = {"findings": [one.facts() for one in self.findings]}


class OwnerNeeded(Forbidden):
    """Only an owner may accept findings."""

    code = "owner_needed"


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """Who asks, and which findings they accept with it.

    Attributes:
        by: who asks.
        codes: findings that they accept for exactly this text.
    """

    by: Caller
    codes: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.codes and not self.by.is_owner:
            raise OwnerNeeded("Only an owner may accept findings of the safety policy. Ask one.")


@dataclass(frozen=True)
class Accepted:
    """What an owner has accepted of one text of a server that is not there yet."""

    server_id: str
    text_hash: str
    codes: frozenset[str]
    username: str


async def require_safe(
    server_id: str,
    *,
    acceptance: Acceptance,
    directory: Path | None = None,
    texts: Mapping[str, bytes] | None = None,
    is_new: bool = False,
) -> Accepted | None:
    """Check a compose file as it is now; call it before everything that lets one run or puts one in place.

    Args:
        server_id: whose file it is, or is to be.
        acceptance: who asks; what an owner accepts is remembered for exactly these bytes.
        directory: where the file lies, or the files that it leads to; None: the server's own. A staged directory
            is checked as if it were the server's.
        texts: the compose file and its override by name, when they are not (yet) in ``directory``.
        is_new: the server is not there yet, so that nothing accepted of an earlier one of that id counts. Without
            ``directory``, ``texts`` can lead to no other file.

    Returns:
        What to ``remember`` once a new server has its number; None where that is nothing.

    Raises:
        UnsafeCompose: with the findings that nobody has accepted.
        PortTaken: it publishes a port of the panel's own, by whatever file or variable.
        BadComposeFile: nothing that Compose or we would read.
    """
    cli, images = wiring.cli(), settings.MC_ADMIN.allowed_images
    place = directory if is_new or directory is not None else settings.MC_ADMIN.server_path / server_id
    if texts is not None:
        safety = SafetyCheck(server_id, place, texts, cli, images)
    elif place is not None:
        safety = await SafetyCheck.of_directory(place, server_id=server_id, cli=cli, allowed_images=images)
    return await _check(safety, acceptance=acceptance, is_new=is_new)


async def remember(accepted: Accepted | None) -> None:
    """Store what ``require_safe`` returned for a server that is new; call it once its number has begun."""
    if accepted is not None:
        await operation_rows.in_database(_accept, accepted)


async def findings_of(
    server_id: str, *, acceptance: Acceptance, texts: Mapping[str, bytes], is_new: bool = False
) -> list[Finding]:
    """Return what ``require_safe`` would find in ``texts``; nothing is refused for it, and nothing is remembered.

    Raises:
        PortTaken, BadComposeFile: as ``require_safe``.
    """
    place = None if is_new else settings.MC_ADMIN.server_path / server_id
    safety = SafetyCheck(server_id, place, texts, wiring.cli(), settings.MC_ADMIN.allowed_images)
    judged = await _judge(safety, acceptance=acceptance, is_new=is_new)
    await operation_rows.in_database(check_panel_ports, judged.published)
    return [{**one.facts(), "accepted": one.code in judged.accepted} for one in judged.findings]


async def _check(safety: SafetyCheck, *, acceptance: Acceptance, is_new: bool) -> Accepted | None:
    """Do both stages; as ``require_safe`` does."""
    judged = await _judge(safety, acceptance=acceptance, is_new=is_new)
    refused = [one for one in judged.findings if one.code not in judged.accepted]
    if refused:
        raise UnsafeCompose(refused)
    await operation_rows.in_database(check_panel_ports, judged.published)  # no owner accepts that with a finding
    new = acceptance.codes & {one.code for one in judged.findings} - judged.known
    if not new:
        return None
    to_remember = Accepted(safety.server_id, judged.text_hash, judged.known | new, acceptance.by.username)
    if not is_new:
        await operation_rows.in_database(_accept, to_remember)
    return to_remember if is_new else None


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """What was found in one text, which of it was accepted before, and which is with this request."""

    text_hash: str
    known: frozenset[str]
    accepted: frozenset[str]
    findings: list[Problem]
    published: Iterable[tuple[str, int, str]]


async def _judge(safety: SafetyCheck, *, acceptance: Acceptance, is_new: bool) -> _Judged:
    reading = await safety.read()
    known: frozenset[str] = frozenset()
    if not is_new:
        known = await operation_rows.in_database(_accepted, safety.server_id, reading.text_hash)
    accepted = known | acceptance.codes
    judged = await reading.judge(accepted=accepted)
    return _Judged(
        text_hash=reading.text_hash, known=known, accepted=accepted, findings=judged.findings,
        published=judged.published,
    )


async def findings_now(server_id: str) -> list[Finding]:
    """Return what the policy finds in a server's file as it is, each with whether it is accepted.

    Compose is asked once for each text: mounts that became links since are found before the next start.

    Raises:
        BadComposeFile, ProgramMissing.
    """
    directory = settings.MC_ADMIN.server_path / server_id
    safety = await SafetyCheck.of_directory(
        directory, server_id=server_id, cli=wiring.cli(), allowed_images=settings.MC_ADMIN.allowed_images
    )
    reading = await safety.read()
    accepted = await operation_rows.in_database(_accepted, server_id, reading.text_hash)
    key = (str(directory), reading.text_hash, accepted)
    if key not in _found:
        if len(_found) >= MAX_REMEMBERED:
            _found.pop(next(iter(_found)))
        _found[key] = (await reading.judge(accepted=accepted)).findings
    return [{**problem.facts(), "accepted": problem.code in accepted} for problem in _found[key]]


def _accepted(server_id: str, text_hash: str) -> frozenset[str]:
    number = incarnations.current(server_id)
    row = AcceptedFindings.objects.filter(server_id=server_id, incarnation=number, text_hash=text_hash).first()
    return frozenset(row.codes) if row is not None else frozenset()


def _accept(accepted: Accepted) -> None:
    AcceptedFindings.objects.update_or_create(
        server_id=accepted.server_id,
        incarnation=incarnations.current(accepted.server_id),
        text_hash=accepted.text_hash,
        defaults={
            "codes": sorted(accepted.codes), "accepted_by": accepted.username, "accepted_at": datetime.now(UTC),
        },
    )
