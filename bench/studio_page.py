"""The studio in Chromium: how soon its first view can be used, what it weighs, and its memory on a wall of 10,000 pictures.

The books are filled with pictures of one key, without a gateway; a few small files are shared by all. Then Chromium
opens the page with an empty cache, several times, and scrolls the gallery to its end, waiting in every view until its
thumbnails are shown. Run it with `.venv/bin/python bench/studio_page.py`; Linux only; it wants Chromium.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Response

from browser_memory import MemoryWatch
from machine import describe_machine
from unwatched_page import UnwatchedPage

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from browsing import running_chromium
from filled_gallery import PIXELS, Hung, fill
from programs import Emulator, Gateway

STUDIO = Path(__file__).resolve().parents[1] / "src" / "limner" / "studio"
VIEW = {"width": 1440, "height": 900}
OPENINGS = 7
LEISURE_MS = 3000
DAYS_SECONDS = 20 * 86_400
MIB = 1024 * 1024

MOST_SECONDS = 1.0
MOST_KB = 150
MOST_MB = 300

Row = tuple[str, ...]

SCROLL = """(async (views) => {
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
})(10)"""


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
    """Return how long it took to the form, and from there to the first view; the bytes of both, and as they were sent, and of all."""
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


def open_gallery(browser: Browser, gateway: Gateway, key: str) -> UnwatchedPage:
    """Return the gallery, its first thumbnails shown."""
    page = UnwatchedPage(browser, f"{gateway.url}/#/gallery", **VIEW)
    page.wait_for("#key")
    page.evaluate(f"document.querySelector('#key').value = {json.dumps(key)}")
    page.evaluate("document.querySelector('form button[type=submit]').click()")
    page.wait_for(".tile.seen")
    return page


def scroll_to_end(page: UnwatchedPage, pictures: int) -> tuple[float, int, float]:
    """Scroll to the last picture; return how long it took, the most images in the document, and the script's MiB."""
    most, began = 0, time.perf_counter()
    is_end = False
    while not is_end:
        is_end = page.evaluate(SCROLL)
        most = max(most, page.evaluate("document.querySelectorAll('.tile canvas').length"))
    shown = page.evaluate("document.querySelector('.count').innerText")
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


def measure_openings(gateway: Gateway, key: str) -> list[Row]:
    """Return how soon the page can be used, and what it weighs."""
    with running_chromium() as browser:
        print(f"Chromium {browser.version}\n")
        openings = [open_once(browser, gateway, key) for _ in range(OPENINGS)]
    forms, views, sizes, sent, sent_in_all = zip(*openings, strict=True)
    return [
        ("address to the sign-in form, median / most", describe(forms), f"≤ {MOST_SECONDS:.0f} s"),
        ("key to the drawing view, median / most", describe(views), f"≤ {MOST_SECONDS:.0f} s"),
        ("loaded until then, with what the doors answer", f"{max(sizes) / 1000:.0f} KB", f"< {MOST_KB} KB"),
        ("the same as it is sent, packed, with headers", f"{max(sent) / 1000:.0f} KB", f"< {MOST_KB} KB"),
        (
            "sent in all, with the other views a second later",
            f"{max(sent_in_all) / 1000:.0f} KB",
            f"< {MOST_KB} KB",
        ),
        ("all files of the studio, unpacked", f"{weigh() / 1000:.0f} KB", ""),
    ]


def measure_scrolling(
    gateway: Gateway, key: str, pictures: int
) -> tuple[list[Row], MemoryWatch, MemoryWatch]:
    """Scroll to the end; return rows of it, and the memory with an empty page and while scrolling."""
    with running_chromium() as browser:
        blank = browser.new_page(viewport=VIEW)  # type: ignore[arg-type]  # Playwright's own shape
        time.sleep(1)
        empty = MemoryWatch()
        empty.take()
        blank.close()
        with MemoryWatch() as watch:
            seconds, images, heap = scroll_to_end(open_gallery(browser, gateway, key), pictures)
    most_mib = f"{watch.page.resident / MIB:.0f} of {MOST_MB * 1_000_000 / MIB:.0f} MiB"
    rows: list[Row] = [
        (f"{pictures:,} pictures to the end", f"{seconds:.0f} s", ""),
        ("images in the document at the most", str(images), ""),
        ("the script's objects at the end", f"{heap:.0f} MiB", ""),
        ("the page's process at the most, resident", most_mib, f"< {MOST_MB} MB"),
    ]
    return rows, empty, watch


def list_memory(empty: MemoryWatch, watch: MemoryWatch) -> list[Row]:
    """Return rows of MiB: with an empty page, at the most while scrolling, and what is between them."""
    rows = [
        ("the page's process, resident", empty.page.resident, watch.page.resident),
        ("of which no file of the program", empty.page.own_resident, watch.page.own_resident),
        ("the other processes, proportional", empty.others.proportional, watch.others.proportional),
        ("all of Chromium, proportional", empty.browser.proportional, watch.browser.proportional),
        ("of which no file of the program", empty.browser.own_proportional, watch.browser.own_proportional),
    ]
    return [
        (what, *(f"{size / MIB:.0f}" for size in (before, most, most - before)))
        for what, before, most in rows
    ]


def measure(folder: Path, pictures: int) -> tuple[list[Row], MemoryWatch, MemoryWatch]:
    """Measure everything; return the rows of a table, and the memory with an empty page and while scrolling."""
    key, _ = fill(folder / "data", list_hung(pictures))
    emulator = Emulator(folder)
    gateway = Gateway(folder, emulator.url, {})
    try:
        openings = measure_openings(gateway, key)
        scrolling, empty, watch = measure_scrolling(gateway, key, pictures)
    finally:
        gateway.stop()
        emulator.stop()
    return openings + scrolling, empty, watch


def print_table(heads: Row, rows: Sequence[Row]) -> None:
    """Print a table in Markdown."""
    rule = ("---", *("---:" for _ in heads[1:]))
    for row in (heads, rule, *rows):
        print(f"| {' | '.join(row)} |")


def main() -> None:
    """Fill, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=10_000)
    pictures = parser.parse_args().pictures
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        print(" · ".join(f"{what} {value}" for what, value in describe_machine(folder).items()))
        rows, empty, watch = measure(folder, pictures)
    print_table(("", "", "target"), rows)
    print()
    print_table(("MiB", "empty page", "scrolling, at the most", "added"), list_memory(empty, watch))
    if not (empty.is_alone and watch.is_alone):
        print(
            "\nOther Chromiums ran: they share the program's files, and what is proportional has too few of these."
        )


if __name__ == "__main__":
    main()
