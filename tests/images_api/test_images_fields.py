"""What the fields of the images API do: what is drawn, refused and said."""

from typing import Any

import pytest
from imaging import (
    EDITS,
    GENERATIONS,
    MODEL,
    ask_images,
    images,
    list_notices,
    make_png,
    read_pictures,
    to_uri,
)

from asking import ask, digest
from programs import Gateway, ListCalls, StartGateway

PICTURE = to_uri(make_png())


@pytest.mark.parametrize(
    ("fields", "size", "quality"),
    [
        ({"size": "1024x1024"}, "1024x1024", "medium"),
        ({"size": "auto"}, None, "medium"),
        ({"size": "1792x1024"}, "1376x768", "medium"),
        ({"size": "2048x2048"}, "2048x2048", "high"),
        ({"size": "1600x900"}, "2752x1536", "high"),
        ({"size": "1024x1024", "quality": "high"}, "2048x2048", "high"),
        ({"aspect_ratio": "16:9", "quality": "2k"}, "2752x1536", "high"),
        ({"extra_body": {"google": {"image_config": {"aspect_ratio": "1:1", "image_size": "512"}}}}, "512x512", "low"),
        ({"model": f"{MODEL}-1x1-2k"}, "2048x2048", "high"),
    ],
)  # fmt: skip
def test_sizes(fields: dict[str, Any], size: str | None, quality: str, gateway: Gateway) -> None:
    """Ratio and size are read from every place that the chat door reads, and the answer says what was drawn."""
    answer = ask_images(gateway, {"model": MODEL, "prompt": "a lighthouse", **fields})
    if size is not None:
        assert answer["size"] == size
    assert answer["quality"] == quality
    note = answer["limner"]["images"][0]
    assert answer["size"] == f"{note['width']}x{note['height']}"


@pytest.mark.parametrize(
    ("path", "fields", "code", "param"),
    [
        (GENERATIONS, {"model": None}, "missing_required_parameter", "model"),
        (GENERATIONS, {"model": "gemini-3.1-flash"}, "model_not_found", "model"),
        (GENERATIONS, {"model": "gemini-4-carbon"}, "unsupported_value", "model"),
        (GENERATIONS, {"prompt": None}, "missing_required_parameter", "prompt"),
        (GENERATIONS, {"prompt": " "}, "missing_required_parameter", "prompt"),
        (GENERATIONS, {"prompt": ["a"]}, "invalid_type", "prompt"),
        (GENERATIONS, {"n": "2"}, "invalid_type", "n"),
        (GENERATIONS, {"n": 11}, "unsupported_value", "n"),
        (GENERATIONS, {"n": 0}, "unsupported_value", "n"),
        (GENERATIONS, {"size": "huge", "image_size": None}, "unsupported_value", "size"),
        (GENERATIONS, {"size": 1024}, "invalid_type", "size"),
        (GENERATIONS, {"response_format": "binary"}, "unsupported_value", "response_format"),
        (GENERATIONS, {"output_format": "svg"}, "unsupported_value", "output_format"),
        (GENERATIONS, {"output_format": "gif"}, "unsupported_value", "output_format"),
        (GENERATIONS, {"background": "transparent"}, "unsupported_value", "background"),
        (GENERATIONS, {"partial_images": 4}, "unsupported_value", "partial_images"),
        (GENERATIONS, {"output_compression": 101}, "unsupported_value", "output_compression"),
        (GENERATIONS, {"stream": "yes"}, "invalid_type", "stream"),
        (GENERATIONS, {"image": [PICTURE, "nonsense"]}, "invalid_image", "image[1]"),
        (EDITS, {}, "missing_required_parameter", "image"),
        (EDITS, {"mask": PICTURE}, "missing_required_parameter", "image"),
        (EDITS, {"image": "data:image/png;base64,aGVsbG8="}, "invalid_image", "image"),
        (EDITS, {"image": [PICTURE] * 15}, "invalid_image", "image"),
        (EDITS, {"image": [PICTURE] * 14, "mask": PICTURE}, "invalid_image", "image"),
        (EDITS, {"images": [{"file_id": "file-abc"}]}, "invalid_image", "images[0].file_id"),
        (EDITS, {"image": f"img_{'0' * 32}"}, "image_not_found", "image"),
        (EDITS, {"image": PICTURE, "mask": [PICTURE]}, "invalid_type", "mask"),
    ],
)
def test_refusals(
    path: str, fields: dict[str, Any], code: str, param: str, gateway: Gateway, journal: ListCalls
) -> None:
    """What cannot be drawn is refused by name before anything is bought."""
    reply = ask(gateway, images(**fields), path=path)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (
        404 if code == "model_not_found" else 400, code, param,
    )  # fmt: skip
    assert set(reply.error) == {"message", "type", "param", "code"}
    assert journal() == []


