"""The access log: one line a request that explains a failed call, as text and as JSON, and nothing of anybody's in it."""

import json
import re
import time
from typing import Any

import pytest

from asking import PROMPT, ask, asking, chat, configure
from limner.errors import InvalidRequest, NotFound, UpstreamUnavailable
from limner.web.access_log import clean_reason
from programs import Gateway, StartGateway


@pytest.fixture(scope="module")
def in_json(start_gateway: StartGateway) -> Gateway:
    """A gateway that logs objects."""
    return start_gateway(LIMNER_LOG_FORMAT="json")


def find_line(gateway: Gateway, request_id: str) -> str:
    """Return the access log's line on a request."""
    gateway.wait_until_said(request_id)
    (line,) = [line for line in gateway.lines if request_id in line]
    return line.rstrip()


def find_entry(gateway: Gateway, request_id: str) -> dict[str, Any]:
    """Return the same as JSON has it."""
    entry: dict[str, Any] = json.loads(find_line(gateway, request_id))
    return entry


def test_a_failed_call_explains_itself(gateway: Gateway) -> None:
    """Status, code, ids, key, model, bytes, each attempt at Gemini and the reason stand on one line."""
    reply = ask(gateway, chat(f"{PROMPT} [[status=429 retry=60s]]"))
    generation_id = reply.headers["x-limner-generation-id"]
    request_id = reply.headers["x-request-id"]
    assert re.fullmatch(
        r"\S+Z INFO limner\.access: POST /v1/chat/completions 429 rate_limit_exceeded in \d+ ms "
        rf"request={request_id} generation={generation_id} key=fixed_\w+ model=gemini-3\.1-flash-image bytes=\d+ "
        r'client=127\.0\.0\.1 upstream=key-1:429:RESOURCE_EXHAUSTED reason="Gemini\'s quota for this gateway is used up '
        r'for now; nothing was bought\."',
        find_line(gateway, request_id),
    )


def test_a_refused_setting_names_its_field(gateway: Gateway) -> None:
    """A call that is refused before it is bought names the field at fault, and not what stood there."""
    reply = ask(gateway, chat(extra_body=configure(aspect_ratio="17:3")))
    line = find_line(gateway, reply.headers["x-request-id"])
    assert " 400 unsupported_value in " in line
    assert "generation=- " in line
    assert "param=extra_body.google.image_config.aspect_ratio" in line
    assert "17:3" not in line
    assert "upstream=" not in line


def test_every_attempt_is_named(gateway: Gateway) -> None:
    """What Gemini answered stands there attempt by attempt, with its own name for the trouble."""
    reply = ask(gateway, chat(f"{PROMPT} [[status=503]]"))
    line = find_line(gateway, reply.headers["x-request-id"])
    assert f" upstream={','.join(['key-1:503:UNAVAILABLE'] * 3)} " in line


def test_a_good_call_needs_no_explanation(gateway: Gateway) -> None:
    """A call that went well has no code and no reason."""
    line = find_line(gateway, ask(gateway, chat()).headers["x-request-id"])
    assert re.search(r" 200 in \d+ ms request=", line)
    assert not re.search("reason=|upstream=|param=", line)


def test_a_stream_that_fails_says_so(gateway: Gateway) -> None:
    """A stream that had begun well and then broke has status 200, and the code and the reason of its failure."""
    reply = ask(gateway, chat(f"{PROMPT} [[stall=1s at=45%]] [[cut=50%]]", stream=True))
    assert reply.status == 200
    line = find_line(gateway, reply.headers["x-request-id"])
    assert " 200 upstream_unknown_outcome in " in line
    assert 'upstream=key-1:200 reason="The connection to Gemini was lost.' in line


def test_the_end_of_a_call_that_was_left_is_logged(gateway: Gateway) -> None:
    """Where the client has left, a line of the generation's own says how it ended without an answer."""
    before = len(gateway.lines)
    with asking(gateway, chat(f"{PROMPT} [[delay=1s]] [[status=400]]")):
        time.sleep(0.4)  # it is sent by then, and goes on without its client
    ends_at = time.monotonic() + 20
    found: list[str] = []
    while not found and time.monotonic() < ends_at:
        time.sleep(0.05)
        found = [line for line in gateway.lines[before:] if "ended refused upstream_rejected" in line]
    assert re.search(r"generation gen_\w+ ended .* model=\S+ upstream=key-1:400:INVALID_ARGUMENT", found[-1])


def test_json_has_all_of_it_in_fields(in_json: Gateway) -> None:
    """As JSON every piece has a name of its own, and the ids are in fields."""
    reply = ask(in_json, chat(f"{PROMPT} [[status=400]]"))
    entry = find_entry(in_json, reply.headers["x-request-id"])
    assert (
        entry
        | {
            "logger": "limner.access",
            "level": "info",
            "method": "POST",
            "path": "/v1/chat/completions",
            "door": "chat",
            "status": 400,
            "code": "upstream_rejected",
            "request_id": reply.headers["x-request-id"],
            "generation_id": reply.headers["x-limner-generation-id"],
            "model": "gemini-3.1-flash-image",
            "client": "127.0.0.1",
            "upstream": "key-1:400:INVALID_ARGUMENT",
            "reason": "Gemini refused the request",
        }
        == entry
    )
    assert entry["bytes"] > len(reply.body)
    assert 0 < entry["seconds"] < 10
    assert entry["key"].startswith("fixed_")


def test_every_line_names_its_generation(in_json: Gateway) -> None:
    """Other lines that speak of a generation have its id in a field as well."""
    reply = ask(in_json, chat(f"{PROMPT} [[cut=50%]]"))
    in_json.wait_until_said(reply.headers["x-request-id"])
    entries = [json.loads(line) for line in in_json.lines if line.startswith("{")]
    generation_id = reply.headers["x-limner-generation-id"]
    loggers = [entry["logger"] for entry in entries if entry.get("generation_id") == generation_id]
    assert loggers == ["limner.generation", "limner.access"]


@pytest.mark.parametrize(
    ("message", "code", "shown"),
    [
        ("'size' is 'a \\' secret'; it must be a ratio.", "unsupported_value", "… is …; it must be a ratio."),
        ('\'x\' is "it\'s secret"; accepted: "a", "b".', "unsupported_value", "… is …; accepted: …, …."),
        ("The link https://user:secret@host/x is none.", "unsupported_value", "The link … is none."),
        ("Gemini refused the request: a secret.", "upstream_rejected", "Gemini refused the request"),
        (
            "Gemini blocked the prompt: PROHIBITED_CONTENT. A secret.",
            "content_policy_violation",
            "Gemini blocked the prompt: PROHIBITED_CONTENT",
        ),
        ("Two\nlines \u001b[2J of 画.", "unsupported_value", "Two lines [2J of ."),
        ("word " * 100, "unsupported_value", f"{'word ' * 32}…"),
    ],
)
def test_reasons_quote_nobody(message: str, code: str, shown: str) -> None:
    """What is quoted is left out, so are Gemini's words and what a terminal obeys, and what is left is short."""
    assert clean_reason(InvalidRequest(message, code=code)) == shown


def test_apostrophes_are_no_quotations() -> None:
    """A message of ours with an apostrophe stays whole, and what is quoted behind it does not."""
    assert (
        clean_reason(UpstreamUnavailable("The gateway's access isn't good."))
        == "The gateway's access isn't good."
    )
    told = NotFound("Gemini's list has no 'secret' in today's form.", code="model_not_found")
    assert clean_reason(told) == "Gemini's list has no … in today's form."
