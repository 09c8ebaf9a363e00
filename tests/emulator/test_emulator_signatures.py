"""Thought signatures over several turns: demanded, bound to model and picture, dummies refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from calling import FLASH, NEW, OLD, PRO, SMALL, Reply, ask, inline_part, prompt_payload

from programs import Emulator, Program

DUMMY = "skip_thought_signature_validator"


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an emulator that takes dummies and signs with 4,096 characters."""
    options = ("--port", "0", "--accept-dummy-signature", "--signature-bytes", "4096")
    program = Program("limner.emulator", *options, folder=tmp_path_factory.mktemp("lenient"), variables={})
    yield program.url
    assert program.stop() == 0


def ask_turns(url: str, *turns: dict[str, Any], model: str = FLASH) -> Reply:
    config = {**SMALL, "responseModalities": ["TEXT", "IMAGE"]} if model == FLASH else {}
    return ask(url, {"contents": list(turns), "generationConfig": config}, model)


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": text}]}


def answered(reply: Reply) -> dict[str, Any]:
    content: dict[str, Any] = reply.candidate["content"]
    return content


def without_signature(content: dict[str, Any], **replaced: str) -> dict[str, Any]:
    parts = [{**part, **replaced} if "inlineData" in part else part for part in content["parts"]]
    if not replaced:
        parts = [
            {name: value for name, value in part.items() if name != "thoughtSignature"} for part in parts
        ]
    return {**content, "parts": parts}


def test_three_turns_with_their_signatures_are_answered(emulator: Emulator) -> None:
    """Parts sent back unchanged are taken, turn after turn, and each turn draws something else."""
    first = ask_turns(emulator.url, user("a red fox"))
    history = [user("a red fox"), answered(first), user("make it blue")]
    second = ask_turns(emulator.url, *history)
    history += [answered(second), user("mirror it")]
    third = ask_turns(emulator.url, *history)
    drawn = [reply.pictures[0] for reply in (first, second, third)]
    assert [reply.status for reply in (first, second, third)] == [200] * 3
    assert len(set(drawn)) == 3


def test_a_missing_signature_is_named_by_its_place(emulator: Emulator) -> None:
    """A model's picture without signature is refused with its place, counted from one."""
    first = ask_turns(emulator.url, user("a red fox"))
    reply = ask_turns(
        emulator.url, user("a red fox"), without_signature(answered(first)), user("make it blue")
    )
    text = "Image part is missing a thought_signature in content position 2, part position 2."
    assert (reply.status, reply.error["message"]) == (400, text)


def test_a_users_picture_needs_no_signature(emulator: Emulator) -> None:
    """The same picture in a user's turn is taken without signature."""
    first = ask(emulator.url, prompt_payload("a red fox"))
    turn = {"role": "user", "parts": [inline_part(first.pictures[0]), {"text": "make it blue"}]}
    assert ask_turns(emulator.url, turn).status == 200


def test_a_signature_of_another_model_or_picture_is_refused(emulator: Emulator) -> None:
    """Signatures are bound to the model and to the picture they came with, and to their every character."""
    fox, owl = (ask_turns(emulator.url, user(text)) for text in ("a red fox", "an owl"))
    foreign = owl.parts[1]["thoughtSignature"]
    own = fox.parts[1]["thoughtSignature"]
    altered = own[:5000] + ("A" if own[5000] != "A" else "B") + own[5001:]
    others = [
        without_signature(answered(fox), thoughtSignature=text) for text in (foreign, altered, "EjRW", DUMMY)
    ]
    replies = [ask_turns(emulator.url, user("a"), content, user("b")) for content in others]
    replies.append(ask_turns(emulator.url, user("a"), answered(fox), user("b"), model=NEW))
    texts = [reply.error["message"] for reply in replies]
    invalid, corrupted = "Invalid thought signature.", "Corrupted thought signature."
    assert texts == [invalid, invalid, corrupted, corrupted, invalid]


def test_a_dummy_is_taken_where_it_is_allowed(lenient: str) -> None:
    """With --accept-dummy-signature both dummy strings stand for a picture's signature."""
    content = answered(ask_turns(lenient, user("a red fox")))
    dummies = (DUMMY, "context_engineering_is_the_way_to_go")
    turns = [without_signature(content, thoughtSignature=dummy) for dummy in dummies]
    assert [ask_turns(lenient, user("a"), turn, user("b")).status for turn in turns] == [200, 200]


def test_a_signature_outlives_the_emulator_that_made_it(emulator: Emulator, lenient: str) -> None:
    """Another process takes a signature, whatever the length it makes its own."""
    content = answered(ask_turns(lenient, user("a red fox")))
    assert ask_turns(emulator.url, user("a red fox"), content, user("make it blue")).status == 200


def test_signatures_have_the_length_asked_for(emulator: Emulator, lenient: str) -> None:
    """65,536 characters unless an option or a directive says otherwise."""
    lengths = [
        len(ask_turns(url, user(text)).parts[1]["thoughtSignature"])
        for url, text in (
            (emulator.url, "a fox"),
            (lenient, "a fox"),
            (lenient, "a fox [[signature=1500KB]]"),
        )
    ]
    assert lengths == [65_536, 4_096, 1_536_000]


def test_the_first_text_is_signed_and_2_5_signs_nothing(emulator: Emulator) -> None:
    """Gemini 3 signs its first text and its picture; 2.5 signs nothing and demands nothing."""
    signed = ask(emulator.url, prompt_payload("a fox", imageConfig={"aspectRatio": "1:1"}), PRO)
    old = ask(emulator.url, prompt_payload("a fox", imageConfig={}), OLD)
    again = ask_turns(emulator.url, user("a fox"), answered(old), user("make it blue"), model=OLD)
    assert ["thoughtSignature" in part for part in signed.parts] == [True, True]
    assert ["thoughtSignature" in part for part in old.parts] == [False, False]
    assert again.status == 200


def test_the_pro_preview_is_3_pro_under_another_name(emulator: Emulator) -> None:
    """A signature of 3 Pro is taken by its preview name, which answers under that name."""
    fox = ask(emulator.url, prompt_payload("a fox", imageConfig={}), PRO)
    model = "nano-banana-pro-preview"
    reply = ask_turns(emulator.url, user("a fox"), answered(fox), user("make it blue"), model=model)
    assert (reply.status, reply.json()["modelVersion"]) == (200, model)


def test_the_journal_counts_signatures_received(emulator: Emulator) -> None:
    """A turn sent back with two signed parts is noted with two signatures."""
    first = ask_turns(emulator.url, user("a red fox"))
    ask_turns(emulator.url, user("a red fox"), answered(first), user("make it blue"))
    assert [call["signatures"] for call in emulator.list_calls()[-2:]] == [0, 2]
