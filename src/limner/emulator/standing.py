"""The standing script: directives that hold for every later call without being in its prompt.

It must not know HTTP or how directives are carried out.
"""

from collections import Counter
from typing import Any

from limner.emulator.directives import Caller, Scene, Scenes, read_directives
from limner.emulator.failures import invalid_argument
from limner.emulator.quotas import Quotas

_NOTHING = Scenes((), frozenset())


class Standing:
    """The script in effect, how many calls each of its scenes has seen, and the quotas used up."""

    def __init__(self) -> None:
        self.text = ""
        self.quotas = Quotas()
        self._scenes = _NOTHING
        self._seen: Counter[object] = Counter()

    def put(self, text: str) -> None:
        """Take a new script in place of the old one, all its counts and quotas fresh.

        Raises `GoogleError` for a directive that cannot be read and for anything that is none; the old one then stays.
        """
        rest, scenes = read_directives(text)
        if rest.strip():
            shown = rest.strip()[:80]
            raise invalid_argument(
                f"Limner's Gemini emulator takes directives alone as a script, not {shown!r}."
            )
        self.text = text
        self._scenes = scenes
        self._seen.clear()
        self.quotas.clear()

    def changes_for(self, caller: Caller) -> dict[str, Any]:
        """The fields of `Directives` the script changes for a caller; the call counts for `times`."""
        return self._scenes.changes_for(caller, self._count)

    def _count(self, scene: Scene) -> int:
        self._seen[scene.conditions] += 1
        return self._seen[scene.conditions]
