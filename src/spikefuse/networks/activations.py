"""Hidden activations of a population: spiking neurons, or ReLU for the dense twin."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from spikefuse.networks.spec import NeuronSpec
from spikefuse.neurons.lif import RESETS, lif_population
from spikefuse.neurons.lif.eager import pool_spikes


class Noise(Protocol):
    """Disturbs what enters or leaves a hidden activation; see `spikefuse.training.noise`."""

    def before(self, site: str, current: Tensor, time_steps: int) -> Tensor:
        """The current [P, T or 1, B, ...] that enters the activation at `site`."""
        ...

    def reaches_output(self, site: str) -> bool:
        """Whether `after` changes anything at `site`; if not, pooling can be fused."""
        ...

    def after(self, site: str, output: Tensor) -> Tensor:
        """What leaves it, [P, T, B, ...]."""
        ...


_BITS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def count_above_zero(output: Tensor) -> Tensor:
    """How many outputs of each step are above zero, [P, T] of [P, T, ...].

    A positive number has positive bits, and integers are compared and counted ten times faster.
    """
    bits = output.view(_BITS[output.element_size()])
    return torch.stack(
        [torch.stack([torch.count_nonzero(step > 0) for step in member]) for member in bits]
    )


class Activation(nn.Module):
    """What stands between two weighted layers, with its name, and what may watch or disturb it."""

    def __init__(self, name: str, time_steps: int) -> None:
        super().__init__()
        self.name = name
        self.time_steps = time_steps

    def respond(self, current: Tensor, pool: bool) -> Tensor:
        """The activation itself, optionally pooled 2x2."""
        raise NotImplementedError

    def forward(
        self,
        current: Tensor,
        pool: bool = False,
        noise: Noise | None = None,
        rates: dict[str, Tensor] | None = None,
    ) -> Tensor:
        """Respond to a current.

        Args:
            current: [P, T, B, ...], or [P, 1, B, ...] when it is the same at every step.
            pool: Take the 2x2 maximum of the output [P, T, B, H, W, C] over H and W.
            noise: Disturbs the current and the output (before pooling).
            rates: Receives, under this activation's name, the share [P] of outputs above zero:
                spikes per neuron and step.

        Returns:
            [P, T, B, ...].
        """
        if noise is not None:
            current = noise.before(self.name, current, self.time_steps)
        if rates is None and (noise is None or not noise.reaches_output(self.name)):
            return self.respond(current, pool)
        output = self.respond(current, pool=False)
        if rates is not None:
            rates[self.name] = count_above_zero(output).sum(dim=1).double() / output[0].numel()
        if noise is not None:
            output = noise.after(self.name, output)
        return pool_spikes(output) if pool else output


class SpikingActivation(Activation):
    """LIF neurons with constants of their own for each member."""

    leak: Tensor
    threshold: Tensor
    reset: Tensor

    def __init__(
        self, name: str, time_steps: int, neurons: Sequence[NeuronSpec], backend: str = "auto"
    ) -> None:
        super().__init__(name, time_steps)
        self.backend = backend
        self.surrogate = neurons[0].surrogate_function()
        self.detach_reset = neurons[0].detach_reset
        constants = {
            "leak": torch.tensor([n.leak for n in neurons], dtype=torch.float32),
            "threshold": torch.tensor([n.threshold for n in neurons], dtype=torch.float32),
            "reset": torch.tensor([RESETS[n.reset] for n in neurons], dtype=torch.int8),
        }
        for key, value in constants.items():
            self.register_buffer(key, value, persistent=False)

    def respond(self, current: Tensor, pool: bool) -> Tensor:
        """Spikes of every step."""
        spikes, _ = lif_population(
            current,
            time_steps=self.time_steps,
            leak=self.leak,
            threshold=self.threshold,
            reset=self.reset,
            surrogate=self.surrogate,
            detach_reset=self.detach_reset,
            pool=pool,
            need_membrane=False,
            backend=self.backend,
        )
        return spikes


class DenseActivation(Activation):
    """ReLU: the dense twin's activation."""

    def respond(self, current: Tensor, pool: bool) -> Tensor:
        """The positive part; pooled first, which is the same and cheaper."""
        return torch.relu(pool_spikes(current) if pool else current)