def test_a_text_model_is_refused_by_name(gateway: Gateway) -> None:
    """The refusal of a text model names models that draw."""
    told = ask(gateway, images(model="gemini-4-carbon"), path=GENERATIONS).error["message"]
    assert "gemini-3.1-flash-image" in told


@pytest.mark.parametrize(
    "fields",
    [
        {"style": "vivid"},
        {"input_fidelity": "high"},
        {"moderation": "low"},
        {"output_compression": 50},
        {"quality": "max"},
        {"frame_count": 9, "frame_duration_ms": 100},
        {"stream": False, "svg": {"model": "any"}},
        {"complexity": "high"},
    ],
    ids=str,
)
def test_settings_without_meaning(fields: dict[str, Any], gateway: Gateway) -> None:
    """What changes nothing is named in a notice."""
    assert "setting_dropped" in list_notices(ask_images(gateway, images(**fields)))


@pytest.mark.parametrize(
    "fields",
    [
        {"moderation": "auto", "background": "auto", "style": None, "size": "auto", "quality": "auto"},
        {"background": "opaque", "response_format": "b64_json", "output_compression": 100},
        {"output_format": "jpeg", "partial_images": 0, "user": "somebody", "safety_identifier": "hash"},
        {"n": None, "seed": 7, "temperature": 1, "unknown": {"a": [1]}},
    ],
    ids=str,
)
def test_settings_that_say_nothing(fields: dict[str, Any], gateway: Gateway) -> None:
    """Defaults spelt out, and fields that are not known, leave no notice."""
    assert list_notices(ask_images(gateway, images(**fields))) == []


def test_another_file_type(gateway: Gateway) -> None:
    """A file type that Gemini did not make leaves its bytes as they are, and a notice."""
    plain = ask_images(gateway, images())
    answer = ask_images(gateway, images(output_format="png"))
    assert (answer["output_format"], list_notices(answer)) == ("jpeg", ["output_format_differs"])
    assert [digest(p) for p in read_pictures(answer)] == [digest(p) for p in read_pictures(plain)]


@pytest.mark.parametrize(
    "fields",
    [
        {"image": PICTURE},
        {"image": [PICTURE]},
        {"image": PICTURE.partition(",")[2]},
        {"image": {"image_url": PICTURE}},
        {"images": [{"image_url": PICTURE}]},
        {"images": [{"image_url": {"url": PICTURE}}]},
        {"prompt": f"a lighthouse ![it]({PICTURE})"},
    ],
    ids="-".join,
)
def test_pictures_in_json(fields: dict[str, Any], gateway: Gateway, journal: ListCalls) -> None:
    """JSON edits take a picture in every spelling, at either door."""
    for path in (EDITS, GENERATIONS):
        ask_images(gateway, images(**fields), path=path)
    assert [call["settings"]["inputPictures"] for call in journal()] == [1, 1]


def test_fourteen_pictures(gateway: Gateway, journal: ListCalls) -> None:
    """Thirteen pictures and a mask are taken."""
    ask_images(gateway, images(image=[PICTURE] * 13, mask=PICTURE), path=EDITS)
    (call,) = journal()
    assert call["settings"]["inputPictures"] == 14


