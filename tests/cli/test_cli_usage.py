"""`limner usage`, run as a program on books of each database that were filled as a gateway fills them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bookkeeping import DAY_MS, create_key, make_fixed_key, record, run_at
from commands import run

from places import Place, making_place
from postgres import PostgresServer

NOTHING = {
    "generations": 0, "pictures": 0, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0, "held_usd": 0,
}  # fmt: skip


def read_usage(place: Place, *options: str) -> dict[str, Any]:
    done = run_at(place, "usage", "--json", *options)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, database_server: PostgresServer | None) -> Iterator[Place]:
    """A place with calls of three keys, two users and two models, of now and of ten days ago. Only read."""
    with making_place(tmp_path_factory.mktemp("shop"), database_server) as place:
        studio, shop = create_key(place, "studio"), create_key(place, "shop")
        record(place, studio, end_user="ann", age_ms=10 * DAY_MS)
        record(place, studio, end_user="ann", cost_micro_usd=123_457)
        record(place, studio, end_user="ann", model="gemini-3-pro-image", cost_micro_usd=134_400)
        record(place, studio, "unknown", end_user="bob")
        record(place, shop, "failed")
        record(place, shop, "sent")
        record(place, make_fixed_key(), cost_micro_usd=1)
        yield place


def test_nothing_was_drawn(place: Place) -> None:
    """On an empty database usage is nothing, in words and in JSON, and no failure."""
    done = run_at(place, "usage")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Nothing was drawn.\n")
    assert read_usage(place) == {"since": None, "rows": [], "total": NOTHING}


def test_usage_by_key_user_and_model(shop: Place) -> None:
    """Each key, user and model has a row with what was drawn, posted and held; the total is their sum."""
    usage = read_usage(shop)
    by_row = {(row["key"], row["user"], row["model"].removeprefix("gemini-")): row for row in usage["rows"]}
    assert set(by_row) == {
        ("fixed_" + "0" * 8, "", "nano-banana-2.1"),
        ("shop", "", "nano-banana-2.1"),
        ("studio", "ann", "3-pro-image"),
        ("studio", "ann", "nano-banana-2.1"),
        ("studio", "bob", "nano-banana-2.1"),
    }
    assert by_row["studio", "ann", "nano-banana-2.1"] == {
        "key": "studio", "user": "ann", "model": "gemini-nano-banana-2.1", "generations": 2, "pictures": 2,
        "input_tokens": 20, "output_tokens": 3360, "cost_usd": 0.157057, "held_usd": 0,
    }  # fmt: skip
    unknown = by_row["studio", "bob", "nano-banana-2.1"]
    assert (unknown["cost_usd"], unknown["held_usd"]) == (0, 0.05)
    assert usage["total"] == {
        "generations": 7, "pictures": 4, "input_tokens": 40, "output_tokens": 6720,
        "cost_usd": 0.291458, "held_usd": 0.05,
    }  # fmt: skip


def test_money_is_exact(shop: Place) -> None:
    """JSON numbers have a micro-dollar's digits as they are, none from a float and no exponent."""
    text = run_at(shop, "usage", "--json").stdout
    assert '"cost_usd": 0.000001,' in text
    assert '"cost_usd": 0.291458,' in text
    assert "e-" not in text


def test_the_table_ends_with_a_sum(shop: Place) -> None:
    """The table has a row for each key, user and model, and their sum below."""
    head, *rows, total = run_at(shop, "usage").stdout.splitlines()
    assert head.split("  ")[0] == "KEY"
    assert len(rows) == 5
    assert total.split() == ["TOTAL", "7", "4", "40", "6720", "$0.291458", "$0.050000"]
    assert {len(line) for line in (head, *rows, total)} == {len(head)}


@pytest.mark.parametrize(
    ("options", "generations"),
    [
        (("--key", "studio"), 4),
        (("--user", "ann"), 3),
        (("--key", "studio", "--user", "bob"), 1),
        (("--key", "nobody"), 0),
        (("--since", "7d"), 6),
        (("--since", "2w", "--key", "studio"), 4),
    ],
)
def test_parts_of_the_usage(shop: Place, options: tuple[str, ...], generations: int) -> None:
    """A key, a user and a time narrow the rows and the sum."""
    assert read_usage(shop, *options)["total"]["generations"] == generations


def test_since_a_date(shop: Place) -> None:
    """A date is its midnight in UTC, and is given back in full."""
    day = datetime.now(UTC).date() - timedelta(days=5)
    usage = read_usage(shop, "--since", str(day))
    assert (usage["since"], usage["total"]["generations"]) == (f"{day}T00:00:00.000Z", 6)
    assert read_usage(shop, "--since", f"{day}T02:00+02:00")["since"] == f"{day}T00:00:00.000Z"


@pytest.mark.parametrize(
    "since", ["yesterday", "7", "0d", "2026-02-30", "-1d", "0001-01-01T00:00+02:00", "9999-12-31T23:00-02:00"]
)
def test_times_that_are_none(tmp_path: Path, since: str) -> None:
    """What is neither an age nor a date is wrong usage."""
    done = run(tmp_path, "usage", "--json", "--since", since)
    assert (done.returncode, done.stdout) == (2, "")
    assert "such as 12h, 7d or 8w, or a date such as" in " ".join(done.stderr.split())


def test_a_revoked_key_is_still_in_the_books(place: Place) -> None:
    """Usage goes by the key's name after it was revoked."""
    key = create_key(place, "studio")
    record(place, key)
    assert run_at(place, "keys", "revoke", "studio").returncode == 0
    assert read_usage(place, "--key", "studio")["total"]["generations"] == 1


def test_a_user_cannot_write_to_the_terminal(place: Place) -> None:
    """A user's name, which comes from a client, is shown without the characters a terminal obeys."""
    record(place, create_key(place, "studio"), end_user="\x1b[2Jann\n")
    shown = run_at(place, "usage").stdout
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 3
    assert read_usage(place)["rows"][0]["user"] == "\x1b[2Jann\n"
