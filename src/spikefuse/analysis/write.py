"""What a run leaves beside its trials: `results.csv`, `energy.csv`, `claims.json` and `run.json`.

A results folder answers with all its studies: those of the run that has just ended, and the rows
of earlier runs with the same effort on the same data.
"""

import json
import logging
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

from spikefuse.analysis.claims import evaluate_claims, write_claims
from spikefuse.analysis.effort import COLUMNS as EFFORT_COLUMNS
from spikefuse.analysis.energy import ENERGY
from spikefuse.analysis.gains import PRODUCT, TEMPERED_PRODUCT
from spikefuse.analysis.groups import groups_record
from spikefuse.analysis.kept import (
    CLAIMS,
    READINGS_ROWS,
    RESULTS,
    RUN,
    SENSITIVITY_TABLE,
    record_at,
)
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.sample_errors import ERROR, ON_PAIRS
from spikefuse.analysis.sensitivity import COLUMNS, judge_readings, sensitivity_rows
from spikefuse.analysis.tabulate import COUNTS, NewRow, tabulate
from spikefuse.core.errors import StoreError
from spikefuse.core.provenance import describe
from spikefuse.core.untrusted import reason_of
from spikefuse.data.sources.registry import SOURCES
from spikefuse.planning.plan import Plan, make_plan
from spikefuse.planning.stages import still_missing
from spikefuse.results import TrialStore, read_tidy, write_tidy
from spikefuse.results.atomic import is_file, write_file
from spikefuse.results.rows import TidyRows
from spikefuse.results.tidy import table_bytes
from spikefuse.studies.readings import READINGS
from spikefuse.studies.robustness import ROBUSTNESS
from spikefuse.studies.sensitivity import readings_of, sensitivity_studies

logger = logging.getLogger(__name__)


def gather(plan: Plan, store: TrialStore, out: Path, banner: str, command: str) -> Path:
    """Write `results.csv`, `energy.csv`, `claims.json` and `run.json` of a plan from its folders.

    What the plan still lacks is said in both JSON files under "unfinished".

    Studies that the plan does not have keep the rows they have in the folder. The claims are
    judged by our own reading: disjoint splits, the untouched test set.

    Raises:
        StoreError: The folder cannot be written.
    """
    results = out / RESULTS
    table = earlier_table(results)
    kept: list[NewRow] = []

    def earlier(rows: list[NewRow]) -> list[NewRow]:
        if table and _is_alike(out, plan):
            kept.extend(_earlier_rows(table, plan, rows, store))
        return kept

    rows = tabulate(plan, store, earlier)
    tell_left_out(results, table, rows)
    write_tidy(rows, results)
    _write_energy(plan, store, out, keeps=bool(kept))
    unfinished = still_missing(plan.trials, plan.stages, store)
    write_claims(evaluate_claims(rows), out / CLAIMS, unfinished)
    record = _record(plan, banner, command)
    if unfinished:
        record["unfinished"] = unfinished
    if kept:
        record |= _together(record, kept)
    write_file(out / RUN, (json.dumps(record, indent=2) + "\n").encode(), "results")
    return results


def gather_readings(plan: Plan, store: TrialStore, out: Path) -> Path:
    """Write `readings.csv` (tidy rows) and `sensitivity.csv` (claim by reading) of a plan.

    Besides the plan's readings, every other one whose networks and evaluations are all stored is
    judged too: it costs nothing, and the base reading is usually there. `results.csv` and what
    belongs to it stay as they are.

    Returns:
        The path of `sensitivity.csv`.

    Raises:
        StoreError: A file cannot be written.
    """
    asked = readings_of(plan.studies)
    experiments = [study.name for study in plan.studies]
    rows: list[NewRow] = []
    shown = []
    for name in READINGS:
        one = make_plan(
            sensitivity_studies([name], experiments),
            plan.profile,
            plan.source,
            store,
            seeds=len(plan.seeds),
            fingerprint=plan.fingerprint,
        )
        if name in asked or all(trial.is_ready for trial in one.trials):
            shown.append(name)
            rows += tabulate(one, store)
    tell_left_out(out / READINGS_ROWS, earlier_table(out / READINGS_ROWS), rows)
    write_tidy(rows, out / READINGS_ROWS)
    verdicts = sensitivity_rows(judge_readings(rows, shown))
    content = table_bytes(COLUMNS, verdicts, "sensitivity")
    write_file(out / SENSITIVITY_TABLE, content, "sensitivity")
    return out / SENSITIVITY_TABLE


