"""The operator's settings: typed, from environment, .env, TOML and secrets; a wrong one stops the start.

Every message names the key and never a value: a value may be a password.
"""

import json
import os
import stat
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, DirectoryPath, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from redis import ConnectionPool

from web import database_url
from web.config_sources import SecretFiles, TomlFile

CONFIG_VARIABLE = "MC_ADMIN_CONFIG"
ENV_FILE_VARIABLE = "MC_ADMIN_ENV"
SECRETS_DIR = Path("/run/secrets")
MASTER_TOKEN_LENGTH = 16
DAY_S = 24 * 60 * 60
MAX_DAYS = 36_500  # a century: past any request, and far from where dates end

# Secrets that stand in documents and examples: whoever read those has the key.
_EXAMPLES = ("your-", "changeme", "change-me", "example", "secret-key", "master-token", "password", "insecure")


class ConfigError(Exception):
    """The settings cannot be used; ``str(error)`` says which key, why, and what to do."""


def _split(value: Any) -> Any:
    """Read a list from one environment text: JSON or comma-separated."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("["):
        return json.loads(text)
    return [part.strip() for part in text.split(",") if part.strip()]


TextList = Annotated[list[str], NoDecode, BeforeValidator(_split)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class JwtSettings(_Section):
    """How access tokens are signed and how long they live."""

    secret_key: str = Field(min_length=32)
    algorithm: Literal["HS256", "HS384", "HS512"] = "HS256"
    access_token_expire_minutes: int = Field(default=43200, ge=1, le=MAX_DAYS * 24 * 60)

    @field_validator("secret_key")
    @classmethod
    def _own(cls, value: str) -> str:
        return refuse_example(value)


class AuditSettings(_Section):
    """What the audit log keeps."""

    enabled: bool = True
    log_file: str = Field(default="operations.log", pattern=r"^[^/\\]+$")
    log_request_body: bool = True
    max_body_size: int = Field(default=10240, ge=0)
    sensitive_fields: TextList = ["password", "token", "secret", "key"]


class ResticSettings(_Section):
    """The backup repository; any string restic takes for one."""

    repository_path: str = Field(min_length=1)
    password: str = Field(min_length=1)
    environment: dict[str, str] = {}
    binary: Path | None = None

    @field_validator("repository_path")
    @classmethod
    def _no_shell_word(cls, value: str) -> str:
        """Nobody expands these for us: restic would make a folder of that very name."""
        if value.removeprefix("local:").startswith(("~", "$")):
            raise ValueError("must be the whole path, such as /home/me/backup: ~ and $ are not expanded here")
        return value

    @field_validator("environment")
    @classmethod
    def _as_restic_reads_it(cls, value: dict[str, str]) -> dict[str, str]:
        """Names from the environment come in small letters; those that restic knows are in capitals, all of them."""
        return {name.upper(): text for name, text in value.items()}


class DockerSettings(_Section):
    """Where docker and Compose are, when not in .tools/bin, .venv/bin or PATH."""

    binary: Path | None = None
    compose_binary: Path | None = None


class Settings(BaseSettings):
    """All settings, with their defaults. First wins: environment, .env, TOML, secrets directory."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_nested_delimiter="__", env_ignore_empty=False)

    database_url: str = "sqlite:///./db.sqlite3"
    master_token: str
    server_path: DirectoryPath
    logs_dir: Path = Path("./logs")
    jwt: JwtSettings
    audit: AuditSettings = AuditSettings()
    restic: ResticSettings | None = None
    docker: DockerSettings = DockerSettings()
    allowed_images: TextList = ["itzg/minecraft-server", "ghcr.io/itzg/minecraft-server"]
    quiesce_timeout_s: int = Field(default=120, ge=1, le=DAY_S)
    stop_timeout_s: int = Field(default=60, ge=1, le=DAY_S)
    max_upload_size_bytes: int = Field(default=2147483648, ge=1)
    metrics_token: str = ""
    redis_url: str | None = None
    allowed_hosts: TextList = ["localhost", "127.0.0.1", "[::1]"]
    cors_origins: TextList = ["http://localhost:3000", "http://localhost"]
    trusted_proxies: TextList = []
    admin_path: str = Field(default="admin/", pattern=r"^[A-Za-z0-9_-]+/$")
    page_dir: DirectoryPath | None = None
    default_access: Literal["everything", "granted"] = "everything"
    log_keep_days: int = Field(default=14, ge=1, le=MAX_DAYS)
    audit_keep_days: int = Field(default=90, ge=1, le=MAX_DAYS)
    removed_keep_days: int = Field(default=30, ge=0, le=MAX_DAYS)

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        return database_url.checked(value)

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        for entry in value:
            found = urlsplit(entry)
            if not found.netloc or entry != f"{found.scheme}://{found.netloc}":
                raise ValueError("must be origins such as https://panel.example.com, without a path")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str | None) -> str | None:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        try:
            ConnectionPool.from_url(value).make_connection() if value else None  # only made: nothing is sent
        except (ValueError, TypeError):  # their sentences quote what they cannot read
            raise ValueError(
                "is not the address of a Redis: redis://:password@host:6379/0, and in the password %40 for @, %2F for /"
            ) from None
        return value or None

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for entry in value:
            try:
                ip_network(entry, strict=False)
            except ValueError:
                raise ValueError("must be addresses or networks such as 127.0.0.1 or 10.0.0.0/8") from None
        return value

    @field_validator("master_token")
    @classmethod
    def _strong(cls, value: str) -> str:
        if value and len(value) < MASTER_TOKEN_LENGTH:
            raise ValueError(f"must have at least {MASTER_TOKEN_LENGTH} characters, or be empty to switch it off")
        return refuse_example(value)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Add TOML between .env and the secrets directory."""
        sources = [init_settings, env_settings, dotenv_settings]
        if (path := config_path()).is_file():
            sources.append(TomlFile(settings_cls, toml_file=path))
        return (*sources, SecretFiles(file_secret_settings, secrets_dir_missing="ok"))

    def secrets(self) -> list[str]:
        """Return every secret of the settings, to be kept out of whatever is written down."""
        urls = [self.database_url, self.redis_url or ""]
        own = [self.master_token, self.jwt.secret_key, self.metrics_token]
        own += [urlsplit(url).password or "" for url in urls]
        if self.restic is not None:
            own += [self.restic.password, *(v for k, v in self.restic.environment.items() if _is_secret_name(k))]
        return [one for one in own if one]


def _is_secret_name(name: str) -> bool:
    return any(word in name.lower() for word in ("password", "secret", "token", "key"))


def limits(name: str) -> tuple[int, int]:
    """Return the least and the greatest value that the setting ``name``, a whole number with both, takes."""
    bounds = Settings.model_fields[name].metadata
    (least,) = (one.ge for one in bounds if hasattr(one, "ge"))
    (most,) = (one.le for one in bounds if hasattr(one, "le"))
    return least, most


def config_path() -> Path:
    """Return the TOML file's path: ``MC_ADMIN_CONFIG``, else ``config.toml`` in the working directory."""
    return Path(os.environ.get(CONFIG_VARIABLE, "config.toml"))


