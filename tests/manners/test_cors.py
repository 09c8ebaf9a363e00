"""Pages of other sites: what a browser is told about each door, on answers and on refusals alike."""

import socket

import pytest

from asking import Reply, ask, chat
from programs import CLIENT_KEY, Gateway, ListCalls, StartGateway

PAGE = "https://chat.example.org"
EXPOSED = {"x-request-id", "x-limner-generation-id", "retry-after", "idempotent-replayed", "x-should-retry"}
WANTED = "authorization,content-type,x-stainless-retry-count,x-stainless-os,x-goog-api-key,idempotency-key"

FOR_PAGES = (
    ("/v1/chat/completions", "POST"),
    ("/chat/completions/", "POST"),
    ("/v1/chat/completions/gen_1", "DELETE"),
    ("/v1/models", "GET"),
    ("/v1/images/generations", "POST"),
    ("/images/edits", "POST"),
    ("/v1beta/models/nano-banana:generateContent", "POST"),
    ("/v1beta/models", "GET"),
    ("/v1/models/nano-banana:streamGenerateContent", "POST"),
    ("/images/img_1", "GET"),
    ("/v1/nowhere", "POST"),
)
NOT_FOR_PAGES = (
    "/",
    "/docs",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/v1/limner",
    "/v1/limner/keys",
    "/v1/limner/keys/self",
    "/limner/keys",
    "/v1/v1/limner/keys",
    "//v1//limner/keys",
    "/v1/%6cimner/keys",
    "/v1beta/v1/limner/keys",
    "/v1/limner/pictures",
)


def preflight(program: Gateway, path: str, method: str, **headers: str) -> Reply:
    """Ask what a browser asks before it lets a page call."""
    asked = {
        "Origin": PAGE,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": WANTED,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return ask(program, path=path, method="OPTIONS", key=None, headers=asked)


def list_cors(reply: Reply) -> list[str]:
    """Return the names of the headers that let pages in."""
    return [name.lower() for name in reply.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(("path", "method"), FOR_PAGES)
def test_preflights_need_no_key(path: str, method: str, gateway: Gateway, journal: ListCalls) -> None:
    """Every door for pages answers 204 without a key, reflects the asked headers, and takes no credentials."""
    reply = preflight(gateway, path, method)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert method in reply.headers["access-control-allow-methods"].split(", ")
    assert reply.headers["access-control-allow-headers"] == WANTED
    assert reply.headers["access-control-allow-credentials"] is None
    assert int(reply.headers["access-control-max-age"]) > 0
    assert journal() == []


@pytest.mark.parametrize("path", NOT_FOR_PAGES)
def test_other_doors_are_not_for_pages(path: str, gateway: Gateway) -> None:
    """Own pages, what watches the gateway and what administers it say nothing to pages of other sites."""
    assert list_cors(preflight(gateway, path, "GET")) == []
    for key in (CLIENT_KEY, None):
        assert list_cors(ask(gateway, path=path, key=key, headers={"Origin": PAGE})) == []


def test_private_networks_may_be_asked(gateway: Gateway) -> None:
    """A browser that asks whether a page may reach a private address hears yes: the key decides."""
    reply = preflight(gateway, "/v1/models", "GET", Access_Control_Request_Private_Network="true")
    assert reply.headers["access-control-allow-private-network"] == "true"
    assert preflight(gateway, "/v1/models", "GET").headers["access-control-allow-private-network"] is None


REFUSALS: tuple[tuple[str, str, object, str | None, dict[str, str], int], ...] = (
    ("/v1/chat/completions", "POST", chat(), "sk-wrong", {}, 401),
    ("/v1/models", "GET", None, CLIENT_KEY, {"Host": "evil.example.org"}, 403),
    ("/images/img_1", "GET", None, None, {}, 403),
    ("/v1/responses", "POST", b"{}", CLIENT_KEY, {}, 404),
    ("/v1/chat/completions", "PUT", b"{}", CLIENT_KEY, {}, 405),
    ("/v1/chat/completions", "POST", b"{}", CLIENT_KEY, {"Content-Length": "999999999"}, 413),
    ("/v1/chat/completions", "POST", b"{}", CLIENT_KEY, {"Content-Encoding": "gzip"}, 415),
    ("/v1/chat/completions", "POST", b"{", CLIENT_KEY, {}, 400),
    ("/v1beta/models/nano-banana:generateContent", "POST", b"{}", "sk-wrong", {}, 401),
    ("/v1beta/models/nobody:generateContent", "POST", b"{}", CLIENT_KEY, {}, 404),
)


@pytest.mark.parametrize(("path", "method", "body", "key", "headers", "status"), REFUSALS)
def test_refusals_can_be_read(
    path: str,
    method: str,
    body: object,
    key: str | None,
    headers: dict[str, str],
    status: int,
    gateway: Gateway,
) -> None:
    """A page can read why it was refused, and the ids in the headers."""
    reply = ask(gateway, body, path=path, method=method, key=key, headers={"Origin": PAGE, **headers})
    assert reply.status == status
    assert reply.headers["access-control-allow-origin"] == "*"
    exposed = {name.strip().lower() for name in reply.headers["access-control-expose-headers"].split(",")}
    assert "x-request-id" in exposed
    if not path.startswith("/images/"):
        assert exposed >= EXPOSED


def test_what_breaks_off_can_be_read(gateway: Gateway) -> None:
    """The connection itself refuses a body that is none, and a page can read that too."""
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nOrigin: {PAGE}\r\nAuthorization: Bearer {CLIENT_KEY}\r\n"
        "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(gateway.address, timeout=20) as client:
        client.sendall(head.encode())
        assert client.recv(65536).startswith(b"HTTP/1.1 100")  # a door waits for the body
        client.sendall(b"5\r\nhello\r\nwhat?\r\n")
        gateway_answers = b""
        while piece := client.recv(65536):
            gateway_answers += piece
    assert gateway_answers.startswith(b"HTTP/1.1 400")
    assert b"access-control-allow-origin: *\r\n" in gateway_answers.lower()
    assert b"x-request-id: req_" in gateway_answers


def test_answers_vary_by_origin(gateway: Gateway) -> None:
    """What a browser got for an `<img>`, without an origin, is not given from its cache to a page that asks with one."""
    reply = ask(gateway, path="/v1/models")
    assert list_cors(reply) == []
    assert reply.headers["vary"].lower() == "origin"


def test_origins_can_be_named(start_gateway: StartGateway) -> None:
    """With LIMNER_CORS_ORIGINS only those pages are let in, and caches are told in every case."""
    closed = start_gateway(LIMNER_CORS_ORIGINS=f"{PAGE},http://localhost:3000")
    for origin in (PAGE, "http://localhost:3000"):
        known = ask(closed, path="/v1/models", headers={"Origin": origin})
        assert known.headers["access-control-allow-origin"] == origin
        assert known.headers["vary"].lower() == "origin"
    for origin in ("https://evil.example", "null", f"{PAGE}.evil.example", "http://localhost:3001", ""):
        unknown = ask(closed, path="/v1/models", headers={"Origin": origin} if origin else {})
        assert list_cors(unknown) == []
        assert unknown.headers["vary"].lower() == "origin"
    refused = preflight(closed, "/v1/models", "GET", Origin="https://evil.example")
    assert (refused.status, list_cors(refused)) == (204, [])
