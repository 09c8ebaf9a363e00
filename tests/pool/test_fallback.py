"""Another model in the place of one that cannot be had: only as configured, and no other picture than was asked."""

import pytest
from credentials import ALPHA, StartPool, write_keys

from asking import ask, ask_for_stream, chat, configure
from programs import CLIENT_KEY, Emulator, Follow, Gateway

PRO, FLASH, LITE = "gemini-3-pro-image", "gemini-3.1-flash-image", "gemini-3.1-flash-lite-image"
FALLBACK = f'[fallback]\n"nano-banana-pro" = ["{LITE}", "nano-banana-2"]\n'


@pytest.fixture
def gateway(start_pool: StartPool) -> Gateway:
    """A gateway whose Pro has two models behind it."""
    return start_pool(write_keys(ALPHA) + FALLBACK)


def list_models(emulator: Emulator) -> list[str]:
    """Return which models were asked, in order."""
    return [call["model"] for call in emulator.list_calls()]


@pytest.mark.parametrize(
    "trouble", ["status=429 retry=90s", "status=429 quota=zero", "reason=missing", "status=503"]
)
def test_another_model_draws(trouble: str, gateway: Gateway, emulator: Emulator, follow: Follow) -> None:
    """A model that cannot be had is replaced by the next; the answer's model stays as asked, and a notice tells."""
    follow(f"[[model={PRO} {trouble}]]")
    reply = ask(gateway, chat(model="nano-banana-pro"))
    assert reply.status == 200
    answer = reply.json()
    assert answer["model"] == "nano-banana-pro"
    assert answer["limner"]["upstream"] == {"kind": "gemini", "model": LITE}
    (notice,) = [each for each in answer["limner"]["notices"] if each["code"] == "model_fallback"]
    assert notice["message"] == f"{PRO} could not be had, so {LITE} was asked in its place."
    assert list_models(emulator)[-1] == LITE
    assert {*list_models(emulator)} == {PRO, LITE}


def test_the_model_that_drew_is_billed(start_pool: StartPool, follow: Follow) -> None:
    """The cost is that of the model that drew, usage names it, and the dearest was set aside before."""
    gateway = start_pool(write_keys(ALPHA) + FALLBACK)
    plain = ask(gateway, chat(model=LITE)).json()["usage"]["cost"]
    follow(f"[[model={PRO} status=429 retry=90s]]")
    answer = ask(gateway, chat(model="nano-banana-pro")).json()
    assert answer["usage"]["cost"] == pytest.approx(plain, rel=0.5)
    assert answer["usage"]["cost"] < 0.05  # Pro's costs 0.134
    generation = ask(gateway, path=f"/v1/limner/generations/{answer['limner']['generation_id']}").json()
    assert (generation["model"], generation["upstream_model"]) == ("nano-banana-pro", LITE)


def test_only_the_same_picture_is_sold(gateway: Gateway, emulator: Emulator, follow: Follow) -> None:
    """A model that has no 4K is passed over for one that has."""
    follow(f"[[model={PRO} status=429 retry=90s]]")
    asked = chat(model="nano-banana-pro", extra_body=configure(image_size="4K", aspect_ratio="16:9"))
    answer = ask(gateway, asked).json()
    assert answer["limner"]["upstream"]["model"] == FLASH
    assert (answer["limner"]["images"][0]["width"], answer["limner"]["images"][0]["height"]) == (5504, 3072)
    assert list_models(emulator) == [PRO, FLASH]


def test_streams_and_choices_fall_back_too(gateway: Gateway, follow: Follow) -> None:
    """A stream says the same on its finish chunk; of several choices each falls back by itself."""
    follow(f"[[model={PRO} status=429 retry=90s]]")
    stream = ask_for_stream(gateway, chat(model="nano-banana-pro"))
    assert stream.finish["limner"]["upstream"]["model"] == LITE
    assert {chunk["model"] for chunk in stream.chunks} == {"nano-banana-pro"}
    answer = ask(gateway, chat("several", model="nano-banana-pro", n=2)).json()
    assert len(answer["choices"]) == 2
    told = [each["message"] for each in answer["limner"]["notices"] if each["code"] == "model_fallback"]
    assert [words.partition(":")[0] for words in told] == ["Choice 0", "Choice 1"]


def test_the_images_door_and_gemini_s_fall_back(gateway: Gateway, follow: Follow) -> None:
    """The other doors that draw do the same."""
    follow(f"[[model={PRO} status=429 retry=90s]]")
    drawn = ask(gateway, {"model": PRO, "prompt": "a lighthouse"}, path="/v1/images/generations")
    assert drawn.status == 200
    body = {"contents": [{"role": "user", "parts": [{"text": "a lighthouse"}]}]}
    native = ask(gateway, body, path=f"/v1beta/models/{PRO}:generateContent")
    assert native.status == 200
    assert native.json()["modelVersion"] == LITE


def test_nothing_else_falls_back(
    start_pool: StartPool, gateway: Gateway, emulator: Emulator, follow: Follow
) -> None:
    """Without the table, after what may have bought a picture, and for what is the client's own, no other model is asked."""
    plain = start_pool(write_keys(ALPHA), folder="plain")
    follow(f"[[model={PRO} status=429 retry=90s]]")
    assert ask(plain, chat(model=PRO)).error["code"] == "rate_limit_exceeded"
    follow("")
    for directive, code in (
        ("status=504", "upstream_timeout"),
        ("status=400", "upstream_rejected"),
        ("block=SAFETY", "content_policy_violation"),
        ("status=500", "upstream_error"),
    ):
        reply = ask(gateway, chat(f"a lighthouse [[{directive}]]", model=PRO))
        assert reply.error["code"] == code
    assert {*list_models(emulator)} == {PRO}


def test_a_key_is_drawn_for_by_its_models_alone(gateway: Gateway, emulator: Emulator, follow: Follow) -> None:
    """A client key that may use one model is not drawn for by another."""
    narrow = gateway.create_key("narrow", "--models", PRO)
    follow(f"[[model={PRO} status=429 retry=90s]]")
    assert ask(gateway, chat(model=PRO), key=narrow).error["code"] == "rate_limit_exceeded"
    assert list_models(emulator) == [PRO]
    assert ask(gateway, chat(model=PRO), key=CLIENT_KEY).status == 200


def test_a_budget_holds_for_the_dearest(start_pool: StartPool, follow: Follow) -> None:
    """What is set aside covers every model that may draw, so a fallback never passes a budget."""
    gateway = start_pool(write_keys(ALPHA) + f'[fallback]\n"{LITE}" = ["{PRO}"]\n')
    poor = gateway.create_key("poor", "--budget-usd", "0.10")
    assert ask(gateway, chat(model=LITE), key=poor).error["code"] == "insufficient_quota"
    rich = gateway.create_key("rich", "--budget-usd", "0.50")
    follow(f"[[model={LITE} status=429 retry=90s]]")
    assert ask(gateway, chat(model=LITE), key=rich).json()["usage"]["cost"] > 0.13
