"""What gateways share beside pictures: budgets, rates, keys; and what becomes of pictures when S3 is away."""

import os
import re
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from asking import Reply, ask
from audits import check_books, digest_pictures, read_rows
from fleet import RETRY, Fleet, wait_until
from gateways import ask_beside
from orders import Order

RACERS = 20
HELD = 7


def to_order(number: int) -> Order:
    """Return one of many that cost the same: the price counts the bytes of the prompt."""
    return Order(call=f"racer-{number:03}", holds_at=0)


def test_a_budget_is_one_for_all_gateways(fleet: Fleet) -> None:
    """Of 20 racing calls at two gateways, none settled before all have asked, exactly the 7 that fit are bought."""
    gateways = [fleet.start("first"), fleet.start("second")]
    budget = HELD * to_order(0).reserved_micro_usd
    secret = gateways[0].create_key("racer", "--budget-usd", f"{budget / 1_000_000:.6f}")
    gateways[1].secrets.append(secret)
    refused: list[Reply] = []

    def race(number: int) -> Reply:
        body = to_order(number).to_body(is_stream=number % 4 < 2)
        reply = ask(gateways[number % 2], body, key=secret)
        if reply.status == 429:
            refused.append(reply)
        return reply

    with ThreadPoolExecutor(RACERS) as threads:
        racing = [threads.submit(race, number) for number in range(RACERS)]
        wait_until(lambda: len(refused) + fleet.book.count_charges() >= RACERS)
        fleet.book.release(*(to_order(number).call for number in range(RACERS)))
        replies = [call.result() for call in racing]
    assert Counter(reply.status for reply in replies) == {200: HELD, 429: RACERS - HELD}
    assert fleet.book.count_charges() == HELD
    assert {reply.error["code"] for reply in refused} == {"insufficient_quota"}
    check_books(fleet.books)
    assert Counter(row.state for row in read_rows(fleet.books)) == {"settled": HELD}


def test_rates_are_counted_over_all_gateways(fleet: Fleet) -> None:
    """A key that may ask four times a minute is refused the fifth time, whichever gateways it asked."""
    gateways = [fleet.start("first"), fleet.start("second")]
    secret = gateways[0].create_key("rated", "--requests-per-minute", "4")
    replies = [
        ask(gateways[number % 2], Order(call=f"rated-{number}").to_body(), key=secret) for number in range(6)
    ]
    assert [reply.status for reply in replies] == [200] * 4 + [429] * 2
    assert {reply.error["code"] for reply in replies[4:]} == {"rate_limit_exceeded"}


def test_a_gateway_says_where_things_are(fleet: Fleet) -> None:
    """Its banner names database and store, without user and password."""
    said = fleet.start("first").said
    assert f"Image store: {fleet.s3.store_url}\n" in said
    assert re.search(r"^Books: postgresql://127\.0\.0\.1:\d+/\w+$", said, re.MULTILINE)


def test_a_key_lives_and_dies_everywhere_at_once(fleet: Fleet) -> None:
    """A key made or revoked by a command counts at the next call, at every gateway."""
    gateways = [fleet.start("first"), fleet.start("second")]
    secret = gateways[0].create_key("short-lived")
    assert [ask(gateway, path="/v1/models", key=secret).status for gateway in gateways] == [200, 200]
    gateways[1].run_command("keys", "revoke", "short-lived")
    assert [ask(gateway, path="/v1/models", key=secret).status for gateway in gateways] == [401, 401]


@pytest.mark.parametrize("trouble", ["down", "stalled"])
def test_s3_that_is_away_costs_nobody_a_picture(trouble: str, fleet: Fleet) -> None:
    """Clients of the gateway that received a picture have it at once; those elsewhere when S3 is back."""
    first, second = fleet.start("first"), fleet.start("second")
    if trouble == "down":
        fleet.s3.cut()
    else:
        fleet.s3.wire.stall()
    order = Order(call="away", holds_at=0, size_bytes=300_000)
    waiting = [ask_beside(first, order.to_body())]
    fleet.book.wait_until_held("away")
    waiting.append(ask_beside(second, order.to_body(), headers=RETRY))
    fleet.wait_for_clients(2)
    fleet.book.release("away")
    (picture,) = fleet.book.find("away").pictures
    assert digest_pictures(waiting[0].result(30).json()) == [picture]
    fleet.wait_for_state("settled")
    more = ask(first, Order(call="more").to_body())
    assert digest_pictures(more.json()) == list(fleet.book.find("more").pictures)
    assert not waiting[1].done()
    fleet.s3.restore()
    assert digest_pictures(waiting[1].result(90).json()) == [picture]
    assert len(fleet.audit(second)) == 2


def test_a_gateway_that_ends_shares_its_last_pictures_first(fleet: Fleet) -> None:
    """What a gateway received just before it was stopped in good order is in the shared store when it has ended."""
    first = fleet.start("first")
    for number in range(4):
        assert ask(first, Order(call=f"last-{number}", size_bytes=1_500_000).to_body()).status == 200
    assert first.stop() == 0
    assert len(fleet.s3.list_objects()) == 8
    assert len(fleet.audit(fleet.start("second"))) == 4


