"""Canaries in every setting and every field of a request: none in any log, error, metric, trace or page.

What a client's own error may quote is the value of a field of its call; keys, prompts and pictures it may not.
"""

import json
import sys
import traceback
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from subprocess import run
from typing import Any
from urllib.parse import urlsplit

import pytest
from birds import Cage, show
from toll_proxy import running_proxy
from wishes import Wish, list_wishes

from asking import ask, chat
from gateways import MortalGateway
from limner.config import Settings, SettingsError, load_settings
from otlp import Receiver, receiving
from places import SIGNING_SECRET, Place
from postgres import PostgresServer
from programs import _LONG_BASE64, Emulator, scrub_environment
from s3 import running_s3
from upstreams import Answer, Upstream

PAGES = ("/healthz", "/readyz", "/docs", "/openapi.json", "/", "/nowhere")
COMMANDS = (
    ("check",),
    ("check", "--json"),
    ("keys", "list"),
    ("keys", "list", "--json"),
    ("database", "check"),
)

SECRET_SETTINGS = frozenset(
    str(found.validation_alias)
    for found in Settings.model_fields.values()
    if isinstance(found.json_schema_extra, dict) and found.json_schema_extra.get("is_secret")
)


@dataclass
class House:
    """A gateway that has been sent everything, and all that came out of it."""

    cage: Cage
    variables: Mapping[str, str]
    said: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    """Bodies of answers that are errors, by what was asked."""
    statuses: set[int] = field(default_factory=set)
    pages: dict[str, str] = field(default_factory=dict)
    metrics: str = ""
    traces: bytes = b""
    spans: int = 0
    commands: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def make_settings(cage: Cage, emulator: Emulator) -> dict[str, str]:
    """Return settings with a canary in every secret that any gateway may have."""
    keys = ",".join(cage.put(f"LIMNER_GEMINI_API_KEYS[{number}]", "secret") for number in range(2))
    return {
        "GEMINI_API_KEY": cage.put("GEMINI_API_KEY", "secret"),
        "LIMNER_GEMINI_API_KEYS": keys,
        "LIMNER_API_KEYS": cage.put("LIMNER_API_KEYS", "secret"),
        "LIMNER_GEMINI_BASE_URL": emulator.url,
        "LIMNER_CONFIG": "limner.toml",
        "RELAY_KEY": cage.put("key_env of an upstream", "secret"),
        "LIMNER_UPSTREAM_TIMEOUT_SECONDS": "3",
        "LIMNER_MAX_BODY_MIB": "1",
        "LIMNER_FETCH_SCHEMES": "https,http",
        "LIMNER_FETCH_ALLOW_HOSTS": "127.0.0.1",
        "LIMNER_LOG_LEVEL": "debug",
    }


