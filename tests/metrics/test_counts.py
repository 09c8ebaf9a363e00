"""What is counted, beside what happened: calls, ends, dollars, times, what is stored, unknown and undelivered."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from asking import PROMPT, ask, asking, chat, configure
from gateways import MortalGateway, ask_beside, running
from limner.web.upstream_metrics import UpstreamMetrics
from places import Place, making_place
from postgres import PostgresServer, run_postgres
from programs import Emulator
from scraping import read_metrics

ADMIN_KEY = "sk-admin-key-of-the-tests-of-counts"
MODEL = "gemini-3.1-flash-image"
CALLS = ("limner_upstream_calls_total", {"upstream": "key-1", "kind": "gemini", "model": MODEL})

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def read(gateway: MortalGateway) -> Samples:
    """Return all samples by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(read_metrics(gateway, ADMIN_KEY))
        for sample in family.samples
    }


def get(samples: Samples, name: str, **labels: str) -> float:
    """Return one sample, 0 if there is none."""
    return samples.get((name, frozenset(labels.items())), 0.0)


def start(place: Place, emulator: Emulator, **variables: str) -> MortalGateway:
    """Start a gateway at a place; its admin key is there from the first start on."""
    gateway = MortalGateway(place, emulator.url, variables=variables)
    if "watcher" not in gateway.run_command("keys", "list"):
        gateway.run_command("keys", "create", "watcher", "--admin", "--key", ADMIN_KEY)
    return gateway


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A place on each database."""
    server: PostgresServer | None = None
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
    with making_place(tmp_path, server) as found:
        yield found


def test_calls_count_by_what_came_of_them(place: Place, emulator: Emulator) -> None:
    """Doors, models, states, dollars and tokens add up to what clients were told, on either database."""
    with running(start(place, emulator)) as gateway:
        good = ask(gateway, chat())
        repeated = [ask(gateway, chat(), headers={"Idempotency-Key": "one"}) for _ in range(3)]
        again = ask(gateway, chat(f"{PROMPT} {place.folder.name} [[status=503]] [[times=1]]"))
        ask(gateway, chat(f"{PROMPT} [[cut=50%]]"))
        ask(gateway, chat(model="nano-banana-nobody-has"))
        ask(gateway, b"{")
        samples = read(gateway)
    assert get(samples, "limner_calls_total", door="chat", model=MODEL, status="200") == 5
    assert get(samples, "limner_calls_total", door="chat", model=MODEL, status="502") == 1
    assert get(samples, "limner_calls_total", door="chat", model="none", status="404") == 1
    assert get(samples, "limner_calls_repeated_total", door="chat") == 2
    assert get(samples, "limner_model_generations_total", model=MODEL, state="settled") == 3
    assert get(samples, "limner_model_generations_total", model=MODEL, state="unknown") == 1
    assert get(samples, "limner_generation_seconds_count", model=MODEL, state="settled") == 3
    assert get(samples, "limner_first_picture_seconds_count", model=MODEL) == 4
    assert get(samples, "limner_pictures_total", model=MODEL) == 3
    usages = [reply.json()["usage"] for reply in (good, repeated[0], again)]
    assert get(samples, "limner_posted_usd_total", model=MODEL) == pytest.approx(
        sum(u["cost"] for u in usages)
    )
    assert get(samples, "limner_tokens_total", model=MODEL, kind="output") == sum(
        u["completion_tokens"] for u in usages
    )
    name, labels = CALLS
    assert get(samples, name, **labels, outcome="ok") == 3
    assert get(samples, name, **labels, outcome="upstream_overloaded") == 1
    assert get(samples, name, **labels, outcome="upstream_unknown_outcome") == 1
    assert get(samples, "limner_upstream_seconds_count", **labels) == 5
    assert get(samples, "limner_unknown_generations", model=MODEL) == 1
    assert get(samples, "limner_unknown_usd", model=MODEL) > 0.05
    assert get(samples, "limner_database_up") == 1
    assert 0 < get(samples, "limner_database_seconds") < 2


def test_what_runs_is_seen(place: Place, emulator: Emulator) -> None:
    """While a picture is on its way its generation is open, its money reserved and its bytes are in the spool."""
    with running(start(place, emulator)) as gateway:
        future = ask_beside(
            gateway, chat(f"{PROMPT} [[stall=4s at=80%]]", extra_body=configure(image_size="4K"))
        )
        ends_at = time.monotonic() + 10
        samples: Samples = {}
        while time.monotonic() < ends_at and not get(samples, "limner_spool_bytes"):
            samples = read(gateway)
        assert get(samples, "limner_open_generations", model=MODEL) == 1
        assert get(samples, "limner_reserved_usd", model=MODEL) > 0.05
        assert get(samples, "limner_calls_running") == 1
        assert get(samples, "limner_spool_bytes") > 50_000
        assert future.result().status == 200
        samples = read(gateway)
        assert get(samples, "limner_open_generations", model=MODEL) == 0
        assert get(samples, "limner_spool_bytes") == 0


def test_what_reached_nobody_is_seen_and_what_goes_is_counted(place: Place, emulator: Emulator) -> None:
    """An answer whose client left counts as undelivered; a delivered one that has to make room as evicted."""
    with running(start(place, emulator)) as gateway:
        assert ask(gateway, chat()).status == 200
        with asking(gateway, chat(f"{PROMPT} [[delay=1s]]")):
            time.sleep(0.3)
        ends_at = time.monotonic() + 10
        while not get(read(gateway), "limner_undelivered_answers") and time.monotonic() < ends_at:
            time.sleep(0.1)
        samples = read(gateway)
        assert get(samples, "limner_undelivered_answers") == 1
        assert get(samples, "limner_calls_total", door="chat", model=MODEL, status="gone") == 1
    with running(start(place, emulator, LIMNER_STORE_MAX_GIB="0.000001")) as gateway:
        ends_at = time.monotonic() + 15
        while not get(samples, "limner_store_full") and time.monotonic() < ends_at:
            samples = read(gateway)
        assert get(samples, "limner_store_removals_total", reason="evicted") == 1
        assert get(samples, "limner_store_removals_total", reason="expired") == 0
        assert get(samples, "limner_store_full") == 1
        assert get(samples, "limner_store_bytes") > get(samples, "limner_store_limit_bytes") == 1074


def test_books_that_are_away_do_not_hold_up_a_scrape(emulator: Emulator, tmp_path: Path) -> None:
    """Without its database a gateway still tells its watcher what it counted, and that the books do not answer; nobody else."""
    with run_postgres() as server, making_place(tmp_path, server) as place:
        gateway = start(place, emulator)
        assert ask(gateway, chat(f"{PROMPT} [[cut=50%]]")).status == 502
        assert get(read(gateway), "limner_database_up") == 1
        server.stop()
        began_at = time.monotonic()
        samples = read(gateway)
        assert time.monotonic() - began_at < 10  # what Prometheus waits by default
        assert get(samples, "limner_database_up") == 0
        assert ("limner_database_seconds", frozenset()) not in samples
        assert get(samples, "limner_unknown_generations", model=MODEL) == 1
        assert ask(gateway, path="/metrics", key="sk-another").status == 503
        server.start()
        assert gateway.stop() == 0


def test_who_rests_is_told_as_it_is_now() -> None:
    """Credentials that rest are listed with model and reason, and no more once they are back."""
    metrics = UpstreamMetrics()
    registry = CollectorRegistry()
    registry.register(metrics)
    parked = {("first", "", "upstream_auth"), ("second", MODEL, "quota")}
    metrics.list_parked = lambda: parked
    told = generate_latest(registry).decode()
    assert 'limner_upstream_parked{model="",reason="upstream_auth",upstream="first"} 1.0' in told
    assert f'limner_upstream_parked{{model="{MODEL}",reason="quota",upstream="second"}} 1.0' in told
    parked.clear()
    assert "limner_upstream_parked{" not in generate_latest(registry).decode()


def test_a_model_that_nobody_knows_makes_no_label() -> None:
    """Whatever a model is called, only those of the catalogue are named."""
    metrics = UpstreamMetrics()
    for number in range(100):
        metrics.count_call("first", "gemini", f"a-model-{number}", "ok", 1.5)
    metrics.count_call("first", "gemini", MODEL, "ok", 1.5)
    samples = [sample for family in metrics.collect() for sample in family.samples]
    assert {sample.labels["model"] for sample in samples} == {"other", MODEL}
