"""Where the figures were taken: they mean little without it."""

import os
import platform
import re
import subprocess
from pathlib import Path


def describe_machine(folder: Path) -> dict[str, str]:
    """Processor, kernel, versions, and the file system that the pictures are written to."""
    return {
        "processor": _processor_name(),
        "processors_usable": str(len(os.sched_getaffinity(0))),
        "load_before": f"{os.getloadavg()[0]:.1f}",  # of the last minute: others at work blur every ratio
        "kernel": platform.release(),
        "python": platform.python_version(),
        "picture_file_system": find_file_system(folder),
    }


def nginx_version(program: str) -> str:
    """As nginx tells it, on stderr."""
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=False, timeout=10).stderr
    return said.strip().rpartition("/")[2]


def find_file_system(folder: Path) -> str:
    """The type of the file system a folder is on, e.g. `ext4`; `tmpfs` writes to no disk at all."""
    found, found_length = "unknown", -1
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, mounted_at, kind, *_ = line.split(" ")
        if folder.resolve().is_relative_to(mounted_at) and len(mounted_at) >= found_length:
            found, found_length = kind, len(mounted_at)
    return found


def _processor_name() -> str:
    name = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return name[1].strip() if name else platform.machine()
