"""What was sent to Gemini, as parts that can be compared."""

import base64
import json
from typing import Any, NamedTuple

from upstreams import Upstream


class Part(NamedTuple):
    """A text or a picture of a turn, and whether a signature came with it."""

    text: str | None
    picture: bytes | None
    is_signed: bool


class Sending:
    """One call: its turns, each a role and its parts."""

    def __init__(self, body: bytes) -> None:
        self.body: dict[str, Any] = json.loads(body)
        self.turns = [
            (content["role"], [_read_part(part) for part in content["parts"]])
            for content in self.body["contents"]
        ]

    @property
    def roles(self) -> list[str]:
        return [role for role, _ in self.turns]

    @property
    def pictures(self) -> list[tuple[str, bytes, bool]]:
        """Role, bytes and whether signed, in their order."""
        return [
            (role, part.picture, part.is_signed)
            for role, parts in self.turns
            for part in parts
            if part.picture
        ]


class Sendings:
    """All calls that came, in their order."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def __len__(self) -> int:
        return len(self._upstream.calls)

    @property
    def last(self) -> Sending:
        return Sending(self._upstream.calls[-1].body)


def _read_part(part: dict[str, Any]) -> Part:
    blob = part.get("inlineData")
    picture = None if blob is None else base64.b64decode(blob["data"], validate=True)
    signature = part.get("thoughtSignature")
    if signature is not None:
        base64.b64decode(signature, validate=True)
    return Part(part.get("text"), picture, signature is not None)
