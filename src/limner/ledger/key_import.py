"""Puts the keys of a file into the books: all that are wanted, in one transaction, or none.

Everything is checked first, and all that is wrong is said at once, by line. This module must not know CSV.
"""

from dataclasses import replace
from secrets import token_hex

from msgspec import Struct, json

from limner.ledger.database import Database
from limner.ledger.errors import DuplicateError, KeyRefused
from limner.ledger.key_changes import change_key, check_admin_left
from limner.ledger.key_reading import Candidate, KeyFile, Problem
from limner.ledger.key_rows import to_key, to_row
from limner.ledger.key_rules import ApiKey, check_key
from limner.ledger.key_secrets import SecretDigests, exchange
from limner.ledger.key_table import ImportRefused, hide
from limner.ledger.queries import load_queries
from limner.wire.limner_keys import ImportNote, KeyImport, MadeKey

ON_CONFLICT = ("refuse", "skip", "update")
"""What is done with a row whose name or key is there already."""

_QUERIES = load_queries("keys")
_ROWS_AT_ONCE = 500
_SHOWN_LINES = 20


class ImportRules(Struct, frozen=True, kw_only=True):
    """How a file is taken."""

    on_conflict: str = "refuse"
    is_dry_run: bool = False
    """Whether everything is checked and nothing written."""
    keeps_admin: bool = False
    """Whether an admin key must be left that can be used."""


class _Present(Struct, frozen=True):
    """What is there already."""

    names: dict[str, ApiKey]
    owners: dict[bytes, str]
    """The key of each digest that opens one."""
    used: frozenset[bytes]
    """Digests that may not be given again."""


class _Plan(Struct):
    """What is to be done, as far as all is well."""

    new: list[tuple[ApiKey, Candidate]]
    changed: list[tuple[ApiKey, Candidate]]
    skipped: int
    problems: list[Problem]


def import_keys(
    database: Database, file: KeyFile, digests: SecretDigests, rules: ImportRules, now: int
) -> KeyImport:
    """Store the keys of a file, within a transaction of the caller's, and return what became of it.

    Raises:
        ImportRefused: something is wrong, or has been changed in this moment; nothing is written then if the
            caller ends its transaction so.
    """
    if not rules.is_dry_run:
        # A lock for each key would be thousands in one transaction, more than PostgreSQL has room for.
        database.fetch_all(_QUERIES["keep_writers_out"])
    plan = _make_plan(file, _read_present(database), rules.on_conflict, now)
    if plan.problems:
        raise ImportRefused([f"line {line}: {text}" for line, text in sorted(plan.problems)])
    if not rules.is_dry_run:
        _write(database, plan, digests, now)
        if rules.keeps_admin and plan.changed:
            check_admin_left(database, "", digests.secret_id, now)
    made = [] if rules.is_dry_run else [one for _, one in (*plan.new, *plan.changed) if one.made is not None]
    return KeyImport(
        format=file.format,
        dry_run=rules.is_dry_run,
        created=len(plan.new),
        updated=len(plan.changed),
        skipped=plan.skipped,
        left_out=len(file.left_out),
        notes=_note(file),
        keys=[MadeKey(line=one.wanted.line, name=one.wanted.name, key=one.made or "") for one in made],
    )


def _read_present(database: Database) -> _Present:
    keys = [to_key(row) for row in database.fetch_all(_QUERIES["list_keys"])]
    owners: dict[bytes, str] = {}
    used: set[bytes] = set()
    for digest, key_id, is_over in database.fetch_all(_QUERIES["list_secrets"]):
        if isinstance(digest, bytes):
            used.add(digest)
            if not is_over:
                owners[digest] = str(key_id)
    return _Present({key.name: key for key in keys}, owners, frozenset(used))


def _make_plan(file: KeyFile, present: _Present, on_conflict: str, now: int) -> _Plan:
    plan = _Plan([], [], 0, list(file.problems))
    for one in file.candidates:
        try:
            _decide(plan, one, present, on_conflict, now)
        except KeyRefused as refused:
            plan.problems.append((one.wanted.line, hide(str(refused))))
    return plan


def _decide(plan: _Plan, one: Candidate, present: _Present, on_conflict: str, now: int) -> None:
    """Put a row where it belongs. Raises KeyRefused."""
    named = present.names.get(one.wanted.name)
    digests = [digest for digest in (one.digest, one.other_digest) if digest is not None]
    is_used = any(digest in present.used for digest in digests)
    if named is None and not is_used:
        key = _to_new(one, now)
        check_key(key, now)
        plan.new.append((key, one))
        return
    if on_conflict == "skip":
        plan.skipped += 1
        return
    holders = {present.owners.get(digest) for digest in digests if digest in present.used}
    is_its_own = named is not None and holders <= {named.id}
    if is_used and not is_its_own:
        raise KeyRefused("its key is or was in use already by another key, perhaps a revoked one")
    if on_conflict == "refuse" or named is None:
        raise KeyRefused(
            f"there is a key named {one.wanted.name!r} already; skip or update those that are there, or rename it"
        )
    changed = _to_changed(named, one)
    check_key(changed if "expires_at" in one.wanted.fields else replace(changed, expires_at=None), now)
    # A row without a secret is about the key as it is; one with its present secret too.
    keeps_secret = one.made is not None or is_used
    plan.changed.append((changed, Candidate(one.wanted, None, None, None) if keeps_secret else one))


def _to_new(one: Candidate, now: int) -> ApiKey:
    key_id = f"key_{token_hex(16)}"
    plain = ApiKey(
        id=key_id,
        name=one.wanted.name,
        owner=key_id,
        is_admin=False,
        models=None,
        image_output=None,
        expires_at=None,
        created_at=now,
    )
    return _to_changed(plain, one)


def _to_changed(key: ApiKey, one: Candidate) -> ApiKey:
    fields = one.wanted.fields
    return replace(key, **{**fields, "owner": fields.get("owner", key.owner) or key.id})


def _write(database: Database, plan: _Plan, digests: SecretDigests, now: int) -> None:
    try:
        for start in range(0, len(plan.new), _ROWS_AT_ONCE):
            some = plan.new[start : start + _ROWS_AT_ONCE]
            rows = [_to_json_row(key, one, digests.secret_id) for key, one in some]
            database.change(_QUERIES["import_keys"], {"rows": json.encode(rows).decode()})
    except DuplicateError:
        raise ImportRefused(["somebody made a key of these names just now; import the file again"]) from None
    for key, one in plan.changed:
        if one.digest is not None:
            # The file says what the key is: what opened it before opens it no more.
            exchange(database, key.id, one.digest, secret_id=digests.secret_id, ends_at=now, now=now)
        change_key(database, key, one.wanted.fields, now)


def _to_json_row(key: ApiKey, one: Candidate, secret_id: str) -> dict[str, str | int | bytes | float | None]:
    digest = (one.digest or b"").hex()
    return {**to_row(key), "digest": digest, "digest_secret_id": secret_id, "created_at": key.created_at}


def _note(file: KeyFile) -> list[ImportNote]:
    """Return what is to be known, each thing once."""
    lines: dict[str, list[int]] = {}
    for out in file.left_out:
        lines.setdefault(f"left out: {out.reason}", []).append(out.line)
    for one in file.candidates:
        for text in one.wanted.notes:
            lines.setdefault(text, []).append(one.wanted.line)
    return [
        ImportNote(message=message, count=len(found), lines=found[:_SHOWN_LINES])
        for message, found in lines.items()
    ]
