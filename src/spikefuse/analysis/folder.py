"""The files of a results folder by name, and what its last run wrote of itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikefuse.core.untrusted import MOST_JSON_BYTES, decode_json, read_regular
from spikefuse.studies.readings import LAB
from spikefuse.training import BASE_NETWORK

RESULTS, CLAIMS, RUN = "results.csv", "claims.json", "run.json"
READINGS_ROWS, SENSITIVITY_TABLE = "readings.csv", "sensitivity.csv"
READINGS_RUN = "readings.json"
"""What the run of the tables of readings wrote of itself: they have an effort of their own."""
BASE_ENTRY = {"base": dict(BASE_NETWORK)}
"""What `run.json` says of the base network: rows of the same name may be of another version's."""
OLDER_BASE, CALIBRATED = LAB, "calibrated"
"""Readings of today that `base` stood for in folders whose record has no such entry: where the
profile did not calibrate, and where it did."""
WAITING, COMMANDS = "waiting", "commands"
"""Entries of `run.json` by study: what its results lack, in words, and what was typed for it."""
MODULES = "modules"
"""The folder of what networks of somebody's own answered."""

DATA_FILE, DATA_PICTURE = "data.json", "data.png"
"""What `spikefuse ask` found in the data, and its picture."""


def is_of_data(record: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Whether what `data.json` tells is of the data of a run; one that does not say may be."""
    both = {"source", "fingerprint"} & told.keys() & record.keys()
    return all(told[key] == record[key] for key in both)


def reading_of_older(record: Mapping[str, Any]) -> str | None:
    """What `base` and an empty reading mean in rows of an older version; None in those of today.

    Args:
        record: What a run of ours wrote of itself.
    """
    settings = record.get("profile_settings")
    if "network" in record:  # somebody's own, which has no reading
        return None
    if not isinstance(settings, dict) or not BASE_ENTRY.keys().isdisjoint(record):
        return None
    return CALIBRATED if settings.get("init") == CALIBRATED else OLDER_BASE


def record_at(root: Path, name: str = RUN) -> Mapping[str, Any]:
    """What the folder's last run wrote of itself; empty where that cannot be read."""
    try:
        record = decode_json(read_regular(root / name, MOST_JSON_BYTES))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
