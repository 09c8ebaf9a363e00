"""HTTP on one connection: uvicorn's protocol with delivery seen, deadlines for what comes, errors in one form.

Knows connections and requests, no door. What a door may know of its connection is `scope["limner.connection"]`.

Facts (uvicorn 0.54, uvloop 0.23, 2026-11): uvicorn closes as soon as the transport's buffer is empty, while the
answer may still be on its way, and uvloop then closes the socket, after which nobody can say what arrived. A
client's FIN is seen only while the transport reads, and uvicorn may leave reading paused behind a large body.
uvicorn tells only the request that came last that the client has gone.
"""

import asyncio
import logging
from asyncio.events import TimerHandle
from collections.abc import Callable
from typing import Any, ClassVar, cast

from msgspec import Struct
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from limner.errors import GatewayError, HeadersTooLarge, InvalidRequest, RequestTimeout
from limner.web.connection import Connection, CountedTransport
from limner.web.deadlines import Deadlines, Phase, Reception
from limner.web.failures import to_response

MAX_HEADER_BYTES = 64 * 1024

_LOG = logging.getLogger("limner.access")
_FIRST_POLL_SECONDS = 0.002
_LONGEST_POLL_SECONDS = 0.1


class _Rules(Struct, frozen=True):
    new_id: Callable[[str], str]
    deadlines: Deadlines


def make_protocol(
    new_id: Callable[[str], str], deadlines: Deadlines | None = None
) -> type[HttpToolsProtocol]:
    """Return the class to run a server with; `new_id` makes the ids of requests it answers itself."""

    class Protocol(GatewayProtocol):
        rules = _Rules(new_id, deadlines or Deadlines())

    return Protocol


