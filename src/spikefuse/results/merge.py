"""Results folders of several machines in one: nothing is overwritten, every conflict is named."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from spikefuse.core.errors import StoreError
from spikefuse.results import manifest
from spikefuse.results.atomic import (
    is_file,
    is_folder,
    make_folder,
    read_file,
    sync_folder,
    write_file,
)
from spikefuse.results.checkpoints import CHECKPOINT
from spikefuse.results.evaluations import EVALUATIONS, evaluation_files, evaluation_problem
from spikefuse.results.folder import TrialFolder
from spikefuse.results.marks import FINAL_STATES
from spikefuse.results.store import TrialStore

_WHERE = "merge"
_DECISIVE = (manifest.WEIGHTS, manifest.PREDICTIONS)
"""Files that are equal where a trial is: the others say how long it took, and where."""

_OF_THE_CLOCK = "seconds"
"""The entry of a trial's results that a clock decides."""


@dataclass(frozen=True)
class Merged:
    """What became of the trials of some results folders.

    Args:
        copied: Finished trials that the target did not have.
        begun: Unfinished ones, brought with their checkpoint.
        known: Trials that it had already, equal.
        evaluations: Measurements under noise added to trials that it had.
        conflicts: Why two folders cannot be one, a line each. With any, nothing was written.
    """

    copied: int = 0
    begun: int = 0
    known: int = 0
    evaluations: int = 0
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Found:
    """A trial in one of the folders."""

    folder: TrialFolder
    state: str

    @property
    def is_finished(self) -> bool:
        return self.state in FINAL_STATES


def merge(sources: Sequence[TrialStore], target: TrialStore) -> Merged:
    """Bring all trials of the sources into the target.

    Of trials that several folders hold, a finished one goes before one that was begun, and of two
    that were begun the one with more epochs. A trial has one result: the same name with other
    weights or predictions is a conflict, as on processors that sum in another order.

    Args:
        sources: Results folders, read only.
        target: Where everything goes; may hold trials already.

    Raises:
        StoreError: A folder cannot be read, or the target cannot be written.
    """
    trials: dict[str, list[_Found]] = {}
    conflicts: list[str] = []
    for store in (target, *sources):
        for name in store:
            folder = store.folder(name)
            found = _Found(folder, folder.state())
            conflicts += _damages(found)
            trials.setdefault(name, []).append(found)
    for found_trials in trials.values():
        conflicts += _conflicts(found_trials)
    if conflicts:
        return Merged(conflicts=tuple(conflicts))
    counts = dict.fromkeys(("copied", "begun", "known", "evaluations"), 0)
    for name, found_trials in trials.items():
        _bring(found_trials, target.trials / name, counts)
    return Merged(counts["copied"], counts["begun"], counts["known"], counts["evaluations"])


def _damages(found: _Found) -> Iterator[str]:
    path = found.folder.path
    was_finished = is_file(path / manifest.MANIFEST, _WHERE)
    for problem in manifest.problems(path, thorough=True) if was_finished else ():
        yield f"{path}: {problem}"
    begun = None if was_finished else found.folder.checkpoint_problem()
    if begun is not None:
        yield f"{path / CHECKPOINT} {begun}"
    for file in evaluation_files(path):
        damage = evaluation_problem(file)
        if damage is not None:
            yield f"{file} {damage}"


def _conflicts(found: Sequence[_Found]) -> Iterator[str]:
    """Where folders of one trial say different things."""
    finished = [each.folder.path for each in found if each.is_finished]
    for other in finished[1:]:
        for name in _DECISIVE:
            first = manifest.expected_hash(finished[0], name)
            if first != manifest.expected_hash(other, name):
                yield f"{finished[0]} and {other} are one trial with two results ({name} differs)"
                break
        else:
            if _differ(_numbers(finished[0]), _numbers(other)):
                told = f"({manifest.RESULTS} differs)"
                yield f"{finished[0]} and {other} are one trial with two results {told}"
    measured: dict[str, Path] = {}
    for each in found:
        for file in evaluation_files(each.folder.path):
            known = measured.setdefault(file.name, file)
            if known != file and _payload(known) != _payload(file):
                yield f"{known} and {file} are one evaluation with two results"


def _numbers(path: Path) -> dict[str, object]:
    results = TrialFolder(path).record().results
    return {name: value for name, value in results.items() if name != _OF_THE_CLOCK}


def _differ(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether two say different things: an entry that an earlier version lacks says nothing."""
    for name in one.keys() & other.keys():
        a, b = one[name], other[name]
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            if _differ(a, b):
                return True
        elif a != b:
            return True
    return False


def _payload(file: Path) -> object:
    folder = TrialFolder(file.parent.parent)
    evaluations = folder.record().evaluations
    return evaluations.get(file.stem)


def _bring(found: Sequence[_Found], path: Path, counts: dict[str, int]) -> None:
    """Copy the best of a trial's folders to its place, and evaluations that are missing there."""
    here = next((each for each in found if each.folder.path == path), None)
    best = max(found, key=lambda each: (each.is_finished, len(each.folder.metrics())))
    is_better = here is None or (best.is_finished and not here.is_finished)
    if here is not None and not best.is_finished:
        is_better = len(best.folder.metrics()) > len(here.folder.metrics())
    if is_better:
        counts["copied" if best.is_finished else "begun"] += 1
        _copy(best, path)
    else:
        counts["known"] += 1
    there = {file.name for file in evaluation_files(path)}
    for each in found:
        for file in evaluation_files(each.folder.path):
            if file.name not in there:
                there.add(file.name)
                make_folder(path / EVALUATIONS, _WHERE)
                write_file(path / EVALUATIONS / file.name, read_file(file, _WHERE), _WHERE)
                counts["evaluations"] += not is_better


def _copy(found: _Found, path: Path) -> None:
    """All files of a trial, last the manifest that makes them count."""
    source = found.folder.path
    names = [*manifest.REQUIRED, *manifest.OPTIONAL, manifest.CARD]
    # The checkpoint before its epochs: by these the next call sees whether all of it is there.
    names = names if found.is_finished else [manifest.TRIAL, CHECKPOINT, manifest.METRICS]
    make_folder(path, _WHERE)
    for name in names:
        if is_file(source / name, _WHERE):
            most = manifest.most_bytes(source / name)
            write_file(path / name, read_file(source / name, _WHERE, most), _WHERE)
    if found.is_finished:
        sync_folder(path)
        content = read_file(source / manifest.MANIFEST, _WHERE)
        write_file(path / manifest.MANIFEST, content, _WHERE)
        with suppress(OSError):
            (path / CHECKPOINT).unlink()
    sync_folder(path)


def require_results(folder: Path) -> TrialStore:
    """A folder's trials, to be read only.

    Raises:
        StoreError: It is no results folder.
    """
    store = TrialStore(folder, read_only=True)
    if not is_folder(store.trials, _WHERE):
        raise StoreError(
            f"{_WHERE}: {folder} must be a results folder, got one without trials. "
            "Name the folder that a run wrote to."
        )
    return store