def _write_energy(plan: Plan, store: TrialStore, out: Path, *, keeps: bool) -> None:
    """Write `energy.csv`; with `keeps` the rows of earlier trials stay.

    A run whose trials have no counts (they are older than counting) has no such table.
    """
    from spikefuse.analysis.energy_rows import energy_rows  # PyTorch takes seconds

    rows, path = energy_rows(plan, store), out / ENERGY
    first = next(rows, None)
    earlier: Sequence[Row] = ()
    if keeps and path.is_file():
        earlier = _earlier_energy(path, first, plan, store)
    if first is not None or earlier:
        write_tidy(chain(() if first is None else (first,), rows, earlier), path)
    else:
        path.unlink(missing_ok=True)


def _earlier_energy(
    path: Path, first: NewRow | None, plan: Plan, store: TrialStore
) -> Sequence[Row]:
    """Rows of trials that are still stored and not of this plan."""
    try:
        earlier = read_tidy(path)
    except StoreError as problem:
        _set_aside(path, problem)
        return []
    if first is not None and set(first) != set(earlier.columns):
        return []
    ours = {trial.name for trial in plan.trials}
    final = {name for name in store if store.state(name) in ("done", "diverged")}
    return [row for row in earlier if row["trial"] not in ours and row["trial"] in final]


def _record(plan: Plan, banner: str, command: str) -> dict[str, Any]:
    return {
        "title": "Does a second modality help a spiking network?",
        "profile": plan.profile.name,
        "profile_settings": plan.profile.model_dump(mode="json"),
        "source": plan.source,
        "groups": groups_record(SOURCES[plan.source]),
        "fingerprint": plan.fingerprint,
        "classes": list(plan.trials[0].definition.source.classes) if plan.trials else [],
        "banner": banner,
        "protocols": list(plan.protocols),
        "seeds": list(plan.seeds),
        "studies": [study.name for study in plan.studies],
        "trials": [trial.definition.name for trial in plan.trials],
        "command": command,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "provenance": describe(),
    }


def _is_alike(root: Path, plan: Plan) -> bool:
    """Whether the folder's last run had this plan's effort and data."""
    record = record_at(root)
    same = {"profile_settings": plan.profile.model_dump(mode="json"), "source": plan.source}
    if plan.fingerprint is not None:
        same["fingerprint"] = plan.fingerprint
    return all(record.get(key) == same[key] for key in same)


def tell_left_out(path: Path, earlier: Iterable[Row], rows: list[NewRow]) -> None:
    """Say whose rows make room: of another effort, of other data, or of networks not here.

    Args:
        path: The table that is about to be written.
        earlier: What it held, from `earlier_table`.
        rows: What it will hold.
    """
    there = {(row["study"], row["trial"]) for row in rows}
    gone = {
        str(row["study"])
        for row in earlier
        if (row["study"], row["trial"]) not in there
        and not _is_product(row)
        and not _is_of_samples(row)
    }
    if gone:
        logger.warning(
            "%s held further rows of %s (of another effort, of other data, seeds, sizes or "
            "protocols, or of networks that are gone or of other code): they are left out now, and "
            "their command gives them again",
            path,
            ", ".join(sorted(gone)),
            extra={"is_news": True},
        )


