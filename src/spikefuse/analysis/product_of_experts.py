"""What two networks know that were trained apart: the product of experts of image and audio.

Given the digit, image and clip are independent, so the product of the two networks' class
probabilities is what joint training can hope for at best, if both are calibrated and digits are
equally frequent. Nothing is trained: the logits that every trial stores are enough.

Source: G. E. Hinton, "Products of experts", ICANN 1999.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from spikefuse.analysis.gains import PRODUCT
from spikefuse.core.errors import StoreError, StudyError
from spikefuse.planning.plan import Plan, definition_of
from spikefuse.results import TrialStore
from spikefuse.studies.controls import CONTROLS
from spikefuse.studies.design import Cell

if TYPE_CHECKING:
    from torch import Tensor


Predictions: TypeAlias = "Mapping[str, Tensor]"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Product:
    """The product of experts on the test pairs of one fused network.

    Attributes:
        cell: The fused network's levels.
        seed: Seed of all three networks.
        parts: Names of the image and the audio trial.
        accuracy: Share of right answers; None where `reason` says why.
        samples: Number of test pairs.
        reason: Why there is no number; empty where there is one.
    """

    cell: Cell
    seed: int
    parts: tuple[str, str]
    accuracy: float | None
    samples: int
    reason: str = ""


def product_accuracy(fused: Predictions, image: Predictions, audio: Predictions) -> float:
    """Accuracy of the product of two networks on the pairs that a fused network was tested on.

    Args:
        fused: Stored predictions of the fused trial; its `image`, `audio` and `labels` [n] say
            which samples make a pair.
        image: Of the image trial: `image` and `labels` [m], `logits` [m, 10].
        audio: Of the audio trial, likewise.

    Raises:
        StudyError: A sample of a pair is not in its network's test set, labels disagree, or
            something is not stored.
    """
    import torch
    from torch import Tensor

    total: Tensor | float = 0.0
    for name, part in (("image", image), ("audio", audio)):
        for predictions, keys in ((fused, (name, "labels")), (part, (name, "labels", "logits"))):
            absent = [key for key in keys if key not in predictions]
            if absent:
                raise StudyError(f"no {', '.join(absent)} stored beside the predictions")
        where = _positions(part[name], fused[name], name)
        if not torch.equal(part["labels"][where], fused["labels"]):
            raise StudyError(f"labels of the {name} network and of the pairs disagree")
        if not bool(torch.isfinite(part["logits"]).all()):
            raise StudyError(f"logits of the {name} network are not finite")
        total = total + part["logits"].double().log_softmax(dim=-1)[where]
    assert isinstance(total, Tensor)
    right = total.argmax(dim=-1) == fused["labels"]
    return float(right.double().mean())


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


def products(plan: Plan, store: TrialStore) -> list[Product]:
    """The product of experts beside every stored fused network of a plan, by cell and seed.

    The parts are the image and the audio network of the same levels and seed, wherever they are
    stored, whether the plan names them or not.
    """
    found: dict[tuple[str, str], Product] = {}
    read: dict[str, Predictions | str] = {}
    for trial in plan.trials:
        name = trial.definition.name
        if trial.definition.modality != "fused" or trial.definition.selection.shuffle_audio:
            continue
        for use in trial.uses:
            key = (name, use.cell.reading)
            if use.cell.noise_std == 0 and key not in found:
                found[key] = _product(name, use.cell, use.seed, plan, store, read)
    return list(found.values())


def _product(
    fused: str,
    cell: Cell,
    seed: int,
    plan: Plan,
    store: TrialStore,
    read: dict[str, Predictions | str],
) -> Product:
    definitions = [
        definition_of(
            Cell.create(**(cell.model_dump() | {"modality": modality})),
            seed,
            plan.profile,
            plan.source,
        )
        for modality in ("image", "audio")
    ]
    parts = (definitions[0].name, definitions[1].name)
    predictions: list[Predictions] = []
    for name in (fused, *parts):
        if name not in read:
            read[name] = _predictions(store, name)
        got = read[name]
        if isinstance(got, str):
            return Product(cell, seed, parts, None, 0, got)
        predictions.append(got)
    try:
        accuracy = product_accuracy(*predictions)
    except StudyError as problem:
        return Product(cell, seed, parts, None, 0, f"{fused}: {problem}")
    return Product(cell, seed, parts, accuracy, len(predictions[0]["labels"]))


def _predictions(store: TrialStore, name: str) -> Predictions | str:
    """What a trial answered to its test set, or why that is not known."""
    state = store.state(name)
    if state != "done":
        return f"trial {name} is {state}"
    try:
        return store.folder(name).predictions()
    except StoreError as problem:
        return str(problem)


def product_rows(plan: Plan, store: TrialStore) -> list[dict[str, Any]]:
    """Tidy rows of the products of experts; those without a number have none (logged)."""
    found = products(plan, store)
    for reason in dict.fromkeys(each.reason for each in found if each.accuracy is None):
        logger.warning("no product of experts: %s", reason)
    return [
        {"study": CONTROLS.name, "trial": "+".join(product.parts)}
        | product.cell.model_dump()
        | {"fusion": PRODUCT, "seed": product.seed, "split": "test", "metric": "accuracy"}
        | {"value": product.accuracy, "samples": product.samples}
        for product in found
        if product.accuracy is not None
    ]
