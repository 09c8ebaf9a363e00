"""`limner compare`: the documented commands on the documented samples, against books filled by real calls."""

import json
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bookkeeping import create_key, open_books, record, run_at

from asking import ask, chat
from gateways import MortalGateway, running
from limner.ledger.records import UpstreamCall
from places import Place
from programs import Emulator

DOCS = Path(__file__).parents[2] / "docs"
SAMPLES = DOCS / "samples"
DAY, MONTH = "2026-11-28", "2026-11"


@pytest.fixture(autouse=True)
def _keep_off_midnight() -> None:
    """Let a test begin and end on one day."""
    if datetime.now(UTC).strftime("%H:%M") == "23:59":
        time.sleep(61)


def find_command(sample: str) -> list[str]:
    """Return the arguments of the documented command on a sample."""
    text = (DOCS / "money.md").read_text(encoding="utf-8").replace("\\\n", " ")
    (command,) = re.findall(rf"^limner (compare docs/samples/{re.escape(sample)} .*)$", text, re.MULTILINE)
    return shlex.split(command)


def compare(
    place: Place, sample: str, *options: str, changed: tuple[str, str] = ("", "")
) -> "subprocess.CompletedProcess[str]":
    """Run the documented command on a sample whose days are today's."""
    arguments = find_command(sample)
    pacific = datetime.now(ZoneInfo("America/Los_Angeles")).strftime("%Y-%m")
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    text = (SAMPLES / sample).read_text(encoding="utf-8").replace(*changed)
    text = text.replace(DAY, today).replace(MONTH, pacific)
    path = place.folder / sample
    path.write_text(text, encoding="utf-8")
    arguments[1] = str(path)
    return run_at(place, *arguments, *options)


def read(done: "subprocess.CompletedProcess[str]") -> Any:
    """Return the JSON of a comparison."""
    assert done.returncode in {0, 1}, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def unknown(place: Place, emulator: Emulator) -> Iterator[str]:
    """Three pictures that were drawn, and the id of a call whose answer broke off."""
    with running(MortalGateway(place, emulator.url)) as gateway:
        for prompt, model in (
            ("a lighthouse at dusk", "nano-banana-2"),
            ("a lighthouse at dawn", "nano-banana-2"),
            ("a lighthouse", "nano-banana-2.1"),
        ):
            assert ask(gateway, chat(prompt, model)).status == 200
        lost = ask(gateway, chat("a lighthouse at dusk [[cut=60%]]"))
        assert lost.status == 502
        yield str(lost.headers["x-limner-generation-id"])


def test_a_bill_that_agrees(place: Place, unknown: str) -> None:
    """Google's Cost table by month: equal, exit code 0, and the unknown outcome was not bought."""
    done = compare(place, "google-cost-table.csv")
    assert (done.returncode, done.stderr) == (0, "")
    head, flash, banana, judged, last = done.stdout.splitlines()
    assert head.split() == [
        *("TIME", "MODEL", "UPSTREAM", "CALLS", "EXPORT", "LEDGER", "DIFFERENCE", "UNKNOWN", "RESULT"),
    ]
    assert flash.split()[1:] == [
        *("gemini-3.1-flash-image", "-", "2", "$0.091829", "$0.091830", "-$0.000001", "1", "equal"),
    ]
    assert banana.split()[1:] == [
        *("gemini-nano-banana-2.1", "-", "1", "$0.037572", "$0.037572", "$0.000000", "-", "equal"),
    ]
    assert judged == (
        f"{unknown} is unknown: not bought, without it the sums of that time agree; "
        f"limner generations resolve {unknown} --void"
    )
    assert last == "Equal within 1.0 %."


