"""What `limner draw` makes of answers: shapes of gateways, cut anywhere, and errors in every form seen."""

import json
from io import BytesIO
from typing import Any

import pybase64
import pytest
from PIL import Image

from limner.cli_draw_answer import BROKEN_OFF, Answer, AnswerReader
from limner.cli_draw_events import EventReader
from limner.cli_draw_pictures import Picture, decode_data_uri, differs, look_at
from limner.cli_draw_wording import describe_body, describe_status, to_line, to_text
from limner.cli_failure import CommandFailed


def make_picture(kind: str, width: int, height: int) -> bytes:
    """Return a picture whose base64 is not short."""
    file = BytesIO()
    Image.effect_noise((width, height), 80).save(file, kind)
    return file.getvalue()


def to_uri(data: bytes) -> str:
    """Return a data URI that claims a PNG, as gateways do of whatever they pass on."""
    return f"data:image/png;base64,{pybase64.b64encode(data).decode()}"


def event(delta: dict[str, Any], finish_reason: str | None = None, **fields: Any) -> bytes:
    """Return one chunk of a stream."""
    chunk = {"id": "gen-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}
    return b"data: " + json.dumps(chunk | fields).encode() + b"\n\n"


def to_events(content: str, length: int = 1000) -> bytes:
    """Return a stream that says `content` in pieces of a length."""
    pieces = (content[start : start + length] for start in range(0, len(content), length))
    return b"".join(event({"content": piece}) for piece in pieces) + FINISH + DONE


def to_images(*entries: Any) -> bytes:
    """Return a stream with these entries in `images`."""
    return event({"role": "assistant", "content": ""}) + event({"images": list(entries)}) + FINISH + DONE


def to_whole(message: dict[str, Any], **fields: Any) -> bytes:
    """Return a whole answer."""
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return json.dumps({"id": "gen-1", "choices": choices} | fields).encode()


PNG = make_picture("PNG", 48, 27)
URI = to_uri(PNG)
DONE = b"data: [DONE]\n\n"
FINISH = event({}, "stop")
MARKDOWN = f"Here:\n![a fox]({URI})\nas asked"
ENTRY = {"type": "image_url", "image_url": {"url": URI}, "index": 0}

SHAPES = {
    "Markdown over many deltas": to_events(MARKDOWN, 77),
    "Markdown in one delta": to_events(MARKDOWN, 10**9),
    "Markdown with a title": to_events(f'![a](<{URI}> "a fox")'),
    "a data URI alone": to_events(URI),
    "images with type": to_images(ENTRY),
    "images without type": to_images({"image_url": {"url": URI}}),
    "images with a string": to_images({"image_url": URI}),
    "images of strings": to_images(URI),
    "images with b64_json": to_images({"b64_json": URI.partition(",")[2]}),
    "content parts": event({"content": [{"type": "text", "text": "Here"}, ENTRY]}, "stop") + DONE,
    "CRLF": to_images(ENTRY).replace(b"\n", b"\r\n"),
    "a byte order mark": b"\xef\xbb\xbf" + to_images(ENTRY),
    "comments, names, ids and empty data": b": PROCESSING\n\nevent: message\nid: 7\nretry: 10\n"
    + event({"images": [ENTRY]})
    + b":\n\ndata:\n\n"
    + FINISH
    + DONE,
    "no blank behind the colon": to_images(ENTRY).replace(b"data: ", b"data:"),
    "error null": event({"images": [ENTRY]}, "stop", error=None) + DONE,
    "no [DONE]": to_images(ENTRY).removesuffix(DONE),
    "no finish reason": event({"images": [ENTRY]}) + DONE,
    "no blank line at the end": event({"images": [ENTRY]}) + b"data: [DONE]",
    "whole, Markdown": to_whole({"content": MARKDOWN}),
    "whole, images": to_whole({"content": None, "images": [ENTRY]}),
    "whole, blanks before it": b" \n \n" + to_whole({"content": "", "images": [ENTRY]}),
}


def read(body: bytes, piece_bytes: int = 1 << 30) -> Answer:
    """Read an answer that comes in pieces."""
    answer = Answer()
    reader = AnswerReader(answer)
    reader.open({})
    for start in range(0, len(body), piece_bytes):
        reader.feed(body[start : start + piece_bytes])
    reader.close()
    return answer


@pytest.mark.parametrize("piece_bytes", [1, 7, 4096, 1 << 30])
@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str, piece_bytes: int) -> None:
    """Every shape gives the one picture, and text without it, however the bytes are cut."""
    text, urls = read(SHAPES[name], piece_bytes).split()
    assert [decode_data_uri(url).data for url in urls] == [PNG]
    assert "base64" not in text
    assert ("Here" in text) == (b"Here" in SHAPES[name])


