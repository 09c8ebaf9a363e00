"""The memory of a browser's processes while it is used: the page's, and that of all of them. Linux only; knows no page.

Two readings of it. Resident is what `top` shows: the files of the program count in full in every process, though all
share them. Proportional divides what several share by their number, so that processes can be added up.
"""

import contextlib
import os
import re
from dataclasses import astuple, dataclass
from pathlib import Path

from processes import Sampler, list_tree

SAMPLE_SECONDS = 0.2
PROGRAMS = {"chromium", "chromium-browser"}

_MAPPING = re.compile(
    rb"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ (?P<inode>\d+) *(?P<name>.*)$|^(?P<field>Rss|Pss): +(?P<kilobytes>\d+) kB$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes. Own is what is no file of the program: heaps, and pictures and tiles that processes hand over."""

    resident: int = 0
    own_resident: int = 0
    proportional: int = 0
    own_proportional: int = 0

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    def __or__(self, other: "Memory") -> "Memory":
        return Memory(*map(max, astuple(self), astuple(other)))


def read_memory(member: int) -> Memory:
    """Return the memory of a process; nothing, if it has ended."""
    sums = {(field, is_own): 0 for field in (b"Rss", b"Pss") for is_own in (True, False)}
    is_own = True
    with contextlib.suppress(OSError):
        for found in _MAPPING.finditer(Path(f"/proc/{member}/smaps").read_bytes()):
            if found["field"] is None:
                # Memory that is handed over is a file without a name.
                is_own = found["inode"] == b"0" or found["name"].endswith(b"(deleted)")
            else:
                sums[found["field"], is_own] += int(found["kilobytes"]) * 1024
    resident, proportional = sums[b"Rss", True], sums[b"Pss", True]
    return Memory(resident + sums[b"Rss", False], resident, proportional + sums[b"Pss", False], proportional)


def _list_chromium() -> dict[int, str]:
    """Return the commands of all processes of Chromium, whoever started them."""
    commands = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # Some of them write their arguments anew, between spaces.
                commands[int(entry.name)] = (entry / "cmdline").read_text(errors="replace").replace("\0", " ")
    return {
        member: command
        for member, command in commands.items()
        if Path(command.split(" ")[0]).name in PROGRAMS
    }


class MemoryWatch(Sampler):
    """Watches the Chromium that is below this process; the most of each reading afterwards."""

    def __init__(self) -> None:
        super().__init__(SAMPLE_SECONDS)
        self.page = Memory()  # of the largest page's process
        self.others = Memory()  # of all processes but that one
        self.browser = Memory()
        self.is_alone = True  # else there is another Chromium to share the program's files with

    def take(self) -> None:
        """Look once."""
        before = list_tree(os.getpid())
        commands = _list_chromium()
        below = commands.keys() & {*before, *list_tree(os.getpid())}  # some begin or end meanwhile
        self.is_alone &= below == commands.keys()
        memories = {member: read_memory(member) for member in below}
        pages = [memory for member, memory in memories.items() if "--type=renderer" in commands[member]]
        page = max(pages, key=lambda memory: memory.resident, default=Memory())
        browser = sum(memories.values(), Memory())
        others = Memory(*(whole - part for whole, part in zip(astuple(browser), astuple(page), strict=True)))
        self.page |= page
        self.others |= others
        self.browser |= browser