def earlier_table(path: Path) -> TidyRows:
    """What a table held that is about to be written anew; nothing where there is none.

    One that cannot be read is moved aside, so that it can still be mended.

    Raises:
        StoreError: It cannot be moved.
    """
    try:
        if is_file(path, "results"):
            return read_tidy(path)
    except StoreError as problem:
        if not path.is_file():
            raise
        _set_aside(path, problem)
    return TidyRows({"value": ()})


def _set_aside(path: Path, problem: StoreError) -> None:
    names = (path.with_name(f"{path.name}.unreadable-{number}") for number in count(1))
    place = next(name for name in names if not os.path.lexists(name))
    try:
        path.rename(place)
    except OSError as error:
        raise StoreError(f"results: {path} must be movable, got: {reason_of(error)}") from error
    told = "what stood in %s is not kept, and lies in %s now: %s"
    logger.warning(told, path, place.name, problem, extra={"is_news": True})


def _earlier_rows(
    earlier: TidyRows, plan: Plan, rows: list[NewRow], store: TrialStore
) -> list[NewRow]:
    """Rows of other studies whose trials are still stored.

    Every plan adds the products of experts of its own networks to one study, and the curves over
    noise of its plain ones to another: what stands there of other networks stays too, as long as
    these have rows.
    """
    # A table of before these columns says nothing in them.
    later = dict.fromkeys((*EFFORT_COLUMNS, "disturbance"), "")
    if rows and set(rows[0]) != {*later, *earlier.columns}:
        return []
    planned = {study.name for study in plan.studies}
    ours = {_key(row) for row in rows}
    final = {name: store.state(name) in ("done", "diverged") for name in store}
    kept = [
        later | row | ({"value": int(row["value"])} if row["metric"] in COUNTS else {})
        for row in earlier
        if (row["study"] not in planned or row["study"] == ROBUSTNESS.name or _is_product(row))
        and not _is_of_samples(row)
        and _key(row) not in ours
        and all(final.get(name, False) for name in _trials(row))
    ]
    stays = _with_curves_still(earlier, [*rows, *kept], plan)
    kept = [row for row in kept if row["study"] != ROBUSTNESS.name or row["trial"] in stays]
    alone = {row["trial"] for row in (*rows, *kept) if not _is_product(row)}
    return [row for row in kept if alone.issuperset(_trials(row))]


def _with_curves_still(earlier: Iterable[Row], rows: Iterable[Row], plan: Plan) -> set[str]:
    """Trials whose earlier curves over noise stay.

    They go with the rows of the study that trained the network. Of a network that no other study
    had, they go where the study of the curves is asked for again and has it no more.
    """

    def elsewhere(found: Iterable[Row]) -> set[str]:
        return {str(row["trial"]) for row in found if row["study"] != ROBUSTNESS.name}

    named = elsewhere(rows)
    if ROBUSTNESS.name in {study.name for study in plan.studies} and not plan.adds_curves:
        return named
    lost = elsewhere(earlier) - named
    return {str(row["trial"]) for row in earlier} - lost


def _trials(row: Row) -> list[str]:
    return str(row["trial"]).split("+")


def _is_product(row: Row) -> bool:
    return row["fusion"] in (PRODUCT, TEMPERED_PRODUCT)


def _is_of_samples(row: Row) -> bool:
    """Whether it is reckoned anew, of all networks that stand in a table."""
    return row["metric"] == ON_PAIRS or str(row["metric"]).startswith(f"{ERROR}.")


def _key(row: Row) -> tuple[str, ...]:
    parts = ("study", "trial", "noise_std", "noise_position", "protocol", "split", "metric")
    return (*(str(row[name]) for name in parts), str(row.get("disturbance") or ""))


def _together(record: dict[str, Any], kept: list[NewRow]) -> dict[str, list[Any]]:
    """The record's lists with what the kept rows add."""
    of_kept = {
        "studies": [row["study"] for row in kept],
        "trials": [name for row in kept for name in _trials(row)],
        "protocols": [row["protocol"] for row in kept],
        "seeds": [row["seed"] for row in kept],
    }
    return {key: list(dict.fromkeys([*record[key], *of_kept[key]])) for key in of_kept}
