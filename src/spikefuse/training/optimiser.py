"""Adam for a population: a learning rate and a state of its own for each member."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from spikefuse.networks import PopulationNetwork


class PopulationAdam:
    """PyTorch's fused Adam over each member's slice of the population's weights.

    The slices are views, so a step writes the population's weights in place; gradients are views
    too. A member's update does not touch its neighbours'. Members of one learning rate are updated
    in one call. The state is there from the beginning and stays where it is, so that a step can be
    captured in a CUDA graph.

    Args:
        network: On the device where it trains.
        learning_rates: One per member.

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
        groups: dict[float, list[Tensor]] = {}
        for slices, rate in zip(self._slices, learning_rates, strict=True):
            groups.setdefault(rate, []).extend(slices)
        self._adam = torch.optim.Adam(
            [{"params": views, "lr": rate} for rate, views in groups.items()],
            fused=True,
            capturable=self._stacked[0].device.type == "cuda",
        )
        for view in (view for slices in self._slices for view in slices):
            self._adam.state[view] = {
                "step": torch.zeros((), dtype=torch.float32, device=view.device),
                "exp_avg": torch.zeros_like(view),
                "exp_avg_sq": torch.zeros_like(view),
            }

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

    def tensors(self) -> list[Tensor]:
        """The moments and step counts of all members, as they are."""
        return [value for state in self._adam.state.values() for value in state.values()]

    def member_state(self, member: int) -> dict[str, Tensor]:
        """One member's moments and step counts, by parameter name."""
        return {
            f"{name}.{key}": value.detach().clone()
            for name, view in zip(self._names, self._slices[member], strict=True)
            for key, value in self._adam.state[view].items()
        }

    def load_member(self, member: int, state: Mapping[str, Tensor]) -> None:
        """Put one member's moments in place, as `member_state` gave them."""
        for name, view in zip(self._names, self._slices[member], strict=True):
            for key, value in self._adam.state[view].items():
                value.detach().copy_(state[f"{name}.{key}"])
