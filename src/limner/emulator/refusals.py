"""The forms in which Gemini answers 200 and gives no picture.

Source: live tests of 2026-09-02 and 2026-09-24 and captured traffic; texts word for word. It must not know requests.
"""

from collections.abc import Mapping
from typing import Any

_NOT_CHARGED = "You will not be charged for blocked images. Try rephrasing the prompt."

FINISH_MESSAGES: Mapping[str, str] = {
    "IMAGE_SAFETY": (
        "Unable to show the generated image. The image was filtered out because it violated Google's Generative AI "
        f"Prohibited Use policy. {_NOT_CHARGED}"
    ),
    "IMAGE_OTHER": (
        "Unable to show the generated image. The model could not generate the image based on the prompt provided. "
        "You will not be charged for this request. Try rephrasing the prompt."
    ),
    "IMAGE_PROHIBITED_CONTENT": (
        "Unable to show the generated image due to interests of third-party content providers. Please edit your "
        "prompt and try again. If you think this was an error, send feedback. Support code: 35561574"
    ),
    "OTHER": "Model failed to generate content due to internal error.",
}

# What stands as `content`; other reasons come without the key.
_EMPTY_CONTENTS: Mapping[str, dict[str, Any]] = {
    "NO_IMAGE": {},
    "IMAGE_SAFETY": {},
    "IMAGE_OTHER": {},
    "IMAGE_PROHIBITED_CONTENT": {"role": "model"},
    "IMAGE_RECITATION": {"role": "model"},
}

# Reasons that end an answer after some text.
_SPOKEN_TEXTS: Mapping[str, str] = {
    "STOP": "",
    "MAX_TOKENS": "Here is the picture you asked",
    "SAFETY": "I will draw",
}

_HARMS = ("SEXUALLY_EXPLICIT", "HATE_SPEECH", "HARASSMENT", "DANGEROUS_CONTENT")


def candidate_refused(reason: str, *, empty: bool = False) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Parts, and the candidate without them, for a finish reason (`empty`: nothing was asked, not even in words)."""
    candidate: dict[str, Any] = {}
    if reason in _EMPTY_CONTENTS and not empty:
        candidate["content"] = dict(_EMPTY_CONTENTS[reason])
    candidate["finishReason"] = reason
    if reason in FINISH_MESSAGES:
        candidate["finishMessage"] = FINISH_MESSAGES[reason]
    if reason == "SAFETY":
        candidate["safetyRatings"] = _rate("DANGEROUS_CONTENT")
    parts = [{"text": _SPOKEN_TEXTS[reason]}] if reason in _SPOKEN_TEXTS else []
    return parts, candidate


def feedback_blocked(reason: str, *, vertex: bool = False) -> dict[str, Any]:
    """The `promptFeedback` of an input that was blocked before anything was generated."""
    feedback: dict[str, Any] = {
        "blockReason": reason,
        "safetyRatings": _rate("HATE_SPEECH") if reason == "SAFETY" else [],
    }
    if vertex:
        feedback["blockReasonMessage"] = "The prompt could not be submitted."
    return feedback


def _rate(harm: str) -> list[dict[str, str]]:
    """Safety ratings in which one category is high."""
    return [
        {"category": f"HARM_CATEGORY_{name}", "probability": "HIGH" if name == harm else "NEGLIGIBLE"}
        for name in _HARMS
    ]
