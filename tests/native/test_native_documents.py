"""Documents of an answer are put together again as they were, however their bytes came in."""

import json
from collections.abc import Sequence

import pybase64
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.translate.events import Document, PictureBegins, PictureBytes, SignatureBytes, SignatureEnds
from limner.translate.native_answer import DocumentComposer, Written, merge
from limner.translate.reader import AnswerReader
from limner.translate.transcript import Transcript, name_signature

_DATA = st.binary(max_size=60).map(lambda data: pybase64.b64encode(data).decode())
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["\x000", "\\u00000", "}{", '"data":"AAAA"', "data: x"]
)
_PARTS = st.fixed_dictionaries(
    {},
    optional={
        "text": _TEXTS,
        "thought": st.booleans(),
        "inlineData": st.fixed_dictionaries({"data": _DATA}, optional={"mimeType": st.just("image/png")}),
        "thoughtSignature": _DATA | st.just(""),
        "novel": st.lists(_TEXTS, max_size=2),
    },
)
_BODIES = st.lists(st.lists(_PARTS, max_size=3), min_size=1, max_size=4)


def write(parts: Sequence[object], *, is_last: bool, indent: int | None) -> bytes:
    """Return one document."""
    end = {"finishReason": "STOP"} if is_last else {}
    candidate = {"content": {"parts": parts, "role": "model"}, **end}
    return json.dumps({"candidates": [candidate], "x": {"parts": [{"text": "y"}]}}, indent=indent).encode()


def read(body: bytes, step: int, *, is_stream: bool) -> tuple[Transcript, dict[str, bytes]]:
    """Return what was said, and the base64 of pictures and signatures by name."""
    reader = AnswerReader(is_stream=is_stream, keeps_documents=True)
    transcript = Transcript()
    longs: dict[str, bytes] = {}
    name = ""
    for start in range(0, len(body), step):
        for event in reader.feed(body[start : start + step]):
            match event:
                case PictureBegins():
                    name = f"picture-{len(transcript.pictures)}"
                    longs[name] = b""
                    transcript.add(event, picture_id=name)
                case PictureBytes(_, base64):
                    longs[name] += base64
                case SignatureBytes(_, base64):
                    signature = name_signature(len(transcript.signature_parts))
                    longs[signature] = longs.get(signature, b"") + base64
                case SignatureEnds():
                    longs.setdefault(name_signature(len(transcript.signature_parts)), b"")
                    transcript.add(event)
                case _:
                    transcript.add(event)
    reader.close()
    return transcript, longs


def join(document: Written, longs: dict[str, bytes]) -> bytes:
    """Return a document's bytes."""
    pairs = zip(document.longs, document.pieces[1:], strict=True)
    return document.pieces[0] + b"".join(longs[name] + piece for name, piece in pairs)


@given(_BODIES, st.integers(1, 40), st.sampled_from([None, 1]))
@settings(deadline=None, max_examples=150)
def test_any_cut_gives_the_documents_back(bodies: list[list[object]], step: int, indent: int | None) -> None:
    """Events, a whole answer and an array of documents come back byte by byte, whatever stands in them."""
    lines = [write(parts, is_last=parts is bodies[-1], indent=None) for parts in bodies]
    stream = b"".join(b"data: " + line + b"\r\n\r\n" for line in lines)
    transcript, longs = read(stream, step, is_stream=True)
    composer = DocumentComposer(transcript, model_version="m")
    certain = [join(document, longs) for document in composer.take()]
    assert certain == lines[:-1]
    rest = [join(document, longs) for document in composer.take_rest(is_truncated=False)]
    assert rest == lines[-1:]
    array, longs = read(b"[" + b",\r\n".join(lines) + b"]", step, is_stream=False)
    composer = DocumentComposer(array, model_version="m")
    assert [join(document, longs) for document in composer.take_rest(is_truncated=False)] == lines
    whole = write(bodies[0], is_last=True, indent=indent)
    transcript, longs = read(b" \n" + whole + b"\n", step, is_stream=False)
    (document,) = DocumentComposer(transcript, model_version="m").take_rest(is_truncated=False)
    assert join(merge([document]), longs) == whole


@given(_BODIES)
@settings(deadline=None, max_examples=100)
def test_several_documents_become_one(bodies: list[list[dict[str, object]]]) -> None:
    """Merged, the parts stand one after another, each with its own picture and signature."""
    lines = [write(parts, is_last=parts is bodies[-1], indent=None) for parts in bodies]
    stream = b"".join(b"data: " + line + b"\r\n\r\n" for line in lines)
    transcript, longs = read(stream, 1000, is_stream=True)
    documents = list(DocumentComposer(transcript, model_version="m").take_rest(is_truncated=False))
    merged = json.loads(join(merge(documents), longs))
    parts = [part for parts in bodies for part in parts]
    spoken = [part for part in parts if part != {"text": ""}]
    assert merged["candidates"][0]["content"]["parts"] == (parts if len(bodies) == 1 else spoken or parts)
    assert merged["candidates"][0]["finishReason"] == "STOP"


def test_a_document_says_whether_it_is_the_last() -> None:
    """An end is a finish reason or a block of the prompt; an error is no document at all."""
    reader = AnswerReader(is_stream=True, keeps_documents=True)
    body = (
        b'data: {"candidates":[{"content":{"parts":[{"text":"a"}]}}]}\n\n'
        b'data: {"promptFeedback":{"blockReason":"OTHER"}}\n\n'
        b'data: {"error":{"code":499,"message":"cancelled","status":"CANCELLED"}}\n\n'
    )
    found = [event for event in reader.feed(body) if isinstance(event, Document)]
    assert [document.is_last for document in found] == [False, True]
