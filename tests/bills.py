"""An upstream in Gemini's place that keeps a book of what it charges: the oracle of every test about money.

A line is on disk before a picture is drawn, and another once the last byte of an answer was handed to the
network. What the upstream does is ordered in the prompt (`orders`); a test may hold an answer at a point of its
choice and release it.
"""

import hashlib
import json
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from orders import Order, draw, read_order, to_bytes

_PIECE_BYTES = 64 * 1024
_WAIT_SECONDS = 30.0


@dataclass(kw_only=True)
class Charge:
    """One line of the book."""

    number: int
    call: str
    pictures: tuple[str, ...]
    """SHA-256 of each."""
    cost_micro_usd: int | None
    """None: the upstream does not say, or the answer breaks off."""
    written_at: float | None = None
    """When the last byte of the answer had been handed to the network."""


class BillBook:
    """The book and the upstream that writes it."""

    def __init__(self, path: Path) -> None:
        self.url = ""
        self.charges: list[Charge] = []
        self._file = path.open("ab", buffering=0)
        self._changed = threading.Condition()
        self._refused: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self._released: set[str] = set()
        self._is_open = True

    def count_charges(self, call: str | None = None) -> int:
        """Return how often a call, or anything, was charged."""
        return sum(call in {None, charge.call} for charge in tuple(self.charges))

    def find(self, call: str) -> Charge:
        """Return the only charge of a call."""
        (charge,) = [charge for charge in tuple(self.charges) if charge.call == call]
        return charge

    def wait_for_charges(self, count: int) -> None:
        """Wait until that much was charged in all."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.charges) >= count, _WAIT_SECONDS)

    def wait_until_held(self, call: str) -> None:
        """Wait until an answer stands where its order holds it."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._held[call] > 0, _WAIT_SECONDS)

    def release(self, *calls: str) -> None:
        """Let answers that are held go on."""
        with self._changed:
            self._released.update(calls)
            self._changed.notify_all()

    def close(self) -> None:
        """Let everything go."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
        self._file.close()

    def refuses(self, order: Order) -> bool:
        """Say whether this attempt is refused."""
        if order.status == 200:
            return False
        with self._changed:
            self._refused[order.call] += 1
            return self._refused[order.call] <= order.times

    def charge(self, order: Order, pictures: Sequence[bytes], cost_micro_usd: int | None) -> Charge:
        """Write, before anything is drawn, that it is paid for."""
        digests = tuple(hashlib.sha256(picture).hexdigest() for picture in pictures)
        with self._changed:
            charge = Charge(
                number=len(self.charges) + 1,
                call=order.call,
                pictures=digests,
                cost_micro_usd=cost_micro_usd,
            )
            self._write({"charge": charge.number, "call": order.call, "pictures": digests})
            self.charges.append(charge)
            self._changed.notify_all()
        return charge

    def note_written(self, charge: Charge) -> None:
        """Write that all of an answer is on its way."""
        with self._changed:
            if self._is_open:
                self._write({"written": charge.number})
                charge.written_at = time.monotonic()

    def hold(self, call: str) -> None:
        """Wait until the test lets this answer go on."""
        with self._changed:
            self._held[call] += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: call in self._released or not self._is_open)

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line).encode() + b"\n")
        os.fsync(self._file.fileno())


@contextmanager
def run_bill_book(folder: Path) -> Iterator[BillBook]:
    """Run the upstream for the length of the block; its book is `folder`/bills.jsonl."""
    book = BillBook(folder / "bills.jsonl")

    class Handler(_OrderTaker):
        pass

    Handler.book = book
    server = _Server(("127.0.0.1", 0), Handler)
    book.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield book
    finally:
        server.shutdown()
        thread.join()
        book.close()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of connections that a kill broke: the book's missing line tells."""


class _OrderTaker(BaseHTTPRequestHandler):
    """Answers generateContent and streamGenerateContent in Gemini's form."""

    protocol_version = "HTTP/1.1"
    book: BillBook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        order = read_order(body)
        if self.book.refuses(order):
            self._refuse(order)
            return
        drawing = draw(order, self.book.count_charges())
        is_known = order.has_usage and order.cut_at is None
        charge = self.book.charge(order, drawing.pictures, drawing.cost_micro_usd if is_known else None)
        if order.holds_at == 0:
            self.book.hold(order.call)
        time.sleep(order.delay_seconds)
        if order.cut_at == 0:
            self._break_off()
            return
        is_stream = "streamGenerateContent" in self.path
        self.send_response(200)
        kind = "text/event-stream" if is_stream else "application/json; charset=UTF-8"
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self._send_body(order, to_bytes(order, drawing, is_stream=is_stream)):
            self.wfile.write(b"0\r\n\r\n")
            self.book.note_written(charge)

    def _refuse(self, order: Order) -> None:
        error = {"code": order.status, "message": "The model is overloaded.", "status": "UNAVAILABLE"}
        body = json.dumps({"error": error}).encode()
        self.send_response(order.status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_body(self, order: Order, body: bytes) -> bool:
        """Send it as ordered; say whether it is all there."""
        held_at = int(len(body) * order.holds_at) if order.holds_at else None
        paused_at = len(body) // 2 if order.pauses_seconds else None
        ends_at = len(body) if order.cut_at is None else int(len(body) * order.cut_at)
        stops = {stop for stop in (held_at, paused_at) if stop is not None and stop < ends_at}
        position = 0
        while position < ends_at:
            following = min((stop for stop in stops if stop > position), default=ends_at)
            end = min(position + _PIECE_BYTES, following)
            self.wfile.write(b"%x\r\n%b\r\n" % (end - position, body[position:end]))
            position = end
            if position == held_at:
                self.book.hold(order.call)
            if position == paused_at:
                time.sleep(order.pauses_seconds)
        if ends_at < len(body):
            self._break_off()
            return False
        return True

    def _break_off(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
