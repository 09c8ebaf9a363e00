"""What a credential's refusal costs the others: nothing. Each reason's rest, as the emulator sees it."""

import time
from collections import Counter

import pytest
from credentials import ALPHA, BETA, GAMMA, StartPool, ask_together, list_asked, vary, write_keys
from prometheus_client.parser import text_string_to_metric_families

from asking import ask, chat
from programs import Emulator, Follow


@pytest.mark.parametrize(
    "trouble",
    [
        "status=429 retry=60s",
        "status=429 quota=day retry=1s",
        "status=429 quota=zero",
        "status=429 quota=prepay",
        "reason=key",
        "reason=expired",
        "reason=leaked",
        "reason=disabled",
        "reason=region",
        "reason=billing",
        "reason=iam",
        "reason=missing",
    ],
)
def test_one_refusal_is_enough(
    trouble: str, start_pool: StartPool, emulator: Emulator, follow: Follow
) -> None:
    """A credential that is refused is asked once; its call and all after it are drawn by another, at once."""
    gateway = start_pool(write_keys(ALPHA, BETA))
    follow(f"[[key=aaaa {trouble}]]")
    began = time.monotonic()
    replies = [ask(gateway, body) for body in vary(6)]
    assert {reply.status for reply in replies} == {200}
    assert Counter(list_asked(emulator)) == {"a": 1, "b": 6}
    assert time.monotonic() - began < 20  # no wait of any kind, on a machine that does other things too


def test_a_key_that_is_bad_is_bad_for_every_model(
    start_pool: StartPool, emulator: Emulator, follow: Follow
) -> None:
    """A key that one model's call found refused is not asked for another model; a quota is one model's own."""
    gateway = start_pool(write_keys(ALPHA, BETA))
    follow("[[key=aaaa reason=billing]]")
    ask(gateway, chat())
    for body in vary(3, model="nano-banana-pro"):
        assert ask(gateway, body).status == 200
    assert Counter(list_asked(emulator)) == {"a": 1, "b": 4}


def test_a_quota_is_one_models(start_pool: StartPool, emulator: Emulator, follow: Follow) -> None:
    """A key whose quota for one model is used up is asked for the others all the same."""
    gateway = start_pool(write_keys(ALPHA, BETA))
    follow("[[key=aaaa model=gemini-3.1-flash-image status=429 retry=60s]]")
    for body in vary(3):
        ask(gateway, body)
    assert list_asked(emulator).count("a") == 1
    for body in vary(4, model="nano-banana-pro"):
        ask(gateway, body)
    assert list_asked(emulator).count("a") == 3


def test_a_told_wait_is_kept_and_then_over(start_pool: StartPool, emulator: Emulator, follow: Follow) -> None:
    """A key is left alone as long as Gemini said, and asked again then."""
    gateway = start_pool(write_keys(ALPHA, BETA))
    follow("[[key=aaaa status=429 retry=3s times=1]]")
    began = time.monotonic()
    while time.monotonic() - began < 2.5:
        assert ask(gateway, chat(f"a lighthouse at {time.monotonic()}")).status == 200
    assert list_asked(emulator).count("a") <= 1
    time.sleep(1.5)
    for body in vary(4, prompt="afterwards"):
        assert ask(gateway, body).status == 200
    assert list_asked(emulator).count("a") >= 2


def test_an_overloaded_key_is_asked_after_the_others(
    start_pool: StartPool, emulator: Emulator, follow: Follow
) -> None:
    """After a 503 the same call asks another credential, and so do those after it for a moment."""
    gateway = start_pool(write_keys(ALPHA, BETA))
    follow("[[key=aaaa status=503]]")
    assert ask(gateway, chat()).status == 200
    assert list_asked(emulator) == "ab"


def test_every_key_out_is_told_by_what_waiting_cures(
    start_pool: StartPool, emulator: Emulator, follow: Follow
) -> None:
    """With one key refused and the other's quota used up, a client hears of the quota, each having been asked once."""
    gateway = start_pool(write_keys(ALPHA, BETA))
    follow("[[key=aaaa reason=billing]] [[key=bbbb status=429 retry=90s]]")
    reply = ask(gateway, chat())
    assert (reply.status, reply.error["code"]) == (429, "rate_limit_exceeded")
    assert reply.headers["x-should-retry"] == "false"
    assert sorted(list_asked(emulator)) == ["a", "b"]


def test_what_rests_is_tried_before_a_client_is_refused(
    start_pool: StartPool, emulator: Emulator, follow: Follow
) -> None:
    """A bill that was paid is noticed by the next call that finds no other credential, long before the rest is over."""
    gateway = start_pool(write_keys(ALPHA))
    follow("[[reason=billing]]")
    assert ask(gateway, chat("a lighthouse, unpaid")).error["code"] == "upstream_auth"
    follow("")
    assert ask(gateway, chat("a lighthouse, paid")).status == 200
    assert list_asked(emulator) == "aa"


def test_no_call_is_lost_while_one_key_works(
    start_pool: StartPool, emulator: Emulator, follow: Follow
) -> None:
    """Of many calls at once all are drawn by the one key that works, and each bad one is asked but a few times."""
    gateway = start_pool(write_keys(ALPHA, BETA, GAMMA))
    follow("[[key=aaaa reason=key]] [[key=bbbb status=429 retry=60s]] [[key=cccc delay=200ms]]")
    replies = [*ask_together(gateway, vary(30)), *ask_together(gateway, vary(30, prompt="more"))]
    assert {reply.status for reply in replies} == {200}
    asked = Counter(list_asked(emulator))
    assert asked["c"] == 60
    # Those of the first thirty that were sent before the first refusal came; nobody after that.
    assert asked["a"] <= 10
    assert asked["b"] <= 15


