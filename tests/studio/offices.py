"""Gateways to look at: with an admin's key and a shop's, and what those have drawn and lost. Knows no page."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from asking import ask, chat
from gateways import MortalGateway, running

BOSS_KEY = "sk-bosss-key-of-the-studio-tests"
SHOP_KEY = "sk-shops-key-of-the-studio-tests"
BLOG_KEY = "sk-blogs-key-of-the-studio-tests"

_DAY_MS = 86_400_000


@contextmanager
def open_office(folder: Path, upstream_url: str, **variables: str) -> Iterator[MortalGateway]:
    """Run a gateway in a folder, with keys called boss (an admin's), shop and blog, for the length of the block."""
    with running(MortalGateway(folder, upstream_url, variables=variables)) as office:
        office.create_key("boss", "--admin", "--key", BOSS_KEY)
        office.create_key("shop", "--budget-usd", "5", "--budget-period", "month", "--key", SHOP_KEY)
        office.create_key("blog", "--budget-usd", "0.4", "--models", "nano-banana-2", "--key", BLOG_KEY)
        yield office


def see(office: MortalGateway, path: str, key: str = BOSS_KEY, **query: Any) -> Any:
    """Return what one of Limner's own doors answers."""
    asked = f"/v1/limner/{path}" + (f"?{urlencode(query)}" if query else "")
    reply = ask(office, path=asked, key=key, method="GET")
    assert reply.status == 200, reply.body
    return reply.json()


def draw(office: MortalGateway, prompt: str, key: str = SHOP_KEY, **fields: Any) -> str:
    """Draw a picture and return the id of its generation."""
    reply = ask(office, chat(prompt, **fields), key=key)
    assert reply.status == 200, reply.body
    return str(reply.headers["x-limner-generation-id"])


def lose(office: MortalGateway, prompt: str = "a lighthouse in fog", key: str = SHOP_KEY) -> str:
    """Have a call end unknown, and return the id of its generation."""
    reply = ask(office, chat(f"{prompt} [[cut=50%]]"), key=key, headers={"X-Limner-Repeat": "never"})
    assert reply.status == 502
    return str(reply.headers["x-limner-generation-id"])


def be_refused(office: MortalGateway, prompt: str = "a lighthouse", key: str = SHOP_KEY) -> None:
    """Have Gemini refuse a call."""
    reply = ask(office, chat(f"{prompt} [[status=400]]"), key=key, headers={"X-Limner-Repeat": "never"})
    assert reply.status == 400


def set_back(office: MortalGateway, days: dict[str, int]) -> None:
    """Have generations, by their ids, been made so many days ago."""
    with closing(sqlite3.connect(office.place.data / "limner.sqlite3", timeout=10)) as database, database:
        for generation_id, count in days.items():
            database.execute(
                "UPDATE generations SET claimed_at_ms = claimed_at_ms - ? WHERE id = ?",
                (count * _DAY_MS, generation_id),
            )
