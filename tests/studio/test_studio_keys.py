"""Keys on the page: made, limited, given another secret, revoked and imported by an admin, and hidden from others."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from offices import BOSS_KEY, SHOP_KEY, draw, see
from playwright.sync_api import Locator, Page, expect

from asking import ask
from gateways import MortalGateway
from studio import Studio, Studios


def find_key(office: MortalGateway, name: str) -> dict[str, Any]:
    """Return a key as the door shows it."""
    (key,) = see(office, "keys", name=name)["data"]
    return dict(key)


def is_taken(office: MortalGateway, secret: str) -> bool:
    """Whether a secret opens anything."""
    return ask(office, path="/v1/limner/keys/self", key=secret).status == 200


def open_keys(office: MortalGateway, studio: Studios) -> Studio:
    """Return the page with the list of keys."""
    opened = studio(office, "keys", key=BOSS_KEY)
    expect(opened.page.locator(".key-list")).to_have_attribute("aria-busy", "false")
    return opened


def find_row(page: Page, name: str) -> Locator:
    """Return a key's place in the list."""
    return page.locator(".key").filter(has=page.get_by_role("heading", name=re.compile(rf"^{name}\b")))


def take_secret(page: Page, office: MortalGateway) -> str:
    """Return the secret that the page shows, copied by its button, and close its dialogue."""
    dialog = page.get_by_role("dialog", name="Secret of")
    secret = dialog.locator("input").input_value()
    office.secrets.append(secret)
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="I have it").click()
    expect(dialog).to_have_count(0)
    return secret


def test_a_key_is_made(office: MortalGateway, studio: Studios) -> None:
    """A key is what the form says, its secret opens it, and is shown this once."""
    opened = open_keys(office, studio)
    page = opened.page
    page.get_by_role("button", name="New key").click()
    form = page.get_by_role("dialog", name="New key")
    form.get_by_label("Name").fill("atelier")
    form.get_by_label("Budget in dollars").fill("12.50")
    form.get_by_label("Period").select_option("day")
    form.get_by_label("Requests a minute").fill("60")
    form.get_by_label("Pictures a minute").fill("10")
    form.get_by_role("checkbox", name="gemini-3-pro-image").check()
    form.get_by_label("Ends").select_option("30d")
    form.get_by_label("Pictures in answers").select_option("url")
    form.get_by_label("Owner").fill("studio")
    form.get_by_role("button", name="Create").click()
    secret = take_secret(page, office)
    key = find_key(office, "atelier")
    assert (key["budget_usd"], key["budget_period"]) == (12.5, "day")
    assert (key["requests_per_minute"], key["images_per_minute"]) == (60, 10)
    assert (key["models"], key["image_output"], key["owner"]) == (["gemini-3-pro-image"], "url", "studio")
    assert key["expires_at"] - key["created_at"] == 30 * 86400
    assert key["is_admin"] is False
    assert is_taken(office, secret)
    expect(page.get_by_role("status").filter(has_text="atelier was created.")).to_be_visible()
    expect(find_row(page, "atelier")).to_contain_text("$12.50 left of $12.50")
    assert secret not in page.content()
    assert [address for address in opened.asked if secret in address] == []


