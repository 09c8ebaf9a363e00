"""The studio keeps its key to itself, asks nobody else, runs no script but its own, and shuts nobody out."""

import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pybase64
import pytest
from offices import BOSS_KEY, SHOP_KEY, be_refused, draw, lose, open_office, see
from packages import list_naughty_strings, read_package
from PIL import Image
from playwright.sync_api import Page, expect
from views import SETTLED, VIEWS, to_route

from asking import ask, chat
from gateways import MortalGateway
from programs import Emulator, Gateway
from studio import Studio, Studios
from upstreams import Answer, Call, Upstream

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' blob: data:",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "require-trusted-types-for": "'script'",
}
_STORED = "(kind) => JSON.stringify({ ...window[kind] })"
_FOREIGN = "#content :is(script, iframe, object, embed, base, meta, link, form[action], [style*=expression], [onerror], [onload])"
_LONGEST = 3500
_USAGE = {"promptTokenCount": 5, "candidatesTokenCount": 1120, "totalTokenCount": 1125}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Iterator[MortalGateway]:
    """A gateway with some pictures, a lost call and a refused one."""
    with open_office(tmp_path_factory.mktemp("house"), emulator.url) as house:
        draw(house, "a lighthouse at dusk", BOSS_KEY)
        draw(house, "a red fox under the moon", BOSS_KEY)
        lose(house, key=BOSS_KEY)
        be_refused(house, key=BOSS_KEY)
        yield house


@pytest.fixture(scope="module")
def picture_ids(house: MortalGateway) -> list[str]:
    """The pictures that are there."""
    return [str(entry["id"]) for entry in see(house, "pictures")["data"]]


def visit(opened: Studio, view: str, picture_ids: list[str]) -> None:
    """Open a view and wait until it has loaded."""
    opened.go(to_route(view, picture_ids))
    opened.page.locator(SETTLED[view]).first.wait_for()
    opened.page.wait_for_timeout(150)


def test_a_wrong_key_opens_nothing(house: MortalGateway, studio: Studios) -> None:
    """A key that is not taken is told so in words, and is kept nowhere."""
    opened = studio(house, key=None)
    opened.allow("status of 401")
    page = opened.page
    page.locator("form button[type=submit]").click()
    expect(page.get_by_role("alert")).to_have_text("Enter a key.")
    page.locator("#key").fill("sk-a-wrong-key-of-the-tests")
    page.locator("#keep").check()
    page.locator("form button[type=submit]").click()
    expect(page.get_by_role("alert")).to_contain_text("This key is not accepted.")
    expect(page.locator("#key")).to_be_focused()
    assert page.evaluate(_STORED, "localStorage").find("wrong-key") == -1
    assert page.evaluate(_STORED, "sessionStorage").find("wrong-key") == -1
    assert [address for address in opened.asked if "wrong-key" in address] == []


@pytest.mark.parametrize("keep", [True, False])
def test_the_key_is_in_no_address_and_no_lasting_storage(
    house: MortalGateway, picture_ids: list[str], studio: Studios, keep: bool
) -> None:
    """Whatever is opened, the key is in no address and in no storage, but for the tab's if that was ticked."""
    opened = studio(house, key=BOSS_KEY, keep=keep)
    page = opened.page
    for view in VIEWS:
        visit(opened, view, picture_ids)
        assert BOSS_KEY not in page.url
    assert [address for address in opened.asked if BOSS_KEY in address] == []
    assert BOSS_KEY not in page.evaluate(_STORED, "localStorage")
    assert (BOSS_KEY in page.evaluate(_STORED, "sessionStorage")) is keep
    assert page.evaluate("document.cookie") == ""
    page.reload()
    page.locator("header nav" if keep else "#key").wait_for()


def test_a_key_that_ends_closes_the_page(office: MortalGateway, studio: Studios) -> None:
    """Once the key is revoked the next thing that is asked leads back to the form, and the key is forgotten."""
    opened = studio(office, "usage", key=SHOP_KEY, keep=True)
    opened.allow("status of 401")
    opened.page.locator(".tiles dd").first.wait_for()
    office.run_command("keys", "revoke", "shop")
    opened.page.get_by_role("radio", name="7 days").click()
    expect(opened.page.locator("#key")).to_be_visible()
    assert SHOP_KEY not in opened.page.evaluate(_STORED, "sessionStorage")


@pytest.mark.parametrize("path", ["/", "/studio/main.js", "/studio/studio.css", "/studio/icon.svg"])
def test_the_policy_stands(gateway: Gateway, path: str) -> None:
    """Page and files come with a policy that lets in nothing but the page's own, and are no other site's to read."""
    reply = ask(gateway, path=path, method="GET", key=None, headers={"Origin": "https://elsewhere.example"})
    assert reply.status == 200
    found = dict(part.strip().split(" ", 1) for part in reply.headers["content-security-policy"].split(";"))
    assert found == POLICY
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["access-control-allow-origin"] is None


