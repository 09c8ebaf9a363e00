"""What docs/emulator.md says can be said to the emulator can be said to it."""

import json
import re
from pathlib import Path

import pytest
from calling import FLASH, SMALL, ask, ask_path, open_picture, prompt_payload
from PIL import ImageStat

from limner.emulator.directives import read_directives
from limner.emulator.models import MODELS
from limner.emulator.scripted import NAMED_ERRORS
from programs import Emulator, Follow

PAGE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")


def test_every_directive_of_the_page_can_be_read() -> None:
    """Each directive on the page is taken out of a prompt; the row for all names shows one of them."""
    written = set(re.findall(r"\[\[[a-z][^\]…]*\]\]", PAGE))
    assert len(written) > 50
    for directive in written:
        rest, found = read_directives(f"a fox {directive}")
        assert rest == "a fox", directive
        assert found.given, directive


def test_the_page_names_every_model_and_named_error() -> None:
    """No model and no named error goes unmentioned, save those that are the usual text of their status."""
    names = set(re.findall(r"\[\[error=([a-z-]+)\]\]", PAGE))
    usual = {"cancelled", "internal", "high-demand", "deadline"}
    assert names | usual == set(NAMED_ERRORS)
    assert [model for model in MODELS if f"`{model}`" not in PAGE] == []


def test_the_curl_example_is_answered(emulator: Emulator) -> None:
    """The body of the page's first example, sent to its path, gives a picture."""
    match = re.search(r"127\.0\.0\.1:8001(/\S+:generateContent) .*?-d '(.*?)'\n```", PAGE, re.DOTALL)
    assert match is not None
    reply = ask_path(emulator.url, "POST", match[1], match[2].encode(), x_goog_api_key="any")
    assert (reply.status, len(reply.pictures)) == (200, 1)


def test_the_script_example_is_taken(emulator: Emulator, follow: Follow) -> None:
    """The page's script does to its three keys what the page says, and to a fourth nothing."""
    match = re.search(r"/emulator/script -d '(.*?)'\n```", PAGE)
    assert match is not None
    follow(match[1])
    path = f"/v1/models/{FLASH}:generateContent"
    body = json.dumps(prompt_payload("a fox")).encode()
    keys = ("k-aaaa", "k-bbbb", "k-cccc", "k-dddd")
    statuses = [ask_path(emulator.url, "POST", path, body, x_goog_api_key=key).status for key in keys]
    assert statuses == [200, 503, 403, 200]


def test_each_edit_of_the_page_is_more_than_the_last_resort(emulator: Emulator) -> None:
    """Every instruction the page lists is understood: none leaves the frame of one that is not."""
    rows = PAGE[PAGE.index("| instruction |") : PAGE.index("| several pictures |")].split("\n")[2:-1]
    instructions = [
        text for row in rows for text in re.findall(r"`([^`]+)`", row.split("|")[1]) if "…" not in text
    ]
    assert len(instructions) > 15
    drawn = ask(emulator.url, prompt_payload("a cottage in autumn")).parts[0]
    part = {"inlineData": drawn["inlineData"]}
    for instruction in instructions:
        payload = {"contents": [{"parts": [part, {"text": instruction}]}], "generationConfig": SMALL}
        path = f"/v1/models/{FLASH}:generateContent"
        reply = ask_path(emulator.url, "POST", path, json.dumps(payload).encode(), x_goog_api_key="any")
        assert not has_frame(reply.pictures[0]), instruction
    payload = {"contents": [{"parts": [part, {"text": "hm"}]}], "generationConfig": SMALL}
    assert has_frame(ask(emulator.url, payload).pictures[0])


def has_frame(data: bytes) -> bool:
    """Whether a picture's left edge is all gold below the band."""
    edge = ImageStat.Stat(open_picture(data).convert("RGB").crop((2, 100, 6, 500)))
    return edge.mean == pytest.approx([255, 217, 138], abs=12) and max(edge.stddev) < 20
