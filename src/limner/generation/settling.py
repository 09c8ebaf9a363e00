"""Makes an end durable: files first, then the books in one transaction. Storage trouble never costs a picture.

What cannot be written now is tried again until it can, while the client is answered from memory.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from limner.generation.claiming import name_folder
from limner.generation.conclusion import Conclusion
from limner.generation.journal import to_note
from limner.generation.record import Bill, Choice, Generation, State
from limner.generation.storage import StorageGauge
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.records import Ending, StoredPicture, UpstreamCall
from limner.pictures.store import Draft, PictureStore
from limner.translate.outcome import Outcome
from limner.translate.transcript import Transcript
from limner.wire.openai import Notice

_LOG = logging.getLogger("limner.generation")

PATIENCE_SECONDS = 7.0
"""How long a client waits for its picture to be safe; the database gives up after 5."""

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0


class StoredChoice(Struct, frozen=True, kw_only=True):
    """What the books keep of a choice after the first."""

    outcome: Outcome
    text: str


class StoredAnswer(Struct, frozen=True, kw_only=True):
    """What the books keep of an answer; what Gemini said is in the journal."""

    outcome: Outcome
    """Of the first choice."""
    further: tuple[StoredChoice, ...] = ()
    """The other choices."""
    bill: Bill
    notices: tuple[Notice, ...]
    text: str | None = None
    """The beginning of the first choice's text as a client is given it, for lists; None where it was not written down."""

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """How each choice ended."""
        return (self.outcome, *(choice.outcome for choice in self.further))

    @property
    def texts(self) -> tuple[str | None, ...]:
        """The beginning of the text of each choice."""
        return (self.text, *(choice.text for choice in self.further))


def to_ending(
    generation_id: str,
    conclusion: Conclusion,
    pictures: tuple[StoredPicture, ...] = (),
    folder: str | None = None,
    stored_bytes: int = 0,
    upstream_calls: tuple[UpstreamCall, ...] = (),
) -> Ending:
    """Return what is written into the books."""
    bill, error = conclusion.bill, conclusion.error
    answer = None
    if conclusion.is_answer and bill is not None:
        outcomes, texts = conclusion.outcomes, conclusion.texts
        further = zip(outcomes[1:], texts[1:], strict=True)
        answer = StoredAnswer(
            outcome=outcomes[0],
            further=tuple(StoredChoice(outcome=outcome, text=text) for outcome, text in further),
            bill=bill,
            notices=conclusion.notices,
            text=texts[0],
        )
    tokens = bill.tokens if bill is not None else None
    is_unknown = conclusion.state is State.UNKNOWN
    return Ending(
        generation_id=generation_id,
        state=conclusion.state,
        cost_micro_usd=None if is_unknown else ((bill.cost_micro_usd or 0) if bill is not None else 0),
        answer=None if answer is None else msgspec.json.encode(answer),
        error=None if error is None else msgspec.json.encode(to_note(error)),
        error_status=None if error is None else error.status,
        is_replayable=conclusion.is_replayable,
        is_assumed_free=conclusion.is_assumed_free,
        input_tokens=tokens.input_text + tokens.input_image if tokens else 0,
        output_tokens=tokens.output_image + tokens.output_text + tokens.thoughts if tokens else 0,
        pictures=pictures,
        folder=folder,
        stored_bytes=stored_bytes,
        model=conclusion.model_id,
        upstream_calls=upstream_calls,
    )


def list_upstream_calls(choices: Sequence[Choice]) -> tuple[UpstreamCall, ...]:
    """Return what became of the calls for those choices of which any was sent."""
    return tuple(
        replace(choice.upstream_call, response_id=choice.transcript.response_id)
        for choice in choices
        if choice.upstream_call is not None
    )


