"""A key in the address: counted where the operator says so, and never written anywhere."""

import pytest

from asking import Reply, ask, chat
from programs import CLIENT_KEY, Gateway, StartGateway

CANARY_KEY = "sk-canary-key-in-an-address-0123456789"


@pytest.fixture(scope="module")
def open_gateway(start_gateway: StartGateway) -> Gateway:
    """A gateway that takes keys in queries, and logs all it has to say."""
    gateway = start_gateway(LIMNER_ALLOW_QUERY_KEY="true", LIMNER_LOG_LEVEL="debug")
    gateway.create_key("in-an-address", "--key", CANARY_KEY)
    gateway.create_key("boss-of-queries", "--admin", "--key", "sk-boss-of-queries-0123456789")
    return gateway


def ask_for(program: Gateway, path: str, **headers: str) -> Reply:
    """Ask without a key in the usual place."""
    return ask(program, path=path, key=None, headers=headers)


@pytest.mark.parametrize(
    "path",
    [
        "/v1beta/models?key={}",
        "/v1/models?key={}",
        "/models?key={}",
        "/v1beta/models?pageSize=3&key={}&alt=sse",
        "/v1beta/models?%6bey={}",
        "/v1beta/models/nano-banana?key={}",
    ],
)
def test_a_key_in_the_query_counts_where_it_may(path: str, open_gateway: Gateway) -> None:
    """With LIMNER_ALLOW_QUERY_KEY=true Gemini's doors take it as they take x-goog-api-key."""
    assert ask_for(open_gateway, path.format(CANARY_KEY)).status == 200
    assert ask_for(open_gateway, path.format("sk-unknown-key-0123456789")).status == 401


@pytest.mark.parametrize("path", ["/v1beta/models?key={}", "/v1/models?key={}"])
def test_it_does_not_count_by_default(path: str, gateway: Gateway) -> None:
    """Unless that is set a key in the address is no key."""
    assert ask_for(gateway, path.format(CLIENT_KEY)).status == 401


def test_a_key_in_a_header_goes_before_it(open_gateway: Gateway) -> None:
    """Where a header brings a key, the one in the query means nothing, good or bad."""
    path = "/v1beta/models?key={}"
    good, bad = {"x-goog-api-key": CLIENT_KEY}, {"x-goog-api-key": "sk-wrong"}
    assert ask_for(open_gateway, path.format("sk-wrong"), **good).status == 200
    assert ask_for(open_gateway, path.format(CLIENT_KEY), **bad).status == 401
    assert ask_for(open_gateway, path.format(CLIENT_KEY), Authorization="Bearer sk-wrong").status == 401
    assert ask_for(open_gateway, f"{path.format(CLIENT_KEY)}&key=sk-wrong").status == 401


@pytest.mark.parametrize(
    "path",
    ["/v1/limner/keys/self?key={}", "/metrics?key={}", "/v1/chat/completions?key={}", "/v1/modelsx?key={}"],
)
def test_it_counts_on_no_other_door(path: str, open_gateway: Gateway) -> None:
    """OpenAI's doors, and those that administer, take no key in the address."""
    assert ask_for(open_gateway, path.format("sk-boss-of-queries-0123456789")).status in {401, 404}


def test_it_is_written_nowhere(open_gateway: Gateway, gateway: Gateway) -> None:
    """Neither log, answer nor metric holds a key that stood in an address, whatever became of the request."""
    answers = b""
    for program in (open_gateway, gateway):
        for path in (
            "/v1beta/models?key={}",
            "/v1beta/nowhere?key={}",
            "/v1/models/nobody?key={}",
            "/v1/models?limit=x&key={}",
            "/v1beta/models/nobody:generateContent?key={}",
            "/nowhere?key={}",
            "/v1/nowhere%3Fkey={}",
            "/healthz?key={}",
            "/?key={}",
            "/v1/chat/completions?key={}",
        ):
            for method, body in (("GET", None), ("POST", chat())):
                reply = ask(program, body, path=path.format(CANARY_KEY), method=method, key=None)
                answers += reply.body + str(reply.headers).encode()
    metrics = ask(open_gateway, path="/metrics", key="sk-boss-of-queries-0123456789")
    assert metrics.status == 200
    assert CANARY_KEY.encode() not in answers + metrics.body
    for program in (open_gateway, gateway):
        program.wait_until_said("/nowhere 404")
        assert CANARY_KEY not in program.said
        assert "canary" not in program.said
