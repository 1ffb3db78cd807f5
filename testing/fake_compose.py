"""What the fake Compose makes of a file: as much of ``docker compose config`` as our small files need."""

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from core.process import ProgramFailed

VOLUMES = "/nonexistent/volumes"


def read(argv: tuple[str, ...]) -> Any:
    """Read the first file."""
    return yaml.safe_load(Path(argv[argv.index("--file") + 1]).read_text())


def published(ports: list[str]) -> dict[str, Any]:
    """Tell the ports of a running container as ``docker inspect`` does."""
    found: dict[str, Any] = {"25565/tcp": None}
    for port in ports:
        host, outside, inside = ["0.0.0.0", *port.rsplit(":", 2)][-3:]  # noqa: S104 - nothing listens on it
        found[inside if "/" in inside else f"{inside}/tcp"] = [{"HostIp": host, "HostPort": outside}]
    return found


def hash_of(services: Any) -> str:
    return hashlib.sha256(json.dumps(services, sort_keys=True, default=str).encode()).hexdigest()


def hashes(argv: tuple[str, ...]) -> str:
    """Answer ``config --hash``: one hash for the whole file is enough here."""
    services = read(argv)["services"]
    return "".join(f"{name} {hash_of(services)}\n" for name in services)


def rendered(argv: tuple[str, ...]) -> str:
    """Answer ``config --format json``: no variables, no merged files, volumes and ports in their long form."""
    config = read(argv)
    directory = argv[argv.index("--project-directory") + 1]
    for service in config["services"].values():
        if not isinstance(service, dict):
            raise ProgramFailed("docker-compose", 1, "services.x must be a mapping")
        service["volumes"] = [_long(one, directory) for one in service.get("volumes", [])]
        service["ports"] = [_long_port(one) for one in service.get("ports", [])]
        service["networks"] = {"default": None}
    project = argv[argv.index("--project-name") + 1]
    networks = {"default": {"name": f"{project}_default", "ipam": {}}}
    return json.dumps({"name": project, "networks": networks} | config, default=str)


def _long_port(port: Any) -> Any:
    if not isinstance(port, str):
        return port
    numbers, _, protocol = port.partition("/")
    host, _, rest = numbers.rpartition(":")[0].rpartition(":")
    entry = {"mode": "ingress", "target": int(numbers.rpartition(":")[2]), "protocol": protocol or "tcp"}
    return entry | ({"published": rest} if rest else {}) | ({"host_ip": host.strip("[]")} if host else {})


def volume_names(config: Any, project: str) -> dict[str, str]:
    """Tell how the engine calls the volumes of a file, by their key there."""
    found = {key: one or {} for key, one in (config.get("volumes") or {}).items()}
    return {key: one.get("name") or (key if one.get("external") else f"{project}_{key}") for key, one in found.items()}


def mount(volume: Any, directory: str, names: dict[str, str]) -> dict[str, Any]:
    """Tell a mount as ``docker inspect`` does; ``names`` are those of volumes by their key in the file."""
    entry = _long(volume, directory)
    source = entry.get("source") or ""
    name = names.get(source, source) or "a" * 64  # as the engine calls one without a name
    of_volume = {"Name": name, "Source": f"{VOLUMES}/{name}/_data"}
    place = of_volume if entry["type"] == "volume" else {"Source": source}
    told = {"Type": entry["type"], "Destination": entry["target"], "RW": not str(volume).endswith(":ro"), **place}
    subpath = (entry.get("volume") or {}).get("subpath")
    asked = {"Target": entry["target"], "VolumeOptions": {"Subpath": subpath}}
    return told | ({"Asked": asked} if subpath else {})


def _long(volume: Any, directory: str) -> Any:
    if not isinstance(volume, str):
        return volume
    source, _, rest = volume.partition(":")
    if not rest:
        return {"type": "volume", "target": source, "volume": {}}
    if source.startswith("."):
        source = str(Path(directory, source))
    kind = "bind" if source.startswith("/") else "volume"
    target, _, mode = rest.partition(":")
    return {"type": kind, "source": source, "target": target, "bind": {}, "read_only": mode == "ro"}
