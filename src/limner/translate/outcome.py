"""Says how a finished transcript ended: the finish reason, the refusal, the notices, or the error. Pure.

Facts (google-genai 3.4.0's FinishReason; observed refusals 2026-09): a refused picture is a good answer with
a finish reason such as IMAGE_SAFETY and often a finishMessage, or STOP with text alone; a blocked prompt has
promptFeedback and no candidate. Neither is charged for the picture.
"""

from msgspec import Struct

from limner.errors import GatewayError, InvalidRequest, UpstreamFailure
from limner.translate.failure import clean, to_gateway_error
from limner.translate.transcript import Picture, TextPiece, Transcript
from limner.wire.gemini import ErrorStatus
from limner.wire.openai import Notice

_STOP_REASONS = frozenset({"STOP", "NO_IMAGE", "IMAGE_OTHER", "OTHER"})


class Outcome(Struct, frozen=True, kw_only=True):
    """How a generation ended that has something to give."""

    finish_reason: str
    refusal: str | None
    notices: tuple[Notice, ...]
    is_truncated: bool = False
    """The upstream stopped after a whole picture; its own count of tokens did not come."""
    is_failed: bool = False
    """Whether it is a choice that came to nothing beside others: `refusal` says why."""


def judge(
    transcript: Transcript,
    failure: GatewayError | None,
    model_id: str,
    *,
    draws: bool = True,
    passes_blocks: bool = False,
) -> Outcome:
    """Return how it ended. Raises the GatewayError to be told where there is nothing to give.

    `failure` is what ended the receiving before its time, if anything did; `draws` says whether a picture is due,
    `passes_blocks` whether a blocked prompt is an answer and no error.
    """
    if transcript.error is not None and failure is None:
        error = transcript.error
        failure = to_gateway_error(error.code, ErrorStatus(error.code, error.message, error.status), model_id)
        if failure.should_retry and transcript.has_begun:
            failure = UpstreamFailure(
                f"Gemini broke off its answer with error {error.code}. The picture may have been bought; it is not "
                "asked for again."
            )
    whole = [picture for picture in transcript.pictures if picture.is_whole]
    if failure is not None:
        if not any(not picture.is_thought for picture in whole):
            raise failure
        notice = Notice("upstream_truncated", "Gemini's answer broke off after the picture was complete.")
        return Outcome(finish_reason="length", refusal=None, notices=(notice,), is_truncated=True)
    if transcript.blocked is not None:
        blocked = transcript.blocked
        said = f" {clean(blocked.message)}" if blocked.message else ""
        told = f"Gemini blocked the prompt: {blocked.reason}.{said}"
        if passes_blocks:
            return Outcome(finish_reason="content_filter", refusal=told, notices=())
        raise InvalidRequest(told, code="content_policy_violation")
    if transcript.finish is None:
        raise UpstreamFailure("Gemini's answer has no finish reason.", code="upstream_invalid_response")
    return _judge_finished(transcript, transcript.finish.reason, whole, draws=draws)


def to_failed_outcome(error: GatewayError) -> Outcome:
    """Return how a choice ended that came to nothing beside others."""
    is_blocked = error.code == "content_policy_violation"
    return Outcome(
        finish_reason="content_filter" if is_blocked else "stop",
        refusal=error.message,
        notices=(),
        is_failed=True,
    )


def compare_size(transcript: Transcript, asked: str | None, expected: tuple[int, int] | None) -> list[Notice]:
    """Return a notice if a picture has other pixels than `expected` for the ratio and size `asked`."""
    for picture in transcript.pictures:
        if expected is None or picture.pixels is None or picture.is_thought or picture.pixels == expected:
            continue
        (width, height), (across, down) = picture.pixels, expected
        told = f"The picture is {width}x{height}; {asked} should be {across}x{down}."
        return [Notice("size_differs", told)]
    return []


def _judge_finished(transcript: Transcript, reason: str, whole: list[Picture], *, draws: bool) -> Outcome:
    unreadable = any(picture.is_unreadable for picture in transcript.pictures)
    notices: list[Notice] = []
    if unreadable and not whole:
        raise UpstreamFailure("Gemini's picture is not readable base64.", code="upstream_invalid_response")
    if unreadable:
        notices.append(
            Notice("picture_unreadable", "One of Gemini's pictures was not readable and is left out.")
        )
    if whole and all(picture.is_thought for picture in whole):
        notices.append(
            Notice(
                "thought_picture_delivered", "Gemini marked its only picture as a thought; it is delivered."
            )
        )
    refusal = None
    if draws and not whole:
        refusal = _explain(transcript, reason)
        notices.append(Notice("no_picture", f"Gemini returned no picture: {reason}."))
    return Outcome(finish_reason=_to_finish_reason(reason), refusal=refusal, notices=tuple(notices))


def _explain(transcript: Transcript, reason: str) -> str:
    """Return Gemini's reason for drawing nothing: its message, else its text, else the reason's name."""
    if transcript.finish is not None and transcript.finish.message:
        return clean(transcript.finish.message)
    said = "".join(p.text for p in transcript.pieces if isinstance(p, TextPiece) and not p.is_thought)
    return said.strip() or f"Gemini returned no picture: {reason}."


def _to_finish_reason(reason: str) -> str:
    if reason in _STOP_REASONS or reason.startswith("MALFORMED_"):
        return "stop"
    return "length" if reason == "MAX_TOKENS" else "content_filter"
