"""The README in both languages: what a reader can type or follow is the same in each."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")

_BLOCK = re.compile(r"```.*?```", re.DOTALL)
_LINK = re.compile(r"\]\((?!README)([^)]+)\)")


def test_both_hold_the_same_code() -> None:
    """Every block of code and every command stands in both, in the same order."""
    assert _BLOCK.findall(ENGLISH) == _BLOCK.findall(CHINESE)


def test_both_lead_to_the_same_pages() -> None:
    """Every link of one is in the other, and each page leads to its twin."""
    assert _LINK.findall(ENGLISH) == _LINK.findall(CHINESE)
    assert "](README.zh-CN.md)" in ENGLISH
    assert "](README.md)" in CHINESE


def test_both_have_the_same_parts() -> None:
    """Headings and table rows come in the same number, so neither lags behind."""
    for sign in ("\n## ", "\n| ", "\n- "):
        assert ENGLISH.count(sign) == CHINESE.count(sign)
