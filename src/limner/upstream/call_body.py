"""The bodies that are sent to Gemini, as far as sending them needs to know. A protocol only."""

from collections.abc import AsyncIterator
from typing import Protocol


class CallBody(Protocol):
    """The body of a call: its exact length and its bytes, which can be read again for another attempt."""

    length: int

    def read(self) -> AsyncIterator[bytes]:
        """Yield the bytes."""
