"""Picture files as Gemini delivers them: JPEG with a provenance segment, or plain PNG.

It must not know what the pictures show.
"""

import hashlib
import io
import struct

from PIL import Image

# Recorded segments are 5,990 to 6,025 bytes long.
_PROVENANCE_BYTES = 6_000
_JUMBF_UUID_TAIL = bytes.fromhex("00110010800000aa00389b71")


def encode_picture(picture: Image.Image, mime_type: str, jpeg_quality: int = 90) -> bytes:
    """The file of a picture: PNG for `image/png`, JPEG for anything else."""
    file = io.BytesIO()
    if mime_type == "image/png":
        picture.save(file, "PNG", compress_level=1)
        return file.getvalue()
    # 4:2:0, baseline and 300 dots per inch, as in the recorded files.
    picture.save(file, "JPEG", quality=jpeg_quality, subsampling="4:2:0", dpi=(300, 300))
    return add_provenance(file.getvalue())


def add_provenance(jpeg: bytes) -> bytes:
    """Put an APP11 segment with a C2PA-like JUMBF box right after the JFIF header.

    Gemini 3 files carry one there (decoded from recordings of 2026-07). This one is not signed: it has the shape, names
    the emulator, and holds the SHA-256 of the rest, so whoever re-encodes the file loses it or breaks it.
    """
    header_end = 4 + int.from_bytes(jpeg[4:6], "big")
    rest = jpeg[header_end:]
    claim = (
        '{"claim_generator":"Limner\'s Gemini emulator","action":"c2pa.created",'
        '"digitalSourceType":"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",'
        f'"alg":"sha256","hash":"{hashlib.sha256(rest).hexdigest()}"}}'
    ).encode()
    description = _box(b"jumd", b"c2pa" + _JUMBF_UUID_TAIL + b"\x03c2pa\0")
    overhead_bytes = 2 + 2 + 4 + 8 + len(description) + 8
    padded = claim.ljust(_PROVENANCE_BYTES - 2 - overhead_bytes, b" ")
    box = _box(b"jumb", description + _box(b"json", padded))
    content = b"JP" + struct.pack(">HI", 1, 1) + box
    segment = b"\xff\xeb" + struct.pack(">H", len(content) + 2) + content
    return jpeg[:header_end] + segment + rest


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content
