"""The form that asks for a picture: what it keeps, what it says before money is spent, and that it stays in the window."""

import json
from pathlib import Path
from typing import Any

import pytest
from offices import BLOG_KEY, SHOP_KEY, draw, see
from PIL import Image
from playwright.sync_api import Page, expect

from asking import ask
from gateways import MortalGateway
from programs import Gateway, ListCalls
from studio import Studios

WAIT_MS = 15_000
REFUSED = r"Failed to load resource: the server responded with a status of"

DROP = """([name, text, selector]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, { type: name.endsWith("png") ? "image/png" : "text/plain" }));
  const fields = { bubbles: true, cancelable: true, dataTransfer: carried };
  const place = document.querySelector(selector);
  place.dispatchEvent(new DragEvent("dragover", fields));
  return !place.dispatchEvent(new DragEvent("drop", fields));
}"""


def give(page: Page, folder: Path, name: str = "boat.png") -> None:
    """Add a picture."""
    path = folder / name
    Image.new("RGB", (40, 30), "teal").save(path)
    page.locator("input[type=file]").set_input_files(path)
    expect(page.locator(".inputs img")).to_have_count(1)


def press(page: Page, prompt: str) -> None:
    """Ask for a picture and wait until it is there."""
    page.locator("#prompt").fill(prompt)
    page.locator("#prompt").press("Control+Enter")
    expect(page.locator(".turn").last.locator(".draw-frame img").first).to_be_visible(timeout=WAIT_MS)


def test_what_was_begun_is_kept(gateway: Gateway, studio: Studios, tmp_path: Path) -> None:
    """A look into the gallery or another language takes neither the words nor the pictures of what was begun."""
    opened = studio(gateway)
    page = opened.page
    page.locator("#prompt").fill("a boat like this one")
    give(page, tmp_path)
    page.get_by_role("link", name="Gallery").click()
    page.get_by_role("link", name="Draw").click()
    expect(page.locator("#prompt")).to_have_value("a boat like this one")
    expect(page.locator(".inputs img")).to_have_count(1)
    opened.set_language("zh")
    expect(page.locator(".inputs img")).to_have_count(1)
    with page.expect_request(lambda request: request.method == "POST") as asked:
        page.locator("#prompt").press("Control+Enter")
    assert "data:image/png;base64," in (asked.value.post_data or "")
    expect(page.locator(".inputs img")).to_have_count(0)


def test_files_may_fall_anywhere(gateway: Gateway, studio: Studios) -> None:
    """A file that is dropped beside the form is taken too, and never leads the browser away from the page."""
    page = studio(gateway).page
    page.locator("#prompt").wait_for()
    assert page.evaluate(DROP, ["notes.txt", "no picture", "header"])
    expect(page.locator(".giving .trouble")).to_contain_text("notes.txt is no PNG")
    assert page.evaluate(DROP, ["torn.png", "no picture", ".invitation"])
    expect(page.locator(".giving .trouble")).to_contain_text("torn.png cannot be read as a picture")
    expect(page.locator(".inputs img")).to_have_count(0)


def test_a_second_press_is_none(gateway: Gateway, studio: Studios, journal: ListCalls) -> None:
    """Two presses at once are one call and no complaint; and a complaint ends with the first letter."""
    page = studio(gateway).page
    page.locator("#prompt").fill("a kite")
    page.locator(".go button").dblclick()
    expect(page.locator(".draw-frame img")).to_be_visible(timeout=WAIT_MS)
    expect(page.locator("#prompt-trouble")).to_be_empty()
    assert len(journal()) == 1
    page.wait_for_timeout(1000)
    page.locator(".go button").click()
    expect(page.locator("#prompt-trouble")).to_contain_text("Say in a few words")
    page.locator("#prompt").type("a")
    expect(page.locator("#prompt-trouble")).to_be_empty()


def test_what_is_left_is_told_before(office: MortalGateway, studio: Studios, journal: ListCalls) -> None:
    """What the budget still holds stands beside the price, and that it is too little is said before and after."""
    opened = studio(office, key=BLOG_KEY)
    opened.allow(REFUSED)
    page = opened.page
    expect(page.locator(".composer .left")).to_have_text("$0.40 left of the budget")
    page.locator("input[value='512']").check()
    press(page, "a raft")
    expect(page.locator(".composer .left")).not_to_have_text("$0.40 left of the budget")
    page.locator("input[value='4K']").check()
    page.get_by_label("4 at once").check()
    expect(page.locator(".composer .left.trouble")).to_contain_text("it does not hold this")
    before = len(journal())
    page.locator("#prompt").fill("a raft in four ways")
    page.locator("#prompt").press("Control+Enter")
    expect(page.locator(".mishap")).to_contain_text("budget does not hold this picture")
    expect(page.locator(".mishap")).not_to_contain_text("other words")
    assert len(journal()) == before


