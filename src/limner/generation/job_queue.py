"""Runs jobs that one worker of all does at a time, from a queue in PostgreSQL (Procrastinate). Knows when, not what.

A job here is a reminder: what there is to do stands in the books, and the job asks them. So one that is lost, or whose
worker has died, is deleted and not run again, for the next one finds the same to do. Nothing that costs money may ever
be a job, of this or any other engine: it would be run again when nobody knows how it ended.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import psycopg
from msgspec import Struct
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from psycopg_pool import AsyncConnectionPool

from limner.errors import locate
from limner.ledger.errors import DatabaseError
from limner.ledger.postgres import CONNECT_ARGUMENTS, describe, map_error

_LOG = logging.getLogger("limner.generation")

EVERY_MINUTE = "* * * * *"
EVERY_FIVE_SECONDS = "* * * * * */5"
EVERY_TEN_MINUTES = "*/10 * * * *"

_HEARTBEAT_SECONDS = 3.0
_STALLED_SECONDS = 15.0
"""A worker not heard of for so long is given up, and with it the job it was doing."""
_EVERY_STALLED_SECONDS = "* * * * * */15"

_PAUSE_SECONDS = 2.0
_CONNECTIONS = 4
_CONNECTION_PATIENCE_SECONDS = 4.0


class Job(Struct, frozen=True, kw_only=True):
    """Something that is to be looked after from time to time, and may be at any time and by several at once."""

    name: str
    cron: str
    """When; the sixth field, if there is one, is for seconds."""
    work: Callable[[], Awaitable[None]]
    """Raises DatabaseError or OSError: then it is done the next time."""
    queue: str = "shared"
    """Who may do it: the workers that serve this queue."""


class JobQueue:
    """One worker's part of the queue; it puts the jobs there and does them, as do the other workers."""

    def __init__(self, url: str, jobs: Sequence[Job], *, finish_seconds: float) -> None:
        """`finish_seconds` is how long jobs that run when the end comes may go on."""
        self._url = url
        self._finish_seconds = finish_seconds
        self._app = App(connector=PsycopgConnector())
        sweep = Job(name="sweep", cron=_EVERY_STALLED_SECONDS, work=self._sweep)
        self._queues = sorted({job.queue for job in (*jobs, sweep)})
        # Each of them may run, so none waits for a slow one.
        self._concurrency = len(jobs) + 1
        # Without a lock: it is what frees those of the dead.
        self._deferrals = [
            *(self._add(job, lock=f"{job.name} {job.queue}") for job in jobs),
            self._add(sweep),
        ]
        self._running: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._job_tasks: set[asyncio.Task[object]] = set()
        self._unended: set[int] = set()
        self._worker_id: int | None = None
        self._is_away = False

    async def run(self) -> None:
        """Work until `stop`; while the database is away, wait for it.

        Raises:
            DatabaseError: the database is there, but has not what is needed.
        """
        async with self._open_pool() as pool, self._app.open_async(pool):
            while not self._stopping.is_set():
                self._running = asyncio.create_task(self._work())
                await asyncio.wait([self._running])
                if self._running.cancelled() or self._stopping.is_set():
                    continue
                self._report(self._running.exception())
                try:
                    await asyncio.wait_for(self._stopping.wait(), _PAUSE_SECONDS)
                except TimeoutError:
                    continue

    def stop(self) -> None:
        """Let the running jobs finish, then end; called again, end them too."""
        if not self._stopping.is_set():
            _LOG.info("what is being done is finished, then this worker ends")
            self._stopping.set()
            if self._running is not None:
                self._running.cancel()
        else:
            for task in self._job_tasks:
                task.cancel()

    def _open_pool(self) -> AsyncConnectionPool:
        arguments = {name: value for name, value in CONNECT_ARGUMENTS.items() if name != "autocommit"}
        return AsyncConnectionPool(
            self._url,
            kwargs=arguments,
            min_size=1,
            max_size=_CONNECTIONS,
            open=False,
            configure=_configure,
            check=AsyncConnectionPool.check_connection,
            timeout=_CONNECTION_PATIENCE_SECONDS,
            reconnect_timeout=_CONNECTION_PATIENCE_SECONDS,
            name="limner-jobs",
        )

    def _add(self, job: Job, lock: str | None = None) -> Callable[[], Awaitable[object]]:
        """Make a job known and return what puts it there now.

        At most one of its name and queue waits, and with a lock at most one runs, whoever's it is.
        """

        @self._app.periodic(cron=job.cron, periodic_id=job.queue)
        @self._app.task(
            name=job.name,
            pass_context=True,
            queue=job.queue,
            lock=lock,
            queueing_lock=f"{job.name} {job.queue}",
        )
        async def run(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - the library gives it
            self._worker_id = context.job.worker_id
            await self._do(job, context.job.id)

        return partial(self._app.tasks[job.name].defer_async, timestamp=0)

    async def _work(self) -> None:
        """Do everything once now, then when it is time."""
        if self._worker_id is not None:  # after an outage: what this process did before it does no more
            await self._app.job_manager.unregister_worker(self._worker_id)
        await self._sweep()
        for defer in self._deferrals:
            try:
                await defer()
            except AlreadyEnqueued:
                continue
        if self._is_away:
            self._is_away = False
            _LOG.info("jobs are done again")
        await self._app.run_worker_async(
            queues=self._queues,
            concurrency=self._concurrency,
            install_signal_handlers=False,
            delete_jobs="always",
            update_heartbeat_interval=_HEARTBEAT_SECONDS,
            stalled_worker_timeout=_STALLED_SECONDS,
            shutdown_graceful_timeout=self._finish_seconds,
        )

    async def _do(self, job: Job, job_id: int | None) -> None:
        task = asyncio.current_task()
        assert task is not None, "the library runs each job in a task"  # noqa: S101 - for the type checker
        self._job_tasks.add(task)
        task.add_done_callback(partial(self._note_end, job_id))
        try:
            await job.work()
        except (DatabaseError, OSError, ConnectorException) as error:
            _LOG.warning("%s is put off: %s", job.name, error)
        except Exception as error:  # noqa: BLE001 - the library would log it whole
            _LOG.error("%s failed: %s", job.name, locate(error))

    def _note_end(self, job_id: int | None, task: "asyncio.Task[object]") -> None:
        self._job_tasks.discard(task)
        if job_id is not None and not task.cancelled() and task.exception() is not None:
            self._unended.add(job_id)  # the database does not know that it has ended, and keeps its lock

    async def _sweep(self) -> None:
        """Delete jobs that nobody does any more, which would keep others of their kind from being done."""
        manager = self._app.job_manager
        stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS)
        for job_id in {*(job.id for job in stalled if job.id is not None), *self._unended}:
            try:
                await manager.finish_job_by_id_async(job_id, Status.FAILED, delete_job=True)
            except ConnectorException as error:
                if not isinstance(error.__cause__, psycopg.errors.RaiseException):
                    raise
                # Somebody else has deleted it.
            self._unended.discard(job_id)

    def _report(self, error: BaseException | None) -> None:
        """Say once why nothing is done for now. Raises DatabaseError: what is missing will not come by itself."""
        cause = error.__cause__ if isinstance(error, ConnectorException) else error
        failure = map_error(cause, describe(self._url)) if isinstance(cause, psycopg.Error) else None
        if failure is not None and isinstance(cause, psycopg.ProgrammingError):
            raise failure from error
        if self._is_away:
            return
        self._is_away = True
        if error is None:  # the library ends by itself when a part of it has failed
            _LOG.warning("no jobs are done for now")
        else:
            _LOG.warning("no jobs are done for now: %s", failure or locate(error))


async def _configure(connection: psycopg.AsyncConnection) -> None:
    """Have nobody wait long for a connection that is stuck."""
    await connection.execute("SET SESSION idle_in_transaction_session_timeout = '4s'")
    await connection.execute("SET SESSION statement_timeout = '8s'")
    await connection.commit()
