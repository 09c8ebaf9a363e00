"""The frame of the studio under strain: keys that end or change hands, networks that go, and a secret that must not go."""

import re

import pytest
from offices import BOSS_KEY, SHOP_KEY
from playwright.sync_api import Page, Request, Route, expect

from gateways import MortalGateway
from programs import CLIENT_KEY, Gateway, ListCalls
from studio import Studio, Studios

CUT = r"net::ERR_INTERNET_DISCONNECTED|net::ERR_FAILED|net::ERR_NETWORK_CHANGED"
REFUSED = r"the server responded with a status of"
CALLS = re.compile(r"/v1/chat/completions")
SELF = "**/v1/limner/keys/self"
NO_LEISURE = "window.requestIdleCallback = () => 0"
STORAGE = "JSON.stringify([{...localStorage}, {...sessionStorage}])"


def draw(page: Page, prompt: str) -> None:
    """Ask for a picture."""
    page.locator("#prompt").fill(prompt)
    page.locator("#prompt").press("Control+Enter")


def sign_out(page: Page) -> None:
    """Press the button, and wait for the form."""
    page.get_by_role("button", name="Sign out").click()
    page.locator("#key").wait_for()


def end_key(office: MortalGateway, opened: Studio, name: str = "shop") -> None:
    """Revoke a key that the page uses, and have the page notice."""
    opened.allow(REFUSED)
    office.run_command("keys", "revoke", name)
    opened.go("usage")
    opened.page.locator("#key").wait_for()


def test_nobody_pays_for_a_lost_call_of_another_key(
    office: MortalGateway, studio: Studios, journal: ListCalls
) -> None:
    """A call that never arrived is not sent with the key of somebody who signs in after its own has ended."""
    opened = studio(office, "gallery", key=SHOP_KEY)
    page = opened.page
    opened.allow(CUT)
    opened.go("draw")
    page.route(CALLS, lambda route: route.abort("internetdisconnected"))
    draw(page, "a secret boat of the shop")
    expect(page.locator(".draw-stage")).to_contain_text("looking for what became of it")
    opened.go("gallery")
    end_key(office, opened)
    opened.sign_in(BOSS_KEY)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if CALLS.search(request.url) else None)
    page.unroute(CALLS)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(1500)
    assert journal() == []
    assert [request.method for request in asked] == []


@pytest.mark.parametrize("keep", [True, False])
def test_signing_out_elsewhere_forgets_the_thread(gateway: Gateway, studio: Studios, keep: bool) -> None:
    """Signing out in another view forgets prompts and what is being drawn; the picture is in the gallery all the same."""
    opened = studio(gateway, keep=keep)
    page = opened.page
    draw(page, "a raft of yesterday [[delay=1s]]")
    expect(page.locator(".draw-stage")).to_have_text("Gemini is drawing.")
    opened.go("usage")
    page.locator(".tiles dd").first.wait_for()
    sign_out(page)
    assert "raft" not in page.evaluate(STORAGE)
    opened.sign_in(CLIENT_KEY, keep=keep)
    expect(page.locator("#prompt")).to_have_value("")
    expect(page.locator(".turn")).to_have_count(0)
    page.wait_for_timeout(1500)
    opened.go("gallery")
    page.get_by_role("link", name=re.compile("a raft of yesterday")).first.wait_for()


@pytest.mark.parametrize(
    ("locale", "words"), [("en-US", "This key is no longer accepted"), ("zh-CN", "此密钥已失效")]
)
def test_a_key_that_ends_says_so(office: MortalGateway, studio: Studios, locale: str, words: str) -> None:
    """The form to which a revoked key leads says why, until one signs in or leaves."""
    opened = studio(office, key=SHOP_KEY, locale=locale)
    end_key(office, opened)
    page = opened.page
    expect(page.get_by_role("alert")).to_contain_text(words)
    opened.sign_in(BOSS_KEY)
    page.locator("header .tools button.plain").click()
    expect(page.locator("#key-trouble")).to_be_empty()


def test_a_draft_outlives_its_key_for_its_owner(office: MortalGateway, studio: Studios) -> None:
    """What was being written is there again for the same owner, and for nobody else."""
    opened = studio(office, key=SHOP_KEY)
    page = opened.page
    page.locator("#prompt").fill("a long draft")
    opened.allow(REFUSED)
    second = office.run_command("keys", "rotate", "shop", "--overlap", "0")
    office.secrets.append(second)
    opened.go(f"draw/edit/img_{'0' * 32}")
    page.locator("#key").wait_for()
    assert "long draft" not in page.evaluate(STORAGE)
    opened.sign_in(second)
    expect(page.locator("#prompt")).to_have_value("a long draft")
    end_key(office, opened)
    opened.sign_in(BOSS_KEY)
    opened.go("draw")
    expect(page.locator("#prompt")).to_have_value("")


def test_a_prompt_that_a_dead_key_asked_for_is_not_lost(office: MortalGateway, studio: Studios) -> None:
    """A prompt that was refused with its key is in the field again after signing in."""
    opened = studio(office, key=SHOP_KEY)
    page = opened.page
    page.locator("#prompt").wait_for()
    opened.allow(REFUSED)
    second = office.run_command("keys", "rotate", "shop", "--overlap", "0")
    office.secrets.append(second)
    draw(page, "a barge that was not taken")
    page.locator("#key").wait_for()
    opened.sign_in(second)
    expect(page.locator("#prompt")).to_have_value("a barge that was not taken")
    expect(page.locator(".turn")).to_have_count(0)


