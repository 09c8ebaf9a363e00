"""Canaries: strings that stand nowhere else, put where a secret, a prompt or a picture stands, and looked for afterwards.

It must not know where they are put.
"""

import base64
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["secret", "told", "field"]
"""`secret`: may be nowhere at all. `told`: what a client told us, a prompt, a picture or a header: in its answer at most. `field`: the
value of some field: an error may quote it to the client that sent it."""


def make_word() -> str:
    """Return a word that stands nowhere else."""
    return f"canary{secrets.token_hex(12)}"


@dataclass
class Cage:
    """The canaries of one test."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def put(self, place: str, kind: Kind, word: str | None = None) -> str:
        """Return a canary for a place."""
        found = word or make_word()
        self.kinds[found] = kind
        self.places[found] = place
        return found

    def find(self, text: str | bytes, *kinds: Kind) -> dict[str, str]:
        """Return the canaries of the kinds that are in a text, with what stands around each."""
        where = text if isinstance(text, str) else text.decode("utf-8", "replace")
        found: dict[str, str] = {}
        for word, kind in self.kinds.items():
            if kind not in kinds:
                continue
            for form in _list_forms(word):
                if (at := where.find(form)) >= 0:
                    found[self.places[word]] = where[max(at - 80, 0) : at + len(form) + 20]
        return found


def _list_forms(word: str) -> Iterator[str]:
    """Yield a word as it is, and as base64 has it wherever it begins."""
    yield word
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + word.encode()).decode()
        yield encoded[4 * (offset > 0) : -4]


def show(leaks: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Return what was found, without the places where nothing was."""
    return {place: found for place, found in leaks.items() if found}
