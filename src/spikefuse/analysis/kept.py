"""What a results folder's tables tell of, looked at before a run writes others in their place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikefuse.analysis.asked import NETWORK
from spikefuse.core.errors import InputError, StoreError
from spikefuse.core.untrusted import MOST_JSON_BYTES, decode_json, read_regular
from spikefuse.planning.plan import Plan
from spikefuse.results import TrialStore, read_tidy
from spikefuse.results.atomic import is_file

RESULTS, RUN = "results.csv", "run.json"


def require_kept(plan: Plan, store: TrialStore) -> None:
    """Refuse a plan whose tables would take rows away that nothing stored could give again.

    Raises:
        InputError: They are of a network of somebody's own, or of trials that are neither stored in
            the folder nor in the plan.
    """
    record = record_at(store.root)
    if NETWORK in record:
        raise InputError(
            f"spikefuse: --out must not hold the answer about another network, got {store.root}, "
            f"whose tables tell of {record[NETWORK]}. Name another folder."
        )
    table = store.root / RESULTS
    try:
        named = {row["trial"] for row in read_tidy(table)} if is_file(table, "results") else ()
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


def record_at(root: Path) -> Mapping[str, Any]:
    """What the folder's last run wrote of itself; empty where that cannot be read."""
    try:
        record = decode_json(read_regular(root / RUN, MOST_JSON_BYTES))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
