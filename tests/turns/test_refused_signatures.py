"""A thought signature that Gemini refuses: the call goes once more without any, and costs once."""

from pathlib import Path
from typing import Any

import pytest
from sendings import Sendings
from talking import Drawn, digest, draw

from asking import ask, chat
from programs import Gateway


def find_journal(gateway: Gateway, drawn: Drawn) -> Path:
    (path,) = (gateway.folder / "data" / "pictures").glob(f"*/{drawn.note['generation_id']}/journal.jsonl")
    return path


def spoil_signatures(path: Path) -> None:
    """Change every signature of a journal by one character; they stay base64 of the same length."""
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines):
        if line.startswith(b'{"type":"signature"'):
            at = line.index(b'"base64":"') + len(b'"base64":"') + 100
            lines[number] = line[:at] + (b"A" if line[at : at + 1] != b"A" else b"B") + line[at + 1 :]
    path.write_bytes(b"\n".join(lines))


def edit(drawn: Drawn, prompt: str, text: str = "make it blue") -> dict[str, Any]:
    messages = [{"role": "user", "content": prompt}, drawn.message, {"role": "user", "content": text}]
    return chat(messages=messages, extra_body={})


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_the_call_goes_once_more_without_signatures(
    talkative: Gateway, sent: Sendings, *, is_stream: bool
) -> None:
    """The picture is edited from the user's turn; a notice says so, and what it costs is one picture."""
    prompt = f"a barn {is_stream}"
    drawn = draw(talkative, chat(prompt, extra_body={}))
    spoil_signatures(find_journal(talkative, drawn))
    calls = len(sent)
    edited = draw(talkative, edit(drawn, prompt), is_stream=is_stream)
    assert len(sent) == calls + 2
    assert edited.notices == ["signature_refused"]
    assert [(role, digest(data), signed) for role, data, signed in sent.last.pictures] == [
        ("user", digest(drawn.picture), False)
    ]
    assert edited.note["cost_usd"] < 2 * drawn.note["cost_usd"]


def test_a_second_refusal_is_told(talkative: Gateway, sent: Sendings) -> None:
    """What Gemini refuses without signatures as well is the client's error, and costs nothing."""
    drawn = draw(talkative, chat("a shack", extra_body={}))
    spoil_signatures(find_journal(talkative, drawn))
    reply = ask(talkative, edit(drawn, "a shack", "again [[status=400]]"))
    assert (reply.status, reply.error["code"]) == (400, "upstream_rejected")
    assert len(sent) > 1


def test_a_refusal_for_another_reason_is_told_at_once(talkative: Gateway, sent: Sendings) -> None:
    """Only signatures are left out; nothing else is sent again."""
    drawn = draw(talkative, chat("a hut", extra_body={}))
    calls = len(sent)
    reply = ask(talkative, edit(drawn, "a hut", "again [[status=400]]"))
    assert (reply.status, reply.error["code"]) == (400, "upstream_rejected")
    assert len(sent) == calls + 1
