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
from limner.web.cors import Cors, is_preflight
from limner.web.failures import to_response
from limner.web.forwarding import Forwarding
from limner.web.hosts import check_host
from limner.web.metrics import Metrics, Served
from limner.web.paths import explain_missing, forgive_path, is_gemini_path, is_google_door, name_door
from limner.web.query_key import take_query_key

_LOG = logging.getLogger("limner.access")

_SHOWN_CHARACTERS = 200
_PROBED_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked by machines that look in from time to time, by whatever name they know."""


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
        self, doors: ASGIApp, rules: EdgeRules, *, metrics: Metrics, new_id: Callable[[str], str]
    ) -> None:
        self._doors = doors
        self._rules = rules
        self._metrics = metrics
        self._new_id = new_id
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
        code: str | None = None
        self._metrics.begin(door)
        try:
            code = await self._answer(scope, receive, response)
        finally:
            seconds = time.perf_counter() - started
            self._metrics.end(Served(door, scope["method"], response.status, code, seconds))
        _log(scope, response.status, code, seconds)

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

    async def _answer(self, scope: Scope, receive: Receive, response: "_Response") -> str | None:
        """Let the doors answer, or answer for them; return the error's code if there was one."""
        try:
            headers = Headers(scope=scope)
            if scope["path"] not in _PROBED_PATHS:
                check_host(headers.get("host", ""), self._rules.allowed_hosts)
            if is_preflight(scope["method"], scope["path"], headers):
                await Response(status_code=204)(scope, receive, response.send)
                return None
            await self._doors(scope, receive, response.send)
        except ClientDisconnect:
            return "client_left"
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
            return error.code
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


def _log(scope: Scope, status: int | None, code: str | None, seconds: float) -> None:
    _LOG.log(
        logging.DEBUG if scope["path"] in _PROBED_PATHS else logging.INFO,
        "%s %s %s%s in %.0f ms request=%s generation=%s key=%s client=%s",
        scope["method"],
        _show_path(scope["path"]),
        status or "gone",
        f" {code}" if code else "",
        seconds * 1000,
        scope["limner.request_id"],
        scope.get("limner.generation_id", "-"),
        scope.get("limner.key_name", "-"),
        scope["client"][0] if scope.get("client") else "-",
    )


def _show_path(path: str) -> str:
    """Return a path for the log: decoded from the request, it may hold line breaks, or a query with a signature."""
    return ascii(path.partition("?")[0][:_SHOWN_CHARACTERS])[1:-1]


def _to_gateway_error(failure: Exception, scope: Scope) -> GatewayError:
    if isinstance(failure, GatewayError):
        return failure
    path = _show_path(scope["path"])
    if isinstance(failure, HTTPException) and failure.status_code == 405:
        return MethodNotAllowed(f"{path} does not take {scope['method']}.")
    if isinstance(failure, HTTPException) and failure.status_code == 404:
        return NotFound(f"There is no {path}. {explain_missing(scope['path'])}")
    return InternalError()
