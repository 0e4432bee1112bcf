"""Reads what a run left behind: tidy rows, trial folders, the run's record, claims.

A report must come out of a run that was killed, half copied or edited by hand. So only missing
tidy rows stop it; everything else that cannot be read becomes a notice in the report.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from spikefuse.analysis.asked import NETWORK
from spikefuse.analysis.energy import ENERGY
from spikefuse.analysis.folder import BASE_ENTRY, READINGS_RUN, reading_of_older, record_at
from spikefuse.analysis.row_index import Runs
from spikefuse.analysis.stored_rows import rows_of, table_at
from spikefuse.analysis.table import Table, single_modalities
from spikefuse.analysis.words import plural
from spikefuse.core.errors import SpikefuseError, StoreError
from spikefuse.core.untrusted import (
    MOST_TABLE_BYTES,
    read_regular,
    reason,
)
from spikefuse.data.sources.contract import FUSED
from spikefuse.report.reading.record import (
    RESULTS,
    RUN,
    mapping_of,
    notice,
    read_json,
)
from spikefuse.results import TrialStore
from spikefuse.results.atomic import is_file, is_folder
from spikefuse.results.rows import TidyRows
from spikefuse.studies.readings import composed

CLAIMS = "claims.json"
SENSITIVITY = "sensitivity.csv"
MOST_TRIALS = 1000
"""Shown one by one: a page of more is longer than anyone reads, and grows with every seed."""


@dataclass(frozen=True)
class Trial:
    """One trained network, as its folder tells it.

    Attributes:
        state: "done", "diverged" or "partial".
    """

    name: str
    state: str
    definition: Mapping[str, Any]
    metrics: tuple[Mapping[str, Any], ...]
    results: Mapping[str, Any]
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """Everything a report reads.

    Attributes:
        rows: Tidy rows.
        record: What the command wrote about itself; empty where it is missing.
        claims: Verdicts, empty where they are missing.
        sensitivity: Verdicts by reading, as text; empty where they are missing.
        energy: Tidy rows of operations and energies; empty where they are missing.
        notices: What could not be read, in sentences.
        unopened: Trials of the run that are not among `trials`, since there are very many.
    """

    root: Path
    rows: Sequence[Mapping[str, Any]]
    trials: tuple[Trial, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    claims: tuple[Mapping[str, Any], ...] = ()
    sensitivity: tuple[Mapping[str, str], ...] = ()
    energy: Sequence[Mapping[str, Any]] = ()
    notices: tuple[str, ...] = ()
    unopened: int = 0

    @cached_property
    def table(self) -> Table:
        """The rows with one index that all who ask share."""
        return Table(self.rows)

    @cached_property
    def modalities(self) -> tuple[str, ...]:
        """The levels of the column `modality`, in the order of the networks, the joint one last."""
        table = self.table
        return (*single_modalities(table), *([FUSED] if table.select(modality=FUSED) else []))

    @cached_property
    def protocol(self) -> str:
        """The pairing protocol that its answers are read by, see `Table.protocol`."""
        return self.table.protocol

    @property
    def source(self) -> str:
        """Name of its data source: in the run's record, else in the trials' own settings."""
        if self.record.get("source"):
            return str(self.record["source"])
        data = (mapping_of(trial.definition.get("data")) for trial in self.trials)
        return next((str(each["source"]) for each in data if each.get("source")), "")

    @property
    def record_of_readings(self) -> Mapping[str, Any]:
        """What the run of the tables of readings wrote about itself, which may be another one."""
        return record_at(self.root, READINGS_RUN) or self.record

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of its classes; empty where neither its record nor its source says them."""
        named = self.record.get("classes")
        if isinstance(named, list):
            return tuple(map(str, named))
        from spikefuse.data.sources.registry import SOURCES  # who reads a table needs none

        return SOURCES[self.source].classes if self.source in SOURCES else ()

    @property
    def chance(self) -> float | None:
        """The accuracy of guessing among equally frequent classes; None without classes."""
        return 1 / len(self.classes) if self.classes else None


def read_rows(root: Path) -> Sequence[Mapping[str, Any]]:
    """The tidy rows of a results folder: of its table, or of single trials without one.

    Raises:
        StoreError: The folder holds none, or they cannot be read.
    """
    rows = rows_of(root)
    if not rows and not is_file(root / RESULTS, "report"):
        raise StoreError(
            f"report: folder must be one that holds {RESULTS} or finished trials, got "
            f"{str(root)!r}. Name the folder that a run wrote its results to."
        )
    return rows


