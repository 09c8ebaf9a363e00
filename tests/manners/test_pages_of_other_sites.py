"""A page of another site in a real browser: it draws at every door for pages, reads ids, and administers nothing."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser

from browsing import PageServer, running_chromium, serving_pages
from programs import CLIENT_KEY, Gateway, ListCalls

ADMIN_KEY = "sk-admin-key-of-the-pages-tests"
STAINLESS = {
    "x-stainless-retry-count": "0",
    "x-stainless-lang": "js",
    "x-stainless-os": "Unknown",
    "x-stainless-runtime": "browser:chrome",
    "x-stainless-package-version": "6.49.0",
}

ASK = """
async ({url, method, headers, body, form}) => {
  let sent = body === null ? undefined : JSON.stringify(body);
  if (form) {
    const canvas = new OffscreenCanvas(64, 64);
    canvas.getContext("2d").fillRect(0, 0, 32, 32);
    sent = new FormData();
    for (const [name, value] of Object.entries(form)) sent.append(name, value);
    sent.append("image", await canvas.convertToBlob({type: "image/png"}), "in.png");
  }
  try {
    const answer = await fetch(url, {method, headers, body: sent});
    const seen = {};
    for (const [name, value] of answer.headers) seen[name] = value;
    return {status: answer.status, headers: seen, text: await answer.text()};
  } catch (error) {
    return {status: 0, headers: {}, text: String(error)};
  }
}
"""


class PageOfAnotherSite:
    """Asks gateways by `fetch`."""

    def __init__(self, browser: Browser, pages: PageServer) -> None:
        pages.files["/"] = ("text/html", b"<!doctype html><title>elsewhere</title>")
        self._page = browser.new_page()
        self._page.goto(pages.url)

    def ask(
        self,
        gateway: Gateway,
        path: str,
        body: object = None,
        *,
        method: str | None = None,
        key: str = CLIENT_KEY,
        form: dict[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return status, the headers a script may see, and text; status 0 is what the browser keeps from it."""
        given = {"Authorization": f"Bearer {key}", **STAINLESS, **(headers or {})}
        if body is not None:
            given["Content-Type"] = "application/json"
        verb = method or ("GET" if body is None and form is None else "POST")
        asked = {"url": f"{gateway.url}{path}", "method": verb, "headers": given, "body": body, "form": form}
        found: dict[str, Any] = self._page.evaluate(ASK, asked)
        return found


@pytest.fixture(scope="module")
def page() -> Iterator[PageOfAnotherSite]:
    """A page of a server that is not the gateway."""
    with running_chromium() as browser, serving_pages() as pages:
        yield PageOfAnotherSite(browser, pages)


def chat(**fields: object) -> dict[str, object]:
    """Return a chat call."""
    return {
        "model": "nano-banana",
        "messages": [{"role": "user", "content": "a lighthouse at noon"}],
        **fields,
    }


@pytest.mark.parametrize("stream", [False, True])
def test_chat(page: PageOfAnotherSite, gateway: Gateway, journal: ListCalls, *, stream: bool) -> None:
    """A page with a client's headers draws, whole or streamed, and reads the ids."""
    keyed = {"Idempotency-Key": f"page-{stream}"}
    answer = page.ask(gateway, "/v1/chat/completions", chat(stream=stream), headers=keyed)
    assert answer["status"] == 200
    assert "data:image/" in answer["text"]
    assert answer["headers"]["x-request-id"].startswith("req_")
    assert answer["headers"]["x-limner-generation-id"].startswith("gen_")
    again = page.ask(gateway, "/v1/chat/completions", chat(stream=stream), headers=keyed)
    assert again["headers"]["idempotent-replayed"] == "true"
    assert len(journal()) == 1


def test_images(page: PageOfAnotherSite, gateway: Gateway, journal: ListCalls) -> None:
    """A page draws at the images doors, with a form that brings a picture too."""
    drawn = page.ask(gateway, "/v1/images/generations", {"model": "nano-banana", "prompt": "a lighthouse"})
    assert drawn["status"] == 200
    edited = page.ask(
        gateway, "/v1/images/edits", form={"model": "nano-banana", "prompt": "a lighthouse, blue"}
    )
    assert edited["status"] == 200, edited["text"]
    assert json.loads(edited["text"])["data"][0]["b64_json"]
    assert len(journal()) == 2


def test_native_doors(page: PageOfAnotherSite, gateway: Gateway, journal: ListCalls) -> None:
    """A page speaks Gemini's own format with its own headers."""
    body = {"contents": [{"role": "user", "parts": [{"text": "a lighthouse at noon"}]}]}
    headers = {"x-goog-api-key": CLIENT_KEY, "x-goog-api-client": "google-genai-sdk/1.0 gl-node/web"}
    drawn = page.ask(gateway, "/v1beta/models/nano-banana:generateContent", body, headers=headers)
    assert drawn["status"] == 200, drawn["text"]
    assert "inlineData" in drawn["text"]
    assert page.ask(gateway, "/v1beta/models", headers=headers)["status"] == 200
    assert len(journal()) == 1


def test_a_picture_by_its_link(page: PageOfAnotherSite, gateway: Gateway) -> None:
    """A page fetches a picture by its link, with a range."""
    body = chat(limner={"image_output": "url"})
    answer = json.loads(page.ask(gateway, "/v1/chat/completions", body)["text"])
    path = answer["limner"]["images"][0]["url"].removeprefix(gateway.url)
    whole = page.ask(gateway, path)
    assert (whole["status"], whole["headers"]["content-type"][:6]) == (200, "image/")
    assert whole["headers"]["etag"]
    part = page.ask(gateway, path, headers={"Range": "bytes=0-9"})
    assert (part["status"], part["headers"]["content-range"][:9]) == (206, "bytes 0-9")


def test_refusals_are_read(page: PageOfAnotherSite, gateway: Gateway) -> None:
    """A page reads why it was refused and whether to try again, and what it may not read it does not see."""
    refused = page.ask(gateway, "/v1/chat/completions", chat(), key="sk-wrong")
    assert refused["status"] == 401
    assert json.loads(refused["text"])["error"]["code"] == "invalid_api_key"
    assert refused["headers"]["x-should-retry"] == "false"
    assert "www-authenticate" not in refused["headers"]
    assert page.ask(gateway, "/v1/responses", {})["status"] == 404


@pytest.mark.parametrize(
    "path", ["/v1/limner/keys", "/v1/limner/keys/self", "/metrics", "/openapi.json", "/healthz"]
)
def test_it_administers_nothing(page: PageOfAnotherSite, gateway: Gateway, path: str) -> None:
    """The browser keeps from it whatever is not for pages, even if it had an admin key."""
    if path == "/v1/limner/keys":
        gateway.create_key("boss-of-pages", "--admin", "--key", ADMIN_KEY)
    assert page.ask(gateway, path, key=ADMIN_KEY)["status"] == 0
    assert page.ask(gateway, path, {"name": "made by a page"}, key=ADMIN_KEY)["status"] == 0
    assert page.ask(gateway, path, method="DELETE", key=ADMIN_KEY)["status"] == 0
    assert "made by a page" not in gateway.run_command("keys", "list")


def test_only_the_named_site_is_let_in(page: PageOfAnotherSite, start_gateway: Any) -> None:
    """With LIMNER_CORS_ORIGINS a page of another site draws nothing: its preflight is not answered as it needs."""
    closed = start_gateway(LIMNER_CORS_ORIGINS="https://chat.example.org")
    assert page.ask(closed, "/v1/models")["status"] == 0
    assert page.ask(closed, "/v1/chat/completions", chat())["status"] == 0
