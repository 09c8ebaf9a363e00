"""Usage on the page: its numbers are the door's, and what nobody knows of is decided there."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from offices import BLOG_KEY, BOSS_KEY, SHOP_KEY, be_refused, draw, lose, see, set_back
from playwright.sync_api import Page, expect

from gateways import MortalGateway
from studio import Studios


def show_dollars(usd: float) -> str:
    """Return dollars as the page says them."""
    return f"${usd:.4f}" if usd != 0 and usd < 0.1 else f"${usd:.2f}"


def show_day(day: str) -> str:
    """Return a day as the page says it."""
    moment = datetime.fromisoformat(day)
    return f"{moment:%b} {moment.day}"


def read_tiles(page: Page) -> dict[str, str]:
    """Return what the page says at its head."""
    expect(page.locator(".report")).to_have_attribute("aria-busy", "false")
    names, values = page.locator(".tiles dt").all_inner_texts(), page.locator(".tiles dd").all_inner_texts()
    return dict(zip(names, values, strict=True))


def read_rows(page: Page, selector: str) -> list[list[str]]:
    """Return the rows of a table."""
    rows = page.locator(selector).locator("tr").all()
    return [row.locator("th, td").all_text_contents() for row in rows]


def fill_days(office: MortalGateway) -> None:
    """Draw with two keys and two models, on several days."""
    pictures = [
        (0, SHOP_KEY, "nano-banana-2"),
        (3, SHOP_KEY, "nano-banana-2"),
        (3, SHOP_KEY, "nano-banana-2.1"),
        (12, BLOG_KEY, "nano-banana-2"),
        (60, SHOP_KEY, "nano-banana-2"),
    ]
    set_back(
        office,
        {
            draw(office, f"a lighthouse {number}", key, model=model, extra_body={}): days
            for number, (days, key, model) in enumerate(pictures)
        },
    )


def test_charts_agree_with_the_door(office: MortalGateway, studio: Studios) -> None:
    """Sums, days, models and keys are those of the door, in tiles, in the table behind the chart and in the lists."""
    fill_days(office)
    lose(office)
    report = see(office, "usage", by="day,model")
    page = studio(office, "usage", key=BOSS_KEY).page
    total = report["total"]
    assert read_tiles(page) == {
        "Pictures": str(total["pictures"]),
        "Spent": show_dollars(total["cost_usd"]),
        "Held, outcome unknown": show_dollars(total["held_usd"]),
        "Calls": str(total["generations"]),
    }
    chart = page.get_by_role("img", name="Pictures a day, the last 30 days")
    expect(chart).to_have_accessible_description(re.compile(f"^{total['pictures']} in all from "))
    page.get_by_text("Show as a table").click()
    models = [text for text in page.locator(".as-table thead th").all_inner_texts() if text != "Day"]
    found = {
        (row[0], model): value
        for row in read_rows(page, ".as-table tbody")
        for model, value in zip(models, row[1:], strict=True)
        if value != "0"
    }
    assert found == {
        (show_day(entry["day"]), entry["model"]): str(entry["pictures"])
        for entry in report["data"]
        if entry["pictures"]
    }
    keys = {entry["key"]: entry for entry in see(office, "usage", by="key")["data"]}
    left = {key["name"]: key["left_usd"] for key in see(office, "keys")["data"]}
    assert {row[0]: row[2:] for row in read_rows(page, ".sums:last-child tbody")} == {
        name: [str(entry["pictures"]), show_dollars(entry["cost_usd"]), show_dollars(left[name])]
        for name, entry in keys.items()
    }


def test_days_are_told_one_by_one(office: MortalGateway, studio: Studios) -> None:
    """The arrow keys and the pointer move from day to day, and the page says what each day had."""
    fill_days(office)
    page = studio(office, "usage", key=BOSS_KEY).page
    page.get_by_role("radio", name="Dollars").check()
    expect(page.get_by_role("img", name="Dollars a day, the last 30 days")).to_be_visible()
    days = {entry["day"]: entry["cost_usd"] for entry in see(office, "usage", by="day")["data"]}
    today = datetime.now(UTC).date()
    cursor = page.get_by_role("slider", name="Day")
    cursor.focus()
    for back, moves in ((0, 0), (3, 3), (10, 1)):
        for _ in range(moves):
            page.keyboard.press("PageDown" if back == 10 else "ArrowLeft")
        day = (today - timedelta(days=back)).isoformat()
        told = f"{show_day(day)}: {show_dollars(days.get(day, 0))}"
        expect(cursor).to_have_attribute("aria-valuetext", told)
        expect(page.locator(".readout b")).to_have_text(told)
    page.keyboard.press("Home")
    expect(cursor).to_have_attribute("aria-valuenow", "1")
    box = cursor.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 20)
    expect(cursor).to_have_attribute("aria-valuenow", "30")


def test_time_and_key_are_chosen(office: MortalGateway, studio: Studios) -> None:
    """A week, a month or a quarter is shown, of all keys or of one; a language later it is still so."""
    fill_days(office)
    opened = studio(office, "usage", key=BOSS_KEY)
    page = opened.page
    assert read_tiles(page)["Pictures"] == "4"
    page.get_by_role("radio", name="7 days").check()
    expect(page.locator(".tiles dd").first).to_have_text("3")
    page.get_by_role("radio", name="90 days").check()
    expect(page.locator(".tiles dd").first).to_have_text("5")
    page.get_by_label("Key", exact=True).select_option("blog")
    expect(page.locator(".tiles dd").first).to_have_text("1")
    opened.set_language("zh")
    expect(page.locator(".segments").first.locator("input:checked + span")).to_have_text("90 天")


def test_what_is_left_of_the_budget(office: MortalGateway, studio: Studios) -> None:
    """A key sees its own numbers, what is left of its budget, and when that begins anew; and no other key's."""
    draw(office, "a lighthouse")
    draw(office, "a red fox", BLOG_KEY)
    lose(office)
    key = see(office, "keys/self", SHOP_KEY)
    opened = studio(office, "usage", key=SHOP_KEY)
    page = opened.page
    assert read_tiles(page)["Pictures"] == "1"
    meter = page.get_by_role("meter", name="Budget left")
    assert float(meter.get_attribute("aria-valuenow") or "") == key["left_usd"]
    budget = page.locator(".own")
    expect(budget).to_contain_text(f"{show_dollars(key['left_usd'])} left of $5.00")
    expect(budget).to_contain_text(f"{show_dollars(key['spent_usd'])} spent")
    expect(budget).to_contain_text(f"{show_dollars(key['reserved_usd'])} set aside")
    expect(budget).to_contain_text("a month; begins anew")
    expect(page.get_by_text("By key")).to_have_count(0)
    assert [address for address in opened.asked if "all=" in address] == []