def test_what_cannot_be_is_told_at_its_field(office: MortalGateway, studio: Studios) -> None:
    """A form with a mistake stays open, says what is wrong where it is, and makes no key."""
    opened = open_keys(office, studio)
    opened.allow(r"status of 400")
    page = opened.page
    page.get_by_role("button", name="New key").click()
    form = page.get_by_role("dialog", name="New key")
    form.get_by_role("button", name="Create").click()
    expect(form.get_by_role("alert")).to_have_text("Give the key a name.")
    form.get_by_label("Name").fill("shop")
    form.get_by_role("button", name="Create").click()
    expect(form.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Name").fill("shop two")
    form.get_by_label("Budget in dollars").fill("a lot")
    form.get_by_role("button", name="Create").click()
    expect(form.get_by_label("Budget in dollars")).to_be_focused()
    expect(form.get_by_label("Budget in dollars")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_role("alert")).to_contain_text("a lot")
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    expect(page.get_by_role("button", name="New key")).to_be_focused()
    assert see(office, "keys", search="two")["data"] == []


def test_limits_are_changed(office: MortalGateway, studio: Studios) -> None:
    """What is changed in the form is sent, and nothing else; an empty field takes a limit away."""
    page = open_keys(office, studio).page
    find_row(page, "shop").get_by_role("button", name="Edit shop").click()
    form = page.get_by_role("dialog", name="Limits of shop")
    expect(form.get_by_label("Budget in dollars")).to_have_value("5")
    form.get_by_label("Budget in dollars").fill("40")
    form.get_by_label("Pictures a minute").fill("3")
    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        form.get_by_role("button", name="Save").click()
    assert json.loads(sent.value.post_data or "") == {"budget_usd": "40", "images_per_minute": 3}
    expect(find_row(page, "shop")).to_contain_text("3 pictures a minute")
    expect(find_row(page, "shop")).to_contain_text("$40.00 left of $40.00")
    find_row(page, "blog").get_by_role("button", name="Edit blog").click()
    form = page.get_by_role("dialog", name="Limits of blog")
    form.get_by_label("Budget in dollars").fill("")
    form.get_by_role("checkbox", name="gemini-3.1-flash-image", exact=True).uncheck()
    form.get_by_role("button", name="Save").click()
    expect(find_row(page, "blog")).to_contain_text("This key has no budget.")
    key = find_key(office, "blog")
    assert (key["budget_usd"], key["models"]) == (None, None)


def test_a_key_gets_another_secret(office: MortalGateway, studio: Studios) -> None:
    """The new secret works at once, the old one as long as was chosen; after a leak not any more."""
    page = open_keys(office, studio).page
    find_row(page, "shop").get_by_role("button", name="New secret for shop").click()
    page.get_by_role("dialog").get_by_role("button", name="New secret").click()
    expect(page.get_by_role("dialog")).to_contain_text("The old secret works until")
    second = take_secret(page, office)
    assert is_taken(office, SHOP_KEY)
    assert is_taken(office, second)
    expect(find_row(page, "shop")).to_contain_text("old secret works until")
    find_row(page, "shop").get_by_role("button", name="New secret for shop").click()
    page.get_by_label("The old secret").select_option("0")
    page.get_by_role("dialog").get_by_role("button", name="New secret").click()
    expect(page.get_by_role("dialog")).to_contain_text("The old secret works no more.")
    third = take_secret(page, office)
    assert [is_taken(office, secret) for secret in (SHOP_KEY, second, third)] == [False, False, True]


def test_a_key_is_revoked(office: MortalGateway, studio: Studios) -> None:
    """A key is revoked after being asked once more, opens nothing then, and is found among those revoked."""
    page = open_keys(office, studio).page
    find_row(page, "blog").get_by_role("button", name="Revoke blog").click()
    page.get_by_role("dialog", name="Revoke blog?").get_by_role("button", name="Cancel").click()
    expect(find_row(page, "blog")).to_be_visible()
    find_row(page, "blog").get_by_role("button", name="Revoke blog").click()
    page.get_by_role("dialog", name="Revoke blog?").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("status").filter(has_text="blog was revoked.")).to_be_visible()
    expect(find_row(page, "blog")).to_have_count(0)
    page.get_by_label("State").select_option("revoked")
    expect(find_row(page, "blog")).to_contain_text("revoked")
    expect(find_row(page, "blog").get_by_role("button")).to_have_count(0)
    assert see(office, "keys", search="blog")["data"] == []


