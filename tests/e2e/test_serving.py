"""The gateway with its bundled emulator, and the gateway when it is told to end."""

import signal
import threading
import time
from pathlib import Path

from openai import OpenAI

from asking import (
    PROMPT,
    Reply,
    ask,
    asking,
    chat,
    configure,
    digest,
    draw_directly,
    get_message,
    read_stream,
    split_markdown,
)
from programs import CLIENT_KEY, Emulator, Gateway, Program, check_log

MODEL = "gemini-nano-banana-2.1"


class Bundled(Program):
    """The emulator inside the gateway, by its address alone."""

    def __init__(self, url: str) -> None:
        self.url = url


def test_the_bundled_emulator_draws(tmp_path: Path) -> None:
    """`limner serve --emulator` needs nothing else to draw, and says at every turn that it is not Gemini."""
    gateway = Gateway(tmp_path, "http://127.0.0.1:9", {}, ("--emulator",))
    try:
        emulator = Bundled(ask(gateway, path="/healthz").json()["emulator"])
        drawn = draw_directly(emulator, MODEL, aspectRatio="16:9", imageSize="2K")
        with OpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
            raw = client.chat.completions.with_raw_response.create(
                model=MODEL,
                messages=[{"role": "user", "content": PROMPT}],
                extra_body={"extra_body": configure(aspect_ratio="16:9", image_size="2K")},
            )
        _, ((_, picture),) = split_markdown(raw.parse().choices[0].message.content or "")
        assert digest(picture) == digest(drawn)
        assert raw.headers["x-limner-emulator"] == "1"
        assert f"bundled emulator at {emulator.url}" in gateway.said
    finally:
        code = gateway.stop()
    assert code == 0
    check_log(gateway)


def ask_in_thread(gateway: Gateway, body: dict[str, object], replies: list[Reply]) -> threading.Thread:
    thread = threading.Thread(target=lambda: replies.append(ask(gateway, body)))
    thread.start()
    return thread


def test_running_calls_finish_when_it_is_told_to_end(tmp_path: Path, emulator: Emulator) -> None:
    """After SIGTERM the pictures under way are still drawn and delivered, whole and streamed; then it ends with 0."""
    gateway = Gateway(tmp_path, emulator.url, {})
    replies: list[Reply] = []
    threads = [
        ask_in_thread(gateway, chat(f"{PROMPT} [[delay=1s]]", stream=is_stream), replies)
        for is_stream in (False, True)
    ]
    try:
        time.sleep(0.5)
        gateway.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(20)
        gateway.process.wait(20)  # a second signal would cut its end short
    finally:
        code = gateway.stop()
    assert code == 0
    plain, stream = sorted(replies, key=lambda reply: reply.headers["content-type"])
    content = get_message(plain.json())["content"]
    assert digest(read_stream(stream.body).content.encode()) == digest(content.encode())
    assert len(split_markdown(content)[1]) == 1
    check_log(gateway)


def test_a_left_call_finishes_when_it_is_told_to_end(tmp_path: Path, emulator: Emulator) -> None:
    """A call whose client has gone is still received to its end before the gateway ends."""
    emulator.forget_calls()
    gateway = Gateway(tmp_path, emulator.url, {})
    try:
        with asking(gateway, chat(f"{PROMPT} [[delay=1s]]")):
            time.sleep(0.4)
    finally:
        code = gateway.stop()
    assert code == 0
    assert [call["outcome"] for call in emulator.list_calls()] == ["ok"]
    check_log(gateway)
