"""What a server's files say of variables that are not set, for whoever shows or writes them."""

from pathlib import Path

from core.errors import AppError
from core.process import child_environment
from servers.docker.compose import ENV_FILE
from servers.docker.compose_file.unset_variables import unset_variables
from servers.docker.compose_file.yaml_text import Problem
from servers.docker.folders import open_server
from servers.minecraft.compose.safety import read_texts

_MAX_ENV_BYTES = 256 * 1024


def unset_in(directory: Path) -> list[str]:
    """Return the warnings of the files in a server's directory; nothing of what cannot be read. Blocking."""
    return [str(one) for one in unset_variables_in(directory)]


def unset_variables_in(directory: Path, *, instead: str | None = None) -> list[Problem]:
    """Return the same for a program; ``instead`` is a text in the place of the compose file's. Blocking."""
    try:
        texts = {name: text.decode(errors="replace") for name, text in read_texts(directory).items()}
        if instead is not None:
            texts[next(iter(texts))] = instead
        with open_server(directory) as root:
            found = root.lstat(ENV_FILE)
            raw = root.read_bytes(ENV_FILE, max_bytes=_MAX_ENV_BYTES, follow=False) if found is not None else b""
    except AppError:
        return []
    return list(unset_variables(texts, env_file=raw.decode(errors="replace"), known=child_environment().keys()))