def test_keys_are_found(office: MortalGateway, studio: Studios) -> None:
    """The list comes in pages, and is searched by name."""
    for number in range(30):
        body = {"name": f"customer {number:02}"}
        office.secrets.append(ask(office, body, path="/v1/limner/keys", key=BOSS_KEY).json()["key"])
    page = open_keys(office, studio).page
    expect(page.locator(".key")).to_have_count(25)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".key")).to_have_count(33)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    page.get_by_role("searchbox").fill("customer 2")
    expect(page.locator(".key")).to_have_count(10)
    page.get_by_role("searchbox").fill("nobody")
    expect(page.get_by_text("No key matches.")).to_be_visible()


def test_each_key_says_what_it_has_spent(office: MortalGateway, studio: Studios) -> None:
    """What a key has spent and what is left of its budget stands beside it."""
    draw(office, "a lighthouse")
    key = find_key(office, "shop")
    page = open_keys(office, studio).page
    meter = find_row(page, "shop").get_by_role("meter")
    assert float(meter.get_attribute("aria-valuenow") or "") == key["left_usd"]
    expect(find_row(page, "shop")).to_contain_text(f"${key['spent_usd']:.4f} spent")


def test_a_file_of_keys_is_imported(office: MortalGateway, studio: Studios, tmp_path: Path) -> None:
    """A file is checked first and writes nothing; then all its keys are there, and new secrets are shown once."""
    file = tmp_path / "users.csv"
    file.write_text(
        "name,key,budget_usd\nanna,sk-annas-key-of-the-studio-tests,3\nbert,,\n", encoding="utf-8"
    )
    page = open_keys(office, studio).page
    page.get_by_role("button", name="Import…").click()
    form = page.get_by_role("dialog", name="Import keys")
    form.get_by_role("button", name="Check").click()
    expect(form).to_contain_text("Choose a file.")
    form.get_by_label("CSV file").set_input_files(file)
    form.get_by_role("button", name="Check").click()
    expect(form).to_contain_text("Nothing is written yet.")
    expect(form).to_contain_text("2 new")
    assert see(office, "keys", search="anna")["data"] == []
    form.get_by_role("button", name="Import 2 keys").click()
    shown = page.get_by_role("dialog", name="Secrets of the new keys")
    secret = shown.locator("code").inner_text()
    office.secrets.append(secret)
    with page.expect_download() as saved:
        shown.get_by_role("link", name="Save as a file").click()
    assert saved.value.suggested_filename == "limner-keys.csv"
    assert saved.value.path().read_bytes().decode() == f'name,key\r\n"bert","{secret}"'
    shown.get_by_role("button", name="I have it").click()
    expect(find_row(page, "anna")).to_contain_text("$3.00 left of $3.00")
    assert is_taken(office, secret)
    assert is_taken(office, "sk-annas-key-of-the-studio-tests")


def test_a_file_with_mistakes_is_refused(office: MortalGateway, studio: Studios, tmp_path: Path) -> None:
    """All that is wrong with a file is told by line; what is there already can be skipped."""
    file = tmp_path / "users.csv"
    file.write_text("name,budget_usd\nshop,1\ncarl,1\n", encoding="utf-8")
    opened = open_keys(office, studio)
    opened.allow(r"status of 400|status of 409")
    page = opened.page
    page.get_by_role("button", name="Import…").click()
    form = page.get_by_role("dialog", name="Import keys")
    form.get_by_label("CSV file").set_input_files(file)
    form.get_by_role("button", name="Check").click()
    expect(form.locator(".trouble")).to_contain_text("shop")
    form.get_by_label("Keys that are there already").select_option("skip")
    expect(form.locator(".trouble")).to_have_count(0)
    form.get_by_role("button", name="Check").click()
    expect(form).to_contain_text("1 new")
    expect(form).to_contain_text("1 skipped")
    assert see(office, "keys", search="carl")["data"] == []


