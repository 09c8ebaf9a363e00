"""The dashboard, the alerts and the page on metrics, beside what a gateway tells after real calls."""

import json
import re
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus import find_program, running_prometheus
from queries import TARGET_LABELS, find_unknown, list_grouped, list_selectors

from programs import Gateway, StartGateway
from scraping import call_in_every_way, name_family, read_metrics, scrape

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "limner.json").read_text(encoding="utf-8"))
RULES = ROOT / "deploy" / "prometheus" / "limner-rules.yml"
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
ADMIN_KEY = "sk-admin-key-of-the-dashboard-tests"

PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}

EMPTY = {"limner_upstream_parked", "limner_open_generations", "limner_reserved_usd", "up"}
"""What finds nothing as long as nothing of its kind goes on."""


def list_rules() -> list[dict[str, Any]]:
    """Return the alerts."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def list_page_queries() -> list[str]:
    """Return the queries of the page."""
    questions = PAGE.partition("## Questions\n")[2]
    spans = re.findall(r"`([^`]+)`", questions)
    return [span for span in spans if re.search(r"\blimner_\w+", span)]


def list_queries() -> Iterator[tuple[str, str]]:
    """Yield where a query stands, and the query."""
    for panel in PANELS:
        for target in panel["targets"]:
            yield f"panel {panel['title']} {target['refId']}", target["expr"]
    for annotation in DASHBOARD["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation["expr"]
    for rule in list_rules():
        yield f"alert {rule['alert']}", rule["expr"]
    for query in list_page_queries():
        yield "docs/metrics.md", query


@pytest.fixture(scope="module")
def watched(start_gateway: StartGateway) -> Gateway:
    """A gateway with an admin key."""
    gateway = start_gateway(LIMNER_MAX_N="5")
    gateway.create_key("grafana", "--admin", "--key", ADMIN_KEY)
    return gateway


@pytest.fixture(scope="module")
def known(watched: Gateway) -> dict[str, set[str]]:
    """Every metric of a real scrape with its labels."""
    return scrape(watched, ADMIN_KEY) | {"up": set()}


def test_every_query_names_what_is_there(known: dict[str, set[str]]) -> None:
    """Every metric and label of every query exists in a scrape after real calls."""
    queries = list(list_queries())
    assert len(queries) > 70
    assert {place: wrong for place, query in queries if (wrong := find_unknown(query, known))} == {}


def test_what_is_wrong_would_be_found(known: dict[str, set[str]]) -> None:
    """The test before this one sees a wrong metric, a wrong label and a wrong grouping."""
    assert find_unknown("sum(limner_call_total)", known) == ["limner_call_total"]
    assert find_unknown('limner_calls_total{code="x"}', known) == ["limner_calls_total{code}"]
    assert find_unknown("sum by (upstream) (limner_calls_total)", known) == ["by (upstream)"]
    assert find_unknown("sum(foo)", known) == ["no metric at all"]


def test_every_metric_is_of_use(known: dict[str, set[str]]) -> None:
    """Every metric of the gateway's own is in a panel, an alert or a query of the page."""
    named = {
        name_family(selector.metric) for _, query in list_queries() for selector in list_selectors(query)
    }
    by_door = {"limner_generations_ended_total", "limner_http_requests_total"}  # in others by model, by code
    own = {name_family(name) for name in known if name.startswith("limner_")}
    assert sorted(own - named - by_door) == []


def test_legends_name_labels(known: dict[str, set[str]]) -> None:
    """What a legend or an alert's text takes from a series is a label that the series has."""
    for panel in PANELS:
        for target in panel["targets"]:
            _check_labels(target["expr"], re.findall(r"{{(\w+)}}", target["legendFormat"]), known)
    for rule in list_rules():
        _check_labels(rule["expr"], re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])), known)


def _check_labels(query: str, wanted: list[str], known: dict[str, set[str]]) -> None:
    there = list_grouped(query)
    if not there:
        there = {*TARGET_LABELS, *(label for s in list_selectors(query) for label in known[s.metric])}
    assert set(wanted) <= there, query


