"""Histories of a ledger, made by chance from the decisions that a gateway makes. Equal seeds make equal ones."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from books import CLAIM, DAY, HOUR, SECOND, Books, broken, make_key, make_picture, settled, unknown
from msgspec.structs import replace

from limner.ledger import transfers
from limner.ledger.keys import ApiKey, KeyStore
from limner.ledger.prompts import trim_prompt
from limner.ledger.records import Fresh, UpstreamCall
from limner.ledger.sqlite import SqliteDatabase

_TEXTS = ("", "ann", "Ægir", "名前", 'a "quoted" \\ name', "line\nfeed\ttab", "a\0b", "\u2028", "🎨")


def make_history(data_dir: Path, *, seed: int, steps: int, signing_secret: bytes = b"s" * 16) -> None:
    """Fill a new SQLite file: keys with limits, calls in every state, repeats, refusals, decisions, transfers."""
    random = Random(seed)  # noqa: S311 - nothing is secret
    with SqliteDatabase(data_dir) as database:
        keys = _make_keys(database, signing_secret)
        books = Books(database)
        open_ids: list[str] = []
        for _ in range(steps):
            books.now_ms += random.choice((1, SECOND, HOUR, DAY // 3))
            random.choice(_STEPS)(books, random, keys, open_ids)
        books.check()


def _make_keys(database: SqliteDatabase, signing_secret: bytes) -> list[ApiKey]:
    store = KeyStore(database, signing_secret=signing_secret)
    made = [
        store.create("plain", is_admin=True)[0],
        store.create("名前", owner="shared", budget_micro_usd=900_000, budget_period="day")[0],
        store.create("busy", owner="shared", images_per_minute=30, requests_per_minute=50)[0],
        store.create("narrow", models={"gemini-2.5-flash-image"}, image_output="images", expires_at=2**33)[0],
    ]
    store.create("gone")
    store.revoke("gone")
    store.create("gone")  # a name may be given again
    store.rotate(made[0], overlap_seconds=90_000)
    store.rotate(made[0], overlap_seconds=86_400)
    return [*made, make_key("fixed")]


def _claim(books: Books, random: Random, keys: list[ApiKey], open_ids: list[str]) -> None:
    changes: dict[str, Any] = {
        "key": random.choice(keys),
        "end_user": random.choice(_TEXTS),
        "fingerprint": random.randbytes(1) * 32,
        "idempotency_digest": random.choice((None, random.randbytes(1) * 32)),
        "is_stream": random.random() < 0.5,
        "store": random.choice((None, True, False)),
        "metadata": random.choice((None, '{"order": "Æ 47\\u00e9"}'.encode())),
        "prompt": trim_prompt(random.choice(_TEXTS)),
        "asked": '{"model": "Æ", "user": "a\\u0000b"}'.encode(),
        "is_always_new": random.random() < 0.3,
    }
    generation_id, outcome = books.ask(**changes)
    if outcome == Fresh():
        open_ids.append(generation_id)


def _send(books: Books, random: Random, _: list[ApiKey], open_ids: list[str]) -> None:
    if open_ids:
        books.send(random.choice(open_ids))


def _end(books: Books, random: Random, _: list[ApiKey], open_ids: list[str]) -> None:
    if not open_ids:
        return
    generation_id = open_ids.pop(random.randrange(len(open_ids)))
    books.send(generation_id)
    pictures = tuple(
        make_picture(generation_id, number, is_thought=number > 0, width=None if number else 64)
        for number in range(random.randrange(3))
    )
    endings = (
        settled(generation_id, pictures=pictures, cost_micro_usd=random.randrange(200_000)),
        settled(generation_id, pictures=(), answer='{"text": "Bild \\" Æ 名"}'.encode()),
        broken(generation_id, 503, is_replayable=False),
        replace(broken(generation_id, 500, is_replayable=True), is_assumed_free=True),
        unknown(generation_id),
    )
    ending = random.choice(endings)
    books.end(replace(ending, upstream_calls=_make_upstream_calls(random)))
    if ending.folder is not None and random.random() < 0.5:
        with books.database.transaction():
            transfers.add_upload(books.database, generation_id, books.now_ms)
    if random.random() < 0.8:
        books.leave(generation_id, is_delivered=random.random() < 0.7)
    if ending.state == "unknown" and random.random() < 0.6:
        books.resolve(generation_id, is_posted=random.random() < 0.5)


def _make_upstream_calls(random: Random) -> tuple[UpstreamCall, ...]:
    return tuple(
        UpstreamCall(
            choice=choice,
            upstream=random.choice(("key-1", "vertex")),
            kind=random.choice(("developer", "vertex")),
            model="gemini-2.5-flash-image",
            attempts=random.randrange(1, 4),
            status=random.choice((None, 200, 503)),
            response_id=random.choice((None, "ZyjgaJODFaudz7IP2OK9")),
            said=random.choice((None, *_TEXTS[1:6])),
        )
        for choice in range(random.randrange(3))
    )


def _refuse(books: Books, random: Random, keys: list[ApiKey], _: list[str]) -> None:
    books.note_refusal()
    key = random.choice(keys)
    books.ask(key=key, fingerprint=random.randbytes(32), reserved_micro_usd=CLAIM.reserved_micro_usd * 20)


_STEPS: tuple[Callable[[Books, Random, list[ApiKey], list[str]], None], ...] = (
    *(_claim, _claim, _claim, _claim),
    *(_end, _end, _send, _refuse),
)
