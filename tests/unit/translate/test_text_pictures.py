"""Links of this gateway that stand in a text as Markdown pictures."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.pictures.links import PictureLinks, find_picture_id
from limner.translate.messages import InputPicture, Link, Piece, read_messages, resolve_links
from limner.translate.text_pictures import split_text
from limner.wire.openai import Message

ID = f"img_{'0a' * 16}"
OWN = f"https://gateway.test/images/{ID}?expires=1798761600&signature=a-b_c"


def split(text: str) -> list[Piece]:
    return list(split_text(text, "x", []))


def url_of(piece: Piece) -> Piece:
    return f"<{piece.url}>" if isinstance(piece, Link) else piece


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"![image]({OWN})", [f"<{OWN}>"]),
        (f"before ![image]({OWN}) after", ["before ", f"<{OWN}>", " after"]),
        (f"![]({OWN})![]({OWN})", [f"<{OWN}>", f"<{OWN}>"]),
        (f'![a](</images/{ID}> "title") b', [f"</images/{ID}>", " b"]),
        (f"![a]( images/{ID} 'title' )", [f"<images/{ID}>"]),
        (f"![a [b] \\] c](http://h:8000/sub/images/{ID}#x)", [f"<http://h:8000/sub/images/{ID}#x>"]),
        (f"![x] ![a]({OWN})", ["![x] ", f"<{OWN}>"]),
        (f"[![a]({OWN})]({OWN})", ["[", f"<{OWN}>", f"]({OWN})"]),
        (f"İ ![İ]({OWN}) İ", ["İ ", f"<{OWN}>", " İ"]),
    ],
)
def test_own_links_in_text(text: str, expected: list[str]) -> None:
    """A Markdown picture whose link has this gateway's form is one in its place, however it is written."""
    pieces = split(text)
    assert [url_of(piece) for piece in pieces] == expected
    assert all(piece.is_from_text for piece in pieces if isinstance(piece, Link))


@pytest.mark.parametrize(
    "text",
    [
        "![a](https://example.com/a.png)",
        f"[a]({OWN})",
        OWN,
        f"![a]({OWN}",
        f"![a] ({OWN})",
        f"![a](x {OWN})",
        f"![a](https://example.com/{ID})",
        f"![a](https://example.com/images/{ID}.png)",
        f"![a](https://example.com/images/{ID}/b)",
        f"![a](https://example.com/images/{ID}0)",
        f"![a](https://example.com/images/{ID.upper()})",
        f"![a](https://example.com/?x=images/{ID} y)",
        f"!\\[a]({OWN})",
        f"![a](//images/{ID})",
        f"![a](https://images/{ID})",
    ],
)
def test_other_links_stay_text(text: str) -> None:
    """A link elsewhere, or of this gateway but no Markdown picture, is text and nothing is fetched for it."""
    assert split(text) == [text]


@pytest.mark.parametrize("role", ["user", "assistant", "tool", None])
def test_own_links_in_every_role_but_the_systems(role: str | None) -> None:
    """Users and answers show pictures by links; a system text that has one is a text."""
    text = f"as in ![a]({OWN})"
    ((turn,), _) = read_messages([Message(role=role, content=text)], [])
    assert [url_of(piece) for piece in turn.pieces] == ["as in ", f"<{OWN}>"]
    assert read_messages([Message(role="system", content=text)], []) == ([], [text])


def test_what_is_signed_here_is_found_in_text() -> None:
    """A link as this gateway signs it is found whole, and names its picture."""
    link = f"https://gateway.test{PictureLinks(b'key').sign(ID, 1_800_000_000)}"
    (piece,) = split(f"![image]({link})")
    assert isinstance(piece, Link)
    assert (piece.url, find_picture_id(piece.url)) == (link, ID)


@given(
    st.text("/:ima ges.?#0<>()\\&=", max_size=12),
    st.sampled_from(
        [f"images/{ID}", f"/images/{ID}", ID, f"image/{ID}", f"images/{ID[:-1]}", f"images/{ID}0"]
    ),
    st.sampled_from(["", "?expires=1", "#x", "/", ".png", "?a=/images/b"]),
)
@settings(max_examples=500, deadline=None)
def test_both_readers_of_links_agree(before: str, middle: str, after: str) -> None:
    """Whatever is taken for an own link in a text is one to the part that looks its picture up."""
    for piece in split(f"![a]({before}{middle}{after})"):
        if isinstance(piece, Link):
            assert find_picture_id(piece.url) == ID


@given(
    st.lists(
        st.sampled_from(["a", " ", "\n", f"![x]({OWN})", f"![]({OWN}#y)", "![", "](", ")", OWN]), max_size=9
    )
)
@settings(max_examples=300, deadline=None)
def test_links_that_prove_foreign_are_the_text_they_were(pieces: list[str]) -> None:
    """A text whose links turn out to be none of ours is that text again, but for white space at its end."""
    text = "".join(pieces)
    found = split(text)
    assert "".join(map(str, resolve_links(found, {}))).rstrip() == text.rstrip()
    assert len(resolve_links(found, {})) <= 1


def test_links_become_numbers_or_text() -> None:
    """A link that was found is its picture's number, beside one that stays in its sentence."""
    other = OWN.replace("0a", "0b")
    found = split(f"one ![a]({OWN}) two ![b]({other}) three")
    assert resolve_links(found, {OWN: 4, other: None}) == ["one ", 4, f" two ![b]({other}) three"]


@pytest.mark.parametrize(
    "text",
    [
        f"![](images/{ID} " * 40_000,
        f"images/{ID} " * 40_000,
        f'![](images/{ID} "' * 40_000,
        f"![](images/{ID}" + " " * 1_000_000,
        "![" * 500_000 + f"images/{ID}",
        "![[" * 300_000 + f"](images/{ID})",
        "![\\" * 300_000 + f"](images/{ID})",
    ],
    ids=["openings", "paths", "titles", "blanks", "heads", "brackets", "escapes"],
)
def test_texts_full_of_links_take_linear_time(text: str) -> None:
    """A text made of nothing but beginnings of links is read in one walk."""
    picture = InputPicture(mime_type="image/png", sha256="", size_bytes=1, text="")
    pieces = list(split_text(f"{text}data:image/png;base64,\0000{text}", "x", [picture]))
    assert pieces.count(0) == 1
