"""The gallery and one picture in a real browser: found, narrowed, looked at, taken along, and deleted."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from asking import ask
from filled_gallery import Hung, fill
from programs import Emulator, Gateway, ListCalls, scrub_environment
from studio import Studio, Studios

NODE_MODULES = Path(__file__).resolve().parents[1] / "node" / "node_modules"

MOST_IMAGES = 120
"""In the document at a time, of a window of 1440 by 900."""

LAYERS_OF_THE_REST = 12
"""Of the page's frame and its background; whatever lies over a canvas is a layer too, with memory of its own."""

SETTLED_LAYERS = 3
"""So many times the layers are told of: the first may be of a moment before."""

HERE = datetime.now().astimezone().tzinfo
"""Days are those of the browser's own clock, which is this machine's."""

NOON_DAYS_AGO = [
    int((datetime.now(HERE).replace(hour=12, minute=0) - timedelta(days=days)).timestamp())
    for days in range(30)
]

SPECIAL = (
    Hung(prompt="an old oak, 'quoted' & \"twice\"\nin two lines", created=NOON_DAYS_AGO[1], ratio="21:9"),
    Hung(
        prompt="a crane over the harbour",
        created=NOON_DAYS_AGO[8],
        model="nano-banana-pro",
        upstream_model="gemini-3-pro-image",
    ),
    Hung(prompt="花园里的红猫", created=NOON_DAYS_AGO[16], ratio="3:4"),
)
PLAIN = tuple(
    Hung(prompt=f"hill {number}", created=NOON_DAYS_AGO[24] - number * 60, ratio=("16:9", "1:1")[number % 2])
    for number in range(147)
)
SHOWN = [hung.prompt for hung in SPECIAL + PLAIN]


@dataclass(frozen=True)
class Filled:
    """A gateway whose books were filled before it began; `ids` are those of the answers of `SPECIAL + PLAIN`."""

    gateway: Gateway
    key: str
    ids: list[list[str]]
    spare_key: str
    spare_ids: list[list[str]]
    empty_key: str
    gone_key: str
    gone_ids: list[list[str]]


