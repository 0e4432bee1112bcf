"""Signals in the middle of a training: stored to the step, one line, an exit code that tells."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spikefuse.results import TrialStore

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

PROGRAM = [sys.executable, "-c", "from spikefuse.cli import main; main()"]
TRAIN = [
    *("train", "--data", "builtin", "--plan", "mlp", "--budget", "20000", "--json"),
    *("--images", "300", "--test-images", "50", "--batch-size", "1", "--epochs", "1"),
]
CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129, "SIGUSR1": 75}


def start(folder: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*PROGRAM, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The results of a training that nobody stops."""
    running = start(tmp_path_factory.mktemp("whole"), *TRAIN, "--out", "out")
    output, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors
    results: dict[str, object] = json.loads(output)["results"]
    return results


@pytest.mark.parametrize("name", ["SIGINT", "SIGUSR1"])
def test_a_signal_stores_the_steps_and_the_same_command_goes_on(
    tmp_path: Path, name: str, whole: dict[str, object]
) -> None:
    running = start(tmp_path, *TRAIN, "--out", "out")
    trial = tmp_path / "out" / "trials"
    until = time.monotonic() + 60
    while not list(trial.glob("*/metrics.jsonl")) and time.monotonic() < until:
        time.sleep(0.01)  # the training begins
    time.sleep(0.2)
    running.send_signal(getattr(signal, name))
    output, errors = running.communicate(timeout=60)
    assert (running.returncode, output) == (CODES[name], "")
    last = errors.splitlines()[-1]
    assert last.endswith("  Stopped. Nothing is lost: the same command goes on from here.")
    assert "Traceback" not in errors
    store = TrialStore(tmp_path / "out", read_only=True)
    checkpoint = store.folder(next(iter(store))).read_checkpoint()
    assert checkpoint is not None
    assert 0 < checkpoint[1]["step"] < 240

    again = start(tmp_path, *TRAIN, "--out", "out")
    output, errors = again.communicate(timeout=120)
    assert again.returncode == 0, errors
    results = json.loads(output)["results"]
    assert {**results, "seconds": 0} == {**whole, "seconds": 0}


@pytest.mark.parametrize("name", CODES)
def test_a_signal_in_the_first_seconds_is_one_line(tmp_path: Path, name: str) -> None:
    code = (
        "import os, signal, sys, threading, time\n"
        "from spikefuse.cli import main\n"
        "import spikefuse.cli.train as command\n"
        f"threading.Timer(0.3, os.kill, [os.getpid(), signal.{name}]).start()\n"
        "import spikefuse.cli.checked as checked\n"
        "checked.deadline_of = lambda *_: time.sleep(20)\n"
        "sys.argv = ['spikefuse', 'train', '--data', 'builtin']\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == CODES[name], done.stderr
    assert done.stderr == "spikefuse: stopped.\n"


@pytest.mark.skipif(sys.platform != "linux", reason="nohup of coreutils")
def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    code = (
        "import signal; from spikefuse.cli import signals; signals.listen()\n"
        "print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"
    )
    done = subprocess.run(
        ["nohup", sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_while_a_module_loads_is_not_swallowed_by_it(tmp_path: Path, name: str) -> None:
    """As modules in C do, which clear what they do not know or tell an error of their own."""
    (tmp_path / "swallows.py").write_text(
        f"import os, signal\ntry: os.kill(os.getpid(), signal.{name})\nexcept BaseException: pass\n"
    )
    code = "from spikefuse.cli import signals; signals.listen(); import swallows; print('went on')"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (CODES[name], "")
    assert ended.stderr == "spikefuse: stopped.\n"


def test_evaluate_is_stopped_with_the_code_of_its_signal(tmp_path: Path) -> None:
    running = start(tmp_path, *TRAIN, "--out", "out")
    assert running.wait(120) == 0
    (trial,) = (tmp_path / "out" / "trials").iterdir()
    running = start(tmp_path, "evaluate", str(trial), "--draws", "100000")
    time.sleep(8)
    running.send_signal(signal.SIGTERM)
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 143, errors
    assert "Stopped. Nothing new is stored" in output
    assert not (trial / "evaluations").exists()
