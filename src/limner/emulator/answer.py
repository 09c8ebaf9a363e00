"""Make an answer: parts, finish, usage. One record serves the whole answer and its stream, so the two agree.

It must not know HTTP or bytes on the wire.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pybase64

from limner.emulator.call import Call
from limner.emulator.drawing import Sketch, draw_picture
from limner.emulator.failures import BAD_PICTURE, invalid_argument
from limner.emulator.refusals import candidate_refused, feedback_blocked
from limner.emulator.signatures import sign_part
from limner.emulator.text_answer import speak

CANNOT_TEXT = "I cannot fulfill this request. I can help you with a different picture if you describe one."


@dataclass(slots=True, kw_only=True)
class Answer:
    """An answer ready to be sent. `candidate` holds what stands beside `content` at the end of it."""

    parts: list[dict[str, Any]] = field(default_factory=list)
    candidate: dict[str, Any] = field(default_factory=dict)
    prompt_feedback: dict[str, Any] | None = None
    usage: dict[str, Any] | None
    early_usage: dict[str, Any] | None
    stamp: dict[str, Any]
    outcome: str = "ok"

    def whole(self) -> dict[str, Any]:
        """The body of `generateContent`."""
        body: dict[str, Any] = {}
        if self.prompt_feedback is not None:
            body["promptFeedback"] = self.prompt_feedback
        else:
            content = {"content": {"parts": self.parts, "role": "model"}} if self.parts else {}
            body["candidates"] = [{**content, **self.candidate}]
        return self._finished(body, self.usage)

    def events(self) -> list[dict[str, Any]]:
        """The events of `streamGenerateContent`: text in small pieces, each picture whole, the finish on the last."""
        if self.prompt_feedback is not None:
            return [self.whole()]
        events = [self._event([part]) for part in self._pieces()]
        last = self.candidate
        if self.parts:
            last = {"content": {"parts": [{"text": ""}], "role": "model"}, **last}
        return [*events, self._finished({"candidates": [last]}, self.usage)]

    def events_before_picture(self) -> list[dict[str, Any]]:
        """The events up to the first picture, and at least one: what a stream has sent when it breaks."""
        if self.prompt_feedback is not None:
            return self.events()
        events: list[dict[str, Any]] = []
        for event in self.events():
            if any(
                "inlineData" in part for part in event["candidates"][0].get("content", {}).get("parts", [])
            ):
                break
            events.append(event)
        return events or [self._event([{"text": ""}])]

    def _pieces(self) -> list[dict[str, Any]]:
        pieces: list[dict[str, Any]] = []
        for part in self.parts:
            if "text" not in part:
                pieces.append(part)
                continue
            # A signature comes with the first piece of its text only.
            first, *rest = re.findall(r"(?:\S+\s*){1,3}|\s+", part["text"]) or [""]
            pieces.append({**part, "text": first})
            pieces += [{"text": text, **({"thought": True} if part.get("thought") else {})} for text in rest]
        return pieces

    def _event(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        index = {"index": self.candidate["index"]} if "index" in self.candidate else {}
        candidate = {"content": {"parts": parts, "role": "model"}, **index}
        return self._finished({"candidates": [candidate]}, self.early_usage)

    def _finished(self, body: dict[str, Any], usage: dict[str, Any] | None) -> dict[str, Any]:
        if usage is not None:
            body["usageMetadata"] = usage
        return {**body, **self.stamp}


def make_answer(call: Call) -> Answer:
    """Draw what a call asks for, or refuse it in the form its directives name."""
    directives = call.directives
    if directives.block is not None:
        feedback = feedback_blocked(directives.block, vertex=call.door.vertex)
        return _answer(call, _refused_usage(call), prompt_feedback=feedback, outcome="blocked")
    if directives.finish is not None or call.empty:
        # An empty text draws nothing and its candidate has no content at all (live, 2026-09-02).
        reason = directives.finish or "NO_IMAGE"
        parts, candidate = candidate_refused(reason, empty=call.empty)
        _number_candidate(candidate, call)
        _sign_first_text(parts, call)
        return _answer(call, _refused_usage(call), parts=parts, candidate=candidate, outcome="refused")
    if not call.model.draws:
        return _answer_text(call)
    pictures = 0 if directives.text_only else directives.images
    parts = _make_parts(call, pictures)
    candidate = {"finishReason": "STOP"}
    _number_candidate(candidate, call)
    outcome = "ok" if pictures else "text-only"
    return _answer(call, _usage(call, parts, pictures), parts=parts, candidate=candidate, outcome=outcome)


def _answer_text(call: Call) -> Answer:
    """The answer of a text model."""
    text, reason = speak(call, _thought_tokens(call))
    parts: list[dict[str, Any]] = [{"text": text}] if text else []
    _sign_first_text(parts, call)
    if call.settings.include_thoughts and call.settings.thinks:
        thought = "**Considering the question**\n\nI weigh what was asked and what there is to see."
        parts.insert(0, {"text": thought, "thought": True})
    candidate = {"finishReason": reason}
    _number_candidate(candidate, call)
    return _answer(call, _usage(call, parts, 0), parts=parts, candidate=candidate)


def _answer(call: Call, usage: dict[str, Any], **parts: Any) -> Answer:
    stamp: dict[str, Any] = {"modelVersion": call.model.id, "responseId": secrets.token_urlsafe(17)}
    if call.door.vertex:
        stamp = {"modelVersion": call.model.id, "createTime": _now(), "responseId": stamp["responseId"]}
    early = _early_usage(call)
    shown = not call.directives.no_usage
    return Answer(usage=usage if shown else None, early_usage=early if shown else None, stamp=stamp, **parts)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _number_candidate(candidate: dict[str, Any], call: Call) -> None:
    """The Developer API numbers its one candidate, Vertex AI does not (recorded)."""
    if not call.door.vertex:
        candidate["index"] = 0


def _make_parts(call: Call, pictures: int) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    if call.settings.include_thoughts:
        parts.append(
            {
                "text": "**Planning the picture**\n\nI weigh the scene, its light and its colours.",
                "thought": True,
            }
        )
    parts += [
        {"inlineData": _inline_data(_draw(call, -1 - number), call), "thought": True}
        for number in range(call.directives.thoughts)
    ]
    if call.directives.text_only:
        parts.append({"text": CANNOT_TEXT})
    elif call.settings.with_text:
        parts.append({"text": _spoken_text(call)})
    _sign_first_text(parts, call)
    for number in range(pictures):
        data = _draw(call, number)
        part: dict[str, Any] = {"inlineData": _inline_data(data, call)}
        if call.model.signs:
            part["thoughtSignature"] = _sign(call, data)
        parts.append(part)
    return parts


def _sign(call: Call, content: bytes | None) -> str:
    return sign_part(call.model.family, content, call.signature_characters)


def _sign_first_text(parts: list[dict[str, Any]], call: Call) -> None:
    """Gemini 3 signs the first text after its thoughts, and no later one."""
    texts = [part for part in parts if "text" in part and not part.get("thought")]
    if texts and call.model.signs:
        texts[0]["thoughtSignature"] = _sign(call, None)


def _spoken_text(call: Call) -> str:
    subject = " ".join(call.prompt.split())
    shown = subject if len(subject) <= 120 else subject[:119].rstrip() + "\u2026"
    opening = (
        "Here is your picture, changed as you asked" if call.pictures else "Here is the picture you asked for"
    )
    return f"{opening}: {shown}\n\n" if shown else f"{opening}.\n\n"


def _draw(call: Call, variant: int) -> bytes:
    width, height = call.pixels
    sketch = Sketch(
        prompt=call.prompt,
        width=width,
        height=height,
        mime_type=call.settings.mime_type,
        jpeg_quality=call.settings.jpeg_quality,
        pictures=call.pictures,
        variant=variant,
        seed=call.settings.seed,
    )
    try:
        return draw_picture(sketch)
    except (OSError, SyntaxError, ValueError):
        # The header was read when the call was checked; the pixels behind it cannot be.
        raise invalid_argument(BAD_PICTURE) from None


def _inline_data(data: bytes, call: Call) -> dict[str, str]:
    encoded = pybase64.b64encode(data).decode()
    if call.directives.bad_base64:
        middle = len(encoded) // 2
        encoded = f"{encoded[:middle]}***{encoded[middle + 3 :]}"
    return {"mimeType": call.settings.mime_type, "data": encoded}


def _number_from(text: str, smallest: int, largest: int) -> int:
    digest = hashlib.sha256(text.encode()).digest()
    return smallest + int.from_bytes(digest[:4], "big") % (largest - smallest + 1)


def _prompt_usage(call: Call) -> dict[str, Any]:
    details = [{"modality": "TEXT", "tokenCount": call.text_tokens}]
    if call.picture_tokens:
        details.append({"modality": "IMAGE", "tokenCount": call.picture_tokens})
    return {"count": call.text_tokens + call.picture_tokens, "details": details}


def _thought_tokens(call: Call) -> int:
    thoughts = _number_from(f"thoughts {call.prompt}", 150, 260) if call.settings.thinks else 0
    limit = call.settings.max_output_tokens
    return thoughts if limit is None else min(thoughts, limit)


def _early_usage(call: Call) -> dict[str, Any]:
    """Usage on the events of a stream before its last: the prompt, and the thoughts where there are any."""
    prompt = _prompt_usage(call)
    thoughts = _thought_tokens(call)
    usage: dict[str, Any] = {
        "promptTokenCount": prompt["count"],
        "totalTokenCount": prompt["count"] + thoughts,
        "promptTokensDetails": prompt["details"],
    }
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    return {**usage, **_tier(call)}


def _refused_usage(call: Call) -> dict[str, Any]:
    """Usage of a refusal: nothing but the prompt; where there are thoughts they are counted twice (3 Pro, 2026)."""
    thoughts = _thought_tokens(call)
    mirrored = {"candidatesTokenCount": thoughts} if thoughts else {}
    return {**_early_usage(call), **mirrored}


def _usage(call: Call, parts: list[dict[str, Any]], pictures: int) -> dict[str, Any]:
    """Usage of a good answer: the text's tokens and 88 to 630 more are counted but not itemised (live, 2026)."""
    prompt = _prompt_usage(call)
    characters = sum(len(part["text"]) for part in parts if "text" in part and not part.get("thought"))
    text_tokens = round(characters / 4)
    picture_tokens = pictures * call.model.tokens_per_picture(call.settings.size) if pictures else 0
    extra = _number_from(call.prompt, 88, 630) if call.model.signs and pictures else text_tokens
    thoughts = _thought_tokens(call)
    usage: dict[str, Any] = {
        "promptTokenCount": prompt["count"],
        "candidatesTokenCount": picture_tokens + extra,
        "totalTokenCount": prompt["count"] + picture_tokens + extra + thoughts,
        "promptTokensDetails": prompt["details"],
    }
    details = [{"modality": "TEXT", "tokenCount": extra}] if call.door.vertex else []
    if pictures:
        details.append({"modality": "IMAGE", "tokenCount": picture_tokens})
    if details:
        usage["candidatesTokensDetails"] = details
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    return {**usage, **_tier(call)}


def _tier(call: Call) -> dict[str, str]:
    return {"trafficType": "ON_DEMAND"} if call.door.vertex else {"serviceTier": call.settings.service_tier}
