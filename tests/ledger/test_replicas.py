"""Who works on a shared database: registering, renewing, dying, and what becomes of what the dead have left."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing
from itertools import chain
from typing import Any

import pytest
from books import ANN, COST, RESERVED, Books, settled
from databases import FIRST, SECOND, connect, make_postgres_place
from msgspec.structs import replace

from limner.ledger import replicas
from limner.ledger.claims import is_wanted_elsewhere
from limner.ledger.database import Database
from limner.ledger.endings import resolve
from limner.ledger.errors import LedgerError
from limner.ledger.generations import Ledger
from limner.ledger.lookups import find_any
from limner.ledger.records import Doubtful, Ending, Found, GenerationRecord, RepeatWindows
from limner.ledger.replicas import LEASE_SECONDS, Replica, is_replaced, leave, register, renew
from limner.ledger.shared_books import SharedBooks
from limner.ledger.sums import check_sums
from limner.ledger.upkeep import Upkeep
from places import Place

place = pytest.fixture(make_postgres_place)

THIRD = "3" * 16


def make_replica(replica_id: str = FIRST, **changes: Any) -> Replica:
    return replace(Replica(id=replica_id, kind="gateway", store="s3://pictures", secret_id="one"), **changes)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    with connect(place) as database:
        yield database


def make_old(database: Database, replica_id: str, seconds: float = LEASE_SECONDS + 1) -> None:
    """Turn back when a replica was last seen."""
    changed = database.change(
        "UPDATE replicas SET seen_at = clock_timestamp() - make_interval(secs => :seconds) WHERE id = :id",
        {"id": replica_id, "seconds": seconds},
    )
    assert changed > 0


def test_a_process_lives_until_it_leaves(database: Database) -> None:
    """Who has registered lives, can say so again, and is gone when it leaves; of each kind there may be one a folder."""
    gateway, worker = make_replica(), make_replica(kind="worker")
    assert not replicas.has_live(database, "gateway")
    with database.transaction():
        epoch = register(database, gateway)
    assert replicas.has_live(database, "gateway", FIRST)
    assert not replicas.has_live(database, "gateway", SECOND)
    assert not replicas.has_live(database, "worker")
    with database.transaction():
        workers = register(database, worker)
    leave(database, gateway, epoch)
    assert not renew(database, gateway, epoch)
    assert renew(database, worker, workers)
    assert replicas.has_live(database, "worker")


def test_a_lease_is_renewed(database: Database) -> None:
    """Who has not been seen for the time of a lease does not live, until it says so again; the row is there till buried."""
    with database.transaction():
        epoch = register(database, make_replica())
    make_old(database, FIRST, LEASE_SECONDS - 3)
    assert replicas.has_live(database, "gateway")
    make_old(database, FIRST)
    assert not replicas.has_live(database, "gateway")
    assert renew(database, make_replica(), epoch)
    assert replicas.has_live(database, "gateway")


def test_the_later_process_on_a_folder_counts(database: Database) -> None:
    """Of two processes that think they are the same replica the earlier one finds itself replaced, and ends nothing."""
    replica = make_replica()
    with database.transaction():
        first = register(database, replica)
    assert not is_replaced(database, replica, first)
    with database.transaction():
        second = register(database, replica)
    assert second > first
    assert is_replaced(database, replica, first)
    assert not renew(database, replica, first)
    leave(database, replica, first)
    assert renew(database, replica, second)


@pytest.mark.parametrize("how", ["left", "buried"])
def test_an_epoch_never_comes_again(database: Database, how: str) -> None:
    """A process that slept while its row went, and another one came on a copy of its folder, is not taken for that."""
    replica = make_replica()
    with database.transaction():
        first = register(database, replica)
    if how == "left":
        leave(database, replica, first)
    else:
        make_old(database, FIRST)
        replicas.take_dead(database)
    assert not is_replaced(database, replica, first)  # nobody is there: it may take its place again
    with database.transaction():
        second = register(database, replica)
    assert is_replaced(database, replica, first)
    assert not renew(database, replica, first)
    assert renew(database, replica, second)


@pytest.mark.parametrize(
    ("other", "newcomer", "reason"),
    [
        ({}, {"secret_id": "two"}, "another signing secret; LIMNER_SIGNING_SECRET must be the same"),
        (
            {},
            {"store": "s3://elsewhere"},
            "keeps its pictures elsewhere; LIMNER_IMAGE_STORE_URL must be the same",
        ),
        ({}, {"store": ""}, "pictures in a data folder reach only one; set LIMNER_IMAGE_STORE_URL"),
        (
            {"store": ""},
            {"store": ""},
            "pictures in a data folder reach only one; set LIMNER_IMAGE_STORE_URL",
        ),
        ({"store": ""}, {}, "keeps its pictures elsewhere"),
        ({}, {"kind": "worker", "secret_id": "two"}, "another signing secret"),
        ({"kind": "worker"}, {"store": "s3://elsewhere"}, "keeps its pictures elsewhere"),
    ],
)
def test_who_does_not_fit_in_is_refused(
    database: Database, other: dict[str, Any], newcomer: dict[str, Any], reason: str
) -> None:
    """Another signing secret, another store or none beside one that lives is refused; beside a dead one it is not."""
    with database.transaction():
        register(database, make_replica(SECOND, **other))
    with pytest.raises(LedgerError, match=reason), database.transaction():
        register(database, make_replica(**newcomer))
    assert not replicas.has_live(database, "gateway", FIRST)
    make_old(database, SECOND)
    with database.transaction():
        register(database, make_replica(**newcomer))


def test_one_gateway_may_change_its_settings(database: Database) -> None:
    """A gateway that is alone may be started again with another secret and store."""
    with database.transaction():
        register(database, make_replica())
        register(database, make_replica(secret_id="two", store=""))


def test_those_who_come_at_once_are_checked_one_after_another(place: Place) -> None:
    """Of gateways that do not fit together and start at the same moment one is refused."""

    async def steps(books: SharedBooks) -> None:
        upkeep = Upkeep(books, now=time.time, windows=RepeatWindows())
        newcomers = [make_replica(f"{number:016}", store=f"s3://bucket-{number}") for number in range(6)]
        results = await asyncio.gather(*map(upkeep.register, newcomers), return_exceptions=True)
        assert sum(isinstance(result, int) for result in results) == 1
        assert sum(isinstance(result, LedgerError) for result in results) == 5

    run(place, steps)


def test_the_dead_are_struck_out(database: Database) -> None:
    """Who was not seen for the time of a lease is taken, of each kind, once; who was lives on."""
    with database.transaction():
        for name, kind in ((FIRST, "gateway"), (FIRST, "worker"), (SECOND, "gateway"), (THIRD, "gateway")):
            register(database, make_replica(name, kind=kind))
    make_old(database, FIRST)
    make_old(database, SECOND)
    make_old(database, THIRD, LEASE_SECONDS - 3)
    assert sorted(replicas.take_dead(database)) == [
        (FIRST, "gateway"),
        (FIRST, "worker"),
        (SECOND, "gateway"),
    ]
    assert replicas.take_dead(database) == []
    assert replicas.has_live(database, "gateway", THIRD)


def run(place: Place, *steps: Callable[[SharedBooks], Awaitable[None]]) -> None:
    """Give each of the steps books of the second replica; check the sums."""

    async def main() -> None:
        for step in steps:
            with closing(SharedBooks(place.database_url or "", replica_id=SECOND)) as books:
                await asyncio.wait_for(step(books), 60)

    asyncio.run(main())
    with connect(place) as database:
        assert check_sums(database) == []


def decide(record: GenerationRecord) -> Ending:
    """End what was not sent as failed, anything else as unknown."""
    was_sent = record.sent_at_ms is not None
    return Ending(
        generation_id=record.id,
        state="unknown" if was_sent else "failed",
        cost_micro_usd=None if was_sent else 0,
        error=b'{"code": "gone"}',
        error_status=502,
        is_replayable=was_sent,
    )


@pytest.fixture
def sides(place: Place) -> Iterator[tuple[Books, Books]]:
    """Two gateways that have registered: the first has left one call claimed, one sent, and one settled with a client."""
    with ExitStack() as stack:
        one, two = (stack.enter_context(connect(place, replica_id)) for replica_id in (FIRST, SECOND))
        for database, name in ((one, FIRST), (two, SECOND)):
            with database.transaction():
                register(database, make_replica(name))
        first, second = Books(one), Books(two, id_prefix="h")
        first.now_ms = second.now_ms = int(time.time() * 1000)
        for books in (first, second):
            books.claim(is_always_new=True)
            books.send(books.claim(is_always_new=True))
            name = books.claim(is_always_new=True)
            books.end(settled(name))
        yield first, second


def read_states(books: Books) -> dict[str, tuple[str, int]]:
    """Return the state and the clients of each generation."""
    rows = books.database.fetch_all("SELECT id, state, clients FROM generations")
    return {str(name): (str(state), int(str(clients))) for name, state, clients in rows}


def bury(place: Place) -> list[tuple[str, str]]:
    """Bury the dead as the second gateway."""
    buried: list[tuple[str, str]] = []

    async def steps(books: SharedBooks) -> None:
        upkeep = Upkeep(books, now=time.time, windows=RepeatWindows())
        buried.extend(await upkeep.bury_dead(decide))

    run(place, steps)
    return buried


def test_what_the_dead_have_left_is_ended(place: Place, sides: tuple[Books, Books]) -> None:
    """Of a dead gateway unsent calls cost nothing, sent ones are unknown and held, and its clients are nobody."""
    one, two = sides
    assert bury(place) == []
    make_old(two.database, FIRST)
    assert bury(place) == [("g1", "failed"), ("g2", "unknown")]
    assert bury(place) == []
    assert read_states(two) == {
        "g1": ("failed", 0), "g2": ("unknown", 0), "g3": ("settled", 0),
        "h1": ("claimed", 1), "h2": ("sent", 1), "h3": ("settled", 1),
    }  # fmt: skip
    assert [entry[0] for entry in one.read_entries("g1")] == ["reserve", "void"]
    assert [entry[0] for entry in one.read_entries("g2")] == ["reserve", "hold"]
    assert one.read_money(ANN.id) == (3 * RESERVED, 2 * COST)
    assert two.find_repeat() == "g3"


def test_a_dead_worker_leaves_nothing(place: Place, sides: tuple[Books, Books]) -> None:
    """That a worker on its folder lives does not keep a gateway from being buried, and a worker's death buries no call."""
    _, two = sides
    with two.database.transaction():
        epoch = register(two.database, make_replica(FIRST, kind="worker"))
    two.database.change(
        "UPDATE replicas SET seen_at = clock_timestamp() - INTERVAL '1 hour' WHERE id = :id AND kind = 'gateway'",
        {"id": FIRST},
    )
    assert [name for name, _ in bury(place)] == ["g1", "g2"]
    assert renew(two.database, make_replica(FIRST, kind="worker"), epoch)
    make_old(two.database, FIRST)
    assert bury(place) == []
    assert read_states(two)["h2"] == ("sent", 1)


