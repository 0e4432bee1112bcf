"""Gaussian noise inside a network, at evaluation: how much, where, and drawn from which stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from spikefuse.core.gaussian import add_normal
from spikefuse.core.record import NamedRecord
from spikefuse.core.streams import stream_seed

if TYPE_CHECKING:
    from torch import Tensor


class NoiseCondition(NamedRecord):
    """Noise N(0, std^2) at hidden activations, fresh at every time step.

    Args:
        noise_std: Standard deviation in the unit of the disturbed quantity; 0 is no noise.
        noise_position: "before" adds to the current that enters an activation, "after" to what
            leaves it (spikes, or the ReLU's output), before pooling.
        sites: "all" hidden activations, only the "first" of each branch, or only the "last".
        draws: Independent repetitions.
        samples: At most this many samples of a split; all if left out.
    """

    first_fields = frozenset({"noise_std", "noise_position", "sites", "draws", "samples"})

    noise_std: Annotated[float, Field(ge=0)]
    noise_position: Literal["before", "after"] = "before"
    sites: Literal["all", "first", "last"] = "all"
    draws: Annotated[int, Field(ge=1)] = 2
    samples: Annotated[int, Field(ge=1)] | None = None


class NoiseDraw:
    """The noise of one draw on one batch, with a stream for each member, site and position.

    Args:
        condition: What to add and where.
        sites: The network's activations in order of execution.
        seeds: One per member.
        key: What else names the stream: split, draw, batch.
        native: Compute in C++, see `spikefuse.core.gaussian`.
    """

    def __init__(
        self,
        condition: NoiseCondition,
        sites: Sequence[str],
        seeds: Sequence[int],
        key: tuple[str | int, ...],
        native: bool = False,
    ) -> None:
        self.condition = condition
        self.native = native
        self.seeds = seeds
        self.key = key
        if condition.sites == "all":
            self.sites = set(sites)
        elif condition.sites == "first":
            self.sites = {sites[0]} | {site for site in sites if site.endswith(".conv1")}
        else:
            self.sites = {sites[-1]}

    def _applies(self, position: str, site: str) -> bool:
        condition = self.condition
        return (
            condition.noise_std > 0 and condition.noise_position == position and site in self.sites
        )

    def _add(self, site: str, x: Tensor, time_steps: int) -> Tensor:
        return add_normal(
            x,
            time_steps=time_steps,
            std=self.condition.noise_std,
            seeds=[stream_seed(seed, "noise", *self.key, site) for seed in self.seeds],
            native=self.native,
        )

    def before(self, site: str, current: Tensor, time_steps: int) -> Tensor:
        """The current with noise of its own at every step, [P, T, B, ...]."""
        if not self._applies("before", site):
            return current
        return self._add(site, current, time_steps)

    def reaches_output(self, site: str) -> bool:
        """Whether noise is added to what leaves the activation at `site`."""
        return self._applies("after", site)

    def after(self, site: str, output: Tensor) -> Tensor:
        """The output with noise; spikes become real-valued."""
        if not self.reaches_output(site):
            return output
        return self._add(site, output, output.shape[1])
