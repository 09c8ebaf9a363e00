"""What goes into a call beside its text: the pictures that came with it, were fetched or were found, in one numbering."""

from collections.abc import Callable

from msgspec import Struct

from limner.errors import InvalidRequest
from limner.pictures.spool import PictureSpool
from limner.translate.messages import PICTURE_TYPES, InputPicture

MAX_PICTURES = 100
"""Gemini documents 14 and was seen to take 200 (2026-09); each holds a file open while the call is sent."""

MAX_PIXELS = 100_000_000


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

    def check(self, number: int, param: str) -> None:
        """Return if a picture that came from elsewhere is one that Gemini takes. Raises InvalidRequest."""
        mime_type, pixels = self.spools[number].mime_type, self.spools[number].pixels
        if mime_type not in PICTURE_TYPES:
            raise InvalidRequest(
                f"The bytes of '{param}' are {mime_type or 'no picture that is known here'}; PNG, JPEG, WebP, HEIC and "
                "HEIF are taken.",
                code="invalid_image",
                param=param,
            )
        if pixels is not None and pixels[0] * pixels[1] > MAX_PIXELS:
            raise InvalidRequest(
                f"The picture of '{param}' is {pixels[0]}x{pixels[1]}; up to {MAX_PIXELS // 1_000_000} megapixels are "
                "taken.",
                code="invalid_image",
                param=param,
            )

    def close(self) -> None:
        """Let everything go."""
        for spool in self.spools:
            spool.close()


def describe(spool: PictureSpool) -> InputPicture:
    """Return what is known of a picture by its bytes."""
    return InputPicture(
        mime_type=spool.mime_type, sha256=spool.sha256, size_bytes=spool.size_bytes, text=None
    )


NewSpool = Callable[[], PictureSpool]
