"""`limner check`: what it tries, what it says is wrong, and that it buys nothing and leaves nothing."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from commands import run

from gateways import MortalGateway, running
from places import Place
from postgres import PostgresServer
from programs import UPSTREAM_KEY, Emulator, ListCalls
from s3 import SECRET, S3Server, running_s3
from upstreams import Answer, Upstream

BAD_KEY = "invalid"


def look(folder: Path, *, code: int, **variables: str) -> dict[str, dict[str, Any]]:
    """Run the command and return its findings by what was tried; it must end with the exit code."""
    done = run(folder, "check", "--json", **variables)
    assert done.returncode == code, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert document["ok"] is (code == 0)
    assert ("limner: " in done.stderr) is (code == 1)
    return {finding["item"]: finding for finding in document["checks"]}


def list_files(folder: Path) -> dict[Path, int]:
    """Return all files below a folder but the database's own, with their sizes."""
    return {
        path: path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and "sqlite3" not in path.name
    }


@pytest.fixture
def beside(emulator: Emulator) -> dict[str, str]:
    """The settings of a gateway on the emulator."""
    return {"GEMINI_API_KEY": UPSTREAM_KEY, "LIMNER_GEMINI_BASE_URL": emulator.url}


def test_all_is_well_beside_a_gateway(
    emulator: Emulator, beside: dict[str, str], journal: ListCalls, tmp_path: Path
) -> None:
    """Beside a running gateway all is well, nothing is bought, and no file is left."""
    with running(MortalGateway(Place(tmp_path), emulator.url)) as gateway:
        gateway.create_key("somebody")
        before = list_files(tmp_path)
        found = look(tmp_path, code=0, **beside, LIMNER_DATA_DIR=str(gateway.place.data))
        assert list_files(tmp_path) == before
    assert {finding["state"] for finding in found.values()} == {"ok"}
    assert found.keys() == {
        "settings", "data folder", "database", "picture store", "credential key-1",
    }  # fmt: skip
    assert "can be written" in found["database"]["told"]
    assert "models that draw" in found["credential key-1"]["told"]
    assert journal() == []


def test_nothing_is_made_where_nothing_is_yet(beside: dict[str, str], tmp_path: Path) -> None:
    """Before the first start the command says what will be made, and makes nothing."""
    found = look(tmp_path, code=0, **beside)
    assert "is not there yet" in found["data folder"]["told"]
    assert list(tmp_path.iterdir()) == []


def test_all_problems_of_the_settings_are_told(tmp_path: Path) -> None:
    """Every bad or unknown setting has a finding of its own, and the rest is skipped."""
    done = run(tmp_path, "check", LIMNER_MAX_N="77", LIMNER_MAXN="2", LIMNER_LOG_LEVEL="loud")
    assert done.returncode == 1
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert len(failed) == 3
    assert [name in done.stdout for name in ("LIMNER_MAX_N is '77'", "LIMNER_MAXN", "LIMNER_LOG_LEVEL")] == [
        True
    ] * 3
    assert done.stdout.count("skipped") == 4


def test_without_a_credential_it_says_what_to_set(tmp_path: Path) -> None:
    """No credential at all is a failure with advice."""
    found = look(tmp_path, code=1)
    assert found["credentials"]["state"] == "failed"
    assert "GEMINI_API_KEY" in found["credentials"]["advice"]


def test_each_key_is_tried_alone(emulator: Emulator, tmp_path: Path) -> None:
    """Of several keys the one that Gemini refuses is named, with what to do, and is not shown; the same key twice is one."""
    (tmp_path / "limner.toml").write_text(
        f'[[upstream]]\nname = "relay"\nkey = "{BAD_KEY}"\nbase_url = "{emulator.url}"\n', encoding="utf-8"
    )
    found = look(
        tmp_path,
        code=1,
        GEMINI_API_KEY=UPSTREAM_KEY,
        LIMNER_GEMINI_API_KEYS=f"{BAD_KEY},another-good-key",
        LIMNER_GEMINI_BASE_URL=emulator.url,
        LIMNER_CONFIG="limner.toml",
    )
    states = {item.removeprefix("credential "): finding["state"] for item, finding in found.items()}
    assert {name: state for name, state in states.items() if name.startswith("key-") or name == "relay"} == {
        "key-1": "ok",
        "key-3": "ok",
        "relay": "failed",
    }
    refused = found["credential relay"]
    assert "API_KEY_INVALID" in refused["told"]
    assert "set another key" in refused["advice"]
    assert UPSTREAM_KEY not in json.dumps(found)


