"""A run that is killed at random moments ends with the numbers of one that nobody kills.

SIGKILL to the command, as an empty battery, the system without memory or a scheduler send it: its
workers end with it. The moments are drawn over all of the run: imports and data, training,
evaluation, tables; each kill meets its phase, however busy the machine is.
"""

import csv
import importlib
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Protocol

import pytest
from kills import BEFORE, EVALUATION, PHASES, TABLES, TRAINING, Moments, Progress, progress
from long import IS_LONG

from spikefuse.cli import main
from spikefuse.results import TrialStore, manifest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")

KILLS = {"loaded": 110, "process": 20, "pool": 50, "ray": 20} if IS_LONG else {"pool": 2}
"""Of each executor. "loaded" is the executor "process" in a command whose imports are done before
it begins: most of a short run is imports, and so the later moments are met more often."""
WORKERS = {"loaded": 1, "process": 1, "pool": 2, "ray": 2}
STUDY = (
    "run", "noise-position", "--profile", "smoke", "--seeds", "1", "--protocols", "disjoint",
    "--data", "builtin", "--threads", "1",
)  # fmt: skip


class Running(Protocol):
    """A command that runs."""

    def kill(self) -> None:
        """SIGKILL."""

    def wait(self, seconds: float) -> int | None:
        """Its exit code; None while it runs after so many seconds."""


def has_ended(running: Running) -> bool:
    return running.wait(0) is not None


class Started:
    """A command in a program of its own."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        program = [sys.executable, "-c", "from spikefuse.cli import main; main()"]
        with log.open("ab") as file:
            self._process = subprocess.Popen([*program, *arguments], stdout=file, stderr=file)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, seconds: float) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None


class Forked:
    """A command in a copy of this process, in which its modules are loaded."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        importlib.import_module("spikefuse.planning.work")
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_command, args=(arguments, log))
        self._process.start()

    def kill(self) -> None:
        self._process.kill()

    def wait(self, seconds: float) -> int | None:
        self._process.join(seconds)
        return self._process.exitcode


def _command(arguments: list[str], log: Path) -> None:
    with log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.stdout, sys.stderr = (os.fdopen(stream, "w") for stream in (1, 2))
    sys.argv = ["spikefuse", *arguments]
    main()


def start(folder: Path, executor: str) -> Running:
    named = "process" if executor == "loaded" else executor
    own = ["--executor", named, "--workers", str(WORKERS[executor]), "--out", str(folder)]
    kind = Forked if executor == "loaded" else Started
    return kind([*STUDY, *own], folder.parent / "log")


def numbers(folder: Path) -> dict[str, object]:
    """What a results folder says, without what a clock decides: every byte of every tensor."""
    store = TrialStore(folder, read_only=True)
    assert store.verify() == []
    found: dict[str, object] = {}
    for name in store:
        record = store.read(name)
        assert record.state in ("done", "diverged")
        found[name] = (
            {key: value for key, value in record.results.items() if key != "seconds"},
            [{k: v for k, v in row.items() if k != "seconds"} for row in record.metrics],
            record.evaluations,
            manifest.expected_hash(store.folder(name).path, manifest.WEIGHTS),
            manifest.expected_hash(store.folder(name).path, manifest.PREDICTIONS),
        )
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        found["rows"] = [row for row in csv.DictReader(file) if row["metric"] != "seconds"]
    return found


@dataclass(frozen=True)
class Whole:
    """What a run leaves that nobody kills."""

    numbers: dict[str, object]
    progress: Progress


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert start(folder, "process").wait(600) == 0
    return Whole(numbers(folder), progress(folder))


