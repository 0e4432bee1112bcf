"""Noise at evaluation: how much of which kind, and where."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from spikefuse.core.checks import require
from spikefuse.core.plugins import with_plugins
from spikefuse.core.record import NamedRecord
from spikefuse.core.registry import name_in
from spikefuse.noise.contract import Position, Unit, Varies
from spikefuse.noise.registry import NOISES

OPTIONS = ("unit", "common", "varies")
"""Fields that only some kinds heed; see `NoiseKind.options`."""
OWN_STD: tuple[Position, ...] = ("before", "after", "pooled", "input", "weights")
"""Places whose values have a standard deviation of their own to measure noise by."""


class NoiseCondition(NamedRecord):
    """Noise at evaluation, fresh at every time step where nothing else is said.

    Args:
        noise_std: How much, in the unit of its kind (a Gaussian's standard deviation, from which
            the tidy column has its name); 0 is no noise.
        noise_position: "before" disturbs the current that enters an activation, "after" what
            leaves it (spikes, or the ReLU's output), before pooling, "pooled" the same after
            pooling, "membrane" what a neuron keeps from step to step, "input" what enters the first
            layers, "weights" all weights. If it is not named, the first that the kind knows.
        sites: "all" hidden activations, only the "first" of each branch, or only the "last".
        draws: Independent repetitions.
        samples: At most this many samples of a split; all if left out.
        kind: A name in `spikefuse.noise.NOISES`.
        plugins: Label of the plugin that the kind comes from; found, not chosen.
        unit: In which noise_std counts: absolute, times the neuron's threshold, or times the
            values' own standard deviation (of a sample over a layer; of a layer's weights).
        common: One number for all neurons of a layer and sample, not one each.
        varies: Drawn anew at every step, once a sample, or once a draw (a frozen pattern).
        modalities: Of noise at the input: whose; all if left out.
        steps_share: Of noise at the input: share of the time steps that it lasts, the last ones.

    Example:
        >>> NoiseCondition(kind="deletion", noise_std=0.2).noise_position
        'after'
        >>> NoiseCondition.at_snr(20).noise_std
        0.1
    """

    first_fields = frozenset({"noise_std", "noise_position", "sites", "draws", "samples"})

    noise_std: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    noise_position: Position = "before"
    sites: Literal["all", "first", "last"] = "all"
    draws: Annotated[int, Field(ge=1, le=100_000)] = 2
    samples: Annotated[int, Field(ge=1)] | None = None
    kind: Annotated[str, name_in("noise", NOISES)] = "gaussian"
    plugins: tuple[str, ...] = ()
    unit: Unit = "absolute"
    common: bool = False
    varies: Varies = "step"
    modalities: tuple[str, ...] = ()
    steps_share: Annotated[float, Field(gt=0, le=1)] = 1.0

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
        for name in OPTIONS:
            usual, found = type(self).model_fields[name].default, getattr(self, name)
            heeds = found == usual or name in kind.options
            only = "left out" if usual is False else usual
            require(heeds, where, name, f"{only} (the kind has no other)", found)
        return self

    @model_validator(mode="after")
    def _fits_its_place(self) -> Self:
        where, place = f"noise at {self.noise_position!r}", self.noise_position
        has_threshold = self.unit != "threshold" or place in ("before", "membrane")
        require(has_threshold, where, "unit", "absolute or std", self.unit)
        has_std = self.unit != "std" or place in OWN_STD
        require(has_std, where, "unit", "absolute or threshold", self.unit)
        is_input = place == "input"
        constraint = "left out (they are of noise at 'input')"
        require(is_input or not self.modalities, where, "modalities", constraint, self.modalities)
        lasts = is_input or self.steps_share == 1.0
        require(lasts, where, "steps_share", "1 (it is of noise at 'input')", self.steps_share)
        no_sites = not is_input or self.sites == "all"
        require(no_sites, where, "sites", "all (choose modalities)", self.sites)
        changes = place != "weights" or self.varies in ("step", "draw")
        require(changes, where, "varies", "left out (weights are disturbed once)", self.varies)
        return self

    @classmethod
    def at_snr(cls, decibels: float, **settings: Any) -> Self:
        """Gaussian noise at the input of so many decibels below each sample's own spread.

        Args:
            decibels: 20 log10 of the input's standard deviation over the noise's.
            settings: Further fields.
        """
        ratio = round(10.0 ** (-decibels / 20.0), 12)
        return cls(noise_std=ratio, noise_position="input", unit="std", **settings)

    @property
    def severity(self) -> float:
        """How much noise, in the unit of its kind."""
        return self.noise_std