def test_nobody_rushes_at_what_comes_back(start_pool: StartPool, emulator: Emulator, follow: Follow) -> None:
    """Twelve calls at a quota of four a second are drawn as it comes back, and few of them are refused again."""
    gateway = start_pool(write_keys(ALPHA))
    follow("[[rpm=4/1s]]")
    replies = ask_together(gateway, vary(12))
    assert {reply.status for reply in replies} <= {200, 429}
    calls = emulator.list_calls()
    refused = [call for call in calls if call["status"] == 429]
    drawn = [call for call in calls if call["status"] == 200]
    assert len(drawn) == sum(reply.status == 200 for reply in replies)
    assert len(drawn) >= 8  # four fit at once; the others were let in as the quota came back
    assert len(refused) <= 20  # eight at first, and few after that


def test_a_dead_key_costs_one_refusal_at_a_time(
    start_pool: StartPool, emulator: Emulator, follow: Follow
) -> None:
    """Fifty calls at a key that is refused send a few; each client is told what the few found out."""
    gateway = start_pool(write_keys(ALPHA))
    follow("[[key=aaaa reason=billing delay=300ms]]")
    ask(gateway, chat("the first"))
    replies = ask_together(gateway, vary(50))
    assert {reply.error["code"] for reply in replies} == {"upstream_auth"}
    assert len(list_asked(emulator)) <= 12
    states = ask(gateway, path="/v1/limner/generations?limit=100").json()["data"]
    assert {state["state"] for state in states} == {"failed"}


def test_rests_outlive_a_restart(start_pool: StartPool, emulator: Emulator, follow: Follow) -> None:
    """The next start of a gateway knows what the last one found out, and the books know no key."""
    text = write_keys(ALPHA, BETA)
    gateway = start_pool(text)
    follow("[[key=aaaa reason=key]]")
    for body in vary(2):
        assert ask(gateway, body).status == 200
    assert gateway.stop() == 0
    again = start_pool(text)
    for body in vary(4, prompt="again"):
        assert ask(again, body).status == 200
    assert Counter(list_asked(emulator)) == {"a": 1, "b": 6}
    stored = b"".join(path.read_bytes() for path in (again.folder / "data").iterdir() if path.is_file())
    assert ALPHA.encode() not in stored
    assert b"upstream_parks" in stored


def test_a_rest_stands_in_the_log_by_name(start_pool: StartPool, follow: Follow) -> None:
    """The log says which upstream rests, for how long and why, and never its key."""
    gateway = start_pool(write_keys(ALPHA, BETA))
    follow("[[key=aaaa reason=leaked]]")
    ask(gateway, chat())
    gateway.wait_until_said("upstream a rests for 300 s for all models (key)")


def test_a_wait_that_is_too_long_has_bought_nothing(
    start_pool: StartPool, emulator: Emulator, follow: Follow
) -> None:
    """A call whose time is over while every credential rests is told so, and is not taken to have been sent."""
    gateway = start_pool(write_keys(ALPHA), LIMNER_UPSTREAM_TIMEOUT_SECONDS="4")
    follow("[[status=429 retry=15s times=1]]")
    assert ask(gateway, chat("the first")).error["code"] == "rate_limit_exceeded"
    second = ask(gateway, chat("the second"))
    assert (second.status, second.error["code"]) == (503, "upstream_overloaded")
    states = ask(gateway, path="/v1/limner/generations").json()["data"]
    assert {state["state"] for state in states} == {"failed"}
    assert list_asked(emulator) == "a"


def test_readiness_tells_of_rests_and_does_not_depend_on_them(start_pool: StartPool, follow: Follow) -> None:
    """A gateway whose credentials rest is ready all the same, and says in the body how many rest and why."""
    gateway = start_pool(write_keys(ALPHA, BETA))
    assert "upstream" not in ask(gateway, path="/readyz", key=None).json()
    follow("[[key=aaaa reason=leaked]]")
    ask(gateway, chat())
    reply = ask(gateway, path="/readyz", key=None)
    assert (reply.status, reply.json()["status"]) == (200, "ready")
    assert reply.json()["upstream"] == "1 of 2 credentials rest, for a model or for all (key)"


def test_an_early_trial_is_a_call_like_any_other(start_pool: StartPool, emulator: Emulator) -> None:
    """A call that tries a resting key early is sent again after a 503, or a short wait, as it would be otherwise."""
    gateway = start_pool(write_keys(ALPHA))
    assert ask(gateway, chat("first [[status=429 retry=90s]]")).status == 429
    assert ask(gateway, chat("second [[status=503 times=2]]")).status == 200
    assert ask(gateway, chat("third [[status=429 retry=90s]]")).status == 429
    assert ask(gateway, chat("fourth [[status=429 retry=1s times=2]]")).status == 200
    assert list_asked(emulator) == "a" * 8


def test_metrics_name_who_rests(start_pool: StartPool, follow: Follow) -> None:
    """A scrape has a sample for each rest, with the credential's name, the model and why, and counts calls by credential."""
    gateway = start_pool(write_keys(ALPHA, BETA))
    follow("[[key=aaaa status=429 retry=60s]]")
    ask(gateway, chat())
    admin = gateway.create_key("admin", "--admin")
    told = ask(gateway, path="/metrics", key=admin).body.decode()
    samples = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }
    model = ("model", "gemini-3.1-flash-image")
    parked = frozenset({model, ("upstream", "a"), ("reason", "rate")})
    assert samples["limner_upstream_parked", parked] == 1
    for upstream, outcome in (("a", "rate_limit_exceeded"), ("b", "ok")):
        labels = frozenset({model, ("upstream", upstream), ("kind", "gemini"), ("outcome", outcome)})
        assert samples["limner_upstream_calls_total", labels] == 1
