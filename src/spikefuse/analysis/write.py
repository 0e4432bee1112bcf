"""What a run leaves beside its trials: `results.csv`, `energy.csv`, `claims.json` and `run.json`.

A results folder answers with all its studies: those of the run that has just ended, and the rows
of earlier runs with the same effort on the same data.
"""

import json
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from spikefuse.analysis.claims import evaluate_claims, write_claims
from spikefuse.analysis.earlier import (
    carried,
    earlier_record,
    earlier_rows,
    earlier_table,
    is_alike,
    set_answer_aside,
    set_aside,
    tell_left_out,
    trials_of,
)
from spikefuse.analysis.energy import ENERGY
from spikefuse.analysis.folder import (
    BASE_ENTRY,
    CLAIMS,
    COMMANDS,
    READINGS_ROWS,
    READINGS_RUN,
    RESULTS,
    RUN,
    SENSITIVITY_TABLE,
    WAITING,
)
from spikefuse.analysis.groups import groups_record
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.sensitivity import COLUMNS, judge_readings, sensitivity_rows
from spikefuse.analysis.table import Table
from spikefuse.analysis.tabulate import NewRow, tabulate
from spikefuse.core.errors import StoreError
from spikefuse.core.provenance import describe
from spikefuse.data.sources.registry import SOURCES
from spikefuse.planning.plan import Plan, make_plan
from spikefuse.planning.stages import missing_by_study, still_missing
from spikefuse.results import TrialStore, read_tidy, write_tidy
from spikefuse.results.atomic import write_file
from spikefuse.results.tidy import table_bytes, tidy_parts
from spikefuse.studies.readings import READINGS
from spikefuse.studies.robustness import ROBUSTNESS
from spikefuse.studies.sensitivity import readings_of, sensitivity_studies


def gather(plan: Plan, store: TrialStore, out: Path, banner: str, command: str) -> Path:
    """Write `results.csv`, `energy.csv`, `claims.json` and `run.json` of a plan from its folders.

    What the plan still lacks is said in both JSON files under "unfinished".

    Studies that the plan does not have keep the rows they have in the folder. The claims are
    judged by our own reading: disjoint splits (true pairs, where the data has them), the untouched
    test set.

    Raises:
        StoreError: The folder cannot be written.
    """
    results = out / RESULTS
    table, before = earlier_table(results), earlier_record(out)
    kept: list[NewRow] = []

    def earlier(rows: list[NewRow]) -> list[NewRow]:
        if table and is_alike(before, plan):
            kept.extend(earlier_rows(table, before, plan, rows, store))
        return kept

    rows = tabulate(plan, store, earlier)
    verdicts = evaluate_claims(rows, Table(rows).protocol)
    record = _record(plan, banner, command) | _lacking(plan, store)
    _add_earlier(record, before, kept, plan)
    energy = _energy(plan, store, out, rows)
    set_answer_aside(out, record, rows, tell_left_out(results, table, rows))
    # All that takes time is done: whoever is stopped between two of these leaves two efforts.
    write_tidy(rows, results)
    if energy is None:
        (out / ENERGY).unlink(missing_ok=True)
    else:
        write_file(out / ENERGY, energy, "results")
    write_claims(verdicts, out / CLAIMS, record.get("unfinished"))
    write_file(out / RUN, (json.dumps(record, indent=2) + "\n").encode(), "results")
    return results


