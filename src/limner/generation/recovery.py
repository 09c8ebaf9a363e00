"""Brings files and books together when the gateway starts, before it takes a call. Blocks: nothing else runs yet.

After a kill at any moment a generation has an end again: what was received whole is settled, what was never
sent is void, and of the rest nobody knows. Files that the books have never heard of, as after an older
database was restored, are adopted by their journal's head.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from limner.catalogue import find_model, find_used_model
from limner.errors import GatewayError
from limner.generation.claiming import name_folder
from limner.generation.conclusion import Conclusion, conclude, stopped_sent, stopped_unsent
from limner.generation.journal import Head, to_error
from limner.generation.record import Asked, State
from limner.generation.recorded import Recorded, RecordedChoice, read_lines
from limner.generation.settling import to_ending, to_rows
from limner.generation.stored_request import is_request_only
from limner.ledger.generations import Ledger
from limner.ledger.records import Ending, GenerationRecord, NewGeneration
from limner.pictures.store import PictureStore, read_journal, sum_sizes
from limner.pictures.stored import verify

_LOG = logging.getLogger("limner.generation")

_FOLDERS_AT_ONCE = 500


async def recover(ledger: Ledger, store: PictureStore) -> None:
    """Give what this server left an end, and every kept folder a row. Raises DatabaseError or OSError."""
    store.remove_probes()
    store.remove_unfinished()
    await ledger.reset_clients()
    for record in await ledger.list_orphans():
        ending = recover_running(record, store)
        await ledger.end(ending)
        _LOG.info("generation %s of before the start ended as %s", record.id, ending.state)
    for folders in _split(store.list_folders()):
        await _sort_folders(folders, ledger, store)
    await _sort_drafts(ledger, store)


async def _sort_folders(folders: Sequence[str], ledger: Ledger, store: PictureStore) -> None:
    """Adopt kept folders that the books do not have, and remove those they have let go."""
    known = await ledger.list_known([folder.partition("/")[2] for folder in folders])
    for folder in folders:
        found = known.get(folder.partition("/")[2])
        if found is not None and found.folder == folder:
            continue
        record = await ledger.find_any(folder.partition("/")[2])
        if record is not None and record.state == State.SETTLED and record.error is None:
            store.remove(folder)
            continue
        adopted = adopt_unknown(folder, store)
        if adopted is None or (record is not None and record.state != State.UNKNOWN):
            _LOG.error("the files in %s are not whole, or their call ended otherwise; they stay", folder)
        elif record is not None:
            await ledger.end(adopted[1])
        else:
            await ledger.adopt(_to_new(adopted[0]), adopted[1])


async def _sort_drafts(ledger: Ledger, store: PictureStore) -> None:
    """Remove what unfinished generations left, but for those whose outcome nobody knows.

    What is whole is adopted: one that the books do not have, and one that others gave up while this server was away.
    """
    for generation_id in store.list_drafts():
        record = await ledger.find_any(generation_id)
        if record is None:
            head = _read(store.get_draft_path(generation_id)).head
            if head is None or head.generation_id != generation_id:
                continue
            folder = name_folder(generation_id, head.asked.created)
            store.adopt(generation_id, folder)
            if (adopted := adopt_unknown(folder, store)) is not None:
                await ledger.adopt(_to_new(head), adopted[1])
        elif record.state != State.UNKNOWN:
            store.remove_draft(generation_id)
        elif (ending := recover_running(record, store)).answer is not None:
            await ledger.end(ending)
            _LOG.info("generation %s, given up as unknown, ended as %s", record.id, ending.state)


def conclude_abandoned(record: GenerationRecord) -> Ending | None:
    """Return how a generation ended whose gateway is gone, and its files with it as long as it does not come back.

    None: a newer version has to say, for this one does not know the model.
    """
    asked = msgspec.json.decode(record.asked, type=Asked)
    if find_model(asked.upstream_model) is None:
        return None
    return to_ending(record.id, _conclude(Recorded(), asked, was_sent=record.sent_at_ms is not None))


def _split(folders: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(folders)
    while found := list(islice(remaining, _FOLDERS_AT_ONCE)):
        yield found


def recover_running(record: GenerationRecord, store: PictureStore) -> Ending:
    """Return how a generation ended that ran when the process before this one died. Raises OSError."""
    asked = msgspec.json.decode(record.asked, type=Asked)
    folder = name_folder(record.id, asked.created)
    for path, is_kept in ((store.get_path(folder), True), (store.get_draft_path(record.id), False)):
        if not path.exists():
            continue
        recorded = _read(path)
        was_sent = record.sent_at_ms is not None or not is_request_only(path)
        conclusion = _conclude(recorded, asked, was_sent=was_sent)
        if not conclusion.is_answer:
            return to_ending(record.id, conclusion)
        if not is_kept:
            store.adopt(record.id, folder)
        rows = to_rows([choice.transcript for choice in recorded.choices], recorded.file_names)
        return to_ending(record.id, conclusion, rows, folder, sum_sizes(store.get_path(folder)))
    return to_ending(record.id, _conclude(Recorded(), asked, was_sent=record.sent_at_ms is not None))


def adopt_unknown(folder: str, store: PictureStore) -> tuple[Head, Ending] | None:
    """Return what the files of a kept folder say of a generation, None if they are not whole. Raises OSError."""
    path = store.get_path(folder)
    recorded = _read(path)
    head = recorded.head
    if head is None or recorded.end is None:
        return None
    conclusion = _conclude(recorded, head.asked, was_sent=True)
    if not conclusion.is_answer:
        return None
    rows = to_rows([choice.transcript for choice in recorded.choices], recorded.file_names)
    return head, to_ending(head.generation_id, conclusion, rows, folder, sum_sizes(path))


def _read(path: Path) -> Recorded:
    """Return what a folder holds; a picture whose file is not as the journal says is not complete."""
    recorded = read_lines(read_journal(path))
    for picture in (picture for choice in recorded.choices for picture in choice.transcript.pictures):
        file_name = recorded.file_names.get(picture.id)
        if picture.is_unreadable:
            continue
        if file_name is None or not verify(path / file_name, picture.size_bytes, picture.sha256):
            picture.is_complete = False
    return recorded


def _to_new(head: Head) -> NewGeneration:
    return NewGeneration(
        generation_id=head.generation_id,
        door=head.door,
        owner=head.owner,
        end_user=head.end_user,
        key_id=head.key_id,
        fingerprint=bytes.fromhex(head.fingerprint),
        idempotency_digest=None
        if head.idempotency_digest is None
        else bytes.fromhex(head.idempotency_digest),
        model=head.asked.upstream_model,
        asked=msgspec.json.encode(head.asked),
        is_stream=head.is_stream,
        store=head.store,
        metadata=None if head.metadata is None else msgspec.json.encode(head.metadata),
        prompt=head.prompt,
        conversation=head.conversation,
        is_linked=head.is_linked,
        pictures_asked=head.asked.n if head.asked.draws else 0,
        reserved_micro_usd=head.reserved_micro_usd,
        claimed_at_ms=head.claimed_at_ms,
    )


def _conclude(recorded: Recorded, asked: Asked, *, was_sent: bool) -> Conclusion:
    model = find_used_model(asked.upstream_model)
    choices = recorded.list_choices(asked.n)
    said = [
        (choice.transcript, _find_failure(choice) if was_sent else stopped_unsent()) for choice in choices
    ]
    return conclude(said, asked, model, was_sent=was_sent)


def _find_failure(choice: RecordedChoice) -> GatewayError | None:
    """Return what ended the receiving before its time."""
    if choice.failure is not None:
        return to_error(choice.failure)
    said = choice.transcript
    has_end = choice.is_over or said.finish is not None
    if has_end and all(picture.is_complete for picture in said.pictures):
        return None
    return stopped_sent()
