"""Runs `limner` with a pause before each call is sent, in which it can be taken back."""

import asyncio

from limner.cli import main
from limner.ledger.generations import Ledger

PAUSE_SECONDS = 3.0

_mark_sent = Ledger.mark_sent


async def _mark_sent_later(ledger: Ledger, generation_id: str) -> bool:
    await asyncio.sleep(PAUSE_SECONDS)
    return await _mark_sent(ledger, generation_id)


if __name__ == "__main__":
    Ledger.mark_sent = _mark_sent_later  # type: ignore[method-assign, assignment]
    main()
