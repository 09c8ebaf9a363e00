"""Client keys while the gateway runs: made, limited, revoked, expired."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from asking import PROMPT, ask, ask_for_answer, ask_for_stream, chat, get_message
from programs import CLIENT_KEY, Gateway, ListCalls, StartGateway

TWO_MODELS = "nano-banana-2,gemini-2.5-flash-image"


def test_a_new_key_works_at_once(gateway: Gateway) -> None:
    """A key made by the command line is accepted by the gateway that runs beside it."""
    secret = gateway.create_key("new")
    answer = ask_for_answer(gateway, chat(), key=secret)
    assert len(answer["limner"]["images"]) == 1


def test_a_revoked_key_is_refused_within_a_second(gateway: Gateway, journal: ListCalls) -> None:
    """A second after it is revoked a key opens nothing more."""
    secret = gateway.create_key("leaver")
    assert ask(gateway, path="/v1/models", key=secret).status == 200
    gateway.run_command("keys", "revoke", "leaver")
    time.sleep(1)
    assert ask(gateway, chat(), key=secret).status == 401
    assert ask(gateway, path="/v1/models", key=secret).status == 401
    assert journal() == []


def expire(gateway: Gateway, name: str) -> None:
    """Move the end of a key into the past, as time would."""
    database = sqlite3.connect(next((gateway.folder / "data").glob("*.sqlite3")))
    with database:
        database.execute("UPDATE api_keys SET expires_at = 1 WHERE name = ?", (name,))
    database.close()


@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
def test_all_bad_keys_get_one_text(gateway: Gateway, journal: ListCalls, *, is_stream: bool) -> None:
    """Absent, unknown, malformed, revoked and expired keys cannot be told apart by the answer."""
    name = f"expired-{is_stream}"
    revoked, expired = gateway.create_key(f"revoked-{is_stream}"), gateway.create_key(name, "--expires", "1h")
    gateway.run_command("keys", "revoke", f"revoked-{is_stream}")
    expire(gateway, name)
    time.sleep(1)
    given: list[dict[str, str]] = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer  "},
        {"Authorization": f"Basic {CLIENT_KEY}"},
        {"Authorization": CLIENT_KEY},
        {"Authorization": "Bearer sk-unknown"},
        {"Authorization": f"Bearer {CLIENT_KEY}x"},
        {"Authorization": f"Bearer {revoked}"},
        {"Authorization": f"Bearer {expired}"},
        {"x-api-key": CLIENT_KEY},
    ]
    replies = [ask(gateway, chat(stream=is_stream), key=None, headers=headers) for headers in given]
    assert {reply.status for reply in replies} == {401}
    assert len({reply.body for reply in replies}) == 1
    error = replies[0].error
    assert (error["type"], error["code"], error["param"]) == (
        "invalid_request_error",
        "invalid_api_key",
        None,
    )
    assert {reply.headers["x-should-retry"] for reply in replies} == {"false"}
    assert {reply.headers["www-authenticate"] for reply in replies} == {"Bearer"}
    assert journal() == []


def test_the_scheme_is_read_in_any_case(gateway: Gateway) -> None:
    """`bearer` is `Bearer` (RFC 9110 section 11.1)."""
    reply = ask(gateway, path="/v1/models", key=None, headers={"Authorization": f"bearer {CLIENT_KEY}"})
    assert reply.status == 200


def test_a_key_for_some_models(gateway: Gateway, journal: ListCalls) -> None:
    """A limited key draws with its models by any of their names, and with no other; it sees only those."""
    secret = gateway.create_key("limited", "--models", TWO_MODELS)
    for model in ("nano-banana-2", "gemini-3.1-flash-image", "models/gemini-3.1-flash-image", "nano-banana"):
        assert ask(gateway, chat(model=model), key=secret).status == 200
    assert len(journal()) == 4
    refused = ask(gateway, chat(model="nano-banana-pro"), key=secret)
    assert (refused.status, refused.error["type"], refused.error["code"], refused.error["param"]) == (
        403,
        "permission_error",
        "model_not_allowed",
        "model",
    )
    assert "gemini-2.5-flash-image, gemini-3.1-flash-image" in refused.error["message"]
    assert refused.headers["x-should-retry"] == "false"
    assert len(journal()) == 4
    listed = ask(gateway, path="/v1/models", key=secret).json()["data"]
    assert {entry["limner"]["model"] for entry in listed} == {
        "gemini-3.1-flash-image",
        "gemini-2.5-flash-image",
    }
    assert ask(gateway, path="/v1/models/nano-banana-pro", key=secret).status == 404


OUTPUTS: tuple[tuple[dict[str, Any], str | None, str | None, str], ...] = (
    ({"extra_body": {"limner": {"image_output": "images"}}}, "markdown", "markdown", "images"),
    ({"extra_body": {"limner": {"image_output": "markdown"}}}, "images", "images", "markdown"),
    ({"limner": {"image_output": "images"}}, "markdown", "markdown", "images"),
    (
        {"extra_body": {"limner": {"image_output": "markdown"}}, "limner": {"image_output": "images"}},
        None,
        None,
        "markdown",
    ),
    ({}, "images", "markdown", "images"),
    ({}, "markdown", "images", "markdown"),
    ({}, None, "images", "images"),
    ({}, None, "markdown", "markdown"),
    ({}, None, None, "images"),
    ({"modalities": ["image", "text"]}, None, "markdown", "markdown"),
    ({"modalities": ["image", "text"]}, "auto", "markdown", "images"),
    ({"modalities": ["text"]}, "auto", "images", "markdown"),
    ({}, "auto", "images", "markdown"),
    ({}, None, "auto", "markdown"),
    ({"modalities": ["text", "image"]}, None, "auto", "images"),
)


@pytest.fixture(scope="module")
def images_gateway(start_gateway: StartGateway) -> Gateway:
    """A gateway that is set to `images`, with a key for each output."""
    gateway = start_gateway(LIMNER_IMAGE_OUTPUT="images")
    for output in ("markdown", "images", "auto"):
        gateway.create_key(
            f"key-{output}", "--image-output", output, "--key", f"sk-key-whose-output-is-{output}"
        )
    return gateway


@pytest.mark.parametrize(("fields", "header", "of_key", "expected"), OUTPUTS)
def test_where_the_picture_is(
    fields: dict[str, Any], header: str | None, of_key: str | None, expected: str, images_gateway: Gateway
) -> None:
    """The body says it first, then the header, then the key, then the setting; `auto` asks the modalities."""
    headers = {} if header is None else {"X-Limner-Image-Output": header}
    key = CLIENT_KEY if of_key is None else f"sk-key-whose-output-is-{of_key}"
    asked = {**chat(PROMPT), **fields}
    message = get_message(ask_for_answer(images_gateway, asked, key=key, headers=headers))
    stream = ask_for_stream(images_gateway, asked, key=key, headers=headers)
    assert ("images" in message, "](data:" in message["content"]) == (
        expected == "images",
        expected == "markdown",
    )
    assert (len(stream.images), "](data:" in stream.content) == (
        int(expected == "images"),
        expected == "markdown",
    )


def test_keys_are_not_kept_in_the_clear(gateway: Gateway) -> None:
    """No file of the data folder holds a key that was handed out."""
    secret = gateway.create_key("hashed")
    files = [path for path in (gateway.folder / "data").rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if secret.encode() in Path(path).read_bytes()] == []