@pytest.mark.parametrize(
    ("status", "google_status", "message", "state", "words"),
    [
        (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", "failed", "billing"),
        (403, "PERMISSION_DENIED", "Requests from this address are blocked.", "failed", "allow"),
        (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", "warning", "quota"),
        (503, "UNAVAILABLE", "The model is overloaded.", "warning", "try again"),
    ],
)
def test_refusals_come_with_advice(
    upstream: Upstream, tmp_path: Path, status: int, google_status: str, message: str, state: str, words: str
) -> None:
    """What Google answers is told with its own name for it, and with what an operator can do."""
    body = json.dumps({"error": {"code": status, "message": message, "status": google_status}}).encode()
    upstream.respond = lambda _call: Answer([body], status=status)
    variables = {"GEMINI_API_KEY": UPSTREAM_KEY, "LIMNER_GEMINI_BASE_URL": upstream.url}
    found = look(tmp_path, code=1 if state == "failed" else 0, **variables)["credential key-1"]
    assert (found["state"], google_status in found["told"], message in found["told"]) == (state, True, True)
    assert words in found["advice"]


def test_an_upstream_that_is_away(tmp_path: Path) -> None:
    """An address where nobody answers is a failure that names the settings for it."""
    variables = {"GEMINI_API_KEY": UPSTREAM_KEY, "LIMNER_GEMINI_BASE_URL": "http://127.0.0.1:9"}
    found = look(tmp_path, code=1, **variables)["credential key-1"]
    assert "LIMNER_UPSTREAM_PROXY" in found["advice"]


def test_a_data_folder_that_is_none(beside: dict[str, str], tmp_path: Path) -> None:
    """A data folder that cannot be written fails, with the way to it."""
    (tmp_path / "file").write_bytes(b"")
    for place in ("file", "file/data"):
        found = look(tmp_path, code=1, **beside, LIMNER_DATA_DIR=place)
        assert found["data folder"]["state"] == "failed"
        assert "Not a directory" in found["data folder"]["told"]


def test_postgres_is_tried(
    beside: dict[str, str], postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    """A PostgreSQL database is opened and written; one that is not there is named without its password."""
    place = Place(tmp_path, postgres_url)
    (tmp_path / "data").mkdir()
    found = look(tmp_path, code=0, **beside, **place.variables)
    assert found["database"]["state"] == "ok"
    assert found["client keys"]["state"] == "warning"
    marks = postgres_server.fetch_all(postgres_url, "SELECT count(*) FROM request_marks")
    assert marks == [(0,)]
    away = postgres_url.rpartition("/")[0] + "/nowhere"
    found = look(tmp_path, code=1, **beside, **{**place.variables, "LIMNER_DATABASE_URL": away})
    assert found["database"]["state"] == "failed"
    assert (urlsplit(postgres_url).password or postgres_url) not in json.dumps(found)


def test_the_picture_store_is_tried(beside: dict[str, str], tmp_path: Path) -> None:
    """A store is written, read and cleared; a bucket that is not there fails, and no secret is told."""
    (tmp_path / "s3").mkdir()
    with running_s3(tmp_path / "s3") as server:
        _try_store(server, beside, tmp_path)


def _try_store(server: S3Server, beside: dict[str, str], folder: Path) -> None:
    variables = {**beside, **server.variables}
    found = look(folder, code=0, **variables, LIMNER_IMAGE_STORE_URL=server.store_url)
    assert found["picture store"]["state"] == "ok"
    assert server.list_objects() == {}
    found = look(folder, code=1, **variables, LIMNER_IMAGE_STORE_URL="s3://nowhere/limner")
    assert found["picture store"]["state"] == "failed"
    assert SECRET not in json.dumps(found)