@pytest.mark.parametrize("field", ["mask", "markup"])
def test_what_a_picture_is_there_for(field: str, gateway: Gateway, journal: ListCalls) -> None:
    """A mask goes as a picture of its own, and words say what it means."""
    ask_images(gateway, images(image=PICTURE, **{field: to_uri(make_png("black"))}), path=EDITS)
    (call,) = journal()
    assert call["settings"]["inputPictures"] == 2
    said = {"mask": "is a mask for the first", "markup": "lies over the first"}[field]
    assert said in call["prompt"]


def test_own_links(gateway: Gateway, journal: ListCalls) -> None:
    """A link that was given out, and a picture's id, can be edited."""
    answer = ask_images(gateway, images(response_format="url"))
    (entry,) = answer["data"]
    assert set(entry) == {"url"}
    picture = ask(gateway, path=entry["url"].removeprefix(gateway.url), key=None)
    note = answer["limner"]["images"][0]
    assert (picture.status, digest(picture.body)) == (200, note["sha256"])
    ask_images(gateway, images("bluer", image=[entry["url"], note["id"]]), path=EDITS)
    assert journal()[-1]["settings"]["inputPictures"] >= 1


def test_no_links_where_none_are_kept(start_gateway: StartGateway) -> None:
    """Links are refused where pictures are not kept."""
    gateway = start_gateway(LIMNER_IMAGE_RETENTION_HOURS="0")
    reply = ask(gateway, images(response_format="url"), path=GENERATIONS)
    assert (reply.status, reply.error["param"]) == (400, "response_format")
    assert len(read_pictures(ask_images(gateway, images()))) == 1


def test_pictures_of_an_answer(gateway: Gateway) -> None:
    """All pictures are given out in their order, thoughts never unless only they came."""
    assert len(read_pictures(ask_images(gateway, images("a lighthouse [[images=2]]")))) == 2
    assert len(read_pictures(ask_images(gateway, images("a lighthouse [[thoughts=1]]")))) == 1


@pytest.mark.parametrize(
    ("directive", "code"),
    [
        ("[[finish=IMAGE_SAFETY]]", "content_policy_violation"),
        ("[[block=PROHIBITED_CONTENT]]", "content_policy_violation"),
        ("[[text-only]]", "no_image_generated"),
        ("[[finish=NO_IMAGE]]", "no_image_generated"),
    ],
)
def test_no_picture(directive: str, code: str, gateway: Gateway, journal: ListCalls) -> None:
    """No picture is a 400 that says why, stored: with a key it is answered again without a call."""
    key = {"Idempotency-Key": f"none-{directive}".strip("[]").replace("[", "")}
    for is_replayed in (None, "true"):
        reply = ask(gateway, images(f"a lighthouse {directive}"), path=GENERATIONS, headers=key)
        assert (reply.status, reply.error["code"]) == (400, code)
        assert reply.headers["x-limner-generation-id"].startswith("gen_")
        assert reply.headers["Idempotent-Replayed"] == is_replayed
        assert reply.headers["x-should-retry"] == "false"
    assert len(journal()) == 1


def test_some_of_several(gateway: Gateway) -> None:
    """What came of several is given out; the others are in the notices. If none came, the first error is the answer."""
    prompt = "a lighthouse [[text-only]] [[times=1]]"
    answer = ask_images(gateway, images(prompt, n=3))
    assert len(read_pictures(answer)) == 2
    assert list_notices(answer).count("choice_failed") == 1
    reply = ask(gateway, images("a lighthouse [[text-only]]", n=2), path=GENERATIONS)
    assert (reply.status, reply.error["code"]) == (400, "no_image_generated")


def test_paths(gateway: Gateway) -> None:
    """The version may be left out where a picture is asked for; variations are told where to go."""
    assert ask(gateway, images(), path="/images/generations").status == 200
    assert ask(gateway, images(image=PICTURE), path="/images/edits/").status == 200
    reply = ask(gateway, images(image=PICTURE), path="/v1/images/variations")
    assert reply.status == 404
    assert "/v1/images/edits" in reply.error["message"]
    assert ask(gateway, path=GENERATIONS).status == 405
