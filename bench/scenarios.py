"""What is asked: picture size, how many at once, in which mode, and what a good result would be.

Data only. One table feeds the runs, the report and the targets in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from answers import PICTURES, Picture

# Bounds a run besides its seconds: what a gateway that keeps its pictures may write to disk.
MAX_BYTES_PER_RUN = 1_200_000_000
MAX_ANSWERS_PER_RUN = 50_000


@dataclass(frozen=True, slots=True)
class Scenario:
    """One size, concurrency and mode."""

    word: str
    connections: int
    streamed: bool

    @property
    def name(self) -> str:
        """As the command line and the JSON lines call it, e.g. `20mb-x8-streamed`."""
        return f"{self.word}-x{self.connections}" + ("-streamed" if self.streamed else "")

    @property
    def title(self) -> str:
        """As the tables call it."""
        size = {"tiny": "2 KB", "1.5mb": "1.5 MB", "20mb": "20 MB"}[self.word]
        return f"{size} x {self.connections}" + (", streamed" if self.streamed else "")

    @property
    def picture(self) -> Picture:
        """The picture asked for."""
        return PICTURES[self.word]

    @property
    def max_answers(self) -> int:
        """How many answers a run stops at."""
        return min(MAX_ANSWERS_PER_RUN, MAX_BYTES_PER_RUN // self.picture.file_bytes)

    @property
    def warm_up_answers(self) -> int:
        """Enough to open every connection and to touch the code and memory that answering takes."""
        return max(4, self.connections) if self.word == "20mb" else 4 * self.connections + 16


SCENARIOS = (
    Scenario("tiny", 1, streamed=False),
    Scenario("tiny", 16, streamed=False),
    Scenario("1.5mb", 1, streamed=False),
    Scenario("1.5mb", 8, streamed=False),
    Scenario("1.5mb", 1, streamed=True),
    Scenario("1.5mb", 8, streamed=True),
    Scenario("20mb", 1, streamed=False),
    Scenario("20mb", 8, streamed=False),
    Scenario("20mb", 1, streamed=True),
    Scenario("20mb", 8, streamed=True),
)

# Targets of the gateway, every answer claimed, stored and settled: CPU per answer as a multiple of nginx's and
# as a share of litellm's in the same run; and memory above idle at eight 20 MB pictures at once.
TARGET_OF_NGINX = {"20mb": 4.0}
TARGET_OF_LITELLM = {"tiny": 0.1, "20mb": 0.25}
TARGET_ABOVE_IDLE_MIB = 40


def choose_scenarios(names: str) -> Sequence[Scenario]:
    """The scenarios of the comma-separated words, each a name or the beginning of names; all without any.

    Raises ValueError for a word that is neither.
    """
    chosen: set[Scenario] = set()
    for word in (word.strip() for word in names.split(",") if word.strip()):
        exact = {scenario for scenario in SCENARIOS if scenario.name == word}
        found = exact or {scenario for scenario in SCENARIOS if scenario.name.startswith(word)}
        if not found:
            known = ", ".join(scenario.name for scenario in SCENARIOS)
            raise ValueError(f"no scenario begins with {word!r}; there are {known}")
        chosen |= found
    return [scenario for scenario in SCENARIOS if not chosen or scenario in chosen]


def disk_bytes_per_round(scenarios: Sequence[Scenario]) -> int:
    """The most that one system keeping every picture writes in one round."""
    return sum((s.max_answers + s.warm_up_answers) * s.picture.file_bytes for s in scenarios)
