"""The allocator's setting, in a process of its own."""

import platform
import subprocess
import sys

import pytest

COUNT_FAULTS = """
import resource, sys
from limner.allocator import tune
if "tuned" in sys.argv:
    assert tune() is True
def read_once():
    return [b"x" * (256 * 1024) for _ in range(16)]
read_once()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    read_once()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_faults(*arguments: str) -> int:
    command = [sys.executable, "-c", COUNT_FAULTS, *arguments]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_large_blocks_are_reused() -> None:
    """Blocks of the size of socket reads are faulted in each time by default, and once when tuned."""
    assert count_faults() > 1000
    assert count_faults("tuned") < 200
