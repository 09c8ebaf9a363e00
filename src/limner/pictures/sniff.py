"""Tells a picture's type and pixel size from its header bytes; never decodes a picture.

Facts: PNG third edition, section 11.2.1 (IHDR); JPEG, ITU-T T.81 table B.1 (SOFn markers); WebP container
(RFC 9649); HEIF brands and `ispe` (ISO/IEC 23008-12). Gemini's JPEGs carry a C2PA segment of 6 KB and more
before the frame header (recorded 2026-07), so a JPEG is walked by its segments.
"""

import struct
from collections.abc import Callable

HEAD_BYTES = 32
"""Enough of a file to name its type."""

MAX_WALK_BYTES = 4 * 1024 * 1024
"""How far into a JPEG its frame header is looked for; profiles and C2PA of real pictures stay below 1 MiB."""

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1", b"heif"), "image/heif"),
}
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

ReadAt = Callable[[int, int], bytes]
"""Reads (offset, size) of the picture; shorter at its end."""


def sniff_mime_type(head: bytes) -> str | None:
    """Return the MIME type that a file starting with `head` has, or None if it is no known picture."""
    for magic, mime_type in _MAGIC:
        if head.startswith(magic):
            return mime_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return _BRANDS.get(head[8:12]) if head[4:8] == b"ftyp" else None


def measure(mime_type: str | None, read_at: ReadAt) -> tuple[int, int] | None:
    """Return width and height in pixels as the header says, or None where it does not."""
    try:
        match mime_type:
            case "image/png":
                kind, width, height = struct.unpack(">4sII", read_at(12, 12))
                return (width, height) if kind == b"IHDR" else None
            case "image/jpeg":
                return _measure_jpeg(read_at)
            case "image/webp":
                return _measure_webp(read_at(12, 18))
            case "image/heic" | "image/heif":
                return _measure_heif(read_at(0, 65_536))
            case _:
                return None
    except struct.error:
        return None


def _measure_jpeg(read_at: ReadAt) -> tuple[int, int] | None:
    offset = 2
    while offset < MAX_WALK_BYTES:
        sign, marker = struct.unpack(">BB", read_at(offset, 2))
        if sign != 0xFF:
            return None
        if marker == 0xFF:  # fill byte
            offset += 1
            continue
        if marker in _FRAME_MARKERS:
            height, width = struct.unpack(">HH", read_at(offset + 5, 4))
            return width, height
        if marker in {0xD9, 0xDA}:
            return None
        (length,) = struct.unpack(">H", read_at(offset + 2, 2))
        offset += 2 + length
    return None


def _measure_webp(chunk: bytes) -> tuple[int, int] | None:
    kind, body = chunk[:4], chunk[8:]
    if len(body) < 10:
        return None
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack("<I", body[1:5])
        return 1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _measure_heif(head: bytes) -> tuple[int, int] | None:
    """Return the largest `ispe`: a grid's tiles have smaller ones beside the whole picture's."""
    sizes = []
    at = head.find(b"ispe")
    while at >= 0:
        box = head[at + 8 : at + 16]
        if len(box) == 8:
            width, height = struct.unpack(">II", box)
            sizes.append((width, height))
        at = head.find(b"ispe", at + 4)
    return max(sizes, key=lambda size: size[0] * size[1], default=None)