def test_a_deleted_picture_is_not_changed(office: MortalGateway, studio: Studios, journal: ListCalls) -> None:
    """A picture that was deleted, here or elsewhere, offers nothing any more, and no other one is bought in its place."""
    opened = studio(office, key=SHOP_KEY)
    opened.allow(REFUSED)
    page = opened.page
    press(page, "a ferry")
    page.get_by_role("link", name="Details").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.locator(".gallery").wait_for()
    page.get_by_role("link", name="Draw").first.click()
    expect(page.locator(".turn")).to_contain_text("no longer kept")
    expect(page.locator(".turn figure button")).to_have_count(0)
    expect(page.locator(".draw-target")).to_have_count(0)

    press(page, "a second ferry")
    (entry,) = see(office, "pictures", SHOP_KEY)["data"]
    assert ask(office, path=f"/v1/limner/pictures/{entry['id']}", key=SHOP_KEY, method="DELETE").status == 200
    before = len(journal())
    page.locator("#prompt").fill("give it a flag")
    page.locator("#prompt").press("Control+Enter")
    expect(page.locator(".mishap")).to_contain_text("The picture to be changed is no longer kept")
    assert len(journal()) == before


def test_a_long_prompt_leaves_room(gateway: Gateway, studio: Studios) -> None:
    """Of a long prompt the thread shows the beginning, and all of it to whoever wants to see it."""
    page = studio(gateway).page
    prompt = "a very long story of a heron. " * 200
    press(page, prompt.strip())
    words = page.locator(".draw-prompt")
    assert words.bounding_box()["height"] < 250  # type: ignore[index]  # it is visible
    page.get_by_role("button", name="Show all", expanded=False).click()
    assert words.bounding_box()["height"] > 500  # type: ignore[index]  # as above
    assert len(page.locator(".draw-frame img").get_attribute("alt") or "") < 300


@pytest.mark.parametrize(
    ("width", "height"), [(1440, 900), (1366, 768), (1280, 600), (390, 844), (720, 450), (844, 390)]
)
def test_the_button_is_in_the_window(gateway: Gateway, studio: Studios, width: int, height: int) -> None:
    """At the first visit the button that draws can be pressed without scrolling; where little room is, nothing covers anything."""
    page = studio(gateway, width=width, height=height).page
    button = page.locator(".go button")
    button.wait_for()
    if width < 960:
        page.locator(".composer summary").click()
    if height < 600:
        assert page.locator(".draw-side").evaluate("(it) => getComputedStyle(it).position") == "static"
        assert page.locator("header.bar").evaluate("(it) => getComputedStyle(it).position") == "static"
        return
    box = button.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= height
    side, bar = page.locator(".draw-side").bounding_box(), page.locator("header.bar").bounding_box()
    assert side is not None
    assert bar is not None
    assert side["y"] >= bar["height"]


def test_words_that_lead_elsewhere_are_not_lost(office: MortalGateway, studio: Studios) -> None:
    """The picture to be changed goes out as a part of its own, the ones before it as links that may have gone."""
    draw(office, "a pier")
    page = studio(office, key=SHOP_KEY).page
    for prompt in ("a heron", "make it night"):
        press(page, prompt)
    with page.expect_request(lambda request: request.method == "POST") as asked:
        page.locator("#prompt").fill("add a moon")
        page.locator("#prompt").press("Control+Enter")
    body: dict[str, Any] = json.loads(asked.value.post_data or "{}")
    shapes = [type(message["content"]).__name__ for message in body["messages"]]
    assert shapes == ["str", "str", "str", "list", "str"]


def test_a_picture_that_is_still_read_is_waited_for(
    gateway: Gateway, studio: Studios, tmp_path: Path
) -> None:
    """Pressed while a picture is still being read, the call waits for it; if it cannot be read, nothing is bought without it."""
    page = studio(gateway).page
    page.evaluate("""() => {
      const read = createImageBitmap;
      globalThis.createImageBitmap = async (...given) => {
        await new Promise((go) => setTimeout(go, 700));
        return read(...given);
      };
    }""")
    path = tmp_path / "boat.png"
    Image.new("RGB", (40, 30), "teal").save(path)
    page.locator("#prompt").fill("a boat like this one")
    with page.expect_request(lambda request: request.method == "POST") as asked:
        page.locator("input[type=file]").set_input_files(path)
        page.locator("#prompt").press("Control+Enter")
    assert "data:image/png;base64," in (asked.value.post_data or "")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    path.write_bytes(b"torn")
    page.locator("#prompt").fill("a boat like that one")
    page.locator("input[type=file]").set_input_files(path)
    page.locator("#prompt").press("Control+Enter")
    expect(page.locator(".giving .trouble")).to_contain_text("cannot be read")
    page.wait_for_timeout(300)
    assert posts == []
    expect(page.locator("#prompt")).to_have_value("a boat like that one")


def test_what_was_chosen_meanwhile_stays_chosen(gateway: Gateway, studio: Studios) -> None:
    """Whoever turns to an older picture while another is being drawn goes on with the older one."""
    page = studio(gateway).page
    press(page, "a first heron")
    page.locator("#prompt").fill("make it night [[delay=2500ms]]")
    page.locator("#prompt").press("Control+Enter")
    page.get_by_role("button", name="Start afresh").click()
    expect(page.locator(".draw-target")).to_have_count(0)
    expect(page.locator(".turn:nth-child(2) .draw-frame img")).to_be_visible(timeout=WAIT_MS)
    expect(page.locator(".draw-target")).to_have_count(0)
