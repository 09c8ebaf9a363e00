"""Where Gemini is, and the bodies that are sent there. Records only."""

from collections.abc import AsyncIterator
from typing import Protocol

from msgspec import Struct


class Upstream(Struct, frozen=True, kw_only=True):
    """Where Gemini is and how it is reached."""

    base_url: str
    api_keys: tuple[str, ...]
    proxy: str | None = None
    ca_file: str | None = None
    timeout_seconds: float = 540.0


class CallBody(Protocol):
    """The body of a call: its exact length and its bytes, which are read once."""

    length: int

    def read(self) -> AsyncIterator[bytes]:
        """Yield the bytes."""
