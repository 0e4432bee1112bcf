"""Firing rates: spikes per neuron and step of every site, counted exactly.

For a dense network: the share of outputs above zero.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from spikefuse.meters.contract import Meter, MeterKind, Subject

RATE_SAMPLES = 500
"""Firing rates are means over the first samples of the validation split, at most this many."""

_BITS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def count_above_zero(output: Tensor) -> Tensor:
    """How many outputs of each step are above zero, [P, T] of [P, T, ...].

    A positive number has positive bits, and integers are compared and counted ten times faster.
    """
    bits = output.view(_BITS[output.element_size()])
    return torch.stack(
        [torch.stack([torch.count_nonzero(step > 0) for step in member]) for member in bits]
    )


class Rates(Meter):
    """Gives `rate/SITE`, float64 [T], for each member and site."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._active: dict[str, Tensor] = {}
        self._outputs: dict[str, int] = {}

    def update(self, site: str, output: Tensor) -> None:
        """Count the site's outputs above zero."""
        if site not in self.subject.sites:
            return
        counted = count_above_zero(output)
        before = self._active.get(site)
        self._active[site] = counted if before is None else before + counted
        self._outputs[site] = self._outputs.get(site, 0) + output[0, 0].numel()

    def compute(self) -> list[dict[str, Tensor]]:
        """Spikes per neuron at each step."""
        active = {site: counted.cpu().double() for site, counted in self._active.items()}
        return [
            {f"rate/{site}": active[site][member] / self._outputs[site] for site in active}
            for member in range(self.subject.members)
        ]

    def means(self) -> list[dict[str, float]]:
        """Spikes per neuron and step of every site, for each member."""
        totals = {
            site: counted.cpu().sum(dim=1).double() / (self._outputs[site] * counted.shape[1])
            for site, counted in self._active.items()
        }
        return [
            {site: float(total[member]) for site, total in totals.items()}
            for member in range(self.subject.members)
        ]


def mean_rates(measured: Mapping[str, Tensor]) -> dict[str, float]:
    """Spikes per neuron and step of every site, from what `Rates` gave one member."""
    return {
        name.removeprefix("rate/"): float(steps.mean())
        for name, steps in measured.items()
        if name.startswith("rate/")
    }


RATES = MeterKind("firing rates over time", Rates, "validation", RATE_SAMPLES)
