"""First stage of the safety policy: the texts as they are, before anything of Docker's sees them.

What Compose does while it reads (fetch, open, run) and what leaves no trace in the rendered file is decided
here, from the text alone and from files that we open ourselves.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.paths import Root
from servers.docker.compose_file.quoting import quoted, quoted_name
from servers.docker.compose_file.yaml_text import BadComposeFile, Document, Path, Problem, parse_yaml
from servers.docker.policy.keys import SERVICE, SERVICE_REFUSED, TOP_LEVEL, TOP_LEVEL_REFUSED
from servers.docker.policy.references import References, plain_path

ENV_FILE = ".env"
_INTERPOLATED = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
# For Compose, the next assignment may stand on the same line behind a closing quote.
_BEGIN = r"(?:^|['\"])\s*(?:export\s+)?"
_ASSIGNMENT = re.compile(_BEGIN + r"([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:[=:]|$)", re.MULTILINE)
_BARE = re.compile(_BEGIN + r"([A-Za-z_][A-Za-z0-9_]*)\s*(?:#.*)?$", re.MULTILINE)  # has Compose's own value
_OF_COMPOSE = "COMPOSE_"
# What the docker program and Compose know; people give other names of theirs the same beginning.
_OF_DOCKER = frozenset({
    "DOCKER_API_VERSION", "DOCKER_AUTH_CONFIG", "DOCKER_BUILDKIT", "DOCKER_CERT_PATH", "DOCKER_CLI_HINTS",
    "DOCKER_CLI_EXPERIMENTAL", "DOCKER_CLI_PLUGIN_EXTRA_DIRS", "DOCKER_CLI_PLUGIN_SOCKET",
    "DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND",
    "DOCKER_CONFIG", "DOCKER_CONTENT_TRUST", "DOCKER_CONTENT_TRUST_SERVER", "DOCKER_CONTEXT", "DOCKER_CUSTOM_HEADERS",
    "DOCKER_DEFAULT_PLATFORM", "DOCKER_HIDE_LEGACY_COMMANDS", "DOCKER_HOST", "DOCKER_STACK_ORCHESTRATOR", "DOCKER_TLS",
    "DOCKER_TLS_VERIFY", "DOCKER_TMPDIR",
})


@dataclass
class SourceReport:
    """What the texts tell.

    Attributes:
        findings: what is refused unless an owner accepts it.
        documents: the parsed texts by name; the first is the compose file.
        inputs: every byte that Compose would read, by path relative to the server's directory.
        missing: paths that it would read if there were something.
    """

    findings: list[Problem] = field(default_factory=list)
    documents: dict[str, Document] = field(default_factory=dict)
    inputs: dict[str, bytes] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    @property
    def has_env_file(self) -> bool:
        return ENV_FILE in self.inputs


def check_source(texts: Mapping[str, bytes], *, root: Root | None, panel_variables: frozenset[str]) -> SourceReport:
    """Check the compose file and its override, and every file of the directory that they lead to. Blocking.

    Args:
        texts: content by name: the compose file, then the override if there is one.
        root: the server's directory held open; None for a server that is not there yet.
        panel_variables: names in the environment that Compose will run with: they would replace the file's.

    Raises:
        BadComposeFile: one of the texts is no YAML that we read.
    """
    return _Check(texts, root, panel_variables).run()


class _Check:
    """Walks texts and files once; findings gather in ``report``."""

    def __init__(self, texts: Mapping[str, bytes], root: Root | None, panel_variables: frozenset[str]) -> None:
        self.report = SourceReport()
        self._texts = texts
        self._main = next(iter(texts))
        self._references = References(root, compose_file=self._main)
        self._panel_variables = panel_variables

    def run(self) -> SourceReport:
        self._env(ENV_FILE, base="", at=(None, ENV_FILE), required=False, of_project=True)
        for name, content in self._texts.items():
            self._text(name, content)
        self.report.inputs = {**self._texts, **self._references.found}
        self.report.missing = self._references.missing
        return self.report

    def _text(self, name: str, content: bytes) -> None:
        if name in self.report.documents:
            return
        try:
            document = parse_yaml(content)
        except BadComposeFile as error:
            if name == self._main:
                raise
            raise BadComposeFile([Problem(p.code, p.message, p.line, name) for p in error.problems]) from None
        self.report.documents[name] = document
        self._top_level(document, name)
        services = document.value.get("services")
        for service, value in services.items() if isinstance(services, dict) else ():
            if isinstance(value, dict):
                self._service(document, name, service, value)
        for path, found in _panel_values(document.value, self._panel_variables, (), set()):
            message = f"${found} would come from the panel's own environment. Write the value, or use another name."
            self._find(document, name, path, "panel_variable", message)

    def _top_level(self, document: Document, name: str) -> None:
        for key in document.value:
            if key in TOP_LEVEL_REFUSED:
                self._find(document, name, (key,), *TOP_LEVEL_REFUSED[key])
            elif key not in TOP_LEVEL and not key.startswith("x-"):
                self._find(document, name, (key,), "unknown_key", f"{quoted(key)} is not a key that may be used here.")
        include = document.value.get("include")
        for number, one in enumerate(include) if isinstance(include, list) else ():
            self._include(document, name, one, ("include", number))
        if include is not None and not isinstance(include, list):
            self._find(document, name, ("include",), "reference_not_plain", "include must be a list of plain paths.")
        for kind in ("configs", "secrets"):
            entries = document.value.get(kind)
            for key, entry in entries.items() if isinstance(entries, dict) else ():
                self._entry(document, name, entry, (kind, key))

    def _include(self, document: Document, name: str, one: Any, at: Path) -> None:
        spec = {"path": one} if isinstance(one, str) else one if isinstance(one, dict) else {}
        if set(spec) - {"path"} or not spec:
            message = "An include may only name a path: project_directory and env_file change what paths mean."
            self._find(document, name, at, "include_options", message)
            return
        paths = spec["path"] if isinstance(spec["path"], list) else [spec["path"]]
        if len({posixpath.dirname(posixpath.normpath(str(path))) for path in paths}) > 1:
            message = "Files of one include must lie in one folder: paths in the others count from that of the first."
            self._find(document, name, at, "include_options", message)
            return
        for path in paths:
            self._follow(document, name, path, at)

    def _entry(self, document: Document, name: str, entry: Any, at: Path) -> None:
        """Check one config or secret of the top level."""
        if not isinstance(entry, dict):
            return
        if "file" in entry:
            self._file(document, name, entry["file"], (*at, "file"))
        if entry.get("external") or "driver" in entry or "template_driver" in entry:
            message = "A config or secret must be a file, a content or a variable of this server."
            self._find(document, name, at, "external", message)
        self._pass_through(document, name, entry.get("environment"), (*at, "environment"))

    def _service(self, document: Document, name: str, service: str, value: dict[str, Any]) -> None:
        at: Path = ("services", service)
        for key in value:
            if key in SERVICE_REFUSED:
                self._find(document, name, (*at, key), *SERVICE_REFUSED[key])
            elif key not in SERVICE and not key.startswith("x-"):
                message = f"{quoted(key)} is not a key that a service may have here."
                self._find(document, name, (*at, key), "unknown_key", message)
        for path, required in _env_files(value.get("env_file")):
            where = self._at(document, name, (*at, "env_file"))
            self._env(path, base=posixpath.dirname(name), at=where, required=required)
        label_file = value.get("label_file")
        for path in label_file if isinstance(label_file, list) else [label_file] if label_file is not None else []:
            self._file(document, name, path, (*at, "label_file"))
        extends = value.get("extends")
        if isinstance(extends, dict) and extends.get("file") is not None:
            self._follow(document, name, extends["file"], (*at, "extends", "file"))
        for variable in _passed_through(value.get("environment")):
            self._pass_through(document, name, variable, (*at, "environment"))

    def _pass_through(self, document: Document, name: str, variable: Any, at: Path) -> None:
        """Check the name of a variable whose value Compose looks up."""
        if not isinstance(variable, str):
            return
        if "$" in variable:
            shown = quoted_name(variable)
            message = f"{shown} could become any variable of the panel's own environment. Write the name out."
            self._find(document, name, at, "panel_variable", message)
        elif variable.strip() in self._panel_variables:
            message = f"{variable} without a value would come from the panel's own environment. Write one."
            self._find(document, name, at, "panel_variable", message)

    def _follow(self, document: Document, name: str, path: Any, at: Path) -> None:
        """Read another compose file and check it like this one."""
        content = self._file(document, name, path, at)
        found = plain_path(path, base=posixpath.dirname(name))
        if content is None or found is None:
            return
        if base := posixpath.dirname(found):
            self._env(ENV_FILE, base=base, at=(None, f"{base}/{ENV_FILE}"), required=False, of_project=True)
        self._text(found, content)

    def _file(self, document: Document, name: str, path: Any, at: Path) -> bytes | None:
        where = self._at(document, name, at)
        content, problem = self._references.read(path, base=posixpath.dirname(name), at=where)
        if problem is not None:
            self.report.findings.append(problem)
        return content

    def _env(
        self, path: Any, *, base: str, at: tuple[int | None, str], required: bool, of_project: bool = False
    ) -> None:
        """Check a file of variables: those of Compose would change what it does, the panel's would leak."""
        content, problem = self._references.read(path, base=base, at=at, required=required)
        if problem is not None:
            self.report.findings.append(problem)
        if content is None:
            return
        text = content.decode("utf-8-sig", errors="replace")  # Compose skips the mark, too
        shown = posixpath.join(base, str(path))
        for found in _ASSIGNMENT.finditer(text):
            if of_project and (found[1].startswith(_OF_COMPOSE) or found[1] in _OF_DOCKER):
                line = text.count("\n", 0, found.start(1)) + 1
                message = f"{found[1][:60]} changes what Compose does. Remove it."
                self.report.findings.append(Problem("compose_variable", message, line, shown))
        taken = {*_INTERPOLATED.findall(text.replace("$$", "")), *_BARE.findall(text)}
        for variable in sorted(taken & self._panel_variables):
            message = f"${variable} would come from the panel's own environment. Write the value."
            self.report.findings.append(Problem("panel_variable", message, None, shown))

    def _find(self, document: Document, name: str, path: Path, code: str, message: str) -> None:
        self.report.findings.append(Problem(code, message, *self._at(document, name, path)))

    def _at(self, document: Document, name: str, path: Path) -> tuple[int | None, str]:
        return document.line_of(path), "" if name == self._main else name


def _env_files(value: Any) -> Iterator[tuple[Any, bool]]:
    """Yield each path of ``env_file`` in its three spellings, and whether it must exist."""
    for one in value if isinstance(value, list) else [] if value is None else [value]:
        if isinstance(one, dict):
            yield one.get("path"), one.get("required") is not False
        else:
            yield one, True


def _passed_through(environment: Any) -> list[str]:
    """Return the names that have no value, and those that a variable hides: it may bring the ``=``, or take it."""
    if isinstance(environment, dict):
        return [name for name, value in environment.items() if value is None]
    entries = environment if isinstance(environment, list) else []
    texts = [one for one in entries if isinstance(one, str)]
    return [one for one in texts if "=" not in one or "$" in one.partition("=")[0]]


def _panel_values(
    value: Any, names: frozenset[str], path: Path, seen: set[int]
) -> Iterator[tuple[Path, str]]:
    """Find variables that the panel's environment sets; what aliases lead to is looked at once."""
    if isinstance(value, str):
        for name in set(_INTERPOLATED.findall(value.replace("$$", ""))) & names:
            yield path, name
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _panel_values(item, names, (*path, key), seen)
