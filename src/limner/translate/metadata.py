"""Checks the metadata that clients attach to a completion, by OpenAI's rules. Pure.

Facts (openai-python 3.54, 2026-11): up to 16 pairs of strings, keys up to 64 characters, values up to 512.
"""

from collections.abc import Mapping

from limner.errors import InvalidRequest
from limner.translate.shown import name_type, refuse_type, shorten

MAX_PAIRS = 16
MAX_KEY_CHARACTERS = 64
MAX_VALUE_CHARACTERS = 512


def check_metadata(metadata: Mapping[str, object]) -> dict[str, str]:
    """Return metadata that can be kept and searched. Raises InvalidRequest."""
    if len(metadata) > MAX_PAIRS:
        raise _refuse(f"'metadata' has {len(metadata)} pairs; accepted: up to {MAX_PAIRS}.", "metadata")
    return {_check_key(key): _check_value(key, value) for key, value in metadata.items()}


def _check_key(key: str) -> str:
    if len(key) > MAX_KEY_CHARACTERS:
        raise _refuse(
            f"A key of 'metadata' has {len(key)} characters; accepted: up to {MAX_KEY_CHARACTERS}.", "metadata"
        )
    if not _is_text(key):
        raise _refuse(f"A key of 'metadata' is {shorten(key)}, which is no text.", "metadata")
    return key


def _check_value(key: str, value: object) -> str:
    param = f"metadata.{key}"
    if not isinstance(value, str):
        raise refuse_type(param, "a string", name_type(value))
    if len(value) > MAX_VALUE_CHARACTERS:
        raise _refuse(
            f"{param!r} has {len(value)} characters; accepted: up to {MAX_VALUE_CHARACTERS}.", param
        )
    if not _is_text(value):
        raise _refuse(f"{param!r} is {shorten(value)}, which is no text.", param)
    return value


def _is_text(text: str) -> bool:
    """Return whether a text is Unicode without NUL: PostgreSQL's JSON functions refuse that one."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _refuse(message: str, param: str) -> InvalidRequest:
    return InvalidRequest(message, code="unsupported_value", param=param)