@pytest.fixture(scope="module")
def filled(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A gateway with a wall of pictures, another wall that may be deleted from, and an empty one."""
    folder = tmp_path_factory.mktemp("filled")
    key, ids = fill(folder / "data", SPECIAL + PLAIN)
    spare = [
        Hung(prompt=f"spare {number}", created=NOON_DAYS_AGO[1] - number, count=3 if number == 1 else 1)
        for number in range(6)
    ]
    spare_key, spare_ids = fill(folder / "data", spare, name="spare")
    gone = [
        Hung(prompt=f"gone {number}", created=NOON_DAYS_AGO[1] - number, count=3 if number == 1 else 1)
        for number in range(5)
    ]
    gone_key, gone_ids = fill(folder / "data", gone, name="gone")
    empty_key, _ = fill(folder / "data", (), name="empty")
    gateway = Gateway(folder, emulator.url, {})
    yield Filled(gateway, key, ids, spare_key, spare_ids, empty_key, gone_key, gone_ids)
    assert gateway.stop() == 0


def list_shown(page: Page) -> list[str]:
    """Return the prompts of the pictures that are in the document, in their order."""
    shown: list[str] = page.locator(".tile a").evaluate_all("(links) => links.map((a) => a.ariaLabel)")
    return shown


def expect_shown(page: Page, prompts: list[str]) -> None:
    """Wait until these pictures hang there, and no others."""
    expect(page.locator(".tile")).to_have_count(len(prompts))
    assert list_shown(page) == prompts


def open_gallery(studio: Studios, filled: Filled, route: str = "gallery", **options: Any) -> Studio:
    """Open the wall, with its first pictures seen."""
    opened = studio(filled.gateway, route, key=filled.key, **options)
    opened.page.locator(".tile.seen").first.wait_for()
    return opened


def open_picture(studio: Studios, filled: Filled, number: int, **options: Any) -> Studio:
    """Open the picture of an answer, and wait for all of it."""
    opened = studio(filled.gateway, f"picture/{filled.ids[number][0]}", key=filled.key, **options)
    opened.page.locator(".easel.ready").wait_for()
    return opened


def test_the_newest_come_first_and_scrolling_goes_on_to_the_last(studio: Studios, filled: Filled) -> None:
    """Pictures hang newest first; scrolling brings all, with few in the document and nothing that jumps."""
    opened = open_gallery(studio, filled)
    page = opened.page
    assert list_shown(page)[:5] == SHOWN[:5]
    page.evaluate(
        """() => {
          window.most = 0; window.shift = 0;
          new MutationObserver(() => { most = Math.max(most, document.querySelectorAll(".tile canvas").length); }).observe(document.body, { childList: true, subtree: true });
          new PerformanceObserver((list) => { for (const entry of list.getEntries()) shift += entry.value; }).observe({ type: "layout-shift" });
        }"""
    )
    page.mouse.move(700, 500)
    for _ in range(60):
        page.mouse.wheel(0, 700)
        page.wait_for_timeout(30)
        if page.evaluate("scrollY + innerHeight > document.documentElement.scrollHeight - 4"):
            break
    expect(page.locator(".count")).to_have_text("150 pictures")
    page.mouse.wheel(0, 4_000)
    page.get_by_label(SHOWN[-1], exact=True).wait_for()
    assert list_shown(page) == SHOWN[-len(list_shown(page)) :]
    assert page.evaluate("most") <= MOST_IMAGES
    assert page.evaluate("shift") < 0.01


def count_layers(page: Page) -> int:
    """Return of how many layers Chromium puts the page together."""
    counts: list[int] = []
    session = page.context.new_cdp_session(page)

    def note(event: dict[str, Any]) -> None:
        if layers := event.get("layers"):  # without them it is told that they are the same
            counts.append(len(layers))

    session.on("LayerTree.layerTreeDidChange", note)
    session.send("LayerTree.enable")
    for distance in (1, -1) * 50:
        page.mouse.wheel(0, distance)
        page.wait_for_timeout(50)
        if len(counts) >= SETTLED_LAYERS:
            break
    session.detach()
    return counts[-1]


def test_a_long_scroll_uses_canvases_again_and_no_more_layers_than_these(
    studio: Studios, filled: Filled
) -> None:
    """Canvases are made for a view's pictures, not for each that passes; beside theirs there is a handful of layers."""
    page = open_gallery(studio, filled).page
    page.evaluate(
        """() => {
          window.made = 0;
          const create = Document.prototype.createElement;
          Document.prototype.createElement = function (name) { made += name === "canvas"; return create.call(this, name); };
        }"""
    )
    page.mouse.move(5, 500)
    for distance in [700] * 12 + [-700] * 12 + [700] * 12 + [-700] * 6:
        page.mouse.wheel(0, distance)
        page.wait_for_timeout(60)
    expect(page.locator(".tile:not(.seen)")).to_have_count(0)
    assert page.evaluate("made") <= MOST_IMAGES
    canvases = page.locator(".tile canvas").count()
    assert canvases > LAYERS_OF_THE_REST
    assert canvases <= count_layers(page) <= canvases + LAYERS_OF_THE_REST


@pytest.mark.parametrize(
    ("filters", "found", "address"),
    [
        ({"q": "OAK twice"}, [0], "/q/OAK%20twice"),
        ({"q": "红猫"}, [2], "/q/%E7%BA%A2%E7%8C%AB"),
        ({"model": "gemini-3-pro-image"}, [1], "/model/gemini-3-pro-image"),
        ({"ratio": "3:4"}, [2], "/ratio/3%3A4"),
        ({"from": 8}, [0, 1], None),
        ({"from": 20, "to": 8}, [1, 2], None),
    ],
)
def test_the_wall_is_narrowed_and_its_address_says_so(
    studio: Studios, filled: Filled, filters: dict[str, Any], found: list[int], address: str | None
) -> None:
    """Words, model, ratio and days narrow it; the address keeps them over a reload, and going back undoes them."""
    opened = open_gallery(studio, filled, keep=True)
    page = opened.page
    for name, value in filters.items():
        control = page.locator(f"#filter-{name}")
        if name in {"model", "ratio"}:
            control.select_option(value)
        else:
            day = value if name == "q" else f"{datetime.fromtimestamp(NOON_DAYS_AGO[value], HERE):%Y-%m-%d}"
            control.fill(day)
    expected = [SHOWN[number] for number in found]
    expect_shown(page, expected)
    if address:
        assert page.url.endswith(f"#/gallery{address}")
    page.reload()
    expect_shown(page, expected)
    assert page.locator(f"#filter-{next(iter(filters))}").input_value() != ""
    for _ in filters:
        page.go_back()
    expect(page.locator(".count")).to_contain_text("100")
    assert page.locator("#filter-q").input_value() == ""


def test_typing_a_search_is_one_step_back(studio: Studios, filled: Filled) -> None:
    """A search is asked for when the typing pauses, the field keeps the focus, and one step back leaves it."""
    page = open_gallery(studio, filled).page
    page.keyboard.press("/")
    page.keyboard.type("crane")
    expect_shown(page, [SHOWN[1]])
    page.keyboard.type(" over")
    page.wait_for_url("**/crane%20over")
    expect(page.locator("#filter-q")).to_be_focused()
    page.go_back()
    expect(page.locator(".count")).to_contain_text("100")


def test_empty_walls_say_what_to_do(studio: Studios, filled: Filled) -> None:
    """Without pictures there is a link to draw one; where nothing is found the filters can be cleared."""
    page = studio(filled.gateway, "gallery", key=filled.empty_key).page
    page.get_by_role("heading", name="No pictures yet").wait_for()
    assert page.get_by_role("link", name="Draw the first one").get_attribute("href") == "#/draw"
    page = studio(filled.gateway, "gallery/q/zebra", key=filled.key).page
    page.get_by_role("heading", name="Nothing found").wait_for()
    page.locator(".empty").get_by_role("button", name="Clear filters").click()
    page.locator(".tile.seen").first.wait_for()
    assert page.url.endswith("#/gallery")


def test_a_lost_network_is_told_and_mended(studio: Studios, filled: Filled) -> None:
    """Pictures that cannot be listed are told as such, and come when they are tried again."""
    opened = studio(filled.gateway, "usage", key=filled.key)
    opened.allow("ERR_FAILED")
    page = opened.page
    page.route("**/v1/limner/pictures?**", lambda route: route.abort())
    opened.go("gallery")
    page.get_by_role("alert").filter(has_text="cannot be reached").wait_for()
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    page.locator(".tile.seen").first.wait_for()
    assert page.get_by_role("alert").count() == 0


def test_keys_alone_lead_to_a_picture_and_back(studio: Studios, filled: Filled) -> None:
    """Tab reaches the wall, arrows move in it, Enter opens, arrows go on to others, Escape leads back to that one."""
    page = open_gallery(studio, filled).page
    page.locator("#filter-to").focus()
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("Boolean(document.activeElement.closest('.tile'))"):
            break
    focused = "document.activeElement.ariaLabel"
    assert page.evaluate(focused) == SHOWN[0]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == SHOWN[1]
    page.keyboard.press("ArrowDown")
    below = SHOWN.index(page.evaluate(focused))
    assert below > 2
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == SHOWN[1]
    page.keyboard.press("End")
    far = SHOWN.index(page.evaluate(focused))
    assert far > 60
    assert page.evaluate("scrollY") > 1_000
    page.keyboard.press("Enter")
    page.locator(".easel.ready").wait_for()
    assert page.locator(".prompt").inner_text() == SHOWN[far]
    page.locator("button.step:enabled").nth(1).wait_for()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".prompt")).to_have_text(SHOWN[far - 1])
    assert filled.ids[far - 1][0] in page.url
    page.locator("button.step:enabled").nth(1).wait_for()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".prompt")).to_have_text(SHOWN[far])
    page.keyboard.press("Escape")
    page.locator(".tile.seen").first.wait_for()
    assert page.evaluate(focused) == SHOWN[far]
    assert page.evaluate("scrollY") > 1_000


