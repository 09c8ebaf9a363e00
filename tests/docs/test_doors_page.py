"""`docs/doors.md`, `docs/metrics.md` and `docs/keys.md` beside what is counted, what pages are told, what paths become, what a key has."""

import re

import msgspec
import pytest
from doc_tables import find_section, find_table, read_page, read_spans

from asking import ask
from limner.web.paths import DOOR_NAMES, forgive_path
from limner.wire.limner_keys import KeyOrder
from programs import Gateway
from scraping import name_family, scrape


@pytest.fixture(scope="module")
def samples(gateway: Gateway) -> dict[str, set[str]]:
    """The labels of every metric of the gateway's own, once there is something to tell."""
    admin = gateway.create_key("reader-of-the-doors-page", "--admin")
    return {
        name_family(name): labels - {"le"}
        for name, labels in scrape(gateway, admin).items()
        if name.startswith("limner_")
    }


def test_every_metric_is_listed(samples: dict[str, set[str]]) -> None:
    """The table has every metric with its labels, and no other."""
    rows = find_table(read_page("metrics.md"), "name")
    listed = {
        name: set(read_spans(labels))
        for names, _, labels, _ in rows
        for name in read_spans(names)
        if name.startswith("limner_")
    }
    assert listed == samples


def test_every_door_is_named() -> None:
    """The page has every name that a door may have in them."""
    (names,) = re.findall(r"^A door is one of (.*?)\. ", read_page("doors.md"), re.MULTILINE)
    assert set(read_spans(names)) == DOOR_NAMES


def test_paths_become_what_is_said() -> None:
    """Each path of the table leads to a door with a version."""
    rows = find_table(find_section(read_page("doors.md"), "Paths"), "a program asks")
    paths = [path for asked, _ in rows for path in read_spans(asked)]
    assert len(paths) > 8
    for path in paths:
        assert re.fullmatch(r"/v1(beta)?/(?!v1)(\w+/?)+\w", forgive_path(path)), path


def test_what_scripts_see(gateway: Gateway) -> None:
    """The headers that the page says scripts can read are those that answers let them."""
    page = find_section(read_page("doors.md"), "Pages of other sites")
    (said,) = re.findall(r"Scripts see (.*?); of pictures", page)
    exposed = ask(gateway, path="/v1/models", headers={"Origin": "https://page.example"}).headers[
        "access-control-expose-headers"
    ]
    assert read_spans(said) == exposed.split(", ")


def test_every_field_of_a_key_is_listed() -> None:
    """The table of the page on keys has every field that a body may have."""
    rows = find_table(read_page("keys.md"), "option of `limner keys create`")
    listed = [name for _, field, _ in rows for name in read_spans(field)]
    fields = {field.name for field in msgspec.structs.fields(KeyOrder)}
    assert {*listed, "expires_at"} == fields
