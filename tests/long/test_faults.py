"""Every write and every read of the store fails once: nothing is lost, nothing succeeds in silence.

A write that fails ends in one true sentence, leaves what was stored whole, and the same work done
again ends with the same bytes. A read that gives too little or something else is refused, or told
in the log, or it gives the right answer.
"""

import errno
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from faults import DAMAGES, ERRORS, READS, REASONS, WRITES, Damage, Disk, content
from long import IS_LONG
from rows import ACCURACY, CELL

from spikefuse.core.errors import SpikefuseError, StoreError
from spikefuse.core.untrusted import read_regular
from spikefuse.results import TrialStore, definition_hash, read_tidy, write_index, write_tidy
from spikefuse.results.index import index_rows
from spikefuse.results.journal import Journal, Planned
from spikefuse.results.merge import merge
from spikefuse.results.status import read_status

DEFINITION = {"seed": 1, "epochs": 3}
BEGUN = {"seed": 2, "epochs": 3}
NOISE = {"noise_std": 0.5}
TENSORS = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2)}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikefuse.results.final._FINISH_ATTEMPTS", 2)
    monkeypatch.setattr("spikefuse.results.final.time.sleep", lambda _: None)


# -- work ------------------------------------------------------------------------------------------


def train(root: Path, reached: list[int], definition: dict[str, int], until: int = 3) -> None:
    """What training does to the store: goes on at the checkpoint, epoch by epoch, to the end."""
    folder = TrialStore(root).open(definition)
    if folder.state() not in ("done", "diverged"):
        checkpoint = folder.read_checkpoint()
        begun = 0 if checkpoint is None else checkpoint[1]["epoch"]
        assert folder.truncate_metrics(begun) == begun
        for epoch in range(begun + 1, until + 1):
            folder.append_metrics({"epoch": epoch, "train_loss": 1 / epoch})
            folder.write_checkpoint(TENSORS, {"epoch": epoch})
            reached.append(epoch)
        if until < definition["epochs"]:
            return
        folder.finish({"status": "done", "seconds": 2.5}, TENSORS, TENSORS, {"version": "1"})
    reached.append(100)
    folder.write_evaluation(NOISE, {"accuracy": [0.5]})


def training(root: Path, reached: list[int]) -> None:
    train(root, reached, DEFINITION)


def rows(seeds: int) -> list[dict[str, Any]]:
    cell = CELL | ACCURACY | {"study": "reset", "trial": "0" * 16}
    return [cell | {"seed": seed} for seed in range(seeds)]


def tables(root: Path, reached: list[int]) -> None:
    """Tables beside trials; those of before are there."""
    write_tidy(rows(2), root / "results.csv")
    write_index(TrialStore(root))


def merging(root: Path, reached: list[int]) -> None:
    sources = [TrialStore(root.parent / "sources" / name, read_only=True) for name in ("a", "b")]
    merged = merge(sources, TrialStore(root))
    assert merged.conflicts == ()


@dataclass(frozen=True)
class Work:
    """Something that writes, and what lies in its folder beforehand."""

    do: Callable[[Path, list[int]], None]
    prepare: Callable[[Path], None] = field(default=lambda root: root.mkdir())


def with_tables(root: Path) -> None:
    train(root, [], DEFINITION)
    write_tidy(rows(1), root / "results.csv")


def with_sources(root: Path) -> None:
    for name, definition in (("a", DEFINITION), ("b", BEGUN)):
        if not (root.parent / "sources" / name).exists():
            train(root.parent / "sources" / name, [], definition, 3 if name == "a" else 2)
    train(root, [], BEGUN, 1)


WORKS = {
    "training": Work(training),
    "tables": Work(tables, with_tables),
    "merging": Work(merging, with_sources),
}


def epochs_kept(root: Path) -> int:
    """How far the trial of `training` can be taken up."""
    store = TrialStore(root, read_only=True)
    name = definition_hash(DEFINITION)
    state = store.state(name) if store.trials.is_dir() else "missing"
    if state in ("missing", "done"):
        return 100 if state == "done" else 0
    checkpoint = store.folder(name).read_checkpoint()
    return 0 if checkpoint is None else int(checkpoint[1]["epoch"])


@pytest.mark.parametrize("name", WORKS)
def test_every_write_fails_once(name: str, tmp_path: Path) -> None:
    work = WORKS[name]
    work.prepare(tmp_path / "before")
    shutil.copytree(tmp_path / "before", tmp_path / "whole")
    with Disk(tmp_path / "whole", WRITES).installed() as disk:
        work.do(tmp_path / "whole", [])
    expected, old = content(tmp_path / "whole"), content(tmp_path / "before")
    calls = disk.calls
    tried = refused = 0
    for at, call in enumerate(calls):
        for code in ERRORS if IS_LONG else (ERRORS[at % len(ERRORS)],):
            told = f"call {at} ({call}) of {name} with {os.strerror(code)}"
            root = tmp_path / f"{at}-{code}"
            shutil.copytree(tmp_path / "before", root)
            reached: list[int] = []
            tried += 1
            try:
                with Disk(root, WRITES, at, code).installed():
                    work.do(root, reached)
            except SpikefuseError as error:
                refused += 1
                message = str(error)
                assert REASONS[code] in message, told
                assert "\n" not in message, told
            else:
                # A leftover that no longer counts may stay; what counts is all there.
                assert expected.items() <= content(root).items(), f"{told}: a silent success"
            found = content(root)
            for path, held in old.items():
                assert found.get(path) in (held, expected.get(path)), f"{told}: {path} is damaged"
            assert TrialStore(root, read_only=True).verify() == [], told
            if name == "training":
                assert epochs_kept(root) >= max(reached, default=0), f"{told}: epochs are lost"
            work.do(root, [])
            assert expected.items() <= content(root).items(), f"{told}: not the same in the end"
            shutil.rmtree(root)
    print(f"{name}: {len(calls)} calls, {tried} faults, {refused} refused in one sentence")
    assert refused > len(calls) / 2


