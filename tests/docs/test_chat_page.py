"""`docs/chat.md` beside the request's record, the rules that read it, and the answer's record."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import msgspec
import pytest
from doc_tables import ROOT, find_section, find_table, read_page, read_spans
from google.genai.types import FinishReason

from limner.catalogue import MODELS, find_model
from limner.config_values import ImageOutput
from limner.errors import InvalidRequest
from limner.generation.inputs import MAX_PICTURES
from limner.translate.body import MAX_TEXT_BYTES
from limner.translate.events import Finish
from limner.translate.outcome import judge
from limner.translate.scanner import MAX_DEPTH, MAX_NODES
from limner.translate.settings import DrawSettings, resolve_settings
from limner.translate.spellings import find_given
from limner.translate.transcript import Transcript
from limner.web.streaming import OPEN_AFTER_SECONDS
from limner.wire.openai import ChatCompletion, ChatCompletionRequest
from limner.wire.parts import ContentPart


def list_fields(kind: msgspec.inspect.Type, path: str) -> Iterator[str]:
    """Yield the dotted path of every field below a record that holds no record itself."""
    match kind:
        case msgspec.inspect.StructType(cls=cls) if cls is ContentPart and not path.endswith(".content[]"):
            yield path.removeprefix(".")  # the fields of a part are listed once
        case msgspec.inspect.StructType(fields=fields):
            for field in fields:
                yield from list_fields(field.type, f"{path}.{field.encode_name}")
        case msgspec.inspect.ListType(item_type=item):
            yield from list_fields(item, f"{path}[]")
        case msgspec.inspect.UnionType(types=kinds):
            for one in kinds:
                if not isinstance(one, msgspec.inspect.NoneType):
                    yield from list_fields(one, path)
        case _:
            yield path.removeprefix(".").removesuffix("[]")


def test_every_field_of_a_request_is_listed() -> None:
    """The chat page's field table has every field that is read of a request, each once, and no other."""
    rows = find_table(find_section(read_page("chat.md"), "Fields of a request"), "field")
    listed = [name for field, _ in rows for name in read_spans(field)]
    assert sorted(listed) == sorted(set(list_fields(msgspec.inspect.type_info(ChatCompletionRequest), "")))
    assert all(re.match("Used|Dropped|Ignored", text) for _, text in rows)


def test_what_is_not_read_is_not_read() -> None:
    """What the chat page says is ignored today is no field of a request."""
    read = set(list_fields(msgspec.inspect.type_info(ChatCompletionRequest), ""))
    rows = find_table(find_section(read_page("chat.md"), "Not in this version"), "what")
    unread = {name for what, today in rows if today.startswith("ignored") for name in read_spans(what)}
    assert len(unread) > 4
    assert not [name for name in read if any(f"{name}.".startswith(f"{other}.") for other in unread)]


def list_notice_codes() -> Iterator[str]:
    """Yield the code of every `Notice("…"` in the source."""
    for path in (ROOT / "src" / "limner").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Notice":
                code = node.args[0]
                if isinstance(code, ast.Attribute) and code.attr == "code":
                    continue  # another notice's code, and here in other words
                assert isinstance(code, ast.Constant), f"{path.name}:{node.lineno} hides its code"
                yield str(code.value)


def test_every_notice_is_listed() -> None:
    """The chat page's notice table has every notice code of the source, each once, and no other."""
    rows = find_table(find_section(read_page("chat.md"), "Notices"), "code")
    listed = [code for cell, _ in rows for code in read_spans(cell)]
    assert sorted(listed) == sorted(set(list_notice_codes()))


def end_with(reason: str) -> str:
    """Return the finish reason of an answer that Gemini ends with `reason`."""
    transcript = Transcript()
    transcript.add(Finish(reason, None))
    return judge(transcript, None, MODELS[0].id).finish_reason


def test_finish_reasons() -> None:
    """Every reason that Google's client knows, and one that it does not, ends as the chat page's table says."""
    rows = find_table(find_section(read_page("chat.md"), "No picture"), "Gemini's reason")
    endings = {reason: read_spans(end)[0] for cell, end in rows for reason in read_spans(cell)}
    assert endings.pop("MALFORMED_…") == end_with("MALFORMED_X")
    known = {reason.value for reason in FinishReason}
    assert endings.keys() <= known
    (other,) = read_spans(dict(rows)["any other"])
    for reason in (*known, "SOMETHING_NEW"):
        assert end_with(reason) == endings.get(reason, other), reason


def test_image_outputs() -> None:
    """The chat page has every value of the image output, and no other."""
    rows = find_table(find_section(read_page("chat.md"), "Where the picture is"), "value")
    assert sorted(read_spans("".join(row[0] for row in rows))) == sorted(get_args(get_args(ImageOutput)[0]))


def test_limits_of_a_request() -> None:
    """The chat page names the limits as they are set."""
    page = read_page("chat.md")
    limits = {name: value for name, value, _ in find_table(page, "limit")}
    assert limits == {
        "body": "`LIMNER_MAX_BODY_MIB`",
        "text besides pictures": f"{MAX_TEXT_BYTES // 2**20} MiB",
        "pictures": str(MAX_PICTURES),
        "nesting": f"{MAX_DEPTH} levels",
        "strings, objects and arrays": f"{MAX_NODES:,}",
    }
    assert f"or {OPEN_AFTER_SECONDS:g} s after the call was sent" in page


