"""The commands on client keys, run as programs, on each database where it says something."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from bookkeeping import DAY_MS, create_key, open_books, open_keys, record, run_at
from commands import run

from limner import __version__
from places import Place

on_sqlite = pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
"""Says the same on both."""


def test_version_and_help(tmp_path: Path) -> None:
    """--version prints one line; help names the commands, but not the hidden one; neither makes a folder."""
    assert run(tmp_path, "--version").stdout == f"limner {__version__}\n"
    shown = run(tmp_path, "--help").stdout
    assert all(command in shown for command in ("serve", "emulate", "keys"))
    assert "demo" not in shown
    assert list(tmp_path.iterdir()) == []


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    """Asking for help imports neither the server nor the settings nor the database."""
    program = (
        "import sys, limner.cli; "
        "print([name for name in ('uvicorn', 'pydantic', 'apsw', 'aiohttp', 'rich') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


def test_the_life_of_a_key(place: Place) -> None:
    """A key is printed once, alone on stdout; lists show it without its secret; revoking ends it."""
    created = run_at(
        place, "keys", "create", "studio", "--owner", "ann", "--models", "nano-banana", "--expires", "30d"
    )
    assert created.returncode == 0
    secret = created.stdout.strip()
    assert secret.startswith("sk-limner-")
    assert secret not in created.stderr
    listed = run_at(place, "keys", "list")
    assert "studio" in listed.stdout
    assert secret not in listed.stdout + listed.stderr
    (shown,) = json.loads(run_at(place, "keys", "list", "--json").stdout)
    assert (shown["name"], shown["owner"], shown["models"]) == ("studio", "ann", ["gemini-2.5-flash-image"])
    assert abs(shown["expires_at"] - shown["created_at"] - 30 * 86400) <= 60
    assert set(shown) == {
        "id", "name", "owner", "is_admin", "models", "image_output", "budget_usd", "budget_period", "spent_usd",
        "reserved_usd", "images_per_minute", "requests_per_minute", "expires_at", "created_at",
        "object", "left_usd", "period_ends_at", "previous_secret_ends_at", "revoked_at",
    }  # fmt: skip
    with open_books(place) as database:
        store = open_keys(place, database)
        assert store.find(secret) is not None
        revoked = run_at(place, "keys", "revoke", "studio")
        assert (revoked.returncode, revoked.stdout) == (0, "")
        assert store.find(secret) is None
    assert json.loads(run_at(place, "keys", "list", "--json").stdout) == []
    on_disk = b"".join(path.read_bytes() for path in place.data.glob("*"))
    assert secret.encode() not in on_disk


def test_json_is_name_and_key(tmp_path: Path) -> None:
    """With --json a created key is an object of exactly name and key."""
    created = json.loads(
        run(tmp_path, "keys", "create", "a", "--json", "--admin", "--image-output", "images").stdout
    )
    assert set(created) == {"name", "key"}
    assert created["name"] == "a"
    (shown,) = json.loads(run(tmp_path, "keys", "list", "--json").stdout)
    assert (shown["is_admin"], shown["image_output"]) == (True, "images")


def test_a_key_may_be_brought_along(tmp_path: Path) -> None:
    """--key stores the given key, in the folder that the settings name; a bad one is refused unseen."""
    own = "sk-brought-along-0123456789"
    created = run(tmp_path, "keys", "create", "own", "--key", own, LIMNER_DATA_DIR="elsewhere")
    assert created.stdout == f"{own}\n"
    assert (tmp_path / "elsewhere" / "limner.sqlite3").exists()
    refused = run(tmp_path, "keys", "create", "own", "--key", "canary-key")
    assert refused.returncode == 1
    assert "sk- and more" in refused.stderr
    assert "canary" not in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("revoke", "nobody"), 1, "limner: there is no key named 'nobody'\n"),
        (("create", " "), 1, "limner: name ' ' is refused"),
        (("create", "a", "--models", "nano-banana,canary"), 2, "no model Limner knows: canary"),
        (("create", "a", "--models", ","), 2, "it is empty"),
        (("create", "a", "--expires", "tomorrow"), 2, "such as 12h, 30d or 8w"),
        (("create", "a", "--expires", "0d"), 2, "such as 12h, 30d or 8w"),
        (("create", "a", "--image-output", "link"), 2, "accepted: auto, markdown, url, images"),
        (("create", "a", "--budget-usd", "0.1234567"), 2, "at most 6 decimals"),
        (("create", "a", "--budget-usd", "-5"), 2, "at most 6 decimals"),
        (("create", "a", "--budget-usd", "nan"), 2, "at most 6 decimals"),
        (("create", "a", "--budget-usd", "1e3"), 2, "at most 6 decimals"),
        (("create", "a", "--budget-usd", "1000000000"), 2, "dollars below a billion"),
        (("create", "a", "--budget-usd", "٣"), 2, "at most 6 decimals"),
        (("create", "a", "--budget-usd", "5", "--budget-period", "week"), 2, "accepted: day, month, total"),
        (("create", "a", "--budget-period", "month"), 2, "--budget-period needs --budget-usd"),
        (("create", "a", "--images-per-minute", "0"), 2, "greater than or equal to 1"),
        (("create", "a", "--requests-per-minute", "-1"), 2, "greater than or equal to 1"),
        (("create", "a", "--images-per-minute", "1.5"), 2, "--images-per-minute"),
        (("set", "nobody", "--models", "all"), 1, "limner: there is no key named 'nobody'\n"),
        (("set", "nobody"), 2, "nothing is to change"),
        (("set", "a", "--models", "canary"), 2, "no model Limner knows: canary"),
        (("set", "a", "--expires", "tomorrow"), 2, "such as 12h, 30d or 8w"),
        (("set", "a", "--image-output", "link"), 2, "accepted: auto, markdown, url, images"),
        (("set", "a", "--budget-usd", "free"), 2, "at most 6 decimals"),
        (("set", "a", "--budget-period", "week"), 2, "accepted: day, month, total"),
        (("set", "a", "--images-per-minute", "0"), 2, "accepted: 1 and more, or none"),
        (("set", "a", "--requests-per-minute", "many"), 2, "accepted: 1 and more, or none"),
        (("create",), 2, "Missing argument"),
        (("create", "a", "--colour", "red"), 2, "No such option"),
    ],
)
def test_failures_and_their_codes(tmp_path: Path, arguments: tuple[str, ...], code: int, reason: str) -> None:
    """What cannot be done ends with 1 and one line; what was typed wrongly ends with 2; nothing is on stdout."""
    done = run(tmp_path, "keys", *arguments)
    assert done.returncode == code
    assert reason in " ".join(done.stderr.split(" "))
    assert done.stdout == ""
    assert code == 2 or done.stderr.count("\n") == 1


def list_keys(place: Place) -> dict[str, Any]:
    """Return the listed keys by name."""
    return {shown["name"]: shown for shown in json.loads(run_at(place, "keys", "list", "--json").stdout)}


@on_sqlite
@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("25", 25_000_000, "$25.00 in all"),
        ("0.1", 100_000, "$0.10 in all"),
        ("1.000001", 1_000_001, "$1.000001 in all"),
        ("999999999.999999", 999_999_999_999_999, "$999999999.999999 in all"),
        ("0", 0, "$0.00 in all"),
    ],
)
def test_budgets_are_exact(place: Place, typed: str, kept: int, shown: str) -> None:
    """A budget is kept to the micro-dollar as it was typed, and counts for all time unless a period is named."""
    assert run_at(place, "keys", "create", "a", "--budget-usd", typed).returncode == 0
    with open_books(place) as database:
        (key,) = open_keys(place, database).list()
    assert (key.budget_micro_usd, key.budget_period) == (kept, "total")
    assert f"  {shown}  " in run_at(place, "keys", "list").stdout
    assert f'"budget_usd": {typed},' in run_at(place, "keys", "list", "--json").stdout


def test_limits_of_a_key(place: Place) -> None:
    """Budget, period and rates are kept and listed; a key without them has none."""
    limits = ("--budget-usd", "5", "--images-per-minute", "10", "--requests-per-minute", "60")
    run_at(place, "keys", "create", "shop", *limits, "--budget-period", "month")
    run_at(place, "keys", "create", "free")
    listed = list_keys(place)
    names = ("budget_usd", "budget_period", "images_per_minute", "requests_per_minute")
    assert [listed["shop"][name] for name in names] == [5, "month", 10, 60]
    assert [listed["free"][name] for name in names] == [None, "total", None, None]
    table = run_at(place, "keys", "list").stdout
    assert re.search(r"^shop .* \$5\.00 a month +\$0\.00 +\$0\.00 +10 +60 ", table, re.MULTILINE)
    assert re.search(r"^free .* - +\$0\.00 +\$0\.00 +- +- ", table, re.MULTILINE)


def test_spent_and_reserved_are_of_the_current_period(place: Place) -> None:
    """The list has what a key spent and reserved today for a daily budget, and in all for a total one."""
    daily = create_key(place, "daily", budget_micro_usd=1_000_000, budget_period="day")
    total = create_key(place, "total", budget_micro_usd=1_000_000)
    for key in (daily, total):
        record(place, key, age_ms=2 * DAY_MS)
        record(place, key, "unknown", age_ms=2 * DAY_MS)
        record(place, key, "sent")
        record(place, key, cost_micro_usd=12_345)
    listed = list_keys(place)
    assert (listed["daily"]["spent_usd"], listed["daily"]["reserved_usd"]) == (0.012345, 0.05)
    assert (listed["total"]["spent_usd"], listed["total"]["reserved_usd"]) == (0.045945, 0.1)
    assert re.search(
        r"^total .* \$1\.00 in all +\$0\.045945 +\$0\.10 ", run_at(place, "keys", "list").stdout, re.MULTILINE
    )


@on_sqlite
def test_all_bad_settings_are_shown(place: Place) -> None:
    """Every problem of the settings is one line on stderr, and the command does nothing."""
    done = run_at(place, "keys", "list", LIMNER_MAX_BODY_MIB="x", LIMNER_TYPO="1")
    assert done.returncode == 1
    assert [line.split()[:2] for line in done.stderr.splitlines()] == [
        ["limner:", "LIMNER_TYPO"],
        ["limner:", "LIMNER_MAX_BODY_MIB"],
    ]
    assert list(place.folder.iterdir()) == []


def test_a_changed_signing_secret_is_told(place: Place) -> None:
    """The list says how many keys another signing secret has made useless."""
    run_at(place, "keys", "create", "old")
    listed = run_at(place, "keys", "list", LIMNER_SIGNING_SECRET="another-secret-of-the-tests")
    assert "old" in listed.stdout
    assert listed.stderr.startswith("1 of these were made with another signing secret")


def test_expired_keys_are_listed_as_over(place: Place) -> None:
    """A key whose time is over stays in the list, marked."""
    with open_books(place) as database:
        store = open_keys(place, database, now=lambda: time.time() - 1000)
        store.create("short", expires_at=int(time.time()) - 500)
    assert "UTC (over)" in run_at(place, "keys", "list").stdout


def test_a_set_that_cannot_be_changes_nothing(place: Place) -> None:
    """A name that is taken, a bad owner or a period without a budget leaves the key as it was, with a reason."""
    run_at(place, "keys", "create", "a", "--images-per-minute", "3")
    run_at(place, "keys", "create", "b")
    before = list_keys(place)
    for options, reason in (
        (("--rename", "b"), "there is a key named 'b' already"),
        (("--owner", " x"), "owner ' x' is refused"),
        (("--budget-period", "day"), "a budget period is nothing without a budget"),
    ):
        done = run_at(place, "keys", "set", "a", "--images-per-minute", "9", *options)
        assert (done.returncode, done.stdout) == (1, "")
        assert reason in done.stderr
    assert list_keys(place) == before
    assert run_at(place, "keys", "set", "a", "--images-per-minute", "9").stderr == "Key 'a' is changed.\n"
    assert list_keys(place)["a"]["images_per_minute"] == 9