# -- reading ---------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


DONE, PARTIAL = definition_hash(DEFINITION), definition_hash(BEGUN)


def of(trial: str, method: str, *arguments: object) -> Callable[[TrialStore], object]:
    return lambda store: getattr(store.folder(trial), method)(*arguments)


def resumed(store: TrialStore) -> object:
    """What training goes on with: the checkpoint and the epochs before it."""
    folder = TrialStore(store.root).folder(PARTIAL)
    checkpoint = folder.read_checkpoint()
    epochs = 0 if checkpoint is None else checkpoint[1]["epoch"]
    folder.truncate_metrics(epochs)
    folder.append_metrics({"epoch": epochs + 1, "train_loss": 0.5})
    written = (folder.path / "metrics.jsonl").read_bytes()
    folder.truncate_metrics(epochs)
    return checkpoint, written


def told_status(store: TrialStore) -> object:
    found = read_status(store.root)
    return found.counts, found.failures, found.left, found.damaged


READERS: dict[str, Callable[[TrialStore], object]] = {
    "names": lambda store: list(store),
    "state": lambda store: store.state(DONE),
    "record": lambda store: vars(store.read(DONE)),
    "final record": lambda store: vars(store.read_final(DONE, 0.0)),
    "finished": lambda store: store.read_if_finished(DONE) is not None,
    "weights": of(DONE, "weights"),
    "predictions": of(DONE, "predictions"),
    "evaluation": of(DONE, "evaluation", NOISE),
    "state of a begun one": lambda store: store.state(PARTIAL),
    "what is gone on with": resumed,
    "verify": lambda store: store.verify(),
    "index": index_rows,
    "presence": lambda store: TrialStore(store.root, read_only=True).trials.name,
}
UNSEALED: dict[str, Callable[[TrialStore], object]] = {
    "table": lambda store: read_tidy(store.root / "results.csv"),
    "status": told_status,
}
"""What nobody can vouch for: people edit tables, and `verify` compares them with the trials; the
epochs of a begun network are sealed in its checkpoint, and status only counts their lines."""


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stored") / "run"
    train(root, [], DEFINITION)
    train(root, [], BEGUN, 2)
    write_tidy(rows(2), root / "results.csv")
    journal = Journal(root)
    conditions = (definition_hash(NOISE),)
    journal.plan([Planned(DONE, "one", 10.0, conditions), Planned(PARTIAL, "two", 10.0)])
    journal.failed(PARTIAL, "no memory")
    return root


@pytest.fixture
def log() -> Any:
    """What the library says meanwhile."""
    records: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("spikefuse").addHandler(handler)
    yield records
    logging.getLogger("spikefuse").removeHandler(handler)


@pytest.mark.parametrize("name", [*READERS, *UNSEALED])
def test_every_read_fails_once(name: str, stored: Path, tmp_path: Path, log: list[str]) -> None:
    root = tmp_path / "run"
    shutil.copytree(stored, root)
    read = (READERS | UNSEALED)[name]
    store = TrialStore(root, read_only=True)
    before = content(root)
    truth = plain(read(store))
    tried = refused = told = 0
    faults: list[int | Damage] = [errno.EIO, errno.EACCES]
    for fault in [*faults, *(() if name in UNSEALED else DAMAGES)]:
        at = 0
        while True:
            if name == "what is gone on with":  # it writes what it goes on with
                shutil.rmtree(root)
                shutil.copytree(stored, root)
            log.clear()
            what = f"call {at} of {name}, {fault if isinstance(fault, int) else fault.name}"
            disk = Disk(root, READS, at, fault)
            try:
                with disk.installed():
                    answer = plain(read(store))
            except StoreError as error:
                message = str(error)
                assert message.strip(), what
                assert "\n" not in message, what
                refused += 1
            else:
                if len(disk.calls) <= at:
                    break
                is_told = bool(log) or (name == "verify" and answer != [])
                is_told |= name == "status" and answer[3] != []
                assert answer == truth or is_told, f"{what}: {disk.calls[at]} in silence"
                # What a disk does not give now it may give later: nothing may be taken as lost.
                by_error = isinstance(fault, int) and name not in ("verify", "status")
                assert answer == truth or not by_error, f"{what}: {disk.calls[at]} taken as lost"
                told += answer != truth
            tried += 1
            assert name == "what is gone on with" or content(root) == before, f"{what}: it wrote"
            at += 1
    print(f"{name}: {tried} faults, {refused} refused, {told} told, the others made no difference")
    assert tried > 0


def test_a_damage_reaches_the_reader(tmp_path: Path) -> None:
    """Not an error of the pretended disk in its place, which every reader refuses."""
    path = tmp_path / "file"
    path.write_bytes(b"0123456789" * 4)
    for damage in DAMAGES:
        with Disk(tmp_path, READS, 0, damage).installed():
            assert read_regular(path, 100) == damage.change(path.read_bytes()) != path.read_bytes()
