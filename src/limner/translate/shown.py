"""Says how a client's value is shown in a message. A value may be megabytes; a message is a line."""

_MAX_CHARACTERS = 80


def shorten(value: str) -> str:
    """Return `value` in quotes, cut to a readable length."""
    return repr(value) if len(value) <= _MAX_CHARACTERS else f"{value[:_MAX_CHARACTERS]!r}…"
