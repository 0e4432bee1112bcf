"""Finding numbers in tidy rows, typed or read as text from a file."""

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from types import MappingProxyType

from spikefuse.core.errors import StudyError

Level = str | int | float
Row = Mapping[str, object]

METRIC = "accuracy"

DEFAULTS: Mapping[str, Level] = MappingProxyType(
    {"pairing": "true", "held_out": "", "reading": "base"}
)
"""What a row says of a further factor whose column its table does not have."""

DEFAULT_STUDIES = ("model-size", "controls")
"""Studies whose rows hold the networks with default neuron, reset and time steps."""


def default_levels(network: str, modality: str) -> dict[str, Level]:
    """The levels of the default network of a kind and modality, apart from size and protocol.

    Example:
        >>> default_levels("dnn", "audio")["fusion"]
        'none'
    """
    spiking: dict[str, Level] = {"neuron": "lif", "reset": "soft", "time_steps": 4}
    return {
        "network": network,
        "modality": modality,
        "fusion": "early" if modality == "fused" else "none",
        "noise_std": 0.0,
        "pairing": "true",
        "held_out": "",
        "reading": "base",
    } | (spiking if network == "snn" else {})


def _same(value: object, level: Level) -> bool:
    """Whether a tidy value (typed, or text read from a CSV file) is that level."""
    if isinstance(value, bool):
        value = str(value).lower()  # a column of text that only ever says "true"
    if isinstance(level, str):
        return str(value) == level
    try:
        return float(str(value)) == float(level)
    except ValueError:
        return False


def select(rows: Iterable[Row], where: Mapping[str, Level]) -> list[Row]:
    """The tidy rows whose columns have those levels; see `DEFAULTS` for columns that are absent."""
    chosen = list(rows)
    for column, level in where.items():
        absent = DEFAULTS.get(column, "")
        # A column has few values and a table many rows: each value is compared once.
        same = lru_cache(maxsize=None, typed=True)(partial(_same, level=level))
        chosen = [row for row in chosen if same(row.get(column, absent))]
    return chosen


def seed_values(rows: Iterable[Row], where: str) -> dict[int, float]:
    """Value by seed, in order of seed; rows that repeat one trial's number count once.

    Raises:
        StudyError: Two different trials claim the same cell and seed.
    """
    found: dict[int, tuple[object, float]] = {}
    for row in rows:
        try:
            seed, value = int(float(str(row["seed"]))), float(str(row["value"]))
        except (KeyError, ValueError):
            continue
        if not math.isfinite(value):
            continue
        origin = (row.get("trial"), value)
        if found.setdefault(seed, origin) != origin:
            raise StudyError(
                f"{where}: results must hold one number a cell and seed, got two for seed {seed} "
                f"(trials {found[seed][0]} and {origin[0]}). Report the studies from one folder "
                "each, or name the extra factor."
            )
    return {seed: found[seed][1] for seed in sorted(found)}


def resolution_of(rows: Iterable[Row]) -> float | None:
    """The coarsest step an accuracy of these rows can take; None where none says its samples."""
    steps = []
    for row in rows:
        try:
            samples = float(str(row.get("samples", "")))
        except ValueError:
            continue
        if samples >= 1:
            steps.append(1 / samples)
    return max(steps, default=None)
