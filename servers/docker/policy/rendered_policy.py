"""Second stage of the safety policy: the file as Compose has rendered it, with every variable replaced.

Each rule names what a container must not have because it would reach the host, or what belongs to others.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from servers.docker.compose_file.quoting import quoted
from servers.docker.compose_file.yaml_text import Document, Problem
from servers.docker.compose_file.yaml_text import Path as Where
from servers.docker.policy.binds import check_binds
from servers.docker.policy.host_software import check_environment, check_labels, is_plain_logging
from servers.docker.policy.references import in_data
from servers.docker.policy.source_policy import SourceReport

Value = Any
Judge = Callable[[Value], bool]


def _is_empty(value: Value) -> bool:
    return not value


def _one_of(*allowed: str) -> Judge:
    return lambda value: not value or str(value) in allowed


def _keeps_rights(options: Value) -> bool:
    """``no-new-privileges`` takes rights away; whatever else security_opt can say loosens."""
    return all(str(one) in {"no-new-privileges", "no-new-privileges:true"} for one in options or ())


def _is_own_network(mode: Value) -> bool:
    """``bridge`` and ``default`` are the engine's own bridge, where every other container can be a neighbour."""
    return not mode or str(mode) == "none" or str(mode).startswith("service:")


def _is_limits_only(deploy: Value) -> bool:
    reservations = ((deploy or {}).get("resources") or {}).get("reservations") or {}
    return not reservations.get("devices") and not reservations.get("generic_resources")


def _is_single(deploy: Value) -> bool:
    return (deploy or {}).get("replicas", 1) in {0, 1} and (deploy or {}).get("mode", "replicated") == "replicated"


def _is_not_favoured(score: Value) -> bool:
    return not isinstance(score, int) or score >= 0


# Key of a service: code, what is fine, sentence.
RULES: list[tuple[str, str, Judge, str]] = [
    ("privileged", "privileged", _is_empty, "A privileged container is root on this machine."),
    ("cap_add", "cap_add", _is_empty, "Added capabilities can lead out of the container."),
    ("devices", "devices", _is_empty, "Devices of this machine must not be handed to a container."),
    ("device_cgroup_rules", "devices", _is_empty, "Devices of this machine must not be handed to a container."),
    ("gpus", "devices", _is_empty, "Devices of this machine must not be handed to a container."),
    ("deploy", "devices", _is_limits_only, "Devices of this machine must not be handed to a container."),
    ("deploy", "replicas", _is_single, "A server runs once."),
    ("scale", "replicas", _one_of("0", "1"), "A server runs once."),
    ("runtime", "runtime", _one_of("runc"), "Another runtime can mean other walls around the container."),
    ("network_mode", "network_mode", _is_own_network, "The network of the host or of others is not its own."),
    ("pid", "pid", _is_empty, "The host's processes, or a foreign one's, are not its own."),
    ("ipc", "ipc", _one_of("private", "none", "shareable"), "The host's IPC, or a foreign one's, is not its own."),
    ("userns_mode", "userns_mode", _is_empty, "userns_mode switches the mapping of users off."),
    ("uts", "uts", _is_empty, "The host's name is not the container's."),
    ("cgroup", "cgroup", _one_of("private"), "The host's control groups are not the container's."),
    ("cgroup_parent", "cgroup_parent", _is_empty, "A foreign control group escapes limits."),
    ("security_opt", "security_opt", _keeps_rights, "security_opt may only be no-new-privileges; all else loosens."),
    ("sysctls", "sysctls", _is_empty, "sysctls change the kernel's behaviour."),
    ("volumes_from", "volumes_from", _is_empty, "Volumes of other containers are not its own."),
    ("external_links", "external_links", _is_empty, "Containers of other projects are not to be reached by link."),
    ("annotations", "annotations", _is_empty, "Annotations can change how the runtime builds the container."),
    ("logging", "logging", is_plain_logging, "Logs stay with the container: json-file or local, max-size, max-file."),
    ("oom_kill_disable", "oom", _is_empty, "The kernel must be able to end it when memory runs out."),
    ("oom_score_adj", "oom", _is_not_favoured, "The kernel must not spare it before others."),
    ("pull_policy", "build", lambda value: value != "build", "Building an image runs its steps on this machine."),
    ("build", "build", _is_empty, "Building an image runs its steps on this machine."),
    ("provider", "provider", _is_empty, "A provider runs a program of this machine."),
    ("use_api_socket", "use_api_socket", _is_empty, "use_api_socket hands Docker's socket to the container."),
    ("credential_spec", "credential_spec", _is_empty, "credential_spec reads a file or a registry outside."),
    ("pre_start", "hook", _is_empty, "Hooks run commands with rights of their own."),
    ("post_start", "hook", _is_empty, "Hooks run commands with rights of their own."),
    ("pre_stop", "hook", _is_empty, "Hooks run commands with rights of their own."),
    ("models", "models", _is_empty, "models fetches and runs other things than the server."),
]


