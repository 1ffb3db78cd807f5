"""A package index that is a folder of wheels of our own, for the tests of what the scripts of setup/ fetch."""

import hashlib
import os
import zipfile
from pathlib import Path


def publish_wheel(index: Path, name: str, version: str, files: dict[str, str]) -> str:
    """Put a wheel into ``index`` (made if missing) and return its SHA-256; ``files`` by their path in the wheel."""
    index.mkdir(exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    path = index / f"{stem}-py3-none-any.whl"
    about = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for inner, content in (files | {f"{stem}.dist-info/{one}": text for one, text in about.items()}).items():
            wheel.writestr(zipfile.ZipInfo(inner), content)  # dated alike: the same content is the same wheel
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pip_environment(index: Path) -> dict[str, str]:
    """Return an environment in which pip and uv know ``index`` alone."""
    return os.environ | {
        "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "PIP_CONFIG_FILE": os.devnull, "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(index), "UV_NO_CONFIG": "1", "UV_OFFLINE": "1",
    }
