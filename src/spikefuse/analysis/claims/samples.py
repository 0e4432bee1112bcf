"""Rows of what other test samples would give for the quantities of the claims, see `over_samples`.

Predictions are kept of networks without noise, so claims about noise have intervals over seeds
alone.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from spikefuse.analysis.claims.catalogue import CLAIMS
from spikefuse.analysis.claims.observations import Observations, Unavailable, mixes
from spikefuse.analysis.claims.rules import Levels, Quantity
from spikefuse.analysis.compare.samples import Answers, NoSamples, match
from spikefuse.analysis.sample_errors import ERROR
from spikefuse.analysis.table import Table
from spikefuse.analysis.words import FEWEST
from spikefuse.data.sources.contract import FUSED
from spikefuse.stats import Observed, sample_error
from spikefuse.studies.controls import CONTROLS
from spikefuse.studies.readings import READINGS

Read = Callable[[str], Answers]
"""A trial's name to its answers; raises `NoSamples`."""


def claim_rows(table: Table, read: Read) -> Iterator[dict[str, Any]]:
    """A row a seed of each quantity that stored predictions make, where claims are judged."""
    quantities = {part.quantity for claim in CLAIMS for part in claim.parts}
    wanted = [each for each in quantities if _is_of_predictions(each)]
    for protocol in table.levels("protocol"):
        levels = table.levels("reading", protocol=protocol)
        for reading in (level for level in levels if level in READINGS):
            rows = Observations.of(table, protocol, "test", reading=reading)
            for quantity in sorted(wanted, key=lambda each: each.words):
                yield from _quantity_rows(quantity, rows, read)


def _is_of_predictions(quantity: Quantity) -> bool:
    return quantity.reduce == "sum" and not any(cell.noise_std for _, cell in quantity.terms)


def _quantity_rows(quantity: Quantity, rows: Observations, read: Read) -> Iterator[dict[str, Any]]:
    try:
        found = [(weight, cell, rows.series(cell)) for weight, cell in quantity.terms]
        seeds = sorted(set.intersection(*(set(series.live) for _, _, series in found)))
        if len(seeds) < FEWEST:
            return
        trials = {cell: series.trials for _, cell, series in found}
        observed = [
            part for seed in seeds for part in _observed(quantity, trials, seed, rows, read)
        ]
    except (Unavailable, NoSamples):
        return
    error = sample_error(observed)
    first = found[0][2].trials
    base = next(row for row in rows.table if row.get("trial") == first[seeds[0]])
    for seed in seeds:
        yield dict(base) | {
            "study": CONTROLS.name,
            "trial": first[seed],
            "noise_std": 0.0,
            "seed": seed,
            "split": "test",
            "metric": f"{ERROR}.{quantity.words}.{error.modality}",
            "value": error.error,
            "samples": error.clusters,
        }


def _observed(
    quantity: Quantity,
    trials: dict[Levels, Any],
    seed: int,
    rows: Observations,
    read: Read,
) -> Iterator[Observed]:
    """One seed's answers behind every term; of single networks over pairs where both kinds stand.

    Raises:
        NoSamples: Answers are missing, or pairs hold samples that a single network did not see.
    """
    joint = {cell.network: cell for _, cell in quantity.terms if cell.modality == FUSED}
    for weight, cell in quantity.terms:
        own = read(trials[cell][seed])
        values, samples = own.correct, own.samples
        if mixes(quantity) and cell.modality != FUSED:
            fused = read(trials[joint[cell.network]][seed])
            matched = match(fused, own)
            if len(matched.a) != len(fused.correct):
                raise NoSamples("pairs hold samples that the single network was not tested on")
            values, samples = matched.b, fused.samples
        yield Observed(seed, weight * values.astype(np.float64), samples)
