"""Pictures in every spelling of a part, and beside the content of a message."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from chat_requests import PNG_HEAD, PRO, read_body
from gemini_bodies import cut
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.errors import InvalidRequest
from limner.translate.body import to_record
from limner.translate.messages import InputPicture, Link, Piece, Turn, read_contents, read_messages
from limner.translate.parts import read_url
from limner.wire.openai import ChatCompletionRequest

ONE = PNG_HEAD + "AAAA"
URI = f"data:image/png;base64,{ONE}"
WEB = "https://example.com/a.png"
ID = f"img_{'0a' * 16}"
OWN = f"https://gateway.test/images/{ID}?expires=1&signature=x"
GENERATION = f"gen_{'1b' * 16}"

INLINE_PARTS: list[dict[str, Any]] = [
    {"type": "image_url", "image_url": {"url": URI, "detail": "high", "format": "png", "mime_type": "x"}},
    {"type": "image_url", "image_url": URI},
    {"type": "image_url", "image_url": {"url": ONE}},
    {"type": "image_url", "image_url": ONE},
    {"type": "image_url", "image_url": {"url": f"\n {URI} "}},
    {"type": "input_image", "image_url": URI, "file_id": None, "detail": "auto"},
    {"type": "file", "file": {"file_data": URI, "filename": "a.png", "format": "image/png"}},
    {"type": "file", "file": {"file_data": ONE, "file_id": None}},
    {"type": "input_file", "file_data": URI, "filename": "a.png"},
    {"type": "file", "data": ONE, "mediaType": "image/png"},
    {"type": "file", "url": URI, "mediaType": "image/png"},
    {"type": "image", "image": URI},
    {"type": "image", "image": ONE, "mediaType": "image/png"},
    {"type": "image", "image": {"url": URI}},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ONE}},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": URI}},
    {"type": "image", "source": {"type": "url", "url": URI}},
    {"type": "image", "data": ONE, "mime_type": "image/png"},
    {"type": "inline_data", "inline_data": {"mime_type": "image/png", "data": ONE}},
    {"inlineData": {"mimeType": "image/png", "data": ONE}},
    {"image_url": {"url": URI}},
    {"type": "IMAGE_URL", "image_url": {"url": URI}, "text": None},
]

LINK_PARTS: list[tuple[dict[str, Any], str, str]] = [
    ({"type": "image_url", "image_url": {"url": WEB}}, WEB, ".image_url.url"),
    ({"type": "image_url", "image_url": f" {WEB}\n"}, WEB, ".image_url"),
    ({"type": "image_url", "image_url": "HTTP://example.com/"}, "HTTP://example.com/", ".image_url"),
    ({"type": "image_url", "image_url": {"url": OWN}}, OWN, ".image_url.url"),
    ({"type": "image_url", "image_url": {"url": f"/images/{ID}"}}, f"/images/{ID}", ".image_url.url"),
    ({"type": "image_url", "image_url": {"url": ID}}, ID, ".image_url.url"),
    ({"type": "input_image", "file_id": ID}, ID, ".file_id"),
    ({"type": "input_file", "file_url": WEB}, WEB, ".file_url"),
    ({"type": "file", "file": {"file_id": ID}}, ID, ".file.file_id"),
    ({"type": "file", "file": {"file_data": WEB}}, WEB, ".file.file_data"),
    ({"type": "image", "image": WEB}, WEB, ".image"),
    ({"type": "image", "source": {"type": "url", "url": WEB}}, WEB, ".source.url"),
    ({"type": "image", "source": {"type": "file", "file_id": ID}}, ID, ".source.file_id"),
    ({"type": "image", "url": WEB}, WEB, ".url"),
    ({"fileData": {"fileUri": WEB, "mimeType": "image/png"}}, WEB, ".fileData.fileUri"),
    ({"file_data": {"file_uri": WEB}}, WEB, ".file_data.file_uri"),
]


def read(messages: list[dict[str, Any]], step: int = 10_000) -> tuple[list[Turn], list[InputPicture]]:
    """Return the turns of messages that came in pieces of `step` bytes, and what passed on the way."""
    body = json.dumps({"model": PRO, "messages": messages}).encode()
    fields, pictures = read_body(cut(body, [step]))
    record = to_record(fields, ChatCompletionRequest)
    return read_messages(record.messages or (), pictures)[0], pictures


def said(*parts: Any, role: str = "user", **fields: Any) -> list[Piece]:
    (turn,) = read([{"role": role, "content": list(parts), **fields}])[0]
    return turn.pieces


def refuse(message: dict[str, Any]) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        read([{"role": "user", **message}])
    return caught.value


@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize("part", INLINE_PARTS, ids=lambda part: json.dumps(part)[:60])
def test_inline_pictures_in_every_spelling(part: dict[str, Any], step: int) -> None:
    """However a client spells a part with a picture's bytes, the picture stands in its place."""
    (turn,), pictures = read([{"content": ["a", part, {"type": "input_text", "text": "b"}]}], step)
    assert turn.pieces == ["a", 0, "b"]
    assert [picture.text for picture in pictures if picture.text] == [part_base64(part)]