def test_the_dashboard_is_whole() -> None:
    """Panels have ids of their own, a place that no other has, a unit, and words on what they show."""
    assert (DASHBOARD["schemaVersion"], DASHBOARD["uid"], DASHBOARD["id"]) == (42, "limner", None)
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids) > 35
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    for panel in PANELS:
        assert panel["title"], panel["id"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["type"] == "table" or panel["fieldConfig"]["defaults"]["unit"]
        assert {"job", "instance"} <= {
            label for target in panel["targets"] for s in list_selectors(target["expr"]) for label in s.labels
        }, panel["title"]
    for one, other in combinations([panel["gridPos"] for panel in DASHBOARD["panels"]], 2):
        assert not _overlap(one, other)
    assert max(panel["gridPos"]["x"] + panel["gridPos"]["w"] for panel in DASHBOARD["panels"]) == 24


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size] for at, size in ("xw", "yh")
    )


def test_variables_are_used_and_there(known: dict[str, set[str]]) -> None:
    """Every variable of a query is defined, and is filled from a metric and a label that exist."""
    used = set(re.findall(r"\$(\w+)", json.dumps([panel["targets"] for panel in PANELS])))
    assert used - {"__rate_interval"} == VARIABLES.keys() - {"datasource"}
    for name in VARIABLES.keys() - {"datasource"}:
        (found,) = re.findall(r"^label_values\((.*), (\w+)\)$", VARIABLES[name]["definition"])
        query, label = found
        assert find_unknown(query, known) == []
        assert label in known[next(list_selectors(query)).metric] | TARGET_LABELS


def test_alerts_are_on_the_page_and_explain_themselves() -> None:
    """Each alert has a severity and a summary, and the page names it, and no other."""
    rules = list_rules()
    for rule in rules:
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"]
    named = set(re.findall(r"`(Limner[A-Z]\w+)`", PAGE))
    assert named | {"LimnerDown"} == {rule["alert"] for rule in rules}


def test_types_are_those_on_the_page(watched: Gateway) -> None:
    """The page says of each metric what kind it is, as the gateway does."""
    told = dict(re.findall(r"^# TYPE (limner_\w+) (\w+)$", read_metrics(watched, ADMIN_KEY), re.MULTILINE))
    rows = re.findall(r"^\| (`limner_.*?) \| (\w+)[ †]*\|", PAGE, re.MULTILINE)
    listed = {name: kind for names, kind in rows for name in re.findall(r"`(\w+)`", names)}
    assert listed == told


def test_promtool_takes_the_alerts() -> None:
    """Prometheus's own tool finds nothing wrong with the file."""
    command = [find_program("promtool"), "check", "rules", str(RULES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_real_prometheus_answers_every_query(watched: Gateway, tmp_path: Path) -> None:
    """A real server scrapes the gateway, understands every query, and finds something for what has happened."""
    with running_prometheus(tmp_path, [watched], ADMIN_KEY, RULES) as server:
        for scrapes in (3, 8):
            server.wait_for_scrapes(scrapes)
            call_in_every_way(watched)
        server.wait_for_scrapes(12)
        nothing = [
            place for place, query in list_queries() if not server.ask(_fill(query)) and _is_due(place, query)
        ]
        assert nothing == []
        assert {rule["health"] for rule in server.list_rules()} == {"ok"}


def _fill(query: str) -> str:
    """Return a query as Grafana sends it, over a time that the test has lived."""
    filled = re.sub(r"\$(job|instance|model)\b", ".*", query).replace("$__rate_interval", "1m")
    return re.sub(r"\[(2|10|15|30)m\]|\[(1|24)h\]", "[1m]", filled)


def _is_due(place: str, query: str) -> bool:
    is_alert = place.startswith(("alert ", "annotation "))
    return not is_alert and not EMPTY & {selector.metric for selector in list_selectors(query)}
