import json
import time

import pytest

from audit.masking import MASK, Masker, storable

masker = Masker(["password", "token", "secret", "key"])
CANARY = "c4nary"


@pytest.mark.parametrize("name", ["password", "PASSWORD", "rcon_password", "RCON_PASSWORD", "apiKey", "csrftoken"])
def test_names_are_compared_as_substrings_in_any_case(name: str) -> None:
    assert masker.value({name: CANARY, "other": 1}) == {name: MASK, "other": 1}


def test_nested_objects_and_lists_are_masked() -> None:
    value = {"a": [{"b": {"Secret": CANARY}}, ["token=" + CANARY]], "keys": [CANARY]}

    masked = masker.value(value)

    assert CANARY not in json.dumps(masked)
    assert masked["a"][0] == {"b": {"Secret": MASK}}


def test_what_tells_nothing_stays() -> None:
    value = {"action": "up", "n": 5, "none": None, "list": [1, "two", True], "text": "a\nb\n"}

    assert masker.value(value) == value


COMPOSE = """services:
  mc:
    image: itzg/minecraft-server
    environment:
      EULA: "TRUE"
      RCON_PASSWORD: c4nary # and c4nary
      MOTD: hello
"""


def test_yaml_environment_keeps_the_rest() -> None:
    masked = masker.value({"note": COMPOSE})["note"]

    assert f"      RCON_PASSWORD: {MASK}\n      MOTD: hello" in masked
    assert 'EULA: "TRUE"' in masked
    assert CANARY not in masked


@pytest.mark.parametrize(
    "text",
    [
        "environment:\n  - RCON_PASSWORD=c4nary\n  - EULA=TRUE",
        "environment:\n  - 'RCON_PASSWORD=c4nary word c4nary'",
        'environment: {EULA: "TRUE", "RCON_PASSWORD": "c4nary"}',
        'environment: ["RCON_PASSWORD=c4nary"]',
        "RCON_PASSWORD: |\n  c4nary\n\n  c4nary",
        "RCON_PASSWORD: >-\n  c4nary",
        'RCON_PASSWORD: "first\n  c4nary"',
        "RCON_PASSWORD:\n  c4nary",
        "RCON_PASSWORD:\n- c4nary\n- c4nary",
        "? RCON_PASSWORD\n: c4nary",
        "RCON_PASSWORD : c4nary",
        '"RCON_PASS\\x57ORD": c4nary',
        '"RCON_PASS\\u0057ORD": c4nary',
        '"RCON_PASS\\U00000057ORD": c4nary',
        '{"RCON\\x5fPASSW\\x4fRD": "c4nary"}',
        '? "RCON_PASS\\x57ORD"\n: c4nary',
        '- "RCON_PASS\\x57ORD=c4nary"',
        'RCON_PASSWORD: "x\\x0ac4nary"',
        '{"rcon_password"\t:\t"c4nary"}',
        '{\n"rcon_password":\n"c4nary"\n}',
        "rcon.password=c4nary",
        "https://example.net/x?token=c4nary",
        "login password=c4nary",
        "rcon_password=c4nary\r\nmotd=x",
        "a\rRCON_PASSWORD: c4nary\r  c4nary",
        "command: --rcon-password c4nary --x",
        "command: [--rcon-password, c4nary]",
        'command: ["--rcon-password", "c4nary"]',
        "command:\n  - --rcon-password\n  - c4nary\n",
        "command: >-\n  java -jar x.jar\n  --rcon-password\n  c4nary",
        'environment: {"RCON_PASSWORD"\n : c4nary}',
        "environment:\n  'RCON_PASSWORD'\n  : c4nary",
    ],
)
def test_secrets_inside_a_text_are_masked(text: str) -> None:
    assert CANARY not in masker.text(text)
    assert MASK in masker.text(text)


def test_file_contents_are_told_by_their_size() -> None:
    assert masker.value({"content": "c4naré"}) == {"content": {"type": "text", "size": 7}}


@pytest.mark.parametrize("name", ["content", "yaml_content", "override_yaml", "Content"])
@pytest.mark.parametrize("value", [COMPOSE, {"a": CANARY}, "x: &p c4nary\nRCON_PASSWORD: *p", [CANARY], CANARY])
def test_no_file_is_kept_whatever_it_is_called(name: str, value: object) -> None:
    told = masker.value({name: value})

    assert CANARY not in json.dumps(told)
    assert told != {name: MASK}, "its size is told"


PAIRS = [
    {"name": "RCON_PASSWORD", "value": CANARY}, {"value": CANARY, "key": "rcon.password"}, ["RCON_PASSWORD", CANARY],
    ["--rcon-password", CANARY], {"args": ["-v", "--token", CANARY]}, {f"password={CANARY}": 1},
]


@pytest.mark.parametrize("value", PAIRS)
def test_a_value_beside_its_name_is_masked(value: object) -> None:
    assert CANARY not in json.dumps(masker.value({"a": [value]}))