def check_rendered(
    config: Mapping[str, Any], source: SourceReport, *, directory: Path, is_allowed: Callable[[str], bool]
) -> list[Problem]:
    """Check what ``docker compose config --format json`` printed. Blocking: asks for real paths.

    Args:
        config: what it printed.
        source: what the first stage found in the texts that it was rendered from.
        directory: the server's, as Compose was told.
        is_allowed: whether an image may be used.
    """
    project = str(config.get("name"))
    check = _Check(config, source.documents)
    for name, service in (config.get("services") or {}).items():
        for key, code, is_fine, message in RULES:
            if not is_fine(service.get(key)):
                check.find(code, message, ("services", name, key))
        if not is_allowed(str(service.get("image") or "")):
            message = f"Service {name!r} runs an image that is not allowed: {quoted(service.get('image'))}."
            check.find("image_not_allowed", message, ("services", name, "image"))
        check.service_networks(name, service.get("networks"))
    for code, message, where in (*check_labels(config), *check_environment(config)):
        check.find(code, message, where)
    check.networks(project)
    check.volumes(project)
    inputs = {one for one in (*source.inputs, *source.missing) if not in_data(one)}  # the first stage has said that
    for code, message, where in check_binds(config, directory=directory, inputs=inputs, is_allowed=is_allowed):
        check.find(code, message, where)
    return check.findings


class _Check:
    """Gathers findings with the line of the text where each can be told."""

    def __init__(self, config: Mapping[str, Any], documents: Mapping[str, Document]) -> None:
        self.findings: list[Problem] = []
        self._config = config
        self._documents = documents

    def find(self, code: str, message: str, where: Where) -> None:
        line, file = self._place(where)
        self.findings.append(Problem(code, message, line, file))

    def service_networks(self, service: str, networks: Any) -> None:
        for name, options in (networks or {}).items():
            if (options or {}).get("driver_opts"):
                message = "Options of a network's driver reach the host's network."
                self.find("network", message, ("services", service, "networks", name))

    def networks(self, project: str) -> None:
        for name, network in (self._config.get("networks") or {}).items():
            where = ("networks", name)
            if network.get("external") or network.get("name", f"{project}_{name}") != f"{project}_{name}":
                self.find("external", f"The network {name!r} may belong to others. Let it be the project's own.", where)
            if network.get("driver") not in {None, "", "bridge"} or network.get("driver_opts"):
                message = f"The network {name!r} must be a plain bridge: other drivers and options reach the host's."
                self.find("network", message, where)
            if (network.get("ipam") or {}).get("config") or (network.get("ipam") or {}).get("driver"):
                message = f"The network {name!r} must get its addresses from Docker: others can cut this machine off."
                self.find("network", message, where)

    def volumes(self, project: str) -> None:
        for name, volume in (self._config.get("volumes") or {}).items():
            where = ("volumes", name)
            if volume.get("external") or volume.get("name", f"{project}_{name}") != f"{project}_{name}":
                self.find("external", f"The volume {name!r} may belong to others. Let it be the project's own.", where)
            if volume.get("driver") not in {None, "", "local"} or volume.get("driver_opts"):
                message = f"The volume {name!r} must be a plain one: options can mount any place of the host."
                self.find("volume_driver", message, where)

    def _place(self, where: Where) -> tuple[int | None, str]:
        """Find the text that says it: the one that knows most of the path, the latest of equals."""
        best: tuple[int, int | None, str] = (-1, None, "")
        for number, (name, document) in enumerate(self._documents.items()):
            known = _known(document.value, where)
            if known >= best[0]:
                best = (known, document.line_of(where), name if number else "")
        return best[1], best[2]


def _known(value: Any, where: Where) -> int:
    for depth, part in enumerate(where):
        if not isinstance(value, dict) or part not in value:
            return depth
        value = value[part]
    return len(where)

