"""Vertex AI's paths where they differ from the Developer API's: credentials, fields, files, usage."""

import json
import time
from typing import Any

import pytest
from calling import FLASH, LITE, PRO, SMALL, Reply, ask, ask_path, inline_part, open_picture, prompt_payload

from programs import Emulator, ListCalls

PLACE = "projects/p-1/locations/us-central1/"
NOT_AUTHENTIC = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
TYPES = "type.googleapis.com/google.cloud.aiplatform.v1"
WRONG_ROLE = "Please use a valid role: user, model."
USER = {"role": "user", "parts": [{"text": "a fox"}]}


def ask_vertex(
    emulator: Emulator,
    payload: dict[str, Any],
    *,
    model: str = FLASH,
    method: str = "generateContent",
    version: str = "v1",
    place: str = PLACE,
    query: str = "",
    **headers: str,
) -> Reply:
    """Ask a path of Vertex AI, with a token unless other headers are given."""
    path = f"/{version}/{place}publishers/google/models/{model}:{method}{query}"
    body = json.dumps(payload).encode()
    return ask_path(emulator.url, "POST", path, body, **(headers or {"authorization": "Bearer ya29.token"}))


def configured(**image_config: Any) -> dict[str, Any]:
    """A small picture with more image settings."""
    return prompt_payload("a fox", **{**SMALL, "imageConfig": {**SMALL["imageConfig"], **image_config}})  # type: ignore[dict-item] # its values are of two kinds


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic abc", "Bearer", "Bearer invalid", "Bearer ya29.expires-1790000000.x"],
)
def test_a_token_that_is_missing_bad_or_expired_is_refused(
    emulator: Emulator, journal: ListCalls, authorization: str
) -> None:
    """401 and UNAUTHENTICATED in Google's words, for a drawing and for a count."""
    for method in ("generateContent", "countTokens"):
        reply = ask_vertex(emulator, {"contents": [USER]}, method=method, authorization=authorization)
        assert (reply.status, reply.error["status"]) == (401, "UNAUTHENTICATED")
        assert reply.error["message"] == NOT_AUTHENTIC
    assert journal() == []


def test_a_token_is_good_until_the_instant_it_names(emulator: Emulator, journal: ListCalls) -> None:
    """A token that names a time is taken before it and refused from then on; its end is in the journal."""
    ends_at = int(time.time()) + 2
    authorization = f"Bearer ya29.expires-{ends_at}.abcd"
    assert ask_vertex(emulator, configured(), authorization=authorization).status == 200
    time.sleep(max(0.0, ends_at - time.time()))
    assert ask_vertex(emulator, configured(), authorization=authorization).status == 401
    assert [call["key_suffix"] for call in journal()] == ["abcd"]


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
@pytest.mark.parametrize(
    ("place", "query", "headers"),
    [
        (PLACE, "", {"authorization": "Bearer ya29.token", "x_goog_user_project": "p-2"}),
        ("", "", {"x_goog_api_key": "key-of-test"}),
        ("", "?key=key-of-test", {"accept": "*/*"}),
        (PLACE, "", {"x_goog_api_key": "key-of-test"}),
    ],
)
def test_a_token_or_an_express_key_draws(
    emulator: Emulator, journal: ListCalls, version: str, place: str, query: str, headers: dict[str, str]
) -> None:
    """With a project or in express mode, by header or address, and the journal knows where it came in."""
    reply = ask_vertex(emulator, configured(), version=version, place=place, query=query, **headers)
    assert (reply.status, len(reply.pictures)) == (200, 1)
    (call,) = journal()
    assert (call["kind"], call["project"], call["location"]) == (
        "vertex",
        *(("p-1", "us-central1") if place else ("", "")),
    )
    assert call["path"] == f"/{version}/{place}publishers/google/models/{FLASH}:generateContent"


@pytest.mark.parametrize("model", [FLASH, PRO, "gemini-2.5-flash-image"])
def test_every_model_gives_png_unless_asked_otherwise(emulator: Emulator, model: str) -> None:
    """PNG by default, and JPEG or PNG as `imageOutputOptions` says."""
    for options, mime_type in (
        ({}, "image/png"),
        ({"imageOutputOptions": {"mimeType": "image/png"}}, "image/png"),
        ({"imageOutputOptions": {"mimeType": "image/jpeg"}}, "image/jpeg"),
    ):
        reply = ask_vertex(
            emulator, prompt_payload("a fox", imageConfig={"aspectRatio": "1:1", **options}), model=model
        )
        part = next(part for part in reply.parts if "inlineData" in part)
        assert part["inlineData"]["mimeType"] == mime_type
        assert f"image/{open_picture(reply.pictures[0]).format}".lower() == mime_type


def test_the_quality_of_a_jpeg_is_as_asked(emulator: Emulator) -> None:
    """A lower `compressionQuality` makes a smaller file."""
    small, large = (
        ask_vertex(
            emulator, configured(imageOutputOptions={"mimeType": "image/jpeg", "compressionQuality": quality})
        ).pictures[0]
        for quality in (20, 95)
    )
    assert len(small) * 2 < len(large)


