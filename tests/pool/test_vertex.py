"""Vertex AI behind the gateway: tokens of a server in Google's place, its paths, files and other ways."""

import json
import threading
import time
from pathlib import Path

import pytest
from credentials import ALPHA, StartPool, ask_together, vary

from asking import Reply, ask, chat, configure, digest, get_message, split_markdown
from programs import CLIENT_KEY, Emulator, Follow, Gateway, ListCalls, check_log
from token_server import TokenServer

ACCOUNT = "painter"


def write_vertex(emulator: Emulator, path: Path, **fields: str) -> str:
    """Return a table of Vertex AI with a service account's file."""
    given = {
        "name": "cloud",
        "kind": "vertex",
        "base_url": emulator.url,
        "project": "p-1",
        "credentials_file": str(path),
        **fields,
    }
    return "[[upstream]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in given.items())


def read_digest(reply: Reply) -> str:
    """Return the digest of an answer's only picture."""
    ((_, picture),) = split_markdown(get_message(reply.json())["content"])[1]
    return digest(picture)


@pytest.fixture
def cloud(start_pool: StartPool, emulator: Emulator, token_server: TokenServer, tmp_path: Path) -> Gateway:
    """A gateway with Vertex AI alone."""
    path = token_server.write_service_account(tmp_path, ACCOUNT)
    return start_pool(write_vertex(emulator, path))


def test_a_picture_comes_from_vertex(cloud: Gateway, emulator: Emulator, token_server: TokenServer) -> None:
    """A call goes to the project's path with a token that was asked for once, and the answer says where it was drawn."""
    reply = ask(cloud, chat())
    assert reply.status == 200
    assert reply.json()["limner"]["upstream"] == {"kind": "vertex", "model": "gemini-3.1-flash-image"}
    (picture,) = reply.json()["limner"]["images"]
    assert picture["mime_type"] == "image/png"
    streamed = ask(cloud, chat("another", stream=True))
    assert streamed.status == 200
    calls = emulator.list_calls()
    assert [(call["kind"], call["project"], call["location"]) for call in calls] == [
        ("vertex", "p-1", "global")
    ] * 2
    assert [call["path"].partition("/models/")[0] for call in calls] == [
        "/v1beta1/projects/p-1/locations/global/publishers/google"
    ] * 2
    assert token_server.given_to == [ACCOUNT]


def test_a_replay_says_the_same(cloud: Gateway) -> None:
    """An answer that is given out again is equal, byte by byte: where it was drawn is kept with it."""
    headers = {"Idempotency-Key": "one"}
    first = ask(cloud, chat(), headers=headers)
    again = ask(cloud, chat(), headers=headers)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.body == first.body
    collected = ask(cloud, path=f"/v1/chat/completions/{first.json()['id']}")
    assert collected.json()["limner"]["upstream"]["kind"] == "vertex"


@pytest.mark.parametrize(("output_format", "mime_type"), [("jpeg", "image/jpeg"), ("png", "image/png")])
def test_the_file_can_be_chosen(
    output_format: str, mime_type: str, cloud: Gateway, journal: ListCalls
) -> None:
    """On the images doors PNG and JPEG are had as asked, with the quality that was asked, and without a notice."""
    body = {"model": "nano-banana-2", "prompt": "a lighthouse", "output_format": output_format}
    quality = {"output_compression": 60} if output_format == "jpeg" else {}
    reply = ask(cloud, {**body, **quality}, path="/v1/images/generations")
    assert reply.status == 200
    assert reply.json()["output_format"] == output_format
    assert reply.json()["limner"]["images"][0]["mime_type"] == mime_type
    assert [notice["code"] for notice in reply.json()["limner"]["notices"]] == []
    (call,) = journal()
    assert call["settings"]["imageOutputOptions"] == (
        {"mimeType": "image/jpeg", "compressionQuality": 60} if quality else {"mimeType": "image/png"}
    )


def test_gemini_s_own_format_passes_what_vertex_alone_knows(cloud: Gateway) -> None:
    """On Gemini's door output options and people are passed on, and what Vertex AI does not know is not."""
    config = {
        "imageConfig": {"imageOutputOptions": {"mimeType": "image/jpeg"}, "personGeneration": "ALLOW_ALL"}
    }
    body = {
        "contents": [{"parts": [{"text": "a lighthouse"}]}],
        "generationConfig": config,
        "store": False,
    }
    path = "/v1beta/models/gemini-3.1-flash-image:generateContent"
    reply = ask(cloud, body, path=path)
    assert reply.status == 200
    parts = reply.json()["candidates"][0]["content"]["parts"]
    assert [part["inlineData"]["mimeType"] for part in parts if "inlineData" in part] == ["image/jpeg"]
    counted = ask(cloud, {"contents": body["contents"]}, path=f"{path.partition(':')[0]}:countTokens")
    assert counted.status == 200
    assert counted.json()["totalTokens"] > 0


