"""Chooses the credential that a call goes out with, and remembers what became of the calls before. Asks nobody itself.

Each credential has a gate for each model and one for all. Nobody is refused by memory alone: when no credential is free,
one that rests is waited for, or tried early by one at a time.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Iterator, Sequence

from msgspec import Struct

from limner.upstream.credential import Credential
from limner.upstream.gate import PRESUMED_SECONDS, Gate, Park
from limner.upstream.rotation import Rotation
from limner.upstream.standing import IS_EVERYBODYS, OF_ALL_MODELS, Trouble, rest
from limner.upstream.way import Way, rank

MAX_AWAITED_SECONDS = 20.0
"""The longest rest that a call waits for, of those that Gemini has ordered; others are tried early."""

_JITTER_SECONDS = 0.25
_WRITTEN_SECONDS = 5.0
"""What this process has found out is in the books by then, for others to lift."""

OnPark = Callable[[str, str, Park | None], None]
"""Is told a credential's id, a model's or '' for all, and that it is parked there, or (None) no more."""


class Spared(Exception):
    """What a credential would have answered has just been found out by another call."""

    def __init__(self, credential: Credential, failure: Exception) -> None:
        super().__init__(str(failure))
        self.credential = credential
        self.failure = failure


class Parked(Struct, frozen=True):
    """A credential that rests, as an operator is shown it. `model` is '' for all."""

    upstream: str
    model: str
    trouble: str
    seconds: float


class Lease:
    """Leave to send one call with a credential; the first call of a method ends it."""

    def __init__(self, pool: "Pool", way: Way, model_id: str, began_at: float, *, is_early: bool) -> None:
        self._pool = pool
        self._way = way
        self._model_id = model_id
        self._began_at = began_at
        self.is_early = is_early
        """Whether the credential still ought to rest."""
        self._is_over = False
        self._timer: asyncio.TimerHandle | None = None
        if not (way.own.has_all_room and way.wide.has_all_room):
            self._timer = asyncio.get_running_loop().call_later(PRESUMED_SECONDS, self._presume)
        for gate in way.gates:
            gate.admit(self)

    @property
    def credential(self) -> Credential:
        """What the call goes out with."""
        return self._way.credential

    def succeed(self) -> None:
        """Say that it was answered as it should."""
        if not self._end():
            return
        for gate, name in ((self._way.own, self._model_id), (self._way.wide, "")):
            was_hard = gate.park is not None and gate.park.is_hard
            gate.pass_on(self, self._began_at, is_certain=True)
            if was_hard and gate.park is None:
                self._pool.tell(self.credential.id, name, None)

    def fail(self, trouble: Trouble, told_seconds: float | None, failure: Exception) -> None:
        """Say what the matter is; `failure` is what those are told that wait for its outcome."""
        if not self._end():
            return
        is_wide = trouble in OF_ALL_MODELS
        gate, other = (self._way.wide, self._way.own) if is_wide else (self._way.own, self._way.wide)
        other.let_go(self)
        before = gate.park
        park = self._pool.judge(before, trouble, told_seconds, self._began_at)
        gate.close(self, park, failure if trouble in IS_EVERYBODYS else None)
        if park.is_hard and park is not before:
            self._pool.tell(self.credential.id, "" if is_wide else self._model_id, park)

    def release(self) -> None:
        """Say that nothing was learnt of the credential, if nothing was."""
        if not self._end():
            return
        for gate in self._way.gates:
            gate.let_go(self)

    def _presume(self) -> None:
        for gate in self._way.gates:
            gate.pass_on(self, self._began_at, is_certain=False)

    def _end(self) -> bool:
        """Return whether it had not ended before."""
        if self._timer is not None:
            self._timer.cancel()
        was_over, self._is_over = self._is_over, True
        return not was_over


class Pool:
    """The credentials of this process."""

    def __init__(
        self,
        credentials: Sequence[Credential],
        *,
        now: Callable[[], float],
        on_park: OnPark = lambda _credential, _model, _park: None,
    ) -> None:
        """`now` tells epoch seconds."""
        self.credentials = tuple(credentials)
        self._now = now
        self.tell = on_park
        self._gates: dict[tuple[str, str], Gate] = {}
        self._rotations: dict[str, Rotation] = {}

    def replace(self, credentials: Sequence[Credential]) -> None:
        """Have other credentials from now on, none of which rests; running calls keep theirs."""
        self.credentials = tuple(credentials)
        self._gates.clear()
        self._rotations.clear()

    def choose(
        self, *, kind: str | None = None, model_id: str | None = None, base_url: str | None = None
    ) -> Credential | None:
        """Return a credential for what costs nothing, one that does not rest if there is any; None: there is none."""
        fitting = [
            credential
            for credential in self.credentials
            if kind in {None, credential.kind}
            and base_url in {None, credential.base_url}
            and (model_id is None or credential.serves(model_id))
        ]
        free = [each for each in fitting if not self._find_gate(each.id, "").is_resting]
        return self._take_turn("", free or fitting) if fitting else None

    async def lease(
        self,
        model_id: str,
        *,
        failed: Collection[str],
        avoided: Collection[str],
        kind: str | None,
        may_try_parked: bool,
    ) -> Lease | None:
        """Return leave to call with a credential; None: there is no other that could be asked.

        `failed` are ids of those that this call has asked in vain, `avoided` of those that come last, `kind` is what is
        asked rather. Raises Spared.
        """
        while True:
            ways = [way for way in self._list_ways(model_id) if way.credential.id not in failed]
            if not ways:
                return None
            free = [way for way in ways if not way.is_parked and way.has_room]
            if free:
                return self._admit(self._choose(free, model_id, avoided, kind), model_id, is_early=False)
            way = min(ways, key=lambda way: (way.is_parked, not way.has_room, way.until))
            left_seconds = way.until - self._now()
            if way.is_parked and not (way.is_told and left_seconds <= MAX_AWAITED_SECONDS):
                if not may_try_parked:
                    return None
                if way.closed.is_tried_enough:
                    raise Spared(way.credential, way.failure)
                if way.has_room:
                    return self._admit(way, model_id, is_early=True)
            await self._wait(way, left_seconds)

    def judge(
        self, before: Park | None, trouble: Trouble, told_seconds: float | None, began_at: float
    ) -> Park:
        """Return how long to rest after a failure of what began at some time."""
        now = self._now()
        is_again = before is not None and before.trouble is trouble
        failures = 1
        if before is not None and is_again:
            # Calls that ran side by side have found out one thing, not many.
            failures = before.failures + (1 if began_at >= before.since else 0)
        ordered = rest(trouble, failures, told_seconds, now)
        until = now + ordered.seconds
        is_newer = is_again and trouble is Trouble.RATE and before is not None and began_at >= before.since
        if before is not None and before.is_hard and before.until > until and not is_newer:
            return before
        return Park(trouble=trouble, failures=failures, since=now, until=until, is_hard=ordered.is_hard)

    def take_over(self, parks: dict[tuple[str, str], Park]) -> None:
        """Rest where others have found out that it is needed; be open where they have found out that it is not."""
        settled_before = self._now() - _WRITTEN_SECONDS
        for place, gate in self._gates.items():
            if place not in parks and gate.is_parked and gate.park and gate.park.since < settled_before:
                gate.take_over(None)
        for (credential_id, model_id), park in parks.items():
            gate = self._find_gate(credential_id, model_id)
            is_newer = gate.park is None or not gate.park.is_hard or gate.park.since < park.since
            if is_newer and gate.opened_at < park.since:
                gate.take_over(park)

    def list_parked(self) -> Iterator[Parked]:
        """Yield what rests and is not to be asked."""
        names = {credential.id: credential.name for credential in self.credentials}
        for (credential_id, model_id), gate in self._gates.items():
            if gate.is_parked and gate.park is not None and credential_id in names:
                seconds = gate.park.until - self._now()
                yield Parked(names[credential_id], model_id, gate.park.trouble, seconds)

    async def _wait(self, way: Way, left_seconds: float) -> None:
        """Wait for the end of a rest, or for what those find out that are being tried. Raises Spared."""
        found = way.found
        jitter = random.random() * _JITTER_SECONDS  # noqa: S311 - it spreads calls, it hides nothing
        is_tried = not way.has_room
        gate = next((gate for gate in way.gates if not gate.has_room), way.closed)
        await gate.wait(PRESUMED_SECONDS if is_tried else left_seconds + jitter)
        if is_tried and way.is_parked and way.found > found:
            raise Spared(way.credential, way.failure)

    def _choose(self, free: list[Way], model_id: str, avoided: Collection[str], kind: str | None) -> Way:
        best = min(rank(way, avoided, kind) for way in free)
        equals = {way.credential.id: way for way in free if rank(way, avoided, kind) == best}
        return equals[self._take_turn(model_id, [way.credential for way in equals.values()]).id]

    def _take_turn(self, model_id: str, credentials: Sequence[Credential]) -> Credential:
        rotation = self._rotations.get(model_id)
        if rotation is None:
            rotation = self._rotations[model_id] = Rotation()
        return rotation.choose(credentials)

    def _admit(self, way: Way, model_id: str, *, is_early: bool) -> Lease:
        return Lease(self, way, model_id, self._now(), is_early=is_early)

    def _list_ways(self, model_id: str) -> Iterator[Way]:
        for credential in self.credentials:
            if credential.serves(model_id):
                own, wide = (self._find_gate(credential.id, place) for place in (model_id, ""))
                yield Way(credential, own, wide)

    def _find_gate(self, credential_id: str, model_id: str) -> Gate:
        place = credential_id, model_id
        gate = self._gates.get(place)
        if gate is None:
            gate = self._gates[place] = Gate(self._now)
        return gate