def test_what_has_a_secret_looking_name_keeps_its_other_fields() -> None:
    value = {"name": "nightly key", "verbs": ["view", "backup"], "servers": ["lobby"]}

    assert masker.value(value) == value


def test_form_and_query_are_masked() -> None:
    assert masker.query("a=1&a=2&Token=c4nary&b=&b64key=x") == {
        "a": ["1", "2"], "Token": MASK, "b": "", "b64key": MASK
    }
    body = masker.body(b"username=alice&password=c4nary", content_type="application/x-www-form-urlencoded")
    assert body == {"username": "alice", "password": MASK}


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"password is c4nary", "text/plain; charset=utf-8"),
        (b'{"password": "c4nary"', "application/json"),
        (b"\xff\xfec4nary", "application/json"),
        (b"c4nary=\xff", "application/x-www-form-urlencoded"),
        (b"[" * 9000, "application/json"),
        (b"c4nary", ""),
    ],
)
def test_any_other_body_is_type_and_size(raw: bytes, kind: str) -> None:
    assert masker.body(raw, content_type=kind) == {"type": kind.partition(";")[0], "size": len(raw)}


def test_depth_is_bounded() -> None:
    deep: object = CANARY
    for _ in range(200):
        deep = [deep]

    assert CANARY not in json.dumps(masker.value(deep))


def test_figures_that_json_does_not_know_become_text() -> None:
    assert masker.body(b'{"n": NaN}', content_type="application/json") == {"n": "NaN"}


def test_no_sensitive_fields_mask_nothing() -> None:
    assert Masker([]).value({"password": "x", "t": "key=1"}) == {"password": "x", "t": "key=1"}


def test_what_no_database_takes_is_escaped() -> None:
    assert storable({"a\0": ["\0", "\ud800", 1]}) == {"a\\x00": ["\\x00", "\\ud800", 1]}
    assert storable({"n": [1.5, float("inf"), float("-inf")]}) == {"n": [1.5, "inf", "-inf"]}


@pytest.mark.parametrize(
    "command",
    [
        "authme changepassword bob c4nary", "login c4nary", "/login c4nary", "register c4nary c4nary",
        "say my password is c4nary", "op_token c4nary", "say key: c4nary", "authme register bob c4nary",
        " login c4nary", "nlogin c4nary", "  /login\tc4nary", "authme:login c4nary", "/authme:l c4nary",
        "sudo bob login c4nary",
        "execute as bob run login c4nary", "essentials:sudo bob /register c4nary c4nary",
    ],
)
def test_passwords_in_commands_are_masked(command: str) -> None:
    assert CANARY not in masker.command(command)
    assert CANARY not in json.dumps(masker.value({"command": command}))


@pytest.mark.parametrize("command", ["say hello all", "say I login later", "whitelist add bob", "tp bob 1 2 3", "list"])
def test_other_commands_are_kept(command: str) -> None:
    assert masker.command(command) == command


def test_login_codes_are_masked_and_other_codes_are_not() -> None:
    assert masker.value({"code": "01234567", "exit_code": 1}) == {"code": MASK, "exit_code": 1}


@pytest.mark.parametrize(
    "text",
    [
        "a c4nary-master b", "Authorization: Bearer c4nary", "https://x/?token=c4nary",
        "eyJhbGciOiJub25lIn0.eyJjNG5hcnkiOjF9.c4nary",
    ],
)
def test_known_secrets_and_tokens_are_masked_wherever_they_stand(text: str) -> None:
    knowing = Masker(["password"], secrets=["c4nary-master"])

    for told in (knowing.plain(text), knowing.text(text), json.dumps(knowing.value({"note": [text], text: 1}))):
        assert CANARY not in told


