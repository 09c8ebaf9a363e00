"""What is refused, in which order and in which words. The texts are Google's, not the emulator's."""

import json
from typing import Any

import pytest
from calling import (
    FLASH,
    LITE,
    NEW,
    OLD,
    PRO,
    SMALL,
    ask,
    ask_path,
    inline_part,
    open_picture,
    prompt_payload,
)

from programs import Emulator

RATIO_LIST = (
    "* GenerateContentRequest.generation_config.image_config.aspect_ratio: aspect_ratio must be one of '1:1', '1:4', "
    "'1:8', '2:3', '3:2', '3:4', '4:1', '4:3', '4:5', '5:4', '8:1', '9:16', '16:9', or '21:9'.\n"
)
BAD_SIZE = "Unsupported image_size '{}'. Supported values are: 1K, 2K, 4K, 512, 512P, 512PX."
NO_CALLER = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
    "form of API consumer identity to call this API."
)
TYPES = "type.googleapis.com/google.ai.generativelanguage.v1beta"
TOO_LONG = "The input token count (1075000) exceeds the maximum number of tokens allowed (1048575)."
USER = {"role": "user", "parts": [{"text": "a fox"}]}


def image_config(**fields: str) -> dict[str, Any]:
    return prompt_payload("a fox", imageConfig=fields)


def contents(*items: dict[str, Any]) -> dict[str, Any]:
    return {"contents": list(items)}


CASES = [
    (FLASH, image_config(aspectRatio="9:21"), RATIO_LIST),
    (FLASH, image_config(aspectRatio="7:5", imageSize="9K"), RATIO_LIST),
    (OLD, image_config(aspectRatio="1:4"), "Aspect ratio 1:4 is not supported for this model"),
    (
        PRO,
        image_config(aspectRatio="8:1", imageSize="9K"),
        "Aspect ratio 8:1 is not supported for this model",
    ),
    (FLASH, image_config(imageSize="8K"), BAD_SIZE.format("8K")),
    (PRO, image_config(imageSize="0.5K"), BAD_SIZE.format("0.5K")),
    (NEW, image_config(imageSize="1k"), BAD_SIZE.format("1k")),
    (NEW, image_config(imageSize="512"), "Image size 512 is not supported for this model"),
    (PRO, image_config(imageSize="512"), "Image size 512 is not supported for this model"),
    (OLD, image_config(imageSize="512"), "Image size 512 is not supported for this model"),
    (LITE, image_config(imageSize="1K"), "Image size 1K is not supported for this model"),
    (LITE, image_config(imageSize="2K"), "Image size 2K is not supported for this model"),
    (
        FLASH,
        prompt_payload("a fox", negativePrompt="cats"),
        "Invalid JSON payload received. Unknown name \"negativePrompt\" at 'generation_config': Cannot find field.",
    ),
    (
        FLASH,
        image_config(personGeneration="ALLOW_ALL"),
        (
            "Invalid JSON payload received. Unknown name \"personGeneration\" at 'generation_config.image_config': "
            "Cannot find field."
        ),
    ),
    (
        FLASH,
        {**contents(USER), "messages": []},
        'Invalid JSON payload received. Unknown name "messages": Cannot find field.',
    ),
    (
        FLASH,
        prompt_payload("a fox", responseModalities=["BANANA"]),
        f"Invalid value at 'generation_config.response_modalities[0]' ({TYPES}.GenerationConfig.Modality), \"BANANA\"",
    ),
    (
        FLASH,
        contents({"parts": [{"text": 5}]}),
        "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 5",
    ),
    (FLASH, {}, "* GenerateContentRequest.contents: contents is not specified\n"),
    (FLASH, contents(), "* GenerateContentRequest.contents: contents is not specified\n"),
    (FLASH, contents({"role": "user", "parts": []}), "Request has empty input."),
    (FLASH, contents({**USER, "role": "assistant"}), "Please use a valid role: user, model."),
    (FLASH, prompt_payload("a fox", candidateCount=2), "Multiple candidates is not enabled for this model"),
    (
        FLASH,
        prompt_payload("a fox", responseModalities=["TEXT", "AUDIO"]),
        "Model does not support the requested response modalities: text,audio",
    ),
    (
        FLASH,
        prompt_payload("a fox", responseFormat={"image": {"aspectRatio": "16:9"}}),
        (
            "Invalid value at 'generation_config.response_format.image.aspect_ratio' "
            f'({TYPES}.ImageResponseFormat.AspectRatio), "16:9"'
        ),
    ),
    (
        FLASH,
        prompt_payload("a fox", responseFormat={"image": {"delivery": "URI"}}),
        "Request contains an invalid argument.",
    ),
    (FLASH, prompt_payload("a" * 4_300_000), TOO_LONG),
    (
        OLD,
        prompt_payload("a fox", thinkingConfig={"thinkingLevel": "high"}),
        "Thinking level is not supported for this model",
    ),
    (
        FLASH,
        prompt_payload("a fox", thinkingConfig={"thinkingLevel": "MEDIUM"}),
        "Thinking level MEDIUM is not supported for this model. Please retry with other thinking level.",
    ),
    (
        FLASH,
        contents({"role": "user", "parts": [inline_part(b"no picture")]}),
        (
            "Unable to process input image. Please retry or report in "
            "https://developers.generativeai.google/guide/troubleshooting"
        ),
    ),
    (
        FLASH,
        contents(
            {"parts": [{"inlineData": {"mimeType": "image/png", "data": "data:image/png;base64,AAAA"}}]}
        ),
        (
            "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), "
            'Base64 decoding failed for "data:image/png;base64,AAAA"'
        ),
    ),
    (FLASH, contents({"parts": [inline_part(b"GIF89a", "image/gif")]}), "Unsupported MIME type: image/gif"),
]


