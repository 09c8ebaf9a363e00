"""A gateway that is killed while it draws, as the page sees it: it ends in the truth, and nothing is bought by itself.

Each gateway is started again on its folder and its port. The points in the names are those of `doomed`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from draw_view import WAIT_MS, draw, find_turn, open_drawing, see_picture
from playwright.sync_api import Error, Page, Route, expect

from gateways import MortalGateway, end_left, running
from painting import Gate
from stepping import Stepper
from studio import Studio, Studios
from upstreams import Upstream

AWAY = r"net::ERR_|the server responded with a status of"
"""What the browser itself says of a gateway that is not there."""
LONGER_THAN_A_LOOK_MS = 1500


@pytest.fixture
def stepper(upstream: Upstream) -> Iterator[Stepper]:
    """What answers in Gemini's place, at once unless a gate is put into its way."""
    stepper = Stepper()
    stepper.open()
    upstream.respond = stepper.respond
    yield stepper
    stepper.open()
    end_left()


class Scene:
    """A page, and the gateway that is killed under it."""

    def __init__(self, gateway: MortalGateway, studio: Studio) -> None:
        self.gateway = gateway
        self.page = studio.page
        studio.allow(AWAY)

    @contextmanager
    def started_again(self, *, is_reloaded: bool = False) -> Iterator[Page]:
        """Let the block see what the page shows once the gateway is back, reloaded while it was away or not."""
        self.gateway.wait_until_killed()
        if is_reloaded:
            with suppress(Error):  # the browser's own page says that nobody is there
                self.page.reload()
        else:
            expect(self.page.locator(".draw-stage")).to_contain_text("The connection was lost")
            expect(self.page.get_by_role("button", name="Sent: it will be kept")).to_have_count(0)
        upstream_url = self.gateway.variables["LIMNER_GEMINI_BASE_URL"]
        port = self.gateway.address[1]
        with running(MortalGateway(self.gateway.place, upstream_url, port=port)):
            if is_reloaded:
                with suppress(Error):  # which tries by itself, too
                    self.page.goto(self.gateway.url)
                self.page.locator("header nav").wait_for()
            yield self.page


class Scenes:
    """Opens scenes."""

    def __init__(self, upstream_url: str, folder: Path, studio: Studios) -> None:
        self._upstream_url = upstream_url
        self._folder = folder
        self._studio = studio

    def open(self, point: str | None = None) -> Scene:
        """Open the page of a gateway, whose key is kept in the tab; with a point it kills itself there."""
        gateway = (
            MortalGateway(self._folder, self._upstream_url)
            if point is None
            else MortalGateway(self._folder, self._upstream_url, program="doomed", arguments=(point,))
        )
        return Scene(gateway, open_drawing(self._studio, gateway, keep=True))


@pytest.fixture
def scenes(upstream: Upstream, tmp_path: Path, studio: Studios) -> Scenes:
    """Return what opens the page of a gateway that will be killed."""
    return Scenes(upstream.url, tmp_path, studio)


def test_killed_before_it_was_written_down(scenes: Scenes, stepper: Stepper) -> None:
    """A call that the books never had is sent again under its name while the person waits, and bought once."""
    scene = scenes.open("claim-decided")
    draw(scene.page, "a boat")
    with scene.started_again() as page:
        see_picture(find_turn(page, 1))
        assert len(stepper.calls) == 1


def test_taken_back_while_it_was_away(scenes: Scenes, stepper: Stepper) -> None:
    """A call that the books never had is not sent again if it was taken back before the gateway returned."""
    scene = scenes.open("claim-decided")
    draw(scene.page, "a boat")
    scene.gateway.wait_until_killed()
    scene.page.get_by_role("button", name="Cancel").click()
    with scene.started_again() as page:
        expect(page.locator(".mishap")).to_contain_text("Nothing was sent", timeout=WAIT_MS)
        page.wait_for_timeout(LONGER_THAN_A_LOOK_MS)
        assert stepper.calls == []