def test_one_buries_at_a_time(place: Place, sides: tuple[Books, Books]) -> None:
    """Of many who bury at once one does, and while another has the lock nobody waits or ends anything."""
    _, two = sides
    make_old(two.database, FIRST)

    async def locked(books: SharedBooks) -> None:
        upkeep = Upkeep(books, now=time.time, windows=RepeatWindows())
        with two.database.transaction():
            assert two.database.try_lock("reconcile")
            assert await upkeep.bury_dead(decide) == []

    async def racing(books: SharedBooks) -> None:
        upkeep = Upkeep(books, now=time.time, windows=RepeatWindows())
        results = await asyncio.gather(*(upkeep.bury_dead(decide) for _ in range(12)))
        assert sorted(chain(*results)) == [("g1", "failed"), ("g2", "unknown")]

    run(place, locked, racing)


def test_what_nobody_here_can_decide_is_left(place: Place, sides: tuple[Books, Books]) -> None:
    """A generation that this version cannot end waits for one that can, with its money."""
    _, two = sides
    make_old(two.database, FIRST)

    async def steps(books: SharedBooks) -> None:
        upkeep = Upkeep(books, now=time.time, windows=RepeatWindows())
        ended = await upkeep.bury_dead(lambda record: None if record.id == "g1" else decide(record))
        assert ended == [("g2", "unknown")]
        assert await upkeep.bury_dead(decide) == [("g1", "failed")]

    run(place, steps)


