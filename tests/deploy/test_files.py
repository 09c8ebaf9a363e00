"""What all deployment files have to hold to: they name settings that exist, no secret and no download address."""

import re
from pathlib import Path

import pytest
from deploy_files import DEPLOY, ROOT, list_files, list_settings

from limner.config import Settings

_NOT_OURS = {"LIMNER_PORT"}
"""Named where it is kept out."""


@pytest.mark.parametrize("path", list_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_settings_exist(path: Path) -> None:
    """Every variable of Limner's that a deployment file names is a setting of this version."""
    named = set(re.findall(r"\b(?:LIMNER|GEMINI)_[A-Z0-9_]+", path.read_text(encoding="utf-8")))
    assert sorted(named - list_settings() - _NOT_OURS) == []


def test_settings_on_the_page_exist() -> None:
    """So is every one that docs/deployment.md names."""
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    assert (
        sorted(set(re.findall(r"\b(?:LIMNER|GEMINI)_[A-Z0-9_]+", page)) - list_settings() - _NOT_OURS) == []
    )


def test_files_on_the_page_exist() -> None:
    """Every deployment file that docs/deployment.md names is there."""
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bdeploy/[\w./-]+\w", page))
    assert len(named) > 5
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def read_seconds(directive: str) -> list[int]:
    """Return what nginx's file sets a time to, wherever it does."""
    text = (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    return [int(value) for value in re.findall(rf"^ *{directive} (\d+)s;$", text, re.MULTILINE)]


def test_nginx_s_times_fit_the_gateway_s() -> None:
    """Nginx waits longer than a call may take, and lets go of an idle connection before the gateway does."""
    fields = Settings.model_fields
    (longest,) = read_seconds("proxy_read_timeout")
    (idle,) = read_seconds("keepalive_timeout")
    assert longest > fields["upstream_timeout_seconds"].default
    assert idle < fields["keep_alive_seconds"].default
