"""Energy of an inference: exact counts times the prices of a cost model."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

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
        return self._by_layer[name]

    @cached_property
    def _by_layer(self) -> dict[str, Tensor]:
        # The total, the first layers and the branches ask for the same sums.
        return {
            name: torch.stack(list(components.values())).sum(dim=0)
            for name, components in self.layers.items()
        }

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
        {name: counts.visit_shares[name] for name in layers},
        frozenset(layer.name for layer in counts.layers if layer.is_static),
    )


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
