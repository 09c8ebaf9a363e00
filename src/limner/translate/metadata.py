"""Checks the metadata that clients attach to a completion, by OpenAI's rules. Pure.

Facts (openai-python 3.54, 2026-11): up to 16 pairs of strings, keys up to 64 characters, values up to 512.
PostgreSQL's JSON functions refuse NUL (its documentation of JSON types, 2026-11).
"""

from collections.abc import Mapping, Sequence

from limner.errors import InvalidRequest
from limner.translate.messages import InputPicture, restore_text
from limner.translate.shown import name_type, refuse_type, shorten

MAX_PAIRS = 16
MAX_KEY_CHARACTERS = 64
MAX_VALUE_CHARACTERS = 512


def read_metadata(given: Mapping[str, object], pictures: Sequence[InputPicture]) -> dict[str, str]:
    """Return the metadata of a body, in which `pictures` were diverted. Raises InvalidRequest."""
    return check_metadata(
        {
            restore_text(key, pictures): restore_text(value, pictures) if isinstance(value, str) else value
            for key, value in given.items()
        }
    )


def check_metadata(metadata: Mapping[str, object]) -> dict[str, str]:
    """Return metadata that can be kept and searched. Raises InvalidRequest."""
    if len(metadata) > MAX_PAIRS:
        raise _refuse(f"'metadata' has {len(metadata)} pairs; accepted: up to {MAX_PAIRS}.", "metadata")
    return {_check_key(key): _check_value(key, value) for key, value in metadata.items()}


def _check_key(key: str) -> str:
    if len(key) > MAX_KEY_CHARACTERS:
        raise _refuse(
            f"A key of 'metadata' has {len(key)} characters; accepted: up to {MAX_KEY_CHARACTERS}.",
            "metadata",
        )
    if "\0" in key:
        raise _refuse(f"A key of 'metadata' is {shorten(key)}; accepted: text without NUL.", "metadata")
    return key


def _check_value(key: str, value: object) -> str:
    param = f"metadata.{key}"
    if not isinstance(value, str):
        raise refuse_type(param, "a string", name_type(value))
    if len(value) > MAX_VALUE_CHARACTERS:
        raise _refuse(
            f"{param!r} has {len(value)} characters; accepted: up to {MAX_VALUE_CHARACTERS}.", param
        )
    if "\0" in value:
        raise _refuse(f"{param!r} is {shorten(value)}; accepted: text without NUL.", param)
    return value


def _refuse(message: str, param: str) -> InvalidRequest:
    return InvalidRequest(message, code="unsupported_value", param=param)