# What comes in, and what may be kept of it. `***` stands for the user part of an address, as far as its `@`.
ADDRESSES = {
    "https://bob:c4nary@example.org/pack.zip": "https://***@example.org/pack.zip",
    "https://c4nary@example.org": "https://***@example.org",
    "https://:c4nary@example.org": "https://***@example.org",
    "https://bob:c4na%40ry%2Fx@example.org/a": "https://***@example.org/a",
    "https://bob%3Ac4nary%40example.org/a": "https://***%40example.org/a",
    "https://bob%40x:c4%40n/ary@example.org/a": "https://***@example.org/a",
    "https://c4nary%40:@example.org/a": "https://***@example.org/a",
    "https://bob:c4nary@[2001:db8::1]:8443/a@b": "https://***@[2001:db8::1]:8443/a@b",
    "https://bob@corp.org:c4n@ry@example.org/a@b": "https://***@example.org/a@b",
    "https://bob:c4nary'\",<x>@example.org": "https://***@example.org",
    "https://bob:c4n/ary@example.org:80/a": "https://***@example.org:80/a",
    "https://bob:c4n#ary?x@example.org/a@b": "https://***@example.org/a@b",
    "https://bob:80c4n/ary@example.org": "https://***@example.org",
    "see //bob:c4nary@example.org/a": "see //***@example.org/a",
    "HTTPS:///bob:c4nary@example.org": "HTTPS:///***@example.org",
    "a=ftp://bob:c4nary@one.org,ftp://bob:c4nary@two.org/x": "a=ftp://***@one.org,ftp://***@two.org/x",
    "http://bob:c4nary@one.org http://two.org sftp://c4nary@three.org:22//srv": (
        "http://***@one.org http://two.org sftp://***@three.org:22//srv"
    ),
    "image: bob:c4nary@registry.example/a/b:1": "image: ***@registry.example/a/b:1",
    '["bob:c4nary@registry.example:5000/a"]': '["***@registry.example:5000/a"]',
    "${IMAGE:-bob:c4nary@registry.example/a}": "***@registry.example/a}",
    "rest:https://bob:c4nary@example.org/": "rest:https://***@example.org/",
    "jdbc:mysql://bob:c4nary@db:3306/luckperms": "jdbc:mysql://***@db:3306/luckperms",
    "resource-pack=https\\://bob\\:c4nary@example.org/a": "resource-pack=https\\://***@example.org/a",
    r'{"pack":"https:\/\/bob:c4nary@example.org\/a"}': r'{"pack":"https:\/\/***@example.org\/a"}',
    "to=https%3A%2F%2Fbob%3Ac4nary%40example.org%2Fa%40b": "to=https%3A%2F%2F***%40example.org%2Fa%40b",
    "to=https%3a%2f%2fbob:c4nary@example.org/a": "to=https%3a%2f%2f***@example.org/a",
    "image: bob:c4n/c4nary@example.org/a/b:1": "image: ***@example.org/a/b:1",
}
INNOCENT = [
    "https://example.org/@scope/pack.zip", "https://example.org/a@b", "https://example.org?to=me@example.org",
    "https://example.org#me@example.org", "https://example.org:8080/a@b", "https://[2001:db8::1]/a@b",
    "https://[2001:db8::1]:80/a@b", r"https\://example.org\:80/a@b", r"https:\/\/example.org:80\/a@b",
    "12:30:01 me@example.org joined", "itzg/minecraft-server:java21@sha256:0123", "image:1@sha256:0123",
    "me@example.org", "mailto:me@example.org", "me@example.org, you@example.org",
    "https://example.org and me@example.org", "// me@example.org", "tp @a @p", "image@sha256:0123",
    "git@example.org:owner/pack.git", "to=https%3A%2F%2Fexample.org%2Fa%40b", "https://***@example.org/a",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_user_part_of_an_address_is_masked_wherever_it_stands(address: str) -> None:
    told = ADDRESSES[address]

    assert masker.plain(address) == told
    assert masker.text(address) == told
    assert masker.value({"note": [address]}) == {"note": [told]}
    assert masker.command(f"say {address}") == f"say {told}"


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_user_part_stays(text: str) -> None:
    assert masker.plain(text) == text
    assert masker.value({"note": text}) == {"note": text}


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "set-cookie", "passwd", "passphrase"])
def test_some_names_are_sensitive_whatever_the_settings_say(name: str) -> None:
    assert Masker([]).value({name: CANARY}) == {name: MASK}


def test_a_form_is_masked_as_json_is() -> None:
    told = masker.query("content=c4nary&command=login+c4nary&content=c4nary")

    assert CANARY not in json.dumps(told)
    assert told["command"] == f"login {MASK}"


# What a stranger may write into any body that is kept: 10 KiB of it must cost milliseconds.
HOSTILE = {
    "a name of names": "key" * 3400,
    "a name without an end": "key" + "a" * 10_000,
    "a name before blanks": "key" + " " * 10_000,
    "a name behind a long word": "a" * 5000 + "key" + "a" * 5000,
    "many options": "--key " * 1500, "an option without an end": "--key" + "-" * 10_000, "quotes": "'key" * 2500,
    "halves of logins": " a:b" * 2500 + "@", "a login without an end": "a:" + "b" * 10_000 + "@",
    "many explicit keys": "- ? key " * 1200,
    "blanks and dashes": " -" * 5000 + "key",
    "halves of tokens": "eyJ" * 3300,
    "addresses": "//a:b" * 2000 + " @",
    "halves of addresses": "//" * 5000 + " @",
    "coded addresses": "%2F%2Fa:b" * 1100 + " @",
    "an address without an end": "//a:" + "b" * 10_000 + " @",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_time_in_proportion_to_their_length(name: str) -> None:
    def seconds(text: str) -> float:
        began = time.process_time()
        masker.text(text)
        return time.process_time() - began

    text = HOSTILE[name]
    short = min(seconds(text[:500]) for _ in range(3))
    # The tenth of it took 20 times as long where it was cubic; half a second stands for "never mind".
    assert min(seconds(text[:1500]) for _ in range(3)) < max(0.3, 20 * short)
    assert seconds(text) < max(0.5, 200 * short)


def test_a_query_of_very_many_fields_is_counted_and_not_read() -> None:
    assert masker.query("&".join("a" for _ in range(1001))) == {"…": "1001 fields"}
    assert masker.body(b"a&" * 5000, content_type="application/x-www-form-urlencoded") == {"…": "5001 fields"}
