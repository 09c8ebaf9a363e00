"""Slow senders end in time, with an answer that says why; others do not notice the deadlines."""

import time
from collections.abc import Iterator

import pytest
from protocol_server import Server, get, post, read_answer, read_refusal, read_to_end, run_server

from limner.web.deadlines import Deadlines

SHORT = Deadlines(
    headers_seconds=0.4, body_window_seconds=0.4, body_bytes_per_second=20_000, drain_seconds=0.4
)


@pytest.fixture(scope="module")
def running_server() -> Iterator[Server]:
    with run_server(SHORT) as running:
        yield running


@pytest.fixture
def server(running_server: Server) -> Server:
    running_server.forget_visits()
    return running_server


def test_silent(server: Server) -> None:
    """A new connection on which nothing comes, or only empty lines, is closed without an answer."""
    for sent in (b"", b"\r\n\r\n"):
        with server.connect() as client:
            client.sendall(sent)
            assert client.recv(1) == b""


@pytest.mark.parametrize("sent", [b"G", get("/bytes/1")[:-2]])
def test_part_of_a_header(sent: bytes, server: Server) -> None:
    """A header of which part came is answered 408, also if it still drips."""
    with server.connect() as client:
        client.sendall(sent)
        time.sleep(0.2)
        if len(sent) > 1:
            client.sendall(b"X-Slow: 1\r\n")
        status, error = read_refusal(client)
    assert (status, error["code"], error["type"]) == (408, "request_timeout", "invalid_request_error")
    assert error["param"] is None
    assert "0.4 s" in error["message"]
    assert server.visits.empty()


def test_part_of_a_second_header(server: Server) -> None:
    """On a connection in use the time runs from the next request's first byte, not before."""
    with server.connect() as client:
        client.sendall(get("/bytes/1"))
        assert read_answer(client)[0] == 200
        time.sleep(0.6)  # idle is another matter
        client.sendall(get("/bytes/1"))
        assert read_answer(client)[0] == 200
        client.sendall(b"GET /by")
        status, error = read_refusal(client)
    assert (status, error["code"]) == (408, "request_timeout")


@pytest.mark.parametrize("kind", ["bytes/1", "unread"])
def test_body_in_drips(kind: str, server: Server) -> None:
    """A body below the rate is answered 408, and the app sees that the client has gone."""
    with server.connect() as client:
        client.sendall(post(f"/{kind}", 100_000) + b"b" * 100)
        visit = server.next_visit()
        if kind == "unread":
            server.let_go(visit)
        client.sendall(b"b")
        status, error = read_refusal(client)
        assert (status, error["code"]) == (408, "request_timeout")
        assert "KiB/s" in error["message"]
        server.wait_until(lambda: visit.is_over)
    assert visit.is_disconnected
    assert len(visit.lost_with) == 1


def test_chunked_body_in_drips(server: Server) -> None:
    """The same holds for a body without a length, and for one that stops before its last chunk."""
    with server.connect() as client:
        head = post("/bytes/1", 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        client.sendall(head + b"5\r\nhello\r\n")
        assert read_refusal(client)[0] == 408


def test_a_body_for_an_answer_that_has_begun(server: Server) -> None:
    """Where an answer has begun the connection is closed instead: nothing else can be said."""
    with server.connect() as client:
        client.sendall(post("/early/10", 100_000) + b"b")
        visit = server.next_visit()
        said = read_to_end(client)
        assert said.startswith(b"HTTP/1.1 200")
        assert b"408" not in said
    server.wait_until(lambda: visit.lost_with != [])
    server.let_go(visit)


def test_a_body_ends() -> None:
    """A body that keeps the rate but does not end in its time is answered 408."""
    with (
        run_server(Deadlines(body_seconds=0.5, body_window_seconds=0.4)) as server,
        server.connect() as client,
    ):
        client.sendall(post("/bytes/1", 100_000_000))
        client.settimeout(0.02)
        answer = b""
        while not answer:
            client.sendall(b"b" * 100_000)
            try:
                answer = client.recv(1000)
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408")


def test_a_large_fast_body(server: Server) -> None:
    """100 MB are taken as fast as they come."""
    size = 100_000_000
    with server.connect() as client:
        client.sendall(post("/unread", size))
        visit = server.next_visit()
        server.let_go(visit)
        piece = bytes(1_000_000)
        for _ in range(size // len(piece)):
            client.sendall(piece)
        assert read_answer(client)[2] == str(size).encode()


def test_a_body_above_the_rate(server: Server) -> None:
    """A slow body above the rate is taken whole though it takes many windows."""
    with server.connect() as client:
        client.sendall(post("/unread", 100_000))
        server.let_go(server.next_visit())
        for _ in range(40):
            client.sendall(bytes(2500))
            time.sleep(0.04)
        assert read_answer(client)[2] == b"100000"


def test_time_in_which_the_app_does_not_read(server: Server) -> None:
    """A body that waits because the app does not read is not late."""
    size = 30_000_000
    with server.connect() as client:
        client.sendall(post("/unread", size))
        visit = server.next_visit()
        client.settimeout(0.1)
        left = memoryview(bytes(size))
        ends_at = time.monotonic() + 1.5
        while time.monotonic() < ends_at:
            try:
                left = left[client.send(left) :]
            except TimeoutError:
                continue
        assert left
        server.let_go(visit)
        client.settimeout(20)
        client.sendall(left)
        assert read_answer(client)[2] == str(size).encode()


def test_a_client_that_waits_to_be_asked(server: Server) -> None:
    """A client that sends its body when told to continue is not late while it is not told."""
    with server.connect() as client:
        client.sendall(post("/unread", 5).replace(b"Host", b"Expect: 100-continue\r\nHost"))
        visit = server.next_visit()
        time.sleep(1.0)
        server.let_go(visit)
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"hello")
        assert read_answer(client)[2] == b"5"


def test_a_request_behind_an_answer(server: Server) -> None:
    """A second request that comes in part while the first is answered waits for that answer's end."""
    with server.connect() as client:
        client.sendall(get("/late/5") + b"GET /by")
        visit = server.next_visit()
        time.sleep(1.0)
        assert not visit.connection.is_lost
        server.let_go(visit)
        said = read_to_end(client)
    first, _, second = said.partition(b"aaaaa")
    assert first.startswith(b"HTTP/1.1 200")
    assert second.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("end", [b"", b"GET /bytes/1 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"])
def test_what_comes_late_behind_an_answer(end: bytes, server: Server) -> None:
    """Empty lines or a slow second request do no harm to the answer before, and the request is still answered."""
    with server.connect() as client:
        client.sendall(get("/late/5"))
        visit = server.next_visit()
        client.sendall(end[:8] or b"\r\n")
        time.sleep(1.0)
        client.sendall(end[8:])
        time.sleep(0.1)
        server.let_go(visit)
        answers = read_to_end(client).split(b"aaaaa")
    assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200", b"HTTP/1.1 200" if end else b""]


def test_an_idle_connection_has_no_timer() -> None:
    """Between requests nothing of the deadlines is waiting, while one is received something is."""
    with run_server() as server, server.connect() as client:
        client.sendall(post("/bytes/1", 5))
        server.next_visit()
        assert server.read(server.count_timers) == 1
        client.sendall(b"hello")
        read_answer(client)
        assert server.read(server.count_timers) == 0
        client.sendall(b"GET")
        server.wait_until(lambda: server.count_timers() == 1)
