"""Pictures as they came: their bytes out of a data URI, their type, pixels and hash out of the bytes.

This module must not know who sent them or where they go.
"""

import hashlib
import math
import re
from dataclasses import dataclass
from urllib.parse import unquote

import pybase64

from limner.cli_failure import CommandFailed
from limner.pictures.sniff import HEAD_BYTES, measure, sniff_mime_type

_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/avif": "avif",
    "image/svg+xml": "svg",
}
_TIER_PIXELS = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
_TYPES_WITHOUT_MAGIC = frozenset({"image/avif", "image/svg+xml"})
_BLANKS = re.compile(r"\s+")

# Gemini's pixel tables stay within 3 % of the ratio and 12 % of the tier's side; the next ones are farther off.
_RATIO_TOLERANCE = 0.05
_TIER_TOLERANCE = 0.25


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture; width and height are None where its header does not tell them."""

    data: bytes
    mime_type: str | None
    width: int | None
    height: int | None

    @property
    def sha256(self) -> str:
        """What tells it from others."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def extension(self) -> str:
        """The ending of its file's name."""
        return _EXTENSIONS.get(self.mime_type or "", "bin")

    @property
    def pixels(self) -> str:
        """Its size for people."""
        return f"{self.width}x{self.height}" if self.width and self.height else "unknown size"


def look_at(data: bytes, declared_type: str | None) -> Picture:
    """Return the picture that `data` is; its own magic bytes count, else what it was declared to be.

    Raises:
        CommandFailed: it is no picture by either.
    """
    mime_type = sniff_mime_type(data[:HEAD_BYTES])
    if mime_type is None and declared_type in _TYPES_WITHOUT_MAGIC:
        mime_type = declared_type
    if mime_type is None and data[:64].lstrip()[:1] in {b"<", b"{", b""}:
        raise CommandFailed("what came in a picture's place is no picture")
    size = measure(mime_type, lambda offset, length: data[offset : offset + length])
    width, height = size or (None, None)
    return Picture(data=data, mime_type=mime_type, width=width, height=height)


def decode_data_uri(uri: str) -> Picture:
    """Return the picture that is written out in `uri`.

    Raises:
        CommandFailed: it cannot be read.
    """
    head, sign, written = uri.partition(";base64,")
    if not sign:
        raise CommandFailed("a picture came that cannot be read: its data URI holds no base64")
    if "%" in written[-16:] or "%" in written[:64]:
        written = unquote(written)
    compact = _BLANKS.sub("", written).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = pybase64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except ValueError:
        raise CommandFailed("a picture came that cannot be read: it is not base64") from None
    return look_at(data, head[len("data:") :].partition(";")[0].lower())


def differs(picture: Picture, aspect_ratio: str | None, image_size: str | None) -> bool:
    """Tell whether a picture clearly is not what was asked for; wishes that cannot be measured are not."""
    if not picture.width or not picture.height:
        return False
    width, height = picture.width, picture.height
    ratio = re.fullmatch(r"([1-9]\d{0,3})[:xX/]([1-9]\d{0,3})", aspect_ratio or "")
    if ratio and abs(math.log(width / height * int(ratio[2]) / int(ratio[1]))) > _RATIO_TOLERANCE:
        return True
    if exact := re.fullmatch(r"(\d{2,5})[xX](\d{2,5})", image_size or ""):
        return (width, height) != (int(exact[1]), int(exact[2]))
    side = _TIER_PIXELS.get((image_size or "").upper())
    return side is not None and abs(math.log(math.sqrt(width * height) / side)) > _TIER_TOLERANCE
