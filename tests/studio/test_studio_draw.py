"""Drawing in the studio: what it costs before it is asked for, what happens while it is drawn, and that nothing is lost."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from draw_view import MODEL, WAIT_MS, choose, draw, find_turn, open_drawing, see_picture
from PIL import Image
from playwright.sync_api import Page, expect

from asking import ask, chat
from gateways import MortalGateway, running
from programs import CLIENT_KEY, Emulator, Gateway, ListCalls, StartGateway
from stepping import STEPS, Stepper
from studio import Studio, Studios
from upstreams import Upstream

REFUSED = r"Failed to load resource: the server responded with a status of"
CUT = r"net::ERR_INTERNET_DISCONNECTED|net::ERR_FAILED|net::ERR_NETWORK_CHANGED"


@pytest.fixture
def drawing(gateway: Gateway, studio: Studios) -> Studio:
    """The studio, signed in, ready to draw small pictures."""
    return open_drawing(studio, gateway)


@contextmanager
def occupied(gateway: Gateway, seconds: float) -> Iterator[None]:
    """Let a call of somebody else take so long."""
    body = chat(f"somebody else's [[delay={round(seconds * 1000)}ms]]")
    thread = threading.Thread(target=ask, args=(gateway, body))
    thread.start()
    yield
    thread.join()


def test_a_wrong_key_is_said_to_be_wrong(gateway: Gateway, studio: Studios) -> None:
    """A wrong key is told in words beside the field, and a right one then opens the page; no address ever has it."""
    opened = studio(gateway, key=None)
    opened.allow(REFUSED)
    page = opened.page
    page.locator("#key").fill("sk-wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#key-trouble")).to_contain_text("not accepted")
    expect(page.locator("#key")).to_be_focused()
    opened.sign_in(CLIENT_KEY)
    expect(page.locator("#prompt")).to_be_visible()
    assert not [url for url in opened.asked if CLIENT_KEY in url]


def test_a_first_visit_draws_at_once(tmp_path: Path, emulator: Emulator, studio: Studios) -> None:
    """With the emulator an example that is pressed is drawn at once, and the page says whose pictures these are."""
    gateway = Gateway(tmp_path, emulator.url, {}, ("--emulator",))
    try:
        page = studio(gateway).page
        expect(page.locator(".invitation .draw-note")).to_contain_text("emulator")
        page.locator(".examples button").first.click()
        assert see_picture(find_turn(page, 1)) == (1024, 1024)
        expect(page.locator(".invitation")).to_have_count(0)
    finally:
        gateway.stop()


def test_an_example_is_only_filled_in_where_it_costs(drawing: Studio, journal: ListCalls) -> None:
    """Where a picture costs money an example that is pressed waits for the person."""
    page = drawing.page
    page.locator(".examples button").first.click()
    expect(page.locator("#prompt")).to_have_value(re.compile("red fox"))
    expect(page.locator(".turn")).to_have_count(0)
    assert journal() == []


def test_the_price_shown_is_the_price_asked(drawing: Studio, gateway: Gateway, journal: ListCalls) -> None:
    """Pixels and price stand there before it is drawn, follow every choice, and are what is drawn and billed."""
    page = drawing.page
    entry = ask(gateway, path=f"/v1/models/{MODEL}", method="GET").json()["limner"]
    choose(page, ratio="16:9", size="1K")
    chosen = page.locator(".sizes label", has=page.locator("input:checked"))
    expect(chosen).to_contain_text(entry["pixels"]["16:9"]["1K"].replace("x", " \N{MULTIPLICATION SIGN} "))
    expect(chosen).to_contain_text(f"${entry['price_usd']['1K']:.4f}")
    page.locator("input[value='2']").check()
    expect(page.locator(".go button")).to_have_text(f"Draw · ${entry['price_usd']['1K'] * 2:.4f}")
    draw(page, "a lighthouse at noon")
    turn = find_turn(page, 1)
    width, height = see_picture(turn)
    assert f"{width}x{height}" == entry["pixels"]["16:9"]["1K"]
    expect(turn.locator("figure")).to_have_count(2)
    assert [call["settings"]["aspectRatio"] for call in journal()] == ["16:9", "16:9"]
    billed = float(turn.locator(".draw-shown > .hint").last.inner_text().split("$")[1].split(" ")[0])
    assert 0 <= billed - entry["price_usd"]["1K"] * 2 < 0.01


def test_pictures_are_given_along(drawing: Studio, tmp_path: Path, journal: ListCalls) -> None:
    """Pictures are picked, dropped or pasted, shown small, taken out again, sent; what is none is refused in words."""
    page = drawing.page
    Image.new("RGB", (30, 20), "teal").save(tmp_path / "one.png")
    (tmp_path / "notes.txt").write_text("no picture")
    page.locator("input[type=file]").set_input_files([tmp_path / "one.png", tmp_path / "notes.txt"])
    expect(page.locator(".giving .trouble")).to_contain_text("notes.txt is no PNG")
    for event in ("drop", "paste"):
        page.evaluate(
            """async (type) => {
              const canvas = new OffscreenCanvas(8, 8);
              canvas.getContext("2d").fillRect(0, 0, 8, 8);
              const file = new File([await canvas.convertToBlob()], `${type}.png`, { type: "image/png" });
              const carried = new DataTransfer();
              carried.items.add(file);
              const given = { bubbles: true, cancelable: true };
              const event = type === "drop" ? new DragEvent(type, { ...given, dataTransfer: carried })
                : new ClipboardEvent(type, { ...given, clipboardData: carried });
              document.querySelector("#prompt").dispatchEvent(event);
            }""",
            event,
        )
    expect(page.locator(".inputs img")).to_have_count(3)
    page.get_by_role("button", name="Remove drop.png").click()
    expect(page.locator(".inputs img")).to_have_count(2)
    draw(page, "put these beside each other")
    see_picture(find_turn(page, 1))
    expect(page.locator(".inputs img")).to_have_count(0)
    assert [call["settings"]["inputPictures"] for call in journal()] == [2]


def test_a_call_that_waits_is_cancelled(
    start_gateway: StartGateway, studio: Studios, journal: ListCalls
) -> None:
    """Before it is sent a call can be taken back, and then costs nothing; its prompt can be had again."""
    gateway = start_gateway(LIMNER_MAX_CONCURRENT="1")
    page = open_drawing(studio, gateway).page
    with occupied(gateway, 3):
        page.wait_for_timeout(400)
        draw(page, "a boat that is not drawn")
        expect(page.locator(".draw-stage")).to_contain_text("Nothing is sent")
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator(".mishap h2")).to_have_text("Cancelled", timeout=WAIT_MS)
    page.get_by_role("button", name="Change the prompt").click()
    expect(page.locator("#prompt")).to_have_value("a boat that is not drawn")
    assert [call["prompt"] for call in journal()] == ["somebody else's"]


def test_a_call_in_the_queue_is_cancelled(
    tmp_path: Path, emulator: Emulator, studio: Studios, journal: ListCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that the books have, but Gemini has not, is taken back by the books."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "limner_doors")
    with running(MortalGateway(tmp_path, emulator.url, program="hesitant")) as gateway:
        opened = open_drawing(studio, gateway)
        opened.allow(REFUSED)
        draw(opened.page, "a boat that is not drawn either")
        expect(opened.page.locator(".draw-stage")).to_contain_text("Queued")
        opened.page.get_by_role("button", name="Cancel").click()
        expect(opened.page.locator(".mishap h2")).to_have_text("Cancelled", timeout=WAIT_MS)
        assert journal() == []


def test_what_is_sent_is_kept(drawing: Studio, journal: ListCalls) -> None:
    """Once it is sent the page says that it will be kept, tells each step, and how long it has taken."""
    page = drawing.page
    draw(page, "a slow boat [[delay=2s]]")
    stop = page.locator(".draw-progress button")
    expect(stop).to_have_text("Sent: it will be kept")
    expect(stop).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#heard")).to_have_text("Gemini is drawing.")
    expect(page.locator(".elapsed")).to_have_text("0:01")
    see_picture(find_turn(page, 1))
    expect(page.locator("#heard")).to_have_text("The picture is here and stored.")
    assert len(journal()) == 1


def test_what_arrives_is_counted(upstream: Upstream, tmp_path: Path, studio: Studios) -> None:
    """While a picture arrives at the gateway its bytes are told as they grow, with no end made up, and not read out again."""
    stepper = Stepper()
    upstream.respond = stepper.respond
    with running(MortalGateway(tmp_path, upstream.url)) as gateway:
        page = open_drawing(studio, gateway).page
        draw(page, "a boat that comes slowly")
        stage, bar = page.locator(".draw-stage"), page.locator(".draw-progress progress")
        heard: set[str] = set()
        for number, gate in enumerate(stepper.gates, start=1):
            kilobytes = round(len(stepper.picture) * number / STEPS / 1000)
            near = "|".join(str(kilobytes + off) for off in (-1, 0, 1))
            told = re.compile(rf"^The picture is arriving: ({near}) kB so far\.$")
            expect(stage).to_have_text(told, timeout=WAIT_MS)
            expect(page.locator(".steps [aria-current]")).to_have_text("Receiving")
            assert bar.get_attribute("value") is None
            heard.add(page.locator("#heard").inner_text())
            gate.open()
        assert len(heard) == 1
        assert see_picture(find_turn(page, 1)) == (512, 512)
        assert len(stepper.calls) == 1


def test_a_refusal_is_told_in_words(drawing: Studio) -> None:
    """What Gemini will not draw is told with its reason, and the prompt is put back to be changed."""
    page = drawing.page
    drawing.allow(REFUSED)
    draw(page, "a fox [[finish=IMAGE_SAFETY]]")
    mishap = page.locator(".mishap")
    expect(mishap).to_contain_text("answered without a picture")
    expect(mishap).to_contain_text("Prohibited Use policy")
    mishap.get_by_role("button", name="Change the prompt").click()
    draw(page, "an owl [[block=PROHIBITED_CONTENT]]")
    expect(mishap).to_contain_text("Gemini refused this prompt")
    mishap.get_by_role("button", name="Remove").click()
    expect(page.locator(".mishap")).to_contain_text("answered without a picture")


def test_an_unknown_outcome_is_told_in_words(drawing: Studio, journal: ListCalls) -> None:
    """Where nobody knows whether it was bought the page says so, and asks again only if the person does."""
    page = drawing.page
    drawing.allow(REFUSED)
    draw(page, "a boat [[cut=30%]] [[times=1]]")
    expect(page.locator(".mishap")).to_contain_text("may have been bought")
    assert len(journal()) == 1
    page.get_by_role("button", name="Draw anew").click()
    see_picture(find_turn(page, 1))
    assert len(journal()) == 2


def test_a_quota_is_told_with_its_wait(
    start_gateway: StartGateway, studio: Studios, journal: ListCalls
) -> None:
    """A quota that is used up says how long to wait, and the button waits with the person."""
    opened = open_drawing(studio, start_gateway(LIMNER_HEARTBEAT_SECONDS="9"))
    opened.allow(REFUSED)
    draw(opened.page, "a boat [[status=429 retry=90s]]")
    mishap = opened.page.locator(".mishap")
    expect(mishap).to_contain_text(re.compile(r"Wait \d+ s and try again"), timeout=WAIT_MS)
    expect(mishap.get_by_role("button", name=re.compile(r"Try again in \d+ s"))).to_have_attribute(
        "aria-disabled", "true"
    )
    expect(mishap).to_contain_text("Nothing was bought")
    assert len(journal()) == 1


def test_edited_twice_branched_and_compared(drawing: Studio, journal: ListCalls) -> None:
    """A picture is changed turn by turn, each with its signature; from the first one another way is tried; two are compared."""
    page = drawing.page
    draw(page, "a red fox")
    see_picture(find_turn(page, 1))
    for number, change in ((2, "make it blue"), (3, "rotate 90")):
        draw(page, change)
        see_picture(find_turn(page, number))
    assert [(call["settings"]["inputPictures"], call["signatures"] > 0, call["status"]) for call in journal()] == [
        (0, False, 200), (1, True, 200), (2, True, 200),
    ]  # fmt: skip
    find_turn(page, 1).get_by_role("button", name="Edit this").click()
    expect(page.locator("#prompt")).to_be_focused()
    draw(page, "make it sepia")
    see_picture(find_turn(page, 2))
    expect(page.locator(".turn")).to_have_count(2)
    branches = find_turn(page, 2).locator(".branches")
    expect(branches).to_contain_text("2 of 2")
    branches.get_by_role("button", name="make it blue").click()
    expect(page.locator(".turn .draw-prompt")).to_have_text(["a red fox", "make it blue", "rotate 90"])
    find_turn(page, 1).get_by_role("button", name="Compare").click()
    find_turn(page, 3).get_by_role("button", name="Compare with this").click()
    edge = page.get_by_role("slider", name="Edge between the pictures")
    edge.focus()
    page.keyboard.press("End")
    expect(edge).to_have_attribute("aria-valuetext", "100 percent of the first picture")
    page.get_by_role("button", name="Side by side").click()
    expect(page.locator(".compare-sides img")).to_have_count(2)
    page.get_by_role("button", name="Back").click()
    expect(page.locator(".turn .draw-prompt")).to_have_text(["a red fox", "make it blue", "rotate 90"])


def test_a_picture_of_the_gallery_is_edited(drawing: Studio, gateway: Gateway, journal: ListCalls) -> None:
    """A picture that was drawn elsewhere begins a thread of its own."""
    answer = ask(gateway, chat("an owl of long ago")).json()
    drawing.go(f"draw/{answer['limner']['images'][0]['id']}")
    page = drawing.page
    see_picture(find_turn(page, 1))
    expect(page.locator(".draw-target")).to_contain_text("an owl of long ago")
    draw(page, "add a moon")
    see_picture(find_turn(page, 2))
    assert [call["settings"]["inputPictures"] for call in journal()] == [0, 1]


def test_reloaded_in_the_middle(gateway: Gateway, studio: Studios, journal: ListCalls) -> None:
    """A page that is loaded anew while it is drawn has the thread again, and the picture, which was bought once."""
    opened = open_drawing(studio, gateway, keep=True)
    page = opened.page
    draw(page, "a quick fox")
    see_picture(find_turn(page, 1))
    draw(page, "make it blue [[delay=2s]]")
    expect(page.locator(".draw-stage")).to_have_text("Gemini is drawing.")
    page.reload()
    expect(page.locator(".turn .draw-prompt")).to_have_text(["a quick fox", "make it blue [[delay=2s]]"])
    see_picture(find_turn(page, 2))
    assert len(journal()) == 2
    stored = page.evaluate("Object.values(sessionStorage).join('')")
    assert "base64" not in stored
    assert len(stored) < 10_000
    page.get_by_role("button", name="Sign out").click()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_key_in_memory_leaves_nothing_behind(drawing: Studio) -> None:
    """Where the key is kept in memory alone, so is all the rest."""
    draw(drawing.page, "a secret boat")
    see_picture(find_turn(drawing.page, 1))
    assert drawing.page.evaluate("sessionStorage.length") == 0


def lose_network(drawing: Studio, prompt: str) -> Page:
    """Cut the network while Gemini draws, and see that this is told; return the page."""
    page = drawing.page
    drawing.allow(CUT)
    draw(page, f"{prompt} [[delay=2s]]")
    expect(page.locator(".draw-stage")).to_have_text("Gemini is drawing.")
    page.context.set_offline(True)
    expect(page.locator(".draw-stage")).to_contain_text("No network")
    return page


def test_the_network_is_cut_in_the_middle(drawing: Studio, journal: ListCalls) -> None:
    """A network that goes in the middle is told, and when it is back the picture is fetched, which was bought once."""
    page = lose_network(drawing, "a boat in the fog")
    page.context.set_offline(False)
    see_picture(find_turn(page, 1))
    assert len(journal()) == 1


def test_what_was_deleted_is_not_bought_again(drawing: Studio, gateway: Gateway, journal: ListCalls) -> None:
    """A picture that was deleted before the page could fetch it is told to be gone, and is not drawn anew by itself."""
    page = lose_network(drawing, "a boat that sinks")
    picture_id = wait_for_picture(gateway, "boat that sinks")
    assert ask(gateway, path=f"/v1/limner/pictures/{picture_id}", method="DELETE").status == 200
    page.context.set_offline(False)
    expect(page.locator(".mishap")).to_contain_text("It is not kept any more", timeout=WAIT_MS)
    expect(page.locator(".mishap").get_by_role("button", name="Draw anew")).to_be_visible()
    assert len(journal()) == 1


def wait_for_picture(gateway: Gateway, words: str) -> str:
    """Wait until a picture with these words in its prompt is kept; return its id."""
    ends_at = time.monotonic() + WAIT_MS / 1000
    while time.monotonic() < ends_at:
        found = ask(gateway, path=f"/v1/limner/pictures?q={quote(words)}").json()["data"]
        if found:
            return str(found[0]["id"])
        time.sleep(0.1)
    raise AssertionError("it is not drawn")


def test_there_is_no_network_at_all(drawing: Studio, journal: ListCalls) -> None:
    """What is asked without a network is sent when there is one again, once."""
    page = drawing.page
    drawing.allow(CUT)
    page.context.set_offline(True)
    draw(page, "a boat in a bottle")
    expect(page.locator(".draw-stage")).to_contain_text("No network")
    assert journal() == []
    page.context.set_offline(False)
    see_picture(find_turn(page, 1))
    assert len(journal()) == 1


def test_by_keyboard_alone(gateway: Gateway, studio: Studios) -> None:
    """Everything is reached by Tab, chosen by arrows and done by Enter or Space."""
    page = studio(gateway, reduced_motion="reduce").page
    expect(page.locator("#prompt")).to_be_focused()
    page.keyboard.type("a cat")
    reach(page, "#model")
    page.keyboard.type("Nano Banana 2 (")
    reach(page, ".ratios input:checked")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".ratios input:checked")).to_have_value("5:4")
    expect(page.locator(".ratios input:checked")).to_be_focused()
    reach(page, ".go button")
    page.keyboard.press("Enter")
    see_picture(find_turn(page, 1))
    expect(page.locator("#prompt")).to_be_focused()
    page.keyboard.type("make it green")
    page.keyboard.press("Control+Enter")
    see_picture(find_turn(page, 2))
    reach(page, ".turn:nth-child(1) .edit", back=True)
    page.keyboard.press("Space")
    expect(page.locator("#prompt")).to_be_focused()
    reach(page, ".turn:nth-child(2) a[href*=compare]", back=True)
    page.keyboard.press("Enter")
    reach(page, ".compare input[type=range]")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".compare input")).to_have_attribute(
        "aria-valuetext", "49 percent of the first picture"
    )


def reach(page: Page, selector: str, *, back: bool = False) -> None:
    """Press Tab until an element has the focus."""
    page.locator(selector).wait_for(state="attached")
    for _ in range(60):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"Tab does not reach {selector}")


def test_a_gateway_that_keeps_nothing(
    start_gateway: StartGateway, studio: Studios, journal: ListCalls
) -> None:
    """Where pictures are not kept, and there are no links, it draws and edits all the same."""
    opened = open_drawing(studio, start_gateway(LIMNER_IMAGE_RETENTION_HOURS="0"))
    opened.allow(REFUSED)
    draw(opened.page, "a fleeting fox")
    see_picture(find_turn(opened.page, 1))
    draw(opened.page, "make it blue")
    see_picture(find_turn(opened.page, 2))
    assert [call["settings"]["inputPictures"] for call in journal()] == [0, 1]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_it_fits(gateway: Gateway, studio: Studios, width: int, theme: str) -> None:
    """In Chinese too, in both themes, nothing is wider than the window, and a draft outlives a change of language."""
    opened = studio(gateway, width=width, height=844, theme=theme, has_touch=width < 500)
    page = opened.page
    page.locator("#prompt").fill("a draft")
    opened.set_language("zh")
    expect(page.locator("#prompt")).to_have_value("a draft")
    page.locator("#prompt").press("Control+Enter")
    see_picture(find_turn(page, 1))
    expect(page.locator(".turn .edit")).to_have_text("修改这张")
    assert opened.measure_overflow() <= 0


def test_what_was_not_sent_can_be_taken_back_without_a_network(drawing: Studio, journal: ListCalls) -> None:
    """A picture that is asked for without a network can be taken back; back online nothing is sent, and the thread goes on."""
    drawing.allow(CUT)
    page = drawing.page
    page.context.set_offline(True)
    draw(page, "a tern")
    turn = find_turn(page, 1)
    expect(turn.locator(".draw-stage")).to_contain_text("may not have been sent")
    turn.get_by_role("button", name="Cancel").click()
    expect(turn.get_by_role("button", name="Cancelling")).to_be_visible()
    page.context.set_offline(False)
    expect(turn).to_contain_text("Nothing was sent", timeout=WAIT_MS)
    assert journal() == []
    draw(page, "a gull")
    see_picture(page.locator(".turn").last)
    assert len(journal()) == 1


def test_trying_again_waits_for_the_new_call(studio: Studios, start_gateway: StartGateway) -> None:
    """After a failure “Try again” looks for the call it sends, however long that waits, and not for the one that failed."""
    opened = open_drawing(studio, start_gateway(LIMNER_MAX_CONCURRENT="1"))
    opened.allow(REFUSED)
    page = opened.page
    gateway = start_gateway(LIMNER_MAX_CONCURRENT="1")
    draw(page, "a plover [[status=503 times=3]]")
    turn = find_turn(page, 1)
    again = turn.get_by_role("button", name="Try again", exact=True)
    expect(again).to_be_visible(timeout=40_000)
    with occupied(gateway, 6):
        page.wait_for_timeout(500)
        again.click()
        page.wait_for_timeout(4500)
        expect(turn.locator(".draw-stage")).to_contain_text("Nothing is sent to Gemini yet")
    see_picture(turn)