def part_base64(part: dict[str, Any]) -> str:
    """Return what passes: a trailing blank behind a data URI passes with it."""
    return f"{ONE} " if f"\n {URI} " in str(part.get("image_url", {})).replace("\\n", "\n") else ONE


@pytest.mark.parametrize(("part", "url", "param"), LINK_PARTS, ids=lambda value: str(value)[:60])
def test_links_in_every_spelling(part: dict[str, Any], url: str, param: str) -> None:
    """A link, a path of this gateway and a picture's id become links, each with the place it came from."""
    assert said("a", part, "b") == ["a", Link(url, f"messages[0].content[1]{param}"), "b"]


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "input_image", "file_id": "file-1"}, ".file_id"),
        ({"type": "file", "file": {"file_id": "file-1"}}, ".file.file_id"),
        ({"type": "file", "file": {}}, ""),
        ({"type": "image_file", "image_file": {"file_id": "file-1"}}, ""),
        ({"type": "image", "source": {"type": "base64", "data": None}}, ""),
        ({"type": "image", "source": {"type": "base64", "data": "bm8gcGljdHVyZQ=="}}, ".source.data"),
        ({"type": "image", "source": 5}, ""),
        ({"type": "image", "image": ["x"]}, ""),
        ({"type": "image_url", "image_url": {"url": ""}}, ".image_url.url"),
        ({"type": "image_url", "image_url": {"url": "a.png"}}, ".image_url.url"),
        ({"type": "image_url", "image_url": {"url": f"{ID}.png"}}, ".image_url.url"),
        ({"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}, ".image_url.url"),
        ({"type": "image_url", "image_url": {"url": "data:image/svg+xml;utf8,<svg/>"}}, ".image_url.url"),
        ({"type": "document", "source": {"type": "text", "data": "hello"}}, ".source.data"),
        ({"inlineData": {"data": "bm8gcGljdHVyZQ=="}}, ".inlineData.data"),
        ({"fileData": {"fileUri": "gs://b/a.png"}}, ".fileData.fileUri"),
    ],
    ids=str,
)
def test_a_picture_that_cannot_be_read_is_refused(part: dict[str, Any], param: str) -> None:
    """What names a picture in a form that cannot be read is refused by its place, never left out."""
    error = refuse({"content": ["a", part]})
    assert (error.code, error.param) == ("invalid_image", f"messages[0].content[1]{param}")


@pytest.mark.parametrize(
    "part",
    [
        {"type": "thinking", "thinking": "hm", "signature": "x"},
        {"type": "reasoning", "text": "hm"},
        {"type": "redacted_thinking", "data": ONE},
        {"type": "refusal", "refusal": "no"},
        {"type": "tool_use", "id": "x", "name": "y", "input": {"url": WEB}},
        {"type": "source", "url": WEB, "source": "search"},
        {"type": "text", "text": "", "annotations": None, "url": WEB},
        {"type": "image_url", "text": " ", "image_url": None},
        {"type": "data-weather", "data": {"city": "Berlin"}},
        {},
    ],
    ids=str,
)
def test_parts_that_say_nothing_are_ignored(part: dict[str, Any]) -> None:
    """Thoughts, calls and parts of unknown types are neither text nor picture nor a fault."""
    pieces = [piece for piece in said("a", part, "b") if piece != " "]
    assert pieces == ["a", "b"]


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "image_url", "image_url": {"url": URI}, "index": 0},
        {"image_url": {"url": URI}},
        {"image_url": URI},
        {"url": URI},
        {"b64_json": ONE},
        {"type": "output_image", "image_url": URI},
        URI,
        ONE,
    ],
    ids=lambda entry: json.dumps(entry)[:50],
)
def test_images_beside_the_content(entry: object) -> None:
    """`images` is read with or without types, behind the content; nulls in it are nothing."""
    assert said("a", role="assistant", images=[None, entry, {"url": OWN}]) == [
        "a",
        0,
        Link(OWN, "messages[0].images[2].url"),
    ]


