"""What the gateway itself sends again: only calls that bought nothing, and not for long."""

import socket
import threading
import time
from contextlib import closing

import pytest
from leaving import name_generation, new_prompt, read_picture

from asking import PROMPT, Reply, ask, chat, digest
from painting import Painter, refuse
from programs import Emulator, Gateway, ListCalls, StartGateway
from upstreams import Answer, Upstream

both_modes = pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])


@pytest.fixture(scope="session")
def scripted_gateway(start_gateway: StartGateway, upstream_server: Upstream) -> Gateway:
    """Any gateway: what is sent again is no database's to decide."""
    return start_gateway(upstream_server.url)


def ask_after(
    failures: list[Answer], painter: Painter, gateway: Gateway, *, is_stream: bool = False
) -> Reply:
    """Ask an upstream that fails so before it paints."""
    painter.failures = failures
    return ask(gateway, chat(new_prompt(), stream=is_stream))


@pytest.mark.parametrize(
    ("failures", "is_stream"),
    [
        ([refuse(503)], False),
        ([refuse(503), refuse(503)], True),
        ([refuse(429, "1s")], True),
        ([refuse(429), refuse(503)], False),
        ([refuse(500)], False),
        ([refuse(500)], True),
        ([refuse(500), refuse(503)], False),
        ([refuse(503), refuse(500)], True),
    ],
    ids=lambda given: (
        "-".join(str(answer.status) for answer in given) if isinstance(given, list) else str(given)
    ),
)
def test_what_bought_nothing_is_sent_again(
    failures: list[Answer], painter: Painter, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """After up to two refusals, of which one may be a 500, the client gets its picture and hears of nothing."""
    reply = ask_after(list(failures), painter, scripted_gateway, is_stream=is_stream)
    assert digest(read_picture(reply)) == digest(painter.pictures[0])
    assert len(painter.calls) == len(failures) + 1
    assert len({call.body for call in painter.calls}) == 1


@both_modes
def test_the_third_refusal_is_passed_on(
    painter: Painter, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """Three refusals end the call: 503, nothing bought, worth a retry."""
    reply = ask_after([refuse(503)] * 3, painter, scripted_gateway, is_stream=is_stream)
    assert (reply.status, reply.error["code"]) == (503, "upstream_overloaded")
    assert (reply.headers["x-should-retry"], reply.headers["retry-after"]) == ("true", "2")
    assert len(painter.calls) == 3


@pytest.mark.parametrize("failures", [[500, 500], [500, 503, 500]], ids=str)
def test_a_second_500_is_passed_on(failures: list[int], painter: Painter, scripted_gateway: Gateway) -> None:
    """A 500 is tried again once only; the second ends the call as failed and assumed free, and is kept."""
    asked = chat(new_prompt())
    painter.failures = [refuse(status) for status in failures]
    replies = [ask(scripted_gateway, asked) for _ in range(2)]
    assert [(reply.status, reply.error["code"]) for reply in replies] == [(502, "upstream_error")] * 2
    assert replies[0].headers["x-should-retry"] == "false"
    assert name_generation(replies[1]) == name_generation(replies[0])
    assert len(painter.calls) == len(failures)


def test_a_short_wait_is_kept(painter: Painter, scripted_gateway: Gateway) -> None:
    """The wait that Gemini asks for is kept, where it is short."""
    started = time.monotonic()
    assert ask_after([refuse(429, "1.5s")], painter, scripted_gateway).status == 200
    assert 1.5 <= time.monotonic() - started < 4


def test_a_long_wait_is_the_clients(painter: Painter, scripted_gateway: Gateway) -> None:
    """A wait of over 20 s is passed on at once with its length; over 60 s no client should retry by itself."""
    for wait_seconds, should_retry in ((21, "true"), (60, "true"), (61, "false")):
        started = time.monotonic()
        reply = ask_after([refuse(429, f"{wait_seconds}s")], painter, scripted_gateway)
        assert (reply.status, reply.error["code"]) == (429, "rate_limit_exceeded")
        assert (reply.headers["retry-after"], reply.headers["x-should-retry"]) == (
            str(wait_seconds),
            should_retry,
        )
        assert time.monotonic() - started < 2
    assert len(painter.calls) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 499, 501, 502, 504, 529])
def test_nothing_else_is_sent_again(status: int, painter: Painter, scripted_gateway: Gateway) -> None:
    """Any other status ends the call at once: it is no use to repeat it, or nobody knows what it bought."""
    assert ask_after([refuse(status)], painter, scripted_gateway).status >= 400
    assert len(painter.calls) == 1


@both_modes
@pytest.mark.parametrize("directive", ["cut=0%", "cut=1%", "status=502", "status=504", "garbage"])
def test_what_may_have_been_bought_is_not_sent_again(
    directive: str, gateway: Gateway, journal: ListCalls, *, is_stream: bool
) -> None:
    """A connection that breaks after sending, a front end's 502, a 504: one call, and the repeat sends nothing."""
    asked = chat(f"{new_prompt()} [[{directive}]]", stream=is_stream)
    assert [reply.status for reply in (ask(gateway, asked), ask(gateway, asked))][1] >= 500
    assert len(journal()) == 1


def test_waits_of_the_emulator_are_read(gateway: Gateway, emulator: Emulator) -> None:
    """The whole exchange with an upstream in Google's words: refused with a wait, then drawn, as one call."""
    emulator.forget_calls()
    reply = ask(gateway, chat(f"{new_prompt()} [[status=429 retry=1s times=2]]"))
    assert reply.status == 200
    assert [call["outcome"] for call in emulator.list_calls()] == ["error", "error", "ok"]


class Doorstep:
    """An address that refuses every connection until it is opened to an upstream."""

    def __init__(self) -> None:
        self._reserved = socket.socket()
        self._reserved.bind(("127.0.0.1", 0))
        self.port: int = self._reserved.getsockname()[1]

    def open(self, upstream: Upstream) -> None:
        """Pass on what comes from now on."""
        self._reserved.listen()
        threading.Thread(target=self._serve, args=(upstream,), daemon=True).start()

    def _serve(self, upstream: Upstream) -> None:
        host, port = upstream.url.removeprefix("http://").split(":")
        while True:
            try:
                client, _ = self._reserved.accept()
            except OSError:
                return
            server = socket.create_connection((host, int(port)))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()

    def close(self) -> None:
        self._reserved.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(64 * 1024):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of the two has gone, which ends both


def test_a_refused_connection_is_tried_again(
    painter: Painter, upstream: Upstream, start_gateway: StartGateway
) -> None:
    """Where nobody listens it is tried three times in all; an upstream that comes back in between draws."""
    with closing(Doorstep()) as doorstep:
        gateway = start_gateway(f"http://127.0.0.1:{doorstep.port}")
        started = time.monotonic()
        reply = ask(gateway, chat(f"{PROMPT} of nobody"))
        assert (reply.status, reply.error["code"]) == (503, "upstream_unavailable")
        assert (reply.headers["x-should-retry"], time.monotonic() - started < 5) == ("true", True)
        doorstep.open(upstream)
        assert digest(read_picture(ask(gateway, chat(f"{PROMPT} of nobody")))) == digest(painter.pictures[0])
