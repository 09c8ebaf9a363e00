"""The studio in Chromium: how soon its first view can be used, what it weighs, and its memory on a wall of 10,000 pictures.

The books are filled with pictures of one key, without a gateway; a few small files are shared by all. Then Chromium
opens the page with an empty cache, several times, and scrolls the gallery to its end, waiting in every view until its
thumbnails are shown. Run it with `.venv/bin/python bench/studio_page.py`; Linux only; it wants Chromium.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Self

from playwright.sync_api import Browser, Page, Response

from machine import describe_machine
from processes import list_tree, read_resident_bytes

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from browsing import running_chromium
from filled_gallery import PIXELS, Hung, fill
from programs import Emulator, Gateway

STUDIO = Path(__file__).resolve().parents[1] / "src" / "limner" / "studio"
VIEW = {"width": 1440, "height": 900}
OPENINGS = 7
SAMPLE_SECONDS = 0.2
LEISURE_MS = 3000
DAYS_SECONDS = 20 * 86_400
MIB = 1024 * 1024

MOST_SECONDS = 1.0
MOST_KB = 150
MOST_MIB = 300

SCROLL = """async (views) => {
  const pause = (ms) => new Promise((go) => setTimeout(go, ms));
  for (let view = 0; view < views; view += 1) {
    scrollBy(0, innerHeight * 0.9);
    await pause(50);
    for (const end = Date.now() + 5000; Date.now() < end; await pause(25)) {
      const waiting = [...document.querySelectorAll(".tile:not(.seen)")].some((tile) => {
        const { top, bottom } = tile.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
      });
      if (!waiting && !document.querySelector(".loading")) break;
    }
    if (scrollY + innerHeight > document.documentElement.scrollHeight - 2) return true;
  }
  return false;
}"""


class MemoryWatch(threading.Thread):
    """Watches the memory of Chromium's processes, which are all below this one."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._ended = threading.Event()
        self.peak_bytes = 0
        self.peak_page_bytes = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Sample until told to end."""
        while not self._ended.wait(SAMPLE_SECONDS):
            self.take()

    def take(self) -> None:
        """Look once."""
        members = [member for member in list_tree(os.getpid()) if "chrom" in _read_command(member)]
        pages = [member for member in members if "--type=renderer" in _read_command(member)]
        self.peak_bytes = max(self.peak_bytes, sum(map(_read_proportional_bytes, members)))
        largest_bytes = max((read_resident_bytes([member]) for member in pages), default=0)
        self.peak_page_bytes = max(self.peak_page_bytes, largest_bytes)


def _read_command(member: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{member}/cmdline").read_text(errors="replace")
    return ""


def _read_proportional_bytes(member: int) -> int:
    """Return the memory of a process, what it shares with others divided by their number."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def list_hung(pictures: int) -> Iterator[Hung]:
    """Yield pictures of all shapes over some days, the newest last."""
    now = int(time.time()) - 60
    for number in range(pictures):
        created = now - DAYS_SECONDS * (pictures - number) // pictures
        ratio = list(PIXELS)[number * 7 % len(PIXELS)]
        yield Hung(
            prompt=f"a lighthouse at dusk, in the style of the {number}th wave", created=created, ratio=ratio
        )


def open_once(browser: Browser, gateway: Gateway, key: str) -> tuple[float, float, int, int, int]:
    """Return how long it took to the form, and from there to the first view; the bytes of both, unpacked and as sent; all sent."""
    context = browser.new_context(viewport=VIEW)  # type: ignore[arg-type]  # Playwright's own shape
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright takes functions only
    began = time.perf_counter()
    page.goto(gateway.url)
    page.locator("#key").wait_for()
    form_seconds = time.perf_counter() - began
    page.locator("#key").fill(key)
    began = time.perf_counter()
    page.keyboard.press("Enter")
    page.locator("main textarea").first.wait_for()
    view_seconds = time.perf_counter() - began
    until_then = list(answers)
    loaded_bytes = sum(len(answer.body()) for answer in until_then if answer.ok)
    page.wait_for_timeout(LEISURE_MS)
    page.wait_for_load_state("networkidle")
    sent_bytes, all_bytes = count_sent_bytes(until_then), count_sent_bytes(answers)
    context.close()
    return form_seconds, view_seconds, loaded_bytes, sent_bytes, all_bytes


def count_sent_bytes(answers: Sequence[Response]) -> int:
    """Return the bytes of answers as they were sent, with their headers."""
    sizes = [answer.request.sizes() for answer in answers]
    return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)