class Settlement:
    """Writes the ends of generations."""

    def __init__(
        self,
        ledger: Ledger,
        store: PictureStore,
        storage: StorageGauge,
        *,
        threads: Executor,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._storage = storage
        self._threads = threads
        self._on_written: list[Callable[[Generation], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def call_when_written(self, callback: Callable[[Generation], None]) -> None:
        """Call back with each generation whose end is in the books."""
        self._on_written.append(callback)

    async def settle(self, generation: Generation, draft: Draft, conclusion: Conclusion) -> bool:
        """Write the end. Returns False if it could not be written yet; then it is tried on."""
        task = self._start(self._write(generation, draft, conclusion))
        try:
            await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
        except asyncio.CancelledError:
            _LOG.debug("generation %s is waited for no longer: the gateway ends", generation.id)
        if task.done() and task.exception() is None:
            return True
        _LOG.error("generation %s cannot be stored yet; it is kept in memory and tried again", generation.id)
        # Joined now: before the task first runs, the generation ends and lets its pictures go.
        stay = ExitStack()
        stay.enter_context(generation.audience.join())
        self._start(self._insist(task, stay, generation, draft, conclusion))
        return False

    async def finish(self, timeout_seconds: float) -> None:
        """Wait for what is still being written."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_seconds)

    async def _write(self, generation: Generation, draft: Draft, conclusion: Conclusion) -> None:
        folder = None
        pictures: tuple[StoredPicture, ...] = ()
        if conclusion.is_answer:
            folder = name_folder(generation.id, generation.asked.created)
            pictures = to_rows([c.transcript for c in generation.choices], generation.file_names)
            keep = self._store.keep
            try:
                await asyncio.get_running_loop().run_in_executor(self._threads, keep, draft, folder)
            except OSError:
                self._storage.report_trouble(max((p.size_bytes for p in pictures), default=0))
                raise
            generation.state = State.STORED
        stored_bytes = (
            sum(picture.size_bytes for picture in pictures) + draft.journal_bytes + draft.other_bytes
        )
        ending = to_ending(
            generation.id,
            conclusion,
            pictures,
            folder,
            stored_bytes if folder else 0,
            list_upstream_calls(generation.choices),
        )
        await self._ledger.end(ending)
        generation.posted_micro_usd = ending.cost_micro_usd or 0
        draft.close()
        if not conclusion.is_answer and conclusion.state is not State.UNKNOWN and draft.has_files:
            self._store.remove_draft(generation.id)
        for callback in self._on_written:
            callback(generation)

    async def _insist(
        self,
        tried: asyncio.Task[None],
        stay: ExitStack,
        generation: Generation,
        draft: Draft,
        conclusion: Conclusion,
    ) -> None:
        """Try again until it is written; the pictures are there as long as `stay` is open."""
        pause_seconds = _FIRST_PAUSE_SECONDS
        with stay:
            await asyncio.wait({tried})
            failure = tried.exception()
            while failure is not None:
                if not isinstance(failure, OSError | DatabaseError):
                    raise failure
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
                try:
                    await self._write(generation, draft, conclusion)
                except (OSError, DatabaseError) as error:
                    failure = error
                else:
                    failure = None
        _LOG.info("generation %s is stored now", generation.id)

    def _start(self, step: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(step)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def to_rows(transcripts: Sequence[Transcript], file_names: Mapping[str, str]) -> tuple[StoredPicture, ...]:
    """Return the rows of all choices' whole pictures, which are numbered through."""
    pictures = [picture for transcript in transcripts for picture in transcript.pictures]
    return tuple(
        StoredPicture(
            id=picture.id,
            number=number,
            is_thought=picture.is_thought,
            file_name=file_names[picture.id],
            sha256=picture.sha256,
            mime_type=picture.media_type,
            width=picture.pixels[0] if picture.pixels else None,
            height=picture.pixels[1] if picture.pixels else None,
            size_bytes=picture.size_bytes,
        )
        for number, picture in enumerate(pictures)
        if picture.is_whole
    )
