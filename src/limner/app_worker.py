"""Builds what `limner work` runs: the jobs that no client waits for, taken from a queue that all workers share.

Knows settings; no door. Nothing here may reach Gemini: an engine runs a job again when nobody knows how it ended, and
a drawing must never be.
"""

from limner.app_foundation import Foundation, read_database_url
from limner.config import Settings
from limner.generation.job_queue import (
    EVERY_FIVE_SECONDS,
    EVERY_MINUTE,
    EVERY_TEN_MINUTES,
    Job,
    JobQueue,
)
from limner.generation.local_files import LocalFiles
from limner.ledger.errors import LedgerError
from limner.ledger.jobs import forget_old


class Worker:
    """A worker on a data folder: its own, or that of a gateway, whose uploads it then does too."""

    def __init__(self, settings: Settings, signing_secret: bytes) -> None:
        """Open everything. The settings must name PostgreSQL.

        Raises OSError or LedgerError: data folder, database or store cannot be used, or do not fit in with the others'.
        """
        url = read_database_url(settings)
        self._foundation = foundation = Foundation(settings, signing_secret, "worker")
        if url is None or foundation.membership is None:
            raise ValueError("a worker without PostgreSQL")
        self._membership = foundation.membership
        self._files = LocalFiles(
            foundation.upkeep,
            foundation.store,
            shared=foundation.shared,
            replica_id=foundation.replica_id,
            threads=foundation.threads,
            retention_ms=foundation.rules.retention.retention_ms,
            now=foundation.clock,
        )
        self._queue = JobQueue(url, self._list_jobs(), finish_seconds=settings.drain_seconds)
        self._is_replaced = False

    async def run(self) -> None:
        """Work until `stop`. The dead are buried by the membership, which knows whether it may judge.

        Raises:
            LedgerError: the database cannot be used, or another worker has taken its place.
        """
        try:
            await self._files.add_missing_uploads()
            self._membership.start(on_replaced=self._give_way)
            await self._queue.run()
        finally:
            await self._membership.leave()
            self._foundation.close()
        if self._is_replaced:
            raise LedgerError(
                "another worker has been started on this data folder; each needs one of its own"
            )

    def stop(self) -> None:
        """Let the running jobs finish, then end; called again, end them too."""
        self._queue.stop()

    def _list_jobs(self) -> list[Job]:
        """Return what is done, and when. On a gateway's folder its spool is the gateway's alone, and so are copies."""
        housekeeping = self._foundation.housekeeping
        return [
            Job(name="retain", cron=EVERY_MINUTE, work=housekeeping.retain),
            Job(name="resolve", cron=EVERY_MINUTE, work=housekeeping.resolve),
            Job(name="remove", cron=EVERY_FIVE_SECONDS, work=housekeeping.remove_shared),
            Job(
                name="share",
                cron=EVERY_FIVE_SECONDS,
                work=self._files.share,
                queue=f"files-{self._foundation.replica_id}",
            ),
            Job(name="forget", cron=EVERY_TEN_MINUTES, work=self._forget),
        ]

    async def _forget(self) -> None:
        await self._foundation.books.submit(forget_old)

    def _give_way(self) -> None:
        if not self._is_replaced:
            self._is_replaced = True
            self._queue.stop()
