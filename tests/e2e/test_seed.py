"""The documented operation: requests generated from its schema are drawn, and answered as it documents.

The schemas are written down here as Python; a test compares them with the documents they came from, which lie
beside the checkout. Generated requests are legal in model, ratio and size, and anything else the schema allows.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from asking import ask, read_stream
from limner.catalogue import IMAGE_MODELS, Model
from programs import Gateway

Schema = dict[str, Any]


def describe_object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return schema | ({"required": list(required)} if required else {})


def describe_array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


STRING, BOOLEAN, INTEGER = ({"type": kind} for kind in ("string", "boolean", "integer"))

REQUEST = describe_object(
    ("model", "stream", "messages", "contents"),
    model=STRING,
    stream=BOOLEAN,
    messages=describe_array(describe_object(role=STRING, content=STRING)),
    extra_body=describe_object(
        ("google",),
        google=describe_object(
            ("image_config",),
            image_config=describe_object(
                ("aspect_ratio", "image_size"), aspect_ratio=STRING, image_size=STRING
            ),
        ),
    ),
    contents=describe_array(describe_object(role=STRING, parts=describe_array(describe_object(text=STRING)))),
)

RESPONSE = describe_object(
    ("id", "model", "object", "created", "choices", "usage"),
    id=STRING,
    model=STRING,
    object=STRING,
    created=INTEGER,
    choices=describe_array(
        describe_object(
            index=INTEGER,
            message=describe_object(("role", "content"), role=STRING, content=STRING),
            finish_reason=STRING,
        )
    ),
    usage=describe_object(
        ("prompt_tokens", "completion_tokens", "total_tokens"),
        prompt_tokens=INTEGER,
        completion_tokens=INTEGER,
        total_tokens=INTEGER,
    ),
)
WITH_4K = "gemini-3-pro-image"
VALIDATOR = Draft202012Validator(RESPONSE)


def narrow_request(model: Model) -> Schema:
    """Return the request's schema with what is legal for one model; only one draws at 4K, for the time it takes."""
    schema = copy.deepcopy(REQUEST)
    schema["properties"]["model"] = {"enum": [model.id, *model.aliases, f"models/{model.id}"]}
    config = schema["properties"]["extra_body"]["properties"]["google"]["properties"]["image_config"]
    config["properties"] = {
        "aspect_ratio": {"enum": list(model.ratios)},
        "image_size": {"enum": [size for size in model.sizes if size != "4K" or model.id == WITH_4K]},
    }
    close(schema)
    return schema


def close(schema: Schema) -> None:
    """Let no other fields in: among names drawn by chance are fields that the gateway knows, of other types."""
    if schema.get("type") == "object":
        schema["additionalProperties"] = False
        for property_schema in schema["properties"].values():
            close(property_schema)
    elif schema.get("type") == "array":
        close(schema["items"])


def build_document(model: Model) -> Schema:
    """Return the operation as an OpenAPI document."""
    content = {"application/json": {"schema": narrow_request(model)}}
    answer = {"description": "success", "content": {"application/json": {"schema": RESPONSE}}}
    operation = {"requestBody": {"required": True, "content": content}, "responses": {"200": answer}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "the documented operation", "version": "1"},
        "paths": {"/v1/chat/completions": {"post": operation}},
    }


def has_content(body: Schema) -> bool:
    """Whether there is text in `contents` or in a message that is not a system one."""
    said = [
        m.get("content") for m in body["messages"] if m.get("role", "").lower() not in {"system", "developer"}
    ]
    written = [part.get("text") for content in body["contents"] for part in content.get("parts", ())]
    return any(said) or any(written)


def empty(body: Schema) -> Schema:
    """Return a request without what could be drawn."""
    system = [m for m in body["messages"] if m.get("role", "").lower() in {"system", "developer"}]
    return {**body, "messages": system, "contents": [{"role": "user", "parts": [{}]}]}


def assemble(sent: bytes) -> Schema:
    """Return the completion that the chunks of a stream amount to, as a client puts it together."""
    stream = read_stream(sent)
    assert stream.is_done
    roles = [delta["role"] for delta in stream.deltas if "role" in delta]
    choice = stream.finish["choices"][0]
    message = {"role": "".join(roles), "content": stream.content}
    return {
        **stream.chunks[0],
        "object": stream.chunks[0]["object"].removesuffix(".chunk"),
        "choices": [{"index": choice["index"], "message": message, "finish_reason": choice["finish_reason"]}],
        "usage": stream.usage,
    }


def check(gateway: Gateway, body: Schema) -> None:
    """Send one generated request and check its answer against the document."""
    reply = ask(gateway, body)
    if not has_content(body):
        assert (reply.status, reply.error["code"]) == (400, "missing_required_parameter")
        assert reply.error["param"] == "messages"
        return
    assert reply.status == 200, reply.body[:500]
    answer = assemble(reply.body) if body["stream"] else reply.json()
    VALIDATOR.validate(answer)
    assert answer["model"] == body["model"]
    assert answer["choices"][0]["finish_reason"] in {"stop", "length", "content_filter"}
    assert "](data:image/" in answer["choices"][0]["message"]["content"]


@pytest.mark.parametrize("model", IMAGE_MODELS, ids=lambda model: model.id)
def test_generated_requests_are_drawn_as_documented(model: Model, gateway: Gateway) -> None:
    """Whatever the schema allows: with text it is a good answer in the documented form, without it a 400."""
    operation = schemathesis.openapi.from_dict(build_document(model))["/v1/chat/completions"]["POST"]
    seen: set[bool] = set()

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def draw(case: Any) -> None:
        body: Schema = case.body
        check(gateway, body)
        check(gateway, empty(body))
        if has_content(body):
            seen.add(body["stream"])

    draw()
    assert seen == {False, True}


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(text=st.text(min_size=1), role=st.text(), is_stream=st.booleans())
def test_any_text_in_contents_is_drawn(text: str, role: str, is_stream: bool, gateway: Gateway) -> None:
    """Text of any characters and roles of any name do, wherever the text stands."""
    body = {"model": "nano-banana-2-lite", "stream": is_stream, "messages": [], "contents": []}
    check(gateway, body | {"contents": [{"role": role, "parts": [{"text": text}]}]})
    check(gateway, body | {"messages": [{"role": role, "content": text}]})


def without_orders(schema: Any) -> Any:
    """Return a schema without its vendor's keys."""
    if isinstance(schema, dict):
        return {key: without_orders(value) for key, value in schema.items() if key != "x-apifox-orders"}
    return [without_orders(value) for value in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize(("name", "written"), [("request", REQUEST), ("response", RESPONSE)])
def test_the_schemas_here_are_the_documented_ones(name: str, written: Schema) -> None:
    """What this module holds the gateway to is what the operation's documents say."""
    path = Path(__file__).resolve().parents[3] / "shared" / "seed" / f"{name}.schema.json"
    if not path.exists():
        pytest.skip("the documents of the operation are not on this machine")
    assert written == without_orders(json.loads(path.read_text(encoding="utf-8")))