@pytest.mark.parametrize(
    ("point", "is_reloaded"), [("claim-decided", True), ("claim-on-disk", False), ("sent-decided", True)]
)
def test_killed_before_it_was_sent(
    scenes: Scenes, stepper: Stepper, point: str, *, is_reloaded: bool
) -> None:
    """A call that was written down and not sent is said to be free, and is drawn when the person says so."""
    scene = scenes.open(point)
    draw(scene.page, "a boat")
    with scene.started_again(is_reloaded=is_reloaded) as page:
        mishap = page.locator(".mishap")
        expect(mishap).to_contain_text("nothing was bought", timeout=WAIT_MS)
        page.wait_for_timeout(LONGER_THAN_A_LOOK_MS)
        assert stepper.calls == []
        mishap.get_by_role("button", name="Try again").click()
        see_picture(find_turn(page, 1))
        assert len(stepper.calls) == 1


@pytest.mark.parametrize("is_reloaded", [False, True], ids=["waiting", "reloaded"])
@pytest.mark.parametrize("moment", ["drawing", "receiving"])
def test_killed_while_nobody_can_know(
    scenes: Scenes, stepper: Stepper, moment: str, *, is_reloaded: bool
) -> None:
    """A call that may have been bought is said to be so, with what is held for it; it is left alone, and the thread goes on."""
    scene = scenes.open()
    draw(scene.page, "a boat")
    see_picture(find_turn(scene.page, 1))
    gate = Gate()
    if moment == "drawing":
        stepper.before_answer = gate
        told: str | re.Pattern[str] = "Gemini is drawing."
    else:
        stepper.gates[0] = gate
        told = re.compile(r"The picture is arriving: \d+ kB so far")
    draw(scene.page, "make it blue")
    expect(scene.page.locator(".draw-stage")).to_have_text(told, timeout=WAIT_MS)
    scene.gateway.process.kill()
    gate.open()
    with scene.started_again(is_reloaded=is_reloaded) as page:
        mishap = page.locator(".mishap")
        expect(mishap).to_contain_text("The picture may have been bought", timeout=WAIT_MS)
        expect(mishap).to_contain_text(re.compile(r"\$0\.\d{4} is held for it until it is decided"))
        expect(mishap.get_by_role("link", name="Usage")).to_have_attribute("href", "#/usage")
        page.wait_for_timeout(LONGER_THAN_A_LOOK_MS)
        assert len(stepper.calls) == 2
        draw(page, "make it green")
        see_picture(find_turn(page, 2))
        expect(page.locator(".turn .draw-prompt")).to_have_text(["a boat", "make it green"])
        assert len(stepper.calls) == 3


@pytest.mark.parametrize(
    ("point", "is_reloaded"),
    [("picture-in-file", False), ("journal-ended", True), ("settled", False)],
)
def test_killed_when_it_was_received(
    scenes: Scenes, stepper: Stepper, point: str, *, is_reloaded: bool
) -> None:
    """A picture that had come whole is shown, bought once, and can be changed."""
    scene = scenes.open(point)
    draw(scene.page, "a boat")
    with scene.started_again(is_reloaded=is_reloaded) as page:
        assert see_picture(find_turn(page, 1)) == (512, 512)
        assert len(stepper.calls) == 1
        draw(page, "make it blue")
        see_picture(find_turn(page, 2))
        assert len(stepper.calls) == 2


def test_killed_while_the_page_fetches(scenes: Scenes, stepper: Stepper) -> None:
    """A picture that is stored, and that the page was about to fetch, is fetched once the gateway is back."""
    scene = scenes.open()

    def kill(route: Route) -> None:
        scene.gateway.process.kill()
        scene.gateway.process.wait()
        route.continue_()

    scene.page.route("**/content", kill, times=1)
    draw(scene.page, "a boat")
    expect(scene.page.locator(".draw-stage")).to_contain_text("The connection was lost", timeout=WAIT_MS)
    with scene.started_again() as page:
        assert see_picture(find_turn(page, 1)) == (512, 512)
        expect(page.locator(".mishap")).to_have_count(0)
        assert len(stepper.calls) == 1
