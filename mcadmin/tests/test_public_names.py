"""Names that scripts of operators import: each from its package, without the panel, as the design document has it."""

import subprocess
import sys
from importlib import import_module

import pytest

PUBLIC = [
    ("servers.minecraft", "DockerMCManager"),
    ("servers.minecraft", "MCInstance"),
    ("servers.minecraft", "MCServerStatus"),
    ("servers.minecraft", "MCComposeFile"),
    ("servers.minecraft", "DiskSpaceInfo"),
    ("servers.docker", "ComposeFile"),
    ("servers.docker", "ComposeManager"),
    ("servers.docker", "DockerManager"),
    ("backups.restic", "ResticManager"),
    ("backups.restic", "ResticSnapshot"),
    ("backups.restic", "ResticSnapshotSummary"),
    ("backups.restic", "ResticSnapshotWithSummary"),
]
OF_DJANGO = [
    ("accounts.models", "UserRole"),
    ("accounts.permissions", "RequireRole"),
    ("audit.middleware", "OperationAuditMiddleware"),
]


@pytest.mark.parametrize(("package", "name"), PUBLIC)
def test_a_plain_program_imports_it(package: str, name: str) -> None:
    """In a process of its own, where nothing has imported the module before, and no Django comes with it."""
    program = (
        f"import sys\nfrom {package} import {name}\nassert {name}.__name__ == {name!r}\n"
        "assert 'django' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(("module", "name"), OF_DJANGO)
def test_it_is_where_it_was(module: str, name: str) -> None:
    assert hasattr(import_module(module), name)


@pytest.mark.parametrize("package", sorted({package for package, _ in PUBLIC}))
def test_the_packages_list_exactly_these(package: str) -> None:
    assert sorted(import_module(package).__all__) == sorted(name for one, name in PUBLIC if one == package)


def test_another_name_is_an_error_as_usual() -> None:
    with pytest.raises(AttributeError, match=r"servers\.minecraft.*no_such_name"):
        _ = import_module("servers.minecraft").no_such_name
