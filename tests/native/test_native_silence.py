"""Google's own clients take what fills a silence for nothing."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from google import genai
from google.genai import types
from test_native_bytes import to_events

from native import MODEL, to_png
from programs import CLIENT_KEY, Gateway, StartGateway, scrub_environment
from upstreams import Answer, Upstream

FOLDER = Path(__file__).resolve().parents[1] / "node"
_SILENCE_SECONDS = 2.5
_PROGRAM = """
import { GoogleGenAI } from "@google/genai";
const ai = new GoogleGenAI({ apiKey: process.env.KEY, httpOptions: { baseUrl: process.env.URL } });
const kinds = [];
for await (const event of await ai.models.generateContentStream({ model: process.env.MODEL, contents: "in Node" })) {
  kinds.push(...event.candidates[0].content.parts.map((part) => Object.keys(part)[0]));
}
process.stdout.write(JSON.stringify(kinds));
"""


@pytest.fixture
def beating(upstream: Upstream, start_gateway: StartGateway) -> Gateway:
    """A gateway that fills each second of silence, and an upstream that is silent before the picture."""
    text = {"candidates": [{"content": {"parts": [{"text": "Wait"}], "role": "model"}}]}
    blob = {"inlineData": {"mimeType": "image/png", "data": to_png(30)}}
    last = {"candidates": [{"content": {"parts": [blob], "role": "model"}, "finishReason": "STOP"}]}

    def send() -> Iterator[bytes]:
        yield to_events(text)
        time.sleep(_SILENCE_SECONDS)
        yield to_events(last)

    upstream.respond = lambda _call: Answer(send(), "text/event-stream")
    return start_gateway(upstream.url, LIMNER_HEARTBEAT_SECONDS="1")


def test_python(beating: Gateway) -> None:
    """The Python client sees the two events and nothing between them."""
    options = types.HttpOptions(base_url=beating.url)
    with genai.Client(api_key=CLIENT_KEY, http_options=options) as client:
        events = list(client.models.generate_content_stream(model=MODEL, contents="in Python"))
    assert [event.text for event in events] == ["Wait", None]


def test_node(beating: Gateway) -> None:
    """The Node client sees the same."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules" / "@google" / "genai").is_dir():
        pytest.skip("Node or Google's client for it is not on this machine")
    given = {"URL": beating.url, "KEY": CLIENT_KEY, "MODEL": MODEL, "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [node, "--input-type=module", "--eval", _PROGRAM],
        cwd=FOLDER,
        env={**scrub_environment(), **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == ["text", "inlineData"]
