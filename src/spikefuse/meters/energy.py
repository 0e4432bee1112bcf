"""Energy of an inference: exact counts times the prices of a cost model."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from spikefuse.core.checks import one_of, require
from spikefuse.meters.accounting import ACCOUNTINGS, Components
from spikefuse.meters.costs import CostModel, cost_model
from spikefuse.meters.counts import Counts

FIRST_LAYER = ("every-step", "once")
"""How a layer with the same input at every step counts: as streaming hardware runs, or once."""


@dataclass(frozen=True)
class Energy:
    """Energy of each sample's inference under one cost model.

    Args:
        model: The cost model.
        layers: pJ [B] by layer, then by what they are spent on.
        shares: Share of a layer's energy that each branch caused, [B] by layer and branch.
        static: Layers whose input is the same at every step.
    """

    model: CostModel
    layers: Mapping[str, Components]
    shares: Mapping[str, Mapping[str, Tensor]]
    static: frozenset[str]

    def __repr__(self) -> str:
        """What it is, in a line; the numbers are in its methods."""
        return f"Energy({self.model.name}, {', '.join(self.layers)})"

    def total_pj(self) -> Tensor:
        """Energy of each inference, in pJ [B]."""
        return torch.stack([self.layer_pj(name) for name in self.layers]).sum(dim=0)

    def layer_pj(self, name: str) -> Tensor:
        """Energy of one layer with its neurons, in pJ [B]."""
        return torch.stack(list(self.layers[name].values())).sum(dim=0)

    def components_pj(self) -> Components:
        """Energy by what it is spent on, in pJ [B]."""
        found: Components = {}
        for components in self.layers.values():
            for key, value in components.items():
                found[key] = found[key] + value if key in found else value
        return found

    def first_layer_pj(self) -> Tensor:
        """Energy of the layers with the same input at every step, in pJ [B]; part of the total."""
        total = self.total_pj()
        return sum((self.layer_pj(name) for name in self.static), torch.zeros_like(total))

    def branch_pj(self) -> dict[str, Tensor]:
        """Energy that each branch causes, in pJ [B]; the branches together are the total.

        A layer that several branches enter is shared by the weights that each branch's inputs
        visit.
        """
        found: dict[str, Tensor] = {}
        for name, shares in self.shares.items():
            energy = self.layer_pj(name)
            for branch, share in shares.items():
                found[branch] = found.get(branch, torch.zeros_like(energy)) + energy * share
        return found


def price(
    counts: Counts, model: CostModel | str = "horowitz-45nm", first_layer: str = "every-step"
) -> Energy:
    """What the counted operations cost.

    Args:
        counts: Of one network.
        model: A cost model, its name, or a TOML file with one.
        first_layer: How layers whose input is the same at every step count, see `FIRST_LAYER`.

    Raises:
        InputError: The model or the way to count is unknown.
    """
    one_of("energy", "first_layer", first_layer, FIRST_LAYER)
    prices = cost_model(model) if isinstance(model, str) else model
    layers = ACCOUNTINGS[prices.accounting](counts, prices, first_layer)
    return Energy(
        prices,
        layers,
        _shares(counts, layers),
        frozenset(layer.name for layer in counts.layers if layer.is_static),
    )


def _shares(counts: Counts, layers: Mapping[str, Components]) -> dict[str, dict[str, Tensor]]:
    shares: dict[str, dict[str, Tensor]] = {}
    for layer in counts.layers:
        visits: dict[str, Tensor] = {}
        for part in layer.parts:
            found = part.fan_out.sum(dim=0).double()
            visits[part.branch] = visits[part.branch] + found if part.branch in visits else found
        whole = torch.stack(list(visits.values())).sum(dim=0)
        # Of a silent input nobody is the cause: what is left (bias, state) is shared alike.
        even = torch.full_like(whole, 1 / len(visits))
        shares[layer.name] = {
            branch: torch.where(whole > 0, found / whole, even) for branch, found in visits.items()
        }
    for each in counts.neurons:
        one = torch.ones(counts.samples, dtype=torch.float64)
        shares.setdefault(each.name, {each.branch: one})
    return {name: shares[name] for name in layers}


def per_right_answer_pj(energy_pj: Tensor, right: Tensor) -> float:
    """Energy spent for each right answer: all of it over the number of right answers.

    Args:
        energy_pj: [B].
        right: bool [B].

    Raises:
        InputError: No answer is right.

    Example:
        >>> per_right_answer_pj(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([True, False, True]))
        3.0
    """
    count = int(right.sum())
    require(count > 0, "energy", "right", "true at least once", count)
    return float(energy_pj.double().sum()) / count
