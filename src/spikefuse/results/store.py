"""A results folder: `root/trials/<hash>/`, one folder a trial."""

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spikefuse.core.checks import require
from spikefuse.core.errors import StoreError
from spikefuse.results import manifest
from spikefuse.results.atomic import (
    VERIFY,
    UnreadableError,
    is_file,
    is_folder,
    list_folder,
    make_folder,
    refusal,
)
from spikefuse.results.documents import definition_hash
from spikefuse.results.folder import TrialFolder
from spikefuse.results.inspect import NAME, inspected
from spikefuse.results.marks import FINAL_STATES, States
from spikefuse.results.outputs import require_folder
from spikefuse.results.record import TrialRecord

_WHERE = "results"
_PATIENCE_S, _LOOK_S = 5.0, 0.1


class TrialStore:
    """The trials under one root.

    Args:
        root: The results folder; created unless it exists.
        read_only: Read someone's results: the folder must exist and is never written.
        is_planned: Look at what is there, if anything is; the first trial creates the folder.

    Raises:
        InputError: It would lie within another one, or over files of somebody's own.
        StoreError: The folder cannot be created or written (or, with `read_only`, is missing).
    """

    def __init__(self, root: Path, *, read_only: bool = False, is_planned: bool = False) -> None:
        self.root = Path(root)
        self.trials = self.root / "trials"
        self._states = States()
        if read_only:
            if not is_folder(self.root, _WHERE):
                raise StoreError(
                    f"{_WHERE}: {self.root} must be an existing results folder, got none. "
                    "Run a study with this folder first."
                )
            return
        require_folder(self.root, "spikefuse", "out")
        if not is_planned:
            make_folder(self.trials, _WHERE)
            _probe(self.trials)

    def state(self, trial: str) -> str:
        """One of "missing", "partial", "done" and "diverged"; see `TrialFolder.state`.

        Raises:
            StoreError: The folder is not the trial's own, of a newer format, or cannot be read.
        """
        return self._folder(trial).state()

    def open(self, definition: Mapping[str, Any]) -> TrialFolder:
        """The folder of the trial with this definition, created unless it exists.

        Raises:
            InputError: The definition holds something that JSON has no word for.
            StoreError: The folder holds another definition, or cannot be written.
        """
        folder = self._folder(definition_hash(definition))
        make_folder(folder.path, _WHERE)
        folder.begin(definition)
        return folder

    def folder(self, trial: str) -> TrialFolder:
        """The folder of a stored trial.

        Raises:
            StoreError: There is none with this name.
        """
        folder = self._folder(trial)
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
                state = "missing"
                if is_file(self._path(trial) / manifest.TRIAL, _WHERE):
                    record = self.read(trial)
                    state = record.state
                    if state in FINAL_STATES:
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
        path = self._path(trial)
        if not is_file(path / manifest.TRIAL, _WHERE):
            return None
        if is_file(path / manifest.MANIFEST, _WHERE):
            return self.read_final(trial)
        self.folder(trial).definition()  # who keeps another trial under this name must learn of it
        return None

    def __iter__(self) -> Iterator[str]:
        """Names of the stored trials, finished or not, in alphabetical order."""
        for path in list_folder(self.trials, _WHERE):
            if NAME.fullmatch(path.name) and is_file(path / manifest.TRIAL, _WHERE):
                yield path.name

    def verify(self) -> list[str]:
        """Every problem found by reading and hashing everything, one line each.

        An unfinished trial is no problem; one that says it is finished and does not fit its
        manifest is, and so is whatever is not the trial's that its folder is named by.
        """
        found = inspected(self.trials)
        return [f"{each.name}: {problem}" for each in found for problem in each.problems]

    def _folder(self, trial: str) -> TrialFolder:
        return TrialFolder(self._path(trial), self._states)

    def _path(self, trial: str) -> Path:
        require(
            NAME.fullmatch(trial) is not None,
            _WHERE,
            "trial",
            "16 hexadecimal digits",
            trial,
        )
        return self.trials / trial


def _probe(folder: Path) -> None:
    """Find out now, not after the first epoch, that nothing can be written here."""
    probe = folder / f".probe-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise refusal(_WHERE, probe, error) from error
