"""When a body is late, told by a clock that the test turns: no socket, no waiting."""

import pytest

from limner.web.deadlines import Deadlines, Phase, Reception

DEADLINES = Deadlines()
RATE = DEADLINES.body_bytes_per_second


class Watched:
    """A reception and its clock, looked at once a second as the protocol does."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.reception = Reception(DEADLINES, lambda: self.now)
        self.reception.await_headers()

    def live(self, seconds: float, bytes_per_second: float, drips_per_second: int = 4) -> float | None:
        """Let time pass while bytes come in drips; return after how many seconds it was late."""
        for drip in range(1, round(seconds * drips_per_second) + 1):
            self.now += 1 / drips_per_second
            if bytes_per_second:
                self.reception.receive(round(bytes_per_second / drips_per_second))
            if drip % drips_per_second == 0 and self.reception.is_late():
                return drip / drips_per_second
        return None


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def body(watched: Watched) -> Watched:
    watched.reception.receive(300)
    watched.reception.await_body()
    return watched


def test_headers_have_their_time(watched: Watched) -> None:
    """Headers are late after their time, whatever dripped in meanwhile, and not before."""
    assert watched.reception.wait_seconds == pytest.approx(10, abs=0.1)
    assert watched.live(9.75, 5) is None
    assert watched.live(2, 5) == 1


def test_a_body_at_the_rate_lives(body: Watched) -> None:
    """A body that comes exactly at the rate is never late within its time, in drips however spaced."""
    assert body.live(200, RATE) is None
    assert body.live(200, RATE, drips_per_second=1) is None


@pytest.mark.parametrize("share", [0, 0.5, 0.95])
def test_a_body_below_the_rate_is_late(share: float, body: Watched) -> None:
    """A slower one is late one or two looks after the window."""
    assert body.live(60, RATE * share) in {21, 22}


def test_the_window_slides(body: Watched) -> None:
    """What came fast before does not help a body that then stalls."""
    assert body.live(5, 50 * RATE) is None
    assert body.live(60, 0) in {20, 21, 22}


def test_a_short_stall_is_forgiven(body: Watched) -> None:
    """A body may pause for less than the window if it makes up for it."""
    for _ in range(5):
        assert body.live(15, 0) is None
        assert body.live(5, 10 * RATE) is None


def test_a_body_ends(body: Watched) -> None:
    """A body that keeps the rate must still end within its time."""
    assert body.live(700, 2 * RATE) == DEADLINES.body_seconds


def test_time_in_which_nothing_is_read_does_not_count(body: Watched) -> None:
    """The client's clock stands while the gateway does not read."""
    assert body.live(15, 0) is None
    body.reception.pause()
    assert body.live(5000, 0) is None
    body.reception.resume()
    assert body.live(4, 0) is None
    assert body.live(10, 0) in {1, 2, 3}


def test_a_body_that_was_not_asked_for_yet(body: Watched) -> None:
    """An excused body has its whole time from then on."""
    assert body.live(15, 0) is None
    body.reception.excuse()
    assert body.live(18, 0) is None
    assert body.live(10, 0) is not None


def test_nothing_is_late_between_requests(body: Watched) -> None:
    """Between requests nothing is expected, and what comes then is a request's headers."""
    body.reception.finish()
    assert body.live(1000, 0) is None
    body.reception.receive(10)
    assert body.reception.phase is Phase.HEADERS
    assert body.live(60, 1) in {10, 11}
