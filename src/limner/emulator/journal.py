"""The record of generate calls, and how often each equal one came. It must not know HTTP."""

import hashlib
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

_MOST_ENTRIES = 10_000


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(slots=True, kw_only=True)
class Entry:
    """One generate call. `status` is the HTTP status sent, None while none is; `signatures` counts those received.

    `kind` is `gemini` or `vertex`, `project` and `location` are Vertex AI's, `path` has no query.
    """

    time: str = field(default_factory=_now)
    model: str
    method: str
    stream: bool
    key_suffix: str
    prompt: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    signatures: int = 0
    status: int | None = None
    outcome: str = "running"
    kind: str = "gemini"
    project: str = ""
    location: str = ""
    path: str = ""


class Journal:
    """The latest calls, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_MOST_ENTRIES)
        self._seen: Counter[bytes] = Counter()

    def add(self, entry: Entry) -> Entry:
        """Record a call as it arrives; its entry is completed in place."""
        self._entries.append(entry)
        return entry

    def count_equal(self, body: bytes, group: str) -> int:
        """Count this body in a group of calls and say how many equal ones came in it, this one included."""
        digest = hashlib.sha256(group.encode() + b"\0" + body).digest()
        self._seen[digest] += 1
        return self._seen[digest]

    def listed(self) -> list[dict[str, Any]]:
        """All entries as JSON objects."""
        return [asdict(entry) for entry in self._entries]

    def clear(self) -> None:
        """Forget all calls, and how often equal ones came."""
        self._entries.clear()
        self._seen.clear()
