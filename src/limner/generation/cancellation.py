"""Takes a call back before it is sent, wherever it runs. The books decide: whoever comes first, this or the sending.

The gateway that runs it finds out when it asks the books whether it may send. Knows no door, and not who asks.
"""

import msgspec

from limner.errors import Conflict, GatewayError
from limner.generation.conclusion import Conclusion, cancelled
from limner.generation.journal import ErrorNote, to_error
from limner.generation.record import State
from limner.generation.settling import to_ending
from limner.ledger.generations import Ledger
from limner.ledger.records import GenerationRecord


async def cancel(ledger: Ledger, generation_id: str) -> None:
    """End a generation of which nothing was sent; its clients are told. Raises Conflict, DatabaseError."""
    conclusion = Conclusion(state=State.FAILED, error=cancelled(), is_replayable=False)
    if not await ledger.cancel(to_ending(generation_id, conclusion)):
        raise Conflict("The call was sent, or has ended; it cannot be taken back any more.")


def read_cancellation(record: GenerationRecord) -> GatewayError | None:
    """Return the error of a generation that was taken back; None if it was not."""
    if record.error is None:
        return None
    error = to_error(msgspec.json.decode(record.error, type=ErrorNote))
    return error if isinstance(error, Conflict) else None
