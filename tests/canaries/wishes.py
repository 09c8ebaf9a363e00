"""Requests at every door that takes a body, with a canary in every place that a client can write into.

Fields are taken from the records that the doors read, so that a new one is tried as well.
"""

import base64
import io
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from birds import Cage
from PIL import Image

from limner.wire.images import ImagesRequest
from limner.wire.limner_keys import KeyOrder
from limner.wire.openai import ChatCompletionRequest

CHAT, IMAGES, EDITS = "/v1/chat/completions", "/v1/images/generations", "/v1/images/edits"
NATIVE = "/v1beta/models/gemini-3.1-flash-image"
KEYS = "/v1/limner/keys"
MODEL = "nano-banana-2"


class Wish(NamedTuple):
    """One request; `key` None: the client's own, and `is_admin` the admin's."""

    path: str
    body: Any
    headers: Mapping[str, str] = MappingProxyType({})
    key: str | None = None
    is_admin: bool = False
    method: str | None = None


def draw_picture(cage: Cage) -> str:
    """Return a picture as a data URI; what stands in the middle of its base64 is a canary."""
    file = io.BytesIO()
    Image.effect_noise((48, 48), 80).save(file, "PNG")
    text = base64.b64encode(file.getvalue()).decode()
    middle = len(text) // 2
    cage.put("the middle of a picture", "told", text[middle : middle + 40])
    return f"data:image/png;base64,{text}"


def list_wishes(cage: Cage, refused_port: int) -> Iterator[Wish]:
    """Yield all requests."""
    yield from _list_good(cage)
    yield from _list_outcomes(cage)
    yield from _list_headers(cage)
    yield from _list_pictures(cage, refused_port)
    yield from _list_wrong_fields(cage)
    yield from _list_broken(cage)
    yield from _list_keys(cage)


def _say(cage: Cage, place: str, more: str = "") -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": f"{cage.put(place, 'told')} {more}"}]}


def _list_good(cage: Cage) -> Iterator[Wish]:
    picture = draw_picture(cage)
    parts = [
        {"type": "text", "text": cage.put("a part of text", "told")},
        {"type": "image_url", "image_url": {"url": picture, "detail": cage.put("detail", "field")}},
    ]
    full = {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": cage.put("system", "told")},
            {"role": "assistant", "content": cage.put("assistant", "told")},
            {"role": "user", "content": parts, "name": cage.put("name", "told")},
        ],
        "metadata": {cage.put("metadata name", "told"): cage.put("metadata", "told")},
        "user": cage.put("user", "told"),
        "tools": [{"type": "function", "function": {"name": cage.put("tool", "told")}}],
        "stop": [cage.put("stop", "told")],
        "response_format": {"type": cage.put("response_format", "told")},
        "store": True,
        cage.put("unknown field's name", "told"): cage.put("unknown field", "told"),
        "extra_body": {"unknown": cage.put("unknown in extra_body", "told")},
    }
    yield Wish(CHAT, full)
    yield Wish(CHAT, {**full, "stream": True})
    yield Wish(
        IMAGES,
        {
            "model": MODEL,
            "prompt": cage.put("images prompt", "told"),
            "user": cage.put("images user", "told"),
        },
    )
    yield Wish(
        EDITS, {"model": MODEL, "prompt": cage.put("edits prompt", "told"), "image": picture, "stream": True}
    )
    contents = [{"role": "user", "parts": [{"text": cage.put("native prompt", "told")}]}]
    native = {
        "contents": contents,
        "systemInstruction": {"parts": [{"text": cage.put("native system", "told")}]},
        "labels": {"a": cage.put("native label", "told")},
    }
    for method in ("generateContent", "streamGenerateContent?alt=sse", "countTokens"):
        yield Wish(f"{NATIVE}:{method}", {"contents": contents} if method == "countTokens" else native)
    task = f"### Task:\nGenerate a concise title.\n<chat_history>\nUSER: {cage.put('a title', 'told')}\n</chat_history>"
    yield Wish(CHAT, {"model": MODEL, "messages": [{"role": "user", "content": task}]})


