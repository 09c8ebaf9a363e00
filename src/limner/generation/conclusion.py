"""How a generation ended and what it cost, from what Gemini said and what went wrong. Decides, does nothing.

The same decision is made of a live answer, and after a crash of what its journal holds. Of several choices one that
has something to give makes an answer; what the others cost is in its bill.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from limner.catalogue import Model
from limner.errors import Conflict, GatewayError, GatewayUnavailable, InternalError, UpstreamFailure
from limner.generation.choice_conclusion import ChoiceConclusion, conclude_choice, estimate_unknown
from limner.generation.record import Asked, Bill, State
from limner.translate.outcome import Outcome, to_failed_outcome
from limner.translate.transcript import Transcript
from limner.translate.usage import TokenCount
from limner.wire.openai import Notice

Said = tuple[Transcript, GatewayError | None]
"""What Gemini said for a choice, and what ended its receiving before its time."""


class Conclusion(Struct, frozen=True, kw_only=True):
    """An end. Either `outcomes` and `bill` are set, or `error` is; an error may have a bill as well."""

    state: State
    outcomes: tuple[Outcome, ...] = ()
    """Of each choice."""
    texts: tuple[str, ...] = ()
    """The beginning of the text that a client is given of each choice, without pictures."""
    bill: Bill | None = None
    notices: tuple[Notice, ...] = ()
    error: GatewayError | None = None
    is_replayable: bool
    """Whether a repeat of the call is answered with this end."""
    is_assumed_free: bool = False
    model_id: str | None = None
    """Of the model that answered all that was answered, if one did."""

    @property
    def is_answer(self) -> bool:
        """Whether there is something to give."""
        return bool(self.outcomes)


def conclude(choices: Sequence[Said], asked: Asked, model: Model, *, was_sent: bool) -> Conclusion:
    """Return how a generation ended of whose choices this is known."""
    ends = [conclude_choice(said, failure, asked, model, was_sent=was_sent) for said, failure in choices]
    if any(end.outcome is not None for end in ends):
        return _conclude_answer(choices, ends, asked, model)
    return _conclude_error(ends)


def conclude_outcome(said: Said, asked: Asked, model: Model) -> Outcome:
    """Return how a choice ended that was sent."""
    end = conclude_choice(*said, asked, model, was_sent=True)
    return end.outcome or _to_failed(end)


def stopped_sent() -> GatewayError:
    """Return what a call ended with that was under way when the gateway stopped."""
    return UpstreamFailure(
        "The gateway stopped before Gemini's answer was complete. The picture may have been bought; it is not "
        "asked for again."
    )


def stopped_unsent() -> GatewayError:
    """Return what a call ended with that had not been sent when the gateway stopped."""
    return GatewayUnavailable(
        "The gateway stopped before the call was sent; nothing was bought.", code="shutting_down"
    )


def cancelled() -> GatewayError:
    """Return what a call ended with that its owner took back before it was sent."""
    return Conflict(
        "The call was taken back by its owner before it was sent; nothing was bought.", code="cancelled"
    )


def unwanted() -> GatewayError:
    """Return what a choice ended with whose client had left before it was sent, unlike others of its call."""
    return GatewayUnavailable(
        "The client had left before this choice was sent; nothing was bought for it.", code="shutting_down"
    )


def _conclude_answer(
    choices: Sequence[Said], ends: Sequence[ChoiceConclusion], asked: Asked, model: Model
) -> Conclusion:
    notices: list[Notice] = []
    bills: list[Bill] = []
    for index, ((said, _), end) in enumerate(zip(choices, ends, strict=True)):
        notices += end.notices if len(ends) == 1 else _name_choice(index, end.notices)
        if end.bill is not None:
            bills.append(end.bill)
        if end.outcome is None:
            notices.append(
                Notice("choice_failed", f"Choice {index} came to nothing: {_get_error(end).message}")
            )
        if end.state is State.UNKNOWN:
            bills.append(estimate_unknown(said, asked, model))
            told = f"Nobody knows what choice {index} cost; it is billed at the table's estimate."
            notices.append(Notice("choice_unknown", told))
    answerers = {end.model_id for end in ends if end.outcome is not None}
    return Conclusion(
        state=State.SETTLED,
        model_id=answerers.pop() if len(answerers) == 1 else None,
        outcomes=tuple(end.outcome or _to_failed(end) for end in ends),
        texts=tuple(end.text or "" for end in ends),
        bill=_add(bills),
        notices=tuple(notices),
        is_replayable=True,
    )


def _conclude_error(ends: Sequence[ChoiceConclusion]) -> Conclusion:
    """Return an end without an answer: an unknown one if any is, else the first."""
    chief = next((end for end in ends if end.state is State.UNKNOWN), ends[0])
    is_unknown = chief.state is State.UNKNOWN
    billed = [] if is_unknown else [end for end in ends if end.bill is not None]
    return Conclusion(
        state=billed[0].state if billed else chief.state,
        bill=_add(end.bill for end in billed if end.bill is not None) if billed else None,
        error=_get_error(chief),
        is_replayable=chief.is_replayable,
        is_assumed_free=any(end.is_assumed_free for end in ends),
    )


def _to_failed(end: ChoiceConclusion) -> Outcome:
    return to_failed_outcome(_get_error(end))


def _get_error(end: ChoiceConclusion) -> GatewayError:
    return end.error or InternalError()


def _name_choice(index: int, notices: Iterable[Notice]) -> list[Notice]:
    return [replace(notice, message=f"Choice {index}: {notice.message}") for notice in notices]


def _add(bills: Iterable[Bill]) -> Bill:
    """Return the sum; where a price is not known, that of all is not."""
    found = list(bills)
    costs = [bill.cost_micro_usd for bill in found if bill.cost_micro_usd is not None]
    return Bill(
        tokens=TokenCount(
            input_text=sum(bill.tokens.input_text for bill in found),
            input_image=sum(bill.tokens.input_image for bill in found),
            output_image=sum(bill.tokens.output_image for bill in found),
            output_text=sum(bill.tokens.output_text for bill in found),
            thoughts=sum(bill.tokens.thoughts for bill in found),
        ),
        cost_micro_usd=sum(costs) if len(costs) == len(found) else None,
    )