def test_a_bill_that_knows_more(place: Place, unknown: str) -> None:
    """BigQuery's rows by day: one picture more than is posted, which the unknown outcome explains; exit code 1."""
    done = compare(place, "google-bigquery-usage.csv")
    assert done.returncode == 1
    assert done.stderr.endswith("differ by more than the tolerance\n")
    assert f"limner generations resolve {unknown} --post" in done.stdout
    document = read(compare(place, "google-bigquery-usage.csv", "--json"))
    flash, banana = document["groups"]
    assert (flash["is_equal"], banana["is_equal"]) == (False, True)
    assert flash["difference_usd"] == pytest.approx(0.045722, abs=1e-6)
    assert (flash["export_tokens"] - flash["ledger_tokens"], flash["unknown"]) == (1052, 1)
    assert [(one["id"], one["verdict"]) for one in document["unknown"]] == [(unknown, "bought")]
    run_at(place, "generations", "resolve", unknown, "--post")
    wide = read(compare(place, "google-bigquery-usage.csv", "--json", "--tolerance-percent", "50"))
    assert (wide["is_equal"], wide["unknown"]) == (True, [])


def test_answers_of_real_calls(place: Place, unknown: str) -> None:
    """The ids that Gemini gave its answers are in the books: an export that names them is held against each call."""
    with open_books(place) as database:
        rows = database.fetch_all(
            "SELECT response_id, generations.model, cost_micro_usd, state FROM upstream_calls "
            "JOIN generations ON generations.id = generation_id ORDER BY rowid"
        )
    assert [str(row[3]) for row in rows] == [*["settled"] * 3, "unknown"]
    assert all(response_id for response_id, *_ in rows[:3])
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    lines = [
        f"{today},{model!s},{int(str(cost)) / 1e6:.6f},{answer!s}" for answer, model, cost, _ in rows[:3]
    ]
    (place.folder / "e.csv").write_text("\n".join(["t,m,c,id", *lines]))
    columns = ("--time-column", "t", "--model-column", "m", "--cost-column", "c", "--id-column", "id")
    document = read(run_at(place, "compare", "e.csv", *columns, "--tolerance-percent", "0", "--json"))
    assert (document["is_equal"], document["matched"]) == (True, 3)
    assert [(one["id"], one["verdict"]) for one in document["unknown"]] == [(unknown, "not bought")]


def test_tokens_alone(place: Place, unknown: str) -> None:
    """Without costs the tokens are compared, and nothing is said of what was bought."""
    arguments = [
        *("compare", str(place.folder / "t.csv")),
        *("--time-column", "when", "--model-column", "model", "--tokens-column", "tokens"),
    ]
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    rows = [f"{today};nano-banana-2;2232", f"{int(time.time())};models/gemini-nano-banana-2.1;1652", ";sum;9"]
    (place.folder / "t.csv").write_text("\n".join(["when;model;tokens", *rows]))
    done = run_at(place, *arguments)
    assert (done.returncode, done.stderr) == (0, "1 rows without a time were left out.\n")
    assert f"{unknown} is unknown: open" in done.stdout


def make_call(response_id: str, upstream: str = "main", choice: int = 0) -> UpstreamCall:
    return UpstreamCall(
        choice=choice,
        upstream=upstream,
        kind="gemini",
        model="m",
        attempts=1,
        status=200,
        response_id=response_id,
    )


def test_answers_are_compared_one_by_one(place: Place) -> None:
    """With ids of answers each is found on both sides, or named with the side that lacks it; credentials are told apart."""
    key = create_key(place, "studio")
    flash = "gemini-3.1-flash-image"
    record(place, key, cost_micro_usd=46_284, calls=(make_call("response-1"),), model=flash)
    dear = record(place, key, cost_micro_usd=60_000, calls=(make_call("response-2"),), model=flash)
    record(place, key, cost_micro_usd=37_572, calls=(make_call("response-3", "spare"),))
    bought = record(place, key, "unknown", calls=(make_call("response-4", "spare"),))
    lost = record(place, key, "unknown", calls=(make_call("response-5", "spare"),))
    alone = record(place, key, cost_micro_usd=33_600, calls=(make_call("response-6", "spare"),))
    done = compare(place, "usage-by-answer.csv")
    assert done.returncode == 1
    assert f"{dear}: $0.045546 in the export, $0.060000 in the ledger" in done.stdout
    assert "line 6 (" in done.stdout
    assert f"{alone} (response-6): only in the ledger" in done.stdout
    assert f"limner generations resolve {bought} --post" in done.stdout
    assert f"limner generations resolve {lost} --void" in done.stdout
    document = read(compare(place, "usage-by-answer.csv", "--json"))
    assert document["matched"] == 2
    assert [row["response_id"] for row in document["only_in_export"]] == ["response-9"]
    assert [group["upstream"] for group in document["groups"]] == ["main", "spare"]
    assert [group["is_equal"] for group in document["groups"]] == [False, False]


