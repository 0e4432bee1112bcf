"""When to kill a command: in a phase of its work, however fast the machine is just then.

A clock tells nothing about that on a busy machine: a moment drawn from the time of an earlier run
falls into the imports of a slower one and after the end of a faster one. What a command has put
into its folder tells its phase; only the moment within a phase is drawn by the clock.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from spikefuse.results import manifest

BEFORE, TRAINING, EVALUATION, TABLES = PHASES = (
    "before it writes",
    "training",
    "evaluation",
    "tables",
)
_WEIGHTS = (2, 4, 2, 1)
_LOOK_S = 0.01


@dataclass(frozen=True)
class Progress:
    """What lies in a results folder, in numbers of things."""

    begun: int = 0
    epochs: int = 0
    trained: int = 0
    evaluated: int = 0
    tables: int = 0


def progress(folder: Path) -> Progress:
    """What a command has put into its folder so far; nobody is hindered."""
    trials = [path for path in _listed(folder / "trials") if not path.name.startswith(".")]
    return Progress(
        begun=len(trials),
        epochs=sum(_lines(path / "metrics.jsonl") for path in trials),
        trained=sum((path / manifest.MANIFEST).is_file() for path in trials),
        evaluated=sum(len([*(path / "evaluations").glob("*.json")]) for path in trials),
        tables=len([path for path in _listed(folder) if path.suffix in (".csv", ".json")]),
    )


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _lines(path: Path) -> int:
    try:
        return path.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


class Moments:
    """Moments within phases, each a share of how long its phase lasted the last time it was seen.

    Args:
        whole: What a run leaves that nobody kills.
        random: Draws phases and shares.
        clock: Tells seconds.
        sleep: Waits for so many of them.
    """

    def __init__(
        self,
        whole: Progress,
        random: Random,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._whole, self._random, self._clock, self._sleep = whole, random, clock, sleep
        self.lasted = dict.fromkeys(PHASES, 0.0)

    def phases(self, most: int) -> list[str]:
        """Where to kill the commands of one folder, one after another; its work only goes on."""
        drawn = self._random.choices(PHASES, _WEIGHTS, k=min(most, self._random.randint(1, 7)))
        return sorted(drawn, key=PHASES.index)

    def reached(
        self, phase: str | None, look: Callable[[], Progress], ended: Callable[[], bool]
    ) -> bool:
        """Wait for a moment in the phase; False where the command ended without one.

        A phase that ends before its moment is waited for again: training and evaluation take
        turns. None waits for the end.
        """
        share = self._random.random()
        seen, now, since = look(), BEFORE, self._clock()
        while not ended():
            found = look()
            later = self._phase(now, seen, found)
            seen = found
            if later != now:
                self.lasted[now] = self._clock() - since
                now, since = later, self._clock()
            if now == phase and self._clock() - since >= share * self.lasted[phase]:
                return True
            self._sleep(_LOOK_S)
        self.lasted[now] = self._clock() - since
        return False

    def _phase(self, now: str, seen: Progress, found: Progress) -> str:
        """The phase after what was found, told by what is new."""
        if found == seen:
            return now
        whole = self._whole
        is_all = (found.trained, found.evaluated) == (whole.trained, whole.evaluated)
        if is_all or found.tables != seen.tables:
            return TABLES
        if (found.trained, found.evaluated) != (seen.trained, seen.evaluated):
            return EVALUATION
        return TRAINING