def env_path() -> Path:
    """Return the .env file's path: ``MC_ADMIN_ENV``, else ``.env`` in the working directory."""
    return Path(os.environ.get(ENV_FILE_VARIABLE, ".env"))


def refuse_example(value: str) -> str:
    """Return ``value`` unless it is a secret that stands in a document."""
    if any(value.lower().startswith(example) for example in _EXAMPLES) or (value and len(set(value)) < 6):
        raise ValueError("is an example or too simple; take a random one, as `manage.py init` writes it")
    return value


def load() -> Settings:
    """Read and check the settings.

    Raises:
        ConfigError: one sentence a line, each naming its key and never a value.
    """
    for path in (config_path(), env_path()):
        if path.is_file():
            _check_mode(path)
    _check_toml()
    try:
        return Settings(
            _env_file=env_path() if env_path().is_file() else None,
            _secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
        )
    except ValidationError as error:
        raise ConfigError("\n".join(_sentences(error))) from None
    except SettingsError as error:
        raise ConfigError(f"A setting cannot be read: {error}. Lists and tables are written as JSON.") from None
    except OSError as error:
        raise ConfigError(f"{error.filename} cannot be read: {error.strerror}.") from None


def _check_mode(path: Path) -> None:
    found = path.stat()
    under_secrets = path.resolve().is_relative_to(SECRETS_DIR) and found.st_uid == 0
    if stat.S_IMODE(found.st_mode) & (0o037 if under_secrets else 0o077):
        raise ConfigError(f"{path} can be read by other users and holds secrets. Mend it with: chmod 600 {path}")


def _check_toml() -> None:
    path = config_path()
    if not path.is_file():
        if CONFIG_VARIABLE in os.environ:
            raise ConfigError(f"{CONFIG_VARIABLE} names {path}, which does not exist.")
        return
    try:
        tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        where = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is not UTF-8"
        raise ConfigError(f"{path} is not valid TOML: {where}.") from None


def _sentences(error: ValidationError) -> list[str]:
    lines = [f"{key}: {reason}" for key, reason in map(_explain, error.errors(include_input=False, include_url=False))]
    is_incomplete = any(problem["type"] == "missing" for problem in error.errors(include_input=False))
    if is_incomplete and not config_path().is_file():
        lines.append(f"There is no {config_path()}. Make one with: python manage.py init")
    return lines


_REASONS = {
    "missing": "is required and not set.",
    "extra_forbidden": "is not a setting of MC Admin; look for a typing error.",
    "path_not_directory": "must be an existing directory: make it, mount its disk, or name another one.",
    "model_type": "must be a table, in the environment as JSON or as one variable for each of its keys.",
    "int_parsing": "must be a whole number.",
}


def _explain(problem: Any) -> tuple[str, str]:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "value_error":
        return key, str(problem["ctx"]["error"]) + "."
    return key, _REASONS.get(problem["type"]) or problem["msg"].replace("Input should", "must") + "."
