"""The frame of the studio: sign-in, navigation, language and theme."""

import pytest
from playwright.sync_api import expect

from programs import CLIENT_KEY, Gateway
from studio import Studios


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
