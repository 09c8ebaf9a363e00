"""Several gateways on one PostgreSQL and one S3, each with a data folder of its own, and what all of them must keep to."""

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

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
from gateways import STRANGER_KEY, MortalGateway, end_left
from places import Place
from programs import CLIENT_KEY, check_log
from s3 import SECRET, S3Server

RETRY = {"x-stainless-retry-count": "1"}
"""What OpenAI's own clients say with their second attempt."""

_CRASH = Path(__file__).resolve().parents[1] / "crash"
"""Where the programs are that kill themselves."""

PATIENCE_SECONDS = 60.0
"""Longer than it takes to give a gateway up for dead, which takes two leases at most."""


class Fleet(Struct, frozen=True):
    """Where the gateways are started."""

    folder: Path
    database_url: str
    s3: S3Server
    book: BillBook
    gateways: list[MortalGateway]

    @property
    def books(self) -> Place:
        """Where the books of all are."""
        return self.place("any")

    def place(self, name: str) -> Place:
        """Return the place of a gateway."""
        return Place(self.folder / name, self.database_url)

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
        place = self.place(name)
        place.folder.mkdir(exist_ok=True)
        gateway = MortalGateway(
            place,
            self.book.url,
            program=program,
            arguments=arguments,
            port=port,
            variables={
                **self.s3.variables,
                "LIMNER_IMAGE_STORE_URL": self.s3.store_url,
                "PYTHONPATH": os.pathsep.join([*sys.path, str(_CRASH)]),
                **(variables or {}),
            },
        )
        gateway.secrets.append(SECRET)
        self.gateways.append(gateway)
        return gateway

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


@contextmanager
def running_fleet(folder: Path, database_url: str, s3: S3Server, book: BillBook) -> Iterator[Fleet]:
    """Let the block start gateways; those that live at its end must end well, and none may have logged a secret."""
    fleet = Fleet(folder, database_url, s3, book, [])
    try:
        yield fleet
        living = [gateway for gateway in fleet.gateways if gateway.process.poll() is None]
        assert [gateway.stop() for gateway in living] == [0] * len(living)
        for gateway in fleet.gateways:
            check_log(gateway)
    except BaseException:
        sys.stderr.writelines(gateway.said for gateway in fleet.gateways)
        raise
    finally:
        end_left()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that happens soon, or when a dead gateway is found."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.02)


def wait_until_ready(gateway: MortalGateway) -> None:
    """Wait until a gateway takes calls."""
    wait_until(lambda: ask(gateway, path="/readyz", key=None).status == 200)
