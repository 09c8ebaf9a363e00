"""Ways from one view of the studio to another, and back: what a person presses in one has to work in the next."""

import json
import re
from typing import Any

from offices import SHOP_KEY, draw, see
from playwright.sync_api import expect

from gateways import MortalGateway
from programs import ListCalls
from studio import Studio, Studios

PHONE = 390, 844
WAIT_MS = 15_000


def change(opened: Studio, prompt: str) -> dict[str, Any]:
    """Ask for a change of what is aimed at; return what the page sent."""
    page = opened.page
    with page.expect_request(lambda request: request.method == "POST") as asked:
        page.locator("#prompt").fill(prompt)
        page.locator("#prompt").press("Control+Enter")
    sent = asked.value.post_data
    assert sent is not None
    body: dict[str, Any] = json.loads(sent)
    return body


def test_a_picture_of_the_gallery_is_edited(
    office: MortalGateway, studio: Studios, journal: ListCalls
) -> None:
    """“Edit this” beside a picture leads to a thread that begins with it, drawn as it was, with its signature."""
    draw(office, "a lighthouse by the sea", extra_body={"google": {"image_config": {"aspect_ratio": "16:9"}}})
    (picture,) = see(office, "pictures", SHOP_KEY)["data"]
    opened = studio(office, "gallery", key=SHOP_KEY)
    page = opened.page
    page.locator(".tile a").click()
    page.get_by_role("link", name="Edit this").click()
    expect(page.locator(".draw-target")).to_contain_text("a lighthouse by the sea")
    expect(page.locator(".turn .draw-frame img")).to_be_visible()
    expect(page).to_have_url(re.compile("#/draw$"))
    before = len(journal())
    body = change(opened, "make it night")
    assert picture["url"] in json.dumps(body["messages"])
    expect(page.locator(".turn:nth-child(2) .draw-frame img")).to_be_visible(timeout=WAIT_MS)
    (call,) = journal()[before:]
    assert call["signatures"], "the picture went out without its signature"
    assert call["settings"]["aspectRatio"] == "16:9"


def test_back_leads_through_the_views(office: MortalGateway, studio: Studios) -> None:
    """The browser's Back and Forward lead through views and pictures as a person went."""
    draw(office, "a raft")
    page = studio(office, "draw", key=SHOP_KEY).page
    page.get_by_role("link", name="Gallery").click()
    page.locator(".tile a").click()
    page.locator(".easel img").wait_for()
    page.go_back()
    expect(page.locator(".tile.seen")).to_have_count(1)
    page.go_back()
    expect(page.locator("#prompt")).to_be_visible()
    page.go_forward()
    page.go_forward()
    expect(page.locator(".easel img")).to_be_visible()


def test_the_menu_of_a_phone(office: MortalGateway, studio: Studios) -> None:
    """On a phone language, theme and signing out are behind a button that says whether it is open."""
    page = studio(office, "usage", key=SHOP_KEY, width=PHONE[0], height=PHONE[1]).page
    leave = page.get_by_role("button", name="Sign out")
    expect(leave).to_be_hidden()
    menu = page.get_by_role("button", name="Language, theme and more", expanded=False)
    menu.press("Enter")
    expect(page.get_by_role("button", name="Language, theme and more", expanded=True)).to_be_visible()
    page.get_by_label("Language", exact=True).select_option("zh")
    expect(page.get_by_label("语言", exact=True)).to_be_focused()
    page.get_by_role("button", name="退出").click()
    expect(page.locator("#key")).to_be_visible()