def test_links() -> None:
    """Markdown links and links in `images` are pictures to be downloaded; other links are text."""
    body = to_whole(
        {
            "content": "![a](https://a.example/x_(1).png) ![b](http://b.example/y?z=1 'b') [c](https://c.example)",
            "images": [{"image_url": {"url": "https://d.example/z.webp"}}],
        }
    )
    text, urls = read(body).split()
    assert urls == ["https://a.example/x_(1).png", "http://b.example/y?z=1", "https://d.example/z.webp"]
    assert text == "[c](https://c.example)"


def test_what_limner_says_for_nothing_is_not_repeated() -> None:
    """Limner's sentence beside a picture is left out; a model's own words are not."""
    for words, shown in (("Here is your picture.", ""), ("Here is your fox.", "Here is your fox.")):
        assert read(to_whole({"content": words, "images": [ENTRY]})).split()[0] == shown


def test_cost_notices_and_generation() -> None:
    """Limner's note goes before usage.cost; LiteLLM's header counts where the body tells nothing."""
    note = {"cost_usd": 0.25, "generation_id": "gen_7", "notices": [{"code": "a", "message": "b\nc"}]}
    answer = read(to_whole({"content": "x"}, usage={"cost": 0.5}, limner=note))
    assert (answer.cost_usd, answer.generation_id, answer.notices) == (0.25, "gen_7", [("a", "b c")])
    answer = read(FINISH + event({}, usage={"cost": 0.5}) + DONE)
    assert (answer.cost_usd, answer.generation_id) == (0.5, "gen-1")
    for value, cost in (("0.125", 0.125), ("None", None), ("nan", None)):
        answer = Answer()
        AnswerReader(answer).open({"x-litellm-response-cost": value})
        assert answer.cost_usd == cost


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (event({"content": "x"}), BROKEN_OFF),
        (event({"content": "x"}) + b'data: {"choices": [{"del', BROKEN_OFF),
        (b"", "the answer is not JSON"),
        (b'{"choices": [{"mess', "the answer is not JSON"),
        (b'{"object": "list"}', 'not in OpenAI\'s chat format: {"object": "list"}'),
        (b'{"error": {"message": "no\\nmoney"}}', "the gateway failed: no money"),
        (
            b"<html><title>Open &amp; WebUI</title>",
            "an HTML page titled 'Open & WebUI': is the base URL right?",
        ),
        (b'data: {"error": {"message": "full", "generation_id": "g7"}}\n\n', "failed: full (generation g7)"),
        (b'data: {"error": "full"}\n\n', "the gateway failed: full"),
        (b"event: error\ndata: full\n\n", "the gateway failed: full"),
        (b'data: {"choices": [{"error": {"message": "full"}}]}\n\n', "the gateway failed: full"),
        (b"data: full\n\n", "an event of the stream is not JSON: full"),
    ],
)
def test_answers_that_are_none(body: bytes, reason: str) -> None:
    """Errors within an answer, cut answers and other programs' pages are failures that say what came."""
    with pytest.raises(CommandFailed) as caught:
        read(body)
    assert reason in str(caught.value)


def test_what_came_before_a_failure_is_kept() -> None:
    """A complete picture before an error counts, an incomplete one is neither picture nor text."""
    answer = Answer()
    reader = AnswerReader(answer)
    with pytest.raises(CommandFailed):
        reader.feed(event({"content": MARKDOWN + MARKDOWN[:200]}) + b'data: {"error": {"message": "x"}}\n\n')
    text, urls = answer.split()
    assert urls == [URI]
    assert text == "Here:\n\nas askedHere:"