def test_one_picture_is_told_whole(studio: Studios, filled: Filled) -> None:
    """A picture shows its words as they are, model, ratio, size, time, cost and file; it can be edited."""
    page = open_picture(studio, filled, 0).page
    assert page.locator(".prompt").inner_text() == SHOWN[0]
    facts = {row.get_attribute("data-fact"): row.inner_text() for row in page.locator("dd").all()}
    assert facts["model"] == "nano-banana-2 (gemini-3.1-flash-image)"
    assert facts["ratio"] == "21:9"
    assert facts["size"] == "512 · 792 \N{MULTIPLICATION SIGN} 336 px"
    assert facts["cost"] == "$0.0671"
    assert facts["file"].startswith("image/jpeg · ")
    day = datetime.fromtimestamp(NOON_DAYS_AGO[1], HERE)
    assert f"{day:%b} {day.day}, {day.year}" in (facts["created"] or "")
    link = page.get_by_role("link", name="Edit this").get_attribute("href")
    assert link == f"#/draw/edit/{filled.ids[0][0]}"


def test_it_is_seen_whole_and_pixel_by_pixel(studio: Studios, filled: Filled) -> None:
    """A picture fits its place; by key, button or click it is shown pixel by pixel, and whole again."""
    page = open_picture(studio, filled, 0, width=390, height=844).page
    measure = "document.querySelector('.easel img').getBoundingClientRect().width"
    assert page.evaluate(measure) <= 390
    page.keyboard.press("z")
    assert page.evaluate(measure) == 792
    assert page.get_by_role("button", name="Fit to screen").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert page.evaluate(measure) <= 390
    page.locator(".easel img").click(position={"x": 380, "y": 80})
    assert page.evaluate(measure) == 792
    assert page.evaluate("document.querySelector('.easel').scrollLeft") > 300
    page.get_by_role("button", name="Fit to screen").click()
    assert page.evaluate(measure) <= 390


