"""The values of directives: what `503`, `2s`, `50%` or `10/2s` after a directive's name stand for.

It must not know where directives stand, whom they are for or how they are carried out.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from limner.emulator.reasons import REASONS
from limner.emulator.scripted import NAMED_ERRORS

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)?")
_SIZE = re.compile(r"(\d+)(KB|MB)?", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}
_CHARACTERS = {"KB": 1024, "MB": 1024 * 1024, None: 1}

_QUOTAS = {
    "minute": "minute",
    "day": "day",
    "free": "free",
    "zero": "free",
    "credits": "credits",
    "prepay": "credits",
}


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


def _read_finish(value: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", value):
        raise ValueError(value)
    return value


def _read_rate(value: str) -> tuple[int, float]:
    """Calls and the seconds they may come in; a minute if nothing else is said."""
    calls, _, window = value.partition("/")
    window_seconds = _read_seconds(window) if window else 60.0
    if int(calls) < 0 or not window_seconds:
        raise ValueError(value)
    return int(calls), window_seconds


def _read_word(value: str, *words: str) -> str:
    if value not in words:
        raise ValueError(value)
    return value


READERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "status": _read_status,
    "error": lambda value: {"error": _read_word(value, *NAMED_ERRORS)},
    "reason": lambda value: {"reason": _read_word(value, *REASONS)},
    "retry": lambda value: {"retry_seconds": math.inf if value == "none" else _read_seconds(value)},
    "quota": lambda value: {"quota": _QUOTAS[value]},
    "rpm": lambda value: {"rate": _read_rate(value)},
    "times": lambda value: {"times": int(value)},
    "delay": lambda value: {"delay_seconds": _read_seconds(value)},
    "finish": lambda value: {"finish": _read_finish(value)},
    "block": lambda value: {"block": _read_finish(value)},
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
"""What each directive changes, by its name. They raise `KeyError` or `ValueError` for a value that cannot be read."""