def test_a_gateway_that_comes_back_settles_truly_and_once(place: Place, sides: tuple[Books, Books]) -> None:
    """What was buried as unknown is settled by the picture that did come, once; what was not sent stays given back."""
    one, two = sides
    make_old(two.database, FIRST)
    bury(place)

    async def back(books: SharedBooks) -> None:
        ledger = Ledger(books, now=time.time, windows=RepeatWindows(), is_shared=True)
        assert not await ledger.mark_sent("g1")
        assert not await ledger.end(settled("g1"))
        assert [await ledger.end(settled("g2")) for _ in range(3)] == [True, False, False]

    run(place, back)
    assert read_states(two)["g1"] == ("failed", 0)
    assert read_states(two)["g2"] == ("settled", 0)
    assert [entry[0] for entry in one.read_entries("g2")] == ["reserve", "hold", "post"]
    assert two.database.fetch_all("SELECT generation_id, kind FROM transfers") == [("g2", "upload")]


@pytest.mark.parametrize("is_posted", [False, True])
def test_what_an_operator_decided_stays(place: Place, sides: tuple[Books, Books], *, is_posted: bool) -> None:
    """After a decision on a buried call its picture changes no money any more."""
    one, two = sides
    make_old(two.database, FIRST)
    bury(place)
    with two.database.transaction():
        resolve(two.database, "g2", two.now_ms, is_posted=is_posted)
    money = one.read_money(ANN.id)

    async def back(books: SharedBooks) -> None:
        ledger = Ledger(books, now=time.time, windows=RepeatWindows(), is_shared=True)
        assert not await ledger.end(settled("g2"))

    run(place, back)
    assert one.read_money(ANN.id) == money
    assert len(one.read_entries("g2")) == 3
    assert two.database.fetch_integer("SELECT count(*) FROM transfers") == 0


