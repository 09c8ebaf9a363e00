"""Says which strings of a request in Gemini's own format are base64, and where they go back. Pure.

Both spellings of a field are read, as Google does. Nothing but the base64 of parts is taken out: a data URI in a text
is text, and what a function was called with or answered is nobody's business here.

Facts: Google takes both alphabets of base64 (protobuf's JSON form, 2026-11); google-genai 3.4.0 for Python sends the one
with `-` and `_`. Values that stand in for a signature, such as `skip_thought_signature_validator`, are short and words.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from limner.translate.contents import Insert, Signature
from limner.translate.passing import Long
from limner.translate.tokens import ARRAY, mark
from limner.wire.gemini import PLACE

_BLOBS = frozenset({"inlineData", "inline_data"})
_SIGNATURES = frozenset({"thoughtSignature", "thought_signature"})
_FOREIGN = frozenset({"args", "response"})
"""Objects whose fields are a function's, not Google's."""


class Placed(Struct, frozen=True, kw_only=True):
    """A request with places for its base64. `inserts` are what goes there, in the order of the encoded request."""

    request: dict[str, Any]
    inserts: tuple[Insert, ...]
    text_bytes: int
    """UTF-8 bytes of all other strings."""


def choose_passing(path: Sequence[str]) -> Long:
    """Return how much of the string at `path` is taken out of a request."""
    if not path or not is_base64(path):
        return Long.NONE
    return Long.IF_LONG if path[-1] in _SIGNATURES else Long.WHOLE


def is_base64(path: Sequence[str]) -> bool:
    """Return whether the string at `path` is the base64 of a part."""
    named = [name for name in path if name != ARRAY]
    if not named or not _FOREIGN.isdisjoint(named):
        return False
    if named[-1] in _SIGNATURES:
        return named[-2:-1] == ["parts"]
    return named[-1] == "data" and named[-3:-2] == ["parts"] and named[-2] in _BLOBS


def put_places(fields: dict[str, Any], count: int) -> Placed:
    """Return a request that came with `count` strings of base64, places in place of their marks."""
    walk = _Walk({mark(number): number for number in range(count)})
    request = walk.copy(fields, [])
    return Placed(request=request, inserts=tuple(walk.inserts), text_bytes=walk.text_bytes)


class _Walk:
    def __init__(self, numbers: dict[str, int]) -> None:
        self._numbers = numbers
        self.inserts: list[Insert] = []
        self.text_bytes = 0

    def copy(self, value: Any, path: list[str]) -> Any:
        if isinstance(value, dict):
            return {name: self.copy(inner, [*path, name]) for name, inner in value.items()}
        if isinstance(value, list):
            inside = [*path, ARRAY]
            return [self.copy(inner, inside) for inner in value]
        if not isinstance(value, str):
            return value
        number = self._numbers.get(value) if is_base64(path) else None
        if number is None:
            self.text_bytes += len(value.encode("utf-8", "surrogatepass"))
            return value
        self.inserts.append(Signature(number) if path[-1] in _SIGNATURES else number)
        return PLACE
