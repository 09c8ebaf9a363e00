"""Many calls at once against a budget that holds a few of them."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from asking import Reply, ask
from audits import check_books, check_charges, check_doors, check_ends, check_store, digest_pictures
from bills import BillBook
from gateways import STRANGER_KEY, MortalGateway, running
from orders import Order
from places import Place

RACERS = 200
HELD = 37


def to_order(number: int) -> Order:
    """Return one of many that cost the same: the price counts the bytes of the prompt."""
    return Order(call=f"racer-{number:03}", holds_at=0)


def test_a_budget_buys_what_it_holds_and_not_one_more(place: Place, book: BillBook) -> None:
    """Of 200 racing calls, none of which settles before all have asked, exactly the 37 that the budget holds are bought."""
    budget = HELD * to_order(0).reserved_micro_usd
    with running(MortalGateway(place, book.url)) as gateway:
        secret = gateway.create_key("racer", "--budget-usd", f"{budget / 1_000_000:.6f}")

        def race(number: int) -> Reply:
            reply = ask(gateway, to_order(number).to_body(is_stream=number % 2 == 0), key=secret)
            if reply.status == 429:
                refused.append(reply)
            return reply

        refused: list[Reply] = []
        with ThreadPoolExecutor(RACERS) as threads:
            racing = [threads.submit(race, number) for number in range(RACERS)]
            ends_at = time.monotonic() + 60
            while len(refused) + book.count_charges() < RACERS and time.monotonic() < ends_at:
                time.sleep(0.05)
            book.release(*(to_order(number).call for number in range(RACERS)))
            replies = [call.result() for call in racing]
        assert Counter(reply.status for reply in replies) == {200: HELD, 429: RACERS - HELD}
        assert book.count_charges() == HELD
        for reply in refused:
            assert (reply.error["type"], reply.error["code"]) == ("insufficient_quota", "insufficient_quota")
            assert reply.headers["x-should-retry"] == "false"
            assert int(reply.headers["retry-after"]) > 0
        check_charges(book)
        check_books(place)
        rows = check_store(place, book)
        check_ends(rows, book)
        check_doors(gateway, rows, {row.key_id: secret for row in rows}, STRANGER_KEY)
        again = ask(gateway, Order(call="again").to_body(), key=secret)
        assert len(digest_pictures(again.json())) == 1, "what was reserved and not spent is free again"
