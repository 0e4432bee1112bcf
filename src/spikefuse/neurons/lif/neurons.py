"""A population's layer of LIF neurons, with constants of its own for each member."""

from collections.abc import Sequence

import torch
from torch import Tensor

from spikefuse.neurons.contract import NeuronSettings
from spikefuse.neurons.lif import events
from spikefuse.neurons.lif.layer import KERNELS, lif_population, resolve_backend
from spikefuse.neurons.lif.resets import RESETS
from spikefuse.neurons.module import Neurons


class LifNeurons(Neurons):
    """LIF neurons; members may differ in leak, threshold and reset.

    Args:
        members: Each member's settings; surrogate and detached reset are the first one's.
        time_steps: T.
        backend: One of `spikefuse.neurons.lif.BACKENDS`.
    """

    leak: Tensor
    threshold: Tensor
    reset: Tensor

    def __init__(self, members: Sequence[NeuronSettings], time_steps: int, backend: str) -> None:
        super().__init__()
        self.time_steps = time_steps
        self.backend = backend
        self.surrogate = members[0].surrogate_function()
        self.detach_reset = members[0].detach_reset
        constants = {
            "leak": torch.tensor([member.leak for member in members], dtype=torch.float32),
            "threshold": torch.tensor([m.threshold for m in members], dtype=torch.float32),
            "reset": torch.tensor([RESETS[m.reset] for m in members], dtype=torch.int8),
        }
        for key, value in constants.items():
            self.register_buffer(key, value, persistent=False)

    def leaks(self) -> Tensor:
        """Share of the membrane that each member keeps from step to step, [P]."""
        return self.leak

    def forward(self, current: Tensor, pool: bool) -> Tensor:
        """Spikes of every step, as bits where they may be and the C++ kernels run in float32."""
        if self.writes_bits and self._has_events(current):
            return events.lif_events(
                current,
                time_steps=self.time_steps,
                leak=self.leak,
                threshold=self.threshold,
                reset=self.reset,
                surrogate=self.surrogate,
                detach_reset=self.detach_reset,
                pool=pool,
                counts_fired=self.counts_fired,
            )
        return self.spikes(current, pool, self.leak, self.backend)

    def _has_events(self, current: Tensor) -> bool:
        is_native = resolve_backend(self.backend, current.device) == "native"
        is_known = self.surrogate.shape.code is not None
        return is_native and is_known and events.why_not(current) is None

    def implementation(self, device: torch.device | str) -> str:
        """As asked for; no fused kernel has a surrogate of one's own."""
        chosen = resolve_backend(self.backend, device)
        is_known = self.surrogate.shape.code is not None
        return chosen if is_known or chosen not in KERNELS else "eager"

    def spikes(self, current: Tensor, pool: bool, leak: Tensor, backend: str) -> Tensor:
        """Spikes of every step under a leak [P]."""
        spikes, _ = lif_population(
            current,
            time_steps=self.time_steps,
            leak=leak,
            threshold=self.threshold,
            reset=self.reset,
            surrogate=self.surrogate,
            detach_reset=self.detach_reset,
            pool=pool,
            need_membrane=False,
            backend=backend,
        )
        return spikes
