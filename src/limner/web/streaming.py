"""Sends a generation to one client as a stream. Knows ASGI, nothing of how it was asked for.

A client has its own place in the transcript and reads pictures from the spool at its own pace: what waits for
a slow one waits in a file. One that leaves is sent nothing more.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from msgspec import Struct
from starlette.types import Send

from limner.errors import GatewayError, UpstreamFailure
from limner.generation.record import Generation
from limner.pictures.links import PictureLinks
from limner.translate.composition import LinkSegment, PictureSegment, Segment, ThoughtSegment
from limner.translate.stream import DONE, ChunkWriter, PictureLines
from limner.translate.transcript import Picture
from limner.translate.usage import to_usage
from limner.web.delivery import Delivery
from limner.web.failures import to_error_body
from limner.web.sending import (
    SEND_BYTES,
    compose,
    get_result,
    send_body,
    send_start,
    to_answer_head,
    to_find_link,
    write_note,
)

OPEN_AFTER_SECONDS = 5.0
"""A stream opens this long after sending even if Gemini has said nothing: proxies and clients wait for headers."""

_WAIT_SECONDS = 3600.0
"""For waits that the generation's own deadline ends."""

WritePieces = Callable[[Sequence[bytes | memoryview]], Awaitable[None]]


class SendOptions(Struct, frozen=True, kw_only=True):
    """How one client is answered."""

    links: PictureLinks
    line_bytes: int
    heartbeat_seconds: float
    includes_usage: bool
    waits_for_opening: bool
    """Whether an error may still come as one: a call that joins a running generation is answered at once."""
    write_pieces: WritePieces | None
    """Writes a piece of the body without joining its parts, where the server can."""


async def send_stream(generation: Generation, delivery: Delivery, options: SendOptions, send: Send) -> None:
    """Send the answer as it comes.

    Raises GatewayError as long as nothing has been sent, ClientDisconnect at any time.
    """
    with generation.audience.join():
        if options.waits_for_opening:
            await _wait_for_opening(generation, delivery)
        _raise_unopened(generation)
        await send_start(
            send,
            [
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"cache-control", b"no-cache, no-transform"),
                (b"x-accel-buffering", b"no"),
            ],
        )
        stream = _Stream(generation, delivery, options, send)
        try:
            last = await stream.send()
        except GatewayError as error:
            last = stream.writer.write_error(to_error_body(error, generation.id))
        delivery.check_there()
        # With the end of the body: clients close at [DONE], and a close that leaves bytes unread is a reset.
        await send({"type": "http.response.body", "body": last, "more_body": False})
    await delivery.finish()


async def _wait_for_opening(generation: Generation, delivery: Delivery) -> None:
    """Return when the stream may open."""
    loop = asyncio.get_running_loop()
    opens_at = loop.time() + OPEN_AFTER_SECONDS
    while not (generation.is_over or generation.transcript.has_begun):
        delivery.check_there()
        if loop.time() >= opens_at:
            return
        await generation.audience.wait(opens_at - loop.time())


def _raise_unopened(generation: Generation) -> None:
    """Raise what the generation failed with, if it said nothing before: the answer can still be an error."""
    if generation.failure is not None and not generation.transcript.has_begun:
        raise generation.failure