def test_others_see_no_keys(office: MortalGateway, studio: Studios) -> None:
    """A key that is no admin's is led to no list of keys, and where it goes there by hand nothing is asked."""
    opened = studio(office, "usage", key=SHOP_KEY)
    expect(opened.page.get_by_role("link", name="Keys")).to_have_count(0)
    opened.go("keys")
    expect(opened.page.get_by_text("Keys are looked after with an admin key.")).to_be_visible()
    assert {address for address in opened.asked if "/v1/limner/keys" in address} == {
        f"{office.url}/v1/limner/keys/self"
    }


def test_a_budget_of_nothing_is_explained(office: MortalGateway, studio: Studios) -> None:
    """The form of a key that may spend nothing says what that means, until there is something to spend."""
    office.create_key("closed", "--budget-usd", "0")
    page = open_keys(office, studio).page
    page.get_by_role("button", name="Edit closed").click()
    budget = page.get_by_role("dialog").get_by_label("Budget in dollars")
    expect(budget).to_have_accessible_description("With 0 the key can draw nothing.")
    budget.fill("0.5")
    expect(budget).to_have_accessible_description("")


def test_the_focus_stays_with_the_key(office: MortalGateway, studio: Studios) -> None:
    """After limits were saved, a secret was shown or a key was revoked, the focus is on that key, or where it stood."""
    page = open_keys(office, studio).page
    edit = find_row(page, "blog").get_by_role("button", name="Edit blog")
    edit.press("Enter")
    page.get_by_role("dialog").get_by_label("Pictures a minute").fill("7")
    page.keyboard.press("Enter")
    expect(find_row(page, "blog")).to_contain_text("7 pictures a minute")
    expect(edit).to_be_focused()
    rotate = find_row(page, "shop").get_by_role("button", name="New secret for shop")
    rotate.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="New secret").press("Enter")
    take_secret(page, office)
    expect(rotate).to_be_focused()
    place = page.locator(".key h2").all_inner_texts().index("blog")
    find_row(page, "blog").get_by_role("button", name="Revoke blog").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Revoke").press("Enter")
    expect(find_row(page, "blog")).to_have_count(0)
    expect(page.locator(".key").nth(min(place, 1))).to_be_focused()


@pytest.mark.parametrize(("language", "told"), [("en", "no amount in dollars"), ("zh", "不是美元金额")])
def test_mistakes_are_told_in_the_page_s_own_words(
    office: MortalGateway, studio: Studios, language: str, told: str
) -> None:
    """What the page can know is wrong is told at its field, in its language, and is not sent; a budget of 0 is explained."""
    opened = open_keys(office, studio)
    opened.allow(r"status of 400")
    opened.set_language(language)
    page = opened.page
    page.locator(".tools-of-view .main").click()
    form = page.get_by_role("dialog")
    form.locator("[name=name]").fill("shop")
    for name, value in (("budget_usd", "abc"), ("requests_per_minute", "0"), ("images_per_minute", "1.5")):
        form.locator(f"[name={name}]").fill(value)
        with_trouble = form.locator(f"[name={name}][aria-invalid=true]")
        page.keyboard.press("Enter")
        expect(with_trouble).to_be_focused()
        expect(with_trouble).to_have_accessible_description(re.compile(re.escape(value)))
        assert "accepted" not in form.inner_text()
        form.locator(f"[name={name}]").fill("")
    form.locator("[name=budget_usd]").fill("abc")
    page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text(told)
    assert [address for address in opened.asked if address.endswith("/v1/limner/keys")] == []
    form.locator("[name=budget_usd]").fill("0")
    expect(form.locator("[name=budget_usd]")).to_have_accessible_description(re.compile(r"\b0\b"))
    page.keyboard.press("Enter")
    expect(form.locator("[name=name]")).to_have_accessible_description(
        re.compile("there is a key named 'shop'", re.IGNORECASE)
    )
    assert form.get_by_role("alert").get_attribute("lang") == "en"
