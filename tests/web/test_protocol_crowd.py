"""Hundreds of slow senders at once: all end, and ordinary calls are answered meanwhile."""

import resource
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from protocol_server import get, post, read_to_end, run_server

from limner.web.deadlines import Deadlines

CROWD = 500


@contextmanager
def many_files() -> Iterator[None]:
    """Let this process open enough files: both ends of every connection are its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_crowd_of_slow_senders() -> None:
    """500 silent, header-dripping and body-dripping clients end in time, and other calls are answered."""
    deadlines = Deadlines(headers_seconds=1.0, body_window_seconds=1.0, drain_seconds=0.5)
    kinds = [b"", get("/bytes/1")[:-2], post("/bytes/1", 1_000_000) + b"b"]
    with many_files(), run_server(deadlines) as server, ExitStack() as stack:
        clients: list[tuple[int, socket.socket]] = []
        for number in range(CROWD):
            client = stack.enter_context(server.connect())
            clients.append((number % 3, client))
            client.sendall(kinds[number % 3])
            if number % 50 == 0:
                assert server.ask("/bytes/100") == 200
        ends = Counter((kind, drip_to_end(client, kind)[:12]) for kind, client in clients)
        assert server.ask("/bytes/100") == 200
        server.wait_until(lambda: server.connections == 0)
    answered = b"HTTP/1.1 408"
    assert {end for end, _ in ends.items()} == {(0, b""), (1, answered), (2, answered)}
    assert sum(ends.values()) == CROWD


def drip_to_end(client: socket.socket, kind: int) -> bytes:
    """Send a little more, as a slow sender would, and read what comes until the end."""
    if kind:
        with suppress(OSError):  # closed already; what was said is still to be read
            client.sendall(b"b")
    return read_to_end(client)
