"""The reading of forms by itself: any cut of the bytes, any names and values."""

import asyncio
import string
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from imaging import FORM, File, make_png, to_uri, write_form
from starlette.requests import Request
from starlette.types import Message

from limner.errors import InvalidRequest
from limner.pictures.spool import FileSpool, SpoolFolder
from limner.translate.images_form import Upload, to_fields
from limner.web.multipart import read_multipart

RED, BLUE = make_png("red"), make_png("blue")
FORM_BYTES = write_form(
    [
        ("prompt", "a lighthouse\r\n--a-boundary-of-the-test"),
        ("image[]", File(RED)),
        ("image[]", to_uri(BLUE)),
        ("n", "2"),
        ("google[image_config][aspect_ratio]", "16:9"),
        ("image[]", File(BLUE + b"\r\n--a-boundary")),
        ("mask", File(RED)),
        ("ignored", File(b"\r\n--", "a.zip", "application/zip")),
    ]
)


def read(pieces: Iterable[bytes]) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of a form that comes in pieces, and the digests of its pictures."""
    left = [*pieces]

    async def receive() -> Message:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    headers = [(b"content-type", FORM["Content-Type"].encode())]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    with TemporaryDirectory() as folder:
        files = SpoolFolder(Path(folder))
        body = asyncio.run(read_multipart(request, max_bytes=1 << 20, new_spool=lambda: FileSpool(files)))
        found = body.fields, [picture.sha256 for picture in body.pictures]
        body.close()
        files.close()
    return found


WHOLE = read([FORM_BYTES])


@given(st.lists(st.integers(1, len(FORM_BYTES) - 1), max_size=12))
@example([*range(1, len(FORM_BYTES))])
def test_any_cut(cuts: Sequence[int]) -> None:
    """A form is the same in whatever pieces it comes."""
    places = [0, *sorted(set(cuts)), len(FORM_BYTES)]
    assert read(FORM_BYTES[a:b] for a, b in pairwise(places)) == WHOLE


@given(st.integers(0, len(FORM_BYTES) - len("--\r\n") - 1))
def test_any_end_before_the_last(end: int) -> None:
    """A form that stops too early is never taken for a whole one."""
    with pytest.raises(InvalidRequest, match="not valid multipart/form-data"):
        read([FORM_BYTES[:end]])


def test_what_is_read() -> None:
    """Texts are typed, nested ones nested, and pictures stand in their order whatever they came as."""
    fields, digests = WHOLE
    assert (fields["n"], fields["google"]) == (2, {"image_config": {"aspect_ratio": "16:9"}})
    assert fields["prompt"] == "a lighthouse\r\n--a-boundary-of-the-test"
    first, second, third = fields["image"]
    numbers = [int(entry.rpartition("\0")[2]) for entry in (first, second, third, fields["mask"])]
    assert len(set(numbers)) == 4
    assert digests[numbers[0]] == digests[numbers[3]] != digests[numbers[1]]
    assert "ignored" not in fields


NAMES = st.one_of(
    st.sampled_from(
        ["n", "image", "image[]", "image[3]", "mask", "google[a][b]", "google", "metadata[n]", "a[][b]"]
    ),
    st.text(string.printable, min_size=1, max_size=30),
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["1", "true", '{"a": [1]}', "[[", "{", ""]),
    st.builds(Upload, st.integers(0, 9)),
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=30))
def test_any_names(entries: Sequence[tuple[str, str | Upload]]) -> None:
    """No names and values break the reading; a file's place is never lost in a list."""
    try:
        fields = to_fields(entries)
    except InvalidRequest:
        return
    files = [value for name, value in entries if name == "image[]" and isinstance(value, Upload)]
    if all(name in {"image[]", "n"} for name, _ in entries) and files:
        assert [entry for entry in fields["image"] if isinstance(entry, Upload)] == files


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("n", "2", 2),
        ("n", " ", None),
        ("n", "two", "two"),
        ("stream", "True", True),
        ("stream", "0", False),
        ("temperature", ".5", 0.5),
        ("temperature", "nan", "nan"),
        ("prompt", "2", "2"),
        ("metadata[n]", "2", {"n": "2"}),
        (
            "google[thinking_config][include_thoughts]",
            "true",
            {"thinking_config": {"include_thoughts": True}},
        ),
        ("google", '{"a": 1}', {"a": 1}),
        ("google", "{", "{"),
        ("image", "", None),
    ],
)
def test_what_texts_stand_for(name: str, text: str, value: object) -> None:
    """A field's name says what its text stands for; what does not look so stays text."""
    fields = to_fields([(name, text)])
    assert fields.get(name.partition("[")[0]) == value
