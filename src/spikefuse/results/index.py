"""The index: one table row a trial, made from the folders at any time and never the truth."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spikefuse.results.atomic import write_file
from spikefuse.results.store import TrialStore
from spikefuse.results.tidy import table_bytes

INDEX = "index.csv"
_FIRST = ("trial", "state", "epochs")


def index_rows(store: TrialStore) -> list[dict[str, Any]]:
    """One flat mapping a trial: name, state, epochs, definition, and the final numbers.

    Nested entries have dotted names: `neuron.leak`, `results.accuracy.test_best`.

    Raises:
        StoreError: A trial is damaged; `TrialStore.verify` says which.
    """
    rows: list[dict[str, Any]] = []
    for trial in store:
        record = store.read(trial)
        row: dict[str, Any] = {
            "trial": trial,
            "state": record.state,
            "epochs": len(record.metrics),
        }
        row.update(_flat(record.definition))
        row.update(_flat(record.results, "results."))
        rows.append(row)
    return rows


def write_index(store: TrialStore) -> Path:
    """Write `index.csv` into the store's root, whatever stood there before.

    Raises:
        StoreError: A trial is damaged, or the file cannot be written.
    """
    rows = index_rows(store)
    names = {name for row in rows for name in row}
    columns = [*_FIRST, *sorted(names.difference(_FIRST))]
    path = store.root / INDEX
    write_file(path, table_bytes(columns, rows, "results"), "results")
    return path


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, Mapping):
            yield from _flat(item, f"{prefix}{key}.")
        elif not isinstance(item, list):
            yield f"{prefix}{key}", item
