"""One credential for one model, with the gates before it, as the pool compares it with the others. Decides nothing."""

from collections.abc import Collection

from msgspec import Struct

from limner.upstream.credential import Credential
from limner.upstream.gate import Gate
from limner.upstream.standing import Trouble


class Way(Struct, frozen=True):
    """A credential, and the gates before it for one model."""

    credential: Credential
    own: Gate
    """For the model."""
    wide: Gate
    """For all models."""

    @property
    def gates(self) -> tuple[Gate, Gate]:
        """Both."""
        return self.own, self.wide

    @property
    def is_parked(self) -> bool:
        """Whether nobody is to ask it now."""
        return self.own.is_parked or self.wide.is_parked

    @property
    def is_resting(self) -> bool:
        """Whether another should be asked rather."""
        return self.own.is_resting or self.wide.is_resting

    @property
    def has_room(self) -> bool:
        """Whether one more may be admitted, its time of rest aside."""
        return self.own.has_room and self.wide.has_room

    @property
    def closed(self) -> Gate:
        """The gate that is closed the longest."""
        return max(self.gates, key=lambda gate: gate.park.until if gate.park is not None else 0.0)

    @property
    def is_told(self) -> bool:
        """Whether Gemini itself has said how long it rests."""
        park = self.closed.park
        return park is not None and park.trouble is Trouble.RATE

    @property
    def until(self) -> float:
        """When its rest is over, epoch seconds."""
        park = self.closed.park
        return park.until if park is not None else 0.0

    @property
    def found(self) -> int:
        """How many failures were found here."""
        return self.own.found + self.wide.found

    @property
    def failure(self) -> Exception:
        """What was found last."""
        return self.closed.last_failure or RuntimeError("a gate is closed, and nobody has said why")


def rank(way: Way, avoided: Collection[str], kind: str | None) -> tuple[bool, bool, bool]:
    """Return what comes first among those that are free: who has not failed, is of the kind asked for, and does not rest."""
    return (
        way.credential.id in avoided,
        kind is not None and way.credential.kind != kind,
        way.is_resting,
    )