def test_a_conversation_goes_on(cloud: Gateway, emulator: Emulator) -> None:
    """The second turn of a conversation edits the picture of the first."""
    first = ask(cloud, chat(extra_body=configure(image_size="512")))
    content = first.json()["choices"][0]["message"]["content"]
    turns = [
        {"role": "user", "content": "a lighthouse at dusk"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": "now make it blue"},
    ]
    second = ask(cloud, chat(messages=turns))
    assert second.status == 200
    assert read_digest(second) != read_digest(first)
    assert emulator.list_calls()[-1]["status"] == 200


def test_tokens_are_renewed_while_calls_go_on(
    start_pool: StartPool, emulator: Emulator, token_server: TokenServer, tmp_path: Path, follow: Follow
) -> None:
    """Tokens that last four seconds are renewed many times under load, and no call fails or waits for that."""
    token_server.expires_in_seconds = 4
    token_server.delay_seconds = 0.3
    path = token_server.write_service_account(tmp_path, ACCOUNT)
    gateway = start_pool(write_vertex(emulator, path))
    follow("[[delay=300ms]]")
    statuses: list[int] = []
    ends_at = time.monotonic() + 12

    def go_on(name: int) -> None:
        number = 0
        while time.monotonic() < ends_at:
            statuses.append(ask(gateway, chat(f"picture {number} of {name}")).status)
            number += 1

    threads = [threading.Thread(target=go_on, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200}
    assert len(statuses) > 12
    assert 3 <= len(token_server.tokens) <= 8
    assert {call["status"] for call in emulator.list_calls()} == {200}


def test_a_token_that_is_refused_is_replaced(
    start_pool: StartPool, emulator: Emulator, token_server: TokenServer, tmp_path: Path
) -> None:
    """A token that ends before its time costs the call one more attempt, and buys nothing twice."""
    token_server.lives_seconds = 1
    path = token_server.write_service_account(tmp_path, ACCOUNT)
    gateway = start_pool(write_vertex(emulator, path))
    assert ask(gateway, chat("one")).status == 200
    time.sleep(1.5)
    replies = ask_together(gateway, vary(8))
    assert {reply.status for reply in replies} == {200}
    drawn = [call for call in emulator.list_calls() if call["status"] == 200]
    assert len(drawn) == 9
    assert len(token_server.tokens) <= 4


@pytest.mark.parametrize("trouble", ["internal_failure", "invalid_grant"])
def test_no_token_is_the_operators_trouble(
    trouble: str, start_pool: StartPool, emulator: Emulator, token_server: TokenServer, tmp_path: Path
) -> None:
    """Where Google gives no token nothing is bought, the client is told whose trouble it is, and a key goes on."""
    token_server.trouble = trouble  # type: ignore[assignment]
    path = token_server.write_service_account(tmp_path, ACCOUNT)
    alone = start_pool(write_vertex(emulator, path), folder="alone")
    reply = ask(alone, chat())
    assert (reply.status, reply.error["code"]) == (503, "upstream_auth")
    assert "grant" not in reply.error["message"]
    both = start_pool(write_vertex(emulator, path), folder="both", GEMINI_API_KEY=ALPHA)
    for body in vary(3):
        assert ask(both, body).status == 200
    token_server.trouble = None
    assert ask(alone, chat("later")).status == 200


def test_both_kinds_are_one_pool(
    start_pool: StartPool, emulator: Emulator, token_server: TokenServer, tmp_path: Path, follow: Follow
) -> None:
    """Keys and Vertex AI take turns, stand in for each other, and each says who it was."""
    path = token_server.write_service_account(tmp_path, ACCOUNT)
    gateway = start_pool(write_vertex(emulator, path), GEMINI_API_KEY=ALPHA)
    kinds = [ask(gateway, body).json()["limner"]["upstream"]["kind"] for body in vary(4)]
    assert sorted(kinds) == ["gemini", "gemini", "vertex", "vertex"]
    follow("[[kind=vertex reason=iam]]")
    kinds = [ask(gateway, body).json()["limner"]["upstream"]["kind"] for body in vary(4, prompt="b")]
    assert set(kinds) == {"gemini"}


def test_express_mode_takes_a_key(start_pool: StartPool, emulator: Emulator) -> None:
    """A key of Vertex AI without a project goes to the path without one."""
    gateway = start_pool(
        f'[[upstream]]\nname = "express"\nkind = "vertex"\nkey = "{ALPHA}"\nbase_url = "{emulator.url}"\n'
    )
    assert ask(gateway, chat()).json()["limner"]["upstream"]["kind"] == "vertex"
    (call,) = emulator.list_calls()
    assert call["path"].startswith("/v1beta1/publishers/google/models/")
    assert call["key_suffix"] == ALPHA[-4:]


@pytest.mark.usefixtures("_no_proxy")
def test_default_credentials_are_googles_own(
    emulator: Emulator, token_server: TokenServer, tmp_path: Path
) -> None:
    """With a project in the environment the file that Google's variable names is used, and its account is asked."""
    path = token_server.write_service_account(tmp_path, ACCOUNT)
    variables = {
        "GEMINI_API_KEY": "",
        "LIMNER_VERTEX_PROJECT": "p-1",
        "GOOGLE_APPLICATION_CREDENTIALS": str(path),
    }
    gateway = Gateway(tmp_path, emulator.url, variables)
    assert "Vertex AI project p-1" in gateway.said
    assert gateway.stop() == 0
    check_log(gateway)


def test_without_credentials_the_gateway_does_not_start(emulator: Emulator, tmp_path: Path) -> None:
    """A project without credentials refuses the start, and says what to set."""
    variables = {
        "GEMINI_API_KEY": "",
        "LIMNER_VERTEX_PROJECT": "p-1",
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "nothing.json"),
        "LIMNER_API_KEYS": CLIENT_KEY,
    }
    with pytest.raises(AssertionError, match="did not start") as failure:
        Gateway(tmp_path, emulator.url, variables)
    assert "set GOOGLE_APPLICATION_CREDENTIALS" in str(failure.value)
    assert "Traceback" not in str(failure.value)
