"""`deploy/nginx/nginx.conf` run by Debian's nginx, in front of real gateways on an upstream that keeps a book of charges."""

import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pybase64
import pytest

from asking import Reply, ask, asking, chat, digest, get_message, read_stream, split_markdown
from bills import BillBook, run_bill_book
from gateways import MortalGateway, running
from nginx import Nginx, run_nginx
from orders import Order
from painting import wait_until
from programs import CLIENT_KEY, Gateway, Program, StartGateway

MIB = 1024 * 1024
CHAT_PATH = "/v1/chat/completions"


@pytest.fixture(scope="module")
def nginx(start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """The session's gateway on the emulator, behind nginx."""
    with run_nginx(tmp_path_factory.mktemp("nginx"), [start_gateway().url]) as nginx:
        yield nginx


def read_content(body: bytes, *, is_stream: bool) -> str:
    """Return what an answer of either kind says."""
    if not is_stream:
        return str(get_message(json.loads(body))["content"])
    stream = read_stream(body)
    assert stream.is_done
    return stream.content


def read_until(response: HTTPResponse, words: bytes) -> bytes:
    """Read a body until `words` have come."""
    received = bytearray()
    while words not in received:
        piece = response.read1(64 * 1024)
        assert piece, "the answer ended"
        received += piece
    return bytes(received)


def read_reply(connection: HTTPConnection) -> Reply:
    """Read the answer to a call that was sent."""
    response = connection.getresponse()
    return Reply(response.status, response.headers, response.read())


@contextmanager
def connecting_narrowly(program: Program) -> Iterator[HTTPConnection]:
    """Give a connection whose client's kernel takes little that is not read."""
    with socket.socket() as endpoint:
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        endpoint.settimeout(60)
        endpoint.connect(program.address)
        connection = HTTPConnection(*program.address)
        connection.sock = endpoint
        yield connection


def list_undelivered(gateway: Gateway) -> list[str]:
    """Return the states of what reached nobody."""
    listed = ask(gateway, path=f"{CHAT_PATH}?undelivered=true").json()["data"]
    return [note["status"] for note in listed]


def test_nginx_finds_nothing_wrong(nginx: Nginx) -> None:
    """`nginx -t` passes without a warning."""
    said = nginx.run("-t")
    assert "test is successful" in said
    assert "[warn]" not in said


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_an_answer_passes_unchanged(nginx: Nginx, gateway: Gateway, *, is_stream: bool) -> None:
    """What the gateway answers with a picture of 4K comes through nginx as it is."""
    body = chat(stream=is_stream, extra_body={"google": {"image_config": {"image_size": "4K"}}})
    headers = {"Idempotency-Key": f"behind-nginx-{is_stream}"}
    through = ask(nginx, body, headers=headers)
    direct = ask(gateway, body, headers=headers)
    assert (through.status, direct.headers["idempotent-replayed"]) == (200, "true")
    assert through.headers["content-type"] == direct.headers["content-type"]
    assert through.headers["content-encoding"] is None
    content = read_content(through.body, is_stream=is_stream)
    assert digest(content.encode()) == digest(read_content(direct.body, is_stream=is_stream).encode())
    ((_, picture),) = split_markdown(content)[1]
    assert len(picture) > 100_000
    if not is_stream:
        assert digest(through.body) == digest(direct.body)


def test_the_first_bytes_do_not_wait(tmp_path: Path, book: BillBook) -> None:
    """Half a picture has reached the client while Gemini holds back the other half."""
    order = Order(call="held", size_bytes=4 * MIB, holds_at=0.5)
    with (
        running(MortalGateway(tmp_path, book.url)) as gateway,
        run_nginx(tmp_path, [gateway.url]) as nginx,
        asking(nginx, order.to_body(is_stream=True)) as connection,
    ):
        response = connection.getresponse()
        received = read_until(response, b"data:image/png;base64,")
        while len(received) < MIB:
            received += response.read1(64 * 1024)
        assert book.find("held").written_at is None
        book.release("held")
        stream = read_stream(received + response.read())
    assert stream.is_done
    ((_, picture),) = split_markdown(stream.content)[1]
    assert digest(picture) == book.find("held").pictures[0]


def test_nginx_keeps_no_picture(tmp_path: Path, book: BillBook) -> None:
    """What a client has not read the gateway has not delivered: nginx holds back a whole answer nowhere."""
    order = Order(call="unread", size_bytes=24 * MIB)
    with (
        running(MortalGateway(tmp_path, book.url)) as gateway,
        run_nginx(tmp_path, [gateway.url]) as nginx,
        connecting_narrowly(nginx) as client,
    ):
        body = json.dumps(order.to_body()).encode()
        client.request("POST", CHAT_PATH, body, {"Authorization": f"Bearer {CLIENT_KEY}"})
        response = client.getresponse()
        for number in range(4):
            assert ask(nginx, Order(call=f"meanwhile-{number}").to_body()).status == 200
        assert list_undelivered(gateway) == ["completed"]
        assert "buffered to a temporary file" not in nginx.said
        content = read_content(response.read(), is_stream=False)
        ((_, picture),) = split_markdown(content)[1]
        assert digest(picture) == book.find("unread").pictures[0]
        wait_until(lambda: list_undelivered(gateway) == [])


def test_a_large_body_passes(tmp_path: Path, book: BillBook) -> None:
    """A call with a picture of 90 MiB passes, of known length and in chunks; nginx writes none of it to its disk."""
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\0\0\0\2\0\x08\2\0\0\0" + bytes(90 * MIB)
    link = {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{pybase64.b64encode(picture).decode()}"},
    }
    del picture
    with (
        running(MortalGateway(tmp_path, book.url)) as gateway,
        run_nginx(tmp_path, [gateway.url]) as nginx,
    ):
        for call in ("known", "chunked"):
            text = {"type": "text", "text": Order(call=call).prompt}
            body = chat("")
            body["messages"][0]["content"] = [link, text]
            data = json.dumps(body).encode()
            pieces = (data[start : start + MIB] for start in range(0, len(data), MIB))
            reply = ask(nginx, data if call == "known" else pieces)
            assert reply.status == 200, reply.body[:500]
            assert book.count_charges(call) == 1
        assert "buffered to a temporary file" not in nginx.said


def test_the_gateway_says_what_is_too_large(start_gateway: StartGateway, tmp_path: Path) -> None:
    """A body over LIMNER_MAX_BODY_MIB is refused by the gateway in OpenAI's form, not by nginx."""
    gateway = start_gateway(LIMNER_MAX_BODY_MIB="1")
    with run_nginx(tmp_path, [gateway.url]) as nginx:
        reply = ask(nginx, chat("x" * 3 * MIB))
    assert (reply.status, reply.error["code"]) == (413, "request_too_large")


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_a_client_that_leaves_is_seen(tmp_path: Path, book: BillBook, *, is_stream: bool) -> None:
    """A client that leaves nginx has left the gateway: its answer waits for the same call, which buys nothing."""
    order = Order(call="left", holds_at=0)
    with (
        running(MortalGateway(tmp_path, book.url)) as gateway,
        run_nginx(tmp_path, [gateway.url]) as nginx,
    ):
        with asking(nginx, order.to_body(is_stream=is_stream)):
            book.wait_until_held("left")
        book.release("left")
        wait_until(lambda: list_undelivered(gateway) == ["completed"])
        assert ask(nginx, order.to_body(is_stream=is_stream)).status == 200
        assert list_undelivered(gateway) == []
    assert book.count_charges() == 1


def test_a_dead_gateway_costs_nothing(tmp_path: Path, book: BillBook) -> None:
    """With one of two gateways gone every call is answered by the other, and bought once."""
    gone = MortalGateway(tmp_path, book.url)
    gone.kill()
    with (
        running(MortalGateway(tmp_path, book.url)) as gateway,
        run_nginx(tmp_path, [gone.url, gateway.url]) as nginx,
    ):
        replies = [ask(nginx, Order(call=f"call-{number}").to_body()).status for number in range(6)]
        wait_until(lambda: f"{gone.address[0]}:{gone.address[1]}, " in nginx.said)
    assert replies == [200] * 6
    assert book.count_charges() == 6


def test_a_call_that_was_sent_is_not_sent_again(tmp_path: Path, book: BillBook) -> None:
    """A gateway that dies with a call costs its client a 502, and the other gateway never hears of it."""
    (tmp_path / "other").mkdir()
    order = Order(call="dies", holds_at=0)
    with run_bill_book(tmp_path / "other") as other_book:
        gateways = {
            book: MortalGateway(tmp_path, book.url),
            other_book: MortalGateway(tmp_path / "other", other_book.url),
        }
        with (
            run_nginx(tmp_path, [gateway.url for gateway in gateways.values()]) as nginx,
            asking(nginx, order.to_body()) as call,
        ):
            wait_until(lambda: any(found.count_charges() for found in gateways))
            (charged,) = [found for found in gateways if found.count_charges()]
            (idle,) = [found for found in gateways if found is not charged]
            gateways[charged].kill()
            reply = read_reply(call)
            assert (reply.status, reply.error["code"]) == (502, "gateway_unreachable")
            assert set(reply.error) == {"message", "type", "param", "code"}
            charged.release("dies")
            # What comes next is taken by the other: had the call been sent on, it would be there by now.
            assert ask(nginx, Order(call="next").to_body()).status == 200
        assert gateways[idle].stop() == 0
        assert (charged.count_charges(), idle.count_charges("dies"), idle.count_charges()) == (1, 0, 1)


def test_a_gateway_is_taken_out_before_it_stops(tmp_path: Path, book: BillBook) -> None:
    """Marked `down` a gateway gets nothing new after a reload, while the call it has is answered to its end."""
    (tmp_path / "other").mkdir()
    order = Order(call="runs", holds_at=0.5)
    with (
        run_bill_book(tmp_path / "other") as other_book,
        running(MortalGateway(tmp_path, book.url)) as leaving,
        running(MortalGateway(tmp_path / "other", other_book.url)) as staying,
        run_nginx(tmp_path, [leaving.url]) as nginx,
        asking(nginx, order.to_body(is_stream=True)) as call,
    ):
        book.wait_until_held("runs")
        nginx.set_gateways([leaving.url, staying.url], down=[leaving.url])
        nginx.reload()
        replies = [ask(nginx, Order(call=f"call-{number}").to_body()).status for number in range(4)]
        assert replies == [200] * 4
        assert (book.count_charges(), other_book.count_charges()) == (1, 4)
        book.release("runs")
        assert read_stream(read_reply(call).body).is_done


def test_readiness_is_any_gateway_s(tmp_path: Path, book: BillBook) -> None:
    """While one gateway is ready /readyz says so; a call that a stopping one refuses keeps its 503."""
    (tmp_path / "other").mkdir()
    order = Order(call="runs", holds_at=0)
    with running(MortalGateway(tmp_path / "other", book.url)) as staying:
        stopping = MortalGateway(tmp_path, book.url)
        with run_nginx(tmp_path, [stopping.url]) as nginx, asking(nginx, order.to_body()) as call:
            book.wait_until_held("runs")
            stopping.process.terminate()
            wait_until(lambda: ask(stopping, path="/readyz").status == 503)
            refused = ask(nginx, Order(call="late").to_body())
            assert (refused.status, refused.error["code"]) == (503, "shutting_down")
            nginx.set_gateways([stopping.url, staying.url])
            nginx.reload()
            assert [ask(nginx, path="/readyz").status for _ in range(4)] == [200] * 4
            wait_until(lambda: " 503, 200 " in nginx.said)
            book.release("runs")
            assert read_reply(call).status == 200
        assert stopping.stop() == 0


def test_metrics_stay_inside(nginx: Nginx) -> None:
    """/metrics is not to be had through nginx, however it is spelled."""
    spellings = ("/metrics", "/metrics/", "/v1/metrics", "//metrics", "/%6detrics", "/v1/../metrics?x=1")
    assert [ask(nginx, path=path).status for path in spellings] == [404] * len(spellings)
    # The last three words of a line are the gateway's address, its status and the generation.
    wait_until(lambda: len(re.findall(r"metrics.* - - -$", nginx.said, re.MULTILINE)) == len(spellings))


def test_the_log_has_no_query(nginx: Nginx) -> None:
    """What a link is signed with does not stand in nginx's log."""
    assert ask(nginx, path="/healthz?signature=canary").status == 200
    wait_until(lambda: "GET /healthz 200" in nginx.said)
    assert "canary" not in nginx.said


def test_a_refused_get_counts_against_nobody(tmp_path: Path) -> None:
    """A 503 that one client is told for its answer reaches it as it is, and no gateway is left out for it."""
    with (
        run_mirror(503) as (url, seen),
        run_mirror(503) as (other_url, other_seen),
        run_nginx(tmp_path, [url, other_url]) as nginx,
    ):
        replies = [ask(nginx, path=f"{CHAT_PATH}/gen_{number}").status for number in range(4)]
    assert replies == [503] * 4
    assert (len(seen), len(other_seen)) == (2, 2)


@contextmanager
def run_mirror(status: int = 200) -> Iterator[tuple[str, list[Mapping[str, str]]]]:
    """Run a server that answers `status` and writes down the headers it gets; give its address and the list."""
    seen: list[Mapping[str, str]] = []

    class Mirror(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_gateway_learns_who_asks(tmp_path: Path) -> None:
    """Host passes with its port, X-Forwarded-* is nginx's word and not the client's, connections are kept."""
    forged = {
        "Host": "pictures.example.org:8443",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
    }
    with run_mirror() as (url, seen), run_nginx(tmp_path, [url]) as nginx:
        assert ask(nginx, path="/v1/models", headers=forged).status == 200
    (headers,) = seen
    assert headers["host"] == "pictures.example.org:8443"
    assert headers["x-forwarded-host"] == "pictures.example.org:8443"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert "connection" not in headers
