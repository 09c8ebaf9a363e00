"""What the studio's tests share: one browser, pages that are watched, and a gateway with an admin."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from offices import open_office
from playwright.sync_api import Browser

from browsing import running_chromium
from gateways import MortalGateway
from programs import Emulator
from studio import Studios


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser."""
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def studio(browser: Browser) -> Iterator[Studios]:
    """Return what opens the studio of a gateway; whatever a page should not have done fails the test."""
    studios = Studios(browser)
    try:
        yield studios
        studios.check()
    finally:
        studios.close()


@pytest.fixture
def office(tmp_path: Path, emulator: Emulator) -> Iterator[MortalGateway]:
    """A gateway of the test's own, with keys called boss (an admin's), shop and blog."""
    with open_office(tmp_path, emulator.url) as office:
        yield office
