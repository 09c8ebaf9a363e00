"""Every model, ratio and size of the catalogue, in both modes: the client's bytes are the upstream's bytes."""

import io

import pytest
from PIL import Image

from asking import (
    ask_for_answer,
    ask_for_stream,
    chat,
    configure,
    digest,
    draw_directly,
    get_message,
    split_images,
    split_markdown,
)
from limner.catalogue import IMAGE_MODELS, Model
from programs import Emulator, Gateway

CELLS = [(model, ratio, size) for model in IMAGE_MODELS for ratio in model.ratios for size in model.sizes]
PROMPT = "lighthouse"


def name_cell(value: object) -> str:
    return value.id if isinstance(value, Model) else str(value).replace(":", "x")


@pytest.mark.parametrize(("model", "ratio", "size"), CELLS, ids=name_cell)
def test_what_is_drawn_is_what_is_delivered(
    model: Model, ratio: str, size: str, gateway: Gateway, emulator: Emulator
) -> None:
    """Whole and streamed, a picture of each ratio and size has the upstream's bytes and the listed pixels."""
    config = {"aspectRatio": ratio} | ({"imageSize": size} if model.takes_image_size else {})
    drawn = draw_directly(emulator, model.id, PROMPT, **config)
    with Image.open(io.BytesIO(drawn)) as picture:
        assert picture.size == model.pixels[ratio, size]
    asked = chat(PROMPT, model=model.id, extra_body=configure(aspect_ratio=ratio, image_size=size))
    answer = ask_for_answer(gateway, asked)
    stream = ask_for_stream(gateway, asked | {"limner": {"image_output": "images"}})
    ((mime_type, whole),) = split_markdown(get_message(answer)["content"])[1]
    assert (digest(whole), mime_type) == (digest(drawn), Image.MIME[picture.format or ""])
    assert [(kind, digest(data)) for kind, data in split_images(stream.images)] == [
        (mime_type, digest(drawn))
    ]
    (image,) = answer["limner"]["images"]
    assert (image["width"], image["height"], image["bytes"]) == (*picture.size, len(drawn))
    assert (image["sha256"], image["mime_type"]) == (digest(drawn), mime_type)
    assert answer["usage"]["completion_tokens_details"]["image_tokens"] == model.image_tokens[size]
    assert stream.usage == answer["usage"]


@pytest.mark.parametrize("model", IMAGE_MODELS, ids=name_cell)
def test_markdown_streams_of_every_model(model: Model, gateway: Gateway) -> None:
    """Each model's Markdown stream at its largest size equals the whole answer, in lines of up to 64 KiB."""
    asked = chat(PROMPT, model=model.id, extra_body=configure(aspect_ratio="4:5", image_size=model.sizes[-1]))
    stream = ask_for_stream(gateway, asked)
    content = get_message(ask_for_answer(gateway, asked))["content"]
    assert digest(stream.content.encode()) == digest(content.encode())
    assert max(stream.line_bytes) <= 64 * 1024
