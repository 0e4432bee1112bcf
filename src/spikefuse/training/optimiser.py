"""Adam for a population: a learning rate and a state of its own for each member."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from spikefuse.networks import PopulationNetwork


class PopulationAdam:
    """PyTorch's fused Adam over each member's slice of the population's weights.

    The slices are views, so a step writes the population's weights in place; gradients are views
    too. A member's update does not touch its neighbours'.

    Source:
        Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    """

    def __init__(self, network: PopulationNetwork, learning_rates: Sequence[float]) -> None:
        self._names = [name for name, _ in network.named_parameters()]
        self._stacked = list(network.parameters())
        self._slices = [
            [stack.detach()[member].requires_grad_() for stack in self._stacked]
            for member in range(network.members)
        ]
        self._adam = torch.optim.Adam(
            [
                {"params": slices, "lr": rate}
                for slices, rate in zip(self._slices, learning_rates, strict=True)
            ],
            fused=True,
        )

    def clear(self) -> None:
        """Forget the gradients."""
        for stack in self._stacked:
            stack.grad = None

    def step(self, members: Sequence[int]) -> None:
        """Update the weights of the named members."""
        for member, slices in enumerate(self._slices):
            for view, stack in zip(slices, self._stacked, strict=True):
                active = member in members and stack.grad is not None
                view.grad = stack.grad[member] if active and stack.grad is not None else None
        self._adam.step()

    def member_state(self, member: int) -> dict[str, Tensor]:
        """One member's moments and step counts, by parameter name."""
        state = {}
        for name, view in zip(self._names, self._slices[member], strict=True):
            for key, value in self._adam.state[view].items():
                state[f"{name}.{key}"] = value.detach().clone()
        return state

    def load_member(self, member: int, state: Mapping[str, Tensor]) -> None:
        """Put one member's moments in place, as `member_state` gave them."""
        for name, view in zip(self._names, self._slices[member], strict=True):
            self._adam.state[view] = {
                key: state[f"{name}.{key}"].clone() for key in ("step", "exp_avg", "exp_avg_sq")
            }
