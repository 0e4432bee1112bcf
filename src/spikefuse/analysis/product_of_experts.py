"""What networks know that were trained apart: the product of experts, one a modality.

Given the class, samples that were paired at random are independent, so the product of the
networks' class probabilities is what joint training can hope for at best, if all are calibrated
and classes are equally frequent. Nothing is trained: the logits that every trial stores are enough.
Beside it stands the product of probabilities at temperatures fitted on validation.

Source: G. E. Hinton, "Products of experts", ICANN 1999.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from spikefuse.analysis.gains import PRODUCT, TEMPERED_PRODUCT
from spikefuse.analysis.row_index import DIVERGED, EXPERTS_JOIN
from spikefuse.analysis.sample_errors import ON_PAIRS
from spikefuse.analysis.table import METRIC
from spikefuse.analysis.temperature import temperature
from spikefuse.core.errors import StoreError, StudyError
from spikefuse.core.recent import Recent
from spikefuse.planning.plan import Plan, definition_of
from spikefuse.planning.trials import PlannedTrial, Use
from spikefuse.results import TrialStore
from spikefuse.results.documents import hashes_with
from spikefuse.studies.controls import CONTROLS
from spikefuse.studies.design import Cell
from spikefuse.studies.fusion import FUSION
from spikefuse.studies.profiles import share_of
from spikefuse.studies.readings import is_noise, is_remedy
from spikefuse.studies.remedies import REMEDIES

if TYPE_CHECKING:
    from torch import Tensor


Predictions: TypeAlias = "Mapping[str, Tensor]"

EQUAL = (FUSION.name, REMEDIES.name)
"""Studies whose product has as many parameters as the fused network, see `equal_products`."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Product:
    """The product of experts on the test pairs of one fused network.

    Attributes:
        cell: The fused network's levels.
        seed: Seed of all these networks.
        parts: Names of the trials that are the experts, in the order of the fused network.
        accuracy: Share of right answers; None where `reason` says why.
        samples: Number of test pairs.
        reason: Why there is no number; empty where there is one.
        diverged: Whether the reason is that one of the networks diverged.
        tempered: The accuracy with every expert at its temperature; None where an expert has no
            validation logits stored.
        temperatures: By modality; empty likewise.
        alone: By modality, the accuracy of each expert on the same pairs.
    """

    cell: Cell
    seed: int
    parts: tuple[str, ...]
    accuracy: float | None
    samples: int
    reason: str = ""
    diverged: bool = False
    tempered: float | None = None
    temperatures: Mapping[str, float] = field(default_factory=dict)
    alone: Mapping[str, float] = field(default_factory=dict)


def product_accuracy(fused: Predictions, experts: Mapping[str, Predictions]) -> float:
    """Accuracy of the product of networks; see `product_right`."""
    return float(product_right(fused, experts).double().mean())


def product_right(
    fused: Predictions,
    experts: Mapping[str, Predictions],
    temperatures: Mapping[str, float] | None = None,
) -> Tensor:
    """Where the product of networks is right, [n], of the samples a fused network was tested on.

    Args:
        fused: Stored predictions of the fused trial; its entry [n] of each modality and its
            `labels` [n] say which samples belong together.
        experts: By modality, those of the trial that saw it alone: the modality's entry and
            `labels` [m], `logits` [m, K].
        temperatures: By modality, what its logits are divided by; 1 if not given.

    Raises:
        StudyError: A sample of a pair is not in its network's test set, labels disagree, or
            something is not stored.
    """
    import torch
    from torch import Tensor

    total: Tensor | float = 0.0
    for name, part in experts.items():
        for predictions, keys in ((fused, (name, "labels")), (part, (name, "labels", "logits"))):
            absent = [key for key in keys if key not in predictions]
            if absent:
                raise StudyError(f"no {', '.join(absent)} stored beside the predictions")
        where = _positions(part[name], fused[name], name)
        if not torch.equal(part["labels"][where], fused["labels"]):
            raise StudyError(f"labels of the {name} network and of the pairs disagree")
        if not bool(torch.isfinite(part["logits"]).all()):
            raise StudyError(f"logits of the {name} network are not finite")
        scaled = part["logits"].double() / (temperatures or {}).get(name, 1.0)
        total = total + scaled.log_softmax(dim=-1)[where]
    assert isinstance(total, Tensor)
    return total.argmax(dim=-1) == fused["labels"]


