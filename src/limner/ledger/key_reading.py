"""Reads a file of keys up to where the books are needed: whose columns, which keys, what is wrong in the file itself.

Takes its time with thousands of keys, so it is done before a transaction, and off the event loop. Knows no database.
"""

from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

from limner.ledger.errors import KeyRefused
from limner.ledger.key_cells import Cells
from limner.ledger.key_foreign import FOREIGN
from limner.ledger.key_formats import LeftOut, Wanted, choose_format
from limner.ledger.key_rules import check_own_secret, generate_secret
from limner.ledger.key_secrets import SecretDigests
from limner.ledger.key_table import ImportRefused, hide, read_table, show

Problem = tuple[int, str]
"""A line, and what is wrong in it."""


class Candidate(Struct, frozen=True):
    """A key that is wanted, with what it is to be found by."""

    wanted: Wanted
    digest: bytes | None
    """None: the secret cannot be; that is a problem of the file."""
    other_digest: bytes | None
    """The digest that the same secret has if only its SHA-256 was known; None: it is not known more of it."""
    made: str | None
    """The secret that was made for it."""


class KeyFile(Struct, frozen=True):
    """What a file says."""

    format: str
    candidates: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]
    problems: tuple[Problem, ...]


def read_key_file(data: bytes, digests: SecretDigests, *, owner_from: str | None, now: int) -> KeyFile:
    """Return what a CSV file says at a time in epoch seconds.

    `owner_from` names a column whose cells are the keys' owners, instead of what the file's format takes.

    Raises:
        ImportRefused: the file cannot be read at all.
    """
    table = read_table(data)
    owner_column = None if owner_from is None else owner_from.strip().lower()
    if owner_column is not None and owner_column not in table.columns:
        there = ", ".join(map(show, table.columns))
        raise ImportRefused(
            [f"there is no column {show(owner_column)} to take owners from; there are {there}"]
        )
    kind = choose_format(table, FOREIGN, owner_column)
    wanted: list[Wanted] = []
    left_out: list[LeftOut] = []
    problems = [_split(text) for text in table.problems]
    for row in table.rows:
        cells = Cells(row)
        found = kind.read(cells, now)
        if isinstance(found, LeftOut):
            left_out.append(found)
            continue
        if owner_column is not None:
            found = replace(found, fields={**found.fields, "owner": cells.read(owner_column) or None})
        problems += [(row.line, text) for text in cells.problems]
        wanted.append(found)
    candidates, more = _to_candidates(_name_apart(wanted), digests)
    problems += more + _find_twice(candidates)
    return KeyFile(kind.name, tuple(candidates), tuple(left_out), tuple(problems))


def _split(text: str) -> Problem:
    line, _, rest = text.removeprefix("line ").partition(": ")
    return int(line), rest


def _name_apart(wanted: list[Wanted]) -> list[Wanted]:
    """Return the keys with names that differ, where the file's gateway let them be equal."""
    count = Counter(one.name for one in wanted)
    return [
        replace(one, name=one.other_name) if count[one.name] > 1 and one.other_name is not None else one
        for one in wanted
    ]


def _to_candidates(wanted: list[Wanted], digests: SecretDigests) -> tuple[list[Candidate], list[Problem]]:
    candidates: list[Candidate] = []
    problems: list[Problem] = []
    for one in wanted:
        if one.secret is not None and one.sha256 is not None:
            problems.append((one.line, "there is both a key and a sha256; leave one empty"))
        try:
            candidates.append(_to_candidate(one, digests))
        except KeyRefused as refused:
            problems.append((one.line, str(refused)))
            candidates.append(Candidate(one, None, None, None))
    return candidates, problems


def _to_candidate(wanted: Wanted, digests: SecretDigests) -> Candidate:
    if wanted.sha256 is not None:
        return Candidate(wanted, digests.make_of_hash(wanted.sha256), None, None)
    made = generate_secret() if wanted.secret is None else None
    secret = made or check_own_secret(wanted.secret or "")
    return Candidate(wanted, digests.make(secret), digests.make_as_hash(secret), made)


def _find_twice(candidates: list[Candidate]) -> list[Problem]:
    """Return what stands in more than one row and may not: names and secrets."""
    problems: list[Problem] = []
    names: dict[str, int] = {}
    secrets: dict[bytes, int] = {}
    for one in candidates:
        line = one.wanted.line
        first = names.setdefault(one.wanted.name, line)
        if first != line and one.wanted.name:
            problems.append((line, f"the name {hide(one.wanted.name)!r} is in line {first} already"))
        for digest in filter(None, (one.digest, one.other_digest)):
            first = secrets.setdefault(digest, line)
            if first != line:
                problems.append((line, f"its key is in line {first} already"))
                break
    return problems
