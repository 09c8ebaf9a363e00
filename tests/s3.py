"""An S3 server for tests: moto as a program of its own, behind a wire that a test can cut, clog and slow down.

Objects stay while the wire is cut: S3 that is down and comes back. `python -m s3` is the server alone.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from obstore.store import S3Store

from programs import Program
from slow_wire import SlowWire

BUCKET = "pictures"
SECRET = "the-secret-key-of-the-tests"


class S3Server(Program):
    """The server, with one empty bucket. `wire` stands between it and everybody who uses `variables`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            "s3", folder=folder, variables={"PYTHONPATH": str(Path(__file__).parent), "PYTHONWARNINGS": ""}
        )
        self.wire = SlowWire(self.address)
        self.create_bucket(BUCKET)

    @property
    def variables(self) -> dict[str, str]:
        """What a gateway has to have in its environment to use it, but for `LIMNER_IMAGE_STORE_URL`."""
        return self._make_variables(self.wire.url)

    @property
    def store_url(self) -> str:
        """What `LIMNER_IMAGE_STORE_URL` may be."""
        return f"s3://{BUCKET}/limner"

    def create_bucket(self, name: str) -> None:
        """Make a bucket."""
        connection = self.connect()
        connection.request("PUT", f"/{name}")
        assert connection.getresponse().status == 200
        connection.close()

    def open_bucket(self, name: str = BUCKET) -> S3Store:
        """Return a bucket as the library sees it, past the wire."""
        return S3Store(name, config=self._make_variables(self.url))  # type: ignore[arg-type] # any spelling goes

    def list_objects(self, name: str = BUCKET) -> dict[str, int]:
        """Return the sizes of all objects, past the wire."""
        return {found["path"]: found["size"] for found in self.open_bucket(name).list().collect()}

    def cut(self) -> None:
        """Be down: connections are refused, and those there are end."""
        self.wire.refuse()

    def restore(self) -> None:
        """Be up again, fast, on the same port, with all objects."""
        self.wire.restore()

    def stop(self) -> int:
        """End it for good and return its exit code."""
        self.wire.close()
        return super().stop()

    def _make_variables(self, url: str) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "AKIATESTSTESTSTESTS0",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }


@contextmanager
def running_s3(folder: Path) -> Iterator[S3Server]:
    """Run a server for the length of the block."""
    server = S3Server(folder)
    try:
        yield server
    finally:
        assert server.stop() == 0


def _serve() -> None:
    # Imported here: moto takes a second, which only this program should wait for.
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - as above
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415 - as above

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = make_server(
        "127.0.0.1",
        0,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    sys.stdout.write(f"S3 listens on http://127.0.0.1:{server.port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    _serve()