@pytest.mark.parametrize(
    ("outcome", "state", "words"),
    [
        ("It was bought", "settled", "Decided: it was bought."),
        ("It was not bought", "failed", "Decided: it was not bought; the money is free again."),
    ],
)
def test_unknown_outcomes_are_decided(
    office: MortalGateway, studio: Studios, outcome: str, state: str, words: str
) -> None:
    """An admin sees what speaks for which decision, decides after being asked once more, and the money moves."""
    unknown = lose(office)
    held = see(office, "usage")["total"]["held_usd"]
    page = studio(office, "usage", key=BOSS_KEY).page
    entry = page.locator(f"[data-id={unknown}]")
    expect(entry).to_contain_text("The evidence says: it was bought.")
    expect(entry).to_contain_text("Google probably bills it")
    expect(entry).to_contain_text(f"{show_dollars(held)} held")
    entry.get_by_role("button", name=outcome, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert see(office, f"generations/{unknown}", all="true")["state"] == "unknown"
    entry.get_by_role("button", name=outcome, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=outcome, exact=True).click()
    expect(page.get_by_role("status").filter(has_text=words)).to_be_visible()
    expect(page.get_by_text("Nothing is open")).to_be_visible()
    expect(page.locator(".tiles dd").nth(2)).to_have_text("$0.00")
    assert see(office, f"generations/{unknown}", all="true")["state"] == state


def test_what_went_wrong_and_what_to_do(office: MortalGateway, studio: Studios) -> None:
    """A key sees its own calls that went wrong, with the prompt and what to do, and cannot decide on any."""
    lose(office, "a fox in fog")
    be_refused(office, "a fox at sea")
    lose(office, "an owl", BLOG_KEY)
    page = studio(office, "usage", key=SHOP_KEY).page
    calls = page.locator(".failure")
    expect(calls).to_have_count(1)
    expect(calls).to_contain_text("a fox in fog")
    expect(calls).to_contain_text("asking again may buy the picture twice")
    expect(calls.get_by_role("button")).to_have_count(0)
    page.get_by_role("radio", name="Refused").check()
    expect(calls).to_contain_text("a fox at sea")
    expect(calls).to_contain_text("Change the prompt or the settings")
    page.get_by_role("radio", name="Failed").check()
    expect(page.get_by_text("No call has failed.")).to_be_visible()


def test_nothing_was_drawn_yet(office: MortalGateway, studio: Studios) -> None:
    """Where nothing was drawn the page says so, and leads to where that is done."""
    page = studio(office, "usage", key=SHOP_KEY).page
    expect(page.get_by_text("Nothing was drawn in this time.")).to_be_visible()
    expect(page.get_by_role("link", name="Draw something")).to_have_attribute("href", "#/draw")


def test_a_gateway_that_is_away(office: MortalGateway, studio: Studios) -> None:
    """Without the gateway the page says what to do, and goes on when it is back."""
    opened = studio(office, "usage", key=SHOP_KEY)
    opened.allow(r"ERR_FAILED|ERR_INTERNET_DISCONNECTED")
    page = opened.page
    expect(page.locator(".report")).to_have_attribute("aria-busy", "false")
    page.context.set_offline(True)
    page.get_by_role("radio", name="7 days").check()
    expect(page.get_by_text("The gateway cannot be reached.")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".tiles dd").first).to_have_text("0")


