"""Small volumes of a test's own, which it may fill, empty and write-protect."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Volume:
    """A file system in memory, mounted at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    def fill(self) -> None:
        """Take all the room there is."""
        with self._filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(1024 * 1024)):
                    pass
            except OSError:
                return

    def empty(self) -> None:
        """Give the room back."""
        self._filler.unlink()

    def protect(self) -> None:
        """Allow no writing."""
        _run("mount", "-o", "remount,ro", str(self.path))

    def unprotect(self) -> None:
        """Allow writing again."""
        _run("mount", "-o", "remount,rw", str(self.path))


@contextmanager
def mounting(path: Path, size_mib: int) -> Iterator[Volume]:
    """Mount a volume for the length of the block; skip the test where that is not allowed."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small volume")
    path.mkdir(parents=True)
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(path))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no volume can be mounted here: {error.stderr.strip()}")
    try:
        yield Volume(path)
    finally:
        _run("umount", "--lazy", str(path))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
