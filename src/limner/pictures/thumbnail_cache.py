"""Keeps thumbnails on this machine's disk, below a bound, a folder for each answer.

    <root>/thumbnails/<generation>/<picture>-256.webp

They can be made again at any time: what cannot be written is not kept, and the oldest go first. Knows names and
bytes, not whose picture is whose. Blocks.
"""

import secrets
from contextlib import suppress
from pathlib import Path

from limner.pictures.disk import remove_tree

MOST_BYTES = 256 * 1024 * 1024
"""Some 15,000 thumbnails."""

_AFTER_SHRINKING = 0.9
_DRAFT = ".part"


class ThumbnailCache:
    """The folders below `root`."""

    def __init__(self, root: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._folder = root / "thumbnails"
        self._most_bytes = most_bytes

    def read(self, generation_id: str, name: str) -> bytes | None:
        """Return a thumbnail; None if it is not there."""
        try:
            return (self._folder / generation_id / name).read_bytes()
        except OSError:
            return None

    def write(self, generation_id: str, name: str, thumbnail: bytes) -> None:
        """Keep a thumbnail, whole or not at all. Raises OSError."""
        folder = self._folder / generation_id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f"{name}-{secrets.token_hex(4)}{_DRAFT}"
        try:
            draft.write_bytes(thumbnail)
            draft.rename(folder / name)
        finally:
            draft.unlink(missing_ok=True)

    def remove(self, generation_id: str) -> None:
        """Delete the thumbnails of an answer, if there are any. Raises OSError."""
        remove_tree(self._folder / generation_id)

    def list_generations(self) -> list[str]:
        """Return the ids of the answers with thumbnails here."""
        with suppress(FileNotFoundError):
            return sorted(path.name for path in self._folder.iterdir())
        return []

    def shrink(self) -> None:
        """Delete the oldest until all take no more than they may. Raises OSError."""
        found = [(*_measure(self._folder / name), name) for name in self.list_generations()]
        excess_bytes = sum(size_bytes for _, size_bytes, _ in found) - self._most_bytes
        if excess_bytes <= 0:
            return
        excess_bytes += round(self._most_bytes * (1 - _AFTER_SHRINKING))
        for _, size_bytes, name in sorted(found):
            if excess_bytes <= 0:
                break
            self.remove(name)
            excess_bytes -= size_bytes


def _measure(folder: Path) -> tuple[float, int]:
    """Return when something was last put into a folder, and how much its files take."""
    try:
        return folder.stat().st_mtime, sum(path.stat().st_size for path in folder.iterdir())
    except FileNotFoundError:
        return 0.0, 0
