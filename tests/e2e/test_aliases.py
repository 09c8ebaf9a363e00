"""Models by the names that an operator gives them, at every door."""

from pathlib import Path

import pytest

from asking import ask, chat
from programs import CLIENT_KEY, Gateway, StartGateway

ALIAS = "gpt-image-2"


@pytest.fixture(scope="module")
def aliased(start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """A gateway with an alias for a model, settings behind it."""
    path: Path = tmp_path_factory.mktemp("settings") / "limner.toml"
    path.write_text(f'[aliases]\n"{ALIAS}" = "nano-banana-2-512"\n')
    return start_gateway(LIMNER_CONFIG=str(path))


def test_an_alias_is_listed(aliased: Gateway) -> None:
    """An alias stands in the list and by itself, in both forms, for the keys that may use its model."""
    listed = {entry["id"]: entry for entry in ask(aliased, path="/v1/models").json()["data"]}
    shown = ask(aliased, path=f"/v1/models/{ALIAS.upper()}").json()
    assert listed[ALIAS]["limner"]["model"] == shown["limner"]["model"] == "gemini-3.1-flash-image"
    headers = {"x-goog-api-key": CLIENT_KEY}
    native = ask(aliased, path=f"/v1beta/models/{ALIAS}", key=None, headers=headers).json()
    assert (native["name"], native["baseModelId"]) == (f"models/{ALIAS}", "gemini-3.1-flash-image")
    other = aliased.create_key("other", "--models", "nano-banana-pro")
    assert ALIAS not in {entry["id"] for entry in ask(aliased, path="/v1/models", key=other).json()["data"]}
    assert ask(aliased, path=f"/v1/models/{ALIAS}", key=other).status == 404
    assert ask(aliased, chat(model=ALIAS), key=other).error["code"] == "model_not_allowed"


def test_an_alias_draws(aliased: Gateway) -> None:
    """A call by an alias is drawn by its model with its settings, and the answer says the name that was asked."""
    answer = ask(aliased, chat(model=ALIAS)).json()
    assert answer["model"] == ALIAS
    assert answer["limner"]["upstream"]["model"] == "gemini-3.1-flash-image"
    assert answer["limner"]["images"][0]["height"] < 700
    body = {"model": f"{ALIAS}-16x9", "prompt": "a lighthouse at dusk"}
    drawn = ask(aliased, body, path="/v1/images/generations").json()
    assert drawn["size"] == "688x384"
    contents = {"contents": [{"parts": [{"text": "a lighthouse at dusk"}]}]}
    path = f"/v1beta/models/{ALIAS}:generateContent"
    reply = ask(aliased, contents, path=path, key=None, headers={"x-goog-api-key": CLIENT_KEY})
    assert reply.status == 200
