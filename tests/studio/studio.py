"""The studio in a real browser: opened, signed in to, and watched for all that should never happen. Knows no view.

What a page says on its console, what breaks in it, what its policy reports, what it asks in vain and whom else it
asks is kept, and must be nothing when the test ends.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from programs import CLIENT_KEY, Gateway

_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy report: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
_ABORTED = "net::ERR_ABORTED"


@dataclass
class Studio:
    """A page of the studio. `seen` is what it should not have done."""

    page: Page
    url: str
    seen: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._see_line)
        self.page.on("pageerror", lambda error: self.seen.append(f"error: {error}"))
        self.page.on("dialog", self._see_dialog)
        self.page.on("popup", lambda _: self.seen.append("popup"))
        self.page.on("request", self._see_request)
        self.page.on("requestfailed", self._see_failure)

    def allow(self, pattern: str) -> None:
        """Let the page say or do what matches: a refusal that is under test is told on the console too."""
        self.allowed.append(pattern)

    def go(self, route: str) -> None:
        """Open a view, such as `gallery` or `picture/img_…`, as a link in the page would."""
        self.page.evaluate("(route) => { location.hash = `#/${route}`; }", route)

    def sign_in(self, key: str, *, keep: bool = False) -> None:
        """Fill in the form and wait until the key was taken."""
        self.page.locator("#key").fill(key)
        self.page.locator("#keep").set_checked(keep)
        self.page.locator("form button[type=submit]").click()
        self.page.locator("header nav").wait_for()

    def set_language(self, language: str) -> None:
        """Speak `en` or `zh` from now on."""
        menu = self.page.locator("header .menu")
        if menu.is_visible() and menu.get_attribute("aria-expanded") == "false":
            menu.click()
        self.page.locator("header select").first.select_option(language)
        self.page.locator(f"html[lang={'zh-CN' if language == 'zh' else 'en'}]").wait_for()

    def measure_overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return width

    def check(self) -> None:
        """Fail if the page did anything that it should not."""
        left = [line for line in self.seen if not any(re.search(allowed, line) for allowed in self.allowed)]
        assert not left, "\n".join(left)

    def _see_line(self, line: ConsoleMessage) -> None:
        self.seen.append(f"{line.type}: {line.text} ({line.location.get('url', '')})")

    def _see_dialog(self, dialog: Any) -> None:
        self.seen.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _see_request(self, request: Request) -> None:
        self.asked.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme not in {"blob", "data"} and f"{parts.scheme}://{parts.netloc}" != self.url:
            self.seen.append(f"another origin: {request.url}")

    def _see_failure(self, request: Request) -> None:
        # A view that is left, or a call that is taken back, ends its own requests.
        if request.failure != _ABORTED:
            self.seen.append(f"failed: {request.method} {request.url} {request.failure}")


class Studios:
    """Opens studios, each in a context of its own, and checks them all at the end."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._opened: list[Studio] = []

    def __call__(
        self,
        gateway: Gateway,
        route: str = "",
        *,
        key: str | None = CLIENT_KEY,
        keep: bool = False,
        width: int = 1440,
        height: int = 900,
        theme: str = "light",
        locale: str = "en-US",
        **options: Any,
    ) -> Studio:
        """Return the page, signed in by its form unless `key` is None, with the view of `route` (`gallery`) open.

        `options` are those of a Playwright context: `reduced_motion="reduce"`, `has_touch=True`, …
        """
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,  # type: ignore[arg-type]  # Playwright's own names
            locale=locale,
            **options,
        )
        self._contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=gateway.url)
        context.add_init_script(_TELL_VIOLATIONS)
        studio = Studio(context.new_page(), gateway.url)
        self._opened.append(studio)
        studio.page.goto(f"{gateway.url}/#/{route}" if route else f"{gateway.url}/")
        studio.page.locator("#key").wait_for()
        if key is not None:
            studio.sign_in(key, keep=keep)
        return studio

    def check(self) -> None:
        """Fail if any page did what it should not."""
        for studio in self._opened:
            studio.check()

    def close(self) -> None:
        """Close what is open."""
        while self._contexts:
            self._contexts.pop().close()
