"""Directives such as `[[status=503 times=1]]`: how a test scripts what the emulator does, and to whom.

They stand in the last user text, and are taken out of it before anything is drawn, or in the standing script. This
module reads them and picks those that are for a caller; it must not know how they are carried out.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from limner.emulator.directive_values import READERS
from limner.emulator.failures import GoogleError, invalid_argument

_BRACKETS = re.compile(r"\[\[\s*([a-z][^\[\]]*?)\s*\]\]")
_CONDITIONS = ("key", "model", "kind")
# What shapes a good answer is left when the first n requests were disturbed.
_SHAPES = frozenset({"images", "thoughts", "signature_characters"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Directives:
    """What a scenario asked for one call. Shares run from 0 to 1, delays are in seconds.

    A `retry_seconds` of infinity names no wait. `rate` is the number of calls a credential may make of a model, and in how many seconds.
    """

    status: int | None = None
    error: str | None = None
    reason: str | None = None
    retry_seconds: float | None = None
    quota: str | None = None
    rate: tuple[int, float] | None = None
    delay_seconds: float = 0.0
    finish: str | None = None
    block: str | None = None
    text_only: bool = False
    images: int = 1
    thoughts: int = 0
    signature_characters: int | None = None
    cut: float | None = None
    stall_seconds: float = 0.0
    stall_at: float = 0.5
    garbage: bool = False
    bad_base64: bool = False
    no_usage: bool = False
    error_midstream: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whom a call comes from and where it goes: a credential, a model's id, and `gemini` or `vertex`."""

    credential: str
    model: str
    kind: str


@dataclass(frozen=True, slots=True)
class Scene:
    """Directives for the callers that meet its conditions, which are `(name, value)` pairs; anyone meets none."""

    conditions: tuple[tuple[str, str], ...]
    changes: Mapping[str, Any]

    def is_for(self, caller: Caller) -> bool:
        """Whether a caller meets all conditions: for `key` the end of its credential is compared."""
        return all(_meets(caller, name, value) for name, value in self.conditions)

    def changes_at(self, count: Callable[["Scene"], int]) -> dict[str, Any]:
        """What it changes, after its first n requests only what is no trouble."""
        changes = dict(self.changes)
        times = changes.pop("times", None)
        if times is None or count(self) <= times:
            return changes
        return {name: value for name, value in changes.items() if name in _SHAPES}


def _meets(caller: Caller, name: str, value: str) -> bool:
    if name == "key":
        return caller.credential.endswith(tuple(value.split(",")))
    return (caller.model if name == "model" else caller.kind) in value.split(",")


@dataclass(frozen=True, slots=True)
class Scenes:
    """All that a text says, what is for anyone first. `given` are the names it used."""

    scenes: tuple[Scene, ...]
    given: frozenset[str]

    def changes_for(self, caller: Caller, count: Callable[[Scene], int]) -> dict[str, Any]:
        """The fields of `Directives` that are not as usual for a caller; `count` counts a request of a scene's."""
        changes: dict[str, Any] = {}
        for scene in self.scenes:
            if scene.is_for(caller):
                changes |= scene.changes_at(count)
        return changes


def read_directives(text: str) -> tuple[str, Scenes]:
    """Part a text into what is to be drawn and its directives.

    Double brackets that begin with no directive's name are left in the text. Raises `GoogleError` for a directive
    with a value that cannot be read, so that a scenario with a slip does not pass as a good answer.
    """
    found: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    given: set[str] = set()

    def take(match: re.Match[str]) -> str:
        tokens = match.group(1).split()
        name, equals, _ = tokens[0].partition("=")
        if name not in READERS and not (name in _CONDITIONS and equals):
            return match.group(0)
        conditions, changes = _read_bracket(tokens)
        found.setdefault(conditions, {}).update(changes)
        given.update(token.partition("=")[0] for token in tokens)
        return " "

    rest = _BRACKETS.sub(take, text)
    # What is said of some callers goes before what is said of all, wherever it stands.
    scenes = sorted((Scene(*each) for each in found.items()), key=lambda scene: bool(scene.conditions))
    if not given:
        return text, Scenes((), frozenset())
    return re.sub(r"[ \t]{2,}", " ", rest).strip(), Scenes(tuple(scenes), frozenset(given))


def _read_bracket(tokens: list[str]) -> tuple[tuple[tuple[str, str], ...], dict[str, Any]]:
    """The conditions and the changes of one pair of brackets."""
    conditions: dict[str, str] = {}
    changes: dict[str, Any] = {}
    for token in tokens:
        name, _, value = token.partition("=")
        if name in _CONDITIONS and value and (name != "kind" or value in {"gemini", "vertex"}):
            conditions[name] = value
            continue
        try:
            changes |= READERS[name](value)
        except (KeyError, ValueError):
            raise _unreadable(token) from None
    return tuple(sorted(conditions.items())), changes


def _unreadable(token: str) -> GoogleError:
    return invalid_argument(f"Limner's Gemini emulator cannot read the directive {token!r}.")
