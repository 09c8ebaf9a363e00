"""Whether there is room for what a new generation may bring: asked before anything is bought.

Knows the disk, not what is stored on it.
"""

import asyncio
from concurrent.futures import Executor
from pathlib import Path

from limner.pictures.disk import measure_free_bytes, try_writing

MIB = 1024 * 1024

EXPECTED_BYTES = {"512": 3 * MIB, "1K": 6 * MIB, "2K": 16 * MIB, "4K": 40 * MIB}
"""The most that a picture of a size and its signature take; Gemini's 4K PNGs reach 30 MiB (recorded 2026-07)."""

_MARGIN_BYTES = 8 * MIB
"""Stays free besides, for the database's journal."""

_MOST_PROBED_BYTES = 32 * MIB
_PROBE_PAUSE_SECONDS = 1.0


class StorageGauge:
    """Watches one folder."""

    def __init__(self, folder: Path, threads: Executor) -> None:
        self._folder = folder
        self._threads = threads
        self._expected_bytes = 0
        self._troubled_bytes = 0
        self._probed_at = 0.0
        self.is_full = False
        """Whether the store has reached its limit and nothing in it may go."""

    def expect(self, size: str) -> int:
        """Count a picture that is on its way; give the number back to `arrive`."""
        expected_bytes = expect_bytes(size)
        self._expected_bytes += expected_bytes
        return expected_bytes

    def arrive(self, expected_bytes: int) -> None:
        """Count it no more."""
        self._expected_bytes -= expected_bytes

    def report_trouble(self, size_bytes: int) -> None:
        """Buy nothing more until a file of this size can be written."""
        self._troubled_bytes = min(max(size_bytes, self._troubled_bytes, MIB), _MOST_PROBED_BYTES)

    async def has_room(self, size: str) -> bool:
        """Return whether one more picture of `size` can be stored."""
        if self.is_full:
            return False
        try:
            if self._troubled_bytes and not await self._has_recovered():
                return False
            free_bytes = measure_free_bytes(self._folder)
        except OSError:
            return False
        needed_bytes = self._expected_bytes + expect_bytes(size) + _MARGIN_BYTES
        return free_bytes >= needed_bytes

    async def _has_recovered(self) -> bool:
        loop = asyncio.get_running_loop()
        if loop.time() < self._probed_at + _PROBE_PAUSE_SECONDS:
            return False
        self._probed_at = loop.time()
        size_bytes = self._troubled_bytes
        await loop.run_in_executor(self._threads, try_writing, self._folder, size_bytes)
        self._troubled_bytes = 0
        return True


def expect_bytes(size: str) -> int:
    """Return the most that a picture of a size takes; of a size that is not known, the most there is."""
    return EXPECTED_BYTES.get(size, EXPECTED_BYTES["4K"])