def read_run(root: Path) -> Run:
    """Read a results folder.

    Raises:
        StoreError: There are no tidy rows.
    """
    notices: list[str] = []
    rows = read_rows(root)
    record = read_json(root / RUN, notices)
    claims = read_json(root / CLAIMS, notices)
    # Either the bare list or a record around it.
    listed = claims.get("claims") if isinstance(claims, dict) else claims
    # A folder may hold trials of other runs; they are none of this report's business.
    wanted = record.get("trials") if isinstance(record, dict) else None
    names = frozenset(map(str, wanted)) if isinstance(wanted, list) else frozenset()
    names, unopened = _shown(root, rows, names, notices)
    is_own_network = isinstance(record, dict) and isinstance(record.get(NETWORK), str)
    return Run(
        root=root,
        rows=rows,
        # A network of somebody's own leaves no trials, and nothing is amiss.
        trials=() if is_own_network else _read_trials(root, names, notices),
        record=record if isinstance(record, dict) else {},
        claims=tuple(claim for claim in listed or () if isinstance(claim, dict))
        if isinstance(listed, list)
        else (),
        sensitivity=_read_sensitivity(root / SENSITIVITY, record, notices),
        energy=_read_energy(root / ENERGY, rows, notices),
        notices=tuple(notices),
        unopened=unopened,
    )


def _read_sensitivity(path: Path, record: Any, notices: list[str]) -> tuple[Mapping[str, str], ...]:
    try:
        text = read_regular(path, MOST_TABLE_BYTES).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), restkey="", restval=""))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, csv.Error) as error:
        notice(notices, f"{path.name} could not be read ({reason(error)}).")
        return ()
    if rows and not {"claim", "reading", "verdict"} <= rows[0].keys():
        notice(notices, f"{path.name} has no columns claim, reading and verdict.")
        return ()
    if rows and (readings := _of_another_effort(path.parent, record)):
        typed = readings.get("command")
        of = f" (its command was {typed})" if typed else ""
        notice(notices, f"{path.name} is of another effort or other data, and is left out{of}.")
        return ()
    meant = reading_of_older(record_at(path.parent, READINGS_RUN) or mapping_of(record))
    return tuple(row if meant is None else _of_today(row, meant) for row in rows)


def _of_today(row: Mapping[str, str], meant: str) -> Mapping[str, str]:
    """A verdict of an older version by the name that its reading has today."""
    return {**row, "reading": composed(meant, row["reading"])}


def _of_another_effort(root: Path, record: Any) -> Mapping[str, Any] | None:
    """The record of the readings where that of the other tables has another effort or data."""
    readings = record_at(root, READINGS_RUN)
    if not readings or not isinstance(record, Mapping) or "profile_settings" not in record:
        return None
    names = ("profile_settings", "source", "fingerprint", *BASE_ENTRY)
    return readings if any(readings.get(each) != record.get(each) for each in names) else None


def _read_energy(
    path: Path, rows: Sequence[Mapping[str, Any]], notices: list[str]
) -> Sequence[Mapping[str, Any]]:
    """Rows of the networks that stand in the table; others may lie there of an earlier run."""
    if not path.is_file():
        return ()
    try:
        found = table_at(path)
    except StoreError as error:
        notice(notices, f"{path.name} could not be read ({reason(error)}).")
        return ()
    trials, named = set(map(str, Runs(rows).entries("trial"))), found.columns["trial"]
    return TidyRows(found.columns, [at for at in found.places if str(named[at]) in trials])


def _shown(
    root: Path, rows: Sequence[Mapping[str, Any]], wanted: frozenset[str], notices: list[str]
) -> tuple[frozenset[str], int]:
    """The trials whose folders a report opens, all of a run or of its first seeds; the others."""
    names = wanted
    if not wanted and is_folder(root / "trials", "report"):
        names = frozenset(TrialStore(root, read_only=True))
    if len(names) <= MOST_TRIALS:
        return wanted, 0
    runs = Runs(rows)
    seeds = dict(zip(runs.entries("trial"), runs.entries("seed"), strict=True))
    by_seed: dict[int, list[str]] = {}
    for name in names.intersection(seeds):
        seed = seeds[name]
        by_seed.setdefault(seed if isinstance(seed, int) else 0, []).append(name)
    shown: list[str] = []
    count = 0
    for seed in sorted(by_seed):
        if shown and len(shown) + len(by_seed[seed]) > MOST_TRIALS:
            break
        shown += by_seed[seed]
        count += 1
    notice(
        notices,
        f"Of {len(names):,} trials those of the first {plural(count, 'seed')}, {len(shown):,}, are "
        "shown one by one (learning curves, rates, spikes, confusions, the list of trials). "
        "Accuracies, intervals and verdicts are those of all.",
    )
    return frozenset(shown), len(names) - len(shown)


def _read_trials(root: Path, wanted: frozenset[str], notices: list[str]) -> tuple[Trial, ...]:
    if not is_folder(root / "trials", "report"):
        notice(notices, "The trial folders are missing, so only the tidy results are shown.")
        return ()
    store = TrialStore(root, read_only=True)
    found = (_read_trial(store, name, notices) for name in store if not wanted or name in wanted)
    return tuple(trial for trial in found if trial is not None)


def _read_trial(store: TrialStore, name: str, notices: list[str]) -> Trial | None:
    try:
        record = store.read(name)
        return Trial(
            name=name,
            state=record.state,
            definition=mapping_of(record.definition),
            metrics=tuple(row for row in record.metrics or () if isinstance(row, dict)),
            results=mapping_of(record.results),
            provenance=mapping_of(record.provenance),
        )
    except (SpikefuseError, OSError, ValueError, KeyError, TypeError) as error:
        notice(notices, f"Trial {name} could not be read ({reason(error)}).")
        return None