def test_a_decision_leaves_the_focus_and_true_words(office: MortalGateway, studio: Studios) -> None:
    """Enter alone decides nothing; then the focus is on what stands there now, and no word says it may be bought."""
    lost = [lose(office, "a lighthouse"), lose(office, "a fox", BLOG_KEY)]
    opened = studio(office, "usage", key=BOSS_KEY)
    page = opened.page
    page.locator(f"[data-id={lost[1]}]").get_by_role("button", name="It was not bought").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    assert see(office, f"generations/{lost[1]}", all="true")["state"] == "unknown"
    page.locator(f"[data-id={lost[1]}]").get_by_role("button", name="It was not bought").press("Enter")
    dialog.get_by_role("button", name="It was not bought").press("Enter")
    expect(page.locator(f"[data-id={lost[1]}]")).to_have_count(0)
    expect(page.locator(f"[data-id={lost[0]}]")).to_be_focused()
    page.get_by_role("radio", name="Failed").check()
    failed = page.locator(f"[data-id={lost[1]}]")
    expect(failed).to_contain_text("It counts as not bought")
    expect(failed).to_contain_text("blog")
    assert "may have been" not in failed.inner_text()
    assert "Try again" not in failed.inner_text()


def test_round_sums_have_two_places(office: MortalGateway, studio: Studios) -> None:
    """A small budget is told in cents where that is all of it, and in hundredths of a cent where it is not."""
    for number, budget in enumerate(("0.01", "0.0125", "0.004")):
        office.create_key(f"small {number}", "--budget-usd", budget)
    page = studio(office, "keys", key=BOSS_KEY).page
    expect(page.get_by_text("$0.01 left of $0.01", exact=True)).to_be_visible()
    expect(page.get_by_text("$0.0125 left of $0.0125", exact=True)).to_be_visible()
    expect(page.get_by_text("$0.0040 left of $0.0040", exact=True)).to_be_visible()


def test_words_stand_in_their_own_direction(office: MortalGateway, studio: Studios) -> None:
    """A prompt that is read from the right is shown so, and the gateway's English is marked as such on a Chinese page."""
    lose(office, "مرحبا يا عالم")
    opened = studio(office, "usage", key=SHOP_KEY, locale="zh-CN")
    words = opened.page.locator(".failure p").first
    expect(words).to_contain_text("مرحبا")
    assert words.evaluate("(element) => element.matches(':dir(rtl)')")
    opened.allow(r"status of 4\d\d")
    opened.page.route(
        "**/v1/limner/generations**",
        lambda route: route.fulfill(status=400, body='{"error": {"message": "No.", "code": "x"}}'),
    )
    opened.page.locator(".trouble-calls .segments input").nth(1).check()
    alert = opened.page.get_by_role("alert")
    expect(alert).to_have_text("No.")
    expect(alert).to_have_attribute("lang", "en")
