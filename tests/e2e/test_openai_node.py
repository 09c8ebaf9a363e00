"""The official Node client draws through the gateway; each case is a small program in tests/node."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from asking import PROMPT, chat, configure, digest, draw_directly
from programs import CLIENT_KEY, Emulator, Gateway, ListCalls, scrub_environment

FOLDER = Path(__file__).resolve().parents[1] / "node"
MODEL = "gemini-3.1-flash-image"


def run_node(case: str, gateway: Gateway, body: dict[str, Any], key: str = CLIENT_KEY) -> dict[str, Any]:
    """Run a case with the body to be sent and return what it printed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not on this machine")
    if not (FOLDER / "node_modules" / "openai").is_dir():
        pytest.skip("the Node client is not installed: run `npm ci` in tests/node")
    variables = {"LIMNER_TEST_URL": gateway.url, "LIMNER_TEST_KEY": key, "LIMNER_TEST_BODY": json.dumps(body)}
    done = subprocess.run(
        [node, f"{case}.mjs"],
        cwd=FOLDER,
        env={**scrub_environment(), **variables, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


@pytest.mark.parametrize("output", ["markdown", "images"])
def test_draws_and_streams(gateway: Gateway, emulator: Emulator, output: str) -> None:
    """Plain and streamed the Node client gets the same content, pictures and usage, and the upstream's bytes."""
    extra = configure(aspect_ratio="4:3", image_size="2K")
    asked = chat(model=MODEL, extra_body=extra, limner={"image_output": output})
    printed = run_node("draw", gateway, asked)
    drawn = draw_directly(emulator, MODEL, aspectRatio="4:3", imageSize="2K")
    assert printed["plain"].pop("sha256") == [digest(drawn)]
    assert printed["stream"] == printed["plain"]
    assert printed["plain"]["roles"] == ["assistant"]
    assert printed["plain"]["finishReasons"] == ["stop"]
    assert len(printed["plain"]["images"]) == (1 if output == "images" else 0)


def test_the_stream_helper_assembles(gateway: Gateway) -> None:
    """The client's own assembly of a stream is the whole answer."""
    asked = chat(model=MODEL)
    plain = run_node("draw", gateway, asked)["plain"]
    assembled = run_node("helper", gateway, {**asked, "stream": True})
    assert assembled == {"content": plain["content"], "finishReason": "stop", "usage": plain["usage"]}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"model": "dall-e-3"}, ("NotFoundError", 404, "model_not_found", "model")),
        ({"messages": []}, ("BadRequestError", 400, "missing_required_parameter", "messages")),
        (chat("[[status=429 retry=2s]]"), ("RateLimitError", 429, "rate_limit_exceeded", None)),
        (chat("[[status=503]]", stream=True), ("InternalServerError", 503, "upstream_overloaded", None)),
    ],
)
def test_errors_are_its_own(
    fields: dict[str, Any], expected: tuple[str, int, str, str | None], gateway: Gateway
) -> None:
    """Errors become the client's classes, with status, code, param and the request's id."""
    seen = run_node("fail", gateway, chat(**fields) if "model" not in fields else {**chat(), **fields})
    assert (seen["name"], seen["status"], seen["code"], seen["param"]) == expected
    assert seen["requestID"].startswith("req_")


def test_an_error_in_a_stream_is_thrown(gateway: Gateway, journal: ListCalls) -> None:
    """What breaks after the stream has opened is thrown by the loop over its chunks; nothing is asked again."""
    seen = run_node("fail", gateway, chat(f"{PROMPT} [[stall=1s at=55%]] [[cut=60%]]", stream=True))
    assert (seen["name"], seen["code"], seen["type"]) == (
        "APIError",
        "upstream_unknown_outcome",
        "upstream_error",
    )
    assert seen["chunks"] > 0
    assert len(journal()) == 1


def test_a_wrong_key(gateway: Gateway) -> None:
    """A key that is not known is an authentication error."""
    seen = run_node("fail", gateway, chat(), key="sk-wrong")
    assert (seen["name"], seen["code"]) == ("AuthenticationError", "invalid_api_key")


def test_stored_completions(gateway: Gateway) -> None:
    """The Node client lists, gets, changes and deletes a stored answer, and reads what was asked."""
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": PROMPT}]
    asked = chat(model=MODEL, messages=messages, store=True, metadata={"order": "4711"})
    printed = run_node("stored", gateway, asked)
    made, (listed,), got = printed["made"], printed["listed"], printed["got"]
    assert got == {**made, "metadata": {"order": "4711"}}
    assert listed["content"].startswith("Here is the picture you asked for")
    assert {**listed, "content": made["content"]} == got
    answer_id = made["id"]
    assert printed["messages"] == [
        [f"{answer_id}-0", "system", "be brief"],
        [f"{answer_id}-1", "user", PROMPT],
    ]
    assert printed["updated"] == {"order": "4712"}
    assert printed["deleted"] == {"id": answer_id, "object": "chat.completion.deleted", "deleted": True}
    assert printed["missing"] == ["NotFoundError", "not_found"]