def gather_readings(plan: Plan, store: TrialStore, out: Path, command: str = "") -> Path:
    """Write `readings.csv` (tidy rows) and `sensitivity.csv` (claim by reading) of a plan.

    Besides the plan's readings, every other one whose networks and evaluations are all stored is
    judged too: it costs nothing, and the base reading is usually there. `results.csv` and what
    belongs to it stay as they are; `readings.json` says of what effort these two are.

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
    verdicts = sensitivity_rows(judge_readings(rows, shown))
    content = table_bytes(COLUMNS, verdicts, "sensitivity")
    record = _effort_and_data(plan) | {"seeds": list(plan.seeds), "command": command}
    tell_left_out(out / READINGS_ROWS, earlier_table(out / READINGS_ROWS), rows)
    write_tidy(rows, out / READINGS_ROWS)
    write_file(out / SENSITIVITY_TABLE, content, "sensitivity")
    write_file(out / READINGS_RUN, (json.dumps(record, indent=2) + "\n").encode(), "results")
    return out / SENSITIVITY_TABLE


def _energy(
    plan: Plan, store: TrialStore, out: Path, table: Sequence[NewRow]
) -> list[bytes] | None:
    """The content of `energy.csv`; rows of earlier networks stay with those of `results.csv`.

    A run whose trials have no counts (they are older than counting) has no such table.
    """
    from spikefuse.analysis.energy_rows import energy_rows  # PyTorch takes seconds

    rows, path = energy_rows(plan, store), out / ENERGY
    first = next(rows, None)
    earlier: Sequence[Row] = ()
    if path.is_file():
        ours = {trial.name for trial in plan.trials}
        stays = {_place(row) for row in table if row["trial"] not in ours}
        earlier = _earlier_energy(path, first, stays)
    if first is None and not earlier:
        return None
    return tidy_parts(chain(() if first is None else (first,), rows, earlier))


def _earlier_energy(path: Path, first: NewRow | None, stays: Set[tuple[str, str]]) -> Sequence[Row]:
    """Rows of these studies and trials."""
    try:
        earlier = read_tidy(path)
    except StoreError as problem:
        set_aside(path, problem)
        return []
    if first is not None and set(first) != set(earlier.columns):
        return []
    return [row for row in earlier if _place(row) in stays]


def _place(row: Row) -> tuple[str, str]:
    return str(row["study"]), str(row["trial"])


def _effort_and_data(plan: Plan) -> dict[str, Any]:
    return {
        "profile": plan.profile.name,
        "profile_settings": plan.profile.model_dump(mode="json"),
        "source": plan.source,
        "fingerprint": plan.fingerprint,
        **BASE_ENTRY,
    }


def _record(plan: Plan, banner: str, command: str) -> dict[str, Any]:
    return {
        "title": "Does a second modality help a spiking network?",
        **_effort_and_data(plan),
        "groups": groups_record(SOURCES[plan.source]),
        "classes": list(plan.trials[0].definition.source.classes) if plan.trials else [],
        "banner": banner,
        "protocols": list(plan.protocols),
        "seeds": list(plan.seeds),
        "studies": [study.name for study in plan.studies],
        "trials": [trial.definition.name for trial in plan.trials],
        "command": command,
        COMMANDS: {study.name: command for study in plan.studies},
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "provenance": describe(),
    }


def _lacking(plan: Plan, store: TrialStore) -> dict[str, Any]:
    """What the results of a plan do not hold yet, in a sentence and by study."""
    told = still_missing(plan.trials, plan.stages, store)
    if told is None:
        return {WAITING: {}}
    return {WAITING: missing_by_study(plan.trials, store), "unfinished": told}


def _add_earlier(
    record: dict[str, Any], before: Mapping[str, Any], kept: list[NewRow], plan: Plan
) -> None:
    """Add to a record what the rows that stay bring: networks, commands and what they wait for.

    Curves that nobody asked for by name leave the command of theirs that has more seeds.
    """
    others = {str(row["study"]) for row in kept}
    stays = others.difference(record["studies"])
    curves = others & {ROBUSTNESS.name} if plan.adds_curves else set()
    record[COMMANDS] |= carried(before, COMMANDS, stays | curves)
    waiting = carried(before, WAITING, stays)
    record[WAITING] |= waiting
    if waiting:
        ours = record.get("unfinished")
        listed = "; ".join(f"{study} ({text})" for study, text in waiting.items())
        more = "Its own command goes on" if len(waiting) == 1 else "Their own commands go on"
        told = f"Not finished{' either' if ours else ''}: {listed}. {more}."
        record["unfinished"] = f"{ours} {told}" if ours else told
    of_kept = {
        "studies": [row["study"] for row in kept],
        "trials": [name for row in kept for name in trials_of(row)],
        "protocols": [row["protocol"] for row in kept],
        "seeds": [row["seed"] for row in kept],
    }
    record |= {key: list(dict.fromkeys([*record[key], *of_kept[key]])) for key in of_kept}
