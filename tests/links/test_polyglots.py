"""Files that are picture and script in one, opened and embedded in a real browser: nothing runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

import pytest
from linking import SECRET, draw, sign, to_answer
from playwright.sync_api import Browser, Error, Page
from polyglots import SIZE, make_all

from browsing import PageServer, Watch, running_chromium, serving_pages
from programs import StartGateway
from upstreams import Upstream

NAMES = sorted(make_all("http://127.0.0.1"))
SHOWN = {"png-html", "png-text", "jpeg-html", "jpeg-js"}
"""Those that are whole pictures."""

LISTEN = "<script>addEventListener('message', event => console.log(event.data))</script>"
EMBEDDINGS = {
    "img": '<img src="{link}">',
    "script": '<script src="{link}"></script>',
    "script latin": '<script charset="iso-8859-1" src="{link}"></script>',
    "module": '<script type="module">import("{link}").catch(() => 0)</script>',
    "iframe": '<iframe src="{link}"></iframe>',
    "object": '<object data="{link}"></object>',
    "object as html": '<object type="text/html" data="{link}"></object>',
    "embed": '<embed src="{link}">',
    "embed as pdf": '<embed type="application/pdf" src="{link}">',
    "style": '<link rel="stylesheet" href="{link}">',
    "video": '<video src="{link}" autoplay></video>',
    "worker": '<script>try {{ new Worker("{link}") }} catch {{}}</script>',
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of these tests."""
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def pages() -> Iterator[PageServer]:
    """The server of the pages around."""
    with serving_pages() as pages:
        yield pages


@pytest.fixture(scope="module")
def files(pages: PageServer) -> dict[str, bytes]:
    """The files, by name."""
    return make_all(pages.url)


@pytest.fixture(scope="module")
def links(start_gateway: StartGateway, upstream_server: Upstream, files: dict[str, bytes]) -> dict[str, str]:
    """Links to the files, kept as pictures that an upstream had drawn and called PNG."""
    gateway = start_gateway(upstream_server.url, **SECRET)
    found = {}
    for name, content in files.items():
        upstream_server.respond = partial(to_answer, pictures=[content])
        _, picture_id, _ = draw(gateway, f"polyglot {name}")
        found[name] = f"{gateway.url}{sign(picture_id)}"
    return found


@contextmanager
def opening_page(browser: Browser) -> Iterator[tuple[Page, Watch]]:
    """Give a page of a browser that knows nothing yet, and what is seen of it."""
    context = browser.new_context(accept_downloads=False)
    try:
        page = context.new_page()
        yield page, Watch(page)
    finally:
        context.close()


def settle(page: Page) -> None:
    """Return when what has been loaded has had its turn to run. Where no script may, the page's own clock stands still."""
    page.wait_for_timeout(150)


def write_page(link: str) -> str:
    """Return a page with everything that can be put into one from elsewhere."""
    return LISTEN + "".join(embedding.format(link=link) for embedding in EMBEDDINGS.values())


@pytest.mark.parametrize("name", NAMES)
def test_opened_by_itself_it_runs_nothing(name: str, browser: Browser, links: dict[str, str]) -> None:
    """Opened in a tab it is a picture, a broken picture or a download, and never a page."""
    with opening_page(browser) as (page, watch):
        is_download = False
        try:
            page.goto(links[name])
            settle(page)
        except Error as error:
            if "Download is starting" not in str(error):
                raise
            is_download = True
        assert watch.seen == []
        assert not page.title().startswith("ran")
        assert is_download == (name in {"svg", "xhtml", "html", "js", "pdf"})
        if name in SHOWN:
            assert page.evaluate("document.images[0].naturalWidth") == SIZE


@pytest.mark.parametrize("where", ["elsewhere", "here"])
@pytest.mark.parametrize("name", NAMES)
def test_put_into_a_page_it_runs_nothing(
    name: str, where: str, browser: Browser, pages: PageServer, links: dict[str, str]
) -> None:
    """As picture, script, module, frame, object, style or worker of a page it runs nothing: of another, or of the gateway's own."""
    link = links[name]
    with opening_page(browser) as (page, watch):
        if where == "here":  # as if the gateway itself had a page in which a user's text can put things
            url = "{0.scheme}://{0.netloc}/page".format(urlsplit(link))
            page.route(url, lambda route: route.fulfill(content_type="text/html", body=write_page(link)))
        else:
            pages.files["/page"] = ("text/html", write_page(link).encode())
            url = f"{pages.url}/page"
        pages.asked.clear()
        page.goto(url)
        settle(page)
        assert watch.seen == []
        assert page.evaluate("globalThis.ran") is None
        assert page.title() == ""
        assert [path for path in pages.asked if path.startswith("/ran")] == []
        if name in SHOWN:
            assert page.evaluate("document.images[0].naturalWidth") == SIZE


KINDS = {
    "text/html": ("png-html", "png-text", "png-head-html", "jpeg-html", "html"),
    "image/svg+xml": ("svg",),
    "application/xhtml+xml": ("xhtml",),
    "text/javascript; charset=iso-8859-1": ("jpeg-js", "gif-js", "webp-js", "js"),
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in KINDS.items() for name in names])
def test_the_files_would_run(
    kind: str, name: str, browser: Browser, pages: PageServer, files: dict[str, bytes]
) -> None:
    """Each of these files does run, and is seen to, where a server says that it is what it would like to be."""
    pages.files["/file"] = (kind, files[name])
    pages.files["/page"] = ("text/html", f'{LISTEN}<script src="{pages.url}/file"></script>'.encode())
    is_script = kind.startswith("text/javascript")
    pages.asked.clear()
    with opening_page(browser) as (page, watch):
        page.goto(f"{pages.url}/page" if is_script else f"{pages.url}/file")
        settle(page)
        assert "dialog" in watch.seen
        assert page.title() == f"ran {name}"
        assert page.evaluate("globalThis.ran") == name
        assert f"/ran/{name}" in pages.asked


READ = """async link => {
    const answer = await fetch(link, {headers: {"Range": "bytes=0-7", "X-Asked": "1"}});
    const names = ["content-range", "content-length", "etag", "accept-ranges", "x-request-id"];
    const body = new Uint8Array(await answer.arrayBuffer());
    return {status: answer.status, body: [...body], headers: names.map(name => answer.headers.get(name) !== null)};
}"""


def test_pages_elsewhere_may_read(browser: Browser, pages: PageServer, links: dict[str, str]) -> None:
    """A page of another site can fetch a picture, in ranges and with headers that need a preflight."""
    pages.files["/page"] = ("text/html", b"")
    with opening_page(browser) as (page, _):
        page.goto(f"{pages.url}/page")
        found = page.evaluate(READ, links["png-html"])
    assert found == {"status": 206, "body": list(b"\x89PNG\r\n\x1a\n"), "headers": [True] * 5}