@pytest.mark.parametrize("way", ["by itself", "by hand"])
def test_a_view_opens_after_the_network_was_away(gateway: Gateway, studio: Studios, way: str) -> None:
    """A view that was never open before is told to be out of reach, and opens once the network is back."""
    opened = studio(gateway, key=None)
    page = opened.page
    page.evaluate(NO_LEISURE)
    opened.sign_in(CLIENT_KEY)
    page.locator("#prompt").wait_for()
    opened.allow(CUT)
    if way == "by itself":
        page.context.set_offline(True)
    else:
        page.route("**/studio/views/*", lambda route: route.abort("internetdisconnected"))
    for view in ("gallery", "usage", "gallery"):
        opened.go(view)
        expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
    if way == "by itself":
        page.context.set_offline(False)
    else:
        page.unroute("**/studio/views/*")
        page.get_by_role("button", name="Try again").click()
    expect(page.locator(".gallery h1")).to_be_visible()
    opened.go("usage")
    expect(page.locator(".tiles dd").first).to_be_visible()


def test_views_are_there_before_the_network_goes(gateway: Gateway, studio: Studios) -> None:
    """A second after the first view all others are there, without a network too, and say that there is none."""
    opened = studio(gateway, key=None)
    page = opened.page
    with page.expect_event("requestfinished", lambda request: request.url.endswith("/views/compare.js")):
        opened.sign_in(CLIENT_KEY)
    page.wait_for_timeout(300)
    opened.allow(CUT)
    page.context.set_offline(True)
    for view, seen in {
        "gallery": ".gallery h1",
        "usage": ".usage h1",
        "compare/img_0/img_1": ".comparison h1",
    }.items():
        opened.go(view)
        expect(page.locator(seen)).to_be_visible()
        expect(page.get_by_role("alert").first).to_contain_text("cannot be reached")
    page.context.set_offline(False)


def test_a_part_that_was_lost_is_loaded_with_the_page(gateway: Gateway, studio: Studios) -> None:
    """A file below a view that was lost on the way cannot be had again by this page, which says so and offers a new one."""
    opened = studio(gateway, keep=True)
    page = opened.page
    page.evaluate(NO_LEISURE)
    opened.allow(CUT)
    page.route("**/studio/wall.js", lambda route: route.abort("internetdisconnected"), times=1)
    opened.go("gallery")
    expect(page.get_by_role("alert")).to_contain_text("A part of this page was lost")
    page.get_by_role("button", name="Load the page anew").click()
    expect(page.locator(".gallery h1")).to_be_visible()


def test_a_view_that_breaks_leaves_words(gateway: Gateway, studio: Studios) -> None:
    """Whatever goes wrong in opening a view, the page says so, and it can be tried again."""
    opened = studio(gateway, key=None)
    page = opened.page
    page.evaluate(NO_LEISURE)
    opened.sign_in(CLIENT_KEY)
    broken = {
        "body": "export function open() { throw new RangeError('broken'); }",
        "content_type": "text/javascript",
    }
    page.route("**/studio/views/usage.js", lambda route: route.fulfill(**broken))
    opened.allow("RangeError: broken")
    opened.go("usage")
    expect(page.get_by_role("alert")).to_have_text("Something went wrong.")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_have_text("Something went wrong.")
    opened.go("gallery")
    expect(page.locator(".gallery h1")).to_be_visible()


def fail(route: Route, status: int) -> None:
    """Answer with an error of the gateway; 0: not at all."""
    if not status:
        return route.abort("internetdisconnected")
    error = {"message": "Not just now.", "code": None, "type": "server_error", "param": None}
    return route.fulfill(status=status, json={"error": error})


@pytest.mark.parametrize("status", [503, 429, 0])
def test_a_kept_key_outlives_a_passing_failure(gateway: Gateway, studio: Studios, status: int) -> None:
    """A gateway that cannot say whose key it is just now is told of in words, and is asked again; the key is kept."""
    opened = studio(gateway, keep=True)
    page = opened.page
    opened.allow(f"{CUT}|{REFUSED}")
    page.route(SELF, lambda route: fail(route, status))
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("Not just now" if status else "cannot be reached")
    retry = page.get_by_role("button", name="Try again")
    retry.click()
    expect(retry).to_be_visible()
    page.unroute(SELF)
    if status:
        retry.click()
    else:
        page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#prompt")).to_be_visible()


def test_a_secret_is_left_by_its_own_button_alone(office: MortalGateway, studio: Studios) -> None:
    """Escape, Back, another address and leaving the page do not take a secret away that is shown this once."""
    opened = studio(office, "usage", key=BOSS_KEY)
    page = opened.page
    opened.go("keys")
    page.get_by_role("button", name="New secret for shop").click()
    page.get_by_role("dialog").get_by_role("button", name="New secret").click()
    secret = page.get_by_role("dialog", name="Secret of").locator("input")
    office.secrets.append(value := secret.input_value())
    for _ in range(4):
        page.keyboard.press("Escape")
    expect(secret).to_have_value(value)
    page.go_back()
    expect(page.locator(".tiles dd").first).to_be_attached()
    opened.go("gallery")
    expect(page.locator(".gallery")).to_be_attached()
    expect(secret).to_be_visible()
    opened.allow("^dialog: ")
    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    expect(secret).to_have_value(value)
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.evaluate("setTimeout(() => location.reload())")
    page.locator("#key").wait_for()
    assert len([line for line in opened.seen if line.startswith("dialog")]) == 1
