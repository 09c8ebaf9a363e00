"""Conversations in OpenAI's and Gemini's form as Gemini takes them: text, pictures and their places."""

from typing import Any

import pytest
from chat_requests import PNG_HEAD, draw, get_request
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.errors import InvalidRequest
from limner.translate.messages import InputPicture, read_messages
from limner.wire.openai import Message

ONE = PNG_HEAD + "AAAA"
TWO = "/9j/AAAA"
GIF = "R0lGODlhAAAA"
OLD = "gemini-2.5-flash-image"
"""A model without signatures, which takes pictures in its own turns."""


def uri(base64: str) -> str:
    return f"data:image/png;base64,{base64}"


def turns_of(model: str = "gemini-3-pro-image", **fields: Any) -> list[tuple[str, list[str | int]]]:
    """Return the turns as they are sent, pictures as their numbers."""
    drawing = draw(model, **fields)
    numbers = iter(drawing.pictures)
    turns: list[tuple[str, list[str | int]]] = []
    for content in get_request(drawing).contents:
        pieces = [part.text if isinstance(part.text, str) else next(numbers) for part in content.parts]
        turns.append((str(content.role), pieces))
    assert next(numbers, None) is None
    return turns


def said(content: Any, model: str = "gemini-3-pro-image") -> list[str | int]:
    ((role, pieces),) = turns_of(model, messages=[{"role": "user", "content": content}])
    assert role == "user"
    return pieces


def refuse(**fields: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        draw(**fields)
    return caught.value


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("user", "user"),
        ("User", "user"),
        (None, "user"),
        ("tool", "user"),
        ("x", "user"),
        ("assistant", "model"),
    ],
)
def test_roles(role: str | None, expected: str) -> None:
    """The assistant is the model; absent and unknown roles are users."""
    assert turns_of(messages=[{"role": role, "content": "a"}, {"content": "b"}])[0] == (expected, ["a"])


def test_system_texts_have_their_own_place() -> None:
    """System and developer texts are joined into the system instruction and count as no turn."""
    drawing = draw(
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "a"},
            {"role": "developer", "content": [{"type": "text", "text": "Draw well."}]},
        ]
    )
    instruction = get_request(drawing).system_instruction
    assert not isinstance(instruction, type(get_request(drawing).store))
    assert [part.text for part in getattr(instruction, "parts", [])] == ["Be brief.\n\nDraw well."]
    assert [content.role for content in get_request(drawing).contents] == ["user"]


@pytest.mark.parametrize(
    ("content", "instruction"),
    [
        ("aspect_ratio=4:3", None),
        (["aspect_ratio=4:3", {"text": "image_size=2K"}], None),
        (["aspect_ratio=4:3", "Be bold."], "aspect_ratio=4:3\n\nBe bold."),
        (f"{uri(ONE)}\naspect_ratio=4:3", "\naspect_ratio=4:3"),
    ],
)
def test_a_system_message_is_settings_as_a_whole(content: object, instruction: str | None) -> None:
    """A system message that is nothing but settings sets and is not sent; any other is sent whole and sets nothing."""
    drawing = draw(messages=[{"role": "system", "content": content}, {"content": "a"}])
    parts = getattr(get_request(drawing).system_instruction, "parts", [])
    assert [part.text for part in parts] == ([] if instruction is None else [instruction])
    assert drawing.settings.aspect_ratio == ("4:3" if instruction is None else None)


