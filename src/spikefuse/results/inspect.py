"""Everything that a folder of trials holds, read and hashed once, and what is wrong with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spikefuse.core.errors import StoreError
from spikefuse.results import evaluations, manifest
from spikefuse.results.atomic import is_file, list_folder
from spikefuse.results.checkpoints import CHECKPOINT, checkpoint_problem
from spikefuse.results.marks import FINAL_STATES
from spikefuse.results.sound import nonsense_in
from spikefuse.results.view import View, view_of

NAME = re.compile(r"[0-9a-f]{16}")
"""Of a trial's folder."""

_WHERE = "results"


@dataclass
class Inspected:
    """What lies at one place of the folder of trials.

    Attributes:
        name: Of the place.
        is_trial: Whether it has a definition and a trial's name.
        problems: What is wrong, one line each.
        results: Of a finished trial whose small files are sound; else empty.
        evaluations: Its sound evaluations, each with its condition.
    """

    name: str
    is_trial: bool = False
    problems: list[str] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    evaluations: list[dict[str, Any]] = field(default_factory=list)


def inspected(trials: Path) -> Iterator[Inspected]:
    """Read and hash everything in a folder of trials, one after another.

    An unfinished trial is no problem; one that says it is finished and does not fit its manifest
    is, and so is whatever is not the trial's that its folder is named by.

    Raises:
        StoreError: The folder may not be entered.
    """
    for path in list_folder(trials, _WHERE):
        found = Inspected(path.name)
        try:
            _inspect(path, found)
        except StoreError as error:
            found.problems = [str(error)]
        yield found


def _inspect(path: Path, found: Inspected) -> None:
    """Raises StoreError where it cannot be looked at."""
    if not is_file(path / manifest.TRIAL, _WHERE):
        # A training that was killed in its first moment leaves an empty folder, which is no harm.
        if is_file(path / manifest.MANIFEST, _WHERE):
            found.problems.append(f"{manifest.TRIAL} is missing")
        return
    if not NAME.fullmatch(path.name):
        found.problems.append("is a trial's folder under a name that is none; nothing reads it")
        return
    found.is_trial = True
    is_finished = is_file(path / manifest.MANIFEST, _WHERE)
    tensors = manifest.look(path, manifest.LARGE).problems if is_finished else []
    try:
        view = view_of(path)
    except StoreError as error:
        view = View("", {}, tuple(manifest.problems(path, thorough=False)) if is_finished else ())
        tensors.append(str(error))
    found.problems += dict.fromkeys([*view.problems, *tensors])
    if is_finished and not found.problems and view.state not in FINAL_STATES:
        found.problems.append(f"{manifest.RESULTS} has no final status")
    nonsense = nonsense_in(view.results)
    if nonsense is not None:
        found.problems.append(f"{manifest.RESULTS}: {nonsense}")
    found.results = view.results
    problem = checkpoint_problem(path / CHECKPOINT, path.name)
    if problem is not None:
        found.problems.append(f"{CHECKPOINT} {problem}")
    if is_file(path / evaluations.EVALUATIONS, _WHERE):
        found.problems.append(f"{evaluations.EVALUATIONS} must be a folder, got a file")
    for file in evaluations.evaluation_files(path):
        document, problem = evaluations.read_whole(file)
        if problem is not None:
            found.problems.append(f"{evaluations.EVALUATIONS}/{file.name} {problem}")
        else:
            measured = {"condition": document["condition"], **document["payload"]}
            # What a condition is measured in is its own affair; accuracies are by split.
            by_split = isinstance(measured.get("accuracy"), dict)
            nonsense = nonsense_in(measured) if by_split else None
            if nonsense is not None:
                found.problems.append(f"{evaluations.EVALUATIONS}/{file.name}: {nonsense}")
            found.evaluations.append(measured)
