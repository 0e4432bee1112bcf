"""The same difference where a claim's answer hangs on one cell: other yardsticks, other settings.

A difference that is shown in one cell and in none beside it is not yet a property of the networks.
What stands beside a claim decides nothing; it is what a reader must see together with the verdict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spikefuse.analysis.claims.observations import Observations, Unavailable, measure
from spikefuse.analysis.claims.rules import Levels, Quantity, gain_terms
from spikefuse.analysis.words import signed
from spikefuse.stats import Interval
from spikefuse.studies.readings import LAB

SINGLE = ("image", "audio")


@dataclass(frozen=True, slots=True)
class Variant:
    """One departure from a claim's cells.

    Attributes:
        words: What differs.
        levels: Levels that all cells take instead; what says nothing about a DNN leaves it as is.
        over_better: Over the better single network, chosen on validation, not over the mean.
        reading: Rows of another reading; empty for the one under judgement.
        split: Another split; empty for the one under judgement.
    """

    words: str
    levels: Mapping[str, Any] = field(default_factory=dict)
    over_better: bool = False
    reading: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """A variant, measured; numbers are fractions of 1.

    Attributes:
        values: The number of each seed.
    """

    words: str
    interval: Interval
    values: tuple[float, ...]

    @property
    def is_shown(self) -> bool:
        """Whether the difference is above zero here, too."""
        return self.interval.low > 0.0

    def text(self) -> str:
        """The measurement as a reader would say it."""
        ends = f"{signed(self.interval.low)} to {signed(self.interval.high)}"
        if len(self.values) == 2:
            ends = " and ".join(signed(value) for value in self.values)
        return f"{self.words} {signed(self.interval.estimate)} pp ({ends}, n = {self.interval.n})"


BESIDE: Mapping[str, tuple[Variant, ...]] = {
    "C8": (
        Variant("over the better single network", over_better=True),
        Variant("on the validation split", split="validation"),
        *(Variant(f"at {size}", {"size": size}) for size in ("S/2", "S/3")),
        *(Variant(f"with T = {steps}", {"time_steps": steps}) for steps in (8, 16)),
        Variant("with IF", {"neuron": "if"}),
        Variant("with hard reset", {"reset": "hard"}),
        *(
            Variant(f"with the surrogate {name}", reading=name)
            for name in ("atan", "fast_sigmoid", "triangle")
        ),
    )
}
"""By claim, where else its difference is looked at: the claim's own weak spots."""


def measure_beside(
    variants: tuple[Variant, ...], observed: Observations, confidence: float
) -> tuple[Beside, ...]:
    """Every variant whose cells have rows."""
    found = []
    for variant in variants:
        if variant.split == observed.split:
            continue
        if variant.reading and observed.reading != LAB:  # another surrogate alone, of `lab`
            continue
        try:
            rows = observed.elsewhere(variant.reading, variant.split)
            terms = _terms(variant, rows)
            interval, values = measure(rows, Quantity(variant.words, terms), confidence)
        except Unavailable:
            continue
        found.append(Beside(variant.words, interval, values))
    return tuple(found)


def _terms(variant: Variant, rows: Observations) -> tuple[tuple[float, Levels], ...]:
    terms = gain_terms("snn") + gain_terms("dnn", -1.0)
    changed = tuple((weight, replace(cell, **variant.levels)) for weight, cell in terms)
    if not variant.over_better:
        return changed
    better = {network: _better(network, rows) for network in ("snn", "dnn")}
    return tuple(
        (weight if cell.modality not in SINGLE else 2 * weight, cell)
        for weight, cell in changed
        if cell.modality not in SINGLE or cell.modality == better[cell.network]
    )


def _better(network: str, rows: Observations) -> str:
    """The better single modality on validation, so that the test set keeps its innocence."""
    chosen_on = rows.elsewhere(split="validation")
    means = {}
    for modality in SINGLE:
        values = chosen_on.series(Levels(network, modality)).averaged.values()
        means[modality] = sum(values) / len(values)
    return max(SINGLE, key=lambda modality: means[modality])


def beside_words(found: tuple[Beside, ...]) -> str:
    """What stands beside the verdict, in a sentence; empty for nothing."""
    if not found:
        return ""
    shown = [each.text() for each in found if each.is_shown]
    missing = [each.text() for each in found if not each.is_shown]
    parts = [f"shown also {'; '.join(shown)}"] if shown else []
    parts += [f"not shown {'; '.join(missing)}"] if missing else []
    return f" The same difference elsewhere, over seeds alone: {'. '.join(parts)}."
