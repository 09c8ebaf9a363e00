"""The body of a call to Gemini: JSON, with pictures and thought signatures put in as it is sent.

It can be read any number of times, for a call that has to be sent again. Knows no network.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec

from limner.pictures.spool import PictureSpool
from limner.translate.adaptation import adapt
from limner.translate.contents import Insert
from limner.translate.request import Drawing, Unsigned
from limner.wire.gemini import PICTURE, GenerateContentRequest

SEND_BYTES = 48 * 1024
"""Bytes of an input picture sent at a time, 64 KiB of base64."""


class PictureBody:
    """The JSON of a call with its pictures and signatures read from their files as it is sent."""

    def __init__(self, pieces: Sequence[bytes], inserts: Sequence[PictureSpool]) -> None:
        self._pieces = pieces
        self._inserts = inserts
        self.length = sum(len(piece) for piece in pieces) + sum(
            -(-insert.size_bytes // 3) * 4 for insert in inserts
        )

    async def read(self) -> AsyncIterator[bytes]:
        """Yield the bytes."""
        yield self._pieces[0]
        for insert, piece in zip(self._inserts, self._pieces[1:], strict=True):
            for offset in range(0, insert.size_bytes, SEND_BYTES):
                yield bytes(insert.read_base64(offset, SEND_BYTES))
            yield piece


BuildBody = Callable[[str], bytes | PictureBody]
"""Returns the body of a call for a kind of upstream."""


def build_bodies(drawing: Drawing, inputs: Sequence[PictureSpool]) -> tuple[BuildBody, BuildBody | None]:
    """Return what builds the body of a call, and the same without signatures, if there are any.

    `inputs` are all pictures and signatures, of which the drawing names some.
    """

    def to_builder(sent: Drawing | Unsigned) -> BuildBody:
        return lambda kind: to_body(adapt(sent.request, kind, drawing.output_options), sent.inserts, inputs)

    return to_builder(drawing), None if drawing.unsigned is None else to_builder(drawing.unsigned)


def to_body(
    request: GenerateContentRequest | dict[str, Any],
    inserts: Sequence[Insert],
    inputs: Sequence[PictureSpool],
) -> bytes | PictureBody:
    """Return a request with what is put into its places; `inserts` name some of `inputs`."""
    pieces = msgspec.json.encode(request).split(PICTURE)
    if len(pieces) == 1:
        return pieces[0]
    numbers = [insert if isinstance(insert, int) else insert.number for insert in inserts]
    return PictureBody(pieces, [inputs[number] for number in numbers])