def test_its_own_bytes_are_saved_and_its_link_shows_it(
    studio: Studios, filled: Filled, tmp_path: Path
) -> None:
    """What is saved is the very bytes under a name that tells; the link that is copied shows them without a key."""
    page = open_picture(studio, filled, 2).page
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    picture_id = filled.ids[2][0]
    assert download.value.suggested_filename == f"花园里的红猫-{picture_id[4:12]}.jpg"
    download.value.save_as(tmp_path / "saved.jpg")
    told = ask(filled.gateway, path=f"/v1/limner/pictures/{picture_id}", key=filled.key).json()
    saved = (tmp_path / "saved.jpg").read_bytes()
    assert hashlib.sha256(saved).hexdigest() == told["sha256"]
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{filled.gateway.url}/images/{picture_id}?")
    by_link = ask(filled.gateway, path=link.removeprefix(filled.gateway.url), key=None)
    assert by_link.body == saved


@pytest.mark.parametrize("language", ["Python", "Node", "curl"])
def test_the_same_call_runs_as_it_is_copied(
    studio: Studios, filled: Filled, journal: ListCalls, tmp_path: Path, language: str
) -> None:
    """Each program draws the like with a key of one's own in place of the placeholder; the page's key is not in it."""
    if language == "Node" and not (shutil.which("node") and (NODE_MODULES / "openai").is_dir()):
        pytest.skip("Node or its openai is not installed")
    page = open_picture(studio, filled, 0).page
    page.get_by_role("tab", name=language).click()
    page.locator(".copy-code").click()
    expect(page.locator(".copy-code")).to_have_text("Copied")
    program = page.evaluate("navigator.clipboard.readText()")
    assert program == page.locator("pre").inner_text()
    assert filled.key not in program
    assert "sk-limner-..." in program
    said = run_program(language, program.replace("sk-limner-...", filled.empty_key), tmp_path)
    (call,) = journal()
    assert call["prompt"] == SHOWN[0]
    assert (call["settings"]["aspectRatio"], call["settings"]["imageSize"]) == ("21:9", "512")
    if language == "curl":
        assert f"{filled.gateway.url}/images/img_" in said
    else:
        (made,) = tmp_path.glob("picture-*")
        assert made.name in said
        assert made.stat().st_size > 1_000