@pytest.mark.parametrize("what", ["gone", "damaged"])
def test_a_copy_that_is_not_there_is_fetched_again(what: str, fleet: Fleet) -> None:
    """A repeat whose local files were lost or spoilt is answered from the shared store, and nothing is bought."""
    first = fleet.start("first")
    order, key = Order(call="lost", size_bytes=200_000), {"Idempotency-Key": "lost"}
    ask(first, order.to_body(), headers=key)
    fleet.wait_until_shared()
    (picture,) = first.place.data.rglob("picture-1.png")
    if what == "gone":
        shutil.rmtree(picture.parent)
    else:
        picture.write_bytes(b"short")
    reply = ask(first, order.to_body(), headers=key)
    assert digest_pictures(reply.json()) == list(fleet.book.find("lost").pictures)
    assert reply.headers["idempotent-replayed"] == "true"
    assert len(fleet.audit(first)) == 1


def test_copies_that_are_old_leave_the_disk(fleet: Fleet) -> None:
    """An hour after it came a picture that is in the shared store goes from a gateway's disk, and can still be had."""
    first = fleet.start("first")
    order, key = Order(call="old"), {"Idempotency-Key": "old"}
    ask(first, order.to_body(), headers=key)
    fleet.wait_until_shared()
    (picture,) = first.place.data.rglob("picture-1.png")
    two_hours_ago = time.time() - 7200
    os.utime(picture.parent, (two_hours_ago, two_hours_ago))
    assert first.stop() == 0
    first = fleet.start("first")  # housekeeping comes round at once
    wait_until(lambda: not picture.exists())
    reply = ask(first, order.to_body(), headers=key)
    assert digest_pictures(reply.json()) == list(fleet.book.find("old").pictures)
    assert picture.exists()
    assert len(fleet.audit(first)) == 1


def test_what_is_deleted_on_one_gateway_goes_everywhere(fleet: Fleet) -> None:
    """After DELETE no gateway gives an answer out, and its files go from the store and from every disk."""
    first, second = fleet.start("first"), fleet.start("second")
    made = ask(first, Order(call="unwanted").to_body())
    path = f"/v1/chat/completions/{made.headers['x-limner-generation-id']}"
    fleet.wait_until_shared()
    assert [ask(gateway, path=path).status for gateway in (first, second)] == [200, 200]
    assert len(list(fleet.folder.rglob("picture-1.png"))) == 2
    assert ask(second, path=path, method="DELETE").status == 200
    assert [ask(gateway, path=path).status for gateway in (first, second)] == [404, 404]
    wait_until(lambda: fleet.s3.list_objects() == {})
    assert first.stop() == 0
    fleet.start("first")
    wait_until(lambda: not list(fleet.folder.rglob("picture-1.png")))


def test_a_picture_waits_on_disk_for_s3_over_restarts(fleet: Fleet) -> None:
    """What could not be shared before a gateway was killed is shared when it runs again."""
    fleet.s3.cut()
    first = fleet.start("first")
    reply = ask(first, Order(call="kept").to_body())
    assert digest_pictures(reply.json()) == list(fleet.book.find("kept").pictures)
    first.kill()
    first = fleet.start("first")
    assert fleet.s3.list_objects() == {}
    fleet.s3.restore()
    assert len(fleet.audit(first)) == 1


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"LIMNER_SIGNING_SECRET": "another-secret-of-the-tests"}, "LIMNER_SIGNING_SECRET must be the same"),
        ({"LIMNER_IMAGE_STORE_URL": "s3://pictures/elsewhere"}, "must be the same store"),
        ({"LIMNER_IMAGE_STORE_URL": ""}, "set LIMNER_IMAGE_STORE_URL"),
    ],
)
def test_a_gateway_that_does_not_fit_in_does_not_start(
    variables: dict[str, str], message: str, fleet: Fleet
) -> None:
    """Another secret, another store, or pictures in a data folder are refused while others work on the books."""
    first = fleet.start("first")
    with pytest.raises(AssertionError) as failure:
        fleet.start("second", variables=variables)
    assert message in str(failure.value)
    assert "Traceback" not in str(failure.value)
    assert ask(first, Order(call="on").to_body()).status == 200


def test_keys_rotated_at_one_gateway_count_at_the_other(fleet: Fleet) -> None:
    """A secret that one gateway gave out opens the other at once, and one that it ended does not any more."""
    gateways = [fleet.start("first"), fleet.start("second")]
    admin = gateways[0].create_key("boss", "--admin")
    old = gateways[0].create_key("shop")
    (entry,) = ask(gateways[0], path="/v1/limner/keys?name=shop", key=admin).json()["data"]
    path = f"/v1/limner/keys/{entry['id']}/rotate"
    new = ask(gateways[0], {}, path=path, key=admin).json()["key"]
    gateways[0].secrets += [new]
    gateways[1].secrets += [admin, old, new]
    assert [ask(gateways[1], path="/v1/models", key=secret).status for secret in (old, new)] == [200, 200]
    newest = ask(gateways[1], {"overlap": "0"}, path=path, key=admin).json()["key"]
    for gateway in gateways:
        gateway.secrets.append(newest)
        tried = [ask(gateway, path="/v1/models", key=secret).status for secret in (old, new, newest)]
        assert tried == [401, 401, 200]
