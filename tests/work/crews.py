"""Fleets of workers beside gateways, and what their tests look for in the books."""

from typing import Any, LiteralString

import psycopg

from asking import ask
from audits import digest_pictures
from fleet import Fleet, wait_until
from gateways import MortalGateway
from orders import Order

AT_ONCE = {"LIMNER_IMAGE_RETENTION_HOURS": "0", "LIMNER_IDEMPOTENCY_HOURS": "0.0001"}
"""What has a worker delete what was delivered a third of a second ago, with an Idempotency-Key."""


class Crew(Fleet, frozen=True):
    """Where gateways and workers are started, and their books looked into and made to look older."""

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
