"""`limner keys rotate`: gives a key another secret, while the old one works on for a time.

This module must not know how keys are stored or hashed.
"""

import json
import sys

import typer

from limner.cli_keys import open_keys
from limner.cli_listing import format_time
from limner.ledger.amounts import ACCEPTED_OVERLAP, read_overlap_seconds
from limner.ledger.key_accounts import describe_key
from limner.ledger.key_changes import find_named_key


def parse_overlap_seconds(text: str) -> int:
    """Return how long the old secret still works.

    Raises:
        typer.BadParameter: it is malformed.
    """
    seconds = read_overlap_seconds(text)
    if seconds is None:
        raise typer.BadParameter(f"--overlap is {text!r}; accepted: {ACCEPTED_OVERLAP}")
    return seconds


def rotate(name: str, *, overlap_seconds: int, secret: str | None, as_json: bool) -> None:
    """Rotate a key and print the new secret: alone on stdout, or in an object. Raises KeyRefused."""
    with open_keys() as (database, keys), database.transaction():
        key = find_named_key(database, name)
        database.lock("key", key.id)
        new_secret = keys.rotate(key, overlap_seconds=overlap_seconds, secret=secret)
        ends_at = describe_key(database, key, 0).previous_secret_ends_at if overlap_seconds else None
    if as_json:
        print(json.dumps({"name": name, "key": new_secret, "previous_secret_ends_at": ends_at}))
        return
    print(new_secret)
    ending = "does not any more" if ends_at is None else f"does so until {format_time(ends_at)}"
    print(
        f"This opens key {name!r} now; what did before {ending}. Keep it: it is not shown again.",
        file=sys.stderr,
    )
