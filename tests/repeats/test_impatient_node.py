"""Node clients as they come: OpenAI's, the AI SDK, LangChain. Each is a small program in tests/node.

None of them may make the gateway buy twice: not by a time-out of a second against a picture that takes three, and
not by repeating what ended unknown.
"""

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from leaving import new_prompt

from asking import digest
from painting import Painter, refuse
from programs import CLIENT_KEY, Gateway, StartGateway, scrub_environment
from upstreams import Answer, Upstream

FOLDER = Path(__file__).resolve().parents[1] / "node"
PACKAGES = {"openai": "openai", "ai_sdk": "ai", "langchain": "@langchain/openai"}
CUT = Answer([b'{"candi'])

LANGCHAIN_RETRIES = 2
"""Its own six would take 100 s; the first wait 1 s, 2 s, and so on."""


@pytest.fixture(scope="session")
def scripted_gateway(start_gateway: StartGateway, upstream_server: Upstream) -> Gateway:
    """Any gateway: the clients of Python show the same with each database."""
    return start_gateway(upstream_server.url)


def run_client(
    client: str,
    gateway: Gateway,
    *,
    is_stream: bool,
    calls: int = 1,
    timeout_ms: int | None = None,
    max_retries: int | None = None,
) -> dict[str, Any]:
    """Draw with a client, up to `calls` times until it has a picture; return its failures and pictures."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not on this machine")
    if not (FOLDER / "node_modules" / PACKAGES[client]).is_dir():
        pytest.skip("the Node clients are not installed: run `npm ci` in tests/node")
    asked = {
        "model": "nano-banana-2-512",
        "prompt": new_prompt(),
        "isStream": is_stream,
        "calls": calls,
        "timeoutMs": timeout_ms,
        "maxRetries": max_retries,
    }
    variables = {
        "LIMNER_TEST_URL": gateway.url,
        "LIMNER_TEST_KEY": CLIENT_KEY,
        "LIMNER_TEST_BODY": json.dumps(asked),
    }
    done = subprocess.run(
        [node, f"impatient_{client}.mjs"],
        cwd=FOLDER,
        env={**scrub_environment(), **variables, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


@pytest.mark.real_time
@pytest.mark.parametrize("client", PACKAGES)
def test_a_time_out_buys_nothing_twice(client: str, painter: Painter, scripted_gateway: Gateway) -> None:
    """With a time-out of a second a picture of three is bought once, and comes with a retry or the next call."""
    painter.delay_seconds = 3
    with ThreadPoolExecutor(2) as pool:
        seen = list(
            pool.map(
                lambda is_stream: run_client(
                    client, scripted_gateway, is_stream=is_stream, calls=6, timeout_ms=1000
                ),
                (False, True),
            )
        )
    pictures = [picture for one in seen for picture in one["pictures"]]
    assert sorted(pictures) == sorted(digest(picture) for picture in painter.pictures)
    assert len(painter.calls) == 2
    # The AI SDK's time-out ends the call with its retries, so the app's next call brings the picture.
    assert client == "ai_sdk" or [one["failures"] for one in seen] == [[], []]


@pytest.mark.real_time
@pytest.mark.parametrize("client", ["ai_sdk", "langchain"])
def test_a_stored_failure_buys_nothing_twice(
    client: str, painter: Painter, scripted_gateway: Gateway
) -> None:
    """Clients that repeat a 502 whatever they are told repeat it against the store: Gemini is not asked again."""

    def draw(is_stream: bool) -> dict[str, Any]:
        return run_client(client, scripted_gateway, is_stream=is_stream, max_retries=LANGCHAIN_RETRIES)

    with ThreadPoolExecutor(4) as pool:
        painter.failures = [CUT] * 2
        cut = [pool.submit(draw, is_stream) for is_stream in (False, True)]
        painter.wait_for_calls(2)  # what fails how is told by the order of the calls
        painter.failures = [refuse(500)] * 4
        failed = [pool.submit(draw, is_stream) for is_stream in (False, True)]
        seen = [call.result() for call in (*cut, *failed)]
    assert [failure["status"] for one in seen for failure in one["failures"]] == [502] * 4
    assert [one["pictures"] for one in seen] == [[]] * 4
    assert len(painter.calls) == 2 + 4
