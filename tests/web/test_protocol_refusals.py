"""What never becomes a request is refused in the form of all errors, and reaches no door."""

import time
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from protocol_server import Server, get, post, read_answer, read_refusal, read_to_end, run_server

from limner.web.deadlines import Deadlines
from limner.web.protocol import MAX_HEADER_BYTES

CHUNKED = post("/unread", 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")


@pytest.fixture(scope="module")
def running_server() -> Iterator[Server]:
    with run_server(Deadlines(drain_seconds=0.5)) as running:
        yield running


@pytest.fixture
def server(running_server: Server) -> Server:
    running_server.forget_visits()
    return running_server


def fill_headers(total_bytes: int, lines: int) -> list[str]:
    """Return headers of so many bytes in all, counted as they are sent but for the request line."""
    each = (total_bytes - len("/bytes/1") - len("Host: here\r\n")) // lines
    return [f"X-{number:04}: ".ljust(each - 2, "x") for number in range(lines)]


@pytest.mark.parametrize("lines", [1, 20, 1000])
def test_headers_below_the_limit(lines: int, server: Server) -> None:
    """Headers of just under 64 KiB in all are taken, in one line or many."""
    with server.connect() as client:
        client.sendall(get("/bytes/1", *fill_headers(MAX_HEADER_BYTES, lines)))
        assert read_answer(client)[0] == 200


@pytest.mark.parametrize("lines", [1, 20, 1000])
def test_headers_over_the_limit(lines: int, server: Server) -> None:
    """Larger ones are 431, even if they come whole in one read."""
    with server.connect() as client:
        client.sendall(get("/bytes/1", *fill_headers(MAX_HEADER_BYTES + 3000, lines)))
        status, error = read_refusal(client)
    assert (status, error["code"], error["type"]) == (431, "headers_too_large", "invalid_request_error")
    assert error["param"] is None
    assert "64 KiB" in error["message"]
    assert server.visits.empty()


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nX-Long: ", b"GET / HTTP/1.1\r\nX-"])
def test_a_header_without_end(start: bytes, server: Server) -> None:
    """A line that never ends is refused while it grows, and the client can read why though it sent on."""
    with server.connect() as client:
        client.sendall(start)
        client.sendall(b"x" * 3_000_000)
        status, error = read_refusal(client)
    assert (status, error["code"]) == (431, "headers_too_large")


def test_trailers_count(server: Server) -> None:
    """What follows a chunked body as headers counts too."""
    with server.connect() as client:
        client.sendall(
            CHUNKED.replace(b"unread", b"bytes/1") + b"0\r\n" + b"X-After: 123456789\r\n" * 5000 + b"\r\n"
        )
        assert read_refusal(client)[0] == 431


def test_a_body_is_no_header(server: Server) -> None:
    """A large body that comes with its headers, or before the next ones, does not count."""
    with server.connect() as client:
        body = b"b" * 200_000
        client.sendall((post("/bytes/1", len(body)) + body) * 3)
        for _ in range(3):
            answer = b""
            while not answer.endswith(b"\r\n\r\na"):
                answer += client.recv(1)
            assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /\N{LATIN SMALL LETTER E WITH ACUTE} HTTP/1.1\r\n\r\n".encode(),
    ],
)
def test_no_http(sent: bytes, server: Server) -> None:
    """What is no HTTP request is 400 in the same form."""
    with server.connect() as client:
        client.sendall(sent)
        status, error = read_refusal(client)
    assert (status, error["type"], error["code"]) == (400, "invalid_request_error", "unsupported_value")
    assert server.visits.empty()


def test_a_broken_body(server: Server) -> None:
    """A chunked body that breaks off its form is 400, and the app sees that the client has gone."""
    with server.connect() as client:
        client.sendall(CHUNKED + b"5\r\nhello\r\n")
        visit = server.next_visit()
        server.let_go(visit)
        client.sendall(b"what?\r\n")
        said = read_to_end(client)
        assert said.startswith(b"HTTP/1.1 400")
        assert b"x-request-id: req_of_the_app\r\n" in said
        server.wait_until(lambda: visit.is_over)
    assert visit.is_disconnected


@pytest.mark.parametrize("garbage", [b"hello\r\n\r\n", CHUNKED + b"wrong\r\n"])
def test_garbage_behind_requests(garbage: bytes, server: Server) -> None:
    """What is no request behind some that are answered is refused after those answers, not in the midst of them."""
    with server.connect() as client:
        client.sendall(get("/late/5") + get("/bytes/5") + garbage)
        visit = server.next_visit()
        time.sleep(0.1)
        server.let_go(visit)
        answers = read_to_end(client).split(b"aaaaa")
    assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200", b"HTTP/1.1 200", b"HTTP/1.1 400"]
    server.next_visit()
    assert server.visits.empty()


def test_a_client_that_sends_on_can_read_the_refusal(server: Server) -> None:
    """A client in the middle of a large body gets the answer instead of a reset."""
    client = HTTPConnection(*server.address, timeout=20)
    client.putrequest("POST", "/bytes/1")
    client.putheader("Transfer-Encoding", "chunked")
    client.endheaders()
    client.send(b"wrong")
    for _ in range(20):
        client.send(b"b" * 200_000)
    assert client.getresponse().status == 400
    client.close()


def test_a_client_whose_body_waits_can_read_the_refusal(server: Server) -> None:
    """The same holds where nothing was read any more because the app was slow."""
    with server.connect() as client:
        client.sendall(CHUNKED)
        visit = server.next_visit()
        server.read(lambda: client.sendall(b"186A0\r\n" + b"b" * 100_000 + b"wrong\r\n"))
        client.sendall(bytes(10_000_000))
        assert read_refusal(client)[0] == 400
        server.let_go(visit)
        server.wait_until(lambda: visit.is_over)


def test_a_refused_client_that_stays_is_closed(server: Server) -> None:
    """A refused client that neither reads nor closes is let go of after a moment."""
    with server.connect() as client:
        client.sendall(b"hello\r\n\r\n")
        server.wait_until(lambda: server.connections == 1)
        server.wait_until(lambda: server.connections == 0)


def test_no_more_is_taken_on_a_refused_connection(server: Server) -> None:
    """A request that follows what was refused is not answered."""
    with server.connect() as client:
        client.sendall(b"hello\r\n\r\n")
        client.sendall(get("/bytes/1"))
        assert read_refusal(client)[0] == 400
    assert server.visits.empty()
