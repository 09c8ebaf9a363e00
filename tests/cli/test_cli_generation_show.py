"""`limner generations` for unknown outcomes: what Gemini said, what speaks for which decision, and until when it waits."""

import json
from typing import Any

import pytest
from bookkeeping import DAY_MS, create_key, make_fixed_key, record, run_at

from limner.ledger.records import UpstreamCall
from places import Place

BROKEN_OFF = UpstreamCall(
    choice=0,
    upstream="main-key",
    kind="gemini",
    model="gemini-nano-banana-2.1",
    attempts=2,
    status=200,
    response_id="resp-4711",
    said="The connection to Gemini was lost.",
)
REFUSED = UpstreamCall(
    choice=1,
    upstream="vertex",
    kind="vertex",
    model="gemini-nano-banana-2.1",
    attempts=1,
    status=504,
    said="Deadline",
)


def show(place: Place, generation_id: str, **variables: str) -> dict[str, Any]:
    done = run_at(place, "generations", "show", generation_id, "--json", **variables)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def list_ids(place: Place, *options: str) -> list[str]:
    done = run_at(place, "generations", "list", "--json", *options)
    assert done.returncode == 0, done.stderr
    return [shown["id"] for shown in json.loads(done.stdout)]


def test_unknown_ones_say_what_gemini_said(place: Place) -> None:
    """The list of unknown outcomes has a row for each choice: credential, kind, attempts, status, response, words."""
    key = create_key(place, "studio")
    silent = record(place, key, "unknown")
    told = record(place, key, "unknown", calls=(BROKEN_OFF, REFUSED))
    arguments = ("generations", "list", "--state", "unknown")
    head, first, second, third = run_at(
        place, *arguments, LIMNER_UNKNOWN_POLICY="void", LIMNER_UNKNOWN_HOURS="72"
    ).stdout.splitlines()
    assert head.split()[-7:] == ["CHOICE", "UPSTREAM", "KIND", "ATTEMPTS", "STATUS", "RESPONSE", "SAID"]
    assert first.startswith(told)
    assert " void in 72 h  post " in first
    assert first.split()[-12:] == [
        *("0", "main-key", "gemini", "2", "200", "resp-4711"),
        *("The", "connection", "to", "Gemini", "was", "lost."),
    ]
    assert second.split() == ["1", "vertex", "vertex", "1", "504", "-", "Deadline"]
    assert third.split()[0] == silent
    assert third.split()[-8:] == ["open", *["-"] * 7]
    assert " by you " in run_at(place, *arguments).stdout


def test_one_is_shown_in_full(place: Place) -> None:
    """All that is known of a call is shown, each step of its money too, and how to decide on it."""
    key = create_key(place, "studio")
    told = record(place, key, "unknown", end_user="ann", calls=(BROKEN_OFF,))
    shown = show(place, told, LIMNER_UNKNOWN_POLICY="post", LIMNER_UNKNOWN_HOURS="1")
    assert shown["upstream_calls"] == [
        {
            "choice": 0, "upstream": "main-key", "kind": "gemini", "model": "gemini-nano-banana-2.1", "attempts": 2,
            "status": 200, "response_id": "resp-4711", "said": "The connection to Gemini was lost.",
        }
    ]  # fmt: skip
    assert (shown["unknown"]["policy"], shown["unknown"]["leaning"]) == ("post", "post")
    assert shown["unknown"]["decided_at"] > shown["ended_at"]
    assert "had begun its answer" in shown["unknown"]["reasons"][0]
    assert shown["error"] == {"code": "upstream_timeout", "message": "Gemini took too long.", "status": 504}
    assert [(entry["kind"], entry["pending_usd"]) for entry in shown["entries"]] == [
        ("reserve", 0.05),
        ("hold", 0),
    ]
    text = run_at(place, "generations", "show", told).stdout
    assert f"limner generations resolve {told} --post | --void" in text
    assert "speaks for --post" in text
    assert "main-key (gemini)" in text
    assert "held       $0.050000" in text


def test_what_is_settled_has_nothing_to_decide(place: Place) -> None:
    """A settled call shows its pictures and its money, and no evidence; it is found by its answer's id too."""
    settled = record(place, create_key(place, "studio"), calls=(BROKEN_OFF,))
    shown = show(place, f"chatcmpl-{settled.removeprefix('gen_')}")
    assert (shown["id"], shown["unknown"], shown["cost_usd"]) == (settled, None, 0.0336)
    assert [picture["width"] for picture in shown["pictures"]] == [2752]
    assert [entry["posted_usd"] for entry in shown["entries"]] == [0, 0.0336]
    assert shown["entries"][1]["pending_usd"] == -0.05
    text = run_at(place, "generations", "show", settled).stdout
    assert "pending -$0.050000, posted $0.033600" in text
    assert "resolve" not in text


def test_what_has_come_of_it_is_evidence(place: Place) -> None:
    """A part of a picture that lies in the spool is told, and speaks for bought."""
    silent = record(place, create_key(place, "studio"), "unknown")
    folder = place.data / "spool" / silent
    folder.mkdir(parents=True)
    folder.joinpath("picture-1.png").write_bytes(b"x" * 70_000)
    assert show(place, silent)["unknown"]["leaning"] == "post"
    assert "70,000 bytes of a picture had come" in run_at(place, "generations", "show", silent).stdout


def test_what_is_not_there_is_not_shown(place: Place) -> None:
    """An id that is nobody's fails with its reason."""
    done = run_at(place, "generations", "show", "gen_nobody")
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "limner: there is no generation 'gen_nobody'\n",
    )


def test_the_list_is_narrowed(place: Place) -> None:
    """Key, model by any of its names, and the time of the claim narrow the list; a fixed key is named by its id."""
    key = create_key(place, "studio")
    old = record(place, key, age_ms=10 * DAY_MS)
    other = record(place, make_fixed_key(), model="gemini-3.1-flash-image", age_ms=DAY_MS)
    new = record(place, key, "unknown")
    assert list_ids(place, "--key", "studio") == [new, old]
    assert list_ids(place, "--key", "fixed_00000000") == [other]
    assert list_ids(place, "--key", "nobody") == []
    assert list_ids(place, "--model", "google/gemini-3.1-flash-image") == [other]
    assert list_ids(place, "--since", "2d") == [new, other]
    assert list_ids(place, "--before", "12h") == [other, old]
    assert list_ids(place, "--since", "2d", "--before", "12h", "--state", "settled") == [other]


@pytest.mark.parametrize(("first", "second"), [("--post", "--void"), ("--void", "--post")])
def test_a_decision_is_made_once(place: Place, first: str, second: str) -> None:
    """The same decision again changes nothing and is no failure; the other one is refused."""
    unknown = record(place, create_key(place, "studio"), "unknown")
    resolve = ("generations", "resolve", unknown)
    assert run_at(place, *resolve, first).returncode == 0
    before = show(place, unknown)
    again = run_at(place, *resolve, first)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.endswith(" before; nothing was changed.\n")
    refused = run_at(place, *resolve, second)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "only an unknown outcome can be resolved" in refused.stderr
    assert show(place, unknown) == before


def test_what_was_never_unknown_is_not_decided_on(place: Place) -> None:
    """A call with an end of its own is not resolved, not even to the end that it has."""
    settled = record(place, create_key(place, "studio"))
    done = run_at(place, "generations", "resolve", settled, "--post")
    assert (done.returncode, done.stderr) == (
        1,
        f"limner: generation {settled} is settled; only an unknown outcome can be resolved\n",
    )
