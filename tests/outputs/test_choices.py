"""Several choices: as many upstream calls under one bill, each with an end of its own."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from shapes import FORMS, MODES, ask_in, digest_choices, read_answer

from asking import ask, chat, digest
from painting import Gate, Painter, refuse
from programs import Gateway
from upstreams import Answer

modes = pytest.mark.parametrize("mode", MODES)


def new_chat(n: int, **fields: Any) -> dict[str, Any]:
    return chat(f"a lighthouse {secrets.token_hex(4)}", n=n, **fields)


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(8)}


def block() -> Answer:
    """Return Gemini's answer to a prompt that it blocks."""
    return Answer(
        [b'{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":5}}']
    )


def refuse_to_draw() -> Answer:
    """Return Gemini's answer without the picture."""
    return Answer(
        [b'{"candidates":[{"finishReason":"IMAGE_SAFETY"}],"usageMetadata":{"promptTokenCount":5}}']
    )


def break_off() -> Answer:
    """Return an answer that ends in the middle of a picture, after a word."""
    said = (
        b'{"candidates":[{"content":{"parts":[{"text":"Here"},{"inlineData":{"mimeType":"image/png","data":"'
    )
    return Answer([said, b"iVBORw0KGgoAAAANSUhEUgAAAgAAAAIACAIA"])


@modes
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n", [1, 2, 4])
def test_each_choice_has_a_picture_of_its_own(
    n: int, form: str, mode: str, painter: Painter, scripted_gateway: Gateway
) -> None:
    """`n` calls make `n` choices; tokens and costs are summed, pictures listed in the order of the choices."""
    one = read_answer(ask_in(scripted_gateway, new_chat(1), form, mode))
    painter.pictures.clear()
    painter.calls.clear()
    reply = ask_in(scripted_gateway, new_chat(n), form, mode)
    answer = read_answer(reply)
    found = digest_choices(scripted_gateway, answer)
    assert len(painter.calls) == len(found) == n
    assert all(len(pictures) == 1 for pictures in found)
    drawn = [sha256 for (sha256,) in found]
    assert sorted(drawn) == sorted(digest(picture) for picture in painter.pictures)
    assert [image["sha256"] for image in answer.note["images"]] == drawn
    assert len({image["id"] for image in answer.note["images"]}) == n
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert answer.usage[name] == n * one.usage[name]
    assert answer.usage["cost"] == pytest.approx(n * one.usage["cost"])
    assert answer.note["cost_usd"] == answer.usage["cost"]
    assert answer.codes == one.codes
    generation_id = reply.headers["x-limner-generation-id"]
    references = [said.reference[0]["data"] for said in answer.choices if said.reference]
    assert references == [generation_id, *(f"{generation_id}/{index}" for index in range(1, n))]
    assert {said.finish_reason for said in answer.choices} == {"stop"}


@modes
@pytest.mark.parametrize("form", FORMS)
def test_replays_give_all_choices(form: str, mode: str, painter: Painter, scripted_gateway: Gateway) -> None:
    """A repeat gets every choice as it was, in either mode, and nothing is bought for it."""
    painter.failures = [refuse(400), block()]
    body, headers = new_chat(4), new_key()
    first, second = (ask_in(scripted_gateway, body, form, mode, headers) for _ in range(2))
    assert second.headers["idempotent-replayed"] == "true"
    if mode == "whole":
        assert digest(first.body) == digest(second.body)
    other = ask_in(scripted_gateway, body, form, MODES[mode == "whole"], headers)
    assert read_answer(first) == read_answer(second) == read_answer(other)
    assert len(painter.calls) == 4
    assert len(painter.pictures) == 2


