"""Gateways with several credentials, each test's own, in front of the emulator."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from asking import Reply, ask, chat
from programs import Emulator, Follow, Gateway, check_log

ALPHA, BETA, GAMMA = "alpha-key-aaaa", "beta-key-bbbb", "gamma-key-cccc"
SUFFIXES = {ALPHA[-4:]: "a", BETA[-4:]: "b", GAMMA[-4:]: "c"}

StartPool = Callable[..., Gateway]


@pytest.fixture
def start_pool(emulator: Emulator, follow: Follow, tmp_path: Path, _no_proxy: None) -> Iterator[StartPool]:
    """Return a function that starts a gateway with a `limner.toml` of this text, without a key in the environment."""
    started: list[Gateway] = []
    emulator.forget_calls()

    def start(text: str, folder: str = "gateway", **variables: str) -> Gateway:
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        path = place / "limner.toml"
        path.write_text(text, encoding="utf-8")
        given = {"GEMINI_API_KEY": "", "LIMNER_CONFIG": str(path), **variables}
        gateway = Gateway(place, emulator.url, given)
        gateway.secrets += [ALPHA, BETA, GAMMA, "ya29."]
        started.append(gateway)
        return gateway

    yield start
    follow("")
    codes = [gateway.stop() for gateway in started]
    assert codes == [0] * len(started)
    for gateway in started:
        check_log(gateway)


def write_keys(*keys: str, **fields: Any) -> str:
    """Return `[[upstream]]` tables of these keys, named by their first letters."""
    more = "".join(f"{name} = {value!r}\n" for name, value in fields.items()).replace("'", '"')
    return "".join(f'[[upstream]]\nname = "{key[0]}"\nkey = "{key}"\n{more}' for key in keys)


def list_asked(emulator: Emulator) -> str:
    """Return who was asked, in order: a letter for each call."""
    return "".join(SUFFIXES.get(call["key_suffix"][-4:], "?") for call in emulator.list_calls())


def ask_together(gateway: Gateway, bodies: Sequence[dict[str, Any]]) -> list[Reply]:
    """Ask all at once."""
    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(lambda body: ask(gateway, body), bodies))


def vary(count: int, prompt: str = "a lighthouse", **fields: Any) -> list[dict[str, Any]]:
    """Return as many calls that differ."""
    return [chat(f"{prompt} number {number}", **fields) for number in range(count)]