def _positions(samples: Tensor, wanted: Tensor, name: str) -> Tensor:
    """Where each wanted sample stands in a test set."""
    import torch

    samples, wanted = samples.long(), wanted.long()
    ordered, order = samples.sort()
    found = torch.searchsorted(ordered, wanted).clamp(max=max(len(samples) - 1, 0))
    is_there = ordered[found] == wanted if len(samples) else torch.zeros_like(wanted).bool()
    if not bool(is_there.all()):
        absent = int((~is_there).sum())
        raise StudyError(
            f"{absent} of {len(wanted)} pairs have an {name} sample that is not in the test set "
            f"of the {name} network"
        )
    return order[found]


@dataclass
class Temperatures:
    """Temperatures of a store's networks, each fitted once: an expert stands in many products."""

    store: TrialStore
    known: dict[str, float | None] = field(default_factory=dict)

    def of(self, name: str) -> float | None:
        """A trial's temperature; None where its validation logits are not stored."""
        if name not in self.known:
            self.known[name] = stored_temperature(self.store, name)
        return self.known[name]


def products(
    plan: Plan, store: TrialStore, temperatures: Temperatures | None = None
) -> list[Product]:
    """The product of experts beside every stored fused network of a plan, by cell and seed.

    The parts are the networks of one modality with the same levels and seed, wherever they are
    stored, whether the plan names them or not.
    """
    found: dict[tuple[str, str], Product] = {}
    shelf = _Shelf(store, temperatures or Temperatures(store))
    for trial in plan.trials:
        if len(trial.definition.modalities) < 2:
            continue
        for use in trial.uses:
            key = (trial.name, use.cell.reading)
            usual = use.cell.noise_std == 0 and use.cell.pairing != "shuffled"
            usual = usual and use.study not in EQUAL and not is_noise(use.cell.reading)
            if usual and key not in found:
                found[key] = _product(trial, use, plan, shelf)
    return list(found.values())


@dataclass
class _Shelf:
    """Reads each trial's answers once: an expert stands behind several fused networks."""

    store: TrialStore
    temperatures: Temperatures
    read: Recent[str, Predictions | str] = field(default_factory=Recent)
    named: dict[tuple[Cell, str | None], dict[int, tuple[str, ...]]] = field(default_factory=dict)

    def parts(self, trial: PlannedTrial, use: Use, plan: Plan, size: str | None) -> tuple[str, ...]:
        """Names of the networks of one modality with the levels and seed of a fused one.

        Those of all seeds are made at once: making and naming a record takes milliseconds.
        """
        key = (use.cell, size)
        if key not in self.named:
            levels = use.cell.model_dump() | ({"size": size} if size is not None else {})
            data = (plan.source, plan.fingerprint)
            names = []
            for modality in trial.definition.modalities:
                cell = Cell.create(**(levels | {"modality": modality}))
                first = definition_of(cell, plan.seeds[0], plan.profile, *data)
                names.append(hashes_with(first.naming(), "seed", plan.seeds))
            self.named[key] = dict(zip(plan.seeds, zip(*names, strict=True), strict=True))
        return self.named[key][use.seed]

    def predictions(self, name: str) -> Predictions | str:
        """What a trial answered to its test set, or why that is not known."""
        if name not in self.read:
            self.read[name] = _predictions(self.store, name)
        return self.read[name]


def equal_products(
    plan: Plan, store: TrialStore, study: str, temperatures: Temperatures | None = None
) -> list[Product]:
    """The product of experts beside every size and seed of one of the studies `EQUAL`.

    Each expert has its equal share of the fused network's parameters. The pairs are the same for
    every kind of fusion, so those of the first kind that is stored are taken; a remedy for joint
    training says nothing of networks trained apart.
    """
    found: dict[tuple[Cell, int], Product] = {}
    shelf = _Shelf(store, temperatures or Temperatures(store))
    for trial in plan.trials:
        for use in trial.uses:
            if use.study != study or len(trial.definition.modalities) < 2:
                continue
            if use.cell.noise_std != 0 or is_remedy(use.cell.reading):
                continue
            key = (use.cell.model_copy(update={"fusion": PRODUCT}), use.seed)
            if key not in found or found[key].accuracy is None:
                size = share_of(use.cell.size, len(trial.definition.modalities))
                found[key] = _product(trial, use, plan, shelf, size)
    return list(found.values())


