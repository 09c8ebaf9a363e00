"""A gateway whose slots are all taken: who waits, who does not, and what becomes of those who wait."""

import time

import pytest
from crowding import list_charged, serving

from asking import Reply, ask, asking, chat, digest
from audits import audit, digest_pictures, read_rows
from bills import BillBook
from orders import Order
from places import Place
from programs import CLIENT_KEY

TITLE = """### Task:
Find a title.
### Output:
JSON format: { "title": "words" }
### Chat History:
<chat_history>
USER: Draw a lighthouse at dusk
</chat_history>"""


def test_as_many_as_slots_are_under_way_and_the_rest_follow_in_order(place: Place, book: BillBook) -> None:
    """Of ten calls at a gateway with two slots never more than two are upstream, and all are served as they came."""
    names = [f"call {number}" for number in range(10)]
    with serving(place, book, 2) as crowd:
        for number, name in enumerate(names):
            crowd.ask(name, is_stream=number % 2 == 1)
            if number < 2:
                book.wait_until_held(name)
            else:
                crowd.wait_until_waiting(number - 1)
        assert crowd.measure("limner_calls_running") == 2
        for number, name in enumerate(names):
            assert list_charged(book) == names[: number + 2]
            book.release(name)
            assert crowd.get(name).status == 200
            book.wait_for_charges(min(number + 3, 10))
        assert {row.state for row in audit(crowd.gateway, book)} == {"settled"}


def test_all_that_buys_nothing_is_served_meanwhile(place: Place, book: BillBook) -> None:
    """Replays, joins, collecting, links, lists, models, health and background tasks wait for no slot."""
    once = {"Idempotency-Key": "once"}
    with serving(place, book, 1, LIMNER_PUBLIC_URL="http://pictures.test") as crowd:
        gateway = crowd.gateway
        drawn = ask(gateway, Order(call="drawn").to_body(), headers=once)
        crowd.fill()
        crowd.ask("waits", is_held=False)
        crowd.wait_until_waiting(1)
        replayed = ask(gateway, Order(call="drawn").to_body(), headers=once)
        assert (replayed.headers["idempotent-replayed"], replayed.body) == ("true", drawn.body)
        answer = drawn.json()
        assert ask(gateway, path=f"/v1/chat/completions/{answer['id']}").body == drawn.body
        link = answer["limner"]["images"][0]["url"].removeprefix("http://pictures.test")
        shown = ask(gateway, path=link, key=None)
        assert (shown.status, digest(shown.body)) == (200, crowd.find_picture("drawn"))
        for path in ("/healthz", "/readyz", "/v1/models", "/v1/chat/completions"):
            assert ask(gateway, path=path, key=None if path.endswith("z") else CLIENT_KEY).status == 200, path
        assert ask(gateway, chat(TITLE)).json()["limner"]["notices"][0]["code"] == "answered_locally"
        assert crowd.measure("limner_calls_waiting") == 1
        crowd.empty()
        assert crowd.get("waits").status == 200
    assert list_charged(book) == ["drawn", "filler 0", "waits"]


def test_a_repeat_joins_what_runs_in_the_only_slot(place: Place, book: BillBook) -> None:
    """A call with the Idempotency-Key of the running one, and one that repeats an abandoned one, have its picture."""
    key = {"Idempotency-Key": "of-the-running-one"}
    with serving(place, book, 1) as crowd:
        first = crowd.ask("running", headers=key)
        book.wait_until_held("running")
        body = Order(call="running", holds_at=0).to_body()
        with asking(crowd.gateway, body, key) as joined:
            time.sleep(0.3)
            assert crowd.measure("limner_calls_waiting") == 0
            book.release("running")
            assert digest_pictures(first.result(30).json()) == [crowd.find_picture("running")]
            response = joined.getresponse()
            reply = Reply(response.status, response.headers, response.read())
        assert digest_pictures(reply.json()) == [crowd.find_picture("running")]
        with asking(crowd.gateway, Order(call="abandoned", holds_at=0).to_body()):
            book.wait_until_held("abandoned")
        adopted = crowd.ask("abandoned")
        time.sleep(0.3)
        assert crowd.measure("limner_calls_waiting") == 0
        book.release("abandoned")
        assert digest_pictures(adopted.result(30).json()) == [crowd.find_picture("abandoned")]
    assert list_charged(book) == ["running", "abandoned"]


@pytest.mark.real_time
def test_who_waits_too_long_is_refused_before_anything_is_claimed(place: Place, book: BillBook) -> None:
    """After 10 s a call is told 503 and when to come back; no row, no money, no request is counted, and it may come again."""
    with serving(place, book, 1) as crowd:
        secret = crowd.gateway.create_key(
            "limited", "--budget-usd", "0.06", "--requests-per-minute", "2", "--images-per-minute", "1"
        )
        crowd.fill()
        again = {"Idempotency-Key": "again"}
        began_at = time.monotonic()
        crowd.ask("keyed", is_held=False, key=secret, headers=again)
        crowd.ask("plain", is_held=False)
        crowd.ask("streamed", is_held=False, is_stream=True)
        replies = [crowd.get(name) for name in ("keyed", "plain", "streamed")]
        assert 9 < time.monotonic() - began_at < 20
        for reply in replies:
            assert (reply.status, reply.error["code"]) == (503, "gateway_overloaded")
            assert reply.error["type"] == "server_error"
            assert reply.headers["x-should-retry"] == "true"
            assert reply.headers["x-limner-generation-id"] is None
            assert 2 <= int(reply.headers["retry-after"]) <= 6
            assert 2000 <= int(reply.headers["retry-after-ms"]) <= 6000
        assert crowd.measure("limner_calls_refused") == 3
        assert len(read_rows(place)) == 1
        crowd.empty()
        served = ask(crowd.gateway, Order(call="keyed").to_body(), key=secret, headers=again)
        assert served.status == 200
        retried = ask(crowd.gateway, Order(call="plain").to_body(), headers={"x-stainless-retry-count": "1"})
        assert digest_pictures(retried.json()) == [crowd.find_picture("plain")]
    assert list_charged(book) == ["filler 0", "keyed", "plain"]
