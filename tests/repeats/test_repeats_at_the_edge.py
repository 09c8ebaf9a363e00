"""Repeats where something else stands in the way: files that are gone, a limit that is reached."""

import shutil

from leaving import LeavingClient, find_newest, new_prompt, read_picture, wait_for_settlement

from asking import ask, chat, digest
from painting import Painter
from programs import Gateway


def test_a_picture_that_was_deleted_by_hand_is_bought_again(
    painter: Painter, scripted_gateway: Gateway
) -> None:
    """A repeat whose files are not there any more is a new call and not an error for ever."""
    asked = chat(new_prompt())
    with LeavingClient(scripted_gateway, asked):
        painter.wait_for_calls(1)
    generation_id = find_newest(scripted_gateway)
    wait_for_settlement(scripted_gateway, generation_id)
    (folder,) = (scripted_gateway.folder / "data" / "pictures").glob(f"*/{generation_id}")
    shutil.rmtree(folder)
    reply = ask(scripted_gateway, asked)
    assert reply.status == 200
    assert digest(read_picture(reply)) == digest(painter.pictures[1])
    assert len(painter.calls) == 2


def test_a_repeat_is_never_one_request_too_many(painter: Painter, scripted_gateway: Gateway) -> None:
    """A key at its limit of requests still gets what it has bought; only new calls are refused."""
    secret = scripted_gateway.create_key("slow", "--requests-per-minute", "1")
    asked, headers = chat(new_prompt()), {"Idempotency-Key": "once"}
    first = ask(scripted_gateway, asked, key=secret, headers=headers)
    again = ask(scripted_gateway, asked, key=secret, headers=headers)
    other = ask(scripted_gateway, chat(new_prompt()), key=secret)
    assert (first.status, again.status, other.status) == (200, 200, 429)
    assert again.body == first.body
    assert other.error["code"] == "rate_limit_exceeded"
    assert len(painter.calls) == 1
