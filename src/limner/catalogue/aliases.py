"""Further names of models, as an operator gives them: `gpt-image-1` for one that draws. Pure."""

from collections.abc import Mapping

from msgspec import Struct


class Aliases(Struct, frozen=True):
    """The names, in the form that `fold` gives them, and the name that each stands for."""

    targets: Mapping[str, str] = {}

    def resolve(self, name: str) -> str:
        """Return the name that an alias stands for, with the settings that stand behind it; other names as they are.

        Of two aliases of which one begins like the other the longer counts.
        """
        folded = fold(name)
        if folded in self.targets:
            return self.targets[folded]
        longest = max(
            (alias for alias in self.targets if folded.startswith(f"{alias}-")), key=len, default=""
        )
        return f"{self.targets[longest]}{folded[len(longest) :]}" if longest else name


def fold(name: str) -> str:
    """Return a name as it is compared."""
    return name.strip().lower()
