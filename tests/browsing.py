"""A real browser, Debian's Chromium, and a server for the pages that it opens. Knows no gateway.

Everything a page could do by script is watched: dialogues, titles, messages, and requests to the server.
"""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, sync_playwright


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Run the browser for the length of the block, or skip where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no Chromium on this machine (Debian: chromium)")
    with sync_playwright() as playwright:
        # Its own sandbox needs more than a container gives; what it opens here is ours.
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


class PageServer:
    """Serves `files` by path, with the type named beside each; `asked` are the paths that were asked for."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.files: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []


@contextmanager
def serving_pages() -> Iterator[PageServer]:
    """Run the server for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pages.asked.append(self.path)
            mime_type, body = pages.files.get(self.path, ("text/plain", b""))
            self.send_response(200)
            self.send_header("Content-Type", mime_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    pages = PageServer(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield pages
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Watch:
    """What was seen of scripts in a page and all that is in it."""

    def __init__(self, page: Page) -> None:
        self.seen: list[str] = []
        self.downloads = 0
        page.on("dialog", self._see_dialog)
        page.on("pageerror", lambda error: self.seen.append(f"error {error}"))
        page.on("download", lambda _: self._count_download())
        page.on("popup", lambda _: self.seen.append("popup"))
        page.on("console", lambda line: self._see_line(line.text))

    def _see_dialog(self, dialog: object) -> None:
        self.seen.append("dialog")
        dialog.dismiss()  # type: ignore[attr-defined]  # Playwright's own type is for one of two loops

    def _see_line(self, text: str) -> None:
        if text.startswith("ran"):
            self.seen.append(text)

    def _count_download(self) -> None:
        self.downloads += 1
