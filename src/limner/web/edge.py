"""What every request passes on its way in and out: ids, Host, CORS, errors, the access log. Knows no door.

Facts: the Fetch standard's CORS protocol (2026-10) - a preflight carries no credentials, so it needs no key.
A page on another site can reach a gateway on this machine by DNS rebinding, which only Host gives away
(CVE-2024-28224 in another local server).
"""

import ipaddress
import logging
import time
from collections.abc import Callable, MutableMapping
from typing import Any

from msgspec import Struct
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.errors import (
    GatewayError,
    InternalError,
    MethodNotAllowed,
    NotFound,
    PermissionDenied,
    locate,
)
from limner.web.failures import to_response

_LOG = logging.getLogger("limner.access")
_EXPOSED = "x-request-id, x-limner-generation-id, retry-after, retry-after-ms, Idempotent-Replayed"
_FOR_PAGES = {
    "/v1/": ("GET, POST, DELETE, OPTIONS", _EXPOSED),
    "/images/": (
        "GET, HEAD, OPTIONS",
        "x-request-id, retry-after, accept-ranges, content-length, content-range, etag",
    ),
}
"""The methods and the headers that pages of other sites may use, by where doors lie."""

_LOGGED_CHARACTERS = 200
_ANY_HOST_PATHS = frozenset({"/healthz", "/readyz"})
_DOORS_WITHOUT_VERSION = ("/chat/completions", "/models")


class EdgeRules(Struct, frozen=True, kw_only=True):
    """What the edge lets in and adds."""

    allowed_hosts: frozenset[str]
    """Names answered besides IP literals and names without a dot; `*` for all."""
    cors_origins: frozenset[str]
    extra_headers: tuple[tuple[str, str], ...] = ()


class Edge:
    """Wraps the doors."""

    def __init__(self, doors: ASGIApp, rules: EdgeRules, *, new_id: Callable[[str], str]) -> None:
        self._doors = doors
        self._rules = rules
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._doors(scope, receive, send)
            return
        started = time.perf_counter()
        scope["app"] = self
        scope["path"] = _forgive_path(scope["path"])
        request_id = scope["limner.request_id"] = self._new_id("req")
        response = _Response(self, scope, send, request_id)
        code = await self._answer(scope, receive, response)
        _LOG.log(
            logging.DEBUG if scope["path"] in _ANY_HOST_PATHS else logging.INFO,
            "%s %s %s%s in %.0f ms request=%s generation=%s key=%s",
            scope["method"],
            _show_path(scope["path"]),
            response.status or "gone",
            f" {code}" if code else "",
            (time.perf_counter() - started) * 1000,
            request_id,
            scope.get("limner.generation_id", "-"),
            scope.get("limner.key_name", "-"),
        )

    async def _answer(self, scope: Scope, receive: Receive, response: "_Response") -> str | None:
        """Let the doors answer, or answer for them; return the error's code if there was one."""
        try:
            headers = Headers(scope=scope)
            self._check_host(scope["path"], headers)
            if _is_preflight(scope, headers):
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
            answer = to_response(error, is_google=_is_google_door(scope))
            if isinstance(failure, HTTPException):
                answer.headers.update(failure.headers or {})  # Allow, beside a 405
            await answer(scope, receive, response.send)
            return error.code
        return None

    def _check_host(self, path: str, headers: Headers) -> None:
        if path in _ANY_HOST_PATHS or "*" in self._rules.allowed_hosts:
            return
        host = _strip_port(headers.get("host", ""))
        if "." not in host or _is_address(host) or host in self._rules.allowed_hosts:
            return
        raise PermissionDenied(
            f"This gateway does not answer to the host {host!r}. Its operator can add it to LIMNER_ALLOWED_HOSTS.",
            code="host_not_allowed",
        )

    def add_headers(self, scope: Scope, headers: MutableHeaders, request_id: str) -> None:
        """Add what every answer carries."""
        headers["x-request-id"] = request_id
        headers["x-content-type-options"] = "nosniff"
        for name, value in self._rules.extra_headers:
            headers[name] = value
        if "limner.generation_id" in scope:
            headers["x-limner-generation-id"] = scope["limner.generation_id"]
        if scope.get("limner.is_replayed"):
            headers["idempotent-replayed"] = "true"
        for beginning, (methods, exposed) in _FOR_PAGES.items():
            if scope["path"].startswith(beginning):
                self._add_cors(Headers(scope=scope), headers, methods, exposed)

    def _add_cors(self, asked: Headers, headers: MutableHeaders, methods: str, exposed: str) -> None:
        origin = asked.get("origin")
        if origin is None:
            return
        if "*" in self._rules.cors_origins:
            headers["access-control-allow-origin"] = "*"
        elif origin in self._rules.cors_origins:
            headers["access-control-allow-origin"] = origin
            headers.add_vary_header("Origin")
        else:
            return
        headers["access-control-expose-headers"] = exposed
        if "access-control-request-method" in asked:
            headers["access-control-allow-methods"] = methods
            headers["access-control-allow-headers"] = asked.get("access-control-request-headers", "*")
            headers["access-control-max-age"] = "86400"


class _Response:
    """One answer on its way out."""

    def __init__(self, edge: Edge, scope: Scope, send: Send, request_id: str) -> None:
        self._edge = edge
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._edge.add_headers(self._scope, MutableHeaders(scope=message), self._request_id)
        await self._send(message)


def _show_path(path: str) -> str:
    """Return a path for the log: decoded from the request, it may hold line breaks, or a query with a signature."""
    return ascii(path.partition("?")[0][:_LOGGED_CHARACTERS])[1:-1]


def _forgive_path(path: str) -> str:
    """Return the door that was meant: without a trailing slash, with the version clients leave out."""
    bare = path.rstrip("/") or "/"
    if any(bare == door or bare.startswith(f"{door}/") for door in _DOORS_WITHOUT_VERSION):
        return f"/v1{bare}"
    return bare


def _is_preflight(scope: MutableMapping[str, Any], headers: Headers) -> bool:
    return scope["method"] == "OPTIONS" and "access-control-request-method" in headers


def _is_google_door(scope: Scope) -> bool:
    """Return whether who asks there speaks Gemini's API."""
    path: str = scope["path"]
    if path.startswith("/v1/models"):
        headers = Headers(scope=scope)
        return ":" in path or "x-goog-api-key" in headers or "x-goog-api-client" in headers
    return path == "/v1beta" or path.startswith("/v1beta/")


def _strip_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    bare = name if name and port.isdigit() else host
    return bare.strip("[]").rstrip(".").lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _to_gateway_error(failure: Exception, scope: Scope) -> GatewayError:
    if isinstance(failure, GatewayError):
        return failure
    if isinstance(failure, HTTPException) and failure.status_code == 405:
        return MethodNotAllowed(f"{scope['path']} does not take {scope['method']}.")
    if isinstance(failure, HTTPException) and failure.status_code == 404:
        hint = " This gateway speaks chat completions: POST /v1/chat/completions."
        return NotFound(f"There is no {scope['path']}.{hint if scope['path'] == '/v1/responses' else ''}")
    return InternalError()
