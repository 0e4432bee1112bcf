"""The standard errors over test samples that stand in tidy rows, and estimates made wider by them.

`over_samples` makes the rows; tables of before it have none, and intervals are over seeds alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.row_index import Level, Row
from spikefuse.analysis.series import Series
from spikefuse.analysis.table import Table

ON_PAIRS = "accuracy_on_pairs"
"""Metric of a single network's accuracy over the test pairs of the fused one."""

ERROR = "samples_error"
"""How metrics of standard errors over test samples begin."""

CONTROL = "control"


def over(yardstick: str) -> str:
    """What is measured where the SNN's gain less the DNN's is.

    Example:
        >>> over("audio alone")
        'SNN minus DNN over audio alone'
    """
    return f"SNN minus DNN over {yardstick}"


def on_pairs(table: Table, series: Series, **levels: Level | Collection[str]) -> Series:
    """A single network's accuracies over the fused network's pairs; as they are where not known."""
    found = table.series(metric=ON_PAIRS, **levels)
    if not series.values or series.diverged or set(found.values) < set(series.values):
        return series
    values = {seed: found.values[seed] for seed in series.values}
    return replace(series, values=values, samples=found.samples, variance=found.variance)


def errors_of(rows: Collection[Row]) -> Mapping[str, tuple[float, int, str]]:
    """By name: standard error over test samples, their number, and of which modality.

    Example:
        >>> row = {"metric": "samples_error.audio alone.audio", "value": 0.01, "samples": 300}
        >>> errors_of([row])
        {'audio alone': (0.01, 300, 'audio')}
    """
    found = {}
    for row in rows:
        head, _, rest = str(row.get("metric")).partition(".")
        name, dot, modality = rest.rpartition(".")
        if head == ERROR and dot:
            found[name] = (float(row["value"]), int(float(row["samples"])), modality)
    return found


def widened(found: Estimate | None, error: tuple[float, int, str] | None) -> Estimate | None:
    """An estimate over seeds as one over seeds and test samples; as it is where either is missing.

    Example:
        >>> over_seeds = Estimate({0: 0.02, 1: 0.03, 2: 0.01}, 0.02, -0.0048, 0.0448)
        >>> wider = widened(over_seeds, (0.02, 300, "audio"))
        >>> wider.low < over_seeds.low, wider.over
        (True, '300 audio samples')
    """
    if found is None or error is None or found.low is None or error[0] == 0.0 or error[1] < 2:
        return found
    from spikefuse.stats import over_samples
    from spikefuse.stats.intervals import Interval, against_zero, critical_value

    size, clusters, modality = error
    assert found.high is not None
    degrees = float(found.n - 1)
    spread = (found.high - found.low) / 2.0 / critical_value(0.95, degrees)
    ends = found.low, found.high
    seeds = Interval(
        found.mean, *ends, found.n, "t over seeds", standard_error=spread, degrees=degrees
    )
    wider = against_zero(over_samples(seeds, size, clusters))
    return replace(
        found,
        low=wider.low,
        high=wider.high,
        p_value=wider.p_value,
        over=f"{clusters:,} {modality} samples",
        interval=wider,
    )
