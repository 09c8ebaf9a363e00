"""How a generation of several choices ends, by how each of them did."""

import pytest

from limner.catalogue import find_model
from limner.errors import GatewayError, InvalidRequest, UpstreamFailure, UpstreamUnavailable
from limner.generation.conclusion import Conclusion, Said, conclude
from limner.generation.record import Asked, State
from limner.translate.events import Blocked, Finish, PictureBegins, PictureEnds, PictureSettled, Usage
from limner.translate.transcript import Transcript
from limner.wire.gemini import UsageMetadata

MODEL_ID = "gemini-3.1-flash-image"
PICTURE_TOKENS = 747


def say(*, is_drawn: bool = True, failure: GatewayError | None = None, blocked: str | None = None) -> Said:
    """Return what one choice said."""
    transcript = Transcript()
    if failure is not None:
        return transcript, failure
    if blocked is not None:
        transcript.add(Blocked(blocked, None))
        transcript.add(Usage(UsageMetadata(prompt_token_count=5)))
        return transcript, None
    if is_drawn:
        transcript.add(PictureBegins(0, False, "image/png"), picture_id="img_1")
        transcript.pictures[0].size_bytes = 100
        transcript.pictures[0].sha256 = "00"
        transcript.add(PictureEnds(0))
        transcript.add(PictureSettled(0, False, "image/png"))
    transcript.add(Finish("STOP" if is_drawn else "IMAGE_SAFETY", None))
    counted = UsageMetadata(prompt_token_count=5, candidates_token_count=PICTURE_TOKENS if is_drawn else 0)
    transcript.add(Usage(counted))
    return transcript, None


DRAWN = say()
REFUSED = say(is_drawn=False)
BLOCKED = say(blocked="PROHIBITED_CONTENT")
REJECTED = say(failure=InvalidRequest("No such thing.", code="upstream_rejected"))
BUSY = say(failure=UpstreamUnavailable("Busy."))
LOST = say(failure=UpstreamFailure("Lost."))


def conclude_all(*choices: Said) -> Conclusion:
    model = find_model(MODEL_ID)
    assert model is not None
    asked = Asked(
        model=MODEL_ID,
        upstream_model=MODEL_ID,
        image_output="markdown",
        wants_thoughts=False,
        aspect_ratio=None,
        image_size="512",
        text_bytes=20,
        input_pictures=0,
        created=1_790_000_000,
        notices=(),
        n=len(choices),
    )
    return conclude(choices, asked, model, was_sent=True)


def cost_of(*choices: Said) -> int:
    bill = conclude_all(*choices).bill
    assert bill is not None
    assert bill.cost_micro_usd is not None
    return bill.cost_micro_usd


@pytest.mark.parametrize(
    "others", [(REFUSED,), (BLOCKED,), (REJECTED,), (BUSY,), (LOST,), (LOST, BLOCKED, BUSY)]
)
def test_one_that_has_something_to_give_is_enough(others: tuple[Said, ...]) -> None:
    """Wherever it stands, the end is an answer that is given again."""
    for choices in ((DRAWN, *others), (*others, DRAWN)):
        found = conclude_all(*choices)
        assert (found.state, found.error, found.is_replayable) == (State.SETTLED, None, True)
        drawn = choices.index(DRAWN)
        assert found.outcomes[drawn] == conclude_all(DRAWN).outcomes[0]
        assert [outcome.is_failed for outcome in found.outcomes] == [
            choice not in (DRAWN, REFUSED) for choice in choices
        ]


def test_each_costs_what_it_costs_alone() -> None:
    """What was not bought is free; what nobody knows counts as one picture by the table."""
    assert cost_of(DRAWN, DRAWN, DRAWN) == 3 * cost_of(DRAWN)
    assert cost_of(DRAWN, REFUSED) == cost_of(DRAWN) + cost_of(REFUSED)
    assert cost_of(DRAWN, BLOCKED) == cost_of(DRAWN) + cost_of(BLOCKED)
    assert cost_of(DRAWN, BUSY) == cost_of(REJECTED, DRAWN) == cost_of(DRAWN)
    assert cost_of(DRAWN, LOST) == cost_of(LOST, DRAWN) == 2 * cost_of(DRAWN)


def test_without_an_answer_the_first_error_counts() -> None:
    """It is given back with its own promise of what a repeat gets."""
    found = conclude_all(BUSY, REJECTED)
    assert (found.state, found.error, found.bill, found.is_replayable) == (State.FAILED, BUSY[1], None, False)
    found = conclude_all(REJECTED, BUSY)
    assert (found.state, found.error, found.is_replayable) == (State.REFUSED, REJECTED[1], False)


def test_what_blocked_prompts_cost_is_not_forgotten() -> None:
    """Where the first error was free and another was not, the books say what was charged."""
    found = conclude_all(BUSY, BLOCKED, BLOCKED)
    assert (found.state, found.error, found.is_replayable) == (State.REFUSED, BUSY[1], False)
    assert found.bill is not None
    assert found.bill.cost_micro_usd == 2 * cost_of(BLOCKED)


def test_an_unknown_one_counts_before_other_errors() -> None:
    """All that was set aside is held then."""
    for choices in ((LOST, BUSY), (BLOCKED, LOST), (BUSY, BLOCKED, LOST)):
        found = conclude_all(*choices)
        assert (found.state, found.error, found.bill) == (State.UNKNOWN, LOST[1], None)


def test_notices_name_the_choice_where_there_are_several() -> None:
    """One alone has nothing to be told apart from."""
    assert [notice.message for notice in conclude_all(REFUSED).notices] == [
        "Gemini returned no picture: IMAGE_SAFETY."
    ]
    assert [(notice.code, notice.message) for notice in conclude_all(DRAWN, REFUSED, LOST).notices] == [
        ("no_picture", "Choice 1: Gemini returned no picture: IMAGE_SAFETY."),
        ("choice_failed", "Choice 2 came to nothing: Lost."),
        ("choice_unknown", "Nobody knows what choice 2 cost; it is billed at the table's estimate."),
    ]
