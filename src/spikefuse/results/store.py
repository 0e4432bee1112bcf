"""A results folder: `root/trials/<hash>/`, one folder a trial."""

import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spikefuse.core.checks import require
from spikefuse.core.errors import StoreError
from spikefuse.results import evaluations, manifest
from spikefuse.results.atomic import (
    VERIFY,
    UnreadableError,
    is_file,
    is_folder,
    list_folder,
    make_folder,
    refusal,
)
from spikefuse.results.checkpoints import CHECKPOINT
from spikefuse.results.documents import definition_hash
from spikefuse.results.folder import FINAL_STATES, TrialFolder
from spikefuse.results.record import TrialRecord

_WHERE = "results"
_PATIENCE_S, _LOOK_S = 5.0, 0.1
_NAME = re.compile(r"[0-9a-f]{16}")


class TrialStore:
    """The trials under one root.

    Args:
        root: The results folder; created unless it exists.
        read_only: Read someone's results: the folder must exist and is never written.

    Raises:
        StoreError: The folder cannot be created or written (or, with `read_only`, is missing).
    """

    def __init__(self, root: Path, *, read_only: bool = False) -> None:
        self.root = Path(root)
        self.trials = self.root / "trials"
        if read_only:
            if not is_folder(self.root, _WHERE):
                raise StoreError(
                    f"{_WHERE}: {self.root} must be an existing results folder, got none. "
                    "Run a study with this folder first."
                )
            return
        make_folder(self.trials, _WHERE)
        _probe(self.trials)

    def state(self, trial: str) -> str:
        """One of "missing", "partial", "done" and "diverged"; see `TrialFolder.state`.

        Raises:
            StoreError: The folder is not the trial's own, of a newer format, or cannot be read.
        """
        return TrialFolder(self._path(trial)).state()

    def open(self, definition: Mapping[str, Any]) -> TrialFolder:
        """The folder of the trial with this definition, created unless it exists.

        Raises:
            InputError: The definition holds something that JSON has no word for.
            StoreError: The folder holds another definition, or cannot be written.
        """
        folder = TrialFolder(self._path(definition_hash(definition)))
        make_folder(folder.path, _WHERE)
        folder.begin(definition)
        return folder

    def folder(self, trial: str) -> TrialFolder:
        """The folder of a stored trial.

        Raises:
            StoreError: There is none with this name.
        """
        folder = TrialFolder(self._path(trial))
        if not is_file(folder.path / manifest.TRIAL, _WHERE):
            raise StoreError(
                f"{_WHERE}: trial must be one that is stored in {self.root}, got {trial!r}. "
                "Run its study with this folder first."
            )
        return folder

    def read(self, trial: str) -> TrialRecord:
        """What is stored of a trial, finished or not.

        Raises:
            StoreError: It is missing or damaged.
        """
        return self.folder(trial).record()

    def read_final(self, trial: str, patience_s: float | None = None) -> TrialRecord:
        """What is stored of a trial that was just finished, here or by a process beside this one.

        While two processes finish the same trial their files are mixed for a moment, and a network
        disk shows late what another machine wrote: so it is looked at again for a while.

        Raises:
            StoreError: It is not finished, and why.
        """
        patience_s = _PATIENCE_S if patience_s is None else patience_s
        until = time.monotonic() + patience_s
        while True:
            try:
                state = self.state(trial)
                record = self.read(trial) if state in FINAL_STATES else None
                if record is not None and record.state in FINAL_STATES:
                    return record
            except UnreadableError:  # what the disk does not give now, it may give in a moment
                if time.monotonic() >= until:
                    raise
                time.sleep(_LOOK_S)
                continue
            if time.monotonic() >= until:
                break
            time.sleep(_LOOK_S)
        path = self._path(trial)
        found = manifest.problems(path, thorough=False) if state != "missing" else []
        raise StoreError(
            f"{_WHERE}: {path} must be a finished trial, got one that is {state}"
            f"{f' ({found[0]})' if found else ''}. Run the same command again; {VERIFY} names "
            "everything that is wrong."
        )

    def read_if_finished(self, trial: str) -> TrialRecord | None:
        """What is stored of a finished trial; None of one that is missing or was never finished.

        Raises:
            StoreError: It was finished and is damaged, or cannot be read.
        """
        if self.state(trial) == "missing":
            return None
        was_finished = is_file(self._path(trial) / manifest.MANIFEST, _WHERE)
        return self.read_final(trial) if was_finished else None

    def __iter__(self) -> Iterator[str]:
        """Names of the stored trials, finished or not, in alphabetical order."""
        for path in list_folder(self.trials, _WHERE):
            if _NAME.fullmatch(path.name) and is_file(path / manifest.TRIAL, _WHERE):
                yield path.name

    def verify(self) -> list[str]:
        """Every problem found by reading and hashing everything, one line each.

        An unfinished trial is no problem; one that says it is finished and does not fit its
        manifest is, and so is whatever is not the trial's that its folder is named by.
        """
        problems: list[str] = []
        for path in list_folder(self.trials, _WHERE):
            try:
                found = list(_problems(path))
            except StoreError as error:
                found = [str(error)]
            problems += [f"{path.name}: {problem}" for problem in found]
        return problems

    def _path(self, trial: str) -> Path:
        require(
            _NAME.fullmatch(trial) is not None,
            _WHERE,
            "trial",
            "16 hexadecimal digits",
            trial,
        )
        return self.trials / trial


def _problems(path: Path) -> Iterator[str]:
    """What is wrong with what lies at a place of the folder of trials.

    Raises:
        StoreError: It cannot be looked at.
    """
    if not is_file(path / manifest.TRIAL, _WHERE):
        # A training that was killed in its first moment leaves an empty folder, which is no harm.
        if is_file(path / manifest.MANIFEST, _WHERE):
            yield f"{manifest.TRIAL} is missing"
        return
    if not _NAME.fullmatch(path.name):
        yield "is a trial's folder under a name that is none; nothing reads it"
        return
    folder = TrialFolder(path)
    is_finished = is_file(path / manifest.MANIFEST, _WHERE)
    found = manifest.problems(path, thorough=True) if is_finished else []
    yield from found
    try:
        folder.definition()
    except StoreError as error:
        yield str(error)
    else:
        if is_finished and not found and folder.state() not in FINAL_STATES:
            yield f"{manifest.RESULTS} has no final status"
    problem = folder.checkpoint_problem()
    if problem is not None:
        yield f"{CHECKPOINT} {problem}"
    for file in evaluations.evaluation_files(path):
        problem = evaluations.evaluation_problem(file)
        if problem is not None:
            yield f"{evaluations.EVALUATIONS}/{file.name} {problem}"


def _probe(folder: Path) -> None:
    """Find out now, not after the first epoch, that nothing can be written here."""
    probe = folder / f".probe-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise refusal(_WHERE, probe, error) from error
