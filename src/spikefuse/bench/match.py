"""The referee: contestants in processes of their own, called in turn, in one sitting."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from spikefuse.core.errors import StudyError
from spikefuse.execution.environment import MALLOC, worker_environment

OURS = (sys.executable, "-m", "spikefuse.bench.contestants")
_SERVE = Path(__file__).parent


@dataclass(frozen=True)
class Entrant:
    """A contestant and the command that starts it.

    Args:
        name: Of the contest; the process builds it.
        command: Program and first arguments; name and threads follow.
    """

    name: str
    command: tuple[str, ...] = OURS


@dataclass
class Measured:
    """Seconds of every step of one contestant; `first` includes what is compiled at run time."""

    samples: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    first: float = 0.0
    seconds: list[float] = field(default_factory=list)

    @property
    def median_ms(self) -> float:
        """Median milliseconds of a step."""
        return 1e3 * median(self.seconds)

    def record(self) -> dict[str, Any]:
        """Ready for JSON: milliseconds, their quartiles, n."""
        low, _, high = (
            quantiles(self.seconds, n=4) if len(self.seconds) > 1 else 3 * self.seconds[:1]
        )
        return {
            "median_ms": self.median_ms,
            "low_ms": 1e3 * low,
            "high_ms": 1e3 * high,
            "least_ms": 1e3 * min(self.seconds),
            "n": len(self.seconds),
            "samples": self.samples,
            "first_step_s": self.first,
            "versions": self.versions,
        }


class _Process:
    """A running contestant."""

    def __init__(self, entrant: Entrant, threads: int, gives_back: bool) -> None:
        self.name = entrant.name
        environment = dict(os.environ) | worker_environment(threads)
        for name in MALLOC if gives_back else ():
            environment.pop(name, None)
        environment["PYTHONPATH"] = str(_SERVE) if entrant.command != OURS else ""
        if not environment["PYTHONPATH"]:
            environment.pop("PYTHONPATH")
        self._process = subprocess.Popen(
            [*entrant.command, entrant.name, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.hello = self.read()

    def send(self, line: str) -> None:
        """Ask for something; `read` waits for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """The answer.

        Raises:
            StudyError: The process ended.
        """
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        assert self._process.stderr is not None
        last = (self._process.stderr.read().strip().splitlines() or ["no message"])[-1]
        raise StudyError(f"bench: {self.name} must answer, but it ended: {last}")

    def ask(self, line: str) -> dict[str, Any]:
        """Ask and wait."""
        self.send(line)
        return self.read()

    def end(self) -> None:
        """Stop it."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def _running(
    entrants: Sequence[Entrant], threads: int, gives_back: bool = False
) -> Iterator[list[_Process]]:
    processes: list[_Process] = []
    try:
        for entrant in entrants:
            processes.append(_Process(entrant, threads, gives_back))
        yield processes
    finally:
        for process in processes:
            process.end()


def compare(
    entrants: Sequence[Entrant],
    *,
    threads: int,
    rounds: int,
    steps: int,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Measured]:
    """Time the entrants in turn: every round calls each for some steps while the others wait.

    Raises:
        StudyError: A contestant ended before its time.
    """
    results: dict[str, Measured] = {}
    with _running(entrants, threads) as processes:
        for process in processes:
            warm = process.ask("warm")["seconds"]
            results[process.name] = Measured(
                process.hello["samples"], process.hello["versions"], warm[0]
            )
            tell(f"{process.name} is ready")
        for number in range(1, rounds + 1):
            for process in processes:
                results[process.name].seconds += process.ask(f"steps {steps}")["seconds"]
            tell(f"round {number} of {rounds}")
    return results


def memory(entrant: Entrant, threads: int) -> int | None:
    """Peak bytes of a step beyond weights and optimiser state, in a process of its own."""
    # An allocator that keeps what was freed would count holes as well.
    with _running([entrant], threads, gives_back=True) as (process,):
        found = process.ask("memory")["bytes"]
        return None if found is None else int(found)


def side_by_side(entrant: Entrant, workers: int, steps: int) -> float:
    """Steps a second of several one-thread processes of the same contest at the same time."""
    with _running([entrant] * workers, 1) as processes:
        for process in processes:
            process.ask("warm")
        for process in processes:
            process.send(f"steps {steps}")
        rates = [1 / median(process.read()["seconds"]) for process in processes]
        return float(sum(rates))
