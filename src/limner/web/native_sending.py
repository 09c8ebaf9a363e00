"""Sends a generation to one client in Gemini's own format, whole or as a stream. Knows ASGI.

A client is given each document of Gemini's as it is once all of it has come; the last one only when the picture is safe.

Facts: silence is filled by what google-genai for Python (3.4.0), for Node (3.1.0) and for Go (2026-11) take for nothing: an empty
event in a stream of events, white space in an array.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from starlette.types import Send

from limner.errors import GatewayError
from limner.generation.record import Generation
from limner.pictures.links import PictureLinks
from limner.translate.native_answer import DocumentComposer, Written, join_lines, merge
from limner.web.choice_stream import Outlet
from limner.web.delivery import Delivery
from limner.web.failures import to_google_error
from limner.web.sending import SEND_BYTES, get_bill, get_outcome, send_body, send_start
from limner.web.streaming import STREAM_HEADERS, SendOptions, open_stream

_JSON = (b"content-type", b"application/json; charset=UTF-8")


async def send_native(
    generation: Generation,
    delivery: Delivery,
    send: Send,
    *,
    links: PictureLinks,  # noqa: ARG001 - as all forms are asked; Gemini's has no place for links
    metadata: Mapping[str, str] | None = None,  # noqa: ARG001 - nor for what a client noted
) -> None:
    """Wait for the end and send the answer as one document.

    Raises the GatewayError that the generation ended with, or ClientDisconnect.
    """
    with generation.audience.join():
        await delivery.wait_until_over()
        get_bill(generation)
        document = merge(list(_compose(generation).take_rest(is_truncated=_is_truncated(generation))))
        length = _count_bytes(generation, document) + 1
        await send_start(send, [_JSON, (b"content-length", str(length).encode())])
        for pieces in _read(generation, document):
            delivery.check_there()
            await send_body(send, b"".join(pieces))
        await send({"type": "http.response.body", "body": b"\n", "more_body": False})
        delivery.mark(generation.count_due())
    await delivery.finish()


async def send_native_stream(
    generation: Generation, delivery: Delivery, options: SendOptions, send: Send
) -> None:
    """Send the answer as it comes, as events or as one array.

    Raises GatewayError as long as nothing has been sent, ClientDisconnect at any time.
    """
    with generation.audience.join():
        await open_stream(generation, delivery, waits=options.waits_for_opening)
        is_array = options.is_array
        await send_start(send, [_JSON, *STREAM_HEADERS[1:]] if is_array else [*STREAM_HEADERS])
        stream = _Stream(generation, delivery, options, send)
        try:
            await stream.send()
        except GatewayError as error:
            failure = msgspec.json.encode(to_google_error(error, generation.id))
            await stream.write(Written(pieces=[failure], longs=[], pictures=[]))
        delivery.check_there()
        await send({"type": "http.response.body", "body": stream.write_end(), "more_body": False})
    await delivery.finish()


class _Stream:
    """One client's stream."""

    def __init__(self, generation: Generation, delivery: Delivery, options: SendOptions, send: Send) -> None:
        self._generation = generation
        self._delivery = delivery
        self._is_array = options.is_array
        self._composer = _compose(generation)
        self._delivered: set[str] = set()
        self._has_begun = False
        self._outlet = Outlet(
            generation,
            delivery,
            send,
            write_pieces=options.write_pieces,
            heartbeat=b"\r\n" if options.is_array else b"\r\n\r\n",
            heartbeat_seconds=options.heartbeat_seconds,
        )

    async def send(self) -> None:
        """Send everything. Raises the GatewayError that the generation ended with, or ClientDisconnect."""
        generation = self._generation
        self._outlet.rest()
        while not generation.is_over:
            self._delivery.check_there()
            if not await self._write_all(self._composer.take()) and not generation.is_over:
                await self._outlet.wait_or_beat()
        get_bill(generation)
        await self._write_all(self._composer.take_rest(is_truncated=_is_truncated(generation)))
        if not self._delivered and generation.count_due():  # thoughts were all that came
            self._outlet.mark_picture()

    async def write(self, document: Written) -> None:
        """Write one document. Raises ClientDisconnect."""
        before, after = (
            (b",\r\n" if self._has_begun else b"[", b"") if self._is_array else (b"data: ", b"\r\n\r\n")
        )
        self._has_begun = True
        document = document if self._is_array else join_lines(document)
        pending = [before]
        for pieces in _read(self._generation, document):
            await self._outlet.write(*pending, *pieces)
            pending = []
        if after:
            await self._outlet.write(after)
        for picture in document.pictures:
            if picture.is_whole and not picture.is_thought and picture.sha256 not in self._delivered:
                self._delivered.add(picture.sha256)
                self._outlet.mark_picture()

    def write_end(self) -> bytes:
        """Return what comes after the last document."""
        if not self._is_array:
            return b""
        return b"]" if self._has_begun else b"[]"

    async def _write_all(self, documents: Iterator[Written]) -> bool:
        """Write documents; return whether there were any."""
        has_written = False
        for document in documents:
            await self.write(document)
            has_written = True
        return has_written


def _compose(generation: Generation) -> DocumentComposer:
    """Return what puts the only choice of a generation together."""
    return DocumentComposer(generation.choices[0].transcript, model_version=generation.find_answerer().model)


def _is_truncated(generation: Generation) -> bool:
    return get_outcome(generation.choices[0]).is_truncated


def _count_bytes(generation: Generation, document: Written) -> int:
    spools = [generation.spools[name] for name in document.longs if name in generation.spools]
    return sum(map(len, document.pieces)) + sum(-(-spool.size_bytes // 3) * 4 for spool in spools)


def _read(generation: Generation, document: Written) -> Iterator[Sequence[bytes | memoryview]]:
    """Yield a document, a few pieces at a time."""
    yield document.pieces[:1]
    for name, piece in zip(document.longs, document.pieces[1:], strict=True):
        spool = generation.spools.get(name)
        if spool is not None:
            for offset in range(0, spool.size_bytes, SEND_BYTES):
                yield spool.read_base64_pieces(offset, SEND_BYTES)
        yield [piece]
