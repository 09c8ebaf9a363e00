"""`limner keys import`: takes in a CSV file of keys, all of it or nothing. This module must not know any column.

Secrets are printed only where one was made, because the file had none: as CSV on stdout, or in the JSON.
"""

import csv
import sys
import time
from pathlib import Path

import msgspec
import typer

from limner.cli_failure import CommandFailed
from limner.cli_keys import open_keys
from limner.cli_listing import print_json
from limner.ledger.key_import import ON_CONFLICT, ImportRules, import_keys
from limner.ledger.key_reading import read_key_file
from limner.wire.limner_keys import KeyImport


def parse_rules(on_conflict: str, *, is_dry_run: bool) -> ImportRules:
    """Return how the file is taken.

    Raises:
        typer.BadParameter: what is to be done with keys that are there is none of the things that can be.
    """
    if on_conflict not in ON_CONFLICT:
        raise typer.BadParameter(f"--on-conflict is {on_conflict!r}; accepted: {', '.join(ON_CONFLICT)}")
    return ImportRules(on_conflict=on_conflict, is_dry_run=is_dry_run)


def import_file(path: str, rules: ImportRules, *, owner_from: str | None, as_json: bool) -> None:
    """Import a file and say what became of it. Raises LedgerError or CommandFailed."""
    data = _read(path)
    now = int(time.time())
    with open_keys() as (database, keys):
        file = read_key_file(data, keys.digests, owner_from=owner_from, now=now)
        with database.transaction():
            done = import_keys(database, file, keys.digests, rules, now)
    if as_json:
        print_json(msgspec.to_builtins(done))
        return
    if done.keys:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([("name", "key"), *((made.name, made.key) for made in done.keys)])
    _tell(done)


def _read(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise CommandFailed(f"cannot read {path} ({error.strerror})") from error


def _tell(done: KeyImport) -> None:
    words = (
        f"{'Would be imported' if done.dry_run else 'Imported'}: {done.created}; updated: {done.updated}; "
        f"skipped: {done.skipped}; left out: {done.left_out}. The columns are {done.format}'s."
    )
    print(words, file=sys.stderr)
    for note in done.notes:
        lines = ", ".join(map(str, note.lines))
        more = f" and {note.count - len(note.lines)} more" if note.count > len(note.lines) else ""
        print(f"line {lines}{more}: {note.message}", file=sys.stderr)
    if done.keys:
        print("The keys above were made just now. Keep them: they are not shown again.", file=sys.stderr)
