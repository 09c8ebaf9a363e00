"""Which gateway answers whom: each counts its own clients, and gives up only what no other's client waits for."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from books import DIGEST, RESERVED, Books, broken, settled
from databases import FIRST, SECOND, connect, make_postgres_place

from limner.ledger import claims, endings, lookups, recovery
from limner.ledger.claims import is_wanted_elsewhere
from limner.ledger.records import Doubtful, Found, Fresh, Occupied
from places import Place

place = pytest.fixture(make_postgres_place)

Sides = tuple[Books, Books]


@pytest.fixture
def sides(place: Place) -> Iterator[Sides]:
    """The books of two gateways on one database, at the same time."""
    with ExitStack() as stack:
        one, two = (stack.enter_context(connect(place, replica_id)) for replica_id in (FIRST, SECOND))
        sides = Books(one), Books(two, id_prefix="h")
        yield sides
        sides[0].check()


def read_clients(books: Books, generation_id: str) -> list[str]:
    """Return whose clients are answered from it; the count must be theirs."""
    rows = books.database.fetch_all(
        "SELECT CAST(to_json(client_replicas) AS TEXT), clients FROM generations WHERE id = :id",
        {"id": generation_id},
    )
    ((text, clients),) = rows
    names: list[str] = json.loads(str(text))
    assert clients == len(names)
    return names


def attach(books: Books, generation_id: str) -> None:
    with books.database.transaction():
        claims.attach(books.database, generation_id)


def test_each_gateway_counts_its_own(sides: Sides) -> None:
    """Clients come and leave by the gateway that answers them, and what was delivered is noted once."""
    one, two = sides
    name = one.claim()
    attach(two, name)
    attach(one, name)
    attach(two, name)
    assert read_clients(one, name) == [FIRST, SECOND, FIRST, SECOND]
    two.leave(name)
    assert sorted(read_clients(one, name)) == [FIRST, FIRST, SECOND]
    two.leave(name, is_delivered=True)
    delivered = one.find(name).delivered_at_ms
    assert delivered is not None
    one.now_ms += 5
    one.leave(name, is_delivered=True)
    assert read_clients(one, name) == [FIRST]
    assert one.find(name).delivered_at_ms == delivered


def test_a_gateway_without_clients_takes_nobodys(sides: Sides) -> None:
    """One departure too many of one gateway leaves the other's client counted."""
    one, two = sides
    name = one.claim()
    two.leave(name)
    two.leave(name, is_delivered=True)
    assert read_clients(one, name) == [FIRST]


def test_whose_it_is_stays(sides: Sides) -> None:
    """A generation belongs to the gateway that claimed it, whoever joins it."""
    one, two = sides
    name = one.claim()
    assert two.find_repeat(is_retry=True) == name
    assert one.find(name).replica_id == two.find(name).replica_id == FIRST


def test_a_start_resets_its_own_clients(sides: Sides) -> None:
    """A gateway that starts again has no clients; those of the other are left, so are its generations."""
    one, two = sides
    shared, own, other = one.claim(), one.claim(is_always_new=True), two.claim(is_always_new=True)
    attach(two, shared)
    attach(one, shared)
    with one.database.transaction():
        recovery.reset_clients(one.database, one.now_ms)
    assert [read_clients(one, name) for name in (shared, own, other)] == [[SECOND], [], [SECOND]]
    assert [record.id for record in lookups.list_orphans(one.database)] == [shared, own]
    assert [record.id for record in lookups.list_orphans(two.database)] == [other]


def give_up(books: Books, generation_id: str) -> bool:
    """End a call that was not sent unless it is waited for elsewhere."""
    with books.database.transaction():
        if is_wanted_elsewhere(books.database, generation_id):
            return False
        return endings.end(books.database, broken(generation_id, 409, is_replayable=False), books.now_ms)


def test_what_is_waited_for_elsewhere_is_not_given_up(sides: Sides) -> None:
    """Own clients do not keep a call from being given up, another gateway's does."""
    one, two = sides
    alone, joined = one.claim(), one.claim(is_always_new=True)
    attach(one, alone)
    attach(two, joined)
    assert give_up(one, alone)
    assert not give_up(one, joined)
    two.leave(joined)
    assert give_up(one, joined)
    assert one.read_money() == (0, 0)


