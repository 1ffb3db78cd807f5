"""Each image of ``deploy/`` is one image: named by a full version or a digest, never by a tag that moves on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
BUILT_HERE = "mcadmin"
PARTS = {"postgres": 2}  # of a full version; elsewhere three


def is_fixed(reference: str) -> bool:
    """Tell whether ``reference`` names the same image next year."""
    name, _, digest = reference.partition("@")
    if digest:
        return re.fullmatch(r"sha256:[0-9a-f]{64}", digest) is not None
    repository, _, tag = name.rpartition("/")[2].partition(":")
    version = re.match(r"v?(\d+(?:\.\d+)*)(?:-|$)", tag)
    return version is not None and version[1].count(".") + 1 >= PARTS.get(repository, 3)


def images() -> Iterator[tuple[str, str]]:
    """Yield the file and the reference, of variables their default."""
    for path in sorted(DEPLOY.glob("*.yaml")):
        text = path.read_text().replace("!override", "")
        for service in yaml.safe_load(text)["services"].values():
            if service.get("image", BUILT_HERE) != BUILT_HERE:
                yield path.name, re.sub(r"\$\{\w+:-(.*)\}", r"\1", service["image"])
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    defaults = dict(re.findall(r"(?m)^ARG (\w+)=(\S+)", dockerfile))
    stages = set(re.findall(r"(?m)^FROM .* AS (\w+)", dockerfile))
    for found in re.findall(r"(?m)^FROM (\S+)", dockerfile):
        if found not in stages:
            yield "Dockerfile", re.sub(r"\$\{(\w+)\}", lambda match: defaults[match[1]], found)


def test_every_image_is_fixed() -> None:
    found = list(images())

    assert {name for name, _ in found} == {"compose.yaml", "compose.socket-proxy.yaml", "Dockerfile"}
    assert len(found) == 4
    assert [reference for _, reference in found if not is_fixed(reference)] == []


@pytest.mark.parametrize(
    ("reference", "fixed"),
    [
        ("redis", False),
        ("redis:latest", False),
        ("redis:7", False),
        ("redis:7.4", False),
        ("redis:7.4.11", True),
        ("redis:7.4.11-alpine", True),
        ("redis:alpine", False),
        ("redis:7-7.4.11", False),
        ("python:3.13-slim-trixie", False),
        ("python:3.13.15-slim-trixie", True),
        ("postgres:17", False),
        ("postgres:17.11", True),
        ("tecnativa/docker-socket-proxy:latest", False),
        ("tecnativa/docker-socket-proxy:v0.4", False),
        ("tecnativa/docker-socket-proxy:v0.4.2", True),
        ("registry.example.org:5000/redis", False),
        (f"redis@sha256:{'0f' * 32}", True),
        (f"redis:7@sha256:{'0f' * 32}", True),
        ("redis:7.4.11@sha256:0f", False),
    ],
)
def test_what_is_fixed(reference: str, *, fixed: bool) -> None:
    assert is_fixed(reference) is fixed