def test_long_lines() -> None:
    """A picture's line of 30 MB in pieces of 4 KiB is one event; were each piece to copy it, none would wait."""
    reader = EventReader()
    piece = b"x" * 4096
    assert list(reader.feed(b"data: ")) == []
    assert [one for _ in range(7500) for one in reader.feed(piece)] == []
    (one,) = reader.feed(b"\n\n")
    assert len(one.data) == 7500 * 4096


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": {"message": "a"}}', "a"),
        (b'{"error": {"code": 7}}', "7"),
        (b'{"error": "a"}', "a"),
        (b'{"message": "a"}', "a"),
        (b'{"detail": "a"}', "a"),
        (b'{"detail": [{"loc": ["body"], "msg": "a"}]}', "a"),
        (b'[{"error": {"message": "a"}}]', "a"),
        (b'{"error": {"message": "a", "metadata": {"raw": "b"}}}', "a: b"),
        (b"<!doctype html><h1>502 Bad\n Gateway</h1>", "an HTML page titled '502 Bad Gateway'"),
        (b"<html>", "an HTML page"),
        (b"no \x1b[31mworkers\r\n left", "no [31mworkers left"),
        (b"[" * 100_000, "[" * 500 + "…"),
        (b"", ""),
    ],
)
def test_error_bodies(body: bytes, reason: str) -> None:
    """The reason in an error body is found in every form, and becomes one printable line."""
    assert describe_body(body) == reason


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        (429, {"retry-after": "30"}, "HTTP 429: a (try again in 30 s)"),
        (503, {"retry-after-ms": "1500"}, "HTTP 503: a (try again in 1.5 s)"),
        (503, {"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, "HTTP 503: a (try again in 0 s)"),
        (503, {"retry-after": "soon"}, "HTTP 503: a"),
        (308, {"location": "https://b/v1"}, "HTTP 308: it sends on to https://b/v1; set --base-url to that"),
    ],
)
def test_statuses(status: int, headers: dict[str, str], reason: str) -> None:
    """A status is told with its reason and, where given, the time to wait."""
    assert describe_status(status, headers, b'{"error": "a"}', with_key=True) == reason


def test_text_cannot_steer_the_terminal() -> None:
    """Lines and texts of others are printed without control characters."""
    assert to_line("a\x1b]0;b\x07\n c\u2028d") == "a ]0;b c d"
    assert to_text("a\x1b[2J\r\n\tb\x9b") == "a[2J\n\tb"


@pytest.mark.parametrize("kind", ["plain", "unpadded", "url-safe", "percent", "lines"])
def test_base64_in_every_hand(kind: str) -> None:
    """Base64 without padding, URL-safe, percent-encoded or in lines gives the same bytes."""
    data = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3 + b"x"
    written = pybase64.b64encode(data).decode()
    forms = {
        "plain": written,
        "unpadded": written.rstrip("="),
        "url-safe": written.replace("+", "-").replace("/", "_"),
        "percent": written.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
        "lines": "\r\n".join(written[start : start + 76] for start in range(0, len(written), 76)),
    }
    picture = decode_data_uri(f"data:image/jpeg;base64,{forms[kind]}")
    assert (picture.data, picture.mime_type, picture.extension) == (data, "image/png", "png")


@pytest.mark.parametrize(
    "uri", ["data:image/png;base64,@@@@", "data:image/png,abc", to_uri(b"<html>"), "data:"]
)
def test_what_is_no_picture_is_refused(uri: str) -> None:
    """What cannot be read as a picture is a failure, not a file."""
    with pytest.raises(CommandFailed, match="picture"):
        decode_data_uri(uri)


def test_types_go_by_magic() -> None:
    """Bytes go before what was declared; what has no magic goes by the declaration, else is kept as it is."""
    assert look_at(make_picture("WEBP", 9, 7), "image/png").extension == "webp"
    assert look_at(b"....ftypavif", "image/avif").extension == "avif"
    assert look_at(b"\x00\x01\x02", "image/png").extension == "bin"


@pytest.mark.parametrize(
    ("pixels", "ratio", "size", "expected"),
    [
        ((2752, 1536), "16:9", "2K", False),
        ((1584, 672), "21:9", "1K", False),
        ((5632, 3072), "16:9", "4k", False),
        ((1024, 1024), "16:9", None, True),
        ((1024, 1024), "1:1", "2K", True),
        ((1024, 1024), None, None, False),
        ((1024, 1024), "auto", "best", False),
        ((1024, 768), None, "1024x1024", True),
        ((None, None), "16:9", "2K", False),
    ],
)
def test_what_was_asked_and_what_came(
    pixels: tuple[int | None, int | None], ratio: str | None, size: str | None, *, expected: bool
) -> None:
    """Another ratio or tier is noticed, the few pixels a model's table is off are not."""
    picture = Picture(data=b"", mime_type="image/png", width=pixels[0], height=pixels[1])
    assert differs(picture, ratio, size) is expected
