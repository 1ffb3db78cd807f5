"""Whatever README and docs/ tell people to type: it is run here, or named below with the reason and its proof."""

import argparse
import re
import shlex
from collections.abc import Iterator

import pytest
from django.core.management import get_commands, load_command_class

from testing import documented
from testing.documented import OTHER, ROOT, SHELL, TRANSCRIPT, Command

# What begins so cannot be run in a test: why, and the file that proves it.
ELSEWHERE = {
    "make run": ("it starts the panel on the one port 5678", "core/tests/test_process.py"),
    "make demo": ("it starts the panel on the one port 5678", "setup/demo.py"),
    "make test": ("it runs this test, among thousands", "testbed/floor.txt"),
    "make check": ("it runs tests", "Makefile"),
    "make bench": ("minutes", "bench/__main__.py"),
    "make matrix": ("it runs this test on three Pythons", "testbed/matrix.sh"),
}
# What stands in the running text and is neither manage.py nor make, whose words are looked up below.
IN_TEXT = {
    "chown -R": ("it needs root, and <id>", "mcadmin/doctor/servers.py"),
    "curl --fail-with-body": ("how a test here calls curl", "mcadmin/tests/test_documented_commands_run.py"),
    "docker build -f deploy/Dockerfile": ("minutes", "deploy/tests/test_compose.py"),
    "docker compose config": ("what the panel runs", "servers/docker/compose.py"),
    "docker events": ("what the panel runs", "servers/docker/cli.py"),
    "docker exec <container> rcon-cli": ("what the panel runs", "servers/tests/real/test_console_command.py"),
    "docker stats": ("something to compare with", "servers/tests/real/test_figures_real.py"),
    "git pull && make setup": ("it changes this checkout", "Makefile"),
    "restic unlock": ("it is for a damaged repository", "backups/tests/real/test_damaged_repositories.py"),
    "systemctl enable --now mcadmin": ("it needs a machine with systemd", "deploy/tests/test_unit.py"),
}


def all_commands() -> Iterator[Command]:
    for page in documented.pages():
        yield from documented.commands(page)


def is_run(command: Command) -> bool:
    return not any(re.match(rf"{re.escape(begin)}(\s|$)", command.text) for begin in ELSEWHERE)


def test_every_block_says_what_it_is() -> None:
    known = {*SHELL, TRANSCRIPT, *OTHER}
    unknown = [
        f"{block.page}:{block.number}: ```{block.language}"
        for page in documented.pages()
        for block in documented.blocks(page)
        if block.language not in known
    ]
    unknown += [f"{page}:{number}: indented" for page in documented.pages() for number in documented.indented(page)]
    assert not unknown, "Write ```sh before what is to be typed, ```console before a transcript, ```text before others."


def test_what_is_not_run_is_proved_elsewhere() -> None:
    unused = [begin for begin in ELSEWHERE if all(not one.text.startswith(begin) for one in all_commands())]
    assert unused == []
    named = ELSEWHERE | IN_TEXT
    assert [proof for _, proof in named.values() if not (ROOT / proof).is_file()] == []


def test_what_stands_in_the_text_is_looked_up_or_named() -> None:
    found = {
        f"{page}:{number}: {text}": text for page in documented.pages() for number, text in documented.inline(page)
    }
    known = re.compile("|".join([r"(\S+ )?manage\.py ", "make ", *map(re.escape, IN_TEXT)]))
    assert [where for where, text in found.items() if not known.match(text)] == []
    assert [begin for begin in IN_TEXT if not any(text.startswith(begin) for text in found.values())] == []


def test_every_make_target_there_is_to_type_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        found[1]
        for page in documented.pages()
        for found in re.finditer(r"(?:`|^|&& |; )make (?:-C \S+ )?([a-z-]+)", (ROOT / page).read_text(), re.MULTILINE)
    }
    assert len(named) > 5
    assert named - targets == set()


def test_every_option_of_a_manage_command_exists() -> None:
    wrong = []
    texts = [(one.where, one.text) for one in all_commands()]
    texts += [
        (f"{page}:{number}: {text}", text) for page in documented.pages() for number, text in documented.inline(page)
    ]
    for where, text in texts:
        for part in re.findall(r"manage\.py ([^|;&#)`\n]+)", text):
            wrong += [f"{where}: {word}" for word in unknown_words(shlex.split(part.replace("[", "").replace("]", "")))]
    assert wrong == []


def unknown_words(words: list[str]) -> list[str]:
    """Return what of the arguments of manage.py does not exist: the command, its subcommand, or options."""
    name, *rest = words
    app = get_commands().get(name)
    if app is None:
        return [name]
    command = load_command_class(app, name) if isinstance(app, str) else app
    parser = command.create_parser("manage.py", name)
    nested = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if nested and rest:
        if rest[0] not in nested[0].choices:
            return [rest[0]]
        parser = nested[0].choices[rest[0]]
    return [word for word in rest if word.startswith("--") and word not in parser._option_string_actions]


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        ("doctor --json", []), ("doctor --jsn", ["--jsn"]), ("snapshot creat", ["creat"]), ("snaps", ["snaps"]),
        ("snapshot create x --path y", []), ("snapshot create x --pth y", ["--pth"]),
    ],
)
def test_a_wrong_word_is_found(words: str, unknown: list[str]) -> None:
    assert unknown_words(words.split()) == unknown
