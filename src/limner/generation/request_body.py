"""The body of a call to Gemini: JSON, with input pictures encoded from their spools as it is sent.

It can be read any number of times, for a call that has to be sent again. Knows no network.
"""

from collections.abc import AsyncIterator, Sequence

import msgspec

from limner.pictures.spool import PictureSpool
from limner.translate.request import Drawing
from limner.wire.gemini import PICTURE

SEND_BYTES = 48 * 1024
"""Bytes of an input picture sent at a time, 64 KiB of base64."""


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
