"""`limner keys import`, `rotate`, `list` and `show`, run as programs, on each database where it says something."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bookkeeping import create_key, open_books, open_keys, record, run_at
from commands import run

from places import Place

SECRET = "sk-brought-along-0123456789"


def test_a_file_is_taken(place: Place) -> None:
    """Counts and remarks go to stderr; on stdout are only the secrets that were made, as a file."""
    place.folder.joinpath("keys.csv").write_text(f"name,key,owner\nann,{SECRET},studio\nbob,,\n")
    tried = run_at(place, "keys", "import", "keys.csv", "--dry-run")
    assert (tried.returncode, tried.stdout) == (0, "")
    assert tried.stderr == (
        "Would be imported: 2; updated: 0; skipped: 0; left out: 0. The columns are limner's.\n"
    )
    done = run_at(place, "keys", "import", "keys.csv")
    assert done.stderr.startswith("Imported: 2; updated: 0; skipped: 0; left out: 0.")
    head, line = done.stdout.splitlines()
    assert head == "name,key"
    with open_books(place) as database:
        store = open_keys(place, database)
        found = store.find(line.removeprefix("bob,"))
        assert found is not None
        assert found.name == "bob"
        assert store.find(SECRET) is not None
    assert SECRET not in done.stdout + done.stderr


def test_a_file_may_come_by_a_pipe(tmp_path: Path) -> None:
    """- is standard input; a file that is not there is said so."""
    command = [sys.executable, "-m", "limner.cli", "keys", "import", "-", "--json"]
    done = subprocess.run(
        command, cwd=tmp_path, input=f"name,key\nann,{SECRET}\n", capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    assert (told["created"], told["keys"]) == (1, [])
    missing = run(tmp_path, "keys", "import", "nowhere.csv")
    assert (missing.returncode, missing.stderr) == (
        1,
        "limner: cannot read nowhere.csv (No such file or directory)\n",
    )


def test_all_problems_are_lines(place: Place) -> None:
    """Each problem of a file is a line on stderr with its number, none has a secret, and nothing is taken."""
    place.folder.joinpath("keys.csv").write_text(
        f"name,key,budget_usd\nann,{SECRET},1\nann,sk-canary,2\nbob,,canary-money\n,,\n,x,\n"
    )
    done = run_at(place, "keys", "import", "keys.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == [
        "line 3",
        "line 3",
        "line 4",
        "line 6",
        "line 6",
    ]
    assert "sk-canary" not in done.stderr
    assert SECRET not in done.stderr
    assert json.loads(run_at(place, "keys", "list", "--json").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("import", "x.csv", "--on-conflict", "replace"), "accepted: refuse, skip, update"),
        (("import",), "Missing argument"),
        (("rotate", "a", "--overlap", "soon"), "such as 12h, 30d or 8w; 0 for none"),
        (("rotate",), "Missing argument"),
        (("list", "--state", "lost"), "accepted: active, expired, revoked"),
        (("list", "--limit", "0"), "greater than or equal to 1"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    """What was typed wrongly ends with 2 and says what is accepted."""
    done = run(tmp_path, "keys", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr


def test_notes_name_their_lines(place: Place) -> None:
    """What is left out, and what cannot be kept, is told once with the lines it is about."""
    rows = [f"{n},key{n:045},{2 if n % 2 else 1},token,-1,0,1,10.0.0.1" for n in range(1, 61)]
    head = "id,key,status,name,expired_time,remain_quota,unlimited_quota,allow_ips"
    place.folder.joinpath("tokens.csv").write_text("\n".join([head, *rows]))
    told = run_at(place, "keys", "import", "tokens.csv").stderr.splitlines()
    assert told[0] == "Imported: 30; updated: 0; skipped: 0; left out: 30. The columns are new-api's."
    assert told[1].startswith("line 2, 4, 6, ")
    assert told[1].endswith(" and 10 more: left out: it is disabled or expired there")
    assert told[2].endswith("allow_ips: Limner does not limit the addresses that a key is used from")


def test_rotating_prints_the_new_secret(place: Place) -> None:
    """The new secret is alone on stdout; stderr says until when the old one works."""
    create_key(place, "studio", secret=SECRET)
    done = run_at(place, "keys", "rotate", "studio")
    assert done.stdout.startswith("sk-limner-")
    assert "what did before does so until 20" in done.stderr
    told = json.loads(run_at(place, "keys", "rotate", "studio", "--overlap", "7d", "--json").stdout)
    assert set(told) == {"name", "key", "previous_secret_ends_at"}
    ended = run_at(place, "keys", "rotate", "studio", "--overlap", "0", "--key", "sk-another-0123456789abc")
    assert ended.stdout == "sk-another-0123456789abc\n"
    assert "what did before does not any more" in ended.stderr
    refused = run_at(place, "keys", "rotate", "nobody")
    assert (refused.returncode, refused.stderr) == (1, "limner: there is no key named 'nobody'\n")
    with open_books(place) as database:
        store = open_keys(place, database)
        assert store.find(SECRET) is store.find(told["key"]) is None


def test_one_key_is_shown(place: Place) -> None:
    """A key is shown with what it has spent in its period, what is left, and when an old secret ends."""
    key = create_key(place, "shop", budget_micro_usd=1_000_000, budget_period="day")
    record(place, key, cost_micro_usd=12_345)
    run_at(place, "keys", "rotate", "shop")
    shown = dict(line.split("  ", 1) for line in run_at(place, "keys", "show", "shop").stdout.splitlines())
    told = {name: value.strip() for name, value in shown.items()}
    assert (told["ID"], told["BUDGET"], told["SPENT"]) == (key.id, "$1.00 a day", "$0.012345")
    assert told["LEFT"] == "$0.987655"
    assert told["PERIOD ENDS"].endswith("00:00 UTC")
    assert "OLD SECRET ENDS" in told
    assert run_at(place, "keys", "show", "nobody").stderr == "limner: there is no key named 'nobody'\n"


def test_nothing_chosen_is_said(place: Place) -> None:
    """A list in which nothing is says whether there are no keys at all."""
    assert "`limner keys create NAME` makes one" in run_at(place, "keys", "list").stderr
    create_key(place, "a")
    assert run_at(place, "keys", "list", "--owner", "nobody").stderr == "There are no such keys.\n"
