"""Directives such as `[[status=503 times=1]]`: how a test scripts what the emulator does.

They stand in the last user text and are taken out of it before anything is drawn. This module reads them; it must not
know how they are carried out.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from limner.emulator.failures import GoogleError, invalid_argument
from limner.emulator.scripted import NAMED_ERRORS

_BRACKETS = re.compile(r"\[\[\s*([a-z][^\[\]]*?)\s*\]\]")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)?")
_SIZE = re.compile(r"(\d+)(KB|MB)?", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}
_CHARACTERS = {"KB": 1024, "MB": 1024 * 1024, None: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Directives:
    """What a scenario asked for. Shares run from 0 to 1, delays are in seconds."""

    status: int | None = None
    error: str | None = None
    retry_seconds: float | None = None
    quota: str | None = None
    times: int | None = None
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
    given: frozenset[str] = field(default_factory=frozenset)

    def without_trouble(self) -> "Directives":
        """The same scenario after its first n equal requests: only what shapes a good answer is left."""
        return Directives(
            images=self.images,
            thoughts=self.thoughts,
            signature_characters=self.signature_characters,
            given=self.given,
        )


def read_directives(text: str) -> tuple[str, Directives]:
    """Part a text into what is to be drawn and its directives.

    Double brackets that begin with no directive's name are left in the text. Raises `GoogleError` for a directive
    with a value that cannot be read, so that a scenario with a slip does not pass as a good answer.
    """
    found = Directives()

    def take(match: re.Match[str]) -> str:
        nonlocal found
        tokens = match.group(1).split()
        if tokens[0].partition("=")[0] not in _READERS:
            return match.group(0)
        for token in tokens:
            found = _read_token(found, token)
        return " "

    rest = _BRACKETS.sub(take, text)
    if not found.given:
        return text, found
    return re.sub(r"[ \t]{2,}", " ", rest).strip(), found


def _read_token(found: Directives, token: str) -> Directives:
    name, _, value = token.partition("=")
    try:
        change = _READERS[name](value)
    except (KeyError, ValueError):
        raise _unreadable(token) from None
    return replace(found, given=found.given | {name}, **change)


def _unreadable(token: str) -> GoogleError:
    return invalid_argument(f"Limner's Gemini emulator cannot read the directive {token!r}.")


def _read_status(value: str) -> dict[str, Any]:
    code = int(value)
    if not 400 <= code <= 599:
        raise ValueError(value)
    return {"status": code}


def _read_seconds(value: str) -> float:
    match = _DURATION.fullmatch(value)
    if match is None:
        raise ValueError(value)
    return float(match.group(1)) * _SECONDS[match.group(2)]


def _read_share(value: str) -> float:
    if not value.endswith("%") or not 0 <= float(value[:-1]) <= 100:
        raise ValueError(value)
    return float(value[:-1]) / 100


def _read_count(value: str) -> int:
    count = int(value)
    if not 0 <= count <= 16:
        raise ValueError(value)
    return count


def _read_characters(value: str) -> int:
    match = _SIZE.fullmatch(value)
    if match is None:
        raise ValueError(value)
    unit = match.group(2)
    return int(match.group(1)) * _CHARACTERS[unit.upper() if unit else None]


def _read_reason(value: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", value):
        raise ValueError(value)
    return value


def _read_word(value: str, *words: str) -> str:
    if value not in words:
        raise ValueError(value)
    return value


_READERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "status": _read_status,
    "error": lambda value: {"error": _read_word(value, *NAMED_ERRORS)},
    "retry": lambda value: {"retry_seconds": _read_seconds(value)},
    "quota": lambda value: {"quota": _read_word(value, "minute", "free", "credits")},
    "times": lambda value: {"times": int(value)},
    "delay": lambda value: {"delay_seconds": _read_seconds(value)},
    "finish": lambda value: {"finish": _read_reason(value)},
    "block": lambda value: {"block": _read_reason(value)},
    "text-only": lambda value: {"text_only": not _read_word(value, "")},
    "images": lambda value: {"images": _read_count(value)},
    "thoughts": lambda value: {"thoughts": _read_count(value)},
    "signature": lambda value: {"signature_characters": _read_characters(value)},
    "cut": lambda value: {"cut": _read_share(value)},
    "stall": lambda value: {"stall_seconds": _read_seconds(value)},
    "at": lambda value: {"stall_at": _read_share(value)},
    "garbage": lambda value: {"garbage": not _read_word(value, "")},
    "bad-base64": lambda value: {"bad_base64": not _read_word(value, "")},
    "no-usage": lambda value: {"no_usage": not _read_word(value, "")},
    "error-midstream": lambda value: {"error_midstream": _read_word(value, "", "data") or "raw"},
}