def open_gallery(browser: Browser, gateway: Gateway, key: str) -> Page:
    """Return the gallery, its first thumbnails shown."""
    page = browser.new_page(viewport=VIEW)  # type: ignore[arg-type]  # Playwright's own shape
    page.goto(f"{gateway.url}/#/gallery")
    page.locator("#key").fill(key)
    page.keyboard.press("Enter")
    page.locator(".tile.seen").first.wait_for()
    return page


def scroll_to_end(page: Page, pictures: int) -> tuple[float, int, float]:
    """Scroll to the last picture; return how long it took, the most images in the document, and the script's MiB."""
    most, began = 0, time.perf_counter()
    is_end = False
    while not is_end:
        is_end = page.evaluate(SCROLL, 10)
        most = max(most, page.evaluate("document.querySelectorAll('.tile canvas').length"))
    shown = page.locator(".count").inner_text()
    if f"{pictures:,}" not in shown:
        raise SystemExit(f"the end was not reached: {shown}")
    heap = page.evaluate("performance.memory.usedJSHeapSize") / MIB
    return time.perf_counter() - began, most, heap


def weigh() -> int:
    """Return the bytes of all files of the studio."""
    kinds = {".js", ".css", ".html", ".svg"}
    return sum(path.stat().st_size for path in STUDIO.rglob("*") if path.suffix in kinds)


def describe(values: Sequence[float]) -> str:
    """Return median and most, in milliseconds."""
    return f"{median(values) * 1000:.0f} / {max(values) * 1000:.0f} ms"


def say_mib(size_bytes: int) -> str:
    """Return an amount of memory."""
    return f"{size_bytes / MIB:.0f} MiB"


def measure(folder: Path, pictures: int) -> list[tuple[str, str, str]]:
    """Measure everything; return rows of a table."""
    rows = []
    key, _ = fill(folder / "data", list_hung(pictures))
    emulator = Emulator(folder)
    gateway = Gateway(folder, emulator.url, {})
    try:
        with running_chromium() as browser:
            openings = [open_once(browser, gateway, key) for _ in range(OPENINGS)]
            forms, views, sizes, sent, sent_in_all = zip(*openings, strict=True)
            rows += [
                ("address to the sign-in form, median / most", describe(forms), f"≤ {MOST_SECONDS:.0f} s"),
                ("key to the drawing view, median / most", describe(views), f"≤ {MOST_SECONDS:.0f} s"),
                (
                    "loaded until then, with what the doors answer",
                    f"{max(sizes) / 1000:.0f} KB",
                    f"< {MOST_KB} KB",
                ),
                ("the same as it is sent, packed, with headers", f"{max(sent) / 1000:.0f} KB", ""),
                (
                    "sent in all, with the other views a second later",
                    f"{max(sent_in_all) / 1000:.0f} KB",
                    f"< {MOST_KB} KB",
                ),
                ("all files of the studio", f"{weigh() / 1000:.0f} KB", f"< {MOST_KB} KB"),
            ]
        with running_chromium() as browser:
            blank = browser.new_page(viewport=VIEW)  # type: ignore[arg-type]  # Playwright's own shape
            time.sleep(1)
            idle = MemoryWatch()
            idle.take()
            blank.close()
            with MemoryWatch() as watch:
                page = open_gallery(browser, gateway, key)
                seconds, images, heap = scroll_to_end(page, pictures)
            rows += [
                ("the page's process at the most, scrolling", say_mib(watch.peak_page_bytes), f"< {MOST_MIB} MB"),
                ("the same of an empty page", say_mib(idle.peak_page_bytes), ""),
                ("its script's objects at the end", f"{heap:.0f} MiB", ""),
                ("all of Chromium at the most, shared pages once", say_mib(watch.peak_bytes), ""),
                ("the same with an empty page", say_mib(idle.peak_bytes), ""),
                ("images in the document at the most", str(images), ""),
                (f"{pictures:,} pictures to the end", f"{seconds:.0f} s", ""),
            ]  # fmt: skip
    finally:
        gateway.stop()
        emulator.stop()
    return rows


def main() -> None:
    """Fill, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=10_000)
    pictures = parser.parse_args().pictures
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        print(" · ".join(f"{what} {value}" for what, value in describe_machine(folder).items()), "\n")
        rows = measure(folder, pictures)
    print("| | | target |\n| --- | ---: | ---: |")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
