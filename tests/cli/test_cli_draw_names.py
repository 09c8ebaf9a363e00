"""Where `limner draw` writes and whom it asks: names by pattern, addresses with and without version."""

from datetime import datetime
from pathlib import Path

import pytest
import typer

from limner.cli_draw_files import Naming, build_pattern, write
from limner.cli_draw_gateway import build_door_url
from limner.cli_draw_pictures import Picture
from limner.cli_failure import CommandFailed

PICTURE = Picture(data=b"drawn", mime_type="image/webp", width=640, height=480)
STARTED = datetime.fromisoformat("2026-11-22T15:30:12")


def name(
    pattern: str, prompt: str = "a fox", model: str = "google/nano:free", *, force: bool = False
) -> Naming:
    """Return the naming of a call."""
    return Naming(pattern=pattern, model=model, prompt=prompt, is_forced=force, started=STARTED)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (None, "limner-20261122-153012.webp"),
        ("there", "there/limner-20261122-153012.webp"),
        ("made/", "made/limner-20261122-153012.webp"),
        ("a{{b}}/", "a{b}/limner-20261122-153012.webp"),
        ("fox", "fox.webp"),
        ("fox.png", "fox.png"),
        ("fox-v1.2", "fox-v1.2.webp"),
        ("{model}/{prompt}.{ext}", "google-nano-free/a-fox.webp"),
        ("{n:03}-{width}x{height}", "001-640x480.webp"),
        ("{date}/{time}/{n}.{ext}", "20261122/153012/1.webp"),
    ],
)
def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str | None, expected: str) -> None:
    """A name, a pattern or a folder becomes a path, whose folders are made; the picture stands there whole."""
    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    path = write(PICTURE, name(build_pattern(output)), set())
    assert path == Path(expected)
    assert [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()] == [b"drawn"]


@pytest.mark.parametrize(
    ("prompt", "slug"),
    [
        ("A red fox, at dusk!", "a-red-fox-at-dusk"),
        ("../../etc/passwd", "etc-passwd"),
        ("Füchse im Nebel", "füchse-im-nebel"),
        ("夕暮れの灯台", "夕暮れの灯台"),
        ("🦊", "picture"),
        ("word " * 50, "word-" * 11 + "word"),
    ],
)
def test_prompts_in_names(prompt: str, slug: str) -> None:
    """A prompt becomes a short name of letters, digits and hyphens, which leads nowhere else."""
    assert str(next(name("{prompt}.{ext}", prompt).list_names(PICTURE, 1))) == f"{slug}.webp"


def test_names_that_are_taken(tmp_path: Path) -> None:
    """An existing file stays as it is: {n} counts on, other names get a number."""
    for pattern, expected in (("a-{n}", "a-2.webp"), ("b.webp", "b-2.webp")):
        (tmp_path / expected.replace("2", "1")).write_bytes(b"old")
        (tmp_path / "b.webp").write_bytes(b"old")
        path = write(PICTURE, name(f"{tmp_path}/{pattern}"), set())
        assert path == tmp_path / expected
    assert (tmp_path / "b.webp").read_bytes() == b"old"
    assert write(PICTURE, name(f"{tmp_path}/b.webp", force=True), set()) == tmp_path / "b.webp"
    assert (tmp_path / "b.webp").read_bytes() == b"drawn"
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_what_cannot_be_written_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture whose folder turned out to be a file is kept in the folder for temporary files, and named."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(CommandFailed, match="the picture was kept as") as caught:
        write(PICTURE, name(f"{tmp_path}/file/{{n}}"), set())
    assert Path(str(caught.value).partition(" kept as ")[2]).read_bytes() == b"drawn"
    assert str(tmp_path / "file" / "1.webp") in str(caught.value)


def test_the_folder_is_tried_first(tmp_path: Path) -> None:
    """Where a file stands in a folder's place, that is told before anything is bought."""
    (tmp_path / "file").write_bytes(b"old")
    for output in (f"{tmp_path}/file/", f"{tmp_path}/file/deep/x.png", f"{tmp_path}/file/{{prompt}}"):
        with pytest.raises(CommandFailed, match="is not a folder"):
            build_pattern(output)
    assert build_pattern(f"{tmp_path}/not/yet/{{n}}") == f"{tmp_path}/not/yet/{{n}}"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("{n!r}.png", "{n!r}, which is not known"),
        ("{n.real}.png", "{n.real}, which is not known; accepted: {n}, {model}, {prompt}"),
        ("{n:9999}.png", "{n:9999}"),
        ("{ext:9}", "{ext:9}"),
        ("{}", "{}"),
        ("{n", "is malformed"),
        ("n}", "is malformed"),
    ],
)
def test_patterns_that_are_none(output: str, reason: str) -> None:
    """A place that is not known, or more than a place, is wrong usage."""
    with pytest.raises(typer.BadParameter) as caught:
        build_pattern(output)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("base_url", "door"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1/chat/completions"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1/chat/completions"),
        ("https://a.example/v1/", "https://a.example/v1/chat/completions"),
        ("https://a.example/api/v1", "https://a.example/api/v1/chat/completions"),
        ("https://a.example/api", "https://a.example/api/v1/chat/completions"),
        ("https://a.example/v1beta/openai/", "https://a.example/v1beta/openai/chat/completions"),
        ("https://a.example/v1/chat/completions", "https://a.example/v1/chat/completions"),
        ("http://[::1]:8000", "http://[::1]:8000/v1/chat/completions"),
        ("https://user:secret@a.example", None),
        ("https://a.example?x=1", None),
        ("a.example", None),
        ("http://", None),
        ("http://a.example:99999", None),
        ("http://[x", None),
    ],
)
def test_doors(base_url: str, door: str | None) -> None:
    """A base URL leads to the chat door with or without its version, slash or door; what is none is refused."""
    assert build_door_url(base_url) == door
