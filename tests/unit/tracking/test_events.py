"""What jobs say becomes the events of their trials, and mirrors keep them."""

import importlib.util
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from spikefuse.core.errors import InputError, MissingExtraError
from spikefuse.execution import Event
from spikefuse.results import TrialStore
from spikefuse.tracking.events import Tracker, TrialEvent
from spikefuse.tracking.json_lines import JsonLines
from spikefuse.tracking.registry import MIRRORS

TWO = {"job": {"a" * 16: "snn seed 0", "b" * 16: "snn seed 1"}}
A, B = TWO["job"]


class Kept:
    def __init__(self) -> None:
        self.events: list[TrialEvent] = []
        self.is_closed = False

    def write(self, event: TrialEvent) -> None:
        self.events.append(event)

    def close(self) -> None:
        self.is_closed = True


def epoch_of(number: int, alive: tuple[int, ...] = (0, 1), last: float = 0.5) -> Event:
    told = {"trials": [A, B], "epoch": number, "epochs": 2, "step": 3, "steps": 3}
    values = {
        "train_loss": [1.5, last],
        "train_accuracy": [0.25, 0.5],
        "validation_loss": [2.5, 0.75],
        "validation_accuracy": [0.0, 1.0],
    }
    return Event("job", "progress", told | {"alive": list(alive)} | values)


def test_a_job_tells_of_each_of_its_trials(tmp_path: Path) -> None:
    kept = Kept()
    with Tracker(TWO, TrialStore(tmp_path), [kept], "spikefuse run x") as tracker:
        tracker.on_event(Event("job", "started", {}))
        within = {"trials": [A, B], "epoch": 1, "epochs": 2, "step": 1, "steps": 3}
        tracker.on_event(Event("job", "progress", within | {"validation_accuracy": None}))
        tracker.on_event(Event("job", "progress", {"trials": [A], "condition": 1, "conditions": 2}))
        tracker.on_event(epoch_of(1))
        tracker.on_event(epoch_of(2, alive=(1,), last=float("inf")))
        tracker.on_event(Event("job", "failed", {"error": "no room"}))

    first, *kept.events, last = kept.events
    told = [(each.kind, each.trial) for each in kept.events]
    assert told == [
        *(("trial_started", A), ("trial_started", B), ("epoch", A), ("epoch", B)),
        *(("epoch", B), ("trial_failed", A), ("trial_failed", B)),
    ]
    assert kept.events[0].label == "snn seed 0"
    assert kept.events[2].data == {
        "epoch": 1,
        "epochs": 2,
        "train_loss": 1.5,
        "train_accuracy": 0.25,
        "validation_loss": 2.5,
        "validation_accuracy": 0.0,
    }
    assert kept.events[4].data["train_loss"] is None  # JSON has no infinity
    assert "train/loss" not in kept.events[4].numbers
    assert kept.events[-1].data == {"error": "no room"}
    assert (first.kind, first.trial, last.kind, last.trial) == ("run_started", "", "run_ended", "")
    assert first.data == {"command": "spikefuse run x", "out": str(tmp_path), "trials": 2}
    assert last.data == {"ended": 0, "failed": 2, "stopped": 0}
    assert kept.is_closed


def test_a_run_whose_trials_met_the_time_limit_was_stopped(tmp_path: Path) -> None:
    kept = Kept()
    with Tracker(TWO, TrialStore(tmp_path), [kept]) as tracker:
        tracker.on_event(Event("job", "started", {}))
        tracker.on_event(Event("job", "stopped", {"error": "time limit"}))
    assert kept.events[-1].kind == "run_stopped"
    assert kept.events[-1].data == {"ended": 0, "failed": 0, "stopped": 2}


def test_what_is_open_when_the_command_ends_was_stopped(tmp_path: Path) -> None:
    kept = Kept()

    def interrupted() -> None:
        with Tracker(TWO, TrialStore(tmp_path), [kept]) as tracker:
            tracker.on_event(Event("job", "started", {}))
            tracker.on_event(Event("other", "started", {}))  # of no trial that is followed
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    kinds = ["trial_started"] * 2 + ["trial_stopped"] * 2
    assert [each.kind for each in kept.events] == ["run_started", *kinds, "run_stopped"]
    stopped = {"ended": 0, "failed": 0, "stopped": 2}
    assert kept.events[-1].data == stopped | {"error": "the command was stopped"}
    assert kept.is_closed


def test_a_job_that_could_not_start_has_failed_trials(tmp_path: Path) -> None:
    kept = Kept()
    with Tracker(TWO, TrialStore(tmp_path), [kept]) as tracker:
        tracker.on_event(Event("job", "failed", {"error": "gone"}))
    assert [(each.kind, each.label) for each in kept.events[1:-1]] == [
        ("trial_failed", "snn seed 0"),
        ("trial_failed", "snn seed 1"),
    ]


