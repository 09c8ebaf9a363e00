"""What goes into a call beside its text: the pictures that came with it, were fetched or were found, in one numbering."""

from msgspec import Struct

from limner.errors import InvalidRequest
from limner.pictures.spool import PictureSpool
from limner.translate.pieces import InputPicture

MAX_PICTURES = 100
"""Gemini documents 14 and was seen to take 200 (2026-09); each holds a file open while the call is sent."""

MOST_SENT_BYTES = 90_000_000
"""Base64 of one request. Gemini takes 100 MB in all (since 2026-01-12); older answers are left as they came beyond it."""


class Inputs(Struct):
    """`spools` hold the bytes of `pictures`, number by number; behind them those of thought signatures."""

    pictures: list[InputPicture]
    spools: list[PictureSpool]

    def add(self, spool: PictureSpool) -> int:
        """Take one picture more, which is complete, and return its number. Raises InvalidRequest."""
        self.pictures.append(describe(spool))
        self.spools.append(spool)
        if len(self.pictures) > MAX_PICTURES:
            raise InvalidRequest(
                f"The request holds more than {MAX_PICTURES} pictures.", code="invalid_image"
            )
        return len(self.pictures) - 1

    def add_signature(self, spool: PictureSpool) -> int:
        """Take a signature and return its number; no picture may be added any more."""
        self.spools.append(spool)
        return len(self.spools) - 1

    def close(self) -> None:
        """Let everything go."""
        for spool in self.spools:
            spool.close()


def describe(spool: PictureSpool) -> InputPicture:
    """Return what is known of a picture by its bytes."""
    return InputPicture(
        mime_type=spool.mime_type,
        sha256=spool.sha256,
        size_bytes=spool.size_bytes,
        text=None,
        pixels=spool.pixels,
    )
