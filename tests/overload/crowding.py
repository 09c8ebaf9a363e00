"""Gateways that take few calls at once, and calls that fill them: held upstream until a test lets them go."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from asking import Reply, ask
from bills import BillBook
from gateways import MortalGateway, ask_beside, running
from orders import Order
from painting import wait_until
from places import Place


class FewSlots:
    """A gateway with so many slots, and an admin key that may read its metrics."""

    def __init__(self, gateway: MortalGateway, book: BillBook, slots: int) -> None:
        self.gateway = gateway
        self.book = book
        self.slots = slots
        self._admin = gateway.create_key("admin", "--admin")
        self._calls: dict[str, Future[Reply]] = {}

    def fill(self) -> None:
        """Take every slot with a call that stays upstream."""
        names = [f"filler {number}" for number in range(self.slots)]
        for name in names:
            self.ask(name)
        for name in names:
            self.book.wait_until_held(name)

    def empty(self) -> None:
        """Let the calls that fill the slots end, and see them answered."""
        names = [name for name in self._calls if name.startswith("filler")]
        self.book.release(*names)
        assert [self.get(name).status for name in names] == [200] * len(names)

    def ask(self, name: str, *, is_held: bool = True, **options: Any) -> "Future[Reply]":
        """Make a call that stays upstream, or is drawn at once, in a thread of its own."""
        order = Order(call=name, holds_at=0 if is_held else None)
        body = order.to_body(is_stream=options.pop("is_stream", False))
        self._calls[name] = ask_beside(self.gateway, body, **options)
        return self._calls[name]

    def get(self, name: str) -> Reply:
        """Return the answer of a call."""
        return self._calls[name].result(60)

    def find_picture(self, name: str) -> str:
        """Return the digest of the only picture that was drawn for a call."""
        (sha256,) = self.book.find(name).pictures
        return sha256

    def measure(self, name: str) -> float:
        """Return one of the metrics of calls."""
        said = ask(self.gateway, path="/metrics", key=self._admin).body.decode()
        found = re.search(rf"^{name}(?:_total)? ([0-9.e+]+)$", said, re.MULTILINE)
        assert found is not None, said
        return float(found[1])

    def wait_until_waiting(self, calls: int) -> None:
        """Return when so many calls wait."""
        wait_until(lambda: self.measure("limner_calls_waiting") == calls)

    def check_nothing_is_held(self) -> None:
        """Check, when all calls are over, that nothing stays counted."""
        names = (
            "limner_calls_running",
            "limner_calls_waiting",
            "limner_request_bytes",
            "limner_answer_bytes",
        )
        wait_until(lambda: [self.measure(name) for name in names] == [0, 0, 0, 0])


@contextmanager
def serving(place: Place, book: BillBook, slots: int, **variables: str) -> Iterator[FewSlots]:
    """Run a gateway with so many slots, at which nothing stays counted in the end."""
    limits = {"LIMNER_MAX_CONCURRENT": str(slots), **variables}
    with running(MortalGateway(place, book.url, variables=limits)) as gateway:
        crowd = FewSlots(gateway, book, slots)
        yield crowd
        crowd.check_nothing_is_held()


def list_charged(book: BillBook) -> Sequence[str]:
    """Return the names of what was charged, in order."""
    return [charge.call for charge in tuple(book.charges)]
