"""Takes Gemini's answer as it comes: into the transcript, the spools and the journal of one choice."""

import time
from collections.abc import Callable

from limner.errors import GatewayError, UpstreamFailure
from limner.generation.journal import ChoiceWriter
from limner.generation.record import Choice, Generation
from limner.pictures.spool import FileSpool, InvalidBase64
from limner.pictures.store import Draft
from limner.translate.events import (
    AnsweredBy,
    Event,
    PictureBegins,
    PictureBytes,
    PictureEnds,
    SignatureBytes,
    SignatureEnds,
)
from limner.translate.reader import AnswerReader, InvalidAnswer, TruncatedAnswer
from limner.translate.transcript import Picture, Transcript, name_signature
from limner.upstream.client import Answer


class Receiver:
    """Receives one answer."""

    def __init__(
        self,
        generation: Generation,
        choice: Choice,
        draft: Draft,
        journal: ChoiceWriter,
        *,
        new_id: Callable[[str], str],
        new_spool: Callable[[], FileSpool],
    ) -> None:
        """`new_spool` is asked for where signatures are received that are given out."""
        self._generation = generation
        self._transcript = choice.transcript
        self._draft = draft
        self._journal = journal
        self._new_id = new_id
        self._new_spool = new_spool
        self._spool: FileSpool | None = None
        self._signature: FileSpool | None = None
        self._has_signature = False

    @property
    def transcript(self) -> Transcript:
        """What has been received."""
        return self._transcript

    def name_answerer(self, answered_by: AnsweredBy) -> None:
        """Note who answers."""
        self._take(answered_by)

    async def read(self, answer: Answer) -> None:
        """Read the answer to its end. Raises GatewayError where it is cut or is none."""
        is_native = self._generation.asked.is_native
        reader = AnswerReader(is_stream=answer.is_event_stream, keeps_documents=is_native)
        lost: GatewayError | None = None
        try:
            async for data in answer.read():
                for event in reader.feed(data):
                    self._take(event)
                self._generation.audience.notify()
        except GatewayError as error:
            lost = error
        except InvalidAnswer as error:
            raise UpstreamFailure(f"{error}.", code="upstream_invalid_response") from error
        finally:
            if self._signature is not None:
                self._signature.close()
        try:
            reader.close()
        except InvalidAnswer as error:
            raise lost or UpstreamFailure(f"{error}.", code="upstream_invalid_response") from error
        except TruncatedAnswer as error:
            raise lost or UpstreamFailure(
                f"{error}. The picture may have been bought; it is not asked for again."
            ) from error

    def _take(self, event: Event) -> None:
        transcript = self._transcript
        if isinstance(event, PictureBytes):
            self._append(transcript.pictures[-1], event.base64)
            return
        if isinstance(event, PictureBegins):
            self._begin(event)
            return
        if self._generation.asked.is_native and isinstance(event, SignatureBytes | SignatureEnds):
            self._take_signature(event)
            return
        if isinstance(event, PictureEnds):
            self._finish(transcript.pictures[-1])
        self._journal.add(event)
        transcript.add(event)
        if isinstance(event, PictureEnds) and self._spool is not None and self._spool.is_written:
            self._journal.flush()  # if the process dies now, this picture is found whole

    def _take_signature(self, event: SignatureBytes | SignatureEnds) -> None:
        """Receive a signature that is given out; one that is no base64 is of no use to anybody, and is left empty."""
        if self._signature is None:
            self._signature, self._has_signature = self._new_spool(), True
        spool = self._signature
        try:
            if isinstance(event, SignatureEnds):
                spool.finish()
            elif self._has_signature:
                spool.append(event.base64)
        except InvalidBase64:
            self._has_signature = False
        if isinstance(event, SignatureEnds):
            self._finish_signature(event, spool)

    def _finish_signature(self, event: SignatureEnds, spool: FileSpool) -> None:
        base64 = bytes(spool.read_base64(0, spool.size_bytes)) if self._has_signature else b""
        self._signature = None
        if base64:
            self._generation.spools[name_signature(len(self._transcript.signature_parts))] = spool
        else:
            spool.close()
        self._journal.receive_signature(event.part, base64)
        self._transcript.add(event)

    def _begin(self, event: PictureBegins) -> None:
        if self._generation.first_picture_at is None:
            self._generation.first_picture_at = time.monotonic()
        picture_id = self._new_id("img")
        self._journal.name_picture(picture_id)
        self._journal.add(event)
        self._transcript.add(event, picture_id=picture_id)
        self._spool = self._draft.new_spool()
        self._generation.spools[picture_id] = self._spool

    def _append(self, picture: Picture, base64: bytes) -> None:
        if picture.is_unreadable or self._spool is None:
            return
        try:
            self._spool.append(base64)
        except InvalidBase64:
            picture.is_unreadable = True
        picture.size_bytes = self._spool.size_bytes
        picture.sniffed_mime_type = self._spool.mime_type

    def _finish(self, picture: Picture) -> None:
        spool = self._spool
        if spool is None:
            return
        try:
            spool.finish()
        except InvalidBase64:
            picture.is_unreadable = True
        picture.size_bytes = spool.size_bytes
        picture.sniffed_mime_type = spool.mime_type
        picture.sha256 = spool.sha256
        picture.pixels = spool.pixels
        if picture.is_unreadable:
            self._draft.drop(spool)
        file_name = self._generation.file_names[picture.id] = self._draft.name_file(spool)
        self._journal.receive_picture(picture, spool, file_name)
