"""The gateway with a sink in the spool's place: what passing a picture costs without keeping it.

`python bench/serve_sink.py --port N` takes the same environment as `limner serve`. Pictures are not decoded,
hashed or written, and what is sent in their place is filling of the same length. For measuring only.
"""

import argparse

import uvicorn

from limner.allocator import tune
from limner.app import build_app
from limner.cli_keys import open_key_store
from limner.config import load_settings
from limner.ledger.sqlite import Database

_HEAD_CHARACTERS = 256 * 1024
_FILLING = b"A" * 1024 * 1024


class SinkSpool:
    """Keeps a picture's beginning and its length; the rest is read as filling of the same length."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self.sha256 = "0" * 64
        self.mime_type: str | None = None
        self.pixels: tuple[int, int] | None = None
        self.is_held = False
        self._head = b""
        self._characters = 0

    def append(self, base64: bytes) -> None:
        """Take the next piece."""
        if len(self._head) < _HEAD_CHARACTERS:
            self._head += base64[:_HEAD_CHARACTERS]
            self.mime_type = "image/png" if self._head.startswith(b"iVBORw0KGgo") else None
        self._characters += len(base64)
        self.size_bytes = self._characters // 4 * 3 - base64.count(b"=", -2)

    def finish(self) -> None:
        """Take the end."""

    def read_base64(self, offset: int, size: int) -> bytes | memoryview:
        """Return base64 of `size` bytes at `offset`, a multiple of 3; less where the picture ends."""
        characters = -(-min(size, self.size_bytes - offset) // 3) * 4
        source = self._head if offset // 3 * 4 + characters <= len(self._head) else _FILLING
        return memoryview(source)[:characters]

    def close(self) -> None:
        """Let the picture go."""


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    tune()
    settings = load_settings()
    with Database(settings.data_dir) as database:
        app = build_app(
            settings, keys=open_key_store(database, settings), emulator_url=None, new_spool=SinkSpool
        )
        uvicorn.run(app, port=port, http="httptools", ws="none", log_config=None, access_log=False)


if __name__ == "__main__":
    main()
