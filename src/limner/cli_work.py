"""`limner work`: what must be true before a worker starts, and its start and end.

What a worker does, `app_worker` knows; this module must not.
"""

import asyncio
import logging
import signal
import sys

from limner import __version__
from limner.app_worker import Worker
from limner.cli_failure import CommandFailed
from limner.cli_keys import load_secret
from limner.cli_log import configure_logging
from limner.config import load_settings
from limner.ledger.postgres import describe


def run_worker() -> None:
    """Check everything, start the worker and run it until a signal ends it.

    Raises:
        SettingsError, LedgerError, CommandFailed: it cannot start, or go on.
    """
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    # It tells of each broken connection with a traceback; the worker says in a line that the database is away.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    if settings.database_url is None:
        raise CommandFailed(
            "workers need PostgreSQL: set LIMNER_DATABASE_URL; on SQLite the gateway does these jobs itself"
        )
    if settings.image_store_url is None:
        raise CommandFailed(
            "workers need the store that all gateways share: set LIMNER_IMAGE_STORE_URL; without one the gateway "
            "does these jobs itself"
        )
    try:
        worker = Worker(settings, load_secret(settings))
    except OSError as error:
        raise CommandFailed(f"cannot use {error.filename or settings.data_dir} ({error.strerror})") from error
    place = describe(settings.database_url.get_secret_value())
    print(f"Limner {__version__} works on {place}", file=sys.stderr, flush=True)
    # Where the default is another loop, psycopg cannot use it.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(_run(worker))


async def _run(worker: Worker) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(worker.stop))
    await worker.run()
