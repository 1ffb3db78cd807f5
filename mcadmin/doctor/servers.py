"""Where servers live, and each of them."""

import asyncio
import os
from collections import defaultdict
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.conf import settings

from core.errors import AppError, NotFound
from core.paths import FileMissing, disk_space, printable, unwritable
from mcadmin.doctor.findings import Finding, Verdict, failed, ok, warning
from servers.docker.folders import DATA, open_data

if TYPE_CHECKING:
    from servers.minecraft.instance import MCInstance

LITTLE_SPACE_BYTES = 2 * 1024**3
NO_SPACE_BYTES = 200 * 1024**2
SHOWN_FILES = 5
SHOWN_FOLDERS = 20


async def check_server_path() -> list[Finding]:
    """Tell whether servers can be kept where the settings say."""
    path = settings.MC_ADMIN.server_path
    if not await asyncio.to_thread(os.access, path, os.R_OK | os.W_OK | os.X_OK):
        advice = f"Give this user the directory: chown $(id -u) {path}"
        return failed("server_path", f"{path} cannot be written.", advice)
    return ok("server_path", f"Servers live in {path}.")


async def check_free_space() -> list[Finding]:
    """Tell how much room is left for servers and for logs."""
    return await sync_to_async(_free_space)()


def _free_space() -> list[Finding]:
    config = settings.MC_ADMIN
    findings = []
    places = {"servers": config.server_path, "logs": config.logs_dir}
    for what, path in places.items():
        if not path.is_dir():
            continue
        _, free = disk_space(path)
        verdict = Verdict.OK
        if free < LITTLE_SPACE_BYTES:
            verdict = Verdict.FAILED if free < NO_SPACE_BYTES else Verdict.WARNING
        sentence = f"{free / 1024**3:.1f} GiB are free on the disk of the {what}."
        key = "server_path" if what == "servers" else "logs_dir"
        advice = "" if verdict is Verdict.OK else f"Free some, or move {key}."
        findings.append(Finding("free space", verdict, sentence, advice))
    return findings


async def check_files() -> list[Finding]:
    """Tell which servers' compose files cannot be used."""
    infos = await _infos()
    bad = [
        Finding("server", Verdict.WARNING, f"{info.id}: {info.problem}", "Correct its compose file.")
        for info in infos
        if info.problem
    ]
    return bad or ok("server", f"{len(infos)} servers, all with a usable compose file.")


async def check_misplaced() -> list[Finding]:
    """Tell which folders hold a compose file and cannot be servers: no list shows them, or only as a problem."""
    from servers.minecraft.misplaced import misplaced_servers  # noqa: PLC0415 - needs usable settings

    found = await asyncio.to_thread(misplaced_servers, settings.MC_ADMIN.server_path)
    if not found:
        return ok("places", "Every compose file in the servers' directory belongs to a server.")
    bad = [Finding("places", Verdict.WARNING, sentence) for _, sentence in sorted(found.items())[:SHOWN_FOLDERS]]
    if len(found) > SHOWN_FOLDERS:
        bad.append(Finding("places", Verdict.WARNING, f"{len(found) - SHOWN_FOLDERS} more folders cannot be servers."))
    return bad


async def check_ownership() -> list[Finding]:
    """Tell which files a server cannot write: those that its user, the owner of ``data/``, may not."""
    from servers import wiring  # noqa: PLC0415 - needs usable settings

    findings = []
    for instance in await wiring.manager().get_all_instances():
        findings += await asyncio.to_thread(_unwritable, instance.directory)
    return findings or ok("ownership", "Every server can write its own files.")


def _unwritable(directory: Path) -> list[Finding]:
    try:
        with open_data(directory / DATA) as root:
            names = unwritable(root, at_most=SHOWN_FILES)
    except FileMissing:  # no data yet
        return []
    except AppError as error:
        advice = "Run MC Admin as root, or as the user who owns the servers."
        return [Finding("ownership", Verdict.WARNING, f"{directory.name}: {error}", advice)]
    if not names:
        return []
    listed = ", ".join(printable(name) for name in names) + (" …" if len(names) == SHOWN_FILES else "")
    sentence = f"{directory.name} cannot write {listed} in its data/."
    advice = f"Run: chown -R --reference={directory}/data {directory}/data && chmod -R u+rwX {directory}/data"
    return [Finding("ownership", Verdict.WARNING, sentence, advice)]


async def check_ports() -> list[Finding]:
    """Tell which servers publish the same port: only one of them can be up."""
    users: dict[tuple[int, str], list[str]] = defaultdict(list)
    for info in await _infos():
        for taken in sorted({(port, protocol) for _, port, protocol in info.published_ports}):
            users[taken].append(info.id)
    clashes = [
        Finding(
            "ports", Verdict.WARNING, f"Port {port}/{protocol} is published by {' and '.join(ids)}.",
            "Give each of them a port of its own, or never start them together.",
        )
        for (port, protocol), ids in sorted(users.items())
        if len(ids) > 1
    ]
    return clashes or ok("ports", "No two servers publish the same port.")


async def check_cookies() -> list[Finding]:
    """Tell which servers may publish web pages while the panel has no host name of its own: they get its cookies.

    Source: RFC 6265, 8.5: cookies are kept by host name, and no port tells one service from another.
    """
    if any(_is_a_name(host) for host in settings.MC_ADMIN.allowed_hosts):
        return ok("cookies", "The panel has a host name that games need not share.")
    from servers import wiring  # noqa: PLC0415 - needs usable settings

    findings = []
    for instance in await wiring.manager().get_all_instances():
        findings += await _pages_of(instance)
    return findings or ok("cookies", "No server publishes a page that would share the panel's cookies.")


async def _pages_of(instance: "MCInstance") -> list[Finding]:
    """Tell where a server may show a web page; what Docker gets counts, not what the text of its file says."""
    try:
        project = (await instance.render()).project
        compose = await asyncio.to_thread(instance.read_minecraft_compose, project)
    except NotFound:  # it went away meanwhile
        return []
    except AppError:  # no Compose, no readable file: the text alone tells nothing of variables and other files
        project = compose = None
    if project is None or compose is None:
        sentence = f"Which ports {instance.name} publishes is not known: Compose cannot render its file."
        advice = "See what doctor says of the server and of Compose. A page on one of its ports would get the cookies."
        return warning("cookies", sentence, advice)
    where = [str(port) for port in compose.page_ports[:SHOWN_FILES]]
    if compose.on_host_network:
        where.append(f"any port that {' or '.join(compose.on_host_network)} opens in this machine's own network")
    if not where:
        return []
    sentence = (
        f"{instance.name} publishes {', '.join(where)} beside its game. A web page there is sent the cookies of "
        "whoever is signed in to the panel under the same host name."
    )
    advice = "Give the panel a host name of its own: add it to allowed_hosts, and open the panel by it alone."
    return warning("cookies", sentence, advice)


def _is_a_name(host: str) -> bool:
    """Tell whether a host is a name that can be the panel's alone, not an address and not the whole machine's."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return host not in {"", "*", "localhost"} and not host.endswith(".localhost")
    return False


async def _infos() -> list[Any]:
    from servers import wiring  # noqa: PLC0415 - needs usable settings

    return list(await wiring.manager().get_all_server_info())
