"""`limner generations`, run as a program on books of each database that were filled as a gateway fills them."""

import json
from pathlib import Path
from typing import Any

import pytest
from bookkeeping import DAY_MS, create_key, make_fixed_key, open_books, record, run_at
from commands import run

from limner.cli_generations import STATES
from limner.generation.record import State
from limner.ledger.sums import check_sums
from places import Place


def list_generations(place: Place, *options: str) -> list[dict[str, Any]]:
    done = run_at(place, "generations", "list", "--json", *options)
    assert done.returncode == 0
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def find(place: Place, generation_id: str) -> dict[str, Any]:
    (found,) = [shown for shown in list_generations(place) if shown["id"] == generation_id]
    return found


def check_books(place: Place) -> None:
    """Check that entries, accounts and generations agree."""
    with open_books(place) as database:
        assert check_sums(database) == []


@pytest.fixture
def unknown_ids(place: Place) -> list[str]:
    """Three unknown outcomes, the oldest first: of ten days ago, of five, of now; and a settled generation."""
    key = create_key(place, "studio")
    record(place, key, age_ms=20 * DAY_MS)
    return [record(place, key, "unknown", age_ms=days * DAY_MS) for days in (10, 5, 0)]


def test_every_state_can_be_asked_for() -> None:
    """The states of the list are those a generation can have."""
    assert set(STATES) == {state.value for state in State}


def test_no_generations(place: Place) -> None:
    """On an empty database the list is empty, in words and in JSON."""
    done = run_at(place, "generations", "list")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "There are no generations.\n")
    assert list_generations(place) == []
    assert run_at(place, "generations", "list", "--state", "unknown").stderr == (
        "There are no generations in state unknown.\n"
    )


def test_the_list(place: Place) -> None:
    """Each generation shows its state, key, user, model, what is posted or reserved, and its error, newest first."""
    key = create_key(place, "studio")
    ids = [
        record(place, key, end_user="ann"),
        record(place, key, "failed"),
        record(place, key, "unknown"),
        record(place, make_fixed_key(), "sent"),
    ]
    found = list_generations(place)
    assert [shown["id"] for shown in found] == ids[::-1]
    assert [
        (shown["state"], shown["key"], shown["cost_usd"], shown["reserved_usd"], shown["error_code"])
        for shown in found
    ] == [
        ("sent", "fixed_" + "0" * 8, None, 0.05, None),
        ("unknown", "studio", None, 0.05, "upstream_timeout"),
        ("failed", "studio", 0, 0, "upstream_overloaded"),
        ("settled", "studio", 0.0336, 0, None),
    ]
    assert (found[3]["user"], found[3]["model"]) == ("ann", "gemini-nano-banana-2.1")
    assert found[3]["claimed_at"].endswith("Z")
    assert found[0]["ended_at"] is None
    head, *rows = run_at(place, "generations", "list").stdout.splitlines()
    assert head.split() == ["ID", "CLAIMED", "STATE", "KEY", "USER", "MODEL", "COST", "RESERVED", "ERROR"]
    assert [row.split()[0] for row in rows] == ids[::-1]
    assert rows[1].split()[-3:] == ["-", "$0.050000", "upstream_timeout"]
    assert rows[3].split()[-3:] == ["$0.033600", "-", "-"]


def test_parts_of_the_list(place: Place, unknown_ids: list[str]) -> None:
    """A state and a number narrow the list; that there are more is said."""
    assert [shown["id"] for shown in list_generations(place, "--state", "unknown")] == unknown_ids[::-1]
    cut = run_at(place, "generations", "list", "--json", "--limit", "1")
    assert [shown["id"] for shown in json.loads(cut.stdout)] == unknown_ids[2:]
    assert cut.stderr == "These are the newest 1; --limit shows more.\n"
    assert run_at(place, "generations", "list", "--limit", "4").stderr == ""


@pytest.mark.parametrize(
    ("option", "said", "state", "cost_usd"),
    [
        ("--post", "$0.05 posted as spent", "settled", 0.05),
        ("--void", "$0.05 given back", "failed", 0),
    ],
)
def test_one_is_resolved(
    place: Place, unknown_ids: list[str], option: str, said: str, state: str, cost_usd: float
) -> None:
    """An unknown outcome is posted at its reservation or given back, and the command says so in one line."""
    done = run_at(place, "generations", "resolve", unknown_ids[1], option)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{unknown_ids[1]}: {said}.\n", "")
    shown = find(place, unknown_ids[1])
    assert (shown["state"], shown["cost_usd"], shown["reserved_usd"]) == (state, cost_usd, 0)
    assert [shown["id"] for shown in list_generations(place, "--state", "unknown")] == [
        unknown_ids[2], unknown_ids[0],
    ]  # fmt: skip
    check_books(place)


def test_what_is_known_is_not_resolved_again(place: Place, unknown_ids: list[str]) -> None:
    """A second decision, and one on an id that is not there, fail with their reason and change nothing."""
    run_at(place, "generations", "resolve", unknown_ids[0], "--post")
    again = run_at(place, "generations", "resolve", unknown_ids[0], "--void")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == (
        f"limner: generation {unknown_ids[0]} is settled; only an unknown outcome can be resolved\n"
    )
    absent = run_at(place, "generations", "resolve", "gen_nobody", "--void")
    assert (absent.returncode, absent.stdout) == (1, "")
    assert absent.stderr == "limner: there is no generation 'gen_nobody'\n"
    assert find(place, unknown_ids[0])["cost_usd"] == 0.05
    check_books(place)


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("before", "said", "left"),
    [
        ("3d", "2 generations: $0.10 given back.\n", 1),
        ("1w", "1 generation: $0.05 given back.\n", 2),
        ("2000-01-01", "0 generations: $0.00 given back.\n", 3),
        ("2100-01-01T00:00Z", "3 generations: $0.15 given back.\n", 0),
    ],
)
@pytest.mark.usefixtures("unknown_ids")
def test_all_before_a_moment_are_resolved(place: Place, before: str, said: str, left: int) -> None:
    """--all decides alike on the unknown outcomes that ended before a date or an age, and on no others."""
    done = run_at(place, "generations", "resolve", "--all", "--before", before, "--void")
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")
    assert len(list_generations(place, "--state", "unknown")) == left
    check_books(place)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("list", "--state", "lost"), "accepted: claimed, sent, receiving, stored, settled"),
        (("list", "--limit", "0"), "greater than or equal to 1"),
        (("resolve", "gen_1"), "one of --post"),
        (("resolve", "gen_1", "--post", "--void"), "one of --post"),
        (("resolve", "--post"), "by its ID, or --all with --before DATE"),
        (("resolve", "gen_1", "--all", "--before", "3d", "--post"), "by its ID, or --all"),
        (("resolve", "--all", "--post"), "go together"),
        (("resolve", "gen_1", "--before", "3d", "--post"), "go together"),
        (("resolve", "--all", "--before", "soon", "--post"), "such as 12h, 7d or 8w"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    """What is not exactly one decision, and values that are none, end with 2 and do nothing."""
    done = run(tmp_path, "generations", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []
