"""Where settings come from besides the environment and .env: the TOML file and a directory of secrets."""

import errno
import re
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic_settings import NestedSecretsSettingsSource, TomlConfigSettingsSource

from web import database_url


class TomlFile(TomlConfigSettingsSource):
    """TOML whose relative paths count from the file's own folder."""

    def _read_file(self, file_path: Path | Traversable) -> dict[str, Any]:
        values = super()._read_file(file_path)
        folder = Path(str(file_path)).resolve().parent
        for key in ("server_path", "logs_dir", "page_dir"):
            if isinstance(values.get(key), str):
                values[key] = str(folder / values[key])
        restic = values.get("restic")
        if isinstance(restic, dict) and isinstance(place := restic.get("repository_path"), str):
            restic["repository_path"] = _repository(place, folder)
        url = values.get("database_url")
        if isinstance(url, str) and (path := database_url.sqlite_path(url)):
            values["database_url"] = f"sqlite:///{folder / path}"
        return values


def _repository(place: str, folder: Path) -> str:
    """Return a repository's place; a relative folder counts from ``folder``.

    ``scheme:…`` is elsewhere, and what begins like a shell's word is refused as it is.
    """
    path = place.removeprefix("local:")
    return place if not path or re.match(r"[a-z0-9]+:|[~$]", path) else str(folder / path)


class SecretFiles(NestedSecretsSettingsSource):
    """A file for a setting, named like its variable (``master_token``, ``jwt__secret_key``), in any case.

    Only files that are named like a setting are opened: containers find other programs' secrets beside them, which
    may be anything.

    Raises:
        OSError: such a file cannot be read or is not UTF-8.
    """

    def _load_env_vars(self) -> dict[str, str | None]:
        ours = set(self.settings_cls.model_fields)
        found: dict[str, str | None] = {}
        for path in sorted(entry for folder in self.secrets_paths for entry in folder.iterdir()):
            name = path.name.lower()
            if name.partition("__")[0] in ours and path.is_file():
                found[name] = _text(path)
        return found


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise OSError(errno.EILSEQ, "it is not UTF-8", str(path)) from None
