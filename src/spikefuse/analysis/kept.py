"""What a results folder's tables tell of, looked at before a run writes others in their place."""

import os
from collections.abc import Iterable
from pathlib import Path

from spikefuse.analysis.asked import FILE, NETWORK
from spikefuse.analysis.energy import ENERGY
from spikefuse.analysis.folder import (
    CLAIMS,
    MODULES,
    READINGS_ROWS,
    READINGS_RUN,
    RESULTS,
    RUN,
    SENSITIVITY_TABLE,
    record_at,
)
from spikefuse.core.errors import InputError, StoreError
from spikefuse.planning.plan import Plan
from spikefuse.results import TrialStore, read_tidy
from spikefuse.results.atomic import is_file, is_folder

_OF_TRIALS = {False: (RESULTS, ENERGY), True: (READINGS_ROWS,)}
_OF_TABLES = {False: (CLAIMS, FILE), True: (SENSITIVITY_TABLE,)}
"""What a run writes, by whether it is one of readings: rows of trials, and what rows give."""


def require_kept(plan: Plan, store: TrialStore) -> None:
    """Refuse a plan whose tables would take away what nothing stored could give again.

    Raises:
        InputError: They are of a network of somebody's own, of trials that are neither stored in
            the folder nor in the plan, or verdicts and answers without rows and trials.
    """
    root = store.root
    of_readings = any(study.readings for study in plan.studies)
    own = READINGS_RUN if of_readings else RUN
    _require_places(root, (*_OF_TRIALS[of_readings], *_OF_TABLES[of_readings], own))
    record = record_at(root)
    # Where the record is lost, what the modules left still tells whose numbers these are.
    if NETWORK in record or tells_of_own(root):
        raise InputError(
            f"spikefuse: --out must not hold the answer about another network, got {root}, "
            f"whose tables tell of {record.get(NETWORK, 'one of your own')}. Name another folder."
        )
    table = next((root / name for name in _OF_TRIALS[of_readings] if _is_there(root / name)), None)
    if table is None:
        alone = next(
            (root / name for name in _OF_TABLES[of_readings] if _is_there(root / name)), None
        )
        if alone is not None and next(iter(store), None) is None:
            raise InputError(
                f"spikefuse: --out must hold what its files were made of, got {alone} without its "
                "table and networks: it would be lost. Name another folder, or move it away."
            )
        return
    try:
        named = {row["trial"] for row in read_tidy(table)}
    except StoreError:
        return  # whoever gathers says what is wrong with it
    lost = {name for names in named for name in str(names).split("+")}
    lost -= {trial.definition.name for trial in plan.trials}
    if lost and (lost := lost - set(store)):
        raise InputError(
            f"spikefuse: --out must hold the networks that its tables tell of, got {table} with "
            f"rows of {len(lost)} that are not stored there: they would be lost. Name another "
            "folder, or move the table away."
        )


def _require_places(root: Path, names: Iterable[str]) -> None:
    """Refuse a folder, pipe or device where a file is to be written, before anything is."""
    for name in names:
        path = root / name
        if os.path.lexists(path) and not is_file(path, "results"):
            raise InputError(
                f"spikefuse: --out must have a file or nothing at {path}, got something else. "
                "Name another folder, or move it away."
            )


def tells_of_ours(root: Path) -> bool:
    """Whether a folder holds trials of ours, or anything that a run or an answer makes of them."""
    names = (*_OF_TRIALS[False], *_OF_TRIALS[True], *_OF_TABLES[False], *_OF_TABLES[True])
    if any(_is_there(root / name) for name in names):
        return True
    return root.is_dir() and next(iter(TrialStore(root, read_only=True)), None) is not None


def _is_there(path: Path) -> bool:
    return is_file(path, "results")


def tells_of_own(root: Path) -> bool:
    """Whether a folder holds what a network of somebody's own answered."""
    folder = root / MODULES
    return is_folder(folder, "results") and next(folder.iterdir(), None) is not None
