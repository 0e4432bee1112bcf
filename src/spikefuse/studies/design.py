"""A study: a question, the factors that answer it, and their levels."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from spikefuse.training import NoiseCondition, TrialDefinition

Level = str | int | float


class Cell(BaseModel):
    """The levels of one condition, without the seed. Field names are tidy columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: Literal["snn", "dnn"] = "snn"
    modality: Literal["image", "audio", "fused"] = "image"
    size: str = "S"
    neuron: Literal["lif", "if", "relu"] = "lif"
    reset: Literal["soft", "hard", "none"] = "soft"
    time_steps: int = 4
    fusion: Literal["none", "input", "early", "late"] = "early"
    protocol: Literal["paper", "disjoint", "speaker"] = "disjoint"
    noise_std: float = 0.0
    noise_position: Literal["before", "after"] = "before"

    @classmethod
    def create(cls, **levels: Any) -> "Cell":
        """A cell in canonical form: a dense network has neuron relu, no reset and one step."""
        filled = dict(levels)
        if filled.get("network") == "dnn":
            filled |= {"neuron": "relu", "reset": "none", "time_steps": 1}
        if filled.get("modality", "image") != "fused":
            filled["fusion"] = "none"
        return cls(**filled)

    def trial(self, seed: int, **settings: Any) -> TrialDefinition:
        """The trained network this cell needs; noise is a matter of its evaluation."""
        levels = self.model_dump(exclude={"noise_std", "noise_position"})
        return TrialDefinition.create(**levels, seed=seed, **settings)

    def condition(self, draws: int) -> NoiseCondition | None:
        """The noise under which this cell is evaluated; None without noise.

        It meets every sample that the evaluation without noise does: what it costs is a paired
        difference.
        """
        if self.noise_std == 0:
            return None
        return NoiseCondition(
            noise_std=self.noise_std,
            noise_position=self.noise_position,
            draws=draws,
        )


@dataclass(frozen=True)
class Grid:
    """Factors and their levels, crossed; what is not named has the default of `Cell`."""

    factors: Mapping[str, Sequence[Level]]

    def cells(self, protocol: str) -> Iterator[Cell]:
        """All combinations under one pairing protocol."""
        names = list(self.factors)
        for levels in product(*self.factors.values()):
            yield Cell.create(protocol=protocol, **dict(zip(names, levels, strict=True)))


@dataclass(frozen=True)
class Study:
    """A question and the grids whose cells answer it."""

    name: str
    title: str
    question: str
    grids: tuple[Grid, ...]
    figures: tuple[int, ...] = field(default=())

    def cells(self, protocols: Sequence[str]) -> list[Cell]:
        """Every cell once, in order, under every protocol."""
        found = {
            cell: None
            for protocol in protocols
            for grid in self.grids
            for cell in grid.cells(protocol)
        }
        return list(found)
