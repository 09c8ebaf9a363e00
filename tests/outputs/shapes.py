"""Reads an answer, whole or as a stream, in whichever form its pictures come: choice by choice. Knows OpenAI's shapes."""

import re
from dataclasses import dataclass, field
from typing import Any

import pybase64

from asking import Reply, ask, digest, read_stream, split_images
from programs import Program

FORMS = ("markdown", "url", "images")
MODES = ("whole", "stream")

_PICTURE = re.compile(r"!\[image\]\(([^)]*)\)")
_LINK = re.compile(r"https?://[^/]+(/images/img_[0-9a-f]{32}\?expires=[0-9]+&signature=[A-Za-z0-9_-]{43})")


@dataclass
class Said:
    """One choice, its deltas joined."""

    content: str = ""
    images: list[dict[str, Any]] = field(default_factory=list)
    refusal: str | None = None
    reference: list[dict[str, Any]] | None = None
    """`reasoning_details`, if there are any."""
    finish_reason: str | None = None


@dataclass
class Read:
    """An answer."""

    id: str
    created: int
    choices: list[Said]
    usage: dict[str, Any]
    note: dict[str, Any]
    """What Limner says of it."""

    @property
    def codes(self) -> list[str]:
        """The codes of its notices."""
        return [notice["code"] for notice in self.note["notices"]]


def read_answer(reply: Reply) -> Read:
    """Read an answer, which must be a good one."""
    assert reply.status == 200, reply.body[:500]
    if reply.headers["content-type"].startswith("text/event-stream"):
        return _read_stream(reply)
    answer = reply.json()
    assert [choice["index"] for choice in answer["choices"]] == list(range(len(answer["choices"])))
    choices = [
        Said(
            content=choice["message"]["content"],
            images=choice["message"].get("images", []),
            refusal=choice["message"]["refusal"],
            reference=choice["message"].get("reasoning_details"),
            finish_reason=choice["finish_reason"],
        )
        for choice in answer["choices"]
    ]
    return Read(answer["id"], answer["created"], choices, answer["usage"], answer["limner"])


def _read_stream(reply: Reply) -> Read:
    stream = read_stream(reply.body)
    assert stream.is_done
    assert stream.chunks[-1]["choices"] == []
    found: dict[int, Said] = {}
    ended: list[int] = []
    notes = []
    for chunk in stream.chunks[:-1]:
        (choice,) = chunk["choices"]
        delta, index = choice["delta"], choice["index"]
        assert index not in ended
        assert ("role" in delta) == (index not in found)
        said = found.setdefault(index, Said())
        said.content += delta.get("content", "")
        said.images += delta.get("images", [])
        if "refusal" in delta:
            said.refusal = (said.refusal or "") + delta["refusal"]
        said.reference = delta.get("reasoning_details", said.reference)
        if choice["finish_reason"] is not None:
            said.finish_reason = choice["finish_reason"]
            ended.append(index)
        notes += [chunk["limner"]] if "limner" in chunk else []
    assert ended == sorted(found) == list(range(len(found)))
    (note,) = notes
    first = stream.chunks[0]
    return Read(first["id"], first["created"], [found[index] for index in ended], stream.usage, note)


def find_pictures(program: Program, said: Said) -> list[bytes]:
    """Return the pictures of a choice, those that are given as links fetched without a key."""
    found = [picture for _, picture in split_images(said.images)]
    for address in _PICTURE.findall(said.content):
        _, is_data, data = address.partition(";base64,")
        found.append(pybase64.b64decode(data, validate=True) if is_data else fetch(program, address))
    return found


def digest_choices(program: Program, answer: Read) -> list[list[str]]:
    """Return the digests of the pictures of each choice."""
    return [[digest(picture) for picture in find_pictures(program, said)] for said in answer.choices]


def fetch(program: Program, link: str) -> bytes:
    """Return what an absolute link leads to."""
    path = _LINK.fullmatch(link)
    assert path is not None, link
    reply = ask(program, path=path[1], key=None)
    assert reply.status == 200
    return reply.body


def leave_out_pictures(content: str) -> str:
    """Return a content with a mark where each picture stands."""
    return _PICTURE.sub("<picture>", content)


def ask_in(
    program: Program, body: dict[str, Any], form: str, mode: str, headers: dict[str, str] | None = None
) -> Reply:
    """Ask for an answer in this form and mode."""
    given = {"X-Limner-Image-Output": form, **(headers or {})}
    return ask(program, {**body, "stream": mode == "stream"}, headers=given)
