"""`limner generations show`: one call in full, and what speaks for which decision on it. Works while `serve` runs.

What was asked and drawn is not shown. This module must not know how the books are kept.
"""

from collections.abc import Iterator

import msgspec

from limner.cli_failure import CommandFailed
from limner.cli_generations import find_end_ms, get_reserved_micro_usd, read_error, to_json, weigh_case
from limner.cli_keys import open_books_database
from limner.cli_listing import format_exact_usd, format_time, print_json, print_table, to_iso, to_usd
from limner.config import Settings, load_settings
from limner.ledger.cases import Case, Entry, find_case, read_entries
from limner.ledger.lookups import read_pictures
from limner.ledger.records import StoredPicture, UpstreamCall
from limner.web.ownership import to_generation_id

_LEANINGS = {
    "post": "The evidence speaks for --post: it was bought.",
    "void": "The evidence speaks for --void: it was not bought.",
    "open": "The evidence speaks for neither.",
}


def show(generation_id: str, *, as_json: bool) -> None:
    """Print one generation.

    Raises:
        CommandFailed: there is none with this id.
    """
    settings = load_settings()
    known_id = to_generation_id(generation_id) or generation_id
    with open_books_database(settings) as database:
        case = find_case(database, known_id)
        if case is None:
            raise CommandFailed(f"there is no generation {generation_id!r}")
        entries, pictures = read_entries(database, known_id), read_pictures(database, known_id)
    if as_json:
        print_json(_to_json(case, entries, pictures, settings))
        return
    print_table([(name, value) for name, value in _describe(case, entries, pictures)])
    if case.record.state == "unknown":
        print()
        for line in _advise(case, settings):
            print(line)


def _describe(case: Case, entries: list[Entry], pictures: list[StoredPicture]) -> Iterator[tuple[str, str]]:
    record, error = case.record, read_error(case.record)
    yield "id", record.id
    yield "state", record.state
    yield "key", f"{case.key_name} (owner {record.owner})"
    yield "user", record.end_user or "-"
    yield "door", f"{record.door}, {'streamed' if record.is_stream else 'whole'}"
    yield "model", record.model
    for name, at_ms in (
        ("claimed", record.claimed_at_ms),
        ("sent", record.sent_at_ms),
        ("ended", record.ended_at_ms),
        ("delivered", record.delivered_at_ms),
    ):
        yield name, "-" if at_ms is None else format_time(at_ms / 1000)
    yield "cost", "-" if record.cost_micro_usd is None else format_exact_usd(record.cost_micro_usd)
    yield "held", format_exact_usd(get_reserved_micro_usd(record))
    yield "error", "-" if error is None else f"{record.error_status} {error.code}: {error.message}"
    for call in case.calls:
        yield f"choice {call.choice}", _describe_call(call)
    for picture in pictures:
        yield "picture", f"{picture.id} {picture.mime_type} {picture.size_bytes:,} bytes"
    yield "files", "-" if record.folder is None else f"pictures/{record.folder}"
    for entry in entries:
        moved = f"pending {_sign(entry.pending_micro_usd)}, posted {_sign(entry.posted_micro_usd)}"
        note = f" ({entry.note})" if entry.note else ""
        yield entry.kind, f"{format_time(entry.at_ms / 1000)}: {moved}{note}"


def _describe_call(call: UpstreamCall) -> str:
    answered = "no answer" if call.status is None else f"answered {call.status}"
    response = "" if call.response_id is None else f", response {call.response_id}"
    said = "" if call.said is None else f": {call.said}"
    return f"{call.upstream} ({call.kind}), {call.model}, attempt {call.attempts}, {answered}{response}{said}"


def _advise(case: Case, settings: Settings) -> Iterator[str]:
    evidence, end_ms = weigh_case(case, settings), find_end_ms(case.record, settings)
    yield from evidence.reasons
    yield _LEANINGS[evidence.leaning]
    yield f"To decide: limner generations resolve {case.record.id} --post | --void"
    if end_ms is None:
        yield "LIMNER_UNKNOWN_POLICY is hold: the money stays held until you decide."
    else:
        yield (
            f"LIMNER_UNKNOWN_POLICY is {settings.unknown_policy}: without you it is decided so at "
            f"{format_time(end_ms / 1000)}."
        )


def _to_json(
    case: Case, entries: list[Entry], pictures: list[StoredPicture], settings: Settings
) -> dict[str, object]:
    record, error = case.record, read_error(case.record)
    return {
        **to_json(case, settings),
        "owner": record.owner,
        "door": record.door,
        "is_stream": record.is_stream,
        "sent_at": None if record.sent_at_ms is None else to_iso(record.sent_at_ms),
        "delivered_at": None if record.delivered_at_ms is None else to_iso(record.delivered_at_ms),
        "error": None if error is None else {**msgspec.to_builtins(error), "status": record.error_status},
        "folder": record.folder,
        "pictures": [msgspec.to_builtins(picture) for picture in pictures],
        "entries": [
            {
                "kind": entry.kind,
                "at": to_iso(entry.at_ms),
                "pending_usd": _to_signed_usd(entry.pending_micro_usd),
                "posted_usd": _to_signed_usd(entry.posted_micro_usd),
                "note": entry.note,
            }
            for entry in entries
        ],
    }


def _sign(micro_usd: int) -> str:
    return f"{'-' if micro_usd < 0 else ''}{format_exact_usd(abs(micro_usd))}"


def _to_signed_usd(micro_usd: int) -> object:
    return -to_usd(-micro_usd) if micro_usd < 0 else to_usd(micro_usd)
