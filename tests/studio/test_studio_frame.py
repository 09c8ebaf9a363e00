"""The frame of the studio: sign-in, navigation, language and theme."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from asking import ask
from programs import CLIENT_KEY, Gateway
from studio import Studios

STUDIO = Path(__file__).resolve().parents[2] / "src" / "limner" / "studio"
CUT = r"net::ERR_INTERNET_DISCONNECTED|net::ERR_FAILED|net::ERR_NETWORK_CHANGED"
REFUSED = r"the server responded with a status of"
SELF = "**/v1/limner/keys/self"


def go_by_link(page: Page, name: str) -> None:
    """Follow a link of the header by keyboard."""
    page.locator("header nav").get_by_role("link", name=name, exact=True).press("Enter")


def test_signing_in_and_out(gateway: Gateway, studio: Studios) -> None:
    """A key that is taken opens the views, signing out closes them, and no key is left behind."""
    page = studio(gateway, "usage").page
    expect(page.locator("header nav a[aria-current=page]")).to_have_text("Usage")
    expect(page.locator("header nav a")).to_have_text(["Draw", "Gallery", "Usage"])
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#key")).to_be_visible()
    expect(page.locator("header nav")).to_have_count(0)
    assert page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])").find(CLIENT_KEY) == -1


@pytest.mark.parametrize(("locale", "title"), [("en-US", "Usage"), ("zh-CN", "用量")])
def test_it_speaks_the_browsers_language(gateway: Gateway, studio: Studios, locale: str, title: str) -> None:
    """The page speaks the browser's language until another is chosen, and remembers that."""
    opened = studio(gateway, "usage", locale=locale, keep=True)
    expect(opened.page.locator("header nav a[aria-current=page]")).to_have_text(title)
    opened.set_language("zh" if locale == "en-US" else "en")
    opened.page.reload()
    expect(opened.page.locator("header nav a[aria-current=page]")).not_to_have_text(title)


@pytest.mark.parametrize("key", [f"“{CLIENT_KEY}”", "sk-密钥", "sk-limner of mine"])
def test_what_cannot_be_a_key_is_told_so(gateway: Gateway, studio: Studios, key: str) -> None:
    """Quotes that were pasted along, letters of other scripts and gaps are told to be no key, without asking anybody."""
    opened = studio(gateway, key=None)
    page = opened.page
    page.locator("#key").fill(key)
    page.locator("#key").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This key is not accepted.")
    expect(page.locator("#key")).to_be_focused()
    assert [address for address in opened.asked if "/keys/self" in address] == []
    opened.sign_in(f"  {CLIENT_KEY} ")
    expect(page.locator("#prompt")).to_be_visible()


def test_signing_in_is_seen_to_work(gateway: Gateway, studio: Studios) -> None:
    """While the gateway is asked the button says so and cannot be pressed again; then it is as before."""
    opened = studio(gateway, key=None)
    page = opened.page
    opened.allow(CUT)
    held: list[Route] = []
    page.route(SELF, lambda route: held.append(route))  # noqa: PLW0108 - Playwright takes functions only
    page.locator("#key").fill(CLIENT_KEY)
    page.locator("#key").press("Enter")
    button = page.get_by_role("button", name="Signing in…")
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("aria-busy", "true")
    page.locator("#key").press("Enter")
    assert len(held) == 1
    held[0].abort("internetdisconnected")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.unroute(SELF)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#prompt")).to_be_visible()


def test_the_reference_opens_beside_the_page(gateway: Gateway, studio: Studios) -> None:
    """The link to the reference opens a tab of its own, says so, and the key in memory stays."""
    opened = studio(gateway, "usage")
    page = opened.page
    opened.allow("^popup$")
    with page.expect_popup() as popup:
        page.get_by_role("link", name="API (opens in a new tab)").click()
    expect(popup.value).to_have_url(re.compile("/docs"))
    assert popup.value.evaluate("opener") is None
    go_by_link(page, "Gallery")
    expect(page.locator(".gallery h1")).to_be_visible()


def test_the_focus_goes_along(gateway: Gateway, studio: Studios) -> None:
    """Following a link brings the focus to the view, in Draw to the prompt, but on a phone; no ring is around all of a view."""
    page = studio(gateway, "usage").page
    header = page.locator("header").element_handle()
    for name, place in (("Gallery", "#content"), ("Usage", "#content"), ("Draw", "#prompt")):
        go_by_link(page, name)
        expect(page.locator(place)).to_be_focused()
    go_by_link(page, "Usage")
    expect(page.locator("#content")).to_be_focused()
    expect(page.locator("#content")).to_have_css("outline-style", "none")
    assert header.evaluate("(header) => header.isConnected")
    phone = studio(gateway, "usage", width=390, height=844).page
    go_by_link(phone, "Draw")
    phone.locator("#prompt").wait_for()
    expect(phone.locator("#content")).to_be_focused()


def test_a_first_load_leaves_the_focus(gateway: Gateway, studio: Studios) -> None:
    """A page that is loaded with its key begins at the top, so that the first Tab reaches the way past the header."""
    page = studio(gateway, "usage", keep=True).page
    page.reload()
    page.locator(".tiles dd").first.wait_for()
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()


@pytest.mark.parametrize(
    ("locale", "titles"),
    [("en-US", ["Sign in", "Usage", "Picture", "Gallery"]), ("zh-CN", ["登录", "用量", "图片", "图库"])],
)
def test_titles_say_where_one_is(gateway: Gateway, studio: Studios, locale: str, titles: list[str]) -> None:
    """The form, a picture and each view have titles of their own."""
    opened = studio(gateway, "usage", key=None, locale=locale)
    page = opened.page
    expect(page).to_have_title(f"{titles[0]} · Limner")
    opened.allow(REFUSED)
    opened.sign_in(CLIENT_KEY)
    for route, title in zip(("usage", f"picture/img_{'0' * 32}", "gallery"), titles[1:], strict=True):
        opened.go(route)
        expect(page).to_have_title(f"{title} · Limner")


def test_nothing_is_kept_that_was_not_chosen(gateway: Gateway, studio: Studios) -> None:
    """Language and theme are written down when they are chosen, not before."""
    opened = studio(gateway, "usage")
    page = opened.page
    page.locator(".tiles dd").first.wait_for()
    assert page.evaluate("localStorage.length") == 0
    page.get_by_label("Theme", exact=True).select_option("dark")
    opened.set_language("zh")
    assert page.evaluate("({ ...localStorage })") == {"limner.theme": "dark", "limner.language": "zh"}


def test_the_frame_is_loaded_at_once(gateway: Gateway) -> None:
    """The page names every module that its frame is made of, so that a slow network is waited for once."""
    needed, found = ["main.js"], set[str]()
    while needed:
        name = needed.pop()
        text = (STUDIO / name).read_text(encoding="utf-8")
        for path in re.findall(r'^import .*from "\./(.*)";$', text, re.MULTILINE):
            if path not in found:
                found.add(path)
                needed.append(path)
    index = ask(gateway, path="/", method="GET", key=None).body.decode()
    assert set(re.findall(r'rel="modulepreload" href="/studio/([^"]+)"', index)) == found
