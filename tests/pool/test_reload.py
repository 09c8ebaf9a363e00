"""SIGHUP: upstreams, models, prices, aliases and fallbacks are exchanged while calls run."""

import signal
import threading
import time

import pytest
from credentials import ALPHA, BETA, StartPool, list_asked, vary, write_keys

from asking import ask, chat
from programs import Emulator, Follow, Gateway

READ = "upstreams, models, aliases and fallbacks were read anew"


def reload(gateway: Gateway, text: str, says: str = READ) -> None:
    """Write another file, and have the gateway read it."""
    before = gateway.said.count(says)
    (gateway.folder / "limner.toml").write_text(text, encoding="utf-8")
    gateway.process.send_signal(signal.SIGHUP)
    ends_at = time.monotonic() + 10
    while gateway.said.count(says) == before and time.monotonic() < ends_at:
        time.sleep(0.02)
    assert gateway.said.count(says) > before, gateway.said


def test_keys_are_exchanged(start_pool: StartPool, emulator: Emulator) -> None:
    """After the signal the new keys are asked and the old ones are not; a call that runs ends as it began."""
    gateway = start_pool(write_keys(ALPHA))
    statuses: list[int] = []
    slow = threading.Thread(
        target=lambda: statuses.append(ask(gateway, chat("a slow one [[delay=3s]]")).status)
    )
    slow.start()
    time.sleep(0.5)
    reload(gateway, write_keys(BETA))
    for body in vary(2):
        assert ask(gateway, body).status == 200
    slow.join()
    assert statuses == [200]
    assert sorted(list_asked(emulator)) == ["a", "b", "b"]


def test_models_prices_and_aliases_are_exchanged(start_pool: StartPool) -> None:
    """A model that is added is listed and drawn with, at its own price, from the next call on."""
    gateway = start_pool(write_keys(ALPHA))
    assert ask(gateway, chat(model="house-style")).error["code"] == "model_not_found"
    reload(
        gateway,
        f'{write_keys(ALPHA)}[aliases]\nhouse-style = "nano-banana-2-512"\n'
        '[[model]]\nid = "gemini-3.1-flash-image"\noutput_image_usd = 600\n',
    )
    assert "house-style" in {each["id"] for each in ask(gateway, path="/v1/models").json()["data"]}
    answer = ask(gateway, chat(model="house-style")).json()
    assert answer["usage"]["cost"] > 0.4  # ten times the table's
    reload(gateway, write_keys(ALPHA))
    assert ask(gateway, chat(model="house-style")).error["code"] == "model_not_found"


def test_every_rest_ends(start_pool: StartPool, emulator: Emulator, follow: Follow) -> None:
    """Who reloads has seen to the keys: one that rested is asked again at once."""
    gateway = start_pool(write_keys(ALPHA, BETA))
    follow("[[key=aaaa reason=key]]")
    for body in vary(3):
        ask(gateway, body)
    assert list_asked(emulator).count("a") == 1
    follow("")
    reload(gateway, write_keys(ALPHA, BETA))
    for body in vary(4, prompt="again"):
        assert ask(gateway, body).status == 200
    assert list_asked(emulator).count("a") == 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[upstream]]\nkind = 7\n", "upstream[1].kind is 7"),
        ("[aliases", "which cannot be read"),
        ("", "there is no credential for Gemini any more"),
        ('[[model]]\nid = "x"\n', "has no like"),
    ],
)
def test_what_is_wrong_changes_nothing(
    text: str, problem: str, start_pool: StartPool, emulator: Emulator
) -> None:
    """A file that cannot be used is named in the log, and the gateway goes on as it was."""
    gateway = start_pool(write_keys(ALPHA) + '[aliases]\nhouse = "nano-banana-2"\n')
    (gateway.folder / "limner.toml").write_text(text, encoding="utf-8")
    gateway.process.send_signal(signal.SIGHUP)
    gateway.wait_until_said(problem)
    assert "the settings were not read anew" in gateway.said
    assert ask(gateway, chat(model="house")).status == 200
    assert list_asked(emulator) == "a"
    gateway.lines[:] = [line.replace(" ERROR ", " error ") for line in gateway.lines]


def test_the_ledger_is_right_after_many_reloads(start_pool: StartPool, emulator: Emulator) -> None:
    """Ten reloads while calls run lose none of them."""
    gateway = start_pool(write_keys(ALPHA))
    statuses: list[int] = []

    def go_on() -> None:
        statuses.extend(ask(gateway, body).status for body in vary(12, prompt="while it changes"))

    thread = threading.Thread(target=go_on)
    thread.start()
    for number in range(10):
        reload(gateway, write_keys((ALPHA, BETA)[number % 2]))
    thread.join()
    assert statuses == [200] * 12
    assert len(emulator.list_calls()) == 12
