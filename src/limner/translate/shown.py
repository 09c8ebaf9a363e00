"""Says how a client's value is shown in a message. A value may be megabytes; a message is a line."""

from limner.errors import InvalidRequest

_MAX_CHARACTERS = 80

TYPE_NAMES = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "a boolean",
    "list": "an array",
    "dict": "an object",
    "NoneType": "null",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
"""What JSON calls a type, by Python's name of it and by msgspec's."""


def shorten(value: str) -> str:
    """Return `value` in quotes, cut to a readable length."""
    return repr(value) if len(value) <= _MAX_CHARACTERS else f"{value[:_MAX_CHARACTERS]!r}…"


def name_type(value: object) -> str:
    """Return what JSON calls the type of a value that was read from it."""
    return TYPE_NAMES[type(value).__name__]


def refuse_type(param: str | None, wanted: str, got: str) -> InvalidRequest:
    """Return the error that tells of a field of a wrong type; `wanted` and `got` are types as JSON calls them."""
    return InvalidRequest(f"{param!r} must be {wanted}, not {got}.", code="invalid_type", param=param)
