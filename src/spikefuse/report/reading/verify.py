"""Whether a results folder fits together: every byte of its trials, and its tables beside them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from spikefuse.analysis.asked import FILE
from spikefuse.analysis.energy import ENERGY
from spikefuse.analysis.folder import DATA_FILE, READINGS_RUN
from spikefuse.core.errors import InputError, StoreError
from spikefuse.report.reading.record import RESULTS, RUN
from spikefuse.report.reading.sources import CLAIMS
from spikefuse.results import TrialStore, read_tidy
from spikefuse.results.atomic import is_file, is_folder, read_file
from spikefuse.results.documents import parse_json
from spikefuse.results.inspect import Inspected, inspected

READINGS = "readings.csv"
_METRICS = {"accuracy": "best", "accuracy_last": "last"}
_MOST_LINES = 20
"""Rows of a table that are named one by one."""


def verify_run(root: Path) -> tuple[int, list[str]]:
    """The number of trials in a results folder, and every problem found in it, one line each.

    Raises:
        InputError: It is no results folder.
        StoreError: It may not be entered.
    """
    store = TrialStore(root, read_only=True)
    tables = [name for name in (RESULTS, READINGS) if is_file(root / name, "verify")]
    if not tables and not is_folder(store.trials, "verify"):
        raise InputError(
            f"verify: RUN must be a results folder, got {str(root)!r} with neither {RESULTS} nor "
            "trials. Name the folder that a run wrote its results to."
        )
    problems: list[str] = []
    known: dict[str, _Known] = {}
    trials = 0
    for each in inspected(store.trials):
        problems += [f"{each.name}: {problem}" for problem in each.problems]
        trials += each.is_trial
        if each.results:
            known[each.name] = _known(each)
    problems += _no_files(root)
    if is_file(root / ENERGY, "verify"):
        found = list(_energy_problems(root / ENERGY, store))
        problems += [f"{ENERGY}: {problem}" for problem in found[:_MOST_LINES]]
    for name in tables:
        found = list(_table_problems(root / name, known))
        problems += [f"{name}: {problem}" for problem in found[:_MOST_LINES]]
        if len(found) > _MOST_LINES:
            problems.append(f"{name}: and {len(found) - _MOST_LINES} more rows like these")
    for name in (RUN, CLAIMS, FILE, DATA_FILE, READINGS_RUN):
        if is_file(root / name, "verify"):
            try:
                parse_json(read_file(root / name, "verify"), root / name, "verify")
            except StoreError as error:
                problems.append(f"{name}: {error}")
    return trials, problems


def _no_files(root: Path) -> Iterator[str]:
    """What stands in the place of a file and is none: whoever reads the folder passes it over."""
    for name in (RESULTS, READINGS, ENERGY, RUN, CLAIMS, FILE, DATA_FILE, READINGS_RUN):
        if os.path.lexists(root / name) and not is_file(root / name, "verify"):
            yield f"{name} is no regular file (a device, pipe, folder or broken link)"


@dataclass(frozen=True)
class _Known:
    """What rows of a table may say of a finished trial.

    Attributes:
        accuracy: By split and choice of the epoch.
        noisy: The same under noise: its levels, and the mean over draws by split.
    """

    accuracy: Mapping[str, Any]
    noisy: Sequence[tuple[object, object, Mapping[str, float]]]


def _known(found: Inspected) -> _Known:
    # Records of a hundred thousand trials would not fit into memory.
    accuracy = found.results.get("accuracy", {})
    noisy = []
    for evaluation in found.evaluations:
        with suppress(KeyError, TypeError, ValueError, AttributeError):  # of another kind
            condition = evaluation["condition"]
            means = {split: fmean(draws) for split, draws in evaluation["accuracy"].items()}
            noisy.append((condition["noise_std"], condition["noise_position"], means))
    return _Known(accuracy if isinstance(accuracy, dict) else {}, noisy)


def _table_problems(path: Path, known: Mapping[str, _Known]) -> Iterator[str]:
    """Rows without a finished trial, and rows with another number than their trial has."""
    try:
        rows = read_tidy(path)
    except StoreError as error:
        yield str(error)
        return
    for number, row in enumerate(rows, start=2):
        names = str(row["trial"]).split("+")
        lost = [name for name in names if name not in known]
        if lost:
            yield f"row {number} is of trial {lost[0]}, which is not stored"
        elif len(names) == 1 and row["metric"] in _METRICS:
            stored = list(_stored_values(row, known[names[0]]))
            if row["value"] not in stored:
                told = stored[0] if stored else "none"
                yield f"row {number} has {row['value']}, its trial {names[0]} has {told}"


def _energy_problems(path: Path, store: TrialStore) -> Iterator[str]:
    """Rows of operations and energies that are not what their trial's counts give."""
    from spikefuse.analysis.energy_rows import numbers_in

    try:
        rows = read_tidy(path)
    except StoreError as error:
        yield str(error)
        return
    by_trial: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for number, row in enumerate(rows, start=2):
        by_trial.setdefault(str(row["trial"]), []).append((number, row))
    for name, own in by_trial.items():
        try:
            told = numbers_in(store, name)
        except StoreError:
            yield f"row {own[0][0]} is of trial {name}, whose counts are not stored"
            continue
        for number, one in own:
            key = (one["metric"], *(one.get(field, "") for field in ("layer", "branch", "model")))
            stored = told.get(key)
            if one["value"] != stored:
                shown = "none" if stored is None else stored
                yield f"row {number} has {one['value']}, its trial {name} has {shown}"


def _stored_values(row: Mapping[str, Any], known: _Known) -> Iterator[float]:
    """The numbers of a trial that a row of the table may have."""
    split = row["split"]
    if not row["noise_std"]:
        key = f"{split}_{_METRICS[row['metric']]}"
        if key in known.accuracy:
            yield known.accuracy[key]
        return
    for std, position, means in known.noisy:
        if (std, position) == (row["noise_std"], row["noise_position"]) and split in means:
            yield means[split]
