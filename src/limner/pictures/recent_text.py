"""The last pieces of a picture's base64 as they came, for readers who keep up. Knows where they stand, no more."""

from collections import deque
from collections.abc import Sequence


class RecentText:
    """The pieces, and which part of the picture they are."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._begins = 0
        self._ends = 0

    def append(self, base64: bytes) -> None:
        """Take the next piece."""
        self._pieces.append(base64)
        self._ends += len(base64)

    def forget_before(self, decoded_bytes: int) -> None:
        """Drop the pieces that end before this place of the decoded picture."""
        limit = decoded_bytes // 3 * 4
        while self._pieces and self._begins + len(self._pieces[0]) <= limit:
            self._begins += len(self._pieces.popleft())

    def clear(self) -> None:
        """Drop all pieces."""
        self._pieces.clear()
        self._begins = self._ends

    def read(self, offset: int, end: int) -> Sequence[memoryview] | None:
        """Return pieces of the base64 of the decoded bytes from `offset` to `end`, or None if it is not all here."""
        start_at, end_at = offset // 3 * 4, -(-end // 3) * 4
        if start_at < self._begins or end_at > self._ends:
            return None
        found: list[memoryview] = []
        position = self._begins
        for piece in self._pieces:
            after = position + len(piece)
            if after > start_at:
                found.append(memoryview(piece)[max(start_at - position, 0) : end_at - position])
            position = after
            if position >= end_at:
                break
        return found
