"""Sends one choice of a generation to one client as part of a stream. Knows ASGI, nothing of how it was asked for.

A client has its own place in the transcript and reads pictures from the spool at its own pace: what waits for
a slow one waits in a file. An only choice is sent as it comes. Of several each is sent once its call is over: only
then is it known whether it has anything to give.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

from msgspec import UNSET
from starlette.types import Send

from limner.errors import UpstreamFailure
from limner.generation.record import Choice, Generation
from limner.translate.composition import FindLink, LinkSegment, PictureSegment, Segment, ThoughtSegment
from limner.translate.stream import ChunkWriter, PictureLines
from limner.translate.transcript import Picture
from limner.web.delivery import Delivery
from limner.web.sending import SEND_BYTES, compose, get_outcome, send_body, take_rest
from limner.wire.openai import LimnerNote

_WAIT_SECONDS = 3600.0
"""For waits that the generation's own deadline ends."""

WritePieces = Callable[[Sequence[bytes | memoryview]], Awaitable[None]]


class Outlet:
    """Where a stream leaves to one client, whose silences it fills with `heartbeat`."""

    def __init__(
        self,
        generation: Generation,
        delivery: Delivery,
        send: Send,
        *,
        write_pieces: WritePieces | None,
        heartbeat: bytes,
        heartbeat_seconds: float,
    ) -> None:
        self._generation = generation
        self._delivery = delivery
        self._send = send
        self._write_pieces = write_pieces
        self._heartbeat = heartbeat
        self._heartbeat_seconds = heartbeat_seconds
        self._clock = asyncio.get_running_loop().time
        self._beats_at = 0.0
        self._pictures = 0

    async def write(self, *pieces: bytes | memoryview) -> None:
        """Hand bytes over. Raises ClientDisconnect."""
        self._delivery.check_there()
        if self._write_pieces is not None:
            await self._write_pieces(pieces)
        else:
            await send_body(self._send, b"".join(pieces))
        self.rest()

    def rest(self) -> None:
        """Let a silence begin, where nothing is sent at the opening."""
        self._beats_at = self._clock() + self._heartbeat_seconds

    async def wait_or_beat(self) -> None:
        """Wait for more from Gemini, or fill the client's silence: not all that comes is anything to send."""
        silence_seconds = self._beats_at - self._clock()
        if silence_seconds <= 0 or not await self._generation.audience.wait(silence_seconds):
            await self.write(self._heartbeat)

    def mark_picture(self) -> None:
        """Note that the last byte of one more picture has been handed over."""
        self._pictures += 1
        self._delivery.mark(self._pictures)


class ChoiceStream:
    """One choice on its way."""

    def __init__(
        self,
        generation: Generation,
        choice: Choice,
        outlet: Outlet,
        writer: ChunkWriter,
        find_link: FindLink,
    ) -> None:
        self._generation = generation
        self._choice = choice
        self._outlet = outlet
        self._writer = writer
        self._form = generation.asked.image_output
        self._composer = compose(generation, choice, find_link)

    @property
    def delivered(self) -> list[Picture]:
        """The pictures given out so far."""
        return self._composer.delivered

    async def send_role(self) -> None:
        """Begin."""
        await self._outlet.write(self._writer.write_role())

    async def send_certain(self) -> bool:
        """Send what is certain by now and was not sent before; return whether there was anything."""
        if len(self._generation.choices) > 1 and not self._choice.is_answered:
            return False
        segments = list(self._composer.take())
        await self._send_segments(segments)
        return bool(segments)

    async def send_rest(self) -> None:
        """Send what is left once all is over."""
        await self._send_segments(list(take_rest(self._choice, self._composer)))

    def write_end(self, note: LimnerNote | None) -> bytes:
        """Return the choice's last chunks; `note` goes with the last choice."""
        outcome = get_outcome(self._choice)
        refusal = b"" if outcome.refusal is None else self._writer.write_refusal(outcome.refusal)
        reference = self._writer.write_reference(self.delivered)
        return refusal + reference + self._writer.write_finish(outcome.finish_reason, note or UNSET)

    async def _send_segments(self, segments: Iterable[Segment]) -> None:
        for segment in segments:
            if isinstance(segment, PictureSegment):
                await self._send_picture(segment)
                continue
            is_thought = isinstance(segment, ThoughtSegment)
            write = self._writer.write_thought if is_thought else self._writer.write_text
            for chunk in write(segment.text):
                await self._outlet.write(chunk)
            if isinstance(segment, LinkSegment):
                self._outlet.mark_picture()

    async def _send_picture(self, segment: PictureSegment) -> None:
        if self._form == "images":
            await self._wait_until_complete(segment.picture)
        lines = self._writer.frame_picture(segment, form=self._form)
        await self._outlet.write(lines.opening)
        async for pieces in self._read_lines(segment.picture, lines):
            await self._outlet.write(*pieces)
        if segment.picture.is_complete:
            self._outlet.mark_picture()
        await self._outlet.write(lines.closing)

    async def _wait_until_complete(self, picture: Picture) -> None:
        while not picture.is_complete:
            self._check_arriving(picture)
            await self._outlet.wait_or_beat()

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
                await self._outlet.wait_or_beat()
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
