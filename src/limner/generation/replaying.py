"""Reads a stored generation back, so that it can be answered as if it had just ended. Knows no door."""

import asyncio
from concurrent.futures import Executor
from pathlib import Path

import msgspec

from limner.catalogue import ImageModel, find_model
from limner.errors import GatewayError, InternalError, NotFound, no_storage
from limner.generation.journal import ErrorNote, read_lines, to_error
from limner.generation.record import Asked, Generation, State
from limner.generation.settling import StoredAnswer
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.records import GenerationRecord, Scope, StoredPicture
from limner.pictures.store import PictureStore, read_journal
from limner.pictures.stored import StoredSpool


def find_image_model(name: str) -> ImageModel:
    """Return a model that was drawn with. Raises InternalError if this version does not know it."""
    model = find_model(name)
    if model is None:
        raise InternalError
    return model


class StoredFailure(Exception):
    """A call is answered with the error that its generation ended with."""

    def __init__(self, generation_id: str, error: GatewayError) -> None:
        super().__init__(error.message)
        self.generation_id = generation_id
        self.error = error


def raise_stored_error(record: GenerationRecord) -> None:
    """Raise StoredFailure if a generation ended with an error."""
    if record.error is not None:
        error = to_error(msgspec.json.decode(record.error, type=ErrorNote))
        raise StoredFailure(record.id, error)


async def fetch_generation(
    generation_id: str, scope: Scope, ledger: Ledger, store: PictureStore, threads: Executor
) -> Generation:
    """Return a generation that was settled with an answer.

    Raises NotFound: its files were deleted, or are not what they were. StoredFailure: it ended with an error.
    """
    try:
        record = ledger.find(generation_id, scope)
        pictures = ledger.read_pictures(generation_id)
    except DatabaseError as error:
        raise no_storage() from error
    if record is None:
        raise InternalError
    raise_stored_error(record)
    folder = None if record.folder is None else store.get_path(record.folder)
    return await asyncio.get_running_loop().run_in_executor(
        threads, _load_generation, record, pictures, folder
    )


def _load_generation(
    record: GenerationRecord, pictures: list[StoredPicture], folder: Path | None
) -> Generation:
    if record.answer is None or folder is None:
        raise NotFound("The answer of this call is no longer kept.")
    try:
        recorded = read_lines(read_journal(folder))
        spools = {picture.id: _open(folder, picture) for picture in pictures}
    except OSError as error:
        raise NotFound("The answer of this call is no longer there.") from error
    answer = msgspec.json.decode(record.answer, type=StoredAnswer)
    asked = msgspec.json.decode(record.asked, type=Asked)
    generation = Generation(record.id, asked, find_image_model(asked.upstream_model))
    generation.transcript = recorded.transcript
    generation.spools.update(spools)
    generation.outcome = answer.outcome
    generation.bill = answer.bill
    generation.notices.extend(answer.notices)
    generation.restore(State.SETTLED)
    return generation


def _open(folder: Path, picture: StoredPicture) -> StoredSpool:
    has_pixels = picture.width is not None and picture.height is not None
    spool = StoredSpool(
        folder / picture.file_name,
        size_bytes=picture.size_bytes,
        sha256=picture.sha256,
        mime_type=picture.mime_type,
        pixels=(picture.width or 0, picture.height or 0) if has_pixels else None,
    )
    spool.open()
    return spool
