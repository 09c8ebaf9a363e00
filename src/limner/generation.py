"""One call to Gemini, start to end: send, receive into the spool, settle. The imperative shell.

A generation belongs to the process. Clients listen to it and may leave; it runs on. What it says stands in its
transcript, its pictures in spools, and both stay until it is over and nobody listens. Knows nothing of HTTP
doors or of OpenAI's formats.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from enum import StrEnum

import msgspec
from msgspec import Struct

from limner.errors import GatewayError, InternalError, UpstreamFailure, locate
from limner.pictures.spool import InvalidBase64, PictureSpool
from limner.subscriptions import Audience
from limner.translate.failure import MAX_BODY_BYTES, read_error_body, to_gateway_error
from limner.translate.outcome import Outcome, compare_size, judge
from limner.translate.reader import (
    AnswerReader,
    Event,
    InvalidAnswer,
    PictureBegins,
    PictureBytes,
    PictureEnds,
    SignatureBytes,
    TruncatedAnswer,
)
from limner.translate.request import Drawing
from limner.translate.transcript import Picture, Transcript
from limner.translate.usage import TokenCount, cost_micro_usd, count_tokens, estimate_tokens
from limner.upstream.client import Answer, GeminiClient
from limner.wire.gemini import PICTURE
from limner.wire.openai import Notice

_LOG = logging.getLogger("limner.generation")

SEND_BYTES = 48 * 1024
"""Bytes of an input picture sent at a time, 64 KiB of base64."""


class State(StrEnum):
    """Where a generation is."""

    CLAIMED = "claimed"
    SENT = "sent"
    RECEIVING = "receiving"
    SETTLED = "settled"
    FAILED = "failed"


class Bill(Struct, frozen=True, kw_only=True):
    """What a settled generation used."""

    tokens: TokenCount
    cost_micro_usd: int


class Generation:
    """One call and what came of it. `outcome` and `bill`, or `failure`, are set once it is over."""

    def __init__(self, generation_id: str, drawing: Drawing, created: int, *, is_stream: bool) -> None:
        self.id = generation_id
        self.drawing = drawing
        self.created = created
        self.is_stream = is_stream
        self.state = State.CLAIMED
        self.transcript = Transcript()
        self.spools: dict[str, PictureSpool] = {}
        self.outcome: Outcome | None = None
        self.bill: Bill | None = None
        self.notices: list[Notice] = list(drawing.notices)
        self.failure: GatewayError | None = None
        self.audience = Audience(self._let_go)
        self._over = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in {State.SETTLED, State.FAILED}

    async def wait_until_over(self) -> None:
        """Return when nothing more will come."""
        await self._over.wait()

    def end(self, state: State) -> None:
        """Be over."""
        self.state = state
        self._over.set()
        self.audience.notify()
        self._let_go()

    def _let_go(self) -> None:
        if self.is_over and self.audience.is_empty:
            for spool in self.spools.values():
                spool.close()
            self.spools.clear()


class PictureBody:
    """The JSON of a call with its input pictures encoded from their spools as it is sent."""

    def __init__(self, pieces: Sequence[bytes], pictures: Sequence[PictureSpool]) -> None:
        self._pieces = pieces
        self._pictures = pictures
        self.length = sum(len(piece) for piece in pieces) + sum(
            -(-picture.size_bytes // 3) * 4 for picture in pictures
        )

    async def read(self) -> AsyncIterator[bytes]:
        """Yield the bytes."""
        yield self._pieces[0]
        for picture, piece in zip(self._pictures, self._pieces[1:], strict=True):
            for offset in range(0, picture.size_bytes, SEND_BYTES):
                yield bytes(picture.read_base64(offset, SEND_BYTES))
            yield piece


def build_body(drawing: Drawing, inputs: Sequence[PictureSpool]) -> bytes | PictureBody:
    """Return the body of a call; `inputs` are all pictures that came, of which the drawing names some."""
    pieces = msgspec.json.encode(drawing.request).split(PICTURE)
    if len(pieces) == 1:
        return pieces[0]
    return PictureBody(pieces, [inputs[number] for number in drawing.pictures])


class Generations:
    """Runs generations as tasks of the process."""

    def __init__(
        self,
        client: GeminiClient,
        *,
        new_spool: Callable[[], PictureSpool],
        new_id: Callable[[str], str],
        now: Callable[[], float],
    ) -> None:
        self._client = client
        self._new_spool = new_spool
        self._new_id = new_id
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, drawing: Drawing, inputs: Sequence[PictureSpool], *, is_stream: bool) -> Generation:
        """Claim a generation and run it; `inputs` are closed once it needs them no more."""
        generation = Generation(self._new_id("gen"), drawing, int(self._now()), is_stream=is_stream)
        task = asyncio.get_running_loop().create_task(self._run(generation, inputs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return generation

    async def drain(self, timeout_seconds: float) -> None:
        """Wait for what runs; end what is left after `timeout_seconds`."""
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=timeout_seconds)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _run(self, generation: Generation, inputs: Sequence[PictureSpool]) -> None:
        failure: GatewayError | None = None
        try:
            await self._receive(generation, inputs)
        except GatewayError as error:
            failure = error
        except asyncio.CancelledError:
            failure = UpstreamFailure("The gateway stopped before Gemini's answer was complete.")
        except Exception as error:  # noqa: BLE001 - a task of its own: what is not caught here is never seen
            _LOG.error("generation %s failed: %s", generation.id, locate(error))
            failure = InternalError()
        finally:
            for spool in inputs:
                spool.close()
            _settle(generation, failure)

    async def _receive(self, generation: Generation, inputs: Sequence[PictureSpool]) -> None:
        body = build_body(generation.drawing, inputs)
        model_id = generation.drawing.model.id
        generation.state = State.SENT
        async with self._client.generate(model_id, body, is_stream=generation.is_stream) as answer:
            if answer.status != 200:
                raise to_gateway_error(answer.status, read_error_body(await _read_head(answer)), model_id)
            generation.state = State.RECEIVING
            await self._read_answer(generation, answer)

    async def _read_answer(self, generation: Generation, answer: Answer) -> None:
        reader = AnswerReader(is_stream=answer.is_event_stream)
        lost: GatewayError | None = None
        try:
            async for data in answer.read():
                for event in reader.feed(data):
                    self._take(generation, event)
                generation.audience.notify()
        except GatewayError as error:
            lost = error
        except InvalidAnswer as error:
            raise UpstreamFailure(f"{error}.", code="upstream_invalid_response") from error
        try:
            reader.close()
        except InvalidAnswer as error:
            raise lost or UpstreamFailure(f"{error}.", code="upstream_invalid_response") from error
        except TruncatedAnswer as error:
            raise lost or UpstreamFailure(
                f"{error}. The picture may have been bought; it is not asked for again."
            ) from error

    def _take(self, generation: Generation, event: Event) -> None:
        """Take one event into the transcript, its bytes into the spool."""
        transcript = generation.transcript
        if isinstance(event, PictureBytes):
            _spool(generation, transcript.pictures[-1], event.base64)
        elif isinstance(event, PictureBegins):
            transcript.add(event, picture_id=self._new_id("img"))
            generation.spools[transcript.pictures[-1].id] = self._new_spool()
        elif not isinstance(event, SignatureBytes):
            transcript.add(event)
            if isinstance(event, PictureEnds):
                _finish_spool(generation, transcript.pictures[-1])


def _spool(generation: Generation, picture: Picture, base64: bytes) -> None:
    if picture.is_unreadable:
        return
    spool = generation.spools[picture.id]
    try:
        spool.append(base64)
    except InvalidBase64:
        picture.is_unreadable = True
    picture.size_bytes = spool.size_bytes
    picture.sniffed_mime_type = spool.mime_type


def _finish_spool(generation: Generation, picture: Picture) -> None:
    spool = generation.spools[picture.id]
    try:
        spool.finish()
    except InvalidBase64:
        picture.is_unreadable = True
    picture.size_bytes = spool.size_bytes
    picture.sniffed_mime_type = spool.mime_type
    picture.sha256 = spool.sha256
    picture.pixels = spool.pixels


def _settle(generation: Generation, failure: GatewayError | None) -> None:
    drawing, transcript = generation.drawing, generation.transcript
    try:
        outcome = judge(transcript, failure, drawing.model.id)
    except GatewayError as error:
        generation.failure = error
        generation.end(State.FAILED)
        return
    pictures = sum(picture.is_complete for picture in transcript.pictures)
    ratio, size = drawing.settings.aspect_ratio, drawing.settings.image_size
    expected = None if ratio is None else drawing.model.pixels.get((ratio, size))
    generation.notices.extend(outcome.notices)
    generation.notices.extend(compare_size(transcript, f"{ratio} at {size}", expected))
    if transcript.usage is not None and not outcome.is_truncated:
        tokens = count_tokens(transcript.usage, drawing.model, pictures, size)
    else:
        tokens = estimate_tokens(
            drawing.model,
            text_bytes=drawing.text_bytes,
            input_pictures=len(drawing.pictures),
            pictures=pictures,
            size=size,
        )
        generation.notices.append(
            Notice("usage_estimated", "Gemini did not count this answer; tokens and cost are the table's.")
        )
    if any(spool.is_held for spool in generation.spools.values()):
        _LOG.error("generation %s: the disk does not take pictures", generation.id)
        generation.notices.append(
            Notice("storage_trouble", "The gateway's disk did not take the picture; it came from memory.")
        )
    generation.outcome = outcome
    generation.bill = Bill(tokens=tokens, cost_micro_usd=cost_micro_usd(tokens, drawing.model))
    generation.end(State.SETTLED)


async def _read_head(answer: Answer) -> bytes:
    body = bytearray()
    async for data in answer.read():
        body += data
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body)