def test_a_call_of_several_choices_is_one(place: Place) -> None:
    """The answers of several choices are held together against the cost of their call."""
    both = (make_call("response-1"), make_call("response-2", choice=1))
    record(
        place, create_key(place, "studio"), cost_micro_usd=91_830, calls=both, model="gemini-3.1-flash-image"
    )
    lines = (SAMPLES / "usage-by-answer.csv").read_text(encoding="utf-8").splitlines()
    rest = "\n".join(lines[3:])
    document = read(compare(place, "usage-by-answer.csv", "--json", changed=(rest, "")))
    assert (document["matched"], document["different"], document["only_in_ledger"]) == (1, [], [])


def write(folder: Path, *lines: str) -> tuple[str, ...]:
    """Write an export, and return the command to compare it."""
    (folder / "e.csv").write_text("\n".join(lines), encoding="utf-8")
    return ("compare", "e.csv", "--time-column", "t", "--model-column", "m", "--cost-column", "c")


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("a,b", "1,2"), "has no line with the columns c, m, t"),
        (("t,m,c", "soon,x,1"), "line 2: 't' is 'soon'; accepted: a date such as"),
        (("t,m,c", '2026-11-28,x,"1,2"'), "line 2: 'c' is '1,2'; accepted: a number such as 1,234.50"),
        (("t,m,c", "2026-11-28,x,(none)"), "line 2: 'c' is '(none)'"),
        (("t,m,c", "2026-11-28,x,(1.50)"), "line 2: 'c' is '(1.50)'"),
        (("t,m,c",), "has no row to compare"),
    ],
)
def test_what_cannot_be_read_is_named(place: Place, lines: tuple[str, ...], said: str) -> None:
    """A file without the columns, and a cell that is not what it has to be, end with 1 and a line that says where."""
    create_key(place, "studio")
    done = run_at(place, *write(place.folder, *lines))
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_what_is_on_one_side_only(place: Place) -> None:
    """Days and models of one side only are named; money in another currency and with signs is understood."""
    record(place, create_key(place, "studio"), cost_micro_usd=100_000)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    command = write(
        place.folder,
        "t,m,c",
        f'{today},Translation,"€1,234.50"',
        f"{today},Translation,-4.50",
        f"{today},Fee,",
    )
    done = run_at(place, *command, "--units-per-usd", "0.5")
    assert done.returncode == 1
    assert f"{today} Translation: only in the export (2 rows)" in done.stdout, done.stderr
    assert "$2460.000000" in done.stdout
    assert f"{today} gemini-nano-banana-2.1: only in the ledger (1 call)" in done.stdout
    named = run_at(
        place, *write(place.folder, "t,m,c", f"{today},Deluxe,0.1"), "--name", "Deluxe=nano-banana-2.1"
    )
    assert named.returncode == 0, named.stdout


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--timezone", "Atlantis", "UTC, or a name such as America/Los_Angeles"),
        ("--units-per-usd", "0", "a number above 0"),
        ("--only", "service", "COLUMN=TEXT"),
        ("--name", "=x", "TEXT=NAME"),
        ("--by", "week", "day, month"),
        ("--first-day", "soon", "a date such as 2026-11-28"),
        ("--tolerance-percent", "-1", "greater than or equal to 0"),
    ],
)
def test_options_that_are_none(tmp_path: Path, option: str, value: str, said: str) -> None:
    """A malformed option is wrong usage and says what is accepted; something has to be compared."""
    done = run_at(Place(tmp_path), *write(tmp_path, "t,m,c"), option, value)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    bare = ("compare", "e.csv", "--time-column", "t", "--model-column", "m")
    assert "--cost-column, --tokens-column or both" in " ".join(run_at(Place(tmp_path), *bare).stderr.split())
