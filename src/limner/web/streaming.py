"""Sends a generation to one client as a stream. Knows ASGI, nothing of how it was asked for.

Says when it opens and what ends it; what stands between is `choice_stream`'s. One that leaves is sent nothing more.
"""

import asyncio

from msgspec import Struct
from starlette.types import Send

from limner.errors import GatewayError
from limner.generation.record import Bill, Generation
from limner.pictures.links import PictureLinks
from limner.translate.stream import DONE, ChunkWriter
from limner.translate.usage import to_usage
from limner.web.choice_stream import ChoiceStream, Outlet, WritePieces
from limner.web.delivery import Delivery
from limner.web.failures import to_error_body
from limner.web.sending import get_bill, send_start, to_answer_head, to_find_link, write_note

OPEN_AFTER_SECONDS = 5.0
"""A stream opens this long after sending even if Gemini has said nothing: proxies and clients wait for headers."""


STREAM_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)


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
    is_array: bool = False
    """Whether a stream in Gemini's form is one JSON array, and not of events."""


async def send_stream(generation: Generation, delivery: Delivery, options: SendOptions, send: Send) -> None:
    """Send the answer as it comes.

    Raises GatewayError as long as nothing has been sent, ClientDisconnect at any time.
    """
    with generation.audience.join():
        await open_stream(generation, delivery, waits=options.waits_for_opening)
        await send_start(send, [*STREAM_HEADERS])
        stream = _Stream(generation, delivery, options, send)
        try:
            last = await stream.send()
        except GatewayError as error:
            last = stream.writer.write_error(to_error_body(error, generation.id))
        delivery.check_there()
        # With the end of the body: clients close at [DONE], and a close that leaves bytes unread is a reset.
        await send({"type": "http.response.body", "body": last, "more_body": False})
    await delivery.finish()


async def open_stream(generation: Generation, delivery: Delivery, *, waits: bool) -> None:
    """Return when a stream may open. Raises what the generation failed with, if it said nothing before."""
    if waits:
        await _wait_for_opening(generation, delivery)
    if generation.failure is not None and not generation.has_begun:
        raise generation.failure


async def _wait_for_opening(generation: Generation, delivery: Delivery) -> None:
    loop = asyncio.get_running_loop()
    opens_at = loop.time() + OPEN_AFTER_SECONDS
    while not (generation.is_over or generation.has_begun):
        delivery.check_there()
        if loop.time() >= opens_at:
            return
        await generation.audience.wait(opens_at - loop.time())


class _Stream:
    """One stream on its way to one client."""

    def __init__(self, generation: Generation, delivery: Delivery, options: SendOptions, send: Send) -> None:
        self._generation = generation
        self._delivery = delivery
        self._head = to_answer_head(generation)
        self._includes_usage = options.includes_usage
        self._find_link = to_find_link(generation, options.links)
        line_bytes = 0 if generation.asked.image_output == "images" else options.line_bytes
        writers = [
            ChunkWriter(self._head, line_bytes=line_bytes, index=choice.index)
            for choice in generation.choices
        ]
        self.writer = writers[0]
        self._outlet = Outlet(
            generation,
            delivery,
            send,
            write_pieces=options.write_pieces,
            heartbeat=self.writer.write_heartbeat(),
            heartbeat_seconds=options.heartbeat_seconds,
        )
        self._choices = [
            ChoiceStream(generation, choice, self._outlet, writer, self._find_link)
            for choice, writer in zip(generation.choices, writers, strict=True)
        ]

    async def send(self) -> bytes:
        """Send everything up to the end, and return what comes last. Raises the GatewayError that ends it."""
        for choice in self._choices:
            await choice.send_role()
        while not self._generation.is_over:
            self._delivery.check_there()
            has_sent = False
            for choice in self._choices:
                has_sent |= await choice.send_certain()
            if not has_sent and not self._generation.is_over:  # more may have come while something was sent
                await self._outlet.wait_or_beat()
        bill = get_bill(self._generation)
        for choice in self._choices:
            await choice.send_rest()
        return self._write_end(bill)

    def _write_end(self, bill: Bill) -> bytes:
        delivered = [picture for choice in self._choices for picture in choice.delivered]
        note = write_note(self._generation, self._head, delivered, bill, self._find_link)
        last = [choice.write_end(None) for choice in self._choices[:-1]]
        last.append(self._choices[-1].write_end(note))
        if self._includes_usage:
            last.append(self.writer.write_usage(to_usage(bill.tokens, bill.cost_micro_usd)))
        return b"".join([*last, DONE])