@pytest.mark.parametrize(
    "path", ["/studio/index.html", "/studio/__init__.py", "/studio/../config.py", "/studio/"]
)
def test_nothing_else_is_served(gateway: Gateway, path: str) -> None:
    """What is no file of the page is not found."""
    assert ask(gateway, path=path, method="GET", key=None).status == 404


def test_the_browser_keeps_to_the_policy(house: MortalGateway, studio: Studios) -> None:
    """A script that is not the page's own does not run, and text does not become markup; the watch of these tests sees it."""
    opened = studio(house, key=None)
    opened.allow("Content Security Policy|policy report|TrustedHTML|violates")
    page = opened.page
    ran = page.evaluate(
        """() => {
          const script = document.createElement("div");
          let threw = false;
          try { script.innerHTML = "<img src=x onerror=alert(1)>"; } catch { threw = true; }
          document.body.append(Object.assign(document.createElement("img"), { src: "https://elsewhere.example/a.png" }));
          return threw;
        }"""
    )
    page.wait_for_timeout(200)
    assert ran
    assert [line for line in opened.seen if "policy report" in line]
    opened.seen[:] = [line for line in opened.seen if "elsewhere.example" not in line]


class Mouth:
    """An upstream that draws a small picture and says beside it what it is to say; or refuses, in those words."""

    def __init__(self) -> None:
        buffer = io.BytesIO()
        Image.new("RGB", (64, 64), "teal").save(buffer, "PNG")
        self._data = pybase64.b64encode(buffer.getvalue()).decode()

    def respond(self, call: Call) -> Answer:
        parts = json.loads(call.body)["contents"][-1]["parts"]
        prompt = next(part["text"] for part in parts if "text" in part)
        if "please refuse" in prompt:
            error = {"code": 400, "message": prompt, "status": "INVALID_ARGUMENT"}
            return Answer([json.dumps({"error": error}).encode()], status=400)
        said = [{"text": prompt}, {"inlineData": {"mimeType": "image/png", "data": self._data}}]
        answer = {
            "candidates": [{"content": {"role": "model", "parts": said}, "finishReason": "STOP"}],
            "usageMetadata": _USAGE,
        }
        if call.is_stream:
            return Answer([f"data: {json.dumps(answer)}\r\n\r\n".encode()], "text/event-stream")
        return Answer([json.dumps(answer).encode()])


@pytest.fixture(scope="module")
def naughty() -> list[str]:
    """The strings."""
    return list_naughty_strings()


@pytest.fixture(scope="module")
def madhouse(
    tmp_path_factory: pytest.TempPathFactory, upstream_server: Upstream, naughty: list[str]
) -> Iterator[MortalGateway]:
    """A gateway where every string was drawn, answered with, refused, and is the name of a key if it can be one."""
    upstream_server.respond = Mouth().respond
    texts = [*naughty, *join(naughty)]
    with open_office(tmp_path_factory.mktemp("madhouse"), upstream_server.url) as house:
        lock = threading.Lock()

        def tell(text: str) -> bool:
            drawn = ask(house, chat(text, extra_body={}), key=BOSS_KEY, headers={"X-Limner-Repeat": "never"})
            ask(house, chat(f"{text} please refuse"), key=BOSS_KEY, headers={"X-Limner-Repeat": "never"})
            made = ask(house, {"name": text.strip()[:100].strip()}, path="/v1/limner/keys", key=BOSS_KEY)
            with lock:
                house.secrets += [made.json()["key"]] if made.status == 200 else []
            return drawn.status == 200

        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(tell, texts))
        assert sum(told) >= len(naughty) - 5
        yield house


def join(strings: list[str]) -> list[str]:
    """Return the strings in a few texts, so that a page shows many at once."""
    texts = [""]
    for string in strings:
        if len(texts[-1]) + len(string) > _LONGEST:
            texts.append("")
        texts[-1] += f"{string}\n"
    return texts


def show_all(page: Page, selector: str) -> int:
    """Have a list show all it has, and return how many that are."""
    more = page.get_by_role("button", name="Show more")
    page.locator(selector).first.wait_for()
    for _ in range(60):
        if not more.is_visible():
            break
        count = page.locator(selector).count()
        more.click()
        page.locator(f"{selector} >> nth={count}").wait_for()
    return page.locator(selector).count()


def squeeze(text: str) -> str:
    """Return a text without what browsers may write otherwise: white space and what cannot be seen."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff]+", "", text)


def check_strings(page: Page, selector: str, naughty: list[str], *, most: int = 8, cut: int = 60) -> None:
    """Check that strings stand in the page as text, and that nothing of them became an element."""
    shown = squeeze(" ".join(page.locator(selector).all_text_contents()))
    missing = [string for string in naughty if squeeze(string[:cut]) not in shown]
    assert len(missing) <= most, missing
    assert page.locator(_FOREIGN).count() == 0


@pytest.mark.timeout(300)
def test_naughty_strings_as_names_of_keys(
    madhouse: MortalGateway, naughty: list[str], studio: Studios
) -> None:
    """As names of keys they run nothing and stand there as text."""
    page = studio(madhouse, "keys", key=BOSS_KEY).page
    assert show_all(page, ".key") > 400
    names = [key for key in naughty if key == key.strip()]
    check_strings(page, ".key h2", names, most=len(names) // 5)


@pytest.mark.timeout(300)
def test_naughty_strings_as_what_gemini_says(
    madhouse: MortalGateway, naughty: list[str], studio: Studios
) -> None:
    """As prompts and as Gemini's words of refusal they run nothing and stand there as text."""
    page = studio(madhouse, "usage", key=BOSS_KEY).page
    page.locator(".tiles dd").first.wait_for()
    page.get_by_role("radio", name="Refused").check()
    page.locator(".failure").first.wait_for()
    assert show_all(page, ".failure") > 400
    check_strings(page, ".failure", naughty)
    page.get_by_role("combobox", name="Key", exact=True).focus()
    page.get_by_role("radio", name="90 days").check()
    page.locator(".report[aria-busy=false]").wait_for()