def _product(
    trial: PlannedTrial, use: Use, plan: Plan, shelf: _Shelf, size: str | None = None
) -> Product:
    fused, modalities = trial.name, trial.definition.modalities
    parts = shelf.parts(trial, use, plan, size)
    missing = Product(use.cell, use.seed, parts, None, 0)
    names = (fused, *parts)
    states = {shelf.store.state(name) for name in names}
    lost = "diverged" in states and states <= {"done", "diverged"}
    found: list[Predictions] = []
    for name in names:
        predictions = shelf.predictions(name)
        if isinstance(predictions, str):
            return replace(missing, reason=predictions, diverged=lost)
        found.append(predictions)
    experts = dict(zip(modalities, found[1:], strict=True))
    try:
        accuracy = product_accuracy(found[0], experts)
    except StudyError as problem:
        return replace(missing, reason=f"{fused}: {problem}")
    told = replace(missing, accuracy=accuracy, samples=len(found[0]["labels"]))
    own = {name: product_accuracy(found[0], {name: part}) for name, part in experts.items()}
    told = replace(told, alone=own)
    warm = [shelf.temperatures.of(name) for name in parts]
    known = {name: each for name, each in zip(modalities, warm, strict=True) if each is not None}
    if len(known) < len(modalities):
        return told
    right = product_right(found[0], experts, known)
    return replace(told, tempered=float(right.double().mean()), temperatures=known)


def stored_temperature(store: TrialStore, name: str) -> float | None:
    """The temperature of a finished trial; None where its validation logits are not stored."""
    try:
        stored = store.folder(name).observations()
    except StoreError:
        return None
    logits, labels = (stored.get(f"validation/{key}") for key in ("logits", "labels"))
    if logits is None or labels is None:
        return None
    return temperature(logits.numpy(), labels.numpy())


def _predictions(store: TrialStore, name: str) -> Predictions | str:
    """What a trial answered to its test set, or why that is not known."""
    state = store.state(name)
    if state != "done":
        return f"trial {name} is {state}"
    try:
        return store.folder(name).predictions()
    except StoreError as problem:
        return str(problem)


def product_rows(
    plan: Plan, store: TrialStore, temperatures: Temperatures | None = None
) -> list[dict[str, Any]]:
    """Tidy rows of the products of experts; those without a number have none (logged).

    Where one of the networks diverged the product has a row that says so, as a trial would.
    """
    temperatures = temperatures or Temperatures(store)
    usual = products(plan, store, temperatures)
    equal = {name: equal_products(plan, store, name, temperatures) for name in EQUAL}
    found = [*usual, *(product for products_of in equal.values() for product in products_of)]
    for reason in dict.fromkeys(each.reason for each in found if each.accuracy is None):
        logger.warning("no product of experts: %s", reason)
    rows = [_row(product, CONTROLS.name) | _outcome(product) for product in usual if _has(product)]
    for study, products_of in equal.items():
        for product in filter(_has, products_of):
            row = _row(product, study)
            rows += [row | _outcome(product), *(row | sums for sums in _sums(product, store))]
            if study == REMEDIES.name:
                rows += _on_pairs(product)
    for study, products_of in ((CONTROLS.name, usual), *equal.items()):
        rows += [row for product in products_of for row in _tempered(product, study)]
    return rows


def _tempered(product: Product, study: str) -> Iterator[dict[str, Any]]:
    """The product at its temperatures, and these."""
    if product.tempered is None:
        return
    row = _row(product, study) | {"fusion": TEMPERED_PRODUCT, "split": "test"}
    yield row | {"metric": METRIC, "value": product.tempered, "samples": product.samples}
    for name, value in product.temperatures.items():
        yield row | {"split": "", "metric": f"temperature.{name}", "value": value, "samples": ""}


def _has(product: Product) -> bool:
    return product.accuracy is not None or product.diverged


def _row(product: Product, study: str) -> dict[str, Any]:
    levels = product.cell.model_dump() | {"fusion": PRODUCT, "seed": product.seed}
    return {"study": study, "trial": EXPERTS_JOIN.join(product.parts)} | levels


def _sums(product: Product, store: TrialStore) -> list[dict[str, Any]]:
    """What all experts have together."""
    results = [store.read(name).results for name in product.parts]
    return [
        {"split": "", "metric": metric, "value": sum(each[metric] for each in results)}
        | {"samples": ""}
        for metric in ("parameters", "macs")
    ]


def _on_pairs(product: Product) -> Iterator[dict[str, Any]]:
    """What is left where a sense is lost: each expert, asked what the fused network is asked."""
    for trial, (name, accuracy) in zip(product.parts, product.alone.items(), strict=False):
        size = share_of(product.cell.size, len(product.parts))
        row = _row(product, REMEDIES.name) | {"trial": trial, "modality": name, "size": size}
        row |= {"fusion": "none", "split": "test", "metric": ON_PAIRS}
        yield row | {"value": accuracy, "samples": product.samples}


def _outcome(product: Product) -> dict[str, Any]:
    if product.diverged:
        return {"split": "", "metric": DIVERGED, "value": 1, "samples": ""}
    test = {"split": "test", "metric": METRIC}
    return test | {"value": product.accuracy, "samples": product.samples}
