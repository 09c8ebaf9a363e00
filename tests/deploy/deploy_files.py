"""The deployment files as data, and what of the product they must agree with. Judges nothing."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from limner.config import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"

DRAIN_SECONDS = float(Settings.model_fields["drain_seconds"].default)
LAST_WRITES_SECONDS = 20
"""What docs/recovery.md says a gateway needs besides."""

TEMPORARY_FOLDER = "/tmp"  # noqa: S108 - a path in containers
USER_ID = 10001


def list_files() -> list[Path]:
    """Return every file that an operator takes over."""
    below = (path for path in DEPLOY.rglob("*") if path.is_file())
    return [ROOT / "Dockerfile", ROOT / ".dockerignore", *sorted(below)]


def read_compose() -> dict[str, Any]:
    """Return compose.yaml with its anchors put in, without what only holds them."""
    document = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return {name: value for name, value in document.items() if not name.startswith("x-")}


def read_manifests(*, with_examples: bool = True) -> Iterator[dict[str, Any]]:
    """Give the objects of deploy/kubernetes, without what kustomize itself reads."""
    for path in sorted(KUBERNETES.glob("*.yaml")):
        if path.name != "kustomization.yaml" and (with_examples or not path.name.endswith(".example.yaml")):
            yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def list_settings() -> set[str]:
    """Return the variables that Limner knows, those with a secret's file among them."""
    known = set()
    for field in Settings.model_fields.values():
        known.add(str(field.validation_alias))
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("is_secret"):
            known.add(f"{field.validation_alias}_FILE")
    return known


def read_instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions and their arguments, lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in joined.splitlines())]


def parse_seconds(duration: str) -> float:
    """Return a duration as compose files and systemd write it: `180s`, `3m` or a bare number."""
    found = re.fullmatch(r"(\d+)(s|m|)", duration)
    assert found is not None, duration
    return int(found[1]) * (60 if found[2] == "m" else 1)