@pytest.mark.parametrize(("model", "payload", "message"), CASES)
def test_a_wrong_request_is_refused_in_googles_words(
    emulator: Emulator, model: str, payload: dict[str, Any], message: str
) -> None:
    """A request Google refuses is refused with 400, INVALID_ARGUMENT and Google's text."""
    reply = ask(emulator.url, payload, model)
    assert (reply.status, reply.error["status"], reply.error["message"]) == (400, "INVALID_ARGUMENT", message)
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"


def test_fields_that_cannot_be_read_are_listed_together(emulator: Emulator) -> None:
    """Two unknown names are refused at once, each with its place."""
    payload = {**prompt_payload("a fox", foo=1), "bar": 2}
    error = ask(emulator.url, payload).error
    violations = error["details"][0]["fieldViolations"]
    assert [violation.get("field") for violation in violations] == ["generation_config", None]
    assert error["message"] == "\n".join(violation["description"] for violation in violations)


def test_a_response_format_of_googles_names_is_taken_and_ignored(emulator: Emulator) -> None:
    """The enumerations of `responseFormat.image` pass and change nothing: `imageConfig` is what counts."""
    image = {
        "aspectRatio": "ASPECT_RATIO_SIXTEEN_BY_NINE",
        "imageSize": "IMAGE_SIZE_TWO_K",
        "delivery": "INLINE",
    }
    reply = ask(emulator.url, prompt_payload("a fox", **SMALL, responseFormat=[{"image": image}]))
    assert [open_picture(data).size for data in reply.pictures] == [(512, 512)]


def test_names_may_be_written_in_either_form(emulator: Emulator) -> None:
    """snake_case names and enumeration values in any case are taken like their camelCase twins."""
    payload = {
        "contents": {"parts": {"text": "a fox"}},
        "system_instruction": {"parts": [{"text": "Draw."}]},
        "generation_config": {
            "response_modalities": ["Image"],
            "image_config": {"image_size": "512", "aspect_ratio": "1:1"},
        },
        "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        "store": False,
    }
    reply = ask(emulator.url, payload)
    assert (reply.status, len(reply.pictures)) == (200, 1)


@pytest.mark.parametrize(
    ("path", "headers", "status", "word", "message"),
    [
        ("/v1beta/models", {}, 403, "PERMISSION_DENIED", NO_CALLER),
        (
            "/v1/models",
            {"x_goog_api_key": "invalid"},
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid API key.",
        ),
        (
            "/v1/models?key=invalid",
            {},
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid API key.",
        ),
    ],
)
def test_a_missing_or_invalid_key_is_refused(
    emulator: Emulator, path: str, headers: dict[str, str], status: int, word: str, message: str
) -> None:
    """No key is 403 and the key `invalid` is 400, in a header or in the address."""
    reply = ask_path(emulator.url, "GET", path, None, **headers)
    assert (reply.status, reply.error["status"], reply.error["message"]) == (status, word, message)


def test_an_invalid_key_is_refused_with_its_reason(emulator: Emulator) -> None:
    """The refusal of a key carries the machine-readable reason API_KEY_INVALID."""
    reply = ask_path(emulator.url, "GET", "/v1beta/models", x_goog_api_key="invalid")
    assert reply.error["details"][0]["reason"] == "API_KEY_INVALID"


def test_the_key_is_checked_before_the_model_and_the_model_before_the_fields(emulator: Emulator) -> None:
    """Key, then model, then fields: the first fault is the one that is told."""
    body = json.dumps({"foo": 1}).encode()
    path = "/v1beta/models/gemini-9-image:generateContent"
    assert ask_path(emulator.url, "POST", path, body, x_goog_api_key="invalid").status == 400
    unknown = ask_path(emulator.url, "POST", path, body, x_goog_api_key="k")
    assert (unknown.status, unknown.error["message"]) == (
        404,
        (
            "models/gemini-9-image is not found for API version v1beta, or is not supported for generateContent. Call "
            "ListModels to see the list of available models and their supported methods."
        ),
    )


def test_a_body_over_the_limit_is_refused(emulator: Emulator) -> None:
    """A body of more than 100 MB gets Google's text, not a broken connection."""
    reply = ask(emulator.url, b" " * 104_857_601)
    assert reply.error["message"] == "Request payload size exceeds the limit: 104857600 bytes."


def test_an_error_in_a_plain_stream_stands_in_an_array(emulator: Emulator) -> None:
    """Without `alt=sse` a stream's error body is an array of one."""
    path = f"/v1beta/models/{FLASH}:streamGenerateContent"
    reply = ask_path(emulator.url, "POST", path, b"{}", x_goog_api_key="k")
    assert [item["error"]["code"] for item in reply.json()] == [400]
