"""What earlier runs left in a results folder: which of their rows stay, and what is told of others.

A folder answers with all its studies, as long as they have one effort and the same data.
"""

import logging
import os
from collections.abc import Collection, Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from spikefuse.analysis.asked import FILE
from spikefuse.analysis.effort import COLUMNS as EFFORT_COLUMNS
from spikefuse.analysis.folder import (
    BASE_ENTRY,
    DATA_FILE,
    DATA_PICTURE,
    RUN,
    is_of_data,
    record_at,
)
from spikefuse.analysis.gains import PRODUCT, TEMPERED_PRODUCT
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.sample_errors import ERROR, ON_PAIRS
from spikefuse.analysis.stored_rows import table_at
from spikefuse.analysis.tabulate import COUNTS, NewRow
from spikefuse.core.errors import StoreError
from spikefuse.core.untrusted import reason_of
from spikefuse.planning.plan import Plan
from spikefuse.results import TrialStore
from spikefuse.results.atomic import is_file
from spikefuse.results.rows import TidyRows
from spikefuse.studies.controls import CONTROLS
from spikefuse.studies.readings import BASE
from spikefuse.studies.robustness import ROBUSTNESS

logger = logging.getLogger(__name__)


def earlier_table(path: Path) -> TidyRows:
    """What a table held that is about to be written anew; nothing where there is none.

    One that cannot be read is moved aside, so that it can still be mended.

    Raises:
        StoreError: It cannot be moved.
    """
    try:
        if is_file(path, "results"):
            return table_at(path)
    except StoreError as problem:
        if not path.is_file():
            raise
        set_aside(path, problem)
    return TidyRows({"value": ()})


