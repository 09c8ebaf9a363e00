"""Files that are a picture and a page or a script in one, or a page that is called a picture. Knows no gateway.

Each tries to say that it ran in every way it could: to the page it runs in, to the one around it, by a dialogue, and
by asking `beacon_url` for something.
"""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO

from PIL import Image

SIZE = 24
"""Width and height of the pictures that are whole ones."""

JPEG_TAIL = b"\xff\xd9"


def write_script(name: str, beacon_url: str) -> str:
    """Return what a file runs if it is let."""
    tries = (
        f"globalThis.ran={name!r}",
        f"document.title='ran {name}'",
        f"top.postMessage('ran {name}','*')",
        f"new Image().src='{beacon_url}/ran/{name}'",
        f"fetch('{beacon_url}/ran/{name}')",
        f"alert('ran {name}')",
    )
    return "".join(f"try{{{one}}}catch{{}};" for one in tries)


def make_all(beacon_url: str) -> dict[str, bytes]:
    """Return all of them by name."""
    makers: dict[str, Callable[[bytes, str], bytes]] = {
        "png-html": lambda page, _: _encode("PNG") + page,
        "png-text": lambda page, _: _add_chunk(_encode("PNG"), b"tEXt", b"Comment\0" + page),
        "png-head-html": lambda page, _: b"\x89PNG\r\n\x1a\n" + page,
        "jpeg-html": lambda page, _: _add_comment(_encode("JPEG"), page),
        "jpeg-js": _to_jpeg_script,
        "gif-js": _to_gif_script,
        "webp-js": _to_webp_script,
        "svg": lambda _, script: (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}">'
            f"<script>{script}</script></svg>"
        ).encode(),
        "xhtml": lambda _, script: (
            f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><script>{script}</script></html>'
        ).encode(),
        "html": lambda page, _: b"<!doctype html>" + page,
        "js": lambda _, script: script.encode(),
        "pdf": lambda _, script: _to_pdf(script),
    }
    made = {}
    for name, make in makers.items():
        script = write_script(name, beacon_url)
        page = f'<html><body><script>{script}</script><img src=x onerror="{script}"></body></html>'
        made[name] = make(page.encode(), script)
    return made


def _encode(kind: str) -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").resize((SIZE, SIZE)).convert("RGB").save(out, kind)
    return out.getvalue()


def _add_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    """Put a chunk behind the header."""
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return png[:33] + chunk + png[33:]


def _add_comment(jpeg: bytes, body: bytes) -> bytes:
    """Put a comment segment behind the first marker."""
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def _to_jpeg_script(_: bytes, script: str) -> bytes:
    """Return a JPEG that begins as an assignment to a variable with a comment around the rest."""
    begin = b"*/=1;" + script.encode() + b"/*"
    whole = _encode("JPEG")
    length = 0x2F2A  # "/*", as the length of the first segment
    segment = b"JFIF\0\1\1\0\0\1\0\1\0\0".ljust(length - 2 - len(begin), b"\0") + begin
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", length) + segment + whole[20:-2] + b"*/" + JPEG_TAIL


def _to_gif_script(_: bytes, script: str) -> bytes:
    return b"GIF89a/*" + bytes(8) + b"*/=1;" + script.encode()


def _to_webp_script(_: bytes, script: str) -> bytes:
    return b"RIFF/*\0\0WEBPVP8 " + bytes(8) + b"*/=1;" + script.encode()


def _to_pdf(script: str) -> bytes:
    action = f"/OpenAction << /S /JavaScript /JS (app.alert('ran'); {script.replace('(', '[').replace(')', ']')}) >>"
    return (
        f"%PDF-1.4\n1 0 obj << /Type /Catalog {action} >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF".encode()
    )
