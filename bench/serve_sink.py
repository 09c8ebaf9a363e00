"""The gateway with a sink in the spool's place: what passing a picture costs without keeping it.

`python bench/serve_sink.py --port N` takes the same environment as `limner serve`. Pictures are not decoded,
hashed or written; their base64 waits in memory until it is sent. For measuring only.
"""

import argparse

import uvicorn

from limner.allocator import tune
from limner.app import build_app
from limner.cli_keys import open_key_store
from limner.config import load_settings
from limner.ledger.sqlite import Database
from limner.pictures.sniff import sniff_mime_type


class SinkSpool:
    """Takes base64 and gives it back as it came."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self.sha256 = "0" * 64
        self.mime_type: str | None = None
        self.pixels: tuple[int, int] | None = None
        self._text = bytearray()

    def append(self, base64: bytes) -> None:
        """Take the next piece."""
        self._text += base64
        if self.mime_type is None and self._text.startswith(b"iVBORw0KGgo"):
            self.mime_type = sniff_mime_type(b"\x89PNG\r\n\x1a\n")
        self.size_bytes = len(self._text) // 4 * 3 - self._text.count(b"=", len(self._text) - 2)

    def finish(self) -> None:
        """Take the end."""

    def read_base64(self, offset: int, size: int) -> bytes:
        """Return base64 of up to `size` bytes of the picture at `offset`, a multiple of 3."""
        start = offset // 3 * 4
        return bytes(memoryview(self._text)[start : start + -(-size // 3) * 4])

    def close(self) -> None:
        """Let the picture go."""
        self._text = bytearray()


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
