"""How long a network was trained, and when that is too little to speak against the paper.

More training can only raise an accuracy that has not settled. So a network that falls short of one
of the paper's levels says something against it only where it was trained for as many epochs as the
paper's, or until it stopped rising (`stats.plateau`). A network with a
silent layer (see `silence`) has not settled: what lies about that layer may not have begun.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spikefuse.analysis.row_index import Row, Runs
from spikefuse.analysis.silence import silent_layers
from spikefuse.stats.plateau import has_settled

if TYPE_CHECKING:
    from spikefuse.results import TrialRecord

PAPER_EPOCHS = 200
"""Epochs that the paper trains each network for, those of the profile `paper`."""

COLUMNS = ("steps", "plateau")
"""Tidy columns of a trial's effort: optimiser steps, and whether its accuracy had settled."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long the networks of a cell were trained; of several seeds, the least.

    Attributes:
        epochs: None where rows do not say.
        steps: Optimiser steps; None where rows do not say.
        plateau: Whether every one had stopped rising.
    """

    epochs: int | None = None
    steps: int | None = None
    plateau: bool = False

    @property
    def is_enough(self) -> bool:
        """Whether a level that is missed says something against the paper."""
        return self.plateau or (self.epochs is not None and self.epochs >= PAPER_EPOCHS)

    def words(self) -> str:
        """As a reader would say it."""
        if self.epochs is None:
            return "an unknown number of epochs"
        return f"{self.epochs} epoch{'' if self.epochs == 1 else 's'}"


def trained_epochs(record: "TrialRecord") -> int:
    """How many epochs a trial was trained for: all of its definition, or those to its plateau."""
    ends_early = record.definition.get("stop") == "plateau"
    return len(record.metrics) if ends_early else int(record.definition["epochs"])


def effort_columns(record: "TrialRecord") -> dict[str, Any]:
    """The columns of `COLUMNS` of a finished trial; empty where its folder does not say."""
    from spikefuse.fusion.contract import Fusion  # with PyTorch, which a reader of tables has not
    from spikefuse.fusion.registry import FUSIONS

    splits = record.results.get("audit", {}).get("splits", ())
    train = next((part["samples"] for part in splits if part["split"] == "train"), None)
    batch, most = (record.definition.get(key) for key in ("batch_size", "epochs"))
    epochs = trained_epochs(record) if most else 0
    kind = FUSIONS.get(record.definition.get("fusion", ""), Fusion)
    settled = has_settled(record.metrics, kind.is_ready, most or 0)
    return {
        "steps": epochs * math.ceil(train / batch) if train and batch and epochs else "",
        "plateau": settled and not silent_layers(record.results.get("rates", {})),
    }


def efforts(rows: Sequence[Row]) -> dict[str, Effort]:
    """Trial -> its effort, from tidy rows, typed or as text."""
    runs = Runs(rows)
    columns = (runs.entries(name) for name in ("trial", "metric", "value", *COLUMNS))
    found: dict[str, Effort] = {}
    for name, metric, value, steps, plateau in zip(*columns, strict=True):
        counts = metric == "epochs"
        if counts or str(name) not in found:
            found[str(name)] = Effort(
                epochs=_whole(value) if counts else None,
                steps=_whole(steps),
                plateau=str(plateau).lower() == "true",
            )
    return found


def least(parts: Iterable[Effort]) -> Effort:
    """The effort of several networks together: that of the one trained least."""
    known = list(parts)
    epochs, steps = ([getattr(each, name) for each in known] for name in ("epochs", "steps"))
    return Effort(
        epochs=None if None in epochs else min(epochs, default=None),
        steps=None if None in steps else min(steps, default=None),
        plateau=bool(known) and all(each.plateau or each.is_enough for each in known),
    )


def is_longer(one: Effort, other: Effort) -> bool | None:
    """Whether one was trained longer than the other, in steps where both say; None: unknown."""
    if one.steps is not None and other.steps is not None:
        return one.steps > other.steps
    if one.epochs is not None and other.epochs is not None:
        return one.epochs > other.epochs
    return None


def words_beside(one: Effort, other: Effort) -> tuple[str, str]:
    """Two efforts as a reader would say them, in the unit in which `is_longer` compares them.

    Example:
        >>> words_beside(Effort(epochs=10, steps=1200), Effort(epochs=40, steps=880))
        ('1,200 training steps', '880 training steps')
    """
    if one.steps is None or other.steps is None:
        return one.words(), other.words()
    first, second = (
        f"{steps:,} training step{'' if steps == 1 else 's'}" for steps in (one.steps, other.steps)
    )
    return first, second


def _whole(value: object) -> int | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return int(number) if number.is_integer() and number >= 0 else None
