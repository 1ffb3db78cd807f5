"""Read the earlier version's ``config.toml`` and write ours from it; the old one is only read."""

import json
import secrets
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import InvalidRequest
from web import config

DATABASE = "mcadmin.sqlite3"
_SECTIONS: dict[str, tuple[str, ...]] = {
    "": ("server_path", "logs_dir"),
    "audit": ("enabled", "log_file", "log_request_body", "max_body_size", "sensitive_fields"),
    "restic": ("repository_path", "password"),
}


@dataclass(frozen=True, slots=True)
class Converted:
    """Our configuration's text, where the earlier users are, and what the operator should know."""

    text: str
    users: Path | None
    notes: list[str] = field(default_factory=list)


def convert(old: Path) -> Converted:
    """Make our configuration from ``old``. Paths in the result are absolute: the old ones counted from its folder.

    Raises:
        InvalidRequest: it is not TOML, or names no servers directory.
    """
    try:
        values = tomllib.loads(old.read_text("utf-8"))
    except OSError as error:
        raise InvalidRequest(f"{old} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{old} cannot be read as TOML: {error}.") from None
    folder = old.resolve().parent
    if not isinstance(values.get("server_path"), str):
        raise InvalidRequest(f"{old} names no server_path; is it the earlier version's configuration?")
    notes: list[str] = []
    lines = ["# Made from the earlier version's configuration. Holds secrets: keep its mode at 0600."]
    lines += _section("", values, folder)
    lines.append(_line("database_url", f"sqlite:///{folder / DATABASE}"))
    lines.append(_line("master_token", _secret(values.get("master_token"), 16, "master_token", notes)))
    jwt = values.get("jwt", {})
    lines += ["", "[jwt]", _line("secret_key", _secret(jwt.get("secret_key"), 32, "jwt.secret_key", notes))]
    lines += [_line(key, jwt[key]) for key in ("algorithm", "access_token_expire_minutes") if key in jwt]
    for name in ("audit", "restic"):
        if isinstance(values.get(name), dict):
            lines += ["", f"[{name}]", *_section(name, values[name], folder)]
    return Converted("\n".join(lines) + "\n", _users(values.get("database_url"), folder), notes)


def _section(name: str, values: dict[str, Any], folder: Path) -> list[str]:
    found = {key: values[key] for key in _SECTIONS[name] if key in values}
    for key in ("server_path", "logs_dir", "repository_path"):
        if key in found and ":" not in found[key]:  # a repository may be `sftp:…`
            found[key] = str(folder / found[key])
    return [_line(key, value) for key, value in found.items()]


def _line(key: str, value: Any) -> str:
    return f"{key} = {json.dumps(value)}"  # JSON's texts, numbers, booleans and flat lists are TOML's


def _secret(value: Any, length: int, name: str, notes: list[str]) -> str:
    """Keep a secret that we would accept; else make a new one and say so."""
    if isinstance(value, str) and len(value) >= length:
        try:
            return config.refuse_example(value)
        except ValueError:
            pass
    notes.append(f"{name} was missing, too short or an example: the new file has a fresh random one.")
    return secrets.token_urlsafe(length * 3 // 2)


def _users(url: Any, folder: Path) -> Path | None:
    """Return the SQLite file of the earlier database, or None when it is another kind."""
    text = url if isinstance(url, str) else "sqlite+aiosqlite:///./db.sqlite3"
    scheme, separator, path = text.partition(":///")
    return folder / path if separator and scheme.startswith("sqlite") and path else None