def test_forms_of_content() -> None:
    """Content is a string, strings, or parts of text, `image_url`, `input_image` and `file`."""
    content = [
        "one",
        {"type": "text", "text": "two"},
        {"type": "image_url", "image_url": {"url": uri(ONE), "detail": "high"}},
        {"type": "image_url", "image_url": uri(ONE)},
        {"type": "input_image", "image_url": uri(TWO)},
        {"type": "file", "file": {"file_data": uri(TWO), "filename": "a.png"}},
        {"text": "three"},
    ]
    assert said("one") == ["one"]
    assert said(content) == ["one", "two", 0, 1, 2, 3, "three"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (uri(ONE), [0]),
        (f"before {uri(ONE)} after", ["before ", 0, " after"]),
        (f"before ![a picture]({uri(ONE)}) after", ["before ", 0, " after"]),
        (f"![]({uri(ONE)})![]({uri(TWO)})", [0, 1]),
        (f"![]({uri(ONE)})\n\n![]({uri(TWO)})\n", [0, 1]),
        (f"one ![]({uri(ONE)}) two ![]({uri(TWO)}) three", ["one ", 0, " two ", 1, " three"]),
        (f'![a](<{uri(ONE)}> "its title") b', [0, " b"]),
        (f"![a]( {uri(ONE)} )", [0]),
        (f"![a] ({uri(ONE)})", ["![a] (", 0, ")"]),
        (f"![a]({uri(ONE)} b", ["![a](", 0, " b"]),
        (f"![x] ![a]({uri(ONE)})", ["![x] ", 0]),
        (f"[a]({uri(ONE)})", ["[a](", 0, ")"]),
        (f"{uri(ONE)}\nmake it red", [0, "\nmake it red"]),
        (f"<img src='{uri(ONE)}'>", ["<img src='", 0, "'>"]),
        (f"DATA:IMAGE/PNG;BASE64,{ONE}", [0]),
        (f"data:image/png;charset=utf-8;base64,{ONE}", [0]),
        (f"İİ ![İ]({uri(ONE)}) İ", ["İİ ", 0, " İ"]),
        (f"{uri(ONE)}\uff15 and \u0665", [0, "\uff15 and \u0665"]),
    ],
)
def test_pictures_in_text(text: str, expected: list[str | int]) -> None:
    """A data URI in a text is a picture in its place, with the Markdown around it gone."""
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "what does ;base64,QUJD mean?",
        "data:text/plain;base64,aGVsbG8=",
        "![x](data:text/plain;base64,aGVsbG8=) y",
        ";base64,",
        "a \0000 b",
        f"\0{'9' * 5000} c",
        "![x](data:a,\0007)",
    ],
)
def test_what_only_looks_like_a_picture_stays(text: str) -> None:
    """Text that is no picture is sent as it was, also where it looks like the gateway's own marks."""
    assert said(text) == [text]


def test_marks_in_the_clients_text_forge_nothing_but_text() -> None:
    """A client's text with NUL and a picture's number stays text, and the picture a picture."""
    assert said(
        [{"text": uri(ONE)}, {"text": "\0000 data:\0000 data:x,\0000"}, {"text": ";base64,\0000"}]
    ) == [
        0,
        "\0000 data:\0000 data:x,\0000",
        ";base64,\0000",
    ]


@pytest.mark.parametrize("text", ["![" * 300_000, "data:" * 200_000, "![a](" * 200_000, " " * 500_000])
def test_texts_full_of_openings_take_linear_time(text: str) -> None:
    """A text made of nothing but beginnings of pictures is read in one walk."""
    picture = InputPicture(mime_type="image/png", sha256="", size_bytes=1, text="")
    turns, _ = read_messages(
        [Message(content=f"{text}\0000{text}data:image/png;base64,\0000{text}")], [picture]
    )
    assert turns[0].pieces.count(0) == 1


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"image_url": {"url": "gs://bucket/a.png"}}, ".image_url.url"),
        ({"image_url": "a.png"}, ".image_url"),
        ({"image_url": f"x{uri(ONE)}"}, ".image_url"),
        ({"image_url": {"url": uri(GIF)}}, ".image_url.url"),
        ({"image_url": {"url": uri("bm8gcGljdHVyZQ==")}}, ".image_url.url"),
        ({"file": {"file_id": "file-1"}}, ".file.file_id"),
        ({"file": {"file_data": "bm8gcGljdHVyZQ=="}}, ".file.file_data"),
        ({"type": "text", "text": f"![a]({uri(GIF)})"}, ".text"),
        ({"type": "input_image", "file_id": "file-1"}, ".file_id"),
        ({"type": "image", "source": {"type": "text", "data": "bm8gcGljdHVyZQ=="}}, ".source.data"),
        ({"type": "image_file", "image_file": {"file_id": "file-1"}}, ""),
        ({"type": "image_url", "image_url": None}, ""),
    ],
)
def test_unusable_pictures_are_refused(part: dict[str, Any], param: str) -> None:
    """A picture that cannot be read is refused by its path, never silently left out."""
    error = refuse(messages=[{"role": "user", "content": ["a", part]}])
    assert (error.code, error.param) == ("invalid_image", f"messages[0].content[1]{param}")


def test_long_links_are_shown_short() -> None:
    """A picture's address of megabytes does not come back in the message."""
    error = refuse(messages=[{"content": [{"image_url": "h" * 10**6}]}])
    assert len(error.message) < 300