def run_program(language: str, program: str, folder: Path) -> str:
    """Run a copied program as somebody would who has pasted it; return what it said."""
    names = {"Python": ("draw.py", sys.executable), "Node": ("draw.mjs", "node"), "curl": ("draw.sh", "sh")}
    name, command = names[language]
    (folder / name).write_text(program, encoding="utf-8")
    if language == "Node":
        (folder / "node_modules").symlink_to(NODE_MODULES)
    done = subprocess.run(
        [command, name],
        cwd=folder,
        env=scrub_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_deleting_says_what_goes_and_takes_it_down(studio: Studios, filled: Filled) -> None:
    """Deleting shows all pictures of the answer and may be thought better of; then they, and their links, are gone."""
    opened = studio(filled.gateway, "gallery", key=filled.spare_key)
    page = opened.page
    expect(page.locator(".tile")).to_have_count(8)
    page.get_by_label("spare 1", exact=True).nth(1).click()
    page.locator(".easel.ready").wait_for()
    told = ask(
        filled.gateway, path=f"/v1/limner/pictures/{filled.spare_ids[1][1]}", key=filled.spare_key
    ).json()
    assert filled.spare_ids[1][1] in page.url
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete these 3 pictures?")
    expect(dialog.locator("canvas")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("Delete")
    dialog.get_by_role("button", name="Delete for good").click()
    expect_shown(page, [f"spare {number}" for number in (0, 2, 3, 4, 5)])
    expect(page.locator(".count")).to_have_text("Deleted: 3")
    assert ask(filled.gateway, path=told["url"].removeprefix(filled.gateway.url), key=None).status == 404


def test_deleting_leaves_the_focus_and_is_told_once(studio: Studios, filled: Filled) -> None:
    """The focus is on the picture beside the deleted ones; each deletion is told once, however it was come to."""
    opened = studio(filled.gateway, "gallery", key=filled.gone_key)
    page = opened.page
    page.get_by_label("gone 1", exact=True).first.press("Enter")
    page.locator(".easel.ready").wait_for()
    page.keyboard.press("Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").press("Enter")
    expect(page.locator(".count")).to_have_text("Deleted: 3")
    expect(page.get_by_label("gone 2", exact=True)).to_be_focused()
    opened.go("usage")
    page.locator(".usage").wait_for()
    opened.go(f"picture/{filled.gone_ids[3][0]}")
    page.locator(".easel.ready").wait_for()
    page.locator("button.step:enabled").first.wait_for()
    page.keyboard.press("Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").press("Enter")
    expect(page.locator(".count")).to_have_text("Deleted: 1")
    expect(page.locator(".tile a:focus")).to_have_count(1)
    opened.go("usage")
    page.locator(".usage").wait_for()
    opened.go("gallery")
    expect(page.locator(".count")).to_have_text("3 pictures")


def test_steps_keep_the_focus_and_are_told(studio: Studios, filled: Filled) -> None:
    """By button the focus stays there, by key it is on the picture's heading; the new one is told, in the title too."""
    page = open_picture(studio, filled, 1).page
    assert page.title() == f"{SHOWN[1]} · Limner"
    older = page.get_by_role("button", name="Older picture")
    older.press("Enter")
    expect(page.locator(".picture").get_by_role("status")).to_have_text(SHOWN[2])
    expect(older).to_be_focused()
    assert page.title() == f"{SHOWN[2]} · Limner"
    page.get_by_role("button", name="Copy link").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".picture").get_by_role("status")).to_have_text(SHOWN[1])
    expect(page.get_by_role("heading", name="Picture", exact=True)).to_be_focused()
    newer = page.get_by_role("button", name="Newer picture")
    page.locator("button.step:enabled").nth(1).wait_for()
    newer.press("Enter")
    expect(newer).to_be_disabled()
    expect(older).to_be_focused()
    expect(page.get_by_role("button", name="Copy link")).to_have_accessible_description(
        re.compile("without a key")
    )


