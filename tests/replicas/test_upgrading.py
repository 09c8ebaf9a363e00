"""Gateways of two schema versions behind nginx, exchanged one by one under load; and what a client sees of the fleet."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from openai import OpenAI

from asking import digest, split_markdown
from audits import open_books
from fleet import Fleet, wait_until_ready
from gateways import MortalGateway
from nginx import Nginx, run_nginx
from orders import Order
from programs import CLIENT_KEY


def ask_openai(url: str, order: Order, **options: float) -> str:
    """Let the official client ask; return the SHA-256 of the picture it got."""
    client = OpenAI(base_url=f"{url}/v1", api_key=CLIENT_KEY, **options)  # type: ignore[arg-type] # numbers
    body = order.to_body()
    with client:
        answer = client.chat.completions.create(
            model=body["model"], messages=body["messages"], extra_body=body["extra_body"]
        )
    ((_, picture),) = split_markdown(answer.choices[0].message.content or "")[1]
    return digest(picture)


def count_posts(gateway: MortalGateway) -> int:
    """Return how many calls a gateway has logged."""
    return gateway.said.count("POST /v1/chat/completions")


@pytest.mark.usefixtures("_no_proxy")
def test_the_retry_of_the_official_client_joins_on_the_other_gateway(fleet: Fleet) -> None:
    """Behind nginx the second attempt of openai's client, after its time-out, lands elsewhere and gets the picture."""
    gateways = [fleet.start("first"), fleet.start("second")]
    with run_nginx(fleet.folder, [gateway.url for gateway in gateways]) as nginx:
        order = Order(call="impatient", delay_seconds=4)
        assert ask_openai(nginx.url, order, timeout=3, max_retries=2) in fleet.book.find("impatient").pictures
    assert [count_posts(gateway) > 0 for gateway in gateways] == [True, True]
    assert len(fleet.audit(gateways[0])) == 1


@pytest.mark.usefixtures("_no_proxy")
def test_a_rolling_upgrade_loses_no_call(fleet: Fleet) -> None:
    """While both gateways are exchanged for ones of a newer schema, every call of openai's client succeeds, once."""
    gateways = [fleet.start("first"), fleet.start("second")]
    with run_nginx(fleet.folder, [gateway.url for gateway in gateways]) as nginx:
        over = threading.Event()
        with ThreadPoolExecutor(4) as threads:
            callers = [threads.submit(call_until, over, nginx, fleet, number) for number in range(4)]
            try:
                for number, name in enumerate(("first", "second")):
                    gateways[number] = exchange(fleet, nginx, gateways, number, name)
                restart_old(fleet)
            finally:
                over.set()
            made = sum((caller.result() for caller in callers), Counter[str]())
    assert made.keys() == {"got"}
    assert made["got"] == fleet.book.count_charges()
    with open_books(fleet.books) as database:
        assert database.fetch_integer("SELECT count(*) FROM notes") == 0
    fleet.audit(gateways[0])


def call_until(over: threading.Event, nginx: Nginx, fleet: Fleet, number: int) -> Counter[str]:
    """Call one after another; return what came of how many."""
    made: Counter[str] = Counter()
    while not over.is_set():
        order = Order(call=f"rolling-{number}-{made.total()}", delay_seconds=0.2)
        picture = ask_openai(nginx.url, order, timeout=60, max_retries=2)
        made["got" if picture in fleet.book.find(order.call).pictures else "wrong"] += 1
    return made


def exchange(
    fleet: Fleet, nginx: Nginx, gateways: list[MortalGateway], number: int, name: str
) -> MortalGateway:
    """Exchange one gateway as an orchestrator would: the new one first, then no calls for the old one, then its end."""
    old = gateways[number]
    new = fleet.start(f"new-{name}", program="newer")
    wait_until_ready(new)
    others = [gateway.url for gateway in gateways if gateway is not old]
    nginx.set_gateways([*others, new.url])
    nginx.reload()
    assert old.stop() == 0
    return new


def restart_old(fleet: Fleet) -> None:
    """Check that one of the older version, if it has to start again meanwhile, works on the newer schema."""
    old = fleet.start("first")
    wait_until_ready(old)
    assert old.stop() == 0
