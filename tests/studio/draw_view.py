"""The view that draws, as a person uses it: settings chosen, pictures asked for, turns looked at. Knows no gateway's insides."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from programs import Gateway
from studio import Studio, Studios

MODEL = "gemini-3.1-flash-image"
WAIT_MS = 15_000


def open_drawing(studio: Studios, gateway: Gateway, **options: Any) -> Studio:
    """Return the studio, signed in, ready to draw small pictures."""
    opened = studio(gateway, **options)
    choose(opened.page)
    return opened


def choose(page: Page, model: str = MODEL, ratio: str = "1:1", size: str = "512") -> None:
    """Set model, ratio and size."""
    page.locator("#model").select_option(model)
    page.locator(f"input[value='{ratio}']").check()
    page.locator(f"input[value='{size}']").check()


def draw(page: Page, prompt: str) -> None:
    """Ask for a picture."""
    page.locator("#prompt").fill(prompt)
    page.locator("#prompt").press("Control+Enter")


def find_turn(page: Page, number: int) -> Locator:
    """Return a turn of the thread, counted from 1."""
    return page.locator(f".turn:nth-child({number})")


def see_picture(turn: Locator) -> tuple[int, int]:
    """Wait for a turn's picture, and return its pixels."""
    image = turn.locator(".draw-frame img").first
    expect(image).to_be_visible(timeout=WAIT_MS)
    width, height = image.evaluate(
        "async (it) => { await it.decode(); return [it.naturalWidth, it.naturalHeight]; }"
    )
    return width, height
