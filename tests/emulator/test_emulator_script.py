"""The standing script: directives that hold for all later calls, and quotas that fill up."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from calling import FLASH, PRO, SMALL, Reply, ask_path, prompt_payload

from limner.emulator.quotas import Quotas
from programs import Emulator, Follow, ListCalls

LISTING = "/v1beta/models"
DOOR = "/emulator/script"
LARGE = {"imageConfig": {"imageSize": "1K"}}


def draw(emulator: Emulator, key: str, prompt: str = "a fox", model: str = FLASH) -> Reply:
    """Ask for a small picture with a key."""
    body = json.dumps(prompt_payload(prompt, **(SMALL if model == FLASH else LARGE))).encode()
    path = f"/v1beta/models/{model}:generateContent"
    return ask_path(emulator.url, "POST", path, body, x_goog_api_key=key)


def test_a_script_holds_for_later_calls_and_is_not_drawn(
    emulator: Emulator, journal: ListCalls, follow: Follow
) -> None:
    """What is put holds for each key as it says until something else is put or it is deleted."""
    follow("[[key=bbbb status=503]]\n[[key=cccc reason=billing]]\n")
    assert [draw(emulator, key).status for key in ("aaaa", "bbbb", "cccc")] == [200, 503, 403]
    follow("[[key=aaaa status=500]]")
    assert [draw(emulator, key).status for key in ("aaaa", "bbbb", "cccc")] == [500, 200, 200]
    assert ask_path(emulator.url, "GET", DOOR).body == b"[[key=aaaa status=500]]"
    assert ask_path(emulator.url, "DELETE", DOOR).status == 204
    assert ask_path(emulator.url, "GET", DOOR).body == b""
    assert draw(emulator, "aaaa").status == 200
    assert {call["prompt"] for call in journal()} == {"a fox"}


def test_a_prompt_goes_before_the_script(emulator: Emulator, follow: Follow) -> None:
    """Where both say something the prompt's own word counts; the rest of the script holds beside it."""
    follow("[[status=500 delay=100ms]]")
    started = time.monotonic()
    assert draw(emulator, "aaaa", "a fox [[status=503]]").status == 503
    assert time.monotonic() - started >= 0.1


def test_times_in_a_script_counts_calls_of_any_body(emulator: Emulator, follow: Follow) -> None:
    """The first n calls a script's directives are for are disturbed, and putting it again starts anew."""
    for _ in range(2):
        follow("[[key=aaaa status=503 times=2]]")
        calls = [("bbbb", "a fox"), ("aaaa", "a cat"), ("aaaa", "a dog"), ("aaaa", "a cat")]
        assert [draw(emulator, *call).status for call in calls] == [200, 503, 503, 200]


@pytest.mark.parametrize("script", ["[[status=200]]", "[[key=aaaa status=503]] and so on"])
def test_a_script_with_a_slip_is_refused_and_the_old_one_stays(
    emulator: Emulator, follow: Follow, script: str
) -> None:
    """A directive that cannot be read, or words that are none, are a 400."""
    follow("[[status=503]]")
    reply = ask_path(emulator.url, "PUT", DOOR, script.encode())
    assert (reply.status, "Limner's Gemini emulator" in reply.error["message"]) == (400, True)
    assert draw(emulator, "aaaa").status == 503


def test_a_refused_credential_lists_and_counts_nothing(emulator: Emulator, follow: Follow) -> None:
    """Errors of a script hold on the doors that draw nothing too, so that a probe sees what a call sees."""
    follow("[[key=aaaa reason=key]] [[key=bbbb rpm=0/1m]]")
    count = json.dumps({"contents": [{"parts": [{"text": "a fox"}]}]}).encode()
    for key, status in (("aaaa", 400), ("bbbb", 200)):
        replies = [
            ask_path(emulator.url, "GET", LISTING, x_goog_api_key=key),
            ask_path(emulator.url, "GET", f"{LISTING}/{FLASH}", x_goog_api_key=key),
            ask_path(emulator.url, "POST", f"{LISTING}/{FLASH}:countTokens", count, x_goog_api_key=key),
        ]
        assert [reply.status for reply in replies] == [status] * 3


def test_a_quota_is_each_keys_and_models_own_and_tells_its_wait(emulator: Emulator, follow: Follow) -> None:
    """Beyond the rate comes the minute's 429, whose RetryInfo is when the next call passes and not a second later."""
    follow("[[key=aaaa rpm=2/4s]]")
    assert [draw(emulator, "aaaa").status for _ in range(3)] == [200, 200, 429]
    assert [draw(emulator, "bbbb").status for _ in range(3)] == [200, 200, 200]
    assert draw(emulator, "aaaa", model=PRO).status == 200
    refused = draw(emulator, "aaaa")
    details = {detail["@type"].rpartition(".")[2]: detail for detail in refused.error["details"]}
    assert (
        details["QuotaFailure"]["violations"][0]["quotaId"] == "GenerateRequestsPerMinutePerProjectPerModel"
    )
    assert details["QuotaFailure"]["violations"][0]["quotaValue"] == "2"
    wait_seconds = float(details["RetryInfo"]["retryDelay"].removesuffix("s"))
    assert 0 < wait_seconds <= 4
    time.sleep(wait_seconds)
    assert draw(emulator, "aaaa").status == 200


def test_a_quota_holds_in_a_crowd(emulator: Emulator, journal: ListCalls, follow: Follow) -> None:
    """Of many calls at once exactly as many pass as the quota has room for, and each refusal is in the journal."""
    follow("[[key=aaaa rpm=7/1m]]")
    with ThreadPoolExecutor(16) as crowd:
        statuses = list(crowd.map(lambda number: draw(emulator, "aaaa", f"fox {number}").status, range(24)))
    assert Counter(statuses) == {200: 7, 429: 17}
    assert Counter(call["outcome"] for call in journal()) == {"ok": 7, "error": 17}


def test_a_bad_call_uses_up_no_quota(emulator: Emulator, follow: Follow) -> None:
    """Calls refused by a check, or by the quota itself, are not counted."""
    follow("[[rpm=1/1m]]")
    assert draw(emulator, "aaaa", "a fox [[status=nothing]]").status == 400
    assert [draw(emulator, "aaaa").status for _ in range(2)] == [200, 429]


def test_no_window_holds_more_calls_than_its_quota() -> None:
    """A sliding window lets exactly n calls through wherever it begins, and says to the millisecond when the next is due."""
    now = 0.0
    quotas = Quotas(clock=lambda: now)
    passed: list[float] = []
    for step in range(256):
        now = step / 64
        wait_seconds = quotas.claim("key", FLASH, 10, 1.0)
        if wait_seconds is None:
            passed.append(now)
        else:
            assert wait_seconds == pytest.approx(passed[-10] + 1.0 - now, abs=0.0011)
    assert passed == [second + each / 64 for second in range(4) for each in range(10)]


def test_a_window_ends_when_it_says() -> None:
    """A call exactly the window after the first passes, one just before does not; other holders and models are apart."""
    now = 5.0
    quotas = Quotas(clock=lambda: now)
    assert quotas.claim("key", FLASH, 1, 2.0) is None
    assert [quotas.claim("other", FLASH, 1, 2.0), quotas.claim("key", PRO, 1, 2.0)] == [None, None]
    now = 6.9995
    assert quotas.claim("key", FLASH, 1, 2.0) == 0.001
    now = 7.0
    assert quotas.claim("key", FLASH, 1, 2.0) is None
    assert quotas.claim("key", FLASH, 0, 2.0) == 2.0
