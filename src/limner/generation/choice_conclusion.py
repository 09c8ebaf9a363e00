"""How one choice of a generation ended and what it cost, from what Gemini said and what went wrong. Decides, does nothing."""

from msgspec import Struct

from limner.catalogue import Model, find_used_model
from limner.errors import (
    GatewayError,
    GatewayUnavailable,
    InsufficientQuota,
    InternalError,
    InvalidRequest,
    NotFound,
    RateLimited,
    UpstreamUnavailable,
)
from limner.generation.record import Asked, Bill, State
from limner.translate.composition import Composer, TextSegment
from limner.translate.outcome import Outcome, compare_size, judge
from limner.translate.transcript import TextPiece, Transcript, count_due
from limner.translate.usage import TokenCount, cost_micro_usd, count_tokens, estimate_tokens
from limner.wire.openai import Notice

LISTED_CHARACTERS = 2000
"""How much of an answer's text lists show. It is in the books, of which a page reads a hundred rows."""

_NOTHING_BOUGHT = (RateLimited, UpstreamUnavailable, GatewayUnavailable, InsufficientQuota)


_ANSWERED = frozenset({"content_policy_violation", "no_image_generated"})
"""Refusals by which Gemini has answered, and counted its tokens."""


class ChoiceConclusion(Struct, frozen=True, kw_only=True):
    """The end of a choice. Either `outcome` and `bill` are set, or `error` is; an error may have a bill as well."""

    state: State
    outcome: Outcome | None = None
    bill: Bill | None = None
    notices: tuple[Notice, ...] = ()
    text: str | None = None
    """The beginning of the text that a client is given, without pictures."""
    model_id: str | None = None
    """Of the model that answered."""
    error: GatewayError | None = None
    is_replayable: bool
    """Whether a repeat of the call is answered with this end."""
    is_assumed_free: bool = False


def conclude_choice(
    transcript: Transcript,
    failure: GatewayError | None,
    asked: Asked,
    model: Model,
    *,
    was_sent: bool,
) -> ChoiceConclusion:
    """Return how a choice ended whose receiving ended with `failure`, or in good order."""
    if not was_sent:
        return ChoiceConclusion(state=State.FAILED, error=failure or InternalError(), is_replayable=False)
    model = find_answerer(transcript, model)
    try:
        outcome = judge(transcript, failure, model.id, draws=asked.draws, passes_blocks=asked.is_native)
        _check_picture(transcript, outcome, asked)
    except GatewayError as error:
        return _conclude_error(transcript, error, asked, model)
    notices = [*outcome.notices]
    if model.id != asked.upstream_model:
        told = f"{asked.upstream_model} could not be had, so {model.id} was asked in its place."
        notices.insert(0, Notice("model_fallback", told))
    ratio, size = asked.aspect_ratio, asked.image_size
    expected = None if ratio is None else model.pixels.get((ratio, size))
    notices.extend(compare_size(transcript, f"{ratio} at {size}", expected))
    tokens, is_estimate = _count(transcript, asked, model, is_truncated=outcome.is_truncated)
    if is_estimate:
        notices.append(
            Notice("usage_estimated", "Gemini did not count this answer; tokens and cost are the table's.")
        )
    return ChoiceConclusion(
        state=State.SETTLED,
        outcome=outcome,
        bill=_to_bill(tokens, model, asked),
        notices=tuple(notices),
        text=_begin_text(transcript, outcome, asked),
        model_id=model.id,
        is_replayable=True,
    )


def find_answerer(transcript: Transcript, model: Model) -> Model:
    """Return the model that answered, where `model` was asked."""
    answered_by = transcript.answered_by
    return (
        model if answered_by is None or answered_by.model == model.id else find_used_model(answered_by.model)
    )


def _check_picture(transcript: Transcript, outcome: Outcome, asked: Asked) -> None:
    """Return if there is a picture or none is needed. Raises InvalidRequest."""
    if not asked.needs_picture or count_due(transcript):
        return
    is_filtered = outcome.finish_reason == "content_filter"
    raise InvalidRequest(
        outcome.refusal or "The model returned no picture.",
        code="content_policy_violation" if is_filtered else "no_image_generated",
    )


def estimate_unknown(transcript: Transcript, asked: Asked, model: Model) -> Bill:
    """Return what a choice of unknown outcome is taken to cost: the table's estimate of one picture."""
    model = find_answerer(transcript, model)
    tokens = estimate_tokens(
        model,
        text_bytes=asked.text_bytes,
        input_pictures=asked.input_pictures,
        pictures=1 if asked.draws else 0,
        size=asked.image_size,
        output_bytes=0 if asked.draws else _count_text_bytes(transcript),
    )
    return _to_bill(tokens, model, asked)


def _begin_text(transcript: Transcript, outcome: Outcome, asked: Asked) -> str:
    composer = Composer(
        transcript, form=asked.image_output, wants_thoughts=asked.wants_thoughts, draws=asked.draws
    )
    said = composer.take_rest(outcome.refusal)
    text = "".join(segment.text for segment in said if isinstance(segment, TextSegment)).strip()
    return text if len(text) <= LISTED_CHARACTERS else f"{text[: LISTED_CHARACTERS - 1]}…"


def _conclude_error(
    transcript: Transcript, error: GatewayError, asked: Asked, model: Model
) -> ChoiceConclusion:
    if isinstance(error, _NOTHING_BOUGHT):
        return ChoiceConclusion(state=State.FAILED, error=error, is_replayable=False)
    if isinstance(error, InvalidRequest | NotFound):
        if error.code not in _ANSWERED:
            return ChoiceConclusion(state=State.REFUSED, error=error, is_replayable=False)
        tokens, _ = _count(transcript, asked, model, is_truncated=False)
        return ChoiceConclusion(
            state=State.REFUSED, error=error, bill=_to_bill(tokens, model, asked), is_replayable=True
        )
    if error.code == "upstream_error" and not transcript.has_begun:
        return ChoiceConclusion(state=State.FAILED, error=error, is_replayable=True, is_assumed_free=True)
    if error.code == "upstream_invalid_response" and transcript.usage and transcript.finish:
        # Gemini counted a complete answer, so it is charged, readable or not.
        tokens, _ = _count(transcript, asked, model, is_truncated=False)
        return ChoiceConclusion(
            state=State.SETTLED, error=error, bill=_to_bill(tokens, model, asked), is_replayable=True
        )
    return ChoiceConclusion(state=State.UNKNOWN, error=error, is_replayable=True)


def _count(
    transcript: Transcript, asked: Asked, model: Model, *, is_truncated: bool
) -> tuple[TokenCount, bool]:
    """Return the tokens, and whether they are the table's estimate."""
    pictures = sum(picture.is_complete for picture in transcript.pictures)
    if transcript.usage is not None and not is_truncated:
        return count_tokens(transcript.usage, model, pictures, asked.image_size), False
    tokens = estimate_tokens(
        model,
        text_bytes=asked.text_bytes,
        input_pictures=asked.input_pictures,
        pictures=pictures,
        size=asked.image_size,
        output_bytes=0 if asked.draws else _count_text_bytes(transcript),
    )
    return tokens, True


def _count_text_bytes(transcript: Transcript) -> int:
    return sum(len(piece.text.encode()) for piece in transcript.pieces if isinstance(piece, TextPiece))


def _to_bill(tokens: TokenCount, model: Model, asked: Asked) -> Bill:
    cost = cost_micro_usd(tokens, model, at_seconds=asked.created) if model.is_listed else None
    return Bill(tokens=tokens, cost_micro_usd=cost)
