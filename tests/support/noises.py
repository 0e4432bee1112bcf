"""Noise that changes nothing: what tests build their own of."""

from collections.abc import Callable

from torch import Tensor, nn


class Undisturbed:
    """Every place of `spikefuse.noise.Noise`, as it is."""

    def input(
        self, modality: str, encoded: Tensor, time_steps: int, encode: Callable[[Tensor], Tensor]
    ) -> Tensor:
        return encoded

    def before(
        self, site: str, current: Tensor, time_steps: int, neurons: nn.Module | None = None
    ) -> Tensor:
        return current

    def reaches_output(self, site: str) -> bool:
        return False

    def after(self, site: str, output: Tensor) -> Tensor:
        return output

    def reaches_pooled(self, site: str) -> bool:
        return False

    def pooled(self, site: str, output: Tensor) -> Tensor:
        return output
