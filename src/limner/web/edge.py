"""What every request passes on its way in and out: paths, proxies, hosts, pages, errors, the access log. Knows no door.

Each of these has a module of its own; here stands their order.
"""

import logging
import time
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network

from msgspec import Struct
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.errors import GatewayError, InternalError, MethodNotAllowed, NotFound, locate
from limner.web.access_log import (
    PROBED_PATHS,
    Problem,
    count_sent_bytes,
    find_problem,
    show_path,
    to_problem,
    write_line,
)
from limner.web.cors import Cors, is_preflight
from limner.web.failures import to_response
from limner.web.forwarding import Forwarding
from limner.web.hosts import check_host
from limner.web.metrics import Metrics, Served
from limner.web.paths import explain_missing, forgive_path, is_gemini_path, is_google_door, name_door
from limner.web.query_key import take_query_key
from limner.web.tracing import RequestTraces

_LOG = logging.getLogger("limner.access")


class EdgeRules(Struct, frozen=True, kw_only=True):
    """What the edge lets in and adds."""

    allowed_hosts: frozenset[str]
    """Names answered besides IP literals and names without a dot; `*` for all."""
    cors_origins: frozenset[str]
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Who may say what address, scheme and host a client used."""
    allow_query_key: bool = False
    """Whether `?key=` counts on Gemini's doors."""
    extra_headers: tuple[tuple[str, str], ...] = ()


class Edge:
    """Wraps the doors."""

    def __init__(
        self,
        doors: ASGIApp,
        rules: EdgeRules,
        *,
        metrics: Metrics,
        new_id: Callable[[str], str],
        traces: RequestTraces | None = None,
    ) -> None:
        self._doors = doors
        self._rules = rules
        self._metrics = metrics
        self._new_id = new_id
        self._traces = traces
        self._cors = Cors(rules.cors_origins)
        self._forwarding = Forwarding(rules.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._doors(scope, receive, send)
            return
        started = time.perf_counter()
        self._prepare(scope)
        door = name_door(scope["path"])
        response = _Response(self, scope, send)
        problem: Problem | None = Problem("cut_off")
        self._metrics.begin(door)
        sent_before = count_sent_bytes(scope)
        trace = None if self._traces is None else self._traces.begin(scope, door)
        try:
            problem = await self._answer(scope, receive, response) or find_problem(scope)
        finally:
            seconds = time.perf_counter() - started
            if trace is not None:
                trace.end(response.status, problem)
            self._metrics.end(_to_served(scope, door, response.status, problem, seconds))
            sent_bytes = count_sent_bytes(scope) - sent_before
            write_line(scope, door, response.status, problem, seconds=seconds, sent_bytes=sent_bytes)

    def _prepare(self, scope: Scope) -> None:
        """Make of a request what its client meant."""
        scope["app"] = self
        scope["path"] = forgive_path(scope["path"])
        scope["limner.request_id"] = self._new_id("req")
        if is_gemini_path(scope["path"]):
            take_query_key(scope, is_allowed=self._rules.allow_query_key)
        self._forwarding.apply(scope)
        # For the connection, which refuses what comes too slowly while a door waits for it.
        scope["limner.refuse"] = lambda error: self._refuse(scope, error)

    async def _answer(self, scope: Scope, receive: Receive, response: "_Response") -> Problem | None:
        """Let the doors answer, or answer for them; return what was wrong if something was."""
        try:
            headers = Headers(scope=scope)
            if scope["path"] not in PROBED_PATHS:
                check_host(headers.get("host", ""), self._rules.allowed_hosts)
            if is_preflight(scope["method"], scope["path"], headers):
                await Response(status_code=204)(scope, receive, response.send)
                return None
            await self._doors(scope, receive, response.send)
        except ClientDisconnect:
            return Problem("client_left")
        except Exception as failure:
            error = _to_gateway_error(failure, scope)
            if isinstance(error, InternalError):
                _LOG.error("request %s failed: %s", scope["limner.request_id"], locate(failure))
            if response.status is not None:
                raise  # it has started: the server cuts the connection, which is the only honest end
            given = failure.headers or {} if isinstance(failure, HTTPException) else {}
            answer = to_response(error, is_google=is_google_door(scope["path"], Headers(scope=scope)))
            answer.headers.update(given)  # Allow, beside a 405
            await answer(scope, receive, response.send)
            return to_problem(error)
        return None

    def _refuse(self, scope: Scope, error: GatewayError) -> Response:
        """Return the whole answer to a request that is refused while it comes."""
        answer = to_response(error, is_google=is_google_door(scope["path"], Headers(scope=scope)))
        self.add_headers(scope, answer.headers)
        return answer

    def add_headers(self, scope: Scope, headers: MutableHeaders) -> None:
        """Add what every answer carries."""
        headers["x-request-id"] = scope["limner.request_id"]
        headers["x-content-type-options"] = "nosniff"
        for name, value in self._rules.extra_headers:
            headers[name] = value
        if "limner.generation_id" in scope:
            headers["x-limner-generation-id"] = scope["limner.generation_id"]
        if scope.get("limner.is_replayed"):
            headers["idempotent-replayed"] = "true"
        self._cors.add_headers(scope["method"], scope["path"], Headers(scope=scope), headers)


class _Response:
    """One answer on its way out."""

    def __init__(self, edge: Edge, scope: Scope, send: Send) -> None:
        self._edge = edge
        self._scope = scope
        self._send = send
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._edge.add_headers(self._scope, MutableHeaders(scope=message))
        await self._send(message)


def _to_served(
    scope: Scope, door: str, status: int | None, problem: Problem | None, seconds: float
) -> Served:
    return Served(
        door=door,
        method=scope["method"],
        status=status,
        code=None if problem is None else problem.code,
        seconds=seconds,
        model=scope.get("limner.model"),
        is_repeat=scope.get("limner.is_repeat", False),
    )


def _to_gateway_error(failure: Exception, scope: Scope) -> GatewayError:
    if isinstance(failure, GatewayError):
        return failure
    path = show_path(scope["path"])
    if isinstance(failure, HTTPException) and failure.status_code == 405:
        return MethodNotAllowed(f"{path} does not take {scope['method']}.")
    if isinstance(failure, HTTPException) and failure.status_code == 404:
        return NotFound(f"There is no {path}. {explain_missing(scope['path'])}")
    return InternalError()