def _list_outcomes(cage: Cage) -> Iterator[Wish]:
    told = (
        *("[[status=400]]", "[[status=401]]", "[[status=403]]", "[[status=404]]", "[[status=429 retry=60s]]"),
        *(
            "[[status=500]]",
            "[[status=502]]",
            "[[status=503]] [[times=1]]",
            "[[cut=50%]]",
            "[[garbage]]",
            "[[bad-base64]]",
        ),
        *(
            "[[finish=IMAGE_SAFETY]]",
            "[[block=PROHIBITED_CONTENT]]",
            "[[text-only]]",
            "[[error-midstream]]",
            "[[delay=5s]]",
        ),
    )
    for directive in told:
        yield Wish(CHAT, _say(cage, f"chat {directive}", directive))
    for directive in ("[[text-only]]", "[[block=PROHIBITED_CONTENT]]", "[[cut=50%]]"):
        yield Wish(CHAT, {**_say(cage, f"stream {directive}", directive), "stream": True})
        prompt = f"{cage.put(f'images {directive}', 'told')} {directive}"
        yield Wish(IMAGES, {"model": MODEL, "prompt": prompt})
        yield Wish(f"{NATIVE}:generateContent", {"contents": [{"parts": [{"text": f"native {prompt}"}]}]})


def _list_headers(cage: Cage) -> Iterator[Wish]:
    names = (
        "Cookie",
        "User-Agent",
        "Referer",
        "Origin",
        "X-Anything",
        "tracestate",
        "baggage",
        "X-Forwarded-For",
    )
    headers = {name: cage.put(f"header {name}", "told") for name in names}
    keyed = {"Idempotency-Key": cage.put("Idempotency-Key", "told")}
    yield Wish(CHAT, _say(cage, "with headers"), headers | keyed)
    yield Wish(CHAT, _say(cage, "with the same Idempotency-Key"), keyed)
    yield Wish(
        CHAT,
        _say(cage, "no good Idempotency-Key"),
        {"Idempotency-Key": cage.put("bad Idempotency-Key", "told") + "é"},
    )
    yield Wish(CHAT, _say(cage, "a huge header"), {"X-Huge": cage.put("huge header", "told") * 3000})
    yield Wish(CHAT, _say(cage, "another host"), {"Host": f"{cage.put('Host', 'field')}.example.org"})
    query = f"key={cage.put('key in the query', 'secret')}&x={cage.put('query', 'told')}"
    for path in (CHAT, IMAGES, f"{NATIVE}:generateContent", "/v1/models", "/images/img_1", "/nowhere"):
        yield Wish(f"{path}?{query}", _say(cage, f"with a query {path}") if path == CHAT else {})
    for path in (CHAT, IMAGES, f"{NATIVE}:generateContent", KEYS, "/metrics"):
        wrong = cage.put(f"wrong key at {path}", "secret")
        yield Wish(path, _say(cage, f"with a wrong key {path}"), key=wrong)
        yield Wish(
            path, {}, {"x-goog-api-key": cage.put(f"wrong x-goog-api-key at {path}", "secret")}, key=""
        )
    yield Wish(
        CHAT,
        _say(cage, "odd authorization"),
        {"Authorization": f"Basic {cage.put('Basic', 'secret')}"},
        key="",
    )


def _list_pictures(cage: Cage, refused_port: int) -> Iterator[Wish]:
    raw = base64.b64encode(bytes(range(256)) * 20).decode()
    cage.put("a picture without a type", "told", raw[400:440])
    links = (
        raw[396:],
        f"/9j/{raw[396:]}",
        f"https://user:{cage.put('password in a link', 'told')}@127.0.0.1:{refused_port}/a.png",
        f"http://127.0.0.1:{refused_port}/{cage.put('path of a link', 'field')}?sig={cage.put('query of a link', 'told')}",
        f"ftp://{cage.put('host of a link', 'field')}/",
        f"data:image/png;base64,{cage.put('no picture', 'told')}",
        f"data:{cage.put('no type', 'told')};base64,AAAA",
        f"/images/{cage.put('no picture of ours', 'field')}?sig={cage.put('no signature of ours', 'told')}",
    )
    for link in links:
        parts = [{"type": "image_url", "image_url": {"url": link}}, {"type": "text", "text": "draw"}]
        yield Wish(CHAT, {"model": MODEL, "messages": [{"role": "user", "content": parts}]})
        yield Wish(EDITS, {"model": MODEL, "prompt": "draw", "image": link})
    yield Wish(f"/images/img_{'0' * 32}?expires=9999999999&sig={cage.put('signature', 'secret')}", None)