class _Stream:
    """One stream on its way to one client."""

    def __init__(self, generation: Generation, delivery: Delivery, options: SendOptions, send: Send) -> None:
        self._generation = generation
        self._delivery = delivery
        self._head = to_answer_head(generation)
        self._options = options
        self._send = send
        self._clock = asyncio.get_running_loop().time
        self._beats_at = 0.0
        self._form = generation.asked.image_output
        self._find_link = to_find_link(generation, options.links)
        self._composer = compose(generation, self._find_link)
        self.writer = ChunkWriter(self._head, line_bytes=0 if self._form == "images" else options.line_bytes)

    async def send(self) -> bytes:
        """Send everything up to the end, and return what comes last. Raises the GatewayError that ends it."""
        generation, writer = self._generation, self.writer
        await self._write(writer.write_role())
        while not generation.is_over:
            self._delivery.check_there()
            segments = list(self._composer.take())
            await self._send_segments(segments)
            if not segments and not generation.is_over:  # more may have come while these were sent
                await self._wait_or_beat()
        outcome, bill = get_result(generation)
        await self._send_segments(list(self._composer.take_rest(outcome.refusal)))
        last = [] if outcome.refusal is None else [writer.write_refusal(outcome.refusal)]
        if generation.asked.draws:
            last.append(writer.write_reference(self._composer.delivered))
        note = write_note(generation, self._head, self._composer, bill, self._find_link)
        last.append(writer.write_finish(outcome.finish_reason, note))
        if self._options.includes_usage:
            last.append(writer.write_usage(to_usage(bill.tokens, bill.cost_micro_usd)))
        return b"".join([*last, DONE])

    async def _write(self, *pieces: bytes | memoryview) -> None:
        self._delivery.check_there()
        if self._options.write_pieces is not None:
            await self._options.write_pieces(pieces)
        else:
            await send_body(self._send, b"".join(pieces))
        self._beats_at = self._clock() + self._options.heartbeat_seconds

    async def _wait_or_beat(self) -> None:
        """Wait for more from Gemini, or fill the client's silence: not all that comes is anything to send."""
        silence_seconds = self._beats_at - self._clock()
        if silence_seconds <= 0 or not await self._generation.audience.wait(silence_seconds):
            await self._write(self.writer.write_heartbeat())

    async def _send_segments(self, segments: Sequence[Segment]) -> None:
        for segment in segments:
            if isinstance(segment, PictureSegment):
                await self._send_picture(segment)
                continue
            is_thought = isinstance(segment, ThoughtSegment)
            write = self.writer.write_thought if is_thought else self.writer.write_text
            for chunk in write(segment.text):
                await self._write(chunk)
            if isinstance(segment, LinkSegment):
                self._delivery.mark(len(self._composer.delivered))

    async def _send_picture(self, segment: PictureSegment) -> None:
        if self._form == "images":
            await self._wait_until_complete(segment.picture)
        lines = self.writer.frame_picture(segment, form=self._form)
        await self._write(lines.opening)
        async for pieces in self._read_lines(segment.picture, lines):
            await self._write(*pieces)
        if segment.picture.is_complete:
            self._delivery.mark(len(self._composer.delivered))
        await self._write(lines.closing)

    async def _wait_until_complete(self, picture: Picture) -> None:
        while not picture.is_complete:
            self._check_arriving(picture)
            await self._wait_or_beat()

    async def _read_lines(
        self, picture: Picture, lines: PictureLines
    ) -> AsyncIterator[Sequence[bytes | memoryview]]:
        """Yield the picture, following its arrival. Raises GatewayError when it will never be complete."""
        step = lines.bytes_per_line or SEND_BYTES
        batch = step * max(1, SEND_BYTES // step)
        offset = 0
        while not (picture.is_complete and offset >= picture.size_bytes):
            available = picture.size_bytes - offset
            if not picture.is_complete:
                available -= available % step
            if available:
                size = min(available, batch)
                yield self._encode(picture, offset, size, lines)
                offset += size
                continue
            self._check_arriving(picture)
            if lines.bytes_per_line is None:  # within a line nothing else can be said
                await self._generation.audience.wait(_WAIT_SECONDS)
            else:
                await self._wait_or_beat()
        if picture.is_unreadable:
            self._check_arriving(picture)

    def _encode(
        self, picture: Picture, offset: int, size: int, lines: PictureLines
    ) -> Sequence[bytes | memoryview]:
        spool = self._generation.spools[picture.id]
        if lines.bytes_per_line is None:
            return spool.read_base64_pieces(offset, size)
        pieces: list[bytes | memoryview] = []
        for start in range(offset, offset + size, lines.bytes_per_line):
            length = min(lines.bytes_per_line, offset + size - start)
            pieces += (lines.line_head, *spool.read_base64_pieces(start, length), lines.line_tail)
        return pieces

    def _check_arriving(self, picture: Picture) -> None:
        """Return if more of the picture may come. Raises GatewayError."""
        if self._generation.failure is not None:
            raise self._generation.failure
        if picture.is_unreadable or self._generation.is_over:
            raise UpstreamFailure(
                "Gemini's picture broke off or is not readable base64.", code="upstream_invalid_response"
            )
