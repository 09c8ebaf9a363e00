"""Streams of the images doors: what stands in them byte by byte, and how they open, wait and end."""

import pytest
from imaging import (
    EDITS,
    GENERATIONS,
    ask_images,
    images,
    make_png,
    read_events,
    to_uri,
)

from asking import ask
from programs import Gateway, StartGateway

FIELDS = [
    "type",
    "b64_json",
    "background",
    "created_at",
    "output_format",
    "quality",
    "size",
    "usage",
    "limner",
]


def test_events(gateway: Gateway) -> None:
    """An event is named beside its data; nothing but comments stands between, and no [DONE] behind."""
    reply = ask(gateway, images("in events", n=2, stream=True), path=GENERATIONS)
    assert reply.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["X-Accel-Buffering"] == "no"
    (first_name, first), (last_name, last) = read_events(reply.body)
    assert first_name == last_name == first["type"] == "image_generation.completed"
    assert (list(first), list(last)) == (FIELDS[:-1], FIELDS)
    assert b"[DONE]" not in reply.body
    picture = to_uri(make_png())
    reply = ask(gateway, images("in events", image=picture, stream=True, response_format="url"), path=EDITS)
    ((name, event),) = read_events(reply.body)
    assert name == event["type"] == "image_edit.completed"
    assert "b64_json" not in event
    assert ask(gateway, path=event["url"].removeprefix(gateway.url), key=None).status == 200


def test_silence_is_filled(start_gateway: StartGateway) -> None:
    """While Gemini draws, comments come at every heartbeat."""
    gateway = start_gateway(LIMNER_HEARTBEAT_SECONDS="1")
    reply = ask(gateway, images("slow [[delay=8s]]", stream=True), path=GENERATIONS)
    assert reply.body.startswith(b": \n\n")
    assert reply.body.count(b": \n\n") >= 3
    assert len(read_events(reply.body)) == 1


@pytest.mark.parametrize(
    ("directives", "status", "code"),
    [
        ("[[block=PROHIBITED_CONTENT]]", 400, "content_policy_violation"),
        ("[[status=429]]", 429, "rate_limit_exceeded"),
        ("[[status=400]]", 400, "upstream_rejected"),
    ],
)
def test_early_errors_keep_their_status(directives: str, status: int, code: str, gateway: Gateway) -> None:
    """What fails before anything was said is an error with a status."""
    reply = ask(gateway, images(f"early {directives}", stream=True), path=GENERATIONS)
    assert (reply.status, reply.error["code"]) == (status, code)


def test_a_late_error_is_one_event(gateway: Gateway) -> None:
    """What fails once the stream is open is one event, with the id to ask for, and the last."""
    reply = ask(gateway, images("late [[finish=IMAGE_SAFETY]] [[delay=6s]]", stream=True), path=GENERATIONS)
    assert reply.status == 200
    ((name, data),) = read_events(reply.body)
    assert (name, data["error"]["code"]) == ("error", "content_policy_violation")
    assert data["error"]["generation_id"] == reply.headers["x-limner-generation-id"]
    assert reply.body.endswith(b"}}\n\n")


def test_a_cut_after_the_picture(gateway: Gateway) -> None:
    """What came whole before Gemini broke off is given out."""
    answer = ask_images(gateway, images("cut [[images=2]] [[cut=60%]]"))
    assert len(answer["data"]) == 1
    assert "upstream_truncated" in [notice["code"] for notice in answer["limner"]["notices"]]