def resolve(fields: Mapping[str, object], model_name: str = MODELS[0].id) -> DrawSettings:
    """Return the settings of a request with these fields. Raises InvalidRequest."""
    model = find_model(model_name)
    assert model is not None
    request = msgspec.convert({"model": model_name, **fields}, ChatCompletionRequest)
    given = find_given(fields, (), ())
    return resolve_settings(
        request, model, given=given, header_image_output=None, default_image_output="auto"
    )


def fill(name: str) -> DrawSettings:
    """Return the settings of a request with a value in one field, of whatever type it takes."""
    values: Sequence[object] = (1, True, "x", [], {})
    for value in values:
        try:
            return resolve({name: value})
        except msgspec.ValidationError:
            continue
    raise AssertionError(f"{name} takes none of the values")


def test_dropped_fields() -> None:
    """A field of the request itself is dropped with a notice if the field table says so, and not otherwise."""
    rows = find_table(find_section(read_page("chat.md"), "Fields of a request"), "field")
    for cell, text in rows:
        for name in read_spans(cell):
            if name == "model" or "." in name:
                continue
            notices = [(notice.code, notice.message.split("'")[1]) for notice in fill(name).notices]
            assert notices == ([("setting_dropped", name)] if text.startswith("Dropped") else []), name


def test_ranges() -> None:
    """A number that the field table gives a range for is taken at its ends and refused beyond them."""
    rows = find_table(find_section(read_page("chat.md"), "Fields of a request"), "field")
    ranges = {
        read_spans(cell)[0]: found for cell, text in rows if (found := re.match(r"Used. (\d) to (\d);", text))
    }
    assert len(ranges) == 2
    for name, found in ranges.items():
        least, most = map(int, found.groups())
        assert resolve({name: least}) != resolve({name: most})
        for value in (least - 0.1, most + 0.1):
            with pytest.raises(InvalidRequest, match=name):
                resolve({name: value})


def read_ratio_and_size() -> str:
    """Return the section of the chat page on ratio and size."""
    return find_section(read_page("chat.md"), "Ratio and size")


def test_spellings() -> None:
    """Each spelling of a ratio or size in the chat page's table is taken as the table says."""
    for given, ratio, size in find_table(read_ratio_and_size(), "given"):
        spellings = ["", *read_spans(given)] if given.startswith("empty") else read_spans(given)
        for spelling in spellings:
            settings = resolve({"size": spelling}, "nano-banana-2")
            assert (settings.aspect_ratio or "", settings.image_size) == (ratio, size or "1K"), spelling
            assert settings.notices == ()


def test_qualities() -> None:
    """Each quality in the chat page's table is taken as the table says."""
    for cell, size in find_table(read_ratio_and_size(), "quality"):
        for quality in read_spans(cell):
            expected = {"as it says": quality.upper(), "not set": "1K"}.get(size, size[:2])
            assert resolve({"quality": quality}, "nano-banana-2").image_size == expected


def nest(path: str, value: object) -> dict[str, Any]:
    """Return a body that holds `value` at a dotted path."""
    for key in reversed(path.split(".") if path else []):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def merge(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return what both bodies hold."""
    shared = {key: merge(one[key], other[key]) for key in one.keys() & other.keys()}
    return {**one, **other, **shared}


def join(*names: str) -> str:
    """Return a dotted path."""
    return ".".join(filter(None, names))


def test_places() -> None:
    """Ratio and size are read in each place of the chat page's table, and in its order."""
    rows = find_table(read_ratio_and_size(), "place")
    configs, within, options, top, *_ = [[read_spans(cell) for cell in row] for row in rows]
    # "The request itself" is the third of the config's roots and the first of the top's.
    google, merged, outer = configs[1]
    roots = [google, merged, "", outer]
    names = configs[0]
    settings = [join(root, name, field) for root in roots for name in names for field in configs[2]]
    settings += [
        join(root, container, name, field)
        for container in within[0]
        for root in roots
        for name in names
        for field in configs[2]
    ]
    settings += [join(root, field) for root in options[1] for field in configs[2]]
    settings += [join(root, field) for root in ("", *top[1]) for field in top[2]]
    body: dict[str, Any] = {}
    for path in settings:
        body = merge(body, nest(path, "x"))
    assert [given.param for given in find_given(body, (), ())] == settings


def test_fields_of_an_answer() -> None:
    """The chat page names every field of an answer, and its table no field that is none."""
    page = read_page("chat.md")
    section = find_section(page, "An answer")
    spans = read_spans(find_section(page, "Where the picture is") + section)
    paths = {path.replace("[]", "") for path in list_fields(msgspec.inspect.type_info(ChatCompletion), "")}
    names = {name for path in paths for name in path.split(".")}
    assert names - set(re.findall(r"\w+", " ".join(spans))) == set()
    for cell, _ in find_table(section, "field"):
        for name in read_spans(cell):
            path = name.replace("[0]", "")
            assert any(f"{one}.".startswith(f"{path}.") for one in paths), name