def test_lines_are_added_at_once_and_are_strict_json(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"event": "older"}\n')
    lines = JsonLines(path)
    lines.write(TrialEvent("epoch", A, "é", {"epoch": 1, "train_loss": None}, at=1.5))
    read = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    lines.close()
    assert read[0] == {"event": "older"}
    assert read[1] == {
        "event": "epoch",
        "time": "1970-01-01T00:00:01.500000+00:00",
        "trial": A,
        "label": "é",
        "epoch": 1,
        "train_loss": None,
    }


@pytest.mark.parametrize("name", ["missing/events.jsonl", "."])
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="--events must be a file that can be written"):
        JsonLines(tmp_path / name)


def followed(mirror: object) -> None:
    """A trial's life, as a mirror sees it."""
    mirror.write(TrialEvent("run_started", "", "", {"trials": 1}))
    mirror.write(TrialEvent("trial_started", A, "snn seed 0"))
    for number, loss in ((1, 2.0), (2, None)):
        told = {"epoch": number, "epochs": 2, "train_loss": loss, "validation_accuracy": 0.5}
        mirror.write(TrialEvent("epoch", A, "snn seed 0", told))
    ended = {"state": "done", "test_accuracy": 0.75, "best_epoch": 2, "seconds": 1.0}
    mirror.write(TrialEvent("trial_ended", A, "snn seed 0", ended))
    mirror.write(TrialEvent("run_ended", "", "", {"ended": 1}))
    mirror.close()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **more: object) -> None:
        raise AssertionError("a mirror reached for the network")

    for name in ("connect", "connect_ex", "bind", "listen"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("no_network")
def test_tensorboard_reads_what_was_told(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    followed(MIRRORS["tensorboard"].make(tmp_path))
    read = EventAccumulator(str(tmp_path / "tensorboard" / A))
    read.Reload()
    assert [(each.step, each.value) for each in read.Scalars("train/loss")] == [(1, 2.0)]
    assert [each.step for each in read.Scalars("validation/accuracy")] == [1, 2]
    assert [(each.step, each.value) for each in read.Scalars("test/accuracy")] == [(2, 0.75)]


@pytest.mark.usefixtures("no_network")
def test_mlflow_keeps_one_run_a_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # not where it goes
    followed(MIRRORS["mlflow"].make(tmp_path))
    followed(MIRRORS["mlflow"].make(tmp_path))  # it went on
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
    experiment = client.get_experiment_by_name("spikefuse").experiment_id
    (run,) = client.search_runs([experiment])
    assert (run.data.tags["trial"], run.info.status) == (A, "FINISHED")
    assert run.data.tags["mlflow.runName"] == "snn seed 0"
    assert run.data.metrics["test/accuracy"] == 0.75
    history = client.get_metric_history(run.info.run_id, "train/loss")
    assert {(each.step, each.value) for each in history} == {(1, 2.0)}


@pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="mlflow is not installed")
def test_mlflow_sends_nothing_home(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from spikefuse.tracking.mlflow import MlflowMirror\n"
        "MlflowMirror(pathlib.Path(sys.argv[1]))\n"
        "from mlflow.telemetry.client import get_telemetry_client\n"
        "from mlflow.telemetry.utils import is_telemetry_disabled\n"
        "assert get_telemetry_client() is None and is_telemetry_disabled()\n"
    )
    # Without what else would switch it off: a test, a CI machine.
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("name", MIRRORS)
def test_without_the_library_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for module in [each for each in sys.modules if each.partition(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r'pip install "spikefuse\[tracking\]"'):
        MIRRORS[name].make(tmp_path)


def test_a_mirror_that_fails_is_said_once_and_the_others_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Full:
        def write(self, event: TrialEvent) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            pass

    path = tmp_path / "events.jsonl"
    with Tracker(
        {"job": {"1f": "snn"}}, TrialStore(tmp_path), [Full(), JsonLines(path)]
    ) as tracker:
        tracker.on_event(Event("job", "started", {}))
        tracker.on_event(Event("job", "failed", {"error": "why"}))

    assert len(path.read_text(encoding="utf-8").splitlines()) == 4
    assert [each.getMessage() for each in caplog.records] == [
        "Full is left out, training goes on: No space left on device"
    ]


def test_a_mirror_that_cannot_be_closed_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Stuck:
        def write(self, event: TrialEvent) -> None:
            pass

        def close(self) -> None:
            raise OSError(5, "Input/output error")

    path = tmp_path / "events.jsonl"
    tracker = Tracker({"job": {"1f": "snn"}}, TrialStore(tmp_path), [Stuck(), JsonLines(path)])
    with tracker:
        tracker.on_event(Event("job", "started", {}))
    assert len(path.read_text(encoding="utf-8").splitlines()) == 4
    assert [each.getMessage() for each in caplog.records] == [
        "Stuck is left out, training goes on: Input/output error"
    ]
