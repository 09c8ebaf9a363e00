"""How the gateway is, as records: whether it lives, and whether it can take calls. Records only."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class Alive(Struct, kw_only=True):
    """The process lives."""

    status: Literal["ok"] = "ok"
    version: str
    emulator: str | UnsetType = UNSET
    """The address of the bundled emulator, where that draws."""


class Readiness(Struct):
    """Whether calls can be taken; `checks` has "ok" or what is wrong."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, str]
    upstream: str | UnsetType = UNSET
    """How many credentials for Gemini rest, and why, if any does; it decides nothing."""
