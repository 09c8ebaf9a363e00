"""Several credentials in one pool: who is asked when all goes well."""

from collections import Counter

from credentials import ALPHA, BETA, GAMMA, StartPool, ask_together, list_asked, vary, write_keys

from asking import ask, chat
from programs import Emulator


def test_keys_of_the_environment_take_turns(start_pool: StartPool, emulator: Emulator) -> None:
    """Keys of the two variables are asked one after the other, a key that stands in both once."""
    gateway = start_pool("", GEMINI_API_KEY=ALPHA, LIMNER_GEMINI_API_KEYS=f"{BETA},{ALPHA}")
    for body in vary(4):
        assert ask(gateway, body).status == 200
    assert list_asked(emulator) == "abab"


def test_weights_share_the_calls(start_pool: StartPool, emulator: Emulator) -> None:
    """Of sixteen calls at once a weight of 2 gets twice as many as a weight of 1."""
    text = write_keys(ALPHA, BETA) + write_keys(GAMMA, weight=2)
    gateway = start_pool(text)
    replies = ask_together(gateway, vary(16))
    assert {reply.status for reply in replies} == {200}
    assert Counter(list_asked(emulator)) == {"a": 4, "b": 4, "c": 8}


def test_the_file_and_the_environment_are_one_pool(start_pool: StartPool, emulator: Emulator) -> None:
    """A key of the environment takes turns with those of the file."""
    gateway = start_pool(write_keys(BETA, GAMMA), GEMINI_API_KEY=ALPHA)
    for body in vary(3):
        ask(gateway, body)
    assert sorted(list_asked(emulator)) == ["a", "b", "c"]


def test_a_key_is_asked_for_its_models_alone(start_pool: StartPool, emulator: Emulator) -> None:
    """A credential with a list of models gets no call for another; a model that nobody serves is told so."""
    gateway = start_pool(
        write_keys(ALPHA, models=["nano-banana-pro"]) + write_keys(BETA, models=["nano-banana-2"])
    )
    for body in (*vary(2), *vary(2, model="nano-banana-pro")):
        assert ask(gateway, body).status == 200
    assert list_asked(emulator) == "bbaa"
    refused = ask(gateway, chat(model="nano-banana"))
    assert (refused.status, refused.error["code"], refused.error["param"]) == (
        404,
        "model_not_found",
        "model",
    )
    assert list_asked(emulator) == "bbaa"


def test_counts_of_tokens_go_round_too(start_pool: StartPool) -> None:
    """What costs nothing is asked with any credential that does not rest."""
    gateway = start_pool(write_keys(ALPHA, BETA))
    counted = ask(
        gateway,
        {"contents": [{"parts": [{"text": "a lighthouse"}]}]},
        path="/v1beta/models/gemini-3-pro-image:countTokens",
    )
    assert counted.status == 200
    assert counted.json()["totalTokens"] > 0