@pytest.mark.skipif("gallery" not in VIEWS, reason="the gallery is not there yet")
@pytest.mark.timeout(300)
def test_naughty_strings_in_the_gallery(madhouse: MortalGateway, naughty: list[str], studio: Studios) -> None:
    """As prompts of pictures, as words that are searched for and as parts of an address they run nothing."""
    opened = studio(madhouse, "gallery", key=BOSS_KEY)
    page = opened.page
    page.locator(SETTLED["gallery"]).first.wait_for()
    for _ in range(40):
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(50)
    assert page.locator(_FOREIGN).count() == 0
    search = page.get_by_role("searchbox").first
    for string in naughty[::8]:
        search.fill(string[:200].replace("\n", " "))
    page.wait_for_timeout(600)
    shown = [
        entry for entry in see(madhouse, "pictures", limit=30)["data"] if len(entry["prompt"] or "") > 1000
    ]
    for entry in shown:
        opened.go(f"picture/{entry['id']}")
        page.locator(SETTLED["picture"]).first.wait_for()
        expect(page.locator("#content")).to_contain_text(entry["prompt"].split("\n")[0][:40].strip())
        assert page.locator(_FOREIGN).count() == 0


@pytest.mark.skipif("draw" not in VIEWS, reason="drawing is not there yet")
@pytest.mark.timeout(300)
def test_naughty_strings_in_a_thread(madhouse: MortalGateway, naughty: list[str], studio: Studios) -> None:
    """As prompts of a thread and as Gemini's words beside pictures they run nothing, also after a reload."""
    opened = studio(madhouse, "draw", key=BOSS_KEY, keep=True)
    page = opened.page
    texts = join(naughty)
    for number, text in enumerate(texts):
        page.get_by_role("textbox").first.fill(text)
        page.keyboard.press("Control+Enter")
        expect(page.locator("#content article, #content .turn").nth(number)).to_be_visible()
        expect(page.locator("#content .turn img[src^=blob]").nth(number)).to_be_visible(timeout=20_000)
    assert page.locator(_FOREIGN).count() == 0
    page.reload()
    page.locator("#content img[src^=blob]").first.wait_for()
    assert page.locator(_FOREIGN).count() == 0


def find_barriers(page: Page) -> list[str]:
    """Return what axe finds that is serious or critical."""
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"
    )
    return [
        f"{one['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"][:3]
    ]


def open_dialogue(page: Page, view: str) -> Callable[[], None] | None:
    """Open what a view shows over itself, and return what closes it."""
    if view != "keys":
        return None
    page.locator("button.main").first.click()
    page.get_by_role("dialog").wait_for()
    return lambda: page.keyboard.press("Escape")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_nobody_is_shut_out(
    house: MortalGateway, picture_ids: list[str], studio: Studios, locale: str, theme: str, width: int
) -> None:
    """In every view axe finds nothing serious, and the page is no wider than its window."""
    axe = read_package("axe-core/axe.min.js")
    # Axe itself makes markup of strings, which the page's policy forbids.
    opened = studio(house, key=None, locale=locale, theme=theme, width=width, bypass_csp=True)
    page = opened.page
    page.evaluate(axe)
    found = {"sign-in": find_barriers(page)}
    opened.sign_in(BOSS_KEY)
    overflow = {}
    for view in VIEWS:
        visit(opened, view, picture_ids)
        found[view] = find_barriers(page)
        overflow[view] = opened.measure_overflow()
        close = open_dialogue(page, view)
        if close is not None:
            found[f"{view}, dialogue"] = find_barriers(page)
            close()
    assert {view: barriers for view, barriers in found.items() if barriers} == {}
    assert {view: pixels for view, pixels in overflow.items() if pixels > 0} == {}


def test_motion_is_reduced(house: MortalGateway, picture_ids: list[str], studio: Studios) -> None:
    """Who asks for less motion gets none that lasts."""
    opened = studio(house, key=BOSS_KEY, reduced_motion="reduce")
    for view in VIEWS:
        opened.go(to_route(view, picture_ids))
        for _ in range(5):
            lasting = opened.page.evaluate(
                "document.getAnimations().filter((each) => each.effect.getTiming().duration > 20).length"
            )
            assert lasting == 0, view
            opened.page.wait_for_timeout(50)
