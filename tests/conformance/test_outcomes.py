"""Every outcome at every door, streamed and not: status, body, books and stored picture, in one table."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest
from speaking import CHAT, IMAGES, NATIVE, Door, Shown, to_edits

from asking import PROMPT, draw_directly
from audits import Row, read_rows
from programs import Emulator, Gateway, ListCalls, StartGateway

DOORS = ("chat", "images", "edits", "native")
OPENED = "opened"
"""Stands for a status: the error comes in a stream that has opened, else with its own status."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a door tells of an outcome."""

    status: int = 200
    code: str | None = None
    finish: str | None = None
    notice: str | None = None
    is_late: bool = False
    """Whether a stream has opened by then, so that the error is its last event."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What happens upstream, what each door tells of it, and what the books say."""

    directives: str
    chat: Told
    images: Told
    native: Told
    state: str
    native_state: str | None = None
    images_state: str | None = None
    entries: tuple[str, ...]
    is_paid: bool
    """Whether the picture's price is posted."""
    has_picture: bool = False

    def get_told(self, door: str) -> Told:
        return {"chat": self.chat, "native": self.native}.get(door, self.images)

    def get_state(self, door: str) -> str:
        if door == "native":
            return self.native_state or self.state
        return (self.images_state if door != "chat" else None) or self.state


OUTCOMES = {
    "ok": Outcome(
        directives="",
        chat=Told(finish="stop"),
        images=Told(),
        native=Told(finish="STOP"),
        state="settled",
        entries=("reserve", "post"),
        is_paid=True,
        has_picture=True,
    ),
    "refused": Outcome(
        directives="[[finish=IMAGE_SAFETY]]",
        chat=Told(finish="content_filter", notice="no_picture"),
        images=Told(status=400, code="content_policy_violation", is_late=True),
        native=Told(finish="IMAGE_SAFETY"),
        state="settled",
        images_state="refused",
        entries=("reserve", "post"),
        is_paid=False,
    ),
    "blocked": Outcome(
        directives="[[block=PROHIBITED_CONTENT]]",
        chat=Told(status=400, code="content_policy_violation"),
        images=Told(status=400, code="content_policy_violation"),
        native=Told(finish="PROHIBITED_CONTENT"),
        state="refused",
        native_state="settled",
        entries=("reserve", "post"),
        is_paid=False,
    ),
    "429": Outcome(
        directives="[[status=429 retry=90s]]",
        chat=Told(status=429, code="rate_limit_exceeded"),
        images=Told(status=429, code="rate_limit_exceeded"),
        native=Told(status=429, code="RESOURCE_EXHAUSTED"),
        state="failed",
        entries=("reserve", "void"),
        is_paid=False,
    ),
    "503": Outcome(
        directives="[[status=503]]",
        chat=Told(status=503, code="upstream_overloaded"),
        images=Told(status=503, code="upstream_overloaded"),
        native=Told(status=503, code="UNAVAILABLE"),
        state="failed",
        entries=("reserve", "void"),
        is_paid=False,
    ),
    "500": Outcome(
        directives="[[status=500]]",
        chat=Told(status=502, code="upstream_error"),
        images=Told(status=502, code="upstream_error"),
        native=Told(status=502, code="UNKNOWN"),
        state="failed",
        entries=("reserve", "void"),
        is_paid=False,
    ),
    "cut early": Outcome(
        directives="[[cut=60%]]",
        chat=Told(status=502, code="upstream_unknown_outcome", is_late=True),
        images=Told(status=502, code="upstream_unknown_outcome", is_late=True),
        native=Told(status=502, code="UNKNOWN", is_late=True),
        state="unknown",
        entries=("reserve", "hold"),
        is_paid=False,
    ),
    "cut late": Outcome(
        directives="[[signature=1500KB cut=80%]]",
        chat=Told(finish="length", notice="upstream_truncated"),
        images=Told(notice="upstream_truncated"),
        native=Told(finish="OTHER"),
        state="settled",
        entries=("reserve", "post"),
        is_paid=True,
        has_picture=True,
    ),
    "unknown": Outcome(
        directives="[[cut=0%]]",
        chat=Told(status=502, code="upstream_unknown_outcome"),
        images=Told(status=502, code="upstream_unknown_outcome"),
        native=Told(status=502, code="UNKNOWN"),
        state="unknown",
        entries=("reserve", "hold"),
        is_paid=False,
    ),
}


@pytest.fixture(scope="module")
def own_gateway(start_gateway: StartGateway) -> Gateway:
    """A gateway whose books only these calls write."""
    return start_gateway(LIMNER_HEARTBEAT_SECONDS="7")


@pytest.fixture(scope="module")
def doors(emulator: Emulator) -> dict[str, Door]:
    """All doors; edits are of a picture that the emulator drew."""
    edits = to_edits(draw_directly(emulator, "gemini-3.1-flash-image", "a boat", imageSize="512"))
    return {door.name: door for door in (CHAT, IMAGES, edits, NATIVE)}


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", OUTCOMES)
def test_an_outcome_at_a_door(
    name: str,
    door: str,
    own_gateway: Gateway,
    doors: dict[str, Door],
    journal: ListCalls,
    *,
    is_stream: bool,
) -> None:
    """Whatever Gemini does, each door tells it in its own form, the books agree, and what came whole is kept."""
    outcome = OUTCOMES[name]
    mode = "streamed" if is_stream else "whole"
    prompt = f"{PROMPT} at the door of {door}, {mode}, {name} {outcome.directives}".strip()
    shown = doors[door].draw(own_gateway, prompt, is_stream=is_stream)
    check_told(shown, outcome.get_told(door), is_stream=is_stream)
    row = find_row(own_gateway, shown.generation_id)
    assert (row.state, row.entries) == (outcome.get_state(door), outcome.entries)
    check_money(row, outcome)
    check_pictures(own_gateway.folder / "data", shown, row, outcome)
    assert all(call["stream"] is is_stream for call in journal())


def check_told(shown: Shown, told: Told, *, is_stream: bool) -> None:
    """Check what the client was told against what it should be."""
    is_late = told.is_late and is_stream
    assert (shown.status, shown.code, shown.is_late) == (200 if is_late else told.status, told.code, is_late)
    if told.finish is not None:
        assert shown.finish == told.finish
    if told.notice is not None:
        assert told.notice in shown.notices


def find_row(gateway: Gateway, generation_id: str) -> Row:
    (row,) = [row for row in read_rows(gateway.folder) if row.id == generation_id]
    return row


def check_money(row: Row, outcome: Outcome) -> None:
    """Check that the picture is paid for where it came, held where nobody knows, and free else."""
    picture_micro_usd = 747 * 60
    if outcome.entries[-1] == "hold":
        assert row.cost_micro_usd is None
        assert row.reserved_micro_usd > picture_micro_usd
    elif outcome.is_paid:
        assert picture_micro_usd < (row.cost_micro_usd or 0) <= row.reserved_micro_usd
    elif outcome.entries[-1] == "void":
        assert row.cost_micro_usd == 0
    else:
        assert 0 < (row.cost_micro_usd or 0) < picture_micro_usd


def check_pictures(data_dir: Path, shown: Shown, row: Row, outcome: Outcome) -> None:
    """Check that what the client got is what is stored, byte for byte."""
    assert len(shown.pictures) == len(row.pictures) == int(outcome.has_picture)
    for picture, (file_name, sha256) in zip(shown.pictures, row.pictures, strict=True):
        (path,) = data_dir.rglob(f"{row.id}/{file_name}")
        assert hashlib.sha256(picture).hexdigest() == sha256
        assert path.read_bytes() == picture
