"""Rate encoding: at each step a value spikes with a probability that is its intensity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from spikefuse.core.counters import GAMMA, mixed, uniform
from spikefuse.core.errors import InputError
from spikefuse.core.streams import stream_seed
from spikefuse.encoders.contract import Encoder, Moment, intensity

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class RateEncoder(Encoder):
    """Bernoulli spikes: a function of seed, epoch, sample, step and place, and of nothing else.

    So resuming, batches cut elsewhere and other members change no spike; in evaluation a sample's
    spikes are always the same.

    Source:
        Diehl, Cook, "Unsupervised learning of digit recognition using spike-timing-dependent
        plasticity", Frontiers in Computational Neuroscience 9:99, 2015 (Poisson input).
    """

    title: ClassVar[str] = "random spikes, greater values more often"
    gives_spikes: ClassVar[bool] = True
    is_random: ClassVar[bool] = True

    def __init__(self, modality: str, seeds: Sequence[int], time_steps: int) -> None:
        super().__init__(modality, seeds, time_steps)
        self._keys: dict[torch.device, Tensor] = {}

    def _key(self, device: torch.device) -> Tensor:
        """Each member's stream [P]; made once: a captured step cannot copy from the host."""
        import torch

        if device not in self._keys:
            keys = [stream_seed(seed, "encode", self.modality) for seed in self.seeds]
            self._keys[device] = torch.tensor(keys, device=device)
        return self._keys[device]

    def __call__(self, inputs: Tensor, moment: Moment | None) -> Tensor:
        """Spikes 0 and 1, [P, T, B, H, W, C] of [P, B, C, H, W].

        Raises:
            InputError: Nobody said which samples these are.
        """
        import torch

        if moment is None or self.modality not in moment.samples:
            raise InputError(
                f"encoder 'rate': samples of {self.modality!r} must be named, because their spikes "
                "are drawn for each of them; got none. Give the network a Moment."
            )
        level = intensity(inputs).permute(0, 1, 3, 4, 2)
        epoch = torch.as_tensor(moment.epoch, device=inputs.device) * GAMMA
        sample = (
            mixed(self._key(inputs.device) + epoch).unsqueeze(1)
            + moment.samples[self.modality] * GAMMA
        )
        places = level[0, 0].numel()
        counter = torch.arange(1, places + 1, device=inputs.device).view(level.shape[2:])
        key = mixed(sample).view(*sample.shape, 1, 1, 1)
        spikes = [
            uniform(mixed(key + (counter + step * places) * GAMMA)) < level
            for step in range(self.time_steps)
        ]
        return torch.stack(spikes, dim=1).to(inputs.dtype)