def _list_wrong_fields(cage: Cage) -> Iterator[Wish]:
    """Every field of every record with values that it does not take."""
    small = {"google": {"image_config": {"image_size": "512"}}}
    chat: dict[str, Any] = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "draw"}],
        "extra_body": small,
    }
    images: dict[str, Any] = {"model": MODEL, "prompt": "draw", "extra_body": small}
    for path, good, record in ((CHAT, chat, ChatCompletionRequest), (IMAGES, images, ImagesRequest)):
        names = [field.encode_name for field in msgspec.structs.fields(record)]
        for name in (
            *names,
            "aspect_ratio",
            "size",
            "quality",
            "resolution",
            "image_config",
            "generationConfig",
        ):
            for value in _make_values(cage, f"{path} {name}"):
                yield Wish(path, {**good, name: value})
    for name in (
        "contents",
        "generationConfig",
        "tools",
        "safetySettings",
        "systemInstruction",
        "cachedContent",
    ):
        for value in _make_values(cage, f"native {name}"):
            yield Wish(
                f"{NATIVE}:generateContent", {"contents": [{"parts": [{"text": "draw"}]}], name: value}
            )


def _make_values(cage: Cage, place: str) -> Iterator[Any]:
    kind: Any = "told" if place.rpartition(" ")[2] in {"messages", "contents", "prompt"} else "field"
    word = cage.put(place, kind)
    yield from (word, [word], {word: word}, [{word: word}], [[word]])


def _list_broken(cage: Cage) -> Iterator[Wish]:
    for path in (CHAT, IMAGES, f"{NATIVE}:generateContent", KEYS):
        word = cage.put(f"no JSON at {path}", "told")
        for body in (
            f'{{"model": "{word}", ',
            f'"{word}"',
            f"{word}={word}",
            f'{{"{word}": "\\ud800"}}',
            f'["{word}"]',
        ):
            yield Wish(path, body.encode())
        yield Wish(path, b'{"a": "' + word.encode() * 60_000 + b'"}')
        yield Wish(path, f"{word}=1".encode(), {"Content-Type": f"text/{word}"})
        yield Wish(path, word.encode(), {"Content-Encoding": "gzip"})
        yield Wish(path, word.encode(), method="PUT")
    form = f'--x\r\nContent-Disposition: form-data; name="{cage.put("form name", "told")}"\r\n\r\n{cage.put("form", "told")}\r\n--x--\r\n'
    yield Wish(EDITS, form.encode(), {"Content-Type": "multipart/form-data; boundary=x"})


def _list_keys(cage: Cage) -> Iterator[Wish]:
    secret = f"sk-{cage.put('a key of their own', 'secret')}"
    yield Wish(KEYS, {"name": "own", "key": secret}, is_admin=True)
    yield Wish(KEYS, {"name": "again", "key": secret}, is_admin=True)
    yield Wish(KEYS, {"name": "bad", "key": f"{cage.put('a bad key', 'secret')} ü"}, is_admin=True)
    yield Wish(KEYS, {"name": "bad", "key": [cage.put("a key of a wrong type", "secret")]}, is_admin=True)
    for field in msgspec.structs.fields(KeyOrder):
        if field.encode_name == "name":  # who made which key is logged, by their names
            continue
        kind: Any = "secret" if field.encode_name == "key" else "field"
        word = cage.put(f"keys {field.encode_name}", kind)
        for value in (word + " \u00fc", [word], {word: word}):
            yield Wish(KEYS, {"name": f"n-{field.encode_name}", field.encode_name: value}, is_admin=True)