@pytest.mark.parametrize("executor", KILLS)
def test_killed_at_random_it_ends_equal(executor: str, whole: Whole, tmp_path: Path) -> None:
    moments = Moments(whole.progress, Random(f"kills of {executor}"))
    phases = dict.fromkeys(PHASES, 0)
    left, ended = KILLS[executor], 0
    plan: list[str] = []  # the first run only tells how long each phase lasts
    while True:
        folder = tmp_path / str(ended) / "run"
        folder.parent.mkdir(exist_ok=True)
        running = start(folder, executor)
        phase = plan[0] if plan else None
        if moments.reached(phase, partial(progress, folder), partial(has_ended, running)):
            running.kill()
            running.wait(60)
            phases[plan.pop(0)] += 1
            left -= 1
            print(executor, KILLS[executor] - left, phase, flush=True)
            continue
        assert running.wait(0) == 0, (folder.parent / "log").read_text()[-2000:]
        assert numbers(folder) == whole.numbers, f"after {phases} of {executor}"
        ended += 1
        assert ended <= KILLS[executor] + 10, "phases pass without a kill"
        if not left:
            break
        plan = plan or moments.phases(left)
    print(json.dumps({"executor": executor, "ended": ended, "phases": phases}))
    assert sum(phases.values()) == KILLS[executor]


def steps() -> Iterator[tuple[float, str, Progress]]:
    """How long, in which phase, and what lies in the folder meanwhile."""
    yield 3.0, BEFORE, Progress()
    for done in range(6):
        yield 0.3, TRAINING, Progress(done + 1, 3 * done, done, 2 * done)
        yield 0.5, TRAINING, Progress(done + 1, 3 * done + 3, done, 2 * done)
        yield 0.2, EVALUATION, Progress(done + 1, 3 * done + 3, done + 1, 2 * done)
        if done < 5:
            yield 0.1, EVALUATION, Progress(done + 1, 3 * done + 3, done + 1, 2 * done + 2)
    yield 0.1, TABLES, Progress(6, 18, 6, 12)
    yield 0.4, TABLES, Progress(6, 18, 6, 12, 1)


STEPS = list(steps())
WHOLE = Progress(6, 18, 6, 12, 3)


class Pretended:
    """A command that only passes the time: six networks trained and evaluated, then tables."""

    def __init__(self) -> None:
        self.now, self.pace, self.begun = 0.0, 1.0, 0.0

    def start(self, pace: float) -> None:
        """All of it takes `pace` times as long as it might."""
        self.begun, self.pace = self.now, pace

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def _at(self) -> tuple[str, Progress]:
        passed = (self.now - self.begun) / self.pace
        for seconds, phase, found in STEPS:
            passed -= seconds
            if passed < 0:
                return phase, found
        return "ended", WHOLE

    @property
    def phase(self) -> str:
        return self._at()[0]

    def look(self) -> Progress:
        return self._at()[1]


@pytest.mark.parametrize("phase", PHASES)
def test_a_kill_meets_its_phase_on_a_busy_machine(phase: str) -> None:
    """Each run is up to eight times as slow, or as fast, as the one before."""
    random = Random(phase)
    command = Pretended()
    moments = Moments(WHOLE, random, lambda: command.now, command.sleep)
    command.start(1.0)
    assert not moments.reached(None, command.look, lambda: command.phase == "ended")
    shares, missed = [], 0
    while len(shares) < 20:
        command.start(random.choice((0.5, 1.0, 4.0)))
        begun = command.now
        if moments.reached(phase, command.look, lambda: command.phase == "ended"):
            assert command.phase == phase
            shares.append((command.now - begun) / command.pace)
        else:
            missed += 1
    assert missed < 20, "most commands should be met"
    # Over all of the phase, not only at its begin.
    assert max(shares) - min(shares) > 0.1


def test_phases_of_one_folder_go_forward_and_all_are_drawn() -> None:
    moments = Moments(WHOLE, Random(0))
    plans = [moments.phases(5) for _ in range(50)]
    assert all(plan == sorted(plan, key=PHASES.index) for plan in plans)
    assert {len(plan) for plan in plans} == {1, 2, 3, 4, 5}
    assert {phase for plan in plans for phase in plan} == set(PHASES)
