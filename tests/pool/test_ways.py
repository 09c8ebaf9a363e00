"""Each upstream by its own way: a proxy for one, none for another, a SOCKS proxy that looks names up itself, a CA."""

import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from credentials import ALPHA, BETA, StartPool, list_asked, vary, write_keys

from asking import ask
from programs import Emulator

USER, PASSWORD = "walker", "path/to:the@sea"


class Way:
    """A listening proxy; `asked` is what it was asked to reach, in order."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []


def copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes until it ends."""
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def join(client: socket.socket, upstream: socket.socket) -> None:
    """Pass on both ways."""
    back = threading.Thread(target=copy, args=(upstream, client), daemon=True)
    back.start()
    copy(client, upstream)
    back.join()


def read_exactly(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = client.recv(count - len(data))
        assert piece
        data += piece
    return data


@contextmanager
def run_way(serve: Callable[[socket.socket, Way], None]) -> Iterator[Way]:
    """Run a proxy on loopback for the length of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        way = Way(listener.getsockname()[1])

        def take(client: socket.socket) -> None:
            with closing(client):
                serve(client, way)

        def listen() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=take, args=(client,), daemon=True).start()

        threading.Thread(target=listen, daemon=True).start()
        yield way


def serve_socks(client: socket.socket, way: Way, address: tuple[str, int]) -> None:
    """Speak SOCKS 5 (RFC 1928, 1929) with a password; every name leads to the emulator."""
    _, methods = read_exactly(client, 2)
    assert 2 in read_exactly(client, methods)
    client.sendall(b"\x05\x02")
    given = []
    (_, length) = read_exactly(client, 2)
    given.append(read_exactly(client, length).decode())
    (length,) = read_exactly(client, 1)
    given.append(read_exactly(client, length).decode())
    assert given == [USER, PASSWORD]
    client.sendall(b"\x01\x00")
    _, _, _, kind = read_exactly(client, 4)
    assert kind == 3  # a name: the gateway has not looked it up
    (length,) = read_exactly(client, 1)
    name = read_exactly(client, length).decode()
    (port,) = struct.unpack(">H", read_exactly(client, 2))
    way.asked.append(f"{name}:{port}")
    with socket.create_connection(address) as upstream:
        client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        join(client, upstream)


def serve_http(client: socket.socket, way: Way, address: tuple[str, int]) -> None:
    """Take requests for whole addresses, as an HTTP proxy does for `http://`, and pass them on."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(65_536)
    line, _, rest = head.partition(b"\r\n")
    method, target, version = line.split(b" ")
    host, _, path = target.removeprefix(b"http://").partition(b"/")
    way.asked.append(host.decode())
    with socket.create_connection(address) as upstream:
        upstream.sendall(b" ".join((method, b"/" + path, version)) + b"\r\n" + rest)
        join(client, upstream)


def test_a_socks_proxy_looks_names_up(start_pool: StartPool, emulator: Emulator) -> None:
    """Through socks5h a name that only the proxy knows is reached, with a password that needs writing otherwise."""
    with run_way(lambda client, way: serve_socks(client, way, emulator.address)) as way:
        proxy = f"socks5h://{USER}:path%2Fto%3Athe%40sea@127.0.0.1:{way.port}"
        gateway = start_pool(write_keys(ALPHA, base_url="http://gemini-beyond:8080", proxy=proxy))
        gateway.secrets += [PASSWORD, "path%2Fto"]
        replies = [ask(gateway, body) for body in vary(2)]
        assert [reply.status for reply in replies] == [200, 200]
        assert {*way.asked} == {"gemini-beyond:8080"}


def test_each_upstream_has_a_proxy_of_its_own(start_pool: StartPool, emulator: Emulator) -> None:
    """One key goes by the proxy of the environment, another by none, as its table says."""
    with run_way(lambda client, way: serve_http(client, way, emulator.address)) as way:
        text = write_keys(ALPHA) + write_keys(BETA, proxy="")
        gateway = start_pool(text, LIMNER_UPSTREAM_PROXY=f"http://127.0.0.1:{way.port}")
        for body in vary(4):
            assert ask(gateway, body).status == 200
        assert list_asked(emulator) == "abab"
        assert way.asked
        assert len(way.asked) <= 2  # connections of one key's calls


def test_a_proxy_that_is_gone_moves_on(start_pool: StartPool, emulator: Emulator) -> None:
    """A SOCKS proxy that is not there has bought nothing: the other credential draws."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    text = write_keys(ALPHA, proxy=f"socks5h://127.0.0.1:{port}") + write_keys(BETA)
    gateway = start_pool(text)
    for body in vary(3):
        assert ask(gateway, body).status == 200
    assert list_asked(emulator) == "bbb"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for loopback that nobody else trusts, its key beside it."""
    path = tmp_path / "loopback.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", path.with_suffix(".key"), "-out", path, "-days", "2", "-subj", "/CN=loopback",
         "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:TRUE"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return path


def test_a_ca_of_its_own_is_trusted_by_one_upstream(
    start_pool: StartPool, emulator: Emulator, certificate: Path
) -> None:
    """A relay with a certificate of its own is reached with its `ca_file`, and not without."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))

    def serve(client: socket.socket, way: Way) -> None:
        try:
            with context.wrap_socket(client, server_side=True) as secured:
                way.asked.append("")
                with socket.create_connection(emulator.address) as upstream:
                    join(secured, upstream)
        except OSError:
            return

    with run_way(serve) as way:
        url = f"https://127.0.0.1:{way.port}"
        trusting = write_keys(ALPHA, base_url=url, ca_file=str(certificate))
        gateway = start_pool(trusting + write_keys(BETA, base_url=url))
        for body in vary(3):
            assert ask(gateway, body).status == 200
        assert list_asked(emulator) == "aaa"
