"""The pictures of the studio in the documents: made here with `UPDATE_IMAGES=1`, and otherwise there and small."""

import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from offices import BLOG_KEY, BOSS_KEY, SHOP_KEY, lose, open_office, see, set_back
from playwright.sync_api import Browser, Page
from views import SETTLED, VIEWS, to_route

from asking import ask, chat
from browsing import running_chromium
from gateways import MortalGateway
from programs import Emulator
from studio import Studio, Studios

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 300_000
SHOTS = {
    "studio-draw.jpg": ("draw", "light", "en-US"),
    "studio-gallery.jpg": ("gallery", "light", "en-US"),
    "studio-picture.jpg": ("picture", "dark", "en-US"),
    "studio-compare.jpg": ("compare", "light", "en-US"),
    "studio-usage.png": ("usage", "light", "en-US"),
    "studio-keys.png": ("keys", "dark", "zh-CN"),
}
PROMPTS = (
    "A red fox under the moon, on a snowy hill",
    "A lighthouse on a cliff at dusk",
    "A city by the sea in neon light",
    "Two owls in a forest at night",
    "A balloon over mountains at sunrise",
    "A robot in a garden of flowers",
    "Boats in a harbour in the rain",
    "A cat on a roof in autumn",
    "A cottage in the snow",
    "An island in the sun",
)
RATIOS = ("16:9", "1:1", "3:2", "2:3", "21:9", "4:3", "3:4", "16:9")

is_made = pytest.mark.skipif(not os.environ.get("UPDATE_IMAGES"), reason="UPDATE_IMAGES=1 makes them anew")


@pytest.mark.parametrize("name", SHOTS)
def test_each_picture_is_there_and_small(name: str) -> None:
    """Each is there, loads quickly, and stands in a document."""
    path = IMAGES / name
    assert 0 < path.stat().st_size < MOST_BYTES
    pages = [ROOT / "README.md", ROOT / "docs" / "studio.md"]
    assert any(name in page.read_text(encoding="utf-8") for page in pages)


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that has letters for Chinese, which not every machine has."""
    config = tmp_path_factory.mktemp("fonts") / "fonts.conf"
    folder = files("manimgx_fonts_cjk")
    config.write_text(
        f"<fontconfig><include>/etc/fonts/fonts.conf</include><dir>{folder}</dir></fontconfig>",
        encoding="utf-8",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FONTCONFIG_FILE", str(config))
        with running_chromium() as browser:
            yield browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Iterator[MortalGateway]:
    """A gateway that was in use for a month."""
    with open_office(tmp_path_factory.mktemp("house"), emulator.url) as house:
        made: dict[str, int] = {}
        for number in range(26):
            key = (BOSS_KEY, SHOP_KEY, BOSS_KEY, BLOG_KEY)[number % 4]
            model = "nano-banana-2" if key == BLOG_KEY or number % 3 else "nano-banana-2.1"
            config = {"aspect_ratio": RATIOS[number % len(RATIOS)]}
            body = chat(
                PROMPTS[number % len(PROMPTS)], model, extra_body={"google": {"image_config": config}}
            )
            reply = ask(house, body, key=key, headers={"X-Limner-Repeat": "never"})
            if reply.status == 200:
                made[str(reply.headers["x-limner-generation-id"])] = (number * number) % 29
        lose(house, "A harbour in fog")
        set_back(house, made)
        yield house


def fill_thread(page: Page) -> None:
    """Draw, and change what was drawn."""
    for number, prompt in enumerate(
        ("A red fox under the moon, on a snowy hill", "Make it night", "Add a red frame")
    ):
        page.get_by_role("textbox").first.fill(prompt)
        page.keyboard.press("Control+Enter")
        page.locator("#content .turn img[src^=blob]").nth(number).wait_for(timeout=20_000)
    page.wait_for_timeout(1000)


def prepare(opened: Studio, view: str, picture_ids: list[str]) -> None:
    """Bring a view into the state that is shown."""
    opened.go(to_route(view, picture_ids))
    page = opened.page
    page.locator(SETTLED[view]).first.wait_for()
    if view == "draw":
        fill_thread(page)
    elif view == "usage":
        days = page.get_by_role("slider")
        box = days.bounding_box()
        assert box is not None
        days.hover(position={"x": box["width"] - 8, "y": box["height"] / 2})
    else:
        page.mouse.move(1, 1)
    page.wait_for_timeout(800)


@is_made
@pytest.mark.parametrize("name", SHOTS)
def test_pictures_are_made(house: MortalGateway, painter: Browser, name: str) -> None:
    """Each view is shown with pictures of the emulator."""
    view, theme, locale = SHOTS[name]
    if view not in VIEWS:
        pytest.skip(f"there is no view {view} yet")
    ids = [str(entry["id"]) for entry in see(house, "pictures")["data"]]
    studios = Studios(painter)
    try:
        opened = studios(house, key=BOSS_KEY, theme=theme, locale=locale, width=1280, height=860)
        prepare(opened, view, ids)
        opened.page.screenshot(
            path=IMAGES / name,
            **({"type": "jpeg", "quality": 82} if name.endswith("jpg") else {"type": "png"}),
        )
        studios.check()
    finally:
        studios.close()
