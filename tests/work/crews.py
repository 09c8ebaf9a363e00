"""Workers and gateways on one PostgreSQL and one S3, each on the data folder that a test names."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from msgspec import Struct

from asking import ask
from audits import digest_pictures
from bills import BillBook
from gateways import MortalGateway, _started, end_left
from orders import Order
from places import Place
from programs import Program, check_log
from s3 import SECRET, S3Server

PATIENCE_SECONDS = 60.0
"""Longer than it takes to give a process up for dead, which takes two leases at most."""

AT_ONCE = {"LIMNER_IMAGE_RETENTION_HOURS": "0", "LIMNER_IDEMPOTENCY_HOURS": "0.0001"}
"""What has a worker delete what was delivered a third of a second ago, with an Idempotency-Key."""


class Worker(MortalGateway):
    """A worker, which may be killed as gateways are."""

    ready = re.compile(r" works on (postgresql://\S+)$")

    def __init__(self, place: Place, variables: Mapping[str, str]) -> None:
        self.place = place
        self.folder = place.folder
        self.variables = {**place.variables, **variables}
        self.secrets = [*place.secrets, SECRET]
        _started.append(self)
        Program.__init__(self, "limner.cli", "work", folder=self.folder, variables=self.variables)


class Crew(Struct, frozen=True):
    """Where gateways and workers are started."""

    folder: Path
    database_url: str
    s3: S3Server
    book: BillBook
    members: list[MortalGateway]

    @property
    def books(self) -> Place:
        """Where the books of all are."""
        return self.place("any")

    def place(self, name: str) -> Place:
        """Return the place of whoever is started under this name."""
        place = Place(self.folder / name, self.database_url)
        place.folder.mkdir(exist_ok=True)
        return place

    def to_variables(self, more: Mapping[str, str] | None) -> dict[str, str]:
        """Return what tells a process of the store, and more."""
        return {
            **self.s3.variables,
            "LIMNER_IMAGE_STORE_URL": self.s3.store_url,
            "PYTHONPATH": os.pathsep.join(sys.path),
            **(more or {}),
        }

    def start_gateway(self, name: str, variables: Mapping[str, str] | None = None) -> MortalGateway:
        """Start a gateway on the folder of this name."""
        gateway = MortalGateway(self.place(name), self.book.url, variables=self.to_variables(variables))
        gateway.secrets.append(SECRET)
        self.members.append(gateway)
        return gateway

    def start_worker(self, name: str, variables: Mapping[str, str] | None = None) -> Worker:
        """Start a worker on the folder of this name."""
        worker = Worker(self.place(name), self.to_variables(variables))
        self.members.append(worker)
        return worker

    def draw(self, gateway: MortalGateway, call: str, **fields: Any) -> str:
        """Have one picture drawn and delivered, with an Idempotency-Key; return the generation's id."""
        reply = ask(gateway, Order(call=call, **fields).to_body(), headers={"Idempotency-Key": call})
        assert digest_pictures(reply.json()) == list(self.book.find(call).pictures)
        return str(reply.headers["x-limner-generation-id"])

    def fetch(self, query: LiteralString) -> list[tuple[Any, ...]]:
        """Return what a query finds or changes in the database."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(query)
            return [] if cursor.description is None else cursor.fetchall()

    def wait_for(self, query: LiteralString, *expected: tuple[Any, ...]) -> None:
        """Wait until a query finds that."""
        wait_until(lambda: self.fetch(query) == list(expected))

    def wait_until_shared(self) -> None:
        """Wait until nothing has to be uploaded any more."""
        self.wait_for("SELECT count(*) FROM transfers WHERE kind = 'upload'", (0,))

    def wait_until_removed(self) -> None:
        """Wait until nothing is in the store, and nothing to be removed in the books."""
        self.wait_for("SELECT count(*) FROM transfers", (0,))
        assert self.s3.list_objects() == {}

    def count_doing(self) -> int:
        """Return how many jobs are being done, or were when their worker died."""
        ((count,),) = self.fetch("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'")
        return int(count)

    def wait_until_taken(self) -> None:
        """Wait until a worker is busy removing something from the store."""
        self.wait_for("SELECT count(*) FROM transfers WHERE kind = 'removal' AND tries > 0", (1,))

    def make_due(self) -> None:
        """Let what waits after a failure have waited long enough."""
        self.fetch("UPDATE transfers SET due_at_ms = 0")

    def age_workers(self) -> None:
        """Let no worker have been seen for a minute, so that nobody has to wait until a dead one is given up."""
        self.fetch("UPDATE replicas SET seen_at = seen_at - INTERVAL '1 minute' WHERE kind = 'worker'")
        self.fetch("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - INTERVAL '1 minute'")


@contextmanager
def running_crew(folder: Path, database_url: str, s3: S3Server, book: BillBook) -> Iterator[Crew]:
    """Let the block start processes; those that live at its end must end well, and none may have logged a secret."""
    crew = Crew(folder, database_url, s3, book, [])
    try:
        yield crew
        living = [member for member in crew.members if member.process.poll() is None]
        assert [member.stop() for member in living] == [0] * len(living)
        for member in crew.members:
            member.stop()
            check_log(member)
    except BaseException:
        for member in crew.members:
            sys.stderr.write(member.said)
        raise
    finally:
        end_left()
        s3.restore()
        s3.open_bucket().delete(list(s3.list_objects()))


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that happens soon, or when a dead process is found."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.05)
