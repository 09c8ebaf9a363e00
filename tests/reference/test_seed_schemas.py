"""The documented operation this gateway started from: all that its schemas allow is allowed here, and answers are its."""

import json
from pathlib import Path
from typing import Any

import pytest
from documents import make_validator, write
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from asking import ask
from programs import Gateway

PATH = "/v1/chat/completions"
REQUEST = {"$ref": "#/components/schemas/ChatCompletionRequest"}
JSON_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}


def read_seed(name: str) -> dict[str, Any]:
    """Return one of the seed's schemas, which lie beside the checkout."""
    file = Path(__file__).resolve().parents[3] / "shared" / "seed" / f"{name}.schema.json"
    if not file.is_file():
        pytest.skip("the seed's schemas are not on this machine")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def follow(schema: Any, document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the alternatives that a schema stands for."""
    if "$ref" in schema:
        return follow(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    if "anyOf" in schema:
        return [found for choice in schema["anyOf"] for found in follow(choice, document)]
    return [schema]


def list_narrower(seed: dict[str, Any], ours: Any, document: dict[str, Any], path: str = "") -> list[str]:
    """Return where the seed allows what ours does not: a type, or inside of it a field."""
    choices = follow(ours, document)
    names = [found.get("type", seed["type"]) for found in choices]
    same = [
        found
        for found, name in zip(choices, names, strict=True)
        if seed["type"] in ([name] if isinstance(name, str) else name)
    ]
    free = [
        found
        for found in same
        if seed["type"] != "string" or not {"enum", "pattern", "maxLength"} & found.keys()
    ]
    if not free:
        return [path or "the whole"]
    narrower = [
        f"{path}: {field}"
        for found in free[:1]
        for field in found.get("required", ())
        if field not in seed.get("required", ())
    ]
    for field, inside in seed.get("properties", {}).items():
        narrower += list_narrower(
            inside, free[0].get("properties", {}).get(field, inside), document, f"{path}.{field}"
        )
    if "items" in seed:
        narrower += list_narrower(seed["items"], free[0].get("items", seed["items"]), document, f"{path}[]")
    return narrower


def test_requests_are_a_superset() -> None:
    """Walked side by side, ours has every field of the seed's request at its type, and requires no more."""
    assert list_narrower(read_seed("request"), REQUEST, write()) == []


def draw_instances(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for what a schema of the seed's kind allows."""
    match schema["type"]:
        case "object":
            properties = {name: draw_instances(inside) for name, inside in schema["properties"].items()}
            required = {
                name: value for name, value in properties.items() if name in schema.get("required", ())
            }
            optional = {name: value for name, value in properties.items() if name not in required}
            return st.fixed_dictionaries(required, optional=optional)
        case "array":
            return st.lists(draw_instances(schema["items"]), max_size=3)
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers()
    return st.text(max_size=20)


def test_every_request_of_the_seed_is_one_of_ours() -> None:
    """What is made up by the seed's request schema is valid by ours."""
    seed = read_seed("request")
    ours = make_validator(write(), REQUEST)
    check_seed = Draft202012Validator(seed)

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(draw_instances(seed))
    def check(request: dict[str, Any]) -> None:
        check_seed.validate(request)
        ours.validate(request)

    check()


@pytest.mark.parametrize(
    "more",
    [{}, {"modalities": ["image"]}, {"n": 2}, {"extra_body": {"limner": {"image_output": "url"}}}],
    ids=["markdown", "images", "choices", "url"],
)
def test_answers_are_the_seeds_and_ours(gateway: Gateway, more: dict[str, Any]) -> None:
    """A real answer is valid by the seed's response schema and by ours."""
    messages = [{"role": "user", "content": "a lighthouse, small"}]
    body = {"model": "nano-banana-2.1", "stream": False, "messages": messages, "contents": [], **more}
    reply = ask(gateway, body)
    assert reply.status == 200
    Draft202012Validator(read_seed("response")).validate(reply.json())
    make_validator(write(), {"$ref": "#/components/schemas/ChatCompletion"}).validate(reply.json())
