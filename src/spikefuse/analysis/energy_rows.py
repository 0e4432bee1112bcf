"""Tidy rows of what networks compute and what that would cost: the table `energy.csv`.

A table of its own, so that `results.csv` holds what it always held. Every row is of the mean sample
among the test samples that were counted (`samples`); the columns `layer`, `branch` and `model` say
what of it: empty is all layers, all branches, no cost model.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from spikefuse.analysis.row_index import DIVERGED
from spikefuse.analysis.tabulate import NewRow
from spikefuse.meters.counts import SPIKES, Counts
from spikefuse.meters.energy import price
from spikefuse.meters.stored_counts import mean_counts
from spikefuse.planning.plan import Plan
from spikefuse.results import TrialFolder, TrialStore
from spikefuse.results.marks import FINAL_STATES

MODELS = ("horowitz-45nm", "horowitz-45nm-int8", "horowitz-memory", "lemaire-2022")
"""Cost models that every table has: operations alone, in two precisions, and with memory."""

FIELDS = ("layer", "branch", "model")
"""Columns that say of what a row is."""

Number = tuple[str, float, dict[str, str]]
"""Metric, value and where it belongs, by column of `FIELDS`; one that is not named is empty."""

logger = logging.getLogger(__name__)


def energy_rows(plan: Plan, store: TrialStore) -> Iterator[NewRow]:
    """The rows of every stored trial of a plan that has counts; without noise.

    A trial that diverged has rows that say so. They come trial by trial: a hundred a network, all
    of them together would not fit into memory.

    Raises:
        StoreError: A trial was finished and cannot be read.
    """
    without = 0
    for trial in plan.trials:
        uses = {use.cell: use for use in trial.uses if use.cell.noise_std == 0}
        state = _final_state(store, trial.name) if uses else ""
        if not state:
            continue
        numbers, samples = _numbers_of_trial(store, trial.name, state)
        without += not numbers
        for use in uses.values():
            common: NewRow = {"study": use.study, "trial": trial.name}
            common |= use.cell.model_dump() | {"seed": use.seed}
            if use.cell.network == "dnn":
                common["reset"] = "none"
            yield from _rows(common, numbers, samples)
    if without:
        logger.warning("%d trials were stored without counts; they have no energy", without)


def numbers_in(store: TrialStore, trial: str) -> dict[tuple[str, ...], float]:
    """The numbers of a stored trial by metric and the columns of `FIELDS`.

    Raises:
        StoreError: It is not finished, or damaged.
    """
    numbers, _ = _numbers_of_trial(store, trial, store.read_final(trial, 0.0).state)
    return {(m, *(place.get(f, "") for f in FIELDS)): float(v) for m, v, place in numbers}


def _final_state(store: TrialStore, trial: str) -> str:
    """The state of a finished trial; "" of one that is missing or was never finished.

    Raises:
        StoreError: It was finished and is damaged, or cannot be read.
    """
    # Known since the rows of `results.csv`, whose files were read and hashed a moment ago.
    state = store.state(trial)
    if state in FINAL_STATES:
        return state
    record = store.read_if_finished(trial)
    return "" if record is None else record.state


def _numbers_of_trial(store: TrialStore, trial: str, state: str) -> tuple[list[Number], int]:
    """The numbers of one trial, and of how many samples they are the mean."""
    if state == DIVERGED:
        # Whoever asks for one model must learn of it too.
        return [(DIVERGED, 1, {"model": model}) for model in ("", *MODELS)], 0
    counted = counted_in(store.folder(trial))
    if counted is None:
        return [], 0
    numbers = list(numbers_of(counted.mean, counted.right))
    if counted.right is not None:
        numbers.append(("counted.accuracy", counted.right, {}))
    numbers += [("quantised.accuracy", v, {"model": bits}) for bits, v in counted.quantised.items()]
    return numbers, counted.samples


@dataclass(frozen=True)
class StoredCounts:
    """What a stored trial did on the test samples that were counted.

    Attributes:
        mean: Counts of the mean sample, [T, 1].
        samples: How many there were.
        right: Share of right answers among them; None where it is not known.
        quantised: The same of a dense network with few bits: "w8a3" has weights of 8 bits and
            activations of 3.
    """

    mean: Counts
    samples: int
    right: float | None
    quantised: Mapping[str, float] = field(default_factory=dict)


def counted_in(folder: TrialFolder) -> StoredCounts | None:
    """The counts of a finished trial; None where it was stored before they were made.

    Raises:
        StoreError: A file is damaged.
    """
    tensors = folder.observations()
    if "synops/samples" not in tensors:
        return None
    samples = int(tensors["synops/samples"])
    right = right_share(folder.predictions(), samples)
    return StoredCounts(mean_counts(tensors), samples, right, quantised_shares(tensors))


def quantised_shares(tensors: Mapping[str, Tensor]) -> dict[str, float]:
    """Share of right answers by bits, from what `training.quantise` stored; empty without."""
    if "quantised/bits" not in tensors:
        return {}
    bits, right = tensors["quantised/bits"].tolist(), tensors["quantised/right"].tolist()
    samples = int(tensors["quantised/samples"])
    return {f"w{w}a{a}": hits / samples for (w, a), hits in zip(bits, right, strict=True)}


def right_share(predictions: Mapping[str, Tensor], samples: int) -> float | None:
    """Share of right answers among the first samples of the test split, those that are counted."""
    if not {"predicted", "labels"} <= predictions.keys():
        return None
    hits = predictions["predicted"][:samples] == predictions["labels"][:samples]
    return float(hits.double().mean())


def numbers_of(
    counts: Counts, right: float | None = None, models: Iterable[str] = MODELS
) -> Iterator[Number]:
    """Every number that rows are made of.

    Args:
        counts: Of the mean sample, [T, 1].
        right: Share of right answers among the samples that were counted, where it is known.
        models: Cost models to price by.
    """
    yield "synops.accumulates", float(counts.accumulates()), {}
    yield "synops.multiplies", float(counts.multiplies()), {}
    yield "synops.multiplies_once", float(counts.multiplies("once")), {}
    yield "synops.dense", counts.dense(), {}
    if counts.neurons:
        spikes = float(counts.spikes())
        yield "synops.spikes", spikes, {}
        yield "synops.updates", counts.updates(), {}
        yield "synops.rate", spikes / counts.updates(), {}
    yield from _layer_numbers(counts)
    for model in models:
        yield from _energy_numbers(counts, model, right)


def _layer_numbers(counts: Counts) -> Iterator[Number]:
    for layer in counts.layers:
        metric = "accumulates" if layer.source == SPIKES else "multiplies"
        yield "synops.dense", layer.shape.dense * layer.time_steps, {"layer": layer.name}
        for part in layer.parts:
            place = {"layer": layer.name, "branch": part.branch}
            yield f"synops.{metric}", float(part.fan_out.sum()), place
            yield "synops.effective", float(part.effective.sum()), place
            yield "synops.events", float(part.events.sum()), place
    for each in counts.neurons:
        place = {"layer": each.name, "branch": each.branch}
        yield "synops.spikes", float(each.spikes.sum()), place
        yield "synops.updates", each.updates, place


def _energy_numbers(counts: Counts, model: str, right: float | None) -> Iterator[Number]:
    energy, once = price(counts, model), price(counts, model, "once")
    whole, here = float(energy.total_pj()), {"model": model}
    yield "energy.pj", whole, here
    yield "energy.once_pj", float(once.total_pj()), here
    yield "energy.first_layer_pj", float(energy.first_layer_pj()), here
    if right:
        yield "energy.right_pj", whole / right, here
    for part, value in energy.components_pj().items():
        yield f"energy.{part}_pj", float(value), here
    for branch, value in energy.branch_pj().items():
        yield "energy.pj", float(value), here | {"branch": branch}
    for layer in energy.layers:
        yield "energy.pj", float(energy.layer_pj(layer)), here | {"layer": layer}


def _rows(common: NewRow, numbers: Iterable[Number], samples: int) -> Iterator[NewRow]:
    for metric, value, place in numbers:
        own: dict[str, Any] = {"split": "test", "metric": metric, "value": float(value)}
        own |= dict.fromkeys(FIELDS, "") | place
        yield common | own | {"samples": samples or ""}
