"""`/metrics`: for admin keys, in Prometheus's form, with few labels, and true to what was asked."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from asking import ask, chat
from programs import CANARY, CLIENT_KEY, Gateway, StartGateway

ADMIN_KEY = "sk-admin-key-of-the-metrics-tests"
NAME = "a name that must not be a label"


@pytest.fixture(scope="module")
def watched(start_gateway: StartGateway) -> Gateway:
    """A gateway with an admin key."""
    gateway = start_gateway(LIMNER_MAX_N="3")
    gateway.create_key(NAME, "--admin", "--key", ADMIN_KEY)
    return gateway


def read(gateway: Gateway) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return all samples by name and labels."""
    reply = ask(gateway, path="/metrics", key=ADMIN_KEY)
    assert reply.status == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }


def count(gateway: Gateway, name: str, **labels: str) -> float:
    """Return one sample."""
    return read(gateway).get((name, tuple(sorted(labels.items()))), 0.0)


def test_they_need_an_admin_key(watched: Gateway) -> None:
    """Without a key they are 401, with a client's 403, fixed ones included; by any host."""
    assert ask(watched, path="/metrics", key=None).error["code"] == "invalid_api_key"
    client = watched.create_key("no-admin")
    for key in (client, CLIENT_KEY):
        refused = ask(watched, path="/metrics", key=key)
        assert (refused.status, refused.error["type"], refused.error["code"]) == (
            403,
            "permission_error",
            "admin_key_required",
        )
    for path in ("/metrics", "/metrics/"):
        reply = ask(watched, path=path, key=ADMIN_KEY, headers={"Host": "prometheus.example.org"})
        assert reply.status == 200
        assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")


def test_openmetrics_where_it_is_asked_for(watched: Gateway) -> None:
    """A Prometheus server that asks for OpenMetrics gets it."""
    accept = "application/openmetrics-text; version=1.0.0,text/plain;q=0.5"
    reply = ask(watched, path="/metrics", key=ADMIN_KEY, headers={"Accept": accept})
    assert reply.headers["content-type"].startswith("application/openmetrics-text")
    assert reply.body.endswith(b"# EOF\n")


def test_requests_are_counted(watched: Gateway) -> None:
    """Each request counts once by door, method and status, its time by door, an error by its code."""
    before = {
        status: count(watched, "limner_http_requests_total", door="chat", method="POST", status=status)
        for status in ("200", "401", "400")
    }
    ended = count(watched, "limner_generations_ended_total", door="chat", state="settled")
    timed = count(watched, "limner_http_request_seconds_count", door="chat")
    assert ask(watched, chat()).status == 200
    assert ask(watched, chat(), key="sk-wrong").status == 401
    assert ask(watched, b"{").status == 400
    for status, was in before.items():
        labels = {"door": "chat", "method": "POST", "status": status}
        assert count(watched, "limner_http_requests_total", **labels) == was + 1
    assert count(watched, "limner_http_request_seconds_count", door="chat") == timed + 3
    assert count(watched, "limner_generations_ended_total", door="chat", state="settled") == ended + 1
    assert count(watched, "limner_http_errors_total", door="chat", code="invalid_json") >= 1


def test_what_is_there(watched: Gateway) -> None:
    """The version, what is under way and waits, what is held, process and Python are told."""
    names = {name for name, _ in read(watched)}
    assert names >= {
        "limner_build_info", "limner_calls_running", "limner_calls_waiting", "limner_calls_refused_total",
        "limner_request_bytes", "limner_answer_bytes", "limner_draining", "limner_http_requests_open",
        "process_resident_memory_bytes", "python_info", "python_gc_collections_total",
    }  # fmt: skip
    assert count(watched, "limner_http_requests_open", door="metrics") == 1
    assert count(watched, "limner_calls_running") == 0


def test_labels_are_few_and_tell_nothing(watched: Gateway) -> None:
    """A thousand paths and an odd method make no new labels, and no key, name or prompt is in any."""
    ask(watched, chat())
    for method in ("GET", "TRACE", "POST"):
        ask(watched, path="/first", method=method, key=None)
    few = len(read(watched))
    for number in range(1000):
        ask(watched, path=f"/v1/{number}/sk-secret", method=("GET", "TRACE", "POST")[number % 3], key=None)
    samples = read(watched)
    assert len(samples) <= few + 1
    said = " ".join(f"{name}{labels}" for name, labels in samples)
    assert "'other'" in said
    assert not re.search(rf"sk-|{CANARY}|gen_|req_|{NAME}|/v1/", said)
