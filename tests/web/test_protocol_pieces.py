"""Chunks written in pieces: the same bytes as joined ones, at the client's pace, into the right answer."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import aiohttp
import pytest
from protocol_server import Server, get, make_chunk, read_answer, read_to_end, run_server
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT


@pytest.fixture(scope="module")
def running_server() -> Iterator[Server]:
    with run_server() as running:
        yield running


@pytest.fixture
def server(running_server: Server) -> Server:
    running_server.forget_visits()
    return running_server


def chunks(count: int, size: int) -> bytes:
    return b"".join(make_chunk(number, size) for number in range(count))


def test_pieces_of_an_answer_as_the_standard_library_reads_them(server: Server) -> None:
    """http.client reads the joined bytes, and the connection serves the next request."""
    with closing(HTTPConnection(*server.address, timeout=20)) as client:
        for count, size in ((40, 300_000), (3, 10), (1, 1)):
            client.request("GET", f"/chunks/{count}/{size}")
            response = client.getresponse()
            assert response.headers["transfer-encoding"] == "chunked"
            assert response.read() == chunks(count, size)


def test_pieces_of_an_answer_as_aiohttp_reads_them(server: Server) -> None:
    """Another client's parser reads the same."""

    async def ask() -> bytes:
        async with (
            aiohttp.ClientSession() as session,
            session.get("http://{}:{}/chunks/40/300000".format(*server.address)) as response,
        ):
            return await response.read()

    assert asyncio.run(ask()) == chunks(40, 300_000)


def test_frames_of_pieces(server: Server) -> None:
    """On the wire a chunk is one: its size, the bytes of all pieces, a line's end; an empty one is none."""
    with server.connect() as client:
        client.sendall(get("/chunks/2/5", "Connection: close"))
        _, _, body = read_to_end(client).partition(b"\r\n\r\n")
        assert body == b"5\r\n" + b"\0" * 5 + b"\r\n5\r\n" + b"\1" * 5 + b"\r\n0\r\n\r\n"
    with server.connect() as client:
        client.sendall(get("/chunks/2/0", "Connection: close"))
        assert read_to_end(client).partition(b"\r\n\r\n")[2] == b"0\r\n\r\n"


def test_a_slow_reader_holds_little(server: Server) -> None:
    """While a client reads slowly no more than one chunk beyond the flow control's limit waits for it."""
    chunk_bytes = 500_000
    held_bytes = []
    with server.connect(receive_buffer_bytes=4096) as client:
        client.sendall(get(f"/chunks/40/{chunk_bytes}", "Connection: close"))
        visit = server.next_visit()
        got = bytearray()
        while not visit.is_over:
            got += client.recv(20_000)
            held_bytes.append(server.read(server.count_buffered_bytes))
        got += read_to_end(client)
    assert got.count(b"\x27") == chunk_bytes
    assert len(got) > 40 * chunk_bytes
    assert 0 < max(held_bytes) < HIGH_WATER_LIMIT + chunk_bytes + 100


def test_no_body_for_head(server: Server) -> None:
    """A HEAD request gets the head alone, and the connection goes on."""
    with closing(HTTPConnection(*server.address, timeout=20)) as client:
        for method, size in (("HEAD", 0), ("GET", 2000)):
            client.request(method, "/chunks/2/1000")
            assert len(client.getresponse().read()) == size


def test_pieces_without_a_chunked_answer_under_way(server: Server) -> None:
    """Before the answer begins, after its end and where it has a length, writing a chunk is an error."""
    with server.connect() as client:
        client.sendall(get("/late/10"))
        visit = server.next_visit()

        async def write() -> str:
            try:
                await visit.connection.write_pieces([b"x"])
            except RuntimeError as error:
                return str(error)
            return "written"

        assert server.run(write()) == "The response has not started."
        server.let_go(visit)
        assert read_answer(client)[2] == b"a" * 10
        assert server.run(write()) == "The response is complete."
        client.sendall(get("/early/10"))
        early = server.next_visit()
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert server.run(write()) == "The response is not chunked."
        server.let_go(early)
    server.wait_until(lambda: visit.connection.is_lost)
    assert server.run(write()) == "written"


def test_pipelined_answers_do_not_mix(server: Server) -> None:
    """Of requests that were sent together each is answered whole and in order, its pieces in its own answer."""
    with server.connect() as client:
        paths = ["/chunks/3/70000", "/bytes/5", "/chunks/2/100000", "/chunks/1/1"]
        client.sendall(b"".join(get(path) for path in paths[:-1]) + get(paths[-1], "Connection: close"))
        rest = read_to_end(client)
    assert list(split_answers(rest)) == [chunks(3, 70_000), b"a" * 5, chunks(2, 100_000), chunks(1, 1)]
    connections = {id(server.next_visit().connection) for _ in paths}
    assert len(connections) == 1


def split_answers(stream: bytes) -> Iterator[bytes]:
    """Yield the bodies of answers that follow each other."""
    lines = io.BytesIO(stream)
    while lines.readline():
        headers = dict(iter(lambda: lines.readline().rstrip().partition(b": ")[::2], (b"", b"")))
        if b"content-length" in headers:
            yield lines.read(int(headers[b"content-length"]))
            continue
        body = b""
        while size := int(lines.readline(), 16):
            body += lines.read(size)
            assert lines.readline() == b"\r\n"
        assert lines.readline() == b"\r\n"
        yield body


def test_all_pipelined_requests_hear_that_the_client_left(server: Server) -> None:
    """A client that leaves is gone for the request that is answered too, not only for the last that came."""
    with server.connect() as client:
        client.sendall(get("/gone") + get("/late/10"))
        visit = server.next_visit()
    server.wait_until(lambda: visit.is_disconnected and visit.lost_with != [])
    assert server.visits.empty()
