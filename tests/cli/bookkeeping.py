"""Fills the books of a place as a gateway does, without one. It must not know what commands make of them.

What is given is a place, or a data folder alone, which stands for one with a database in it.
"""

import secrets
import subprocess
import time
from pathlib import Path
from typing import Any

from commands import run
from msgspec.structs import replace

from limner.ledger.claims import claim, mark_sent
from limner.ledger.database import Database
from limner.ledger.endings import end
from limner.ledger.keys import ApiKey, KeyStore
from limner.ledger.opening import open_database
from limner.ledger.records import Claim, Ending, Fresh, RepeatWindows, StoredPicture, UpstreamCall
from limner.ledger.signing import load_signing_secret
from places import SIGNING_SECRET, Place

DAY_MS = 86_400_000

RESERVED_MICRO_USD = 50_000


def run_at(place: Place, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the books of a place."""
    return run(place.folder, *arguments, **place.variables | variables)


def open_books(where: Place | Path) -> Database:
    """Open the database."""
    if isinstance(where, Place):
        return open_database(where.data, where.database_url)
    return open_database(where)


def open_keys(where: Place | Path, database: Database, **options: Any) -> KeyStore:
    """Return the client keys in it."""
    if isinstance(where, Place):
        configured = None if where.database_url is None else SIGNING_SECRET
        secret = load_signing_secret(where.data, configured)
    else:
        secret = load_signing_secret(where, None)
    return KeyStore(database, signing_secret=secret, **options)


def create_key(where: Place | Path, name: str, **limits: Any) -> ApiKey:
    """Store a client key."""
    with open_books(where) as database:
        return open_keys(where, database).create(name, **limits)[0]


def make_fixed_key() -> ApiKey:
    """Return a key that the database does not know, as a configured one."""
    return ApiKey(
        id="fixed_" + "0" * 32,
        name="fixed_00000000",
        owner="fixed_" + "0" * 32,
        is_admin=False,
        models=None,
        image_output=None,
        expires_at=None,
        created_at=0,
    )


def record(
    where: Place | Path,
    key: ApiKey,
    state: str = "settled",
    *,
    cost_micro_usd: int = 33_600,
    end_user: str = "",
    model: str = "gemini-nano-banana-2.1",
    age_ms: int = 0,
    calls: tuple[UpstreamCall, ...] = (),
) -> str:
    """Write a generation that was claimed and ended so long ago; `sent` is one that still runs. Return its id.

    `calls` is what became of its calls to Gemini.
    """
    generation_id = f"gen_{secrets.token_hex(16)}"
    at_ms = int(time.time() * 1000) - age_ms
    call = Claim(
        generation_id=generation_id,
        door="chat",
        key=key,
        end_user=end_user,
        fingerprint=secrets.token_bytes(32),
        idempotency_digest=None,
        model=model,
        asked=b"{}",
        is_stream=False,
        store=None,
        reserved_micro_usd=RESERVED_MICRO_USD,
        is_retry=False,
        is_always_new=False,
    )
    with open_books(where) as database, database.transaction():
        assert isinstance(claim(database, call, RepeatWindows(), at_ms), Fresh)
        assert mark_sent(database, generation_id, at_ms)
        if state != "sent":
            ending = _to_ending(generation_id, state, cost_micro_usd)
            assert end(database, replace(ending, upstream_calls=calls), at_ms)
    return generation_id


def _to_ending(generation_id: str, state: str, cost_micro_usd: int) -> Ending:
    if state == "unknown":
        return Ending(
            generation_id=generation_id,
            state=state,
            cost_micro_usd=None,
            error=b'{"code":"upstream_timeout","message":"Gemini took too long."}',
            error_status=504,
            is_replayable=False,
        )
    if state == "failed":
        return Ending(
            generation_id=generation_id,
            state=state,
            cost_micro_usd=0,
            error=b'{"code":"upstream_overloaded","message":"Gemini is overloaded."}',
            error_status=503,
            is_replayable=False,
        )
    return Ending(
        generation_id=generation_id,
        state=state,
        cost_micro_usd=cost_micro_usd,
        answer=b"{}",
        is_replayable=True,
        input_tokens=10,
        output_tokens=1680,
        pictures=(_make_picture(),),
    )


def _make_picture() -> StoredPicture:
    return StoredPicture(
        id=f"img_{secrets.token_hex(16)}",
        number=0,
        is_thought=False,
        file_name="0.jpg",
        sha256="0" * 64,
        mime_type="image/jpeg",
        width=2752,
        height=1536,
        size_bytes=1000,
    )
