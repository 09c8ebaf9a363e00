"""How long one choice goes on trying: which credentials it has asked in vain, how often it has waited, what it fails with.

Knows refusals and their order; must not know how a call is sent.
"""

import asyncio
import random
from collections.abc import Iterable

from limner.errors import GatewayError, UpstreamUnavailable
from limner.generation.upstreams import Refused
from limner.upstream.retry import choose_wait_seconds
from limner.upstream.standing import IS_EVERYBODYS, Trouble

_CHIEF_CODES = ("upstream_overloaded", "rate_limit_exceeded", "upstream_unavailable", "upstream_auth")
"""What a client is told of several refusals: that which waiting cures the soonest."""

_LAST_SECONDS = float("inf")


class Patience:
    """The attempts of one choice at one model."""

    def __init__(self, ends_at: float, *, most_wait_seconds: float | None = None) -> None:
        """`ends_at` is the loop time at which all is over; no single wait is longer than `most_wait_seconds`."""
        self._ends_at = ends_at
        self._most_wait_seconds = most_wait_seconds
        self._clock = asyncio.get_running_loop().time
        self._failed_at: float | None = None
        self._codes: list[str] = []
        self._refusals: dict[str, Refused] = {}
        self._last: Refused | None = None
        self.avoided: set[str] = set()
        """Ids of credentials that are asked last."""
        self.may_try_parked = True

    @property
    def failed(self) -> set[str]:
        """Ids of credentials that are not asked again for now."""
        return set(self._refusals)

    def note(self, credential_id: str, refused: Refused, *, was_early: bool) -> bool:
        """Take a refusal; return whether another credential is asked at once."""
        if self._failed_at is None:
            self._failed_at = self._clock()
        self.avoided.add(credential_id)
        self._last = refused
        if not _moves_on(refused):
            return False
        if was_early:
            self.may_try_parked = False
        self._refusals[credential_id] = refused
        return True

    def find_chief(self) -> Refused | None:
        """Return the refusal that counts among those of all credentials; None: none was asked."""
        return _choose_chief(self._refusals.values()) or self._last

    def find_error(self) -> GatewayError:
        """Return what is told where time is over before anybody could be asked."""
        chief = self.find_chief()
        if chief is not None:
            return chief.error
        return UpstreamUnavailable("Gemini is overloaded; nothing was bought. Try again shortly.")

    def take_wait(self, refused: Refused) -> float:
        """Return how long to wait before the next attempt. Raises the error if there is none."""
        now = self._clock()
        wait_seconds = choose_wait_seconds(
            refused.error,
            told_seconds=refused.told_seconds,
            earlier_codes=self._codes,
            failing_seconds=now - (self._failed_at if self._failed_at is not None else now),
            jitter=random.random(),  # noqa: S311 - it spreads attempts, it hides nothing
        )
        most = _LAST_SECONDS if self._most_wait_seconds is None else self._most_wait_seconds
        if wait_seconds is None or wait_seconds > most or now + wait_seconds >= self._ends_at:
            raise refused.error from None
        self._codes.append(refused.error.code)
        self._refusals = {id_: each for id_, each in self._refusals.items() if _is_hopeless(each)}
        return wait_seconds


def falls_back(error: GatewayError) -> bool:
    """Return whether another model may be asked: this one cannot be had, and nothing was bought."""
    return error.code in {*_CHIEF_CODES, "model_not_found"}


def _moves_on(refused: Refused) -> bool:
    return refused.trouble in IS_EVERYBODYS


def _is_hopeless(refused: Refused) -> bool:
    return refused.trouble not in {Trouble.RATE, Trouble.UNREACHABLE}


def _choose_chief(refusals: Iterable[Refused]) -> Refused | None:
    def rank(refused: Refused) -> tuple[int, float]:
        code = refused.error.code
        place = _CHIEF_CODES.index(code) if code in _CHIEF_CODES else len(_CHIEF_CODES)
        return place, refused.told_seconds or 0.0

    return min(refusals, key=rank, default=None)
