"""Whose turn it is: each gets its share by weight, and those of one weight take turns. Pure.

Smooth weighted round robin, as nginx does it: a heavy one is not asked several times running while light ones wait, and
whoever is left out for a while catches up on nothing.
"""

from collections.abc import Sequence

from limner.upstream.credential import Credential


class Rotation:
    """The turns of one model."""

    def __init__(self) -> None:
        self._credits: dict[str, int] = {}

    def choose(self, credentials: Sequence[Credential]) -> Credential:
        """Return whose turn it is among those that can be asked, at least one."""
        for credential in credentials:
            self._credits[credential.id] = self._credits.get(credential.id, 0) + credential.weight
        chosen = max(credentials, key=lambda credential: self._credits[credential.id])
        self._credits[chosen.id] -= sum(credential.weight for credential in credentials)
        return chosen
