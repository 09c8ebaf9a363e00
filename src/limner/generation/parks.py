"""Keeps in the books which credentials rest, so that every gateway of a database, and the next start, knows it.

What cannot be written is left: the pool of this process knows it all the same. Knows the pool and the books.
"""

import logging
from collections.abc import Callable, Sequence

from limner.ledger.books import Books
from limner.ledger.errors import DatabaseError
from limner.ledger.parks import ParkRow, read_parks, remove_all_parks, remove_park, write_park
from limner.upstream.credential import Credential
from limner.upstream.gate import Park
from limner.upstream.pool import Pool
from limner.upstream.standing import Trouble

_LOG = logging.getLogger("limner.upstream")

_LEAST_SECONDS = 1.0
"""A rest that is shorter is over before others have read of it."""

_MS = 1000


class Parks:
    """The rests of a database's credentials."""

    def __init__(self, books: Books, *, now: Callable[[], float]) -> None:
        """`now` tells epoch seconds."""
        self._books = books
        self._now = now
        self._names: dict[str, str] = {}

    def name(self, credentials: Sequence[Credential]) -> None:
        """Know what credentials are called, for the log."""
        self._names = {credential.id: credential.name for credential in credentials}

    def note(self, credential_id: str, model_id: str, park: Park | None) -> None:
        """Write that a credential rests, or (None) no more."""
        name = self._names.get(credential_id, credential_id)
        if park is None:
            _LOG.info("upstream %s is asked again for %s", name, model_id or "all models")
            self._submit(lambda database: remove_park(database, credential_id, model_id))
            return
        seconds = park.until - park.since
        _LOG.warning(
            "upstream %s rests for %.0f s for %s (%s)", name, seconds, model_id or "all models", park.trouble
        )
        if seconds >= _LEAST_SECONDS:
            row = _to_row(credential_id, model_id, park)
            self._submit(lambda database: write_park(database, row))

    def forget(self, credentials: Sequence[Credential]) -> None:
        """Write that none of these rests: an operator has seen to them."""
        ids = [credential.id for credential in credentials]
        self._submit(lambda database: remove_all_parks(database, ids))

    async def share(self, pool: Pool) -> None:
        """Let the pool know what the books say. Raises DatabaseError."""
        now_ms = round(self._now() * _MS)
        rows = await self._books.ask(lambda database: read_parks(database, now_ms))
        pool.take_over({(row.credential_id, row.model): park for row in rows if (park := _to_park(row))})

    def _submit(self, job: Callable[..., None]) -> None:
        try:
            self._books.submit(job, is_urgent=False).add_done_callback(lambda done: done.exception())
        except DatabaseError:
            _LOG.debug("the books are closed; which credentials rest is not written down")


def _to_row(credential_id: str, model_id: str, park: Park) -> ParkRow:
    return ParkRow(
        credential_id=credential_id,
        model=model_id,
        reason=park.trouble,
        failures=park.failures,
        since_ms=round(park.since * _MS),
        until_ms=round(park.until * _MS),
    )


def _to_park(row: ParkRow) -> Park | None:
    """Return a rest; None for one of which only a newer version knows."""
    if row.reason not in set(Trouble):
        return None
    return Park(
        trouble=Trouble(row.reason),
        failures=row.failures,
        since=row.since_ms / _MS,
        until=row.until_ms / _MS,
        is_hard=True,
    )
