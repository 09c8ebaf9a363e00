"""The page in a real browser: both languages, both themes, wide and narrow, by its own strict policy."""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from asking import ask
from programs import Gateway

sys.path.append(str(Path(__file__).resolve().parents[1] / "links"))

from browsing import running_chromium

WIDTHS = {"wide": 1440, "narrow": 390}
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 26)"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser."""
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def said() -> list[str]:
    """What the page's console said; it must stay silent."""
    return []


def open_page(
    browser: Browser, gateway: Gateway, said: list[str], path: str = "/docs", **options: object
) -> Page:
    """Return the page when it is there."""
    page = browser.new_page(**options)  # type: ignore[arg-type]  # Playwright's own names
    page.on("console", lambda line: said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{gateway.url}{path}")
    page.wait_for_selector("article")
    return page


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", PAPER)
@pytest.mark.parametrize(("locale", "title"), [("en-US", "Draw in a chat"), ("zh-CN", "在对话中画图")])
def test_it_shows_the_doors(
    browser: Browser, gateway: Gateway, said: list[str], locale: str, title: str, theme: str, width: str
) -> None:
    """It speaks the browser's language, in its theme, fits the screen, and breaks no rule of its policy."""
    page = open_page(
        browser,
        gateway,
        said,
        locale=locale,
        color_scheme=theme,
        viewport={"width": WIDTHS[width], "height": 900},
    )
    assert page.locator("#createChatCompletion h3").inner_text() == title
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER[theme]
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
    for summary in page.locator("#createChatCompletion summary").all():
        summary.click()
    assert page.locator("#createChatCompletion .deeper .field").count() > 0
    assert said == []
    page.close()


def test_switches_and_links(browser: Browser, gateway: Gateway, said: list[str]) -> None:
    """A link leads to a door, language and theme can be switched and are remembered, the search finds by field."""
    page = open_page(browser, gateway, said, "/docs#listModels", locale="en-US", color_scheme="light")
    assert page.evaluate("document.activeElement.id") == "listModels"
    page.get_by_role("button", name="中文").click()
    page.wait_for_selector("html[data-shown='zh']")
    page.get_by_role("button", name="深色").click()
    page.reload()
    page.wait_for_selector("html[data-shown='zh'][data-theme='dark'] article")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER["dark"]
    page.keyboard.press("/")
    page.keyboard.type("metadata undelivered")
    assert [article.get_attribute("id") for article in page.locator("article:visible").all()] == [
        "listChatCompletions"
    ]
    assert said == []
    page.close()


def test_its_programs_name_the_gateway(browser: Browser, gateway: Gateway, said: list[str]) -> None:
    """Each kind of program calls this very gateway."""
    page = open_page(browser, gateway, said)
    for name in ("curl", "Python", "Node"):
        page.locator("#createChatCompletion").get_by_role("tab", name=name).click()
        assert f"{gateway.url}/v1/chat/completions" in page.locator("#createChatCompletion pre").inner_text()
    assert said == []
    page.close()


@pytest.mark.parametrize("path", ["/docs", "/docs/reference.js", "/docs/reference.css", "/openapi.json"])
def test_it_is_open_and_asked_anew(gateway: Gateway, path: str) -> None:
    """Page, files and document need no key, are no other site's to read, and are sent again only if they changed."""
    reply = ask(gateway, path=path, method="GET", key=None, headers={"Origin": "https://elsewhere.example"})
    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] is None
    assert reply.headers["cache-control"] == "no-cache"
    again = ask(gateway, path=path, method="GET", key=None, headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", ["/docs", "/docs/reference.js", "/openapi.json", "/", "/studio/main.js"])
@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1, GZIP;q=0.5", True),
        ("*", True),
        (None, False),
        ("identity", False),
        ("gzip;q=0, *", False),
        ("gzip; q=0.000", False),
        ("gzipped,", False),
    ],
)
def test_they_are_packed_for_who_takes_them_so(
    gateway: Gateway, path: str, accepted: str | None, is_packed: bool
) -> None:
    """Pages, scripts and the document are sent packed by gzip to clients that say they take it, as another version."""
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    reply = ask(gateway, path=path, method="GET", key=None, headers=headers)
    plain = ask(gateway, path=path, method="GET", key=None)
    assert "Accept-Encoding" in str(reply.headers["vary"])
    assert (reply.headers["content-encoding"] == "gzip") is is_packed
    assert (reply.headers["etag"] != plain.headers["etag"]) is is_packed
    assert (gzip.decompress(reply.body) if is_packed else reply.body) == plain.body
    known = {**headers, "If-None-Match": str(reply.headers["etag"])}
    assert ask(gateway, path=path, method="GET", key=None, headers=known).status == 304


def test_another_language_is_refused(gateway: Gateway) -> None:
    """The document is in two languages and says so."""
    reply = ask(gateway, path="/openapi.json?lang=fr", method="GET", key=None)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, "unsupported_value", "lang")
