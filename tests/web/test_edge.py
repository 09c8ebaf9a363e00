"""What every request passes: paths, hosts, origins, ids, health."""

import pytest

from asking import ask, chat
from limner import __version__
from programs import Gateway, ListCalls, StartGateway

PREFLIGHT = {
    "Origin": "https://chat.example.org",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-stainless-retry-count,x-stainless-os",
}


@pytest.mark.parametrize("path", ["/v1/chat/completions/", "/chat/completions", "/chat/completions/"])
def test_paths_of_the_chat_door_are_forgiven(path: str, gateway: Gateway, journal: ListCalls) -> None:
    """A trailing slash or a missing /v1 leads to the same door, without a redirect."""
    assert ask(gateway, chat(), path=path).status == 200
    assert len(journal()) == 1


@pytest.mark.parametrize("path", ["/v1/models/", "/models", "/models/nano-banana", "/v1/models/nano-banana/"])
def test_paths_of_the_models_door_are_forgiven(path: str, gateway: Gateway) -> None:
    """The same holds for the list of models and one model."""
    assert ask(gateway, path=path).status == 200


def test_the_query_does_not_matter(gateway: Gateway) -> None:
    """Clients that append a query reach the same door."""
    assert ask(gateway, chat(), path="/v1/chat/completions?api-version=2024-10-21").status == 200


def test_alive(gateway: Gateway) -> None:
    """/healthz needs no key and says the version."""
    reply = ask(gateway, path="/healthz", key=None)
    assert (reply.status, reply.json()) == (200, {"status": "ok", "version": __version__})
    assert reply.headers["x-limner-emulator"] is None


def test_ready(gateway: Gateway) -> None:
    """/readyz needs no key and names what works."""
    reply = ask(gateway, path="/readyz", key=None)
    checks = {"database": "ok", "spool": "ok", "running": "ok", "credential": "ok"}
    assert (reply.status, reply.json()) == (200, {"status": "ready", "checks": checks})


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("gateway", 200),
        ("127.0.0.1", 200),
        ("192.0.2.7:8000", 200),
        ("[::1]:8000", 200),
        ("[2001:db8::1]", 200),
        ("draw.example.org", 200),
        ("DRAW.example.org:443", 200),
        ("draw.example.org.", 200),
        ("extra.example.org", 200),
        ("evil.example.org", 403),
        ("draw.example.org.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("evil.example:80", 403),
    ],
)
def test_hosts(host: str, status: int, start_gateway: StartGateway) -> None:
    """Addresses, bare names and the names that are set are answered; any other host is not, whatever the key."""
    named = start_gateway(
        LIMNER_PUBLIC_URL="https://draw.example.org", LIMNER_ALLOWED_HOSTS="extra.example.org"
    )
    reply = ask(named, path="/v1/models", headers={"Host": host})
    assert reply.status == status
    if status == 403:
        assert (reply.error["type"], reply.error["code"]) == ("permission_error", "host_not_allowed")
        assert "LIMNER_ALLOWED_HOSTS" in reply.error["message"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_answers_to_any_host(path: str, gateway: Gateway) -> None:
    """Probes come by whatever name they know."""
    assert ask(gateway, path=path, key=None, headers={"Host": "probe.example.org"}).status == 200


def test_any_host_where_it_is_allowed(start_gateway: StartGateway) -> None:
    """LIMNER_ALLOWED_HOSTS=* answers to all."""
    open_gateway = start_gateway(LIMNER_ALLOWED_HOSTS="*")
    assert ask(open_gateway, path="/v1/models", headers={"Host": "any.example.org"}).status == 200


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/chat/completions"])
def test_preflight_needs_no_key(path: str, gateway: Gateway, journal: ListCalls) -> None:
    """A browser's preflight is answered without a key, the headers it asks for reflected."""
    reply = ask(gateway, path=path, method="OPTIONS", key=None, headers=PREFLIGHT)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert reply.headers["access-control-allow-headers"] == PREFLIGHT["Access-Control-Request-Headers"]
    assert reply.headers["access-control-allow-credentials"] is None
    assert journal() == []


@pytest.mark.parametrize("stream", [False, True])
def test_answers_can_be_read_by_pages(gateway: Gateway, *, stream: bool) -> None:
    """Answers, streams and errors alike, carry the headers that let a page read them and their ids."""
    origin = {"Origin": PREFLIGHT["Origin"]}
    for body, key in ((chat(stream=stream), "sk-client-key-of-the-tests"), (chat(), "sk-wrong")):
        reply = ask(gateway, body, key=key, headers=origin)
        assert reply.headers["access-control-allow-origin"] == "*"
        exposed = {name.strip().lower() for name in reply.headers["access-control-expose-headers"].split(",")}
        assert {"x-request-id", "x-limner-generation-id", "retry-after", "idempotent-replayed"} <= exposed


def test_every_answer_has_an_id_of_its_own(gateway: Gateway) -> None:
    """No two requests share an id, and the gateway's log names it."""
    ids = [
        ask(gateway, path=path).headers["x-request-id"]
        for path in ("/v1/models", "/v1/models/no", "/nowhere")
    ]
    assert len(set(ids)) == 3
    for request_id in ids:
        gateway.wait_until_said(request_id)


def test_the_server_does_not_name_itself(gateway: Gateway) -> None:
    """No header tells which server software this is, and types are not to be guessed."""
    reply = ask(gateway, path="/healthz")
    assert reply.headers["server"] is None
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_wrong_method_names_the_right_ones(gateway: Gateway) -> None:
    """405 carries Allow (RFC 9110 section 15.5.6)."""
    refused = ask(gateway, path="/v1/chat/completions", method="PUT")
    assert {"GET", "POST"} <= set(refused.headers["allow"].split(", "))
    assert "GET" in ask(gateway, b"{}", path="/v1/models").headers["allow"]


def test_a_path_forges_no_log_line(gateway: Gateway) -> None:
    """Line breaks and control characters of a path do not reach the log as they are."""
    ask(gateway, path="/nowhere%0aforged%1b[2J%E2%80%A8")
    gateway.wait_until_said("/nowhere\\nforged\\x1b[2J\\u2028 404")
    assert not [line for line in gateway.lines if line.startswith("forged")]
