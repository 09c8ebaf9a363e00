"""Draw, edit, edit: every client with every model, against an upstream that refuses a turn without its signatures."""

import pytest
from client import Client, OpenGateway
from recorder import Content, Exchange, Recorder
from roster import CLIENTS

from asking import PROMPT

MODELS = ("gemini-2.5-flash-image", "gemini-3-pro-image", "gemini-3.1-flash-image", "nano-banana-2.1")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", CLIENTS)
def test_the_second_edit_is_of_the_first(
    name: str, model: str, open_gateway: OpenGateway, recorder: Recorder
) -> None:
    """Each turn shows one picture, the upstream's bytes, and the next turn edits that one, its signatures in place."""
    client = CLIENTS[name]
    gateway = open_gateway(client.image_output)
    prompts = [f"{PROMPT}, for {name} by {model}", "make it brighter", "now mirror it"]
    turns = client.converse(gateway, model, prompts)
    drawn, edited, again = recorder.exchanges
    assert [exchange.status for exchange in recorder.exchanges] == [200, 200, 200]
    assert [list(turn.pictures) for turn in turns] == [
        exchange.answered.pictures for exchange in recorder.exchanges
    ]
    assert [turn.text.strip() for turn in turns] == [
        exchange.answered.text.strip() for exchange in recorder.exchanges
    ]
    check_edits(client, edited, drawn.answered, prompts[1])
    check_edits(client, again, edited.answered, prompts[2])
    assert len({*drawn.answered.pictures, *edited.answered.pictures, *again.answered.pictures}) == 3


def check_edits(client: Client, exchange: Exchange, before: Content, prompt: str) -> None:
    """Check that a call edits the picture of the turn before: that one, whole, and no other after it."""
    *earlier, last = exchange.asked
    assert last.role == "user"
    assert last.text.strip() == prompt
    assert len(before.pictures) == 1
    if client.is_collapsed:
        assert earlier == []
        assert last.pictures == before.pictures
        return
    assert last.pictures == []
    assert earlier[-1].role == "model"
    assert earlier[-1].pictures == before.pictures
    assert earlier[-1].signed == before.signed
    assert earlier[-1].text.strip() == before.text.strip()