def test_calls_that_join_get_all_choices(painter: Painter, scripted_gateway: Gateway) -> None:
    """Equal calls with one key are one generation of `n` calls, whoever came first."""
    painter.before_answer = Gate()
    body, headers = new_chat(2), new_key()
    with ThreadPoolExecutor(4) as pool:
        asked = [
            pool.submit(ask_in, scripted_gateway, body, "images", MODES[number % 2], headers)
            for number in range(4)
        ]
        painter.wait_for_calls(2)
        painter.before_answer.open()
        first, *others = (read_answer(call.result()) for call in asked)
    assert [other == first for other in others] == [True] * 3
    assert len(painter.calls) == 2


@modes
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("failure", "finish_reason", "told"),
    [
        (block, "content_filter", "Gemini blocked the prompt: PROHIBITED_CONTENT."),
        (lambda: refuse(400), "stop", "Gemini refused the request: no"),
        (lambda: refuse(404), "stop", "Gemini does not serve the model"),
    ],
    ids=["blocked", "refused", "not found"],
)
def test_one_that_fails_leaves_the_others(
    failure: Any,
    finish_reason: str,
    told: str,
    form: str,
    mode: str,
    painter: Painter,
    scripted_gateway: Gateway,
) -> None:
    """One success makes a good answer; the failed choice is empty, and says why in its refusal and a notice."""
    one = read_answer(ask_in(scripted_gateway, new_chat(1), form, mode))
    painter.failures = [failure()]
    answer = read_answer(ask_in(scripted_gateway, new_chat(2), form, mode))
    failed, drawn = sorted(answer.choices, key=lambda said: said.reference is not None)
    assert (failed.content, failed.images, failed.finish_reason) == ("", [], finish_reason)
    assert failed.refusal is not None
    assert failed.refusal.startswith(told)
    assert (drawn.refusal, drawn.finish_reason) == (None, "stop")
    assert sorted(digest_choices(scripted_gateway, answer)) == [[], [digest(painter.pictures[-1])]]
    (notice,) = [notice for notice in answer.note["notices"] if notice["code"] == "choice_failed"]
    assert notice["message"].startswith(f"Choice {answer.choices.index(failed)} came to nothing: {told}")
    assert "choice_unknown" not in answer.codes
    assert answer.usage["cost"] < 1.1 * one.usage["cost"]


@modes
def test_one_whose_picture_is_refused(mode: str, painter: Painter, scripted_gateway: Gateway) -> None:
    """What Gemini would not draw has its own reason as content; the notices name the choice."""
    painter.failures = [refuse_to_draw()]
    answer = read_answer(ask_in(scripted_gateway, new_chat(3), "markdown", mode))
    (refused,) = [said for said in answer.choices if said.refusal is not None]
    assert refused.content == refused.refusal == "Gemini returned no picture: IMAGE_SAFETY."
    assert refused.finish_reason == "content_filter"
    (notice,) = [notice for notice in answer.note["notices"] if notice["code"] == "no_picture"]
    assert notice["message"].startswith(f"Choice {answer.choices.index(refused)}: ")
    assert len(answer.note["images"]) == 2


@modes
def test_each_is_sent_again_by_itself(mode: str, painter: Painter, scripted_gateway: Gateway) -> None:
    """A busy upstream is asked again for the choices that it turned away, and for no others."""
    painter.failures = [refuse(503), refuse(503)]
    answer = read_answer(ask_in(scripted_gateway, new_chat(3), "images", mode))
    assert len(painter.calls) == 5
    assert len(painter.pictures) == len(answer.note["images"]) == 3
    assert "choice_failed" not in answer.codes


@modes
@pytest.mark.parametrize("form", FORMS)
def test_one_that_breaks_off_is_billed(
    form: str, mode: str, painter: Painter, scripted_gateway: Gateway
) -> None:
    """Nobody knows what it cost, so it is billed at the table's estimate of a picture, and said to be."""
    painter.failures = [break_off()]
    answer = read_answer(ask_in(scripted_gateway, new_chat(2), form, mode))
    (failed,) = [said for said in answer.choices if said.refusal is not None]
    assert (failed.content, failed.images, failed.finish_reason) == ("", [], "stop")
    assert len(answer.note["images"]) == len(painter.pictures) == 1
    assert [code for code in answer.codes if code.startswith("choice")] == ["choice_failed", "choice_unknown"]
    assert answer.usage["completion_tokens_details"]["image_tokens"] == 2 * 747