def tell_left_out(path: Path, earlier: Iterable[Row], rows: list[NewRow]) -> set[str]:
    """Say whose rows make room: of another effort, of other data, or of networks not here.

    Args:
        path: The table that is about to be written.
        earlier: What it held, from `earlier_table`.
        rows: What it will hold.

    Returns:
        Their studies.
    """
    there = {_network(row) for row in rows}
    gone = {
        str(row["study"])
        for row in earlier
        if _network(row) not in there and not _is_product(row) and not _is_of_samples(row)
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
    return gone


def set_answer_aside(
    root: Path, record: Mapping[str, Any], rows: Iterable[Row], gone: Collection[str]
) -> None:
    """Move an answer whose rows are gone to a free name, and what is told of other data.

    Args:
        root: The results folder.
        record: Of the run that writes its tables.
        rows: What its table will hold.
        gone: Studies of which it held further rows.

    Raises:
        StoreError: One cannot be moved.
    """
    if is_file(root / FILE, "results"):
        alone = (row for row in rows if row["study"] == CONTROLS.name and not _is_product(row))
        if CONTROLS.name in gone or next(iter(alone), None) is None:
            _tell_moved(root / FILE, "told of rows that are left out now")
    set_data_aside(root, record)


def set_data_aside(root: Path, record: Mapping[str, Any]) -> None:
    """Move what `data.json` and its picture tell to free names where it is of other data.

    Args:
        root: The results folder.
        record: Whose entries "source" and "fingerprint" say which data is meant.

    Raises:
        StoreError: One cannot be moved.
    """
    if not is_of_data(record, record_at(root, DATA_FILE)):
        for name in (DATA_FILE, DATA_PICTURE):
            if is_file(root / name, "results"):
                _tell_moved(root / name, "is of other data")


def _tell_moved(path: Path, why: str) -> None:
    place = _moved(path, "earlier")
    logger.warning("%s %s, and lies in %s", path, why, place.name, extra={"is_news": True})


def carried(record: Mapping[str, Any], entry: str, studies: Collection[str]) -> dict[str, str]:
    """What an earlier record says by study, of these studies."""
    found = record.get(entry)
    said = found if isinstance(found, dict) else {}
    return {name: said[name] for name in said if name in studies and isinstance(said[name], str)}


def earlier_rows(
    earlier: TidyRows,
    record: Mapping[str, Any],
    plan: Plan,
    rows: list[NewRow],
    store: TrialStore,
) -> list[NewRow]:
    """Rows of other studies whose trials are still stored, and which the record tells of.

    A run that is stopped while it writes leaves its table beside the record of the run before: a
    study with networks that the record does not name is of an effort that nobody knows.

    Every plan adds the products of experts of its own networks to one study, and the curves over
    noise of its plain ones to another: what stands there of other networks stays too, as long as
    these have rows.
    """
    # A table of before these columns says nothing in them.
    later = dict.fromkeys((*EFFORT_COLUMNS, "disturbance"), "")
    if rows and set(rows[0]) != {*later, *earlier.columns}:
        return []
    ours = {_key(row) for row in rows}
    final = {name: store.state(name) in ("done", "diverged") for name in store}
    leaving = {study.name for study in plan.studies}
    if "trials" in record:
        told = frozenset(map(str, _listed(record, "trials")))
        final = {name: is_final for name, is_final in final.items() if name in told}
        leaving |= {
            str(row["study"])
            for row in earlier
            if not _is_product(row) and told.isdisjoint(trials_of(row))
        }
    kept = [
        later | row | ({"value": int(row["value"])} if row["metric"] in COUNTS else {})
        for row in earlier
        if (row["study"] not in leaving or row["study"] == ROBUSTNESS.name or _is_product(row))
        and not _is_of_samples(row)
        and _key(row) not in ours
        and all(final.get(name, False) for name in trials_of(row))
    ]
    stays = _with_curves_still(earlier, [*rows, *kept], plan)
    kept = [row for row in kept if row["study"] != ROBUSTNESS.name or row["trial"] in stays]
    alone = {row["trial"] for row in (*rows, *kept) if not _is_product(row)}
    return [row for row in kept if alone.issuperset(trials_of(row))]


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


def set_aside(path: Path, problem: StoreError) -> None:
    """Move a file that cannot be read to a free name beside it, and tell.

    Raises:
        StoreError: It cannot be moved.
    """
    place = _moved(path, "unreadable")
    told = "what stood in %s is not kept, and lies in %s now: %s"
    logger.warning(told, path, place.name, problem, extra={"is_news": True})


def earlier_record(root: Path) -> Mapping[str, Any]:
    """What the folder's last run wrote of itself; one that cannot be read is moved aside.

    Raises:
        StoreError: It cannot be moved.
    """
    path, record = root / RUN, record_at(root)
    if not record and is_file(path, "results"):
        set_aside(path, StoreError("it is no record of a run"))
    return record


def is_alike(record: Mapping[str, Any], plan: Plan) -> bool:
    """Whether a run had this plan's effort, data and base network, by its record."""
    same: dict[str, Any] = {"profile_settings": plan.profile.model_dump(mode="json"), **BASE_ENTRY}
    same["source"] = plan.source
    if plan.fingerprint is not None:
        same["fingerprint"] = plan.fingerprint
    return all(record.get(key) == same[key] for key in same)


def _moved(path: Path, why: str) -> Path:
    names = (path.with_name(f"{path.name}.{why}-{number}") for number in count(1))
    place = next(name for name in names if not os.path.lexists(name))
    try:
        path.rename(place)
    except OSError as error:
        raise StoreError(f"results: {path} must be movable, got: {reason_of(error)}") from error
    return place


def trials_of(row: Row) -> list[str]:
    """The trials that a row is of; several of a product of experts."""
    return str(row["trial"]).split("+")


def _listed(record: Mapping[str, Any], key: str) -> list[Any]:
    found = record.get(key)
    return found if isinstance(found, list) else []


def _is_product(row: Row) -> bool:
    return row["fusion"] in (PRODUCT, TEMPERED_PRODUCT)


def _is_of_samples(row: Row) -> bool:
    """Whether it is reckoned anew, of all networks that stand in a table."""
    return row["metric"] == ON_PAIRS or str(row["metric"]).startswith(f"{ERROR}.")


def _network(row: Row) -> tuple[str, ...]:
    """A dense network is the same under many readings, and has rows of each."""
    return str(row["study"]), str(row["trial"]), str(row.get("reading") or BASE)


def _key(row: Row) -> tuple[str, ...]:
    parts = ("study", "trial", "noise_std", "noise_position", "protocol", "split", "metric")
    later = (str(row.get("disturbance") or ""), str(row.get("reading") or BASE))
    return (*(str(row[name]) for name in parts), *later)
