"""Whatever is sent, the emulator answers in Google's form: a picture or an error body, never a fault of its own."""

from typing import Any

from calling import FLASH, ask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from programs import Emulator

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def fields(*names: str, **known: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with any of these fields, each of a fitting or of any value."""
    strategies = dict.fromkeys(names, VALUES) | {name: fitting | VALUES for name, fitting in known.items()}
    return st.fixed_dictionaries({}, optional=strategies)


PART = fields(
    "inlineData", "fileData", "thought", "thoughtSignature", text=st.just("a fox [[finish=NO_IMAGE]]")
)
CONTENT = fields("role", parts=st.lists(PART, min_size=1, max_size=2))
IMAGE_CONFIG = fields(
    aspectRatio=st.sampled_from(["1:1", "9:21", ""]), imageSize=st.sampled_from(["512", "9K"])
)
CONFIG = fields(
    "temperature", "seed", "responseModalities", "thinkingConfig", "topP", imageConfig=IMAGE_CONFIG
)
PAYLOAD = fields(
    "systemInstruction",
    "safetySettings",
    "tools",
    "store",
    contents=st.lists(CONTENT, min_size=1, max_size=2),
    generationConfig=CONFIG,
)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(payload=PAYLOAD | VALUES)
def test_any_json_is_answered_or_refused(emulator: Emulator, payload: Any) -> None:
    """Any JSON body is answered with candidates or refused with 400 or 403 and an error body."""
    reply = ask(emulator.url, payload, FLASH)
    body = reply.json()
    assert (reply.status, "candidates" in body) == (200, True) or (
        reply.status in {400, 403} and body["error"]["code"] == reply.status
    )
