"""Reads a stored generation back, so that it can be answered as if it had just ended. Knows no door."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from limner.catalogue import find_used_model
from limner.errors import GatewayError, NotFound
from limner.generation.journal import ErrorNote, to_error
from limner.generation.kept_signatures import open_signatures
from limner.generation.record import Asked, Generation
from limner.generation.recorded import read_lines
from limner.generation.settling import StoredAnswer
from limner.ledger.records import GenerationRecord, StoredPicture
from limner.pictures.spool import PictureSpool
from limner.pictures.store import read_journal
from limner.pictures.stored import StoredSpool
from limner.translate.transcript import Transcript


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


class Loaded(Struct, frozen=True, kw_only=True):
    """An answer as its record and its files have it, the files open."""

    transcripts: list[Transcript]
    """Of each choice."""
    spools: dict[str, PictureSpool]
    answer: StoredAnswer


def load(record: GenerationRecord, pictures: Sequence[StoredPicture], folder: Path) -> Loaded:
    """Return the answer of a record. Blocks.

    Raises NotFound: its files were deleted, or are not what they were.
    """
    if record.answer is None:
        raise _forgotten()
    try:
        recorded = read_lines(read_journal(folder))
        spools: dict[str, PictureSpool] = {picture.id: open_picture(folder, picture) for picture in pictures}
        if msgspec.json.decode(record.asked, type=Asked).is_native:
            spools.update(open_signatures(folder))
    except OSError as error:
        raise NotFound("The answer of this call is no longer there.") from error
    answer = msgspec.json.decode(record.answer, type=StoredAnswer)
    choices = recorded.list_choices(len(answer.outcomes))
    return Loaded(transcripts=[choice.transcript for choice in choices], spools=spools, answer=answer)


def fill(generation: Generation, loaded: Loaded) -> None:
    """Let a generation, which may be listened to, have all of an answer; it is not over yet."""
    generation.spools.update(loaded.spools)
    generation.bill = loaded.answer.bill
    generation.notices.extend(loaded.answer.notices)
    for choice, said, outcome in zip(
        generation.choices, loaded.transcripts, loaded.answer.outcomes, strict=True
    ):
        choice.transcript.take_over(said)
        choice.outcome = outcome


def to_generation(record: GenerationRecord) -> Generation:
    """Return a generation as its record has it, without an answer."""
    asked = msgspec.json.decode(record.asked, type=Asked)
    return Generation(record.id, asked, find_used_model(asked.upstream_model))


def find_folder(record: GenerationRecord) -> str:
    """Return where the files of an answer are. Raises NotFound if they were deleted."""
    if record.answer is None or record.folder is None:
        raise _forgotten()
    return record.folder


def _forgotten() -> NotFound:
    return NotFound("The answer of this call is no longer kept.")


def open_picture(folder: Path, picture: StoredPicture) -> StoredSpool:
    """Return a picture with its file open. Blocks. Raises OSError: it is not there, or not of its size."""
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
