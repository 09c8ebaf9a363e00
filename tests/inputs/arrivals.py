"""Pictures to send in, and what of a call arrived at the upstream. Must not know how clients spell things."""

import base64
import json
from typing import Any, NamedTuple

from asking import digest
from upstreams import Call


class Picture(NamedTuple):
    """A PNG as far as its header goes; `number` makes it one of its own."""

    number: int
    width: int = 64
    height: int = 64
    padding_bytes: int = 0

    @property
    def data(self) -> bytes:
        size = self.width.to_bytes(4, "big") + self.height.to_bytes(4, "big")
        return (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
            + size
            + b"\x08\2\0\0\0"
            + self.number.to_bytes(40, "big")
            + bytes(self.padding_bytes)
        )

    @property
    def bare(self) -> str:
        return base64.b64encode(self.data).decode()

    @property
    def uri(self) -> str:
        return f"data:image/png;base64,{self.bare}"

    @property
    def name(self) -> str:
        """What it is called in what arrived."""
        return digest(self.data)


def list_turns(call: Call) -> list[tuple[str, list[str]]]:
    """Return what Gemini was sent: role and parts of each turn, texts as they are, pictures by their digests."""
    contents: list[dict[str, Any]] = json.loads(call.body)["contents"]
    return [(content["role"], [_name(part) for part in content["parts"]]) for content in contents]


def _name(part: dict[str, Any]) -> str:
    if "inlineData" not in part:
        return str(part["text"])
    return digest(base64.b64decode(part["inlineData"]["data"], validate=True))
