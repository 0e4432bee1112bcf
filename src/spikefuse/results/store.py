"""A results folder: `root/trials/<hash>/`, one folder a trial."""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spikefuse.core.checks import require
from spikefuse.core.errors import StoreError
from spikefuse.results import evaluations, manifest
from spikefuse.results.atomic import make_folder, refusal
from spikefuse.results.documents import definition_hash
from spikefuse.results.folder import FINAL_STATES, TrialFolder, TrialRecord

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
            if not self.root.is_dir():
                raise StoreError(
                    f"TrialStore: root must be an existing results folder, got {self.root}. "
                    "Run a study with this folder first."
                )
            return
        make_folder(self.trials, "TrialStore")
        _probe(self.trials)

    def state(self, trial: str) -> str:
        """One of "missing", "partial", "done" and "diverged"; see `TrialFolder.state`."""
        return TrialFolder(self._path(trial)).state()

    def open(self, definition: Mapping[str, Any]) -> TrialFolder:
        """The folder of the trial with this definition, created unless it exists.

        Raises:
            InputError: The definition holds something that JSON has no word for.
            StoreError: The folder holds another definition, or cannot be written.
        """
        folder = TrialFolder(self._path(definition_hash(definition)))
        make_folder(folder.path, "TrialStore.open")
        folder.begin(definition)
        return folder

    def folder(self, trial: str) -> TrialFolder:
        """The folder of a stored trial.

        Raises:
            StoreError: There is none with this name.
        """
        folder = TrialFolder(self._path(trial))
        if not (folder.path / manifest.TRIAL).is_file():
            raise StoreError(
                f"TrialStore: trial must be one that is stored in {self.root}, got {trial!r}. "
                "Run its study with this folder first."
            )
        return folder

    def read(self, trial: str) -> TrialRecord:
        """What is stored of a trial, finished or not.

        Raises:
            StoreError: It is missing or damaged.
        """
        return self.folder(trial).record()

    def __iter__(self) -> Iterator[str]:
        """Names of the stored trials, finished or not, in alphabetical order."""
        if not self.trials.is_dir():
            return
        for path in sorted(self.trials.iterdir()):
            if _NAME.fullmatch(path.name) and (path / manifest.TRIAL).is_file():
                yield path.name

    def verify(self) -> list[str]:
        """Every problem found by reading and hashing everything, one line each.

        An unfinished trial is no problem; one that says it is finished and does not fit its
        manifest is, and so is a definition that does not give its folder's name.
        """
        problems: list[str] = []
        for trial in self:
            path = self.trials / trial
            problems += [f"{trial}: {problem}" for problem in _definition_problems(path)]
            if (path / manifest.MANIFEST).is_file():
                found = manifest.problems(path, thorough=True)
                problems += [f"{trial}: {problem}" for problem in found]
                if not found and TrialFolder(path).state() not in FINAL_STATES:
                    problems.append(f"{trial}: {manifest.RESULTS} has no final status")
            for file in evaluations.evaluation_files(path):
                problem = evaluations.evaluation_problem(file)
                if problem is not None:
                    problems.append(f"{trial}: {evaluations.EVALUATIONS}/{file.name} {problem}")
        return problems

    def _path(self, trial: str) -> Path:
        require(
            _NAME.fullmatch(trial) is not None,
            "TrialStore",
            "trial",
            "16 hexadecimal digits",
            trial,
        )
        return self.trials / trial


def _definition_problems(path: Path) -> list[str]:
    try:
        named = definition_hash(TrialFolder(path).definition())
    except StoreError as error:
        return [str(error)]
    if named != path.name:
        return [f"{manifest.TRIAL} has the hash {named}, not its folder's name"]
    return []


def _probe(folder: Path) -> None:
    """Find out now, not after the first epoch, that nothing can be written here."""
    probe = folder / f".probe-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise refusal("TrialStore", probe, error) from error