def test_a_buried_gateway_registers_again(place: Place, sides: tuple[Books, Books]) -> None:
    """A gateway that was paused finds itself struck out, and not replaced, and lives again once it has registered."""
    one, _ = sides
    make_old(one.database, FIRST)
    bury(place)
    assert not is_replaced(one.database, make_replica(), 1)
    with one.database.transaction():
        epoch = register(one.database, make_replica())
    assert renew(one.database, make_replica(), epoch)
    name = one.claim(is_always_new=True)
    assert bury(place) == []
    assert read_states(one)[name] == ("claimed", 1)


def test_signs_of_life_are_asked_for(place: Place, sides: tuple[Books, Books]) -> None:
    """Gateways are silent until they are seen again; of one that is not there the clients are forgotten."""
    one, two = sides
    assert two.ask(has_waited=False)[1] == Doubtful((FIRST,))

    async def steps(books: SharedBooks) -> None:
        upkeep = Upkeep(books, now=time.time, windows=RepeatWindows())
        since = await upkeep.ask_for_signs([FIRST, THIRD])
        assert await upkeep.list_silent([FIRST, THIRD], since) == [FIRST]
        one.database.change("UPDATE replicas SET seen_at = clock_timestamp() WHERE id = :id", {"id": FIRST})
        assert await upkeep.list_silent([FIRST, THIRD], since) == []
        assert read_states(one)["g3"] == ("settled", 1)
        leave(one.database, make_replica(), read_epoch(one.database))
        assert await upkeep.list_silent([FIRST], since) == []

    run(place, steps)
    assert read_states(one)["g3"] == ("settled", 0)
    assert two.ask()[1] == Found("g1")


def read_epoch(database: Database) -> int:
    return database.fetch_integer("SELECT epoch FROM replicas WHERE id = :id", {"id": FIRST})


def test_a_call_of_the_dead_can_be_had_by_its_repeat(place: Place, sides: tuple[Books, Books]) -> None:
    """An equal call is told what became of the dead gateway's, and buys nothing new while that is unknown."""
    _, two = sides
    make_old(two.database, FIRST)
    bury(place)
    two.leave("h1")
    two.leave("h2")
    assert [two.ask()[1] for _ in range(4)] == [Found("g3"), Found("h1"), Found("h2"), Found("g2")]
    record = find_any(two.database, "g2")
    assert record is not None
    assert (record.state, record.replica_id) == ("unknown", FIRST)
    assert not is_wanted_elsewhere(two.database, "g2")
