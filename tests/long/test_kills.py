"""A run that is killed at random moments ends with the numbers of one that nobody kills.

SIGKILL to the command, as an empty battery, the system without memory or a scheduler send it: its
workers end with it. The moments are drawn over all of the run: imports, data, training, evaluation,
tables.
"""

import csv
import importlib
import json
import multiprocessing
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Protocol

import pytest
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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The numbers of a run that nobody kills."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert start(folder, "process").wait(600) == 0
    return numbers(folder)


@pytest.mark.parametrize("executor", KILLS)
def test_killed_at_random_it_ends_equal(
    executor: str, whole: dict[str, object], tmp_path: Path
) -> None:
    begin = time.monotonic()
    assert start(tmp_path / "run", executor).wait(600) == 0
    seconds = time.monotonic() - begin
    assert numbers(tmp_path / "run") == whole
    kills = KILLS[executor]
    random = Random(f"kills of {executor}")
    killed = ended = calls = 0
    phases: dict[str, int] = {}
    folder = tmp_path / "0" / "run"
    folder.parent.mkdir()
    while killed < kills or not ended:
        calls += 1
        assert calls <= 40 * kills + 40, "the run does not come to an end"
        running = start(folder, executor)
        moment = random.uniform(0.0, 1.5 * seconds) if killed < kills else 600.0
        code = running.wait(moment)
        if code is None:
            running.kill()
            running.wait(60)
            killed += 1
            phase = how_far(folder)
            phases[phase] = phases.get(phase, 0) + 1
            print(executor, killed, f"{moment:.1f} s", phase, flush=True)
            continue
        assert code == 0, (folder.parent / "log").read_text()[-2000:]
        assert numbers(folder) == whole, f"after {killed} kills of {executor}"
        ended += 1
        folder = tmp_path / str(ended) / "run"
        folder.parent.mkdir()
    print(json.dumps({"executor": executor, "kills": killed, "ended": ended, "phases": phases}))


def how_far(folder: Path) -> str:
    """In which phase the run was killed."""
    if (folder / "results.csv").is_file():
        return "tables"
    trials = folder / "trials"
    begun = [path for path in trials.iterdir() if path.is_dir()] if trials.is_dir() else []
    if not begun:
        return "before training"
    done = [path for path in begun if (path / manifest.MANIFEST).is_file()]
    return "training" if len(done) < len(begun) or not done else "evaluation or between"
