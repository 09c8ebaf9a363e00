"""Type and pixel size from a picture's header: real files, hand-made ones and cut ones."""

import io
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from limner.pictures.sniff import HEAD_BYTES, measure, sniff_mime_type

SIZE = (37, 21)


def draw(kind: str, size: tuple[int, int] = SIZE, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 200).save(file, kind, **options)
    return file.getvalue()


def with_segments(jpeg: bytes, *lengths: int) -> bytes:
    """Return `jpeg` with APP11 segments of `lengths` bytes after its APP0, as C2PA writes them."""
    (length,) = struct.unpack(">H", jpeg[4:6])
    end = 4 + length
    segments = b"".join(
        b"\xff\xeb" + struct.pack(">H", size + 2) + b"\xff\xc0\x00JP" * (size // 5) + b"\0" * (size % 5)
        for size in lengths
    )
    return jpeg[:end] + segments + jpeg[end:]


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def ispe(width: int, height: int) -> bytes:
    return box(b"ispe", struct.pack(">III", 0, width, height))


def heif(brand: bytes, *sizes: tuple[int, int]) -> bytes:
    properties = box(b"ipco", b"".join(ispe(*size) for size in sizes))
    return box(b"ftyp", brand + bytes(4) + b"mif1heic") + box(b"meta", bytes(4) + box(b"iprp", properties))


JPEG = draw("JPEG")
PICTURES = {
    "png": (draw("PNG"), "image/png"),
    "png with alpha": (draw("PNG", mode="RGBA"), "image/png"),
    "jpeg": (JPEG, "image/jpeg"),
    "jpeg progressive": (draw("JPEG", progressive=True), "image/jpeg"),
    "jpeg grey": (draw("JPEG", mode="L"), "image/jpeg"),
    "jpeg with exif": (draw("JPEG", exif=b"Exif\0\0" + bytes(500)), "image/jpeg"),
    "jpeg with 6 KB of C2PA": (with_segments(JPEG, 6000), "image/jpeg"),
    "jpeg with 70 KB of C2PA": (with_segments(JPEG, 65_000, 5000), "image/jpeg"),
    "jpeg with fill bytes": (JPEG[:2] + b"\xff\xff" + JPEG[2:], "image/jpeg"),
    "webp lossy": (draw("WEBP", quality=50), "image/webp"),
    "webp lossless": (draw("WEBP", lossless=True), "image/webp"),
    "webp extended": (draw("WEBP", exif=b"Exif\0\0" + bytes(20)), "image/webp"),
    "webp extended with alpha": (draw("WEBP", mode="RGBA", exif=b"Exif\0\0" + bytes(20)), "image/webp"),
    "heic": (heif(b"heic", SIZE), "image/heic"),
    "heif of tiles": (heif(b"mif1", (16, 16), SIZE, (8, 8)), "image/heif"),
}
CASES = [pytest.param(data, mime, id=name) for name, (data, mime) in PICTURES.items()]


def measure_bytes(data: bytes) -> tuple[int, int] | None:
    return measure(sniff_mime_type(data[:HEAD_BYTES]), lambda offset, size: data[offset : offset + size])


@pytest.mark.parametrize(("data", "mime_type"), CASES)
def test_pictures_are_known(data: bytes, mime_type: str) -> None:
    """The first bytes tell the type, the header the size."""
    assert sniff_mime_type(data[:HEAD_BYTES]) == mime_type
    assert measure_bytes(data) == SIZE


def test_the_files_are_what_they_are_called() -> None:
    """The WebP files have the three forms of header, the progressive JPEG its own marker."""
    assert [PICTURES[f"webp {kind}"][0][12:16] for kind in ("lossy", "lossless", "extended")] == [
        b"VP8 ",
        b"VP8L",
        b"VP8X",
    ]
    assert b"\xff\xc2" in PICTURES["jpeg progressive"][0]
    assert len(PICTURES["jpeg with 70 KB of C2PA"][0]) > 70_000


@pytest.mark.parametrize("size", [(1, 1), (5504, 3072), (12288, 16)])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("WEBP", {"quality": 5, "method": 0}),
        ("WEBP", {"lossless": True, "method": 0}),
    ],
)
def test_sizes(kind: str, options: dict[str, Any], size: tuple[int, int]) -> None:
    """Small and large sizes are read alike."""
    assert measure_bytes(draw(kind, size, **options)) == size


def test_a_gif_is_named_and_not_measured() -> None:
    """GIF is recognised, so that it can be refused by name."""
    for version in (b"GIF87a", b"GIF89a"):
        data = version + bytes(30)
        assert sniff_mime_type(data) == "image/gif"
        assert measure_bytes(data) is None


@pytest.mark.parametrize(
    ("brand", "mime_type"),
    [
        (b"heic", "image/heic"),
        (b"heix", "image/heic"),
        (b"hevc", "image/heic"),
        (b"mif1", "image/heif"),
        (b"msf1", "image/heif"),
        (b"avif", None),
        (b"isom", None),
    ],
)
def test_brands(brand: bytes, mime_type: str | None) -> None:
    """HEIC and HEIF are told by the file's main brand; films and AVIF are neither."""
    assert sniff_mime_type(heif(brand)[:HEAD_BYTES]) == mime_type


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89",
        b"\x89PNG",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"<svg>",
        b"BM6\0",
        b"II*\0",
        b"ftypheic",
        b"%PDF-1.7",
    ],
)
def test_other_bytes_are_no_picture(data: bytes) -> None:
    """Beginnings of pictures and other files have no type."""
    assert sniff_mime_type(data) is None
    assert measure(None, lambda _offset, _size: b"") is None


@pytest.mark.parametrize(("data", "_mime_type"), CASES[:-1])  # of tiles cut off nobody can know
def test_cut_pictures_have_their_size_or_none(data: bytes, _mime_type: str) -> None:
    """A picture cut anywhere in its head has no size, never a wrong one."""
    for end in [*range(min(len(data), 200)), *range(200, len(data), 997)]:
        assert measure_bytes(data[:end]) in {None, SIZE}


def test_a_jpeg_without_a_frame_has_no_size() -> None:
    """A walk ends at the scan, at the end, at what is no marker, and after 4 MiB."""
    assert measure_bytes(b"\xff\xd8\xff\xda\0\x02" + bytes(50)) is None
    assert measure_bytes(b"\xff\xd8\xff\xd9") is None
    assert measure_bytes(b"\xff\xd8\xff\xe0\0\x02" + b"ABCD") is None
    endless = b"\xff\xd8" + (b"\xff\xe1\xff\xff" + bytes(65_533)) * 70
    assert measure_bytes(endless + JPEG[2:]) is None


@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"\0\0\0\x18ftypheic"]),
    st.binary(),
)
@settings(max_examples=200)
def test_garbage_behind_a_good_beginning_is_borne(head: bytes, rest: bytes) -> None:
    """Whatever follows the magic bytes, there is a size or none, and no error."""
    measure_bytes(head + rest)


def test_a_png_without_its_header_chunk_has_no_size() -> None:
    """What only begins like a PNG is not measured by whatever bytes stand in the header's place."""
    data = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
    assert measure("image/png", lambda offset, size: data[offset : offset + size]) is None