def test_what_cannot_be_found_is_told(studio: Studios, filled: Filled) -> None:
    """Nothing found is told aloud; a first day after the last is told at both fields, and nothing is asked."""
    opened = open_gallery(studio, filled)
    page = opened.page
    page.locator("#filter-q").fill("zebra")
    expect(page.locator(".count")).to_have_text("0 pictures")
    page.locator("#filter-q").fill("")
    page.locator("#filter-to").fill("2026-01-05")
    expect(page.locator(".count")).to_have_text("0 pictures")
    asked = len(opened.asked)
    page.locator("#filter-from").fill("2026-01-09")
    for name in ("from", "to"):
        field = page.locator(f"#filter-{name}")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile("first day is after the last"))
    assert opened.asked[asked:] == []
    page.locator("#filter-to").fill("")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".count")).to_contain_text("100")


@pytest.mark.parametrize(("language", "sign"), [("Python", "#"), ("Node", "//"), ("curl", "#")])
def test_a_program_says_what_it_lacks(studio: Studios, filled: Filled, language: str, sign: str) -> None:
    """Of an edited picture the program's first line says what it lacks, as a comment, and so does the page before it."""

    def with_inputs(route: Route) -> None:
        told = route.fetch()
        picture = told.json()
        picture["settings"]["input_pictures"] = 1
        route.fulfill(response=told, json=picture)

    opened = studio(filled.gateway, "usage", key=filled.key)
    page = opened.page
    page.route(f"**/v1/limner/pictures/{filled.ids[0][0]}", with_inputs)
    opened.go(f"picture/{filled.ids[0][0]}")
    page.get_by_role("tab", name=language).click()
    first = page.locator("pre").inner_text().split("\n")[0]
    assert first.startswith(f"{sign} This draws something else")
    expect(page.locator(".code .note")).to_have_text(first.removeprefix(f"{sign} "))


def test_a_picture_that_is_not_there_says_so(studio: Studios, filled: Filled) -> None:
    """An address of a picture that was deleted, or of another key's, leads on to the gallery."""
    opened = studio(filled.gateway, f"picture/{filled.ids[0][0]}", key=filled.empty_key)
    opened.allow("404")
    for route in ("picture/img_", f"picture/{filled.ids[0][0]}"):
        opened.go(route)
        opened.page.get_by_role("heading", name="This picture is not here").wait_for()
        assert opened.page.get_by_role("link", name="Go to the gallery").is_visible()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone_in_both_languages(
    studio: Studios, filled: Filled, theme: str, language: str
) -> None:
    """On a phone, in either theme and language, nothing is wider than the window, and every word has its text."""
    opened = open_gallery(studio, filled, width=390, height=844, theme=theme)
    opened.set_language(language)
    page = opened.page
    page.locator(".tile.seen").first.wait_for()
    page.locator(".filter-more").click()
    assert page.locator("#filter-model").is_visible()
    assert opened.measure_overflow() <= 0
    assert "gallery." not in page.locator("main").inner_text()
    page.locator(".tile a").first.click()
    page.locator(".easel.ready").wait_for()
    assert opened.measure_overflow() <= 0
    assert "picture." not in page.locator("main").inner_text()
