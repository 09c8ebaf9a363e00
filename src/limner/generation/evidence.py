"""What speaks for it that a call with an unknown outcome was bought, or was not. Weighs, decides nothing. Pure.

Facts: what fails with Google's 400 or 500 is not charged (ai.google.dev/gemini-api/docs/billing, "Am I charged for failed
requests?", read 2026-11); a 502 comes from Google's front end and says nothing of the work behind it; of calls whose
caller has gone Google says nothing, and drawn pictures were found on bills.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, json

from limner.ledger.records import GenerationRecord, UpstreamCall

Leaning = Literal["post", "void", "open"]
"""What the evidence speaks for: that it was bought, that it was not, or neither."""

_OK = 200
_FRONT_END = (408, 499, 502)
"""Said by what stands before Gemini, or because a caller went: the work may have been done."""


class Evidence(Struct, frozen=True):
    """What speaks for a decision."""

    leaning: Leaning
    reasons: tuple[str, ...]
    """A sentence each."""


class Terms(Struct, frozen=True, kw_only=True):
    """What becomes of unknown outcomes by themselves."""

    policy: Literal["hold", "post", "void"]
    unknown_ms: int

    def find_end_ms(self, record: GenerationRecord) -> int | None:
        """Return when the policy decides on a generation; None: never, it waits for somebody."""
        if self.policy == "hold" or record.ended_at_ms is None:
            return None
        return record.ended_at_ms + self.unknown_ms


class _Error(Struct):
    """What is read of an error."""

    code: str = ""


def weigh(record: GenerationRecord, calls: Sequence[UpstreamCall], *, arrived_bytes: int | None) -> Evidence:
    """Return what is known of a call with an unknown outcome.

    `arrived_bytes` is how much of its pictures came before the end, None if that is not to be seen here.
    """
    code = json.decode(record.error, type=_Error).code if record.error else ""
    found = [_weigh_call(call, code, has_several=len(calls) > 1) for call in calls]
    if not calls:
        found.append(
            ("open", "Of the call to Gemini nothing is on record: the gateway was killed under way.")
        )
    if arrived_bytes:
        told = f"{arrived_bytes:,} bytes of a picture had come: it was drawn, so Google very likely bills it."
        found.append(("post", told))
    leanings = {leaning for leaning, _ in found}
    leaning: Leaning = "post" if "post" in leanings else "void" if leanings == {"void"} else "open"
    reasons = [reason for _, reason in found]
    if leaning == "open":
        reasons.append("Nothing here says whether it was bought: compare the day with Google's bill.")
    return Evidence(leaning, tuple(reasons))


def _weigh_call(call: UpstreamCall, code: str, *, has_several: bool) -> tuple[Leaning, str]:
    leaning, reason = _judge(call, code)
    return leaning, f"Choice {call.choice}: {reason[0].lower()}{reason[1:]}" if has_several else reason


def _judge(call: UpstreamCall, code: str) -> tuple[Leaning, str]:
    if call.status is None:
        why = (
            "No byte was answered before our deadline"
            if code == "upstream_timeout"
            else "The connection broke before a byte was answered"
        )
        return "open", f"{why}; Gemini may have drawn it all the same."
    if call.response_id is not None:
        return (
            "post",
            "Gemini had begun its answer, which broke off: Google very likely bills what was drawn.",
        )
    if call.status == _OK:
        return "post", "Gemini had taken the call (200) and its answer broke off: Google probably bills it."
    if call.status >= 400 and call.status not in _FRONT_END:
        return "void", f"Gemini answered {call.status}; Google says that what fails so is not charged."
    return "open", f"The answer was {call.status}, which says nothing of the work behind it."