class GatewayProtocol(HttpToolsProtocol):
    """One connection. It is served, then perhaps waits for acknowledgements, then is closed."""

    rules: ClassVar[_Rules]

    transport: CountedTransport
    connection: Connection
    _reception: Reception
    _look_timer: TimerHandle | None = None
    _end_timer: TimerHandle | None = None
    _refusal: GatewayError | None = None
    _header_bytes = 0
    _is_waiting = False
    _gives_up_at = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Serve a new connection."""
        self._reception = Reception(self.rules.deadlines, self.loop.time)
        super().connection_made(CountedTransport(transport, self._reception, self._close))
        self.connection = Connection(self.transport, self.flow, self.loop)
        self._reception.await_headers()
        self._set_look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everyone that it is over."""
        self._give_up()
        if self._end_timer is not None:
            self._end_timer.cancel()
        self._unset_keepalive_if_required()
        self.transport.release()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come, unless nothing more is answered."""
        if self.transport.is_closing() or self._refusal is not None:
            return
        self._reception.receive(len(data))
        super().data_received(data)
        if self._reception.phase is Phase.HEADERS and self._reception.header_bytes > MAX_HEADER_BYTES:
            self._refuse(_too_large())
        self._set_look()

    def eof_received(self) -> bool:  # type: ignore[override] # uvicorn never keeps it open
        """Close, once an answer that is complete has arrived."""
        self.connection.acknowledged_bytes()
        self._close()
        return self._is_waiting and not self.connection.is_lost

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)["limner.connection"] = self.connection
        self._header_bytes = 0
        if self._reception.phase is Phase.NOTHING:
            self._reception.await_headers()
        self._reception.has_begun = True

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address."""
        super().on_url(url)
        self._count_header(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._count_header(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Answer the request, or queue it behind one that is being answered."""
        super().on_headers_complete()
        if not self.pipeline:
            self.connection.responding = self.cycle
        self._unset_look()
        self._reception.await_body()

    def on_message_complete(self) -> None:
        """Expect no more of it."""
        super().on_message_complete()
        self._unset_look()
        self._reception.finish()
        if not self.pipeline:
            self.flow.resume_reading()  # else the client's leaving would not show while its answer is made

    def on_response_complete(self) -> None:
        """Go on with the next request, or with what is wrong with it."""
        if self.pipeline and not self.transport.is_closing():
            self.connection.responding = self.pipeline[-1][0]
        super().on_response_complete()
        if self._refusal is not None:
            self._refuse(self._refusal)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not ours
        """Refuse what could not be parsed."""
        if self._header_bytes > MAX_HEADER_BYTES:
            self._refuse(_too_large())
        else:
            self._refuse(
                InvalidRequest("What came is not a valid HTTP/1.1 request.", code="unsupported_value")
            )

    def _count_header(self, size_bytes: int) -> None:
        self._header_bytes += size_bytes
        if self._header_bytes > MAX_HEADER_BYTES:
            raise _too_large()  # stops the parser, whose caller then refuses

    def _set_look(self) -> None:
        is_receiving = self._reception.phase is not Phase.NOTHING
        if is_receiving and self._look_timer is None and not self.transport.is_closing():
            self._look_timer = self.loop.call_later(self._reception.wait_seconds, self._look)

    def _unset_look(self) -> None:
        if self._look_timer is not None:
            self._look_timer.cancel()
            self._look_timer = None

    def _look(self) -> None:
        """Refuse a request that is late; one that waits behind another's answer can still wait."""
        self._look_timer = None
        reception = self._reception
        if reception.phase is Phase.BODY and self.cycle.waiting_for_100_continue:
            reception.excuse()
        if reception.is_late() and not self._is_behind_another():
            if reception.phase is Phase.HEADERS and not reception.has_begun:
                self._close()
            else:
                self._refuse(RequestTimeout(self._say_what_is_late()))
        self._set_look()

    def _say_what_is_late(self) -> str:
        limits = self.rules.deadlines
        if self._reception.phase is Phase.HEADERS:
            return f"The headers did not arrive within {limits.headers_seconds:g} s."
        return (
            f"The body came too slowly: it must keep {limits.body_bytes_per_second / 1024:g} KiB/s over any "
            f"{limits.body_window_seconds:g} s and end within {limits.body_seconds:g} s."
        )

    def _is_answering(self) -> bool:
        cycle = self.connection.responding
        return cycle is not None and not cycle.response_complete

    def _is_behind_another(self) -> bool:
        """Whether what is being received is not the request that is being answered."""
        is_its_body = self._reception.phase is Phase.BODY and self.cycle is self.connection.responding
        return self._is_answering() and not is_its_body

    def _refuse(self, error: GatewayError) -> None:
        """Answer what is being received with `error` and close, after the answers before it."""
        if self.transport.is_closing():
            return
        if self._is_behind_another():
            self._refusal = error
            if self._reception.phase is Phase.BODY:
                self.pipeline.popleft()  # the request itself; it came last
            self._reception.finish()
            self._unset_look()
        elif self._reception.phase is Phase.BODY and self.cycle.response_started:
            self._close()
        else:
            self._write_refusal(error)
            self._give_up()
            self.transport.end()
            self.transport.resume_reading()
            self.transport.inner.write_eof()
            self._end_timer = self.loop.call_later(self.rules.deadlines.drain_seconds, self.transport.abort)

    def _write_refusal(self, error: GatewayError) -> None:
        known = cast("dict[str, Any]", self.scope) if self._reception.phase is Phase.BODY else {}
        refuse: Callable[[GatewayError], Response] | None = known.get("limner.refuse")
        answer = self._to_refusal(error, known) if refuse is None else refuse(error)
        answer.headers["connection"] = "close"
        headers = [*self.server_state.default_headers, *answer.raw_headers]
        head = [STATUS_LINE[error.status], *(b"%b: %b\r\n" % header for header in headers)]
        self.transport.write(b"".join([*head, b"\r\n", bytes(answer.body)]))
        _LOG.info(
            "refused before it was complete: %d %s request=%s",
            error.status,
            error.code,
            answer.headers["x-request-id"],
        )

    def _to_refusal(self, error: GatewayError, known: dict[str, Any]) -> Response:
        """Return the answer to what no edge has seen."""
        answer = to_response(error)
        answer.headers["x-request-id"] = known.get("limner.request_id") or self.rules.new_id("req")
        answer.headers["x-content-type-options"] = "nosniff"
        return answer

    def _close(self) -> None:
        """Close: at once if an answer is incomplete, else when it has arrived or will not."""
        if self.transport.is_closing():
            return
        self.transport.end()
        self._unset_look()
        if self._is_answering():
            self._give_up()
            self.transport.inner.close()
            self._end_timer = self.loop.call_later(
                self.rules.deadlines.acknowledgement_seconds, self.transport.abort
            )
        else:
            self._is_waiting = True
            self._wait_for_acknowledgement(_FIRST_POLL_SECONDS, before_bytes=-1)

    def _wait_for_acknowledgement(self, poll_seconds: float, before_bytes: int) -> None:
        acknowledged_bytes = self.connection.acknowledged_bytes()
        if acknowledged_bytes > before_bytes:
            self._gives_up_at = self.loop.time() + self.rules.deadlines.acknowledgement_seconds
        if self.connection.is_settled or self.loop.time() >= self._gives_up_at:
            self._give_up()
            self.transport.inner.close()
            return
        self._end_timer = self.loop.call_later(
            poll_seconds,
            self._wait_for_acknowledgement,
            min(2 * poll_seconds, _LONGEST_POLL_SECONDS),
            acknowledged_bytes,
        )

    def _give_up(self) -> None:
        """Take the client as gone and tell all requests."""
        self._unset_look()
        self._reception.finish()
        self.pipeline.clear()
        self.connection.lose()
        for cycle in (self.connection.responding, self.cycle):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.flow.resume_writing()


def _too_large() -> HeadersTooLarge:
    return HeadersTooLarge(
        f"The headers are larger than {MAX_HEADER_BYTES // 1024} KiB, the most this gateway takes."
    )
