"""Makes small pictures of large ones: a process of its own, where a picture that was made to do harm can do none.

`python -m limner.pictures.thumbnail_program`, its standard input a Unix socket. For each request, four bytes that say
how long the longer side may be and an open file, it answers with four bytes that say how long the thumbnail is and
with the thumbnail, a WebP; with no length where none can be made. It ends by itself when it has made many or nobody
asks, and is killed when it takes too long. It opens no file and no connection, and has bounds for memory and time.

Facts: Pillow warns of pictures above MAX_IMAGE_PIXELS, and opens only what `formats` names (its documentation, 13.0).
"""

import os
import resource
import socket
import sys
import warnings
from contextlib import suppress
from io import BytesIO
from typing import IO

from PIL import Image, ImageOps, WebPImagePlugin

from limner.pictures.thumbnail_protocol import ANSWER, REQUEST

MOST_PIXELS = 100_000_000
MOST_PICTURES = 200
"""Made by one process: whatever it leaks goes with it."""

IDLE_SECONDS = 30.0

_FORMATS = ("PNG", "JPEG", WebPImagePlugin.WebPImageFile.format, "GIF")
_CPU_SECONDS = 10
_MEMORY_BYTES = 1024**3
_NICE = 10
_QUALITY = 80
_LONGEST_PROFILE_BYTES = 8 * 1024
_PLAIN_MODES = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})


def serve(channel: socket.socket) -> None:
    """Answer requests until there are no more, or there were many."""
    channel.settimeout(IDLE_SECONDS)
    for _ in range(MOST_PICTURES):
        try:
            request, descriptors, _flags, _address = socket.recv_fds(channel, REQUEST.size, 1)
        except TimeoutError:
            return
        if len(request) < REQUEST.size or not descriptors:
            return
        _allow_time()
        with open(descriptors[0], "rb") as file:  # noqa: PTH123 - it has no path here
            thumbnail = make_thumbnail(file, *REQUEST.unpack(request))
        channel.sendall(ANSWER.pack(len(thumbnail)) + thumbnail)


def make_thumbnail(file: IO[bytes], side_pixels: int) -> bytes:
    """Return a WebP no side of which is longer; b"" if the file is no picture, is cut, or too large."""
    try:
        file.seek(0)
        with Image.open(file, formats=_FORMATS) as image:
            return _shrink(image, side_pixels)
    except Exception:  # noqa: BLE001 - decoders raise what they like, and all of it means the same
        return b""


def _shrink(image: Image.Image, side_pixels: int) -> bytes:
    if image.width * image.height > MOST_PIXELS:
        return b""
    profile = image.info.get("icc_profile") or b""
    small = image if image.mode in _PLAIN_MODES else image.convert("RGBA")
    small.thumbnail(
        (side_pixels, side_pixels), reducing_gap=2.0
    )  # which decodes a JPEG at a fraction of its size
    small = ImageOps.exif_transpose(small)
    if small.mode not in {"RGB", "RGBA"}:
        small = small.convert("RGBA" if "A" in small.mode else "RGB")
        profile = b""
    made = BytesIO()
    small.save(
        made,
        "WEBP",
        quality=_QUALITY,
        icc_profile=profile if len(profile) <= _LONGEST_PROFILE_BYTES else b"",
    )
    return made.getvalue()


def _set_bounds() -> None:
    """Give up what is not needed: memory without end, files, the right of way."""
    bounds = {
        resource.RLIMIT_AS: _MEMORY_BYTES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
    }
    for kind, most in bounds.items():
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))
    with suppress(OSError):
        os.nice(_NICE)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123
        file.write("1000")  # where memory runs out, this goes, and not the gateway


def _allow_time() -> None:
    """Let the system end this process when one picture takes too much of its time."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used_seconds = int(usage.ru_utime + usage.ru_stime)
    with suppress(OSError, ValueError):
        resource.setrlimit(
            resource.RLIMIT_CPU, (used_seconds + _CPU_SECONDS, resource.getrlimit(resource.RLIMIT_CPU)[1])
        )


def main() -> None:
    """Serve whoever started this."""
    warnings.simplefilter("error")
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    _set_bounds()
    with suppress(ConnectionError), socket.socket(fileno=sys.stdin.fileno()) as channel:
        serve(channel)


if __name__ == "__main__":
    main()