@pytest.mark.parametrize(
    "fields",
    [
        {"personGeneration": "ALLOW_ALL"},
        {"personGeneration": "ALLOW_ADULT"},
        {"personGeneration": "allow_none", "prominentPeople": "ALLOW_PROMINENT_PEOPLE"},
        {"prominentPeople": "BLOCK_PROMINENT_PEOPLE"},
    ],
)
def test_people_may_be_spoken_of(emulator: Emulator, fields: dict[str, str]) -> None:
    """Vertex AI takes both fields for people; the Developer API does not know them."""
    assert ask_vertex(emulator, configured(**fields)).status == 200
    reply = ask(emulator.url, configured(**fields))
    name = next(iter(fields))
    unknown = (
        f"Invalid JSON payload received. Unknown name \"{name}\" at 'generation_config.image_config': Cannot"
    )
    assert (reply.status, reply.error["message"].startswith(unknown)) == (400, True)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (
            configured(personGeneration="EVERYONE"),
            (
                "Invalid value at 'generation_config.image_config.person_generation' "
                f'({TYPES}.ImageConfig.PersonGeneration), "EVERYONE"'
            ),
        ),
        (
            configured(prominentPeople="ALLOW_ALL"),
            (
                "Invalid value at 'generation_config.image_config.prominent_people' "
                f'({TYPES}.ImageConfig.ProminentPeople), "ALLOW_ALL"'
            ),
        ),
        (configured(imageOutputOptions={"mimeType": "image/webp"}), "Request contains an invalid argument."),
        (configured(imageOutputOptions={"compressionQuality": 101}), "Request contains an invalid argument."),
        (
            {"contents": [USER], "store": False},
            'Invalid JSON payload received. Unknown name "store": Cannot find field.',
        ),
        ({"contents": [{"parts": [{"text": "a fox"}]}]}, WRONG_ROLE),
        ({"contents": [USER, {"role": "", "parts": [{"text": "a fox"}]}]}, WRONG_ROLE),
    ],
)
def test_what_vertex_does_not_take_is_refused(
    emulator: Emulator, payload: dict[str, Any], message: str
) -> None:
    """Values outside its lists, `store`, and contents without a role are 400 in Google's words."""
    reply = ask_vertex(emulator, payload)
    assert (reply.status, reply.error["status"], reply.error["message"]) == (400, "INVALID_ARGUMENT", message)


def test_the_developer_api_knows_no_output_options(emulator: Emulator) -> None:
    """`imageOutputOptions` is an unknown name there."""
    reply = ask(emulator.url, configured(imageOutputOptions={"mimeType": "image/png"}))
    assert reply.status == 400
    assert reply.error["message"].startswith(
        'Invalid JSON payload received. Unknown name "imageOutputOptions" at'
    )


def test_one_ratio_is_vertex_own(emulator: Emulator) -> None:
    """9:21 is drawn by 3.1 Flash Image on Vertex AI, by no other model, and not on the Developer API."""
    drawn = ask_vertex(emulator, configured(aspectRatio="9:21"))
    assert open_picture(drawn.pictures[0]).size == (336, 792)
    payload = prompt_payload("a fox", imageConfig={"aspectRatio": "9:21"})
    for model in (LITE, PRO):
        refused = ask_vertex(emulator, payload, model=model)
        assert refused.error["message"] == "Aspect ratio 9:21 is not supported for this model"
    assert (
        ask(emulator.url, payload).error["message"].startswith("* GenerateContentRequest.generation_config.")
    )


def test_an_answer_has_vertex_own_fields(emulator: Emulator) -> None:
    """No index, a time of creation, the traffic's type in place of a tier, and text counted beside pictures."""
    reply = ask_vertex(emulator, prompt_payload("a fox", imageConfig=SMALL["imageConfig"]))
    body = reply.json()
    usage = body["usageMetadata"]
    assert "index" not in body["candidates"][0]
    assert body["createTime"].endswith("Z")
    assert (usage["trafficType"], "serviceTier" in usage) == ("ON_DEMAND", False)
    assert [detail["modality"] for detail in usage["candidatesTokensDetails"]] == ["TEXT", "IMAGE"]
    assert (
        sum(detail["tokenCount"] for detail in usage["candidatesTokensDetails"])
        == usage["candidatesTokenCount"]
    )
    assert "x-gemini-service-tier" not in reply.headers
    answered = ask_vertex(
        emulator,
        prompt_payload("a fox [[error-midstream=data]]", **SMALL),
        method="streamGenerateContent",
        query="?alt=sse",
    )
    assert ["index" in event["candidates"][0] for event in answered.events[:-1]] == [False]


def test_signatures_are_given_and_not_demanded(emulator: Emulator) -> None:
    """A picture signed in one turn may come back without its signature."""
    drawn = ask_vertex(emulator, configured())
    assert drawn.parts[0]["thoughtSignature"]
    contents = [
        USER,
        {"role": "model", "parts": [inline_part(drawn.pictures[0], "image/png")]},
        {"role": "user", "parts": [{"text": "make it blue"}]},
    ]
    assert ask_vertex(emulator, {"contents": contents, "generationConfig": SMALL}).status == 200


def test_characters_that_cost_are_counted(emulator: Emulator) -> None:
    """`countTokens` tells characters too, white space not among them, and takes no request inside its own."""
    payload = {"contents": [{"role": "user", "parts": [{"text": "Write a story about a magic backpack."}]}]}
    counted = ask_vertex(emulator, payload, method="countTokens").json()
    assert (counted["totalBillableCharacters"], counted["totalTokens"]) == (31, 9)
    inner = {"generateContentRequest": payload}
    assert (
        'Unknown name "generateContentRequest"'
        in ask_vertex(emulator, inner, method="countTokens").error["message"]
    )


@pytest.mark.parametrize("path", ["", f"/{FLASH}", f"/{FLASH}:generateContent"])
def test_models_are_not_listed(emulator: Emulator, path: str) -> None:
    """Asked for models Vertex AI's front end answers with a page."""
    reply = ask_path(
        emulator.url, "GET", f"/v1/{PLACE}publishers/google/models{path}", authorization="Bearer ya29.token"
    )
    assert (reply.status, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
