"""Runs Debian's nginx with `deploy/nginx/nginx.conf` in front of gateways of a test.

The file is used as it stands: only the address nginx listens on, the folder it writes to and, in the file beside it,
the gateways are the test's. It must not know what a test asks through it.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from programs import Program, scrub_environment

CONFIGURATION = Path(__file__).resolve().parents[1] / "deploy" / "nginx" / "nginx.conf"
_WAIT_SECONDS = 20


def find_nginx() -> str:
    """Return the program's path, or skip the test; Debian keeps it where an ordinary user's PATH does not look."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("there is no nginx on this machine (Debian: nginx-light)")
    return program


class Nginx(Program):
    """nginx in front of gateways: whatever asks a gateway by its `url` or `address` can ask this."""

    def __init__(self, folder: Path, gateway_urls: Sequence[str]) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
            host, port = listener.getsockname()
            self.url = f"http://{host}:{port}"
            self._write_files(f"{host}:{port}")
            self.set_gateways(gateway_urls)
            self._command = self._find_command()
            self.run("-t")
            with self._log.open("ab") as log:
                # nginx takes over sockets named so, which it does when it replaces itself: the port stays ours.
                self.process = subprocess.Popen(
                    self._command,
                    env={**scrub_environment(), "NGINX": f"{listener.fileno()};"},
                    pass_fds=[listener.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    text=True,
                )
        self._wait_until(lambda: self._list_workers() != set(), "nginx did not start")

    @property
    def said(self) -> str:
        """Its access log and its error log; a line is in there when the request is over."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def set_gateways(self, gateway_urls: Sequence[str], *, down: Sequence[str] = ()) -> None:
        """Write which gateways there are; those in `down` get no calls. A running nginx has to `reload`."""
        lines = [f"server {urlsplit(url).netloc}{' down' if url in down else ''};\n" for url in gateway_urls]
        (self._folder / "gateways.conf").write_text("".join(lines), encoding="utf-8")

    def reload(self) -> None:
        """Have it read its files again; return when nothing new is taken by what ran before."""
        earlier = self._list_workers()
        self.run("-s", "reload")
        self._wait_until(lambda: self._list_workers().isdisjoint(earlier), "nginx did not reload")
        self._wait_until(lambda: self._list_workers() != set(), "nginx did not reload")

    def run(self, *arguments: str) -> str:
        """Run the program once on the same files, as an operator would; return what it said."""
        done = subprocess.run(
            [*self._command, *arguments], capture_output=True, text=True, check=False, timeout=_WAIT_SECONDS
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def stop(self) -> int:
        """End it at once, whatever runs through it; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    @property
    def _log(self) -> Path:
        return self._folder / "nginx.log"

    def _write_files(self, address: str) -> None:
        text = CONFIGURATION.read_text(encoding="utf-8")
        assert text.count("        listen 8080;") == 1
        text = text.replace("        listen 8080;", f"        listen {address};")
        assert text.count(" /tmp/") == 6
        text = text.replace(" /tmp/", f" {self._folder}/")
        (self._folder / "nginx.conf").write_text(text, encoding="utf-8")

    def _find_command(self) -> list[str]:
        # Started by root it would give its workers to a user who may not enter the folder.
        user = " user root;" if os.geteuid() == 0 else ""
        configuration = str(self._folder / "nginx.conf")
        return [find_nginx(), "-e", "stderr", "-c", configuration, "-g", f"daemon off;{user}"]

    def _list_workers(self) -> set[int]:
        """Return the processes that take connections."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = set()
        for child in children.read_text(encoding="ascii").split():
            try:
                title = Path(f"/proc/{child}/cmdline").read_bytes().strip(b"\0 ")
            except FileNotFoundError:
                continue
            if title == b"nginx: worker process":
                found.add(int(child))
        return found

    def _wait_until(self, is_so: Callable[[], bool], complaint: str) -> None:
        ends_at = time.monotonic() + _WAIT_SECONDS
        while not is_so():
            assert self.process.poll() is None, f"{complaint}:\n{self.said}"
            assert time.monotonic() < ends_at, f"{complaint}:\n{self.said}"
            time.sleep(0.02)


@contextmanager
def run_nginx(folder: Path, gateway_urls: Sequence[str]) -> Iterator[Nginx]:
    """Run nginx for the length of the block; its files and its log are in `folder`/nginx.

    Skips the test where nginx is missing.
    """
    find_nginx()
    place = folder / "nginx"
    place.mkdir()
    nginx = Nginx(place, gateway_urls)
    try:
        yield nginx
    finally:
        nginx.stop()