def test_a_gif_in_text_is_refused() -> None:
    """GIF is not taken, also not inside Markdown."""
    error = refuse(messages=[{"role": "assistant", "content": f"![a]({uri(GIF)})"}])
    assert (error.code, error.param) == ("invalid_image", "messages[0].content")
    assert "image/gif" in error.message


def test_pictures_of_model_turns_move_to_the_users() -> None:
    """A picture without its signature may not stand in a model turn: the user's next turn gets it first."""
    turns = turns_of(
        messages=[
            {"role": "user", "content": "a boat"},
            {"role": "assistant", "content": f"Here: ![image]({uri(ONE)})"},
            {"role": "user", "content": ["make it red", {"image_url": uri(TWO)}]},
        ]
    )
    assert turns == [("user", ["a boat"]), ("model", ["Here: "]), ("user", [0, "make it red", 1])]


def test_model_turns_of_pictures_alone_vanish() -> None:
    """A model turn that had only a picture is not sent empty; without a next user turn one is made."""
    turns = turns_of(
        messages=[
            {"role": "user", "content": "a boat"},
            {"role": "assistant", "content": f"![image]({uri(ONE)})"},
            {"role": "assistant", "content": f"![image]({uri(TWO)})"},
        ]
    )
    assert turns == [("user", ["a boat"]), ("user", [0, 1])]


def test_models_without_signatures_keep_pictures_in_place() -> None:
    """2.5 Flash has no signatures, so its pictures stay in its turns."""
    turns = turns_of(
        OLD,
        messages=[
            {"role": "assistant", "content": f"![image]({uri(ONE)})"},
            {"role": "user", "content": "redder"},
        ],
    )
    assert turns == [("model", [0]), ("user", ["redder"])]


def test_contents_in_both_spellings() -> None:
    """Gemini's own form is read in camelCase and snake_case, its text like any text."""
    turns = turns_of(
        OLD,
        contents=[
            {"parts": [{"text": f"a {uri(ONE)}"}, {"inlineData": {"mimeType": "image/jpeg", "data": TWO}}]},
            {"role": "model", "parts": [{"inline_data": {"mime_type": "image/png", "data": ONE}}]},
            {"role": "MODEL", "parts": [{"text": "b"}]},
            {"role": "user"},
            {"parts": [{"text": ""}, {"inlineData": {}}]},
        ],
    )
    assert turns == [("user", ["a ", 0, 1]), ("model", [2]), ("model", ["b"])]


def test_contents_with_unusable_pictures_are_refused() -> None:
    """Inline data that is no picture Gemini takes is refused by its path."""
    error = refuse(contents=[{"parts": [{"text": "a"}, {"inlineData": {"data": GIF}}]}])
    assert (error.code, error.param) == ("invalid_image", "contents[0].parts[1].inlineData.data")


@pytest.mark.parametrize("content", [None, "", [], [""], [{"type": "text", "text": ""}], [{}]])
def test_empty_messages_are_no_turns(content: Any) -> None:
    """Messages without text or picture are left out."""
    turns = turns_of(messages=[{"role": "user", "content": content}, {"role": "user", "content": "a"}])
    assert turns == [("user", ["a"])]


def test_mime_types_are_what_the_bytes_say() -> None:
    """A picture is sent as the type its bytes have, whatever it was called."""
    (content,) = get_request(draw(messages=[{"content": f"data:image/gif;base64,{TWO}"}])).contents
    assert getattr(content.parts[0].inline_data, "mime_type", None) == "image/jpeg"


@given(st.lists(st.sampled_from(["a", " b ", "![x](", ")", "](", "\n", "<", uri(ONE), uri(TWO)]), min_size=1))
@settings(max_examples=200, deadline=None)
def test_every_picture_keeps_its_place(pieces: list[str]) -> None:
    """However text and pictures alternate, pictures keep their order and no word is lost."""
    text = " ".join(pieces)
    if not text.strip():
        return
    found = said(text)
    pictures = [piece for piece in found if isinstance(piece, int)]
    assert pictures == list(range(text.count("base64,")))
    letters = "".join(piece for piece in found if isinstance(piece, str))
    for letter in "ab":
        plain = text.replace(ONE, "").replace(TWO, "").replace("data:image/png;base64,", "")
        assert letters.count(letter) == plain.count(letter)
