"""Reads a stored generation back, so that it can be answered as if it had just ended. Knows no door."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from limner.catalogue import ImageModel, find_model
from limner.errors import GatewayError, InternalError, NotFound
from limner.generation.journal import ErrorNote, read_lines, to_error
from limner.generation.record import Asked, Generation
from limner.generation.settling import StoredAnswer
from limner.ledger.records import GenerationRecord, StoredPicture
from limner.pictures.store import read_journal
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


def load_generation(
    generation: Generation, record: GenerationRecord, pictures: Sequence[StoredPicture], folder: Path
) -> None:
    """Let a generation be what its record and its files say; it is not over yet. Blocks.

    Raises NotFound: its files were deleted, or are not what they were.
    """
    if record.answer is None:
        raise _forgotten()
    try:
        recorded = read_lines(read_journal(folder))
        spools = {picture.id: _open(folder, picture) for picture in pictures}
    except OSError as error:
        raise NotFound("The answer of this call is no longer there.") from error
    answer = msgspec.json.decode(record.answer, type=StoredAnswer)
    generation.transcript = recorded.transcript
    generation.spools.update(spools)
    generation.outcome = answer.outcome
    generation.bill = answer.bill
    generation.notices.extend(answer.notices)


def to_generation(record: GenerationRecord) -> Generation:
    """Return a generation as its record has it, without an answer."""
    asked = msgspec.json.decode(record.asked, type=Asked)
    return Generation(record.id, asked, find_image_model(asked.upstream_model))


def find_folder(record: GenerationRecord) -> str:
    """Return where the files of an answer are. Raises NotFound if they were deleted."""
    if record.answer is None or record.folder is None:
        raise _forgotten()
    return record.folder


def _forgotten() -> NotFound:
    return NotFound("The answer of this call is no longer kept.")


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