@pytest.mark.parametrize(
    ("entry", "param"),
    [
        ("a.png", ""),
        ({}, ""),
        ({"image_url": None}, ""),
        ({"url": 5}, ""),
        ({"image_url": {"url": "blob:x"}}, ".image_url.url"),
    ],
    ids=str,
)
def test_entries_of_images_that_are_none_are_refused(entry: object, param: str) -> None:
    """An entry of `images` without a readable picture is refused."""
    error = refuse({"content": "a", "images": [URI, entry]})
    assert (error.code, error.param) == ("invalid_image", f"messages[0].images[1]{param}")


@pytest.mark.parametrize("field", ["content_blocks", "multi_mod_content"])
def test_pictures_in_the_blocks_of_other_gateways(field: str) -> None:
    """Portkey's and AiHubMix's blocks give their pictures, and their text only where the content has none."""
    blocks: list[object] = [
        {"type": "text", "text": "twice"},
        {"type": "image_url", "image_url": {"url": URI}},
        {"inline_data": {"data": ONE, "mime_type": "image/png"}},
    ]
    assert said("once", role="assistant", **{field: blocks}) == ["once", 0, 1]
    assert said(" ", role="assistant", **{field: blocks}) == [" ", "twice", 0, 1]


NULLS: dict[str, None] = dict.fromkeys(
    (
        *("refusal", "annotations", "audio", "function_call", "tool_calls", "images", "reasoning_details"),
        *(
            "reasoning_content",
            "reasoning",
            "name",
            "content_blocks",
            "multi_mod_content",
            "provider_specific_fields",
        ),
    )
)


@pytest.mark.parametrize("content", [None, "", " \n", [], [{"type": "text", "text": ""}]])
def test_blank_answers_are_dropped(content: object) -> None:
    """An assistant's turn that says and shows nothing is none, with all the nulls of an SDK."""
    blank = {**NULLS, "role": "assistant", "content": content}
    assert [turn.role for turn in read([{"content": "a"}, blank, {"content": "b"}])[0]] == ["user", "user"]


def test_a_blank_answer_with_a_reference_is_a_turn() -> None:
    """An assistant's turn that names the generation it came from stays, with no pieces."""
    blank = {**NULLS, "role": "assistant", "reasoning_details": [{"data": GENERATION}]}
    assert read([{"content": "a"}, blank])[0][1] == Turn(role="model", pieces=[], references=(GENERATION,))


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ([{"type": "reasoning.encrypted", "data": GENERATION, "id": GENERATION, "index": 0}], (GENERATION,)),
        ([{"data": "opaque", "id": f"{GENERATION}/2"}], (f"{GENERATION}/2",)),
        ([None, "x", 5, [], {"data": 7, "id": None}, {"data": f"{GENERATION}/0"}], (f"{GENERATION}/0",)),
        ([{"data": f"x{GENERATION}"}, {"id": f"{GENERATION}\n"}, {"data": GENERATION.upper()}], ()),
        ([{"type": "reasoning.text", "text": GENERATION}], ()),
        (GENERATION, ()),
        ({"data": GENERATION}, ()),
        (None, ()),
        (5, ()),
    ],
    ids=lambda value: str(value)[:40],
)
def test_references_in_reasoning_details(details: object, expected: tuple[str, ...]) -> None:
    """References of this gateway's form are found among whatever else stands there."""
    ((turn,), _) = read([{"role": "assistant", "content": "a", "reasoning_details": details}])
    assert turn.references == expected


def test_references_are_an_answers() -> None:
    """A user's turn refers to nothing."""
    ((turn,), _) = read([{"role": "user", "content": "a", "reasoning_details": [{"data": GENERATION}]}])
    assert turn.references == ()


