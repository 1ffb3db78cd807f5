"""All checks, in the order in which they help: what the others stand on comes first."""

from django.conf import settings

from mcadmin.doctor import backups, engine, installation, privileges, servers
from mcadmin.doctor.findings import Check, Finding

CHECKS: list[tuple[Check, bool]] = [  # and whether it needs usable settings
    (installation.check_config, False),
    (installation.check_secrets, False),
    (installation.check_database, True),
    (installation.check_redis, True),
    (installation.check_clock, False),
    (installation.check_audit, True),
    (engine.check_docker, False),
    (engine.check_compose, False),
    (servers.check_server_path, True),
    (servers.check_free_space, True),
    (servers.check_files, True),
    (servers.check_misplaced, True),
    (servers.check_ownership, True),
    (privileges.check_privileges, True),
    (privileges.check_folders, True),
    (servers.check_ports, True),
    (servers.check_cookies, True),
    (backups.check_restic, False),
    (backups.check_confinement, False),
    (backups.check_repository, True),
    (backups.check_placement, True),
    (backups.check_age, True),
]


async def run_all() -> list[Finding]:
    """Run every check; those that need settings are left out when the settings cannot be used."""
    usable = not settings.MC_ADMIN_PROBLEM
    findings: list[Finding] = []
    for check, needs_settings in CHECKS:
        if usable or not needs_settings:
            findings += await check()
    return findings
