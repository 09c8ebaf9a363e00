"""Reads queries of Prometheus's language as far as these tests need: which metrics they name, and which labels. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SELECTOR = re.compile(r"\b((?:limner|process|python)_\w+|up)\b(?:\{([^{}]*)\})?")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^()]*)\)")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")

TARGET_LABELS = frozenset({"job", "instance"})
"""Which Prometheus adds to everything it scrapes."""


@dataclass(frozen=True)
class Selector:
    """A metric that a query names, and the labels it is chosen by."""

    metric: str
    labels: frozenset[str]


def list_selectors(query: str) -> Iterator[Selector]:
    """Yield the metrics that a query names."""
    bare = _STRING.sub('""', query)
    for metric, matchers in _SELECTOR.findall(_GROUPING.sub("", bare)):
        yield Selector(metric, frozenset(_MATCHER.findall(matchers)))


def list_grouped(query: str) -> set[str]:
    """Return the labels that a query groups by."""
    return {name.strip() for names in _GROUPING.findall(query) for name in names.split(",") if name.strip()}


def find_unknown(query: str, known: dict[str, set[str]]) -> list[str]:
    """Return what a query names that is not among the known metrics and their labels."""
    selectors = list(list_selectors(query))
    wrong = [selector.metric for selector in selectors if selector.metric not in known]
    there: set[str] = set(TARGET_LABELS)
    for selector in selectors:
        labels = known.get(selector.metric, set()) | TARGET_LABELS
        there |= labels
        wrong += [f"{selector.metric}{{{label}}}" for label in sorted(selector.labels - labels)]
    wrong += [f"by ({label})" for label in sorted(list_grouped(query) - there)]
    return wrong if selectors else ["no metric at all"]
