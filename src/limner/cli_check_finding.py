"""What `limner check` says of one thing. Records only."""

from typing import Literal

from msgspec import Struct


class Finding(Struct, frozen=True):
    """One thing that was tried."""

    item: str
    state: Literal["ok", "warning", "failed", "skipped"]
    told: str
    """What is so; without secrets."""
    advice: str | None = None
    """What to do about it."""
