"""Pictures that cannot be read: refused by their place, before anything is bought."""

import base64
from typing import Any

import pytest
from arrivals import Picture
from spelling import SPELLINGS, spell

from asking import ask, chat
from painting import Painter
from programs import Gateway

GIF = base64.b64encode(b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(40)).decode()
NO_PICTURE = base64.b64encode(b"%PDF-1.7 and nothing that is a picture").decode()
HUGE = Picture(1, width=10_001, height=10_000)
LARGEST = Picture(1, width=10_000, height=10_000)


def refuse(gateway: Gateway, painter: Painter, message: dict[str, Any]) -> dict[str, Any]:
    """Return the error of a call; nothing may have been bought."""
    reply = ask(gateway, chat(messages=[{"role": "user", **message}]))
    assert reply.status == 400, reply.body
    assert painter.calls == []
    assert len(reply.body) < 1000
    return reply.error


@pytest.mark.parametrize("name", SPELLINGS)
def test_gif_is_refused_in_each_spelling(name: str, scripted_gateway: Gateway, painter: Painter) -> None:
    """A GIF is refused as one, however it is spelt and whatever it is called."""
    part = spell(name, GIF)
    error = refuse(scripted_gateway, painter, {"content": ["a boat", part]})
    assert error["code"] == "invalid_image"
    assert error["param"].startswith("messages[0].content[1]")
    assert "image/gif" in error["message"]
    assert "PNG, JPEG, WebP, HEIC and HEIF" in error["message"]


@pytest.mark.parametrize(
    "name", [name for name in SPELLINGS if name not in {"text", "Markdown", "Markdown string"}]
)
def test_what_is_no_picture_is_refused_in_each_spelling(
    name: str, scripted_gateway: Gateway, painter: Painter
) -> None:
    """Base64 of something else in a picture's place is refused; it is neither left out nor sent as text."""
    part = spell(name, NO_PICTURE)
    error = refuse(scripted_gateway, painter, {"content": ["a boat", part]})
    assert error["code"] == "invalid_image"
    assert error["param"].startswith("messages[0].content[1]")


@pytest.mark.parametrize("name", SPELLINGS)
def test_too_many_pixels_are_refused_in_each_spelling(
    name: str, scripted_gateway: Gateway, painter: Painter
) -> None:
    """A picture whose header says more than 100 megapixels is refused with what it says and what is taken."""
    error = refuse(scripted_gateway, painter, {"content": ["a boat", spell(name, HUGE.bare)]})
    assert error["code"] == "invalid_image"
    assert "10001x10000" in error["message"]
    assert "100 megapixels" in error["message"]


def test_the_largest_picture_is_taken(scripted_gateway: Gateway, painter: Painter) -> None:
    """A picture of exactly 100 megapixels passes."""
    part = spell("image_url", LARGEST.bare)
    reply = ask(scripted_gateway, chat(messages=[{"role": "user", "content": ["a boat", part]}]))
    assert reply.status == 200, reply.body
    assert len(painter.calls) == 1


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ({"content": [{"type": "input_image", "file_id": "file-9"}]}, "invalid_image", "content[0].file_id"),
        (
            {"content": [{"type": "file", "file": {"file_id": "x"}}]},
            "invalid_image",
            "content[0].file.file_id",
        ),
        ({"content": [{"type": "image_file", "image_file": {}}]}, "invalid_image", "content[0]"),
        ({"content": [{"image_url": {"url": "gs://b/a.png"}}]}, "invalid_image", "content[0].image_url.url"),
        ({"content": [{"image_url": "blob:https://x/1"}]}, "invalid_image", "content[0].image_url"),
        ({"content": "a", "images": [{"index": 0}]}, "invalid_image", "images[0]"),
        ({"content": "a", "images": ["a.png"]}, "invalid_image", "images[0]"),
        ({"content": [{"image_url": {"url": None}}]}, "invalid_type", "content[0].image_url.url"),
        ({"content": [{"image_url": {}}]}, "invalid_type", "content[0].image_url.url"),
        ({"content": [{"text": ["a"]}]}, "invalid_type", "content[0].text"),
        ({"content": {"text": "a"}}, "invalid_type", "content"),
        ({"content": "a", "images": {"url": "x"}}, "invalid_type", "images"),
        ({"content": "a", "images": [7]}, "invalid_type", "images[0]"),
    ],
    ids=str,
)
def test_other_faults_are_refused_by_path(
    message: dict[str, Any], code: str, param: str, scripted_gateway: Gateway, painter: Painter
) -> None:
    """A picture that is named and cannot be had, and a field of a wrong type, are refused by their dotted path."""
    error = refuse(scripted_gateway, painter, message)
    assert (error["code"], error["param"]) == (code, f"messages[0].{param}")


def test_pictures_are_counted_wherever_they_stand(scripted_gateway: Gateway, painter: Painter) -> None:
    """More than 100 pictures are refused, those beside the content among them."""
    pictures = [Picture(number) for number in range(101)]
    content = [spell("image_url bare", picture.bare) for picture in pictures[:50]]
    error = refuse(
        scripted_gateway, painter, {"content": content, "images": [picture.uri for picture in pictures[50:]]}
    )
    assert (error["code"], error["message"]) == (
        "invalid_image",
        "The request holds more than 100 pictures.",
    )
