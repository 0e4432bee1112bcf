import errno
import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from spikefuse.core.errors import InputError, StoreError
from spikefuse.results import TrialFolder, TrialStore, atomic, final, manifest

Finish = Callable[..., None]


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 0xFF
    path.write_bytes(bytes(content))


def names(trial: TrialFolder) -> set[str]:
    return {path.name for path in trial.path.iterdir()}


# -- states ------------------------------------------------------------------------------------


def test_states_in_their_order(store: TrialStore, folder: TrialFolder, finish: Finish) -> None:
    assert store.state("0" * 16) == "missing"
    assert folder.state() == "partial"
    folder.append_metrics({"epoch": 1})
    folder.write_checkpoint({"w": torch.ones(1)}, {})
    assert folder.state() == "partial"
    finish(folder)
    assert folder.state() == "done"


def test_manifest_is_written_last(
    folder: TrialFolder, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    original = atomic.write_file

    def recorded(path: Path, content: Any, where: str) -> None:
        written.append(path.name)
        original(path, content, where)

    monkeypatch.setattr(final, "write_file", recorded)
    finish(folder)
    assert written.count("manifest.json") == 1
    assert written[-1] == "manifest.json"


@pytest.mark.skipif(sys.platform == "win32", reason="processes are probed on POSIX only")
@pytest.mark.parametrize("step", ["open", "finish"])
def test_leftovers_of_a_killed_process_are_swept(
    store: TrialStore, definition: dict[str, Any], finish: Finish, step: str
) -> None:
    trial = store.open(definition)
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    leftover = trial.path / f".results.json.{atomic._host()}-{killed.pid}-01234567.tmp"
    leftover.write_bytes(b"torn")
    if step == "open":
        store.open(definition)
    else:
        finish(trial)
    assert not leftover.exists()


def test_diverged_is_a_state_of_its_own(folder: TrialFolder, finish: Finish) -> None:
    finish(folder, "diverged")
    assert folder.state() == "diverged"


def test_finished_folder_holds_exactly_the_named_files(folder: TrialFolder, finish: Finish) -> None:
    folder.write_checkpoint({"w": torch.ones(1)}, {})
    finish(folder)
    assert names(folder) == {
        "trial.json",
        "metrics.jsonl",
        "results.json",
        "weights.safetensors",
        "predictions.safetensors",
        "provenance.json",
        "manifest.json",
    }


def test_status_must_be_final(folder: TrialFolder) -> None:
    with pytest.raises(InputError, match="status must be one of done, diverged, got 'don'"):
        folder.finish({"status": "don"}, {}, {}, {})
    with pytest.raises(InputError, match="status must be one of"):
        folder.finish({}, {}, {}, {})
    assert folder.state() == "partial"


@pytest.mark.parametrize(
    "name", ["metrics.jsonl", "results.json", "provenance.json", "manifest.json"]
)
def test_one_flipped_byte_of_a_document_reads_as_unfinished(
    folder: TrialFolder, finish: Finish, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    finish(folder)
    flip(folder.path / name, -3)
    assert folder.state() == "partial"
    assert f"{name}" in caplog.text


def test_a_definition_with_a_flipped_byte_is_refused(folder: TrialFolder, finish: Finish) -> None:
    finish(folder)
    flip(folder.path / "trial.json", -3)
    with pytest.raises(StoreError, match=r"trial\.json must be a JSON file, got damaged text"):
        folder.state()


@pytest.mark.parametrize("name", ["weights", "predictions"])
def test_damaged_tensors_are_refused(folder: TrialFolder, finish: Finish, name: str) -> None:
    finish(folder)
    flip(folder.path / f"{name}.safetensors", -1)
    with pytest.raises(StoreError, match=f"{name}.safetensors must be the file that training"):
        getattr(folder, name)()


@pytest.mark.parametrize("name", ["weights", "predictions"])
def test_truncated_tensors_read_as_unfinished(
    folder: TrialFolder, finish: Finish, name: str
) -> None:
    finish(folder)
    path = folder.path / f"{name}.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    assert folder.state() == "partial"


@pytest.mark.parametrize(
    "name",
    [
        "metrics.jsonl",
        "results.json",
        "weights.safetensors",
        "predictions.safetensors",
        "provenance.json",
    ],
)
def test_a_missing_file_reads_as_unfinished(folder: TrialFolder, finish: Finish, name: str) -> None:
    finish(folder)
    (folder.path / name).unlink()
    assert folder.state() == "partial"


def test_manifest_that_forgets_a_file_reads_as_unfinished(
    folder: TrialFolder, finish: Finish
) -> None:
    finish(folder)
    path = folder.path / "manifest.json"
    manifest = json.loads(path.read_bytes())
    del manifest["files"]["predictions.safetensors"]
    path.write_text(json.dumps(manifest))
    assert folder.state() == "partial"


def test_damaged_trial_can_be_finished_again(folder: TrialFolder, finish: Finish) -> None:
    finish(folder)
    flip(folder.path / "results.json", 5)
    finish(folder)
    assert folder.state() == "done"
    assert folder.record().results["accuracy"] == {"test_best": 0.5}


# -- reading -----------------------------------------------------------------------------------


def test_record_of_a_finished_trial(
    folder: TrialFolder, definition: dict[str, Any], finish: Finish
) -> None:
    finish(folder)
    condition = {"noise_std": 0.5}
    folder.write_evaluation(condition, {"accuracy": {"test": [0.5, 0.25]}})
    record = folder.record()
    assert record.trial == folder.path.name
    assert record.state == "done"
    assert record.definition == definition
    assert record.metrics == [{"epoch": 1, "train_loss": 1.0}, {"epoch": 2, "train_loss": 0.5}]
    assert record.results == {"status": "done", "accuracy": {"test_best": 0.5}}
    assert record.provenance == {"versions": {"torch": "2"}}
    assert list(record.evaluations.values()) == [
        {"condition": condition, "accuracy": {"test": [0.5, 0.25]}}
    ]
    assert torch.equal(folder.weights()["weight"], torch.arange(6.0).reshape(2, 3))
    assert folder.predictions()["test"].tolist() == [3, 1, 4]


def test_record_of_a_partial_trial_has_no_results(folder: TrialFolder) -> None:
    folder.append_metrics({"epoch": 1, "train_loss": 0.25})
    record = folder.record()
    assert (record.state, record.results, record.provenance) == ("partial", {}, {})
    assert record.metrics == [{"epoch": 1, "train_loss": 0.25}]


def test_weights_of_a_partial_trial_are_refused(folder: TrialFolder) -> None:
    with pytest.raises(StoreError, match=r"must be finished, got state 'partial'. Train it first"):
        folder.weights()


# -- metrics -----------------------------------------------------------------------------------


def test_metrics_keep_every_digit_and_null_what_is_not_finite(folder: TrialFolder) -> None:
    folder.append_metrics({"epoch": 1, "train_loss": 0.1 + 0.2, "rates": {"conv1": 1 / 3}})
    folder.append_metrics({"epoch": 2, "train_loss": float("nan"), "rates": {}})
    assert folder.metrics() == [
        {"epoch": 1, "train_loss": 0.1 + 0.2, "rates": {"conv1": 1 / 3}},
        {"epoch": 2, "train_loss": None, "rates": {}},
    ]


@pytest.mark.parametrize("epoch", [1, 3, None, "2"])
def test_epochs_must_follow_one_another(folder: TrialFolder, epoch: object) -> None:
    folder.append_metrics({"epoch": 1})
    with pytest.raises(InputError, match="epoch must be 2, got"):
        folder.append_metrics({"epoch": epoch})
    assert folder.metrics() == [{"epoch": 1}]


@pytest.mark.parametrize(
    "tail", [b'{"epoch": 3, "train', b'{"epoch": 3}', b"\0\0\0", b"\n", b"3", b'{"epoch": NaN}\n']
)
def test_torn_last_line_is_dropped_and_written_over(
    store: TrialStore, definition: dict[str, Any], folder: TrialFolder, tail: bytes
) -> None:
    for epoch in (1, 2):
        folder.append_metrics({"epoch": epoch})
    with (folder.path / "metrics.jsonl").open("ab") as file:
        file.write(tail)
    assert [row["epoch"] for row in folder.metrics()] == [1, 2]
    resumed = store.open(definition)
    resumed.append_metrics({"epoch": 3, "new": True})
    assert resumed.metrics() == [{"epoch": 1}, {"epoch": 2}, {"epoch": 3, "new": True}]


def test_rows_after_a_damaged_one_are_dropped(
    folder: TrialFolder, caplog: pytest.LogCaptureFixture
) -> None:
    for epoch in (1, 2, 3):
        folder.append_metrics({"epoch": epoch})
    path = folder.path / "metrics.jsonl"
    path.write_bytes(path.read_bytes().replace(b'{"epoch": 2}', b'{"epoch"; 2}'))
    assert folder.metrics() == [{"epoch": 1}]
    assert "line 2 is damaged; kept 1 epochs" in caplog.text


def test_truncate_rewinds_and_says_what_is_left(folder: TrialFolder) -> None:
    for epoch in (1, 2, 3):
        folder.append_metrics({"epoch": epoch, "first": True})
    assert folder.truncate_metrics(5) == 3
    assert folder.truncate_metrics(1) == 1
    folder.append_metrics({"epoch": 2, "first": False})
    assert folder.metrics() == [{"epoch": 1, "first": True}, {"epoch": 2, "first": False}]
    assert folder.truncate_metrics(0) == 0
    assert folder.metrics() == []
    with pytest.raises(InputError, match="epochs must be 0 or more, got -1"):
        folder.truncate_metrics(-1)


# -- checkpoint --------------------------------------------------------------------------------


def test_checkpoint_comes_back_and_is_replaced(folder: TrialFolder) -> None:
    assert folder.read_checkpoint() is None
    for epoch in (1, 2):
        folder.write_checkpoint({"w": torch.full((3,), float(epoch))}, {"epoch": epoch})
    loaded = folder.read_checkpoint()
    assert loaded is not None
    assert loaded[0]["w"].tolist() == [2.0, 2.0, 2.0]
    assert loaded[1] == {"epoch": 2}
    assert names(folder) == {"trial.json", "checkpoint.safetensors"}


@pytest.mark.parametrize("position", [0, 20, -1])
def test_damaged_checkpoint_counts_as_missing_and_is_logged(
    folder: TrialFolder, caplog: pytest.LogCaptureFixture, position: int
) -> None:
    folder.write_checkpoint({"w": torch.ones(3)}, {"epoch": 1})
    flip(folder.path / "checkpoint.safetensors", position)
    with caplog.at_level(logging.WARNING):
        assert folder.read_checkpoint() is None
    assert "checkpoint.safetensors is damaged" in caplog.text


# -- what can go wrong -------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for SIGKILL where the test wants to look at the folder in the same process."""


def die_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill this process at the n-th of the steps that change the disk, in the middle of writes."""
    left = step

    def die(name: str) -> Callable[..., object]:
        original = getattr(os, name)

        def stepped(*arguments: Any) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                if name == "write":
                    original(arguments[0], arguments[1][: len(arguments[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments)

        return stepped

    for name in ("open", "write", "fsync", "replace", "unlink"):
        monkeypatch.setattr(os, name, die(name))


def in_child(work: Callable[[], None]) -> int:
    """Run `work` in a forked copy of this process; its exit status (negative: signal)."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join(30)
    assert process.exitcode is not None
    return process.exitcode


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_kill_at_every_step_never_reads_as_done_too_early(
    tmp_path: Path,
    definition: dict[str, Any],
    finish: Finish,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states = []
    for step in range(1, 200):
        store = TrialStore(tmp_path / f"{step}")
        trial = store.open(definition)
        trial.write_checkpoint({"w": torch.ones(2)}, {"epoch": 2})

        def work(trial: TrialFolder = trial, step: int = step) -> None:
            torch.set_num_threads(1)
            die_at(step, monkeypatch)
            finish(trial)

        code = in_child(work)
        states.append(trial.state())
        if states[-1] == "done":
            assert store.verify() == []
            assert trial.record().results["accuracy"] == {"test_best": 0.5}
        else:
            assert trial.read_checkpoint() is not None
        store.open(definition)
        finish(trial)
        assert (trial.state(), store.verify()) == ("done", [])
        assert not [name for name in names(trial) if name.endswith(".tmp")]
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert code == 0
    assert len(states) > 30
    done = states.index("done")
    assert states == ["partial"] * done + ["done"] * (len(states) - done)


def test_full_disk_while_finishing_loses_nothing(
    folder: TrialFolder, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write_checkpoint({"w": torch.ones(3)}, {"epoch": 2})
    original = os.write
    with monkeypatch.context() as patch:

        def full(descriptor: int, data: Any) -> int:
            if len(data) > 200:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return original(descriptor, data)

        patch.setattr(os, "write", full)
        with pytest.raises(StoreError, match="must have free space"):
            finish(folder, scale=1.0)
    assert folder.state() == "partial"
    assert folder.read_checkpoint() is not None
    assert not [name for name in names(folder) if name.endswith(".tmp")]
    finish(folder)
    assert folder.state() == "done"


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    """A file system of one megabyte."""
    path = tmp_path / "small"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_full_disk_for_real(small_disk: Path, definition: dict[str, Any], finish: Finish) -> None:
    store = TrialStore(small_disk)
    trial = store.open(definition)
    trial.append_metrics({"epoch": 1})
    trial.write_checkpoint({"w": torch.ones(100_000)}, {"epoch": 1})
    with pytest.raises(StoreError, match="must have free space, got: No space left") as caught:
        trial.write_checkpoint({"w": torch.zeros(200_000)}, {"epoch": 2})
    assert "\n" not in str(caught.value)
    loaded = trial.read_checkpoint()
    assert loaded is not None
    assert loaded[1] == {"epoch": 1}
    assert names(trial) == {"trial.json", "metrics.jsonl", "checkpoint.safetensors"}
    with pytest.raises(StoreError, match="must have free space"):
        trial.finish({"status": "done"}, {"w": torch.zeros(200_000)}, {}, {})
    assert trial.state() == "partial"
    finish(trial)
    assert (trial.state(), store.verify()) == ("done", [])


# -- two processes, one trial --------------------------------------------------------------------


def test_late_writes_to_a_finished_trial_do_nothing(
    store: TrialStore, definition: dict[str, Any], finish: Finish
) -> None:
    slow, fast = store.open(definition), store.open(definition)
    slow.append_metrics({"epoch": 1, "who": "slow"})
    finish(fast)
    slow.append_metrics({"epoch": 2, "who": "slow"})
    slow.append_metrics({"epoch": 3, "who": "slow"})
    slow.write_checkpoint({"w": torch.ones(1)}, {})
    assert "checkpoint.safetensors" not in names(fast)
    assert slow.truncate_metrics(1) == 1
    slow.finish({"status": "done", "who": "slow"}, {}, {}, {})
    assert (fast.state(), store.verify()) == ("done", [])
    assert fast.record().results == {"status": "done", "accuracy": {"test_best": 0.5}}
    assert len(fast.record().metrics) == 2


def test_each_process_writes_its_own_whole_history(
    store: TrialStore, definition: dict[str, Any]
) -> None:
    ahead, behind = store.open(definition), store.open(definition)
    for epoch in (1, 2, 3):
        ahead.append_metrics({"epoch": epoch, "who": "ahead"})
        if epoch == 1:
            behind.truncate_metrics(0)
        if epoch > 1:
            behind.append_metrics({"epoch": epoch - 1, "who": "behind"})
            assert {row["who"] for row in ahead.metrics()} == {"behind"}
    assert [row["epoch"] for row in behind.metrics()] == [1, 2]
    ahead.append_metrics({"epoch": 4, "who": "ahead"})
    assert [(row["epoch"], row["who"]) for row in ahead.metrics()] == [
        (epoch, "ahead") for epoch in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize("name", ["results.json", "weights.safetensors"])
def test_mixture_of_two_finishing_processes_is_written_again(
    folder: TrialFolder, finish: Finish, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    mixed = []
    original = atomic.write_file

    def interleaved(path: Path, content: Any, where: str) -> None:
        if path.name == "manifest.json" and not mixed:
            # In this very moment another process puts a file of the same size between ours.
            theirs = bytearray((path.parent / name).read_bytes())
            theirs[-3] ^= 1
            original(path.parent / name, bytes(theirs), where)
            original(path, content, where)
            mixed.extend(manifest.problems(path.parent, thorough=True))
            return
        original(path, content, where)

    monkeypatch.setattr(final, "write_file", interleaved)
    finish(folder)
    assert mixed == [f"{name} does not match the hash in the manifest"]
    assert manifest.problems(folder.path, thorough=True) == []
    assert folder.record().results["accuracy"] == {"test_best": 0.5}
    assert torch.equal(folder.weights()["weight"], torch.arange(6.0).reshape(2, 3))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_many_processes_finish_the_same_trial(
    store: TrialStore, definition: dict[str, Any], finish: Finish
) -> None:
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(4)

    def work(who: int) -> None:
        torch.set_num_threads(1)
        trial = store.open(definition)
        gate.wait()
        finish(trial, scale=(1.0 + who) / 4)

    processes = [context.Process(target=work, args=(who,)) for who in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    (trial,) = store
    record = store.read(trial)
    assert (record.state, store.verify()) == ("done", [])
    scale = record.results["accuracy"]["test_best"] / 0.5
    assert [row["train_loss"] for row in record.metrics] == [scale, scale / 2]
    assert store.folder(trial).weights()["weight"][0, 1].item() == scale
    assert not [name for name in names(store.folder(trial)) if name.endswith(".tmp")]


# -- observations ------------------------------------------------------------------------------


def finish_observed(folder: TrialFolder) -> None:
    folder.append_metrics({"epoch": 1})
    tensors = {"weight": torch.ones(2)}
    watched = {"rate/image.hidden": torch.tensor([0.25, 0.5], dtype=torch.float64)}
    folder.finish({"status": "done"}, tensors, tensors, {}, watched)


def test_observations_come_back(store: TrialStore, folder: TrialFolder) -> None:
    finish_observed(folder)
    assert folder.state() == "done"
    assert store.verify() == []
    assert folder.observations()["rate/image.hidden"].tolist() == [0.25, 0.5]


def test_a_trial_without_observations_is_sound(
    store: TrialStore, folder: TrialFolder, finish: Finish
) -> None:
    finish(folder)
    assert not (folder.path / manifest.OBSERVATIONS).exists()
    assert folder.observations() == {}
    assert folder.state() == "done"
    assert store.verify() == []


def test_observations_that_were_stored_must_fit(store: TrialStore, folder: TrialFolder) -> None:
    finish_observed(folder)
    flip(folder.path / manifest.OBSERVATIONS, -1)
    assert store.verify() == [
        f"{folder.trial}: {manifest.OBSERVATIONS} does not match the hash in the manifest"
    ]
    with pytest.raises(StoreError, match="does not match the hash"):
        folder.observations()
    (folder.path / manifest.OBSERVATIONS).unlink()
    assert folder.state() == "partial"


def test_observations_of_an_unfinished_trial_are_refused(folder: TrialFolder) -> None:
    with pytest.raises(StoreError, match="must be finished"):
        folder.observations()


# -- a disk that gives less than it holds ---------------------------------------------------------


def test_epochs_come_back_from_the_checkpoint(store: TrialStore, folder: TrialFolder) -> None:
    for epoch in (1, 2):
        folder.append_metrics({"epoch": epoch, "train_loss": 1 / epoch})
    folder.write_checkpoint({"w": torch.ones(1)}, {"epoch": 2})
    whole = (folder.path / "metrics.jsonl").read_bytes()
    for damaged in (b"", whole[:-3], whole.replace(b"0.5", b"0.7")):
        (folder.path / "metrics.jsonl").write_bytes(damaged)
        again = store.folder(folder.trial)
        assert again.read_checkpoint() is not None
        assert again.truncate_metrics(2) == 2
        assert (folder.path / "metrics.jsonl").read_bytes() == whole


@pytest.mark.parametrize("name", ["manifest.json", "results.json", "trial.json"])
@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.ESTALE])
def test_what_the_disk_does_not_give_now_is_not_taken_as_unfinished(
    folder: TrialFolder, finish: Finish, name: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(folder)
    original = os.open

    def failing(path: Any, *arguments: Any, **options: Any) -> int:
        if str(path).endswith(name):
            raise OSError(code, os.strerror(code))
        return original(path, *arguments, **options)

    monkeypatch.setattr(os, "open", failing)
    told = rf"{name} must be a readable file, got: {os.strerror(code)}\. See to its disk"
    with pytest.raises(StoreError, match=told):
        folder.state()
    monkeypatch.undo()
    assert folder.state() == "done"


def test_a_checkpoint_that_the_disk_does_not_give_now_is_not_lost(
    folder: TrialFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write_checkpoint({"w": torch.ones(1)}, {"epoch": 0})

    def failing(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "open", failing)
    with pytest.raises(StoreError, match="got: Input/output error"):
        folder.read_checkpoint()


def test_answers_are_the_predictions_without_pytorch(folder: TrialFolder, finish: Finish) -> None:
    finish(folder)
    answers, predictions = folder.answers(), folder.predictions()
    assert answers.keys() == predictions.keys()
    assert all((answers[name] == predictions[name].numpy()).all() for name in answers)
    path = folder.path / "predictions.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(StoreError, match="must be the file that training wrote, got a damaged one"):
        folder.answers()
