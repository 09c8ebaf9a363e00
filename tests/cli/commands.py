"""Runs `limner` commands as an operator does. It must not know what they say."""

import os
import subprocess
import sys
from pathlib import Path


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run limner in `folder` without this process's own settings."""
    kept = {
        name: value for name, value in os.environ.items() if "LIMNER" not in name and "GEMINI" not in name
    }
    return subprocess.run(
        [sys.executable, "-m", "limner.cli", *arguments],
        cwd=folder,
        env=kept | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