@pytest.mark.parametrize("number", range(5))
def test_giving_up_and_joining_at_once(sides: Sides, number: int) -> None:
    """Either the other's client is there first and the call is drawn, or it finds what became of it."""
    one, two = sides
    name = one.claim(idempotency_digest=DIGEST)
    met = threading.Barrier(2, timeout=20)
    given_up: list[bool] = []
    outcomes: list[object] = []

    def leave() -> None:
        met.wait()
        given_up.append(give_up(one, name))

    def join() -> None:
        met.wait()
        outcomes.append(two.ask(idempotency_digest=DIGEST)[1])

    threads = [threading.Thread(target=leave), threading.Thread(target=join)]
    for thread in threads if number % 2 else threads[::-1]:
        thread.start()
    for thread in threads:
        thread.join(20)
    found = one.find(name)
    if outcomes == [Fresh()]:
        assert given_up == [True]
    else:
        assert outcomes == [Found(name)]
        assert found.is_over == given_up[0]
        assert SECOND in read_clients(one, name)
    assert one.read_money()[0] == RESERVED * ((outcomes == [Fresh()]) + (not given_up[0]))


def test_who_comes_while_it_is_given_up_waits(sides: Sides) -> None:
    """A client that joins while another gateway decides is counted after the decision, which it can then read."""
    one, two = sides
    name = one.claim(idempotency_digest=DIGEST)
    outcomes: list[object] = []

    def join() -> None:
        outcomes.append(two.ask(idempotency_digest=DIGEST)[1])
        outcomes.append(two.find(name).is_over)

    joining = threading.Thread(target=join)
    with one.database.transaction():
        assert not is_wanted_elsewhere(one.database, name)
        joining.start()
        while not one.database.fetch_integer("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            assert joining.is_alive()
        endings.end(one.database, broken(name, 409, is_replayable=False), one.now_ms)
    joining.join(20)
    assert outcomes == [Found(name), True]


def test_clients_elsewhere_make_a_call_doubtful(sides: Sides) -> None:
    """An equal call with a client at another gateway is new only once it is known that this gateway lives."""
    one, two = sides
    name = one.claim()
    assert two.ask()[1] == Doubtful((FIRST,))
    assert two.database.fetch_integer("SELECT count(*) FROM generations") == 1
    assert two.ask(has_asked_around=True)[1] == Fresh()
    assert one.ask()[1] == Doubtful((SECOND,))
    one.leave(name)
    assert two.ask()[1] == Found(name)


def test_an_answer_that_nobody_got_is_doubtful_too(sides: Sides) -> None:
    """An answer whose client is at another gateway has reached it, or waits if that gateway was killed."""
    one, two = sides
    name = one.claim()
    one.send(name)
    one.end(settled(name))
    assert two.ask()[1] == Doubtful((FIRST,))
    one.leave(name, is_delivered=True)
    assert two.ask()[1] == Fresh()


def test_what_is_certain_is_not_doubtful(sides: Sides) -> None:
    """Own clients, keyed calls, retries that join, wishes for a new picture and old answers need nobody to be asked."""
    one, two = sides
    one.claim()
    assert one.ask()[1] == Fresh()
    assert isinstance(two.ask(is_retry=True)[1], Found)
    assert two.ask(idempotency_digest=DIGEST)[1] == Fresh()
    assert one.ask(idempotency_digest=DIGEST)[1] == Found("h2")
    assert two.ask(is_always_new=True)[1] == Fresh()
    two.now_ms += two.windows.undelivered_ms
    assert two.ask()[1] == Fresh()


def test_a_call_waits_for_a_client_elsewhere(sides: Sides) -> None:
    """Beside an equal call that has run for over a second at another gateway a call waits as it does beside its own."""
    one, two = sides
    one.claim()
    two.now_ms += 1_001
    assert two.ask(has_waited=False)[1] == Doubtful((FIRST,))
    assert two.ask(has_waited=False, has_asked_around=True)[1] == Occupied()
    assert two.ask(has_asked_around=True)[1] == Fresh()