@modes
def test_where_all_fail_the_first_error_is_the_answer(
    mode: str, painter: Painter, scripted_gateway: Gateway
) -> None:
    """No success is an error; one of unknown outcome counts before all others."""
    painter.failures = [block(), block()]
    reply = ask_in(scripted_gateway, new_chat(2), "markdown", mode)
    assert (reply.status, reply.error["code"]) == (400, "content_policy_violation")
    painter.failures = [refuse(400), refuse(400), refuse(400)]
    reply = ask_in(scripted_gateway, new_chat(3), "markdown", mode)
    assert (reply.status, reply.error["code"]) == (400, "upstream_rejected")
    painter.failures = [block(), Answer([b"busy"], status=502), block()]
    reply = ask_in(scripted_gateway, new_chat(3), "markdown", mode)
    assert (reply.status, reply.error["code"]) == (502, "upstream_unknown_outcome")
    assert painter.pictures == []


@modes
def test_all_choices_are_delivered_or_none(mode: str, painter: Painter, scripted_gateway: Gateway) -> None:
    """An answer that arrived is listed as delivered."""
    painter.pictures_per_call = 2
    reply = ask_in(scripted_gateway, new_chat(2), "images", mode)
    assert len(read_answer(reply).note["images"]) == 4
    generation_id = reply.headers["x-limner-generation-id"]
    listed = ask(scripted_gateway, path="/v1/chat/completions?undelivered=true").json()["data"]
    assert generation_id not in [note["generation_id"] for note in listed]
    found = read_answer(ask(scripted_gateway, path=f"/v1/chat/completions/{generation_id}"))
    assert found == read_answer(reply)


def test_lists_show_all_choices(painter: Painter, scripted_gateway: Gateway) -> None:
    """A stored completion is listed with every choice, without pictures; one that failed says why there too."""
    painter.failures = [refuse(400)]
    key = scripted_gateway.create_key(f"n-{secrets.token_hex(4)}")
    answer = read_answer(ask(scripted_gateway, new_chat(3, store=True), key=key))
    (listed,) = ask(scripted_gateway, path="/v1/chat/completions", key=key).json()["data"]
    assert [choice["index"] for choice in listed["choices"]] == [0, 1, 2]
    shown = [(choice["message"]["content"], choice["message"]["refusal"]) for choice in listed["choices"]]
    assert shown == [("", said.refusal) for said in answer.choices]
    assert [choice["finish_reason"] for choice in listed["choices"]] == ["stop"] * 3


def test_a_budget_holds_for_all_choices(painter: Painter, scripted_gateway: Gateway) -> None:
    """What `n` choices may cost is set aside at once: a key that can pay for one only is told so, for free."""
    key = scripted_gateway.create_key(f"n-{secrets.token_hex(4)}", "--budget-usd", "0.08")
    reply = ask(scripted_gateway, new_chat(2), key=key)
    assert (reply.status, reply.error["code"]) == (429, "insufficient_quota")
    assert painter.calls == []
    assert ask(scripted_gateway, new_chat(1), key=key).status == 200


def test_more_than_allowed_is_refused(painter: Painter, scripted_gateway: Gateway) -> None:
    """The limit is named, and nothing is bought."""
    reply = ask(scripted_gateway, new_chat(5))
    assert (reply.status, reply.error["param"]) == (400, "n")
    assert painter.calls == []


def test_text_models_give_choices_too(gateway: Gateway) -> None:
    """Each is a text of its own call."""
    answer = read_answer(ask(gateway, new_chat(2, model="gemini-3.8-flash")))
    assert [bool(said.content) for said in answer.choices] == [True, True]
    assert [said.reference for said in answer.choices] == [None, None]
