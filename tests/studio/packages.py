"""What the studio's tests take from Node's packages: strings that break pages, and what finds barriers in them."""

import json
import os
from pathlib import Path

import pytest

_PACKAGES = Path(__file__).resolve().parents[1] / "node" / "node_modules"


def read_package(path: str) -> str:
    """Return a file of a package; skip the test where it is missing, which in CI it may not be."""
    file = _PACKAGES / path
    if not file.is_file():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            f"there is no {path}: run `npm ci` in tests/node"
        )
    return file.read_text(encoding="utf-8")


def list_naughty_strings() -> list[str]:
    """Return the Big List of Naughty Strings, but for those that are empty."""
    found: list[str] = json.loads(read_package("blns/resources/blns.json"))
    assert len(found) >= 485
    return [text for text in found if text.strip()]