def test_pictures_of_system_messages_go_to_the_user() -> None:
    """Gemini's system text takes no picture, so the user's next turn begins with it."""
    turns, _ = read(
        [
            {
                "role": "system",
                "content": ["Draw like this.", {"image_url": {"url": URI}}, {"image_url": WEB}],
            },
            {"role": "assistant", "content": "ready"},
            {"role": "user", "content": "a boat"},
        ]
    )
    link = Link(WEB, "messages[0].content[2].image_url")
    assert [turn.pieces for turn in turns] == [["ready"], [0, link, "a boat"]]


def test_pictures_are_bounded_by_their_header() -> None:
    """A picture of more than 100 megapixels is refused; one of just that many is taken."""

    def check(width: int) -> int | Link:
        picture = InputPicture(
            mime_type="image/png", sha256="", size_bytes=9, text=None, pixels=(width, 10_000)
        )
        return read_url("data:;base64,\0000", "x.url", [picture])

    assert check(10_000) == 0
    with pytest.raises(InvalidRequest) as caught:
        check(10_001)
    assert (caught.value.code, caught.value.param) == ("invalid_image", "x.url")
    assert "10001x10000" in caught.value.message
    assert "100 megapixels" in caught.value.message


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"content": [{"image_url": {"url": 5}}]}, "messages[0].content[0].image_url.url"),
        ({"content": [{"image_url": 5}]}, "messages[0].content[0].image_url"),
        ({"content": [{"file": {"file_data": 5}}]}, "messages[0].content[0].file.file_data"),
        ({"content": [{"inlineData": "x"}]}, "messages[0].content[0].inlineData"),
        ({"images": "x"}, "messages[0].images"),
        ({"images": [5]}, "messages[0].images[0]"),
    ],
    ids=str,
)
def test_wrong_types_of_parts_are_refused_by_path(fields: dict[str, Any], param: str) -> None:
    """A known field of a part that has a wrong type is refused by its dotted path."""
    error = refuse(fields)
    assert (error.code, error.param) == ("invalid_type", param)


@pytest.mark.parametrize(
    "part", [{"fileData": {"fileUri": OWN, "mimeType": "x"}}, {"file_data": {"file_uri": OWN}}], ids=str
)
def test_files_in_contents(part: dict[str, Any]) -> None:
    """Gemini's own form names pictures elsewhere in both spellings; what is no link is refused."""
    contents = to_record(
        {"model": PRO, "contents": [{"parts": [{"text": "a"}, part]}]}, ChatCompletionRequest
    )
    (turn,) = read_contents(contents.contents or (), [])
    assert turn.pieces == ["a", Link(OWN, "contents[0].parts[1].fileData.fileUri")]
    foreign = json.loads(json.dumps(part).replace(OWN, "files/abc"))
    contents = to_record({"model": PRO, "contents": [{"parts": [foreign]}]}, ChatCompletionRequest)
    with pytest.raises(InvalidRequest) as caught:
        read_contents(contents.contents or (), [])
    assert (caught.value.code, caught.value.param) == (
        "invalid_image",
        "contents[0].parts[0].fileData.fileUri",
    )


def list_texts(turns: list[Turn]) -> Iterator[str]:
    return (piece for turn in turns for piece in turn.pieces if isinstance(piece, str))


texts = st.sampled_from(
    [{"text": "w0"}, {"type": "text", "text": "w1"}, "w2", {"type": "output_text", "text": "w3"}]
)
inline = st.sampled_from([*INLINE_PARTS, f"![x]({URI})", {"text": URI}])
links = st.sampled_from([part for part, _, _ in LINK_PARTS])


@given(st.lists(texts | inline | links, min_size=1, max_size=12), st.integers(1, 200))
@settings(max_examples=300, deadline=None)
def test_any_mix_of_parts_keeps_its_order(parts: list[Any], step: int) -> None:
    """However texts, pictures and links are mixed and spelt, all arrive in their order and no base64 is text."""
    ((turn,), pictures) = read([{"role": "user", "content": parts}], step)
    expected: list[object] = []
    for part in parts:
        if part in (found for found, _, _ in LINK_PARTS):
            expected.append(next(url for found, url, _ in LINK_PARTS if found == part))
        elif ONE in json.dumps(part):
            expected.append(sum(isinstance(piece, int) for piece in expected))
        else:
            expected.append(part if isinstance(part, str) else part["text"])
    assert [piece.url if isinstance(piece, Link) else piece for piece in turn.pieces] == expected
    assert len(pictures) == sum(isinstance(piece, int) for piece in expected)
    assert not any("iVBOR" in text or "base64" in text for text in list_texts([turn]))
