"""Noise at evaluation: how much of which kind, where, and drawn from which stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from spikefuse.core.checks import require
from spikefuse.core.plugins import with_plugins
from spikefuse.core.record import NamedRecord
from spikefuse.core.registry import name_in
from spikefuse.core.streams import stream_seed
from spikefuse.noise.contract import Position, Strength
from spikefuse.noise.registry import NOISES

if TYPE_CHECKING:
    from torch import Tensor


class NoiseCondition(NamedRecord):
    """Noise at hidden activations, fresh at every time step.

    Args:
        noise_std: How much, in the unit of its kind (a Gaussian's standard deviation, from which
            the tidy column has its name); 0 is no noise.
        noise_position: "before" disturbs the current that enters an activation, "after" what
            leaves it (spikes, or the ReLU's output), before pooling. If it is not named, the first
            that the kind knows.
        sites: "all" hidden activations, only the "first" of each branch, or only the "last".
        draws: Independent repetitions.
        samples: At most this many samples of a split; all if left out.
        kind: A name in `spikefuse.noise.NOISES`.
        plugins: Label of the plugin that the kind comes from; found, not chosen.

    Example:
        >>> NoiseCondition(kind="deletion", noise_std=0.2).noise_position
        'after'
    """

    first_fields = frozenset({"noise_std", "noise_position", "sites", "draws", "samples"})

    noise_std: Annotated[float, Field(ge=0)]
    noise_position: Position = "before"
    sites: Literal["all", "first", "last"] = "all"
    draws: Annotated[int, Field(ge=1)] = 2
    samples: Annotated[int, Field(ge=1)] | None = None
    kind: Annotated[str, name_in("noise", NOISES)] = "gaussian"
    plugins: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _with_plugins(cls, values: Any) -> Any:
        return with_plugins(cls, values)

    @model_validator(mode="before")
    @classmethod
    def _place(cls, values: Any) -> Any:
        kind = NOISES.get(values.get("kind", "gaussian")) if isinstance(values, dict) else None
        return values if kind is None else {"noise_position": kind.positions[0]} | values

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        kind, where = NOISES[self.kind], f"noise {self.kind!r}"
        allowed = " or ".join(kind.positions)
        is_placed = self.noise_position in kind.positions
        require(is_placed, where, "noise_position", allowed, self.noise_position)
        limit = f"at most {kind.highest:g} ({kind.unit})"
        require(self.noise_std <= kind.highest, where, "noise_std", limit, self.noise_std)
        return self

    @property
    def severity(self) -> float:
        """How much noise, in the unit of its kind."""
        return self.noise_std


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
            condition.severity > 0 and condition.noise_position == position and site in self.sites
        )

    def _disturb(self, site: str, values: Tensor, time_steps: int) -> Tensor:
        condition = self.condition
        # The first kind's streams are older than kinds.
        kind = () if condition.kind == "gaussian" else (condition.kind,)
        seeds = [stream_seed(seed, "noise", *kind, *self.key, site) for seed in self.seeds]
        strength = Strength(condition.severity, seeds, self.native)
        return NOISES[condition.kind].disturb(values, time_steps, strength)

    def before(self, site: str, current: Tensor, time_steps: int) -> Tensor:
        """The current with noise of its own at every step, [P, T, B, ...]."""
        if not self._applies("before", site):
            return current
        return self._disturb(site, current, time_steps)

    def reaches_output(self, site: str) -> bool:
        """Whether noise disturbs what leaves the activation at `site`."""
        return self._applies("after", site)

    def after(self, site: str, output: Tensor) -> Tensor:
        """The output with noise; Gaussian noise makes spikes real-valued."""
        if not self.reaches_output(site):
            return output
        return self._disturb(site, output, output.shape[1])
