"""The programs on docs/images-api.md run as they stand there, and its table of fields is complete."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from imaging import make_png

from limner.wire.images import ImagesRequest
from programs import CLIENT_KEY, Gateway, scrub_environment

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "images-api.md").read_text(encoding="utf-8")


def find(pattern: str, gateway: Gateway) -> list[str]:
    """Return the examples, with the address and the key of this gateway."""
    found = re.findall(pattern, PAGE, re.MULTILINE | re.DOTALL)
    return [
        text.replace("http://127.0.0.1:8000", gateway.url).replace("sk-limner-...", CLIENT_KEY)
        for text in found
    ]


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=scrub_environment(), capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python(gateway: Gateway, tmp_path: Path) -> None:
    """The Python program draws, edits and writes a picture."""
    (program,) = find(r"^```python\n(.*?)^```$", gateway)
    printed = run(tmp_path, sys.executable, "-c", program)
    assert re.fullmatch(r"\d+x\d+ 0\.\d+\n", printed)
    assert (tmp_path / "night.jpg").stat().st_size > 10_000


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_curl(gateway: Gateway, tmp_path: Path) -> None:
    """The calls by curl, JSON and form, are answered with pictures."""
    for name in ("lighthouse.jpg", "style.png"):
        (tmp_path / name).write_bytes(make_png())
    examples = find(r"^```\n(curl .*?)^```$", gateway)
    assert len(examples) == 2
    for example in examples:
        assert json.loads(run(tmp_path, "sh", "-c", example))["data"][0]["b64_json"]


def test_fields() -> None:
    """Every field that is read stands in the table, and none besides but spellings of ratio and size."""
    table = PAGE.partition("## A request")[2].partition("## Pictures in")[0]
    named = set(
        re.findall(
            r"`([a-z_.]+)`", " ".join(line.split("|")[1] for line in table.splitlines() if "|" in line)
        )
    )
    read = {field.encode_name for field in msgspec.structs.fields(ImagesRequest)} - {"extra_body"}
    assert named == read | {"extra_body.google", "size", "quality"}