def write_config(folder: Path, cage: Cage, emulator: Emulator, proxy: str) -> None:
    """Write a file of upstreams, each with its secrets."""
    text = (
        f'[[upstream]]\nname = "relay"\nkey = "{cage.put("key of an upstream", "secret")}"\n'
        f'base_url = "{emulator.url}"\nproxy = "{proxy}"\n'
        f'[[upstream]]\nname = "second"\nkey_env = "RELAY_KEY"\nbase_url = "{emulator.url}"\n'
    )
    (folder / "limner.toml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def plain(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> House:
    """On SQLite and the disk, behind a proxy with a password, logging text."""
    folder, cage = tmp_path_factory.mktemp("plain"), Cage()
    password = cage.put("password of the proxy", "secret")
    with running_proxy("user", password) as proxy:
        url = f"http://user:{password}@{proxy.address}"
        write_config(folder, cage, emulator, url)
        variables = make_settings(cage, emulator) | {
            "LIMNER_UPSTREAM_PROXY": url,
            "LIMNER_SIGNING_SECRET": cage.put("LIMNER_SIGNING_SECRET", "secret"),
            "LIMNER_ALLOW_QUERY_KEY": "true",
            "LIMNER_LOG_FORMAT": "text",
        }
        house = House(cage, variables)
        visit(house, MortalGateway(Place(folder), emulator.url, variables=variables), None)
        assert proxy.passed > 10
    return house


@pytest.fixture(scope="module")
def grand(
    emulator: Emulator, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> House:
    """On PostgreSQL and S3, sending traces, logging JSON."""
    folder, cage = tmp_path_factory.mktemp("grand"), Cage()
    with ExitStack() as stack:
        (folder / "s3").mkdir()
        store = stack.enter_context(running_s3(folder / "s3"))
        receiver = stack.enter_context(receiving())
        database_url = postgres_server.create_database()
        stack.callback(postgres_server.drop_database, database_url)
        cage.put("password of the database", "secret", urlsplit(database_url).password)
        write_config(folder, cage, emulator, "")
        variables = make_settings(cage, emulator) | {
            "LIMNER_DATABASE_URL": database_url,
            "LIMNER_SIGNING_SECRET": cage.put("LIMNER_SIGNING_SECRET", "secret"),
            "LIMNER_IMAGE_STORE_URL": store.store_url,
            **store.variables,
            "AWS_SECRET_ACCESS_KEY": cage.put("AWS_SECRET_ACCESS_KEY", "secret"),
            "AWS_SESSION_TOKEN": cage.put("AWS_SESSION_TOKEN", "secret"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "OTEL_EXPORTER_OTLP_HEADERS": f"x-token={cage.put('header of the collector', 'secret')}",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "LIMNER_LOG_FORMAT": "json",
        }
        house = House(cage, variables)
        visit(house, MortalGateway(Place(folder, database_url), emulator.url, variables=variables), receiver)
    return house


def visit(house: House, gateway: MortalGateway, receiver: Receiver | None) -> None:
    """Send everything to a gateway, gather all that comes out of it, and end it."""
    cage = house.cage
    client = house.variables["LIMNER_API_KEYS"]
    admin = gateway.run_command("keys", "create", "admin", "--admin")
    cage.put("the admin's key", "secret", admin)
    for number, wish in enumerate(list_wishes(cage, refused_port=9)):
        key = admin if wish.is_admin else client if wish.key is None else wish.key
        _send(house, gateway, f"{number} {wish.path}", wish, key)
    for path in PAGES:
        house.pages[path] = ask(gateway, path=path, key=None).body.decode()
    house.metrics = ask(gateway, path="/metrics", key=admin).body.decode()
    for command in COMMANDS:
        done = run(
            [sys.executable, "-m", "limner.cli", *command],
            cwd=gateway.folder, env={**scrub_environment(), **gateway.variables},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        house.commands[" ".join(command)] = done.stdout + done.stderr
        assert done.returncode == 0, done.stdout + done.stderr
    assert gateway.stop() == 0
    house.said = gateway.said
    house.files = {str(path): path.read_bytes() for path in gateway.place.data.rglob("*") if path.is_file()}
    if receiver is not None:
        house.traces, house.spans = b"".join(receiver.raw), len(receiver.spans)


def _send(house: House, gateway: MortalGateway, name: str, wish: Wish, key: str) -> None:
    try:
        reply = ask(
            gateway, wish.body, path=wish.path, key=key or None, headers=wish.headers, method=wish.method
        )
    except (HTTPException, OSError):
        return  # refused while it was still being sent
    house.statuses.add(reply.status)
    text = reply.body.decode("utf-8", "replace")
    if reply.status >= 400:
        house.errors[name] = text
    else:
        house.errors[name] = "\n".join(line for line in text.splitlines() if '"error"' in line[:40])


@pytest.fixture(scope="module", params=["plain", "grand"])
def house(request: pytest.FixtureRequest) -> House:
    """Each of the two."""
    found: House = request.getfixturevalue(request.param)
    return found


def test_every_secret_has_a_canary(plain: House, grand: House) -> None:
    """No secret among the settings is left without a canary in its place: a new one has to be added here."""
    given = {*plain.variables, *grand.variables}
    assert given >= SECRET_SETTINGS
    for one in (plain, grand):
        for name in SECRET_SETTINGS & one.variables.keys():
            assert one.cage.find(one.variables[name], "secret"), name


def test_everything_was_tried(house: House) -> None:
    """The requests were answered in every way: pictures, and errors of many kinds."""
    assert house.statuses >= {200, 400, 401, 403, 404, 405, 413, 415, 422, 429, 431, 502, 503, 504}
    assert len(house.errors) > 400
    assert len(house.said.splitlines()) > 400


def test_no_log_tells(house: House) -> None:
    """No secret, no prompt, no picture and no value of a field is in what a gateway says, at the level of debug."""
    assert house.cage.find(house.said, "secret", "told", "field") == {}
    assert "Traceback" not in house.said
    assert [line for line in house.said.splitlines() if _LONG_BASE64.search(line.replace("/", " "))] == []


def test_no_error_tells(house: House) -> None:
    """No secret, prompt or picture is in the body of any error, those within streams among them."""
    leaks = {name: house.cage.find(body, "secret", "told") for name, body in house.errors.items()}
    assert show(leaks) == {}


def test_no_metric_tells(house: House) -> None:
    """Nothing of anybody's is in the metrics."""
    assert "limner_calls_total" in house.metrics
    assert house.cage.find(house.metrics, "secret", "told", "field") == {}


def test_no_trace_tells(grand: House) -> None:
    """Nothing of anybody's is in what the collector got."""
    assert grand.spans > 400
    assert grand.cage.find(grand.traces, "secret", "told", "field") == {}


def test_no_page_tells(house: House) -> None:
    """Nothing of anybody's is on the pages that need no key."""
    assert (
        show({path: house.cage.find(text, "secret", "told", "field") for path, text in house.pages.items()})
        == {}
    )


def test_no_command_tells(house: House) -> None:
    """No secret and nothing that a client told is in what commands print."""
    assert (
        show({name: house.cage.find(text, "secret", "told") for name, text in house.commands.items()}) == {}
    )


def test_no_file_holds_a_key(house: House) -> None:
    """No secret is in the data folder, neither in the database nor beside the pictures."""
    assert len(house.files) > 10
    assert show({name: house.cage.find(data, "secret") for name, data in house.files.items()}) == {}


def test_a_relay_that_quotes_tells_nobody(upstream: Upstream, tmp_path: Path) -> None:
    """What an upstream quotes of a prompt reaches no log, and what it quotes of a key nobody at all."""
    cage = Cage()
    key, prompt = cage.put("GEMINI_API_KEY", "secret"), cage.put("prompt", "told")
    gateway = MortalGateway(
        Place(tmp_path), upstream.url, variables={"GEMINI_API_KEY": key, "LIMNER_LOG_LEVEL": "debug"}
    )
    words = f"token {key} may not ask for {prompt}"
    block = {"promptFeedback": {"blockReason": "OTHER", "blockReasonMessage": words}}
    finish = {"candidates": [{"finishReason": "IMAGE_SAFETY", "finishMessage": words}]}
    text = {"candidates": [{"content": {"parts": [{"text": words}]}, "finishReason": "STOP"}]}
    bodies = []
    for status, body in [
        *((status, {"error": {"code": status, "message": words, "status": "X"}}) for status in (400, 401, 403, 404, 409, 429, 500, 503)),
        *((200, answer) for answer in (block, finish, text)),
    ]:  # fmt: skip
        answer = Answer([json.dumps(body).encode()], status=status)
        upstream.respond = lambda _call, answer=answer: answer  # type: ignore[misc] # bound now
        for path, asked in (
            ("/v1/chat/completions", chat(prompt)),
            ("/v1/images/generations", {"model": "nano-banana-2", "prompt": prompt}),
            ("/v1beta/models/nano-banana:countTokens", {"contents": [{"parts": [{"text": prompt}]}]}),
        ):
            reply = ask(gateway, asked, path=path)
            if reply.status >= 400:
                bodies.append(reply.body.decode())
    assert gateway.stop() == 0
    assert cage.find(gateway.said, "secret", "told") == {}
    assert len(bodies) > 15
    assert show({body: cage.find(body, "secret") for body in bodies}) == {}


BAD = {
    "LIMNER_UPSTREAM_PROXY": "gopher://user:{}@proxy",
    "LIMNER_DATABASE_URL": "mysql://user:{}@db/limner",
    "LIMNER_GEMINI_BASE_URL": "https://user:{}@gemini.example.com/?key={}",
    "LIMNER_PUBLIC_URL": "https://user:{}@draw.example.com/?key={}",
    "LIMNER_IMAGE_STORE_URL": "s3://user:{}@bucket/x?secret={}",
    "LIMNER_CORS_ORIGINS": "https://user:{}@page.example.com",
}
"""Values that are refused; of other settings any word with a blank in it is."""


@pytest.mark.parametrize("name", sorted(SECRET_SETTINGS | BAD.keys()))
def test_a_refused_setting_is_not_shown(name: str) -> None:
    """A secret, or a password in an address, is in no message about a setting that is refused, nor behind it."""
    cage = Cage()
    word = cage.put(name, "secret")
    value = BAD.get(name, "{} \u00fc").replace("{}", word)
    with pytest.raises(SettingsError) as refused:
        load_settings({"GEMINI_API_KEY": "x", name: value}, None)
    assert name in str(refused.value)
    shown = "".join(traceback.format_exception(refused.value)) + repr(refused.value.problems)
    assert cage.find(shown, "secret") == {}


TABLES = {
    "key": 'key = "{} ü"',
    "key of a wrong type": 'key = ["{}"]',
    "proxy": 'key = "x"\nproxy = "gopher://user:{}@proxy"',
    "base_url": 'key = "x"\nbase_url = "https://user:{}@gemini.example.com"',
    "syntax": 'key = "{}',
    "twice": 'key = "{}"\nkey_env = "X"',
}


@pytest.mark.parametrize("place", TABLES)
def test_a_refused_upstream_is_not_shown(place: str, tmp_path: Path) -> None:
    """Nor is what stands in the file of upstreams, whatever is wrong with it."""
    cage = Cage()
    (tmp_path / "limner.toml").write_text(
        "[[upstream]]\n" + TABLES[place].replace("{}", cage.put(place, "secret")), encoding="utf-8"
    )
    with pytest.raises(SettingsError) as refused:
        load_settings({"GEMINI_API_KEY": "x", "LIMNER_CONFIG": str(tmp_path / "limner.toml")}, None)
    assert cage.find("".join(traceback.format_exception(refused.value)), "secret") == {}


def test_a_start_that_fails_tells_nothing(tmp_path: Path, postgres_url: str) -> None:
    """A gateway that cannot start, and a check of why, show neither passwords nor keys."""
    cage = Cage()
    parts = urlsplit(postgres_url)
    wrong = f"postgresql://limner:{cage.put('database', 'secret')}@{parts.hostname}:{parts.port}/nowhere"
    common = {
        "GEMINI_API_KEY": cage.put("GEMINI_API_KEY", "secret"),
        "LIMNER_GEMINI_BASE_URL": "http://127.0.0.1:9",
        "LIMNER_API_KEYS": cage.put("LIMNER_API_KEYS", "secret"),
        "LIMNER_UPSTREAM_PROXY": f"http://user:{cage.put('proxy', 'secret')}@127.0.0.1:9",
        "LIMNER_SIGNING_SECRET": cage.put("LIMNER_SIGNING_SECRET", "secret"),
        "LIMNER_LOG_LEVEL": "debug",
    }
    store: dict[str, Any] = {
        "LIMNER_IMAGE_STORE_URL": "s3://nowhere/limner",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": cage.put("AWS_SECRET_ACCESS_KEY", "secret"),
    }
    for variables in (
        {"LIMNER_DATABASE_URL": wrong},
        {"LIMNER_MAX_N": "77"},
        {**store, "LIMNER_DATABASE_URL": wrong},
    ):
        for command in (("serve", "--port", "0"), ("check",), ("check", "--json")):
            done = run(
                [sys.executable, "-m", "limner.cli", *command],
                cwd=tmp_path, env={**scrub_environment(), **common, **variables},
                capture_output=True, text=True, check=False, timeout=100,
            )  # fmt: skip
            assert done.returncode == 1, done.stdout + done.stderr
            assert cage.find(done.stdout + done.stderr, "secret") == {}
    assert SIGNING_SECRET not in str(cage.kinds)
