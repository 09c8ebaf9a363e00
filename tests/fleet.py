"""Gateways and workers on one PostgreSQL and one S3, each on a data folder, and what all of them must keep to."""

import hashlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from asking import ask
from audits import (
    Row,
    check_books,
    check_charges,
    check_doors,
    check_ends,
    list_by_picture,
    open_books,
    read_rows,
)
from bills import BillBook
from gateways import STRANGER_KEY, MortalGateway, end_left, watch
from places import Place
from programs import CLIENT_KEY, Program, check_log
from s3 import SECRET, S3Server

RETRY = {"x-stainless-retry-count": "1"}
"""What OpenAI's own clients say with their second attempt."""

PATIENCE_SECONDS = 60.0
"""Longer than it takes to give a process up for dead, which takes two leases at most."""


class Worker(MortalGateway):
    """A worker, which may be killed as gateways are."""

    ready = re.compile(r" works on (postgresql://\S+)$")

    def __init__(self, place: Place, variables: Mapping[str, str]) -> None:
        self.place = place
        self.folder = place.folder
        self.variables = {**place.variables, **variables}
        self.secrets = [*place.secrets]
        watch(self)
        Program.__init__(self, "limner.cli", "work", folder=self.folder, variables=self.variables)


class Fleet(Struct, frozen=True):
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

    def start(
        self,
        name: str,
        *,
        program: str = "limner.cli",
        arguments: tuple[str, ...] = (),
        port: int = 0,
        variables: Mapping[str, str] | None = None,
    ) -> MortalGateway:
        """Start a gateway on the folder of this name."""
        gateway = MortalGateway(
            self.place(name),
            self.book.url,
            program=program,
            arguments=arguments,
            port=port,
            variables=self.to_variables(variables),
        )
        return self._take_in(gateway)

    def start_worker(self, name: str, variables: Mapping[str, str] | None = None) -> MortalGateway:
        """Start a worker on the folder of this name."""
        return self._take_in(Worker(self.place(name), self.to_variables(variables)))

    def to_variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return what tells a process of the store, and more."""
        return {
            **self.s3.variables,
            "LIMNER_IMAGE_STORE_URL": self.s3.store_url,
            "PYTHONPATH": os.pathsep.join(sys.path),
            **(more or {}),
        }

    def _take_in(self, member: MortalGateway) -> MortalGateway:
        member.secrets.append(SECRET)
        self.members.append(member)
        return member

    def count_clients(self, generation_id: str | None = None) -> int:
        """Return how many clients are being answered, from one generation or from all."""
        with open_books(self.books) as database:
            return database.fetch_integer(
                "SELECT CAST(coalesce(sum(clients), 0) AS BIGINT) FROM generations"
                " WHERE CAST(:id AS TEXT) IS NULL OR id = :id",
                {"id": generation_id},
            )

    def wait_for_clients(self, count: int) -> None:
        """Wait until that many clients are being answered."""
        wait_until(lambda: self.count_clients() == count)

    def wait_for_state(self, state: str) -> Row:
        """Wait until the only generation is in a state, and return it."""
        wait_until(lambda: [row.state for row in read_rows(self.books)] == [state])
        (row,) = read_rows(self.books)
        return row

    def wait_until_shared(self) -> None:
        """Wait until nothing has to be uploaded any more."""

        def is_shared() -> bool:
            with open_books(self.books) as database:
                return database.fetch_integer("SELECT count(*) FROM transfers WHERE kind = 'upload'") == 0

        wait_until(is_shared)

    def audit(
        self,
        gateway: MortalGateway,
        allowed: Mapping[str, int] | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> list[Row]:
        """Make every check of gateways at rest, asking this one; return the generations.

        `keys` are the client keys by their ids, the fixed one if not said.
        """
        self.wait_until_shared()
        check_charges(self.book, allowed)
        check_books(self.books)
        rows = read_rows(self.books)
        check_ends(rows, self.book)
        self._check_store(rows)
        check_doors(gateway, rows, keys or {row.key_id: CLIENT_KEY for row in rows}, STRANGER_KEY)
        return rows

    def _check_store(self, rows: list[Row]) -> None:
        """Check that the shared store has what was charged, byte for byte, and nothing else."""
        bucket = self.s3.open_bucket()
        charges = list_by_picture(self.book)
        expected = set()
        for row in rows:
            for file_name, sha256 in row.pictures:
                path = f"limner/{row.folder}/{file_name}"
                assert hashlib.sha256(bytes(bucket.get(path).bytes())).hexdigest() == sha256
                assert sha256 in charges
                expected.add(path)
            if row.folder is not None:
                expected.add(f"limner/{row.folder}/journal.jsonl")
        assert set(self.s3.list_objects()) == expected


FleetT = TypeVar("FleetT", bound=Fleet)


@contextmanager
def running(fleet: FleetT) -> Iterator[FleetT]:
    """Let the block start processes; those that live at its end must end well, and none may have logged a secret."""
    try:
        yield fleet
        living = [member for member in fleet.members if member.process.poll() is None]
        assert [member.stop() for member in living] == [0] * len(living)
        for member in fleet.members:
            member.stop()
            check_log(member)
    except BaseException:
        for member in fleet.members:
            sys.stderr.write(member.said)
        raise
    finally:
        end_left()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that happens soon, or when a dead process is found."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.02)


def wait_until_ready(gateway: MortalGateway) -> None:
    """Wait until a gateway takes calls."""
    wait_until(lambda: ask(gateway, path="/readyz", key=None).status == 200)
