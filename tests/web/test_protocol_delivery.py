"""What the gateway knows of an answer's arrival: acknowledged bytes, and when the client counts as gone."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest
from protocol_server import Server, Visit, get, post, read_answer, read_to_end, reset, run_server

from limner.web.deadlines import Deadlines

# More than a client's receive buffer of 4 KiB and less than what the server's kernel takes at once.
IN_FLIGHT_BYTES = 200_000
LARGE_BYTES = 20_000_000


@pytest.fixture(scope="module")
def running_server() -> Iterator[Server]:
    with run_server(Deadlines(acknowledgement_seconds=0.5)) as running:
        yield running


@pytest.fixture
def server(running_server: Server) -> Server:
    running_server.forget_visits()
    return running_server


def has_arrived(visit: Visit) -> bool:
    return visit.connection.acknowledged_bytes() == visit.connection.written_bytes


def test_all_read_and_closed(server: Server) -> None:
    """Of an answer read to its end all bytes are acknowledged, and an orderly close does not change that."""
    with server.connect() as client:
        client.sendall(get("/bytes/300000"))
        visit = server.next_visit()
        _, _, body = read_answer(client)
        server.wait_until(lambda: has_arrived(visit))
        assert not visit.connection.is_lost
        written_bytes = visit.connection.written_bytes
        assert written_bytes > len(body) == 300_000
    server.wait_until(lambda: visit.lost_with == [written_bytes])
    assert server.read(lambda: visit.connection.is_lost)
    assert server.read(visit.connection.acknowledged_bytes) == written_bytes


def test_nothing_is_acknowledged_that_the_client_cannot_have(server: Server) -> None:
    """With a small receive buffer no more is acknowledged than was read and fits there, and never less."""
    with server.connect(receive_buffer_bytes=4096) as client:
        client.sendall(get(f"/bytes/{LARGE_BYTES}"))
        visit = server.next_visit()
        buffer_bytes = client.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        read_bytes = before = 0
        for _ in range(50):
            read_bytes += len(client.recv(3000))
            acknowledged_bytes = server.read(visit.connection.acknowledged_bytes)
            read_bytes += len(client.recv(3000))
            assert before <= acknowledged_bytes <= read_bytes + buffer_bytes
            before = acknowledged_bytes
        assert 0 < before < visit.connection.written_bytes


@pytest.mark.parametrize("is_polled", [False, True])
def test_half_read_and_reset(server: Server, *, is_polled: bool) -> None:
    """A client that leaves with a reset has not got the answer, however often was looked before."""
    with server.connect(receive_buffer_bytes=4096) as client:
        client.sendall(get(f"/bytes/{IN_FLIGHT_BYTES}"))
        visit = server.next_visit()
        read_bytes = 0
        while read_bytes < IN_FLIGHT_BYTES // 2:
            read_bytes += len(client.recv(3000))
            if is_polled:
                server.read(visit.connection.acknowledged_bytes)
        server.wait_until(lambda: visit.is_over)
        reset(client)
    server.wait_until(lambda: len(visit.lost_with) == 1)
    acknowledged_bytes = server.read(visit.connection.acknowledged_bytes)
    assert visit.lost_with == [acknowledged_bytes]
    assert acknowledged_bytes < visit.connection.written_bytes
    assert (acknowledged_bytes > 0) is is_polled


def test_closed_with_unread_bytes(server: Server) -> None:
    """A client that reads half and closes resets the connection: what was not seen to arrive did not."""
    with server.connect(receive_buffer_bytes=4096) as client:
        client.sendall(get(f"/bytes/{IN_FLIGHT_BYTES}"))
        visit = server.next_visit()
        client.recv(4000)
        server.wait_until(lambda: visit.is_over)
    server.wait_until(lambda: len(visit.lost_with) == 1)
    assert server.read(visit.connection.acknowledged_bytes) < visit.connection.written_bytes


def test_never_read(server: Server) -> None:
    """For a client that reads nothing an answer in flight stays unacknowledged, and the client is there."""
    with server.connect(receive_buffer_bytes=4096) as client:
        client.sendall(get(f"/bytes/{IN_FLIGHT_BYTES}"))
        visit = server.next_visit()
        server.wait_until(lambda: visit.is_over)
        time.sleep(0.1)
        assert server.read(visit.connection.acknowledged_bytes) < IN_FLIGHT_BYTES
        assert not visit.connection.is_lost


def test_end_of_input_while_the_answer_is_in_flight(server: Server) -> None:
    """A client that says it sends no more and then reads on gets all, and counts as gone only then."""
    with server.connect(receive_buffer_bytes=4096) as client:
        client.sendall(get(f"/bytes/{IN_FLIGHT_BYTES}"))
        visit = server.next_visit()
        server.wait_until(lambda: visit.is_over)
        client.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        assert not visit.connection.is_lost
        assert read_to_end(client).endswith(b"a" * IN_FLIGHT_BYTES)
        server.wait_until(lambda: visit.lost_with == [visit.connection.written_bytes])


def test_end_of_input_and_never_read(server: Server) -> None:
    """One that then acknowledges nothing for a while counts as gone, without the answer."""
    with server.connect(receive_buffer_bytes=4096) as client:
        client.sendall(get(f"/bytes/{IN_FLIGHT_BYTES}"))
        visit = server.next_visit()
        server.wait_until(lambda: visit.is_over)
        client.shutdown(socket.SHUT_WR)
        server.wait_until(lambda: len(visit.lost_with) == 1)
        assert visit.lost_with[0] < visit.connection.written_bytes


@pytest.mark.parametrize("path", ["/late/10", "/half"])
def test_end_of_input_before_the_answer_is_complete(path: str, server: Server) -> None:
    """A client that closes while its answer is made is gone at once, even if its body came in one large read."""
    with server.connect() as client:
        client.sendall(post(path, 100_000))
        visit = server.next_visit()
        server.read(lambda: client.sendall(b"b" * 100_000))  # the server reads once all of it is there
        server.wait_until(lambda: visit.body_bytes == 100_000)
        if path == "/half":
            assert b"first" in client.recv(1000)
    server.wait_until(lambda: visit.connection.is_lost and len(visit.lost_with) == 1)
    assert not visit.is_over
    server.let_go(visit)
    server.wait_until(lambda: visit.is_over)


def test_reset_before_the_answer(server: Server) -> None:
    """A reset while the answer is made is seen at once."""
    client = server.connect()
    client.sendall(get("/late/10"))
    visit = server.next_visit()
    reset(client)
    server.wait_until(lambda: visit.lost_with == [0])
    server.let_go(visit)
    server.wait_until(lambda: visit.is_over)
    assert visit.connection.written_bytes == 0


def test_end_of_input_in_an_unfinished_large_answer(server: Server) -> None:
    """A client that says it sends no more in the middle of an answer is let go of though it never reads."""
    with server.connect(receive_buffer_bytes=4096) as client:
        client.sendall(get("/chunks/20/1000000"))
        visit = server.next_visit()
        assert client.recv(100)
        client.shutdown(socket.SHUT_WR)
        server.wait_until(lambda: len(visit.lost_with) == 1 and visit.is_over)
        server.wait_until(lambda: server.connections == 0)


@pytest.mark.parametrize("header", ["Connection: close", "Connection: keep-alive"])
def test_answer_on_a_connection_that_is_closed_after_it(header: str, server: Server) -> None:
    """Where the server closes after the answer, it still sees the answer arrive before the client is gone."""
    with server.connect(receive_buffer_bytes=4096) as client:
        client.sendall(get(f"/bytes/{IN_FLIGHT_BYTES}", header))
        visit = server.next_visit()
        server.wait_until(lambda: visit.is_over)
        time.sleep(0.1)
        assert not visit.connection.is_lost
        _, _, body = read_answer(client)
        assert len(body) == IN_FLIGHT_BYTES
        server.wait_until(lambda: has_arrived(visit))
        if header == "Connection: close":
            assert client.recv(1) == b""
    server.wait_until(lambda: visit.lost_with == [visit.connection.written_bytes])


def test_slow_reader_of_a_connection_that_is_closed(server: Server) -> None:
    """A slow client gets all of an answer after which the server closes, however long it takes."""
    with server.connect(receive_buffer_bytes=4096) as client:
        client.sendall(get(f"/bytes/{IN_FLIGHT_BYTES}", "Connection: close"))
        visit = server.next_visit()
        got = b""
        for _ in range(12):  # longer than the server waits for a client that takes nothing
            got += client.recv(5000)
            time.sleep(0.1)
        assert not visit.connection.is_lost
        assert (got + read_to_end(client)).endswith(b"a" * IN_FLIGHT_BYTES)
        server.wait_until(lambda: visit.lost_with == [visit.connection.written_bytes])


def test_kept_alive(server: Server) -> None:
    """Requests one after the other share one connection, which counts all their bytes."""
    with closing(HTTPConnection(*server.address, timeout=20)) as client:
        visits = []
        for size in (1000, 2000):
            client.request("GET", f"/bytes/{size}")
            assert len(client.getresponse().read()) == size
            visits.append(server.next_visit())
        assert visits[0].connection is visits[1].connection
        server.wait_until(lambda: has_arrived(visits[1]))
        assert visits[1].connection.written_bytes > 3000
    server.wait_until(lambda: [len(visit.lost_with) for visit in visits] == [1, 1])


def test_closing_after_the_answer_does_not_linger(server: Server) -> None:
    """A client that closes once it has its answer is gone, and its connection closed, at once."""
    with server.connect() as client:
        client.sendall(get("/bytes/10"))
        visit = server.next_visit()
        read_answer(client)
        client.shutdown(socket.SHUT_WR)
        started = time.monotonic()
        assert client.recv(1) == b""
        assert time.monotonic() - started < 0.4  # the server's patience is 0.5
    server.wait_until(lambda: len(visit.lost_with) == 1)


def test_on_lost_can_be_taken_back_and_come_late(server: Server) -> None:
    """A callback that was taken back is not called; one that comes late is called once, by the loop."""
    client = server.connect()
    client.sendall(get("/late/10"))
    visit = server.next_visit()
    calls: list[str] = []
    forget = server.read(lambda: visit.connection.on_lost(lambda: calls.append("taken back")))
    server.read(forget)
    client.close()
    server.wait_until(lambda: len(visit.lost_with) == 1)
    server.read(lambda: visit.connection.on_lost(lambda: calls.append("late")))
    server.wait_until(lambda: calls == ["late"])

    def register_and_forget() -> None:
        visit.connection.on_lost(lambda: calls.append("forgotten"))()

    server.read(register_and_forget)
    assert server.read(calls.copy) == ["late"]
    server.let_go(visit)
