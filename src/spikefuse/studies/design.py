"""A study: a question, the factors that answer it, and their levels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from spikefuse.core.checks import one_of
from spikefuse.core.errors import InputError
from spikefuse.core.record import ValueRecord
from spikefuse.core.registry import name_in
from spikefuse.data import FUSED, PROTOCOLS, SOURCES, Selection, Source, is_joint
from spikefuse.data.sources.registry import DEFAULT
from spikefuse.fusion import FUSIONS
from spikefuse.neurons import NEURONS
from spikefuse.neurons.lif import RESETS
from spikefuse.noise.contract import Position
from spikefuse.studies.disturbances import condition_fields, filled
from spikefuse.studies.readings import (
    BASE,
    LAB,
    MATCHED,
    NETWORK_READINGS,
    READINGS,
    UNDER,
    composed,
    reading_of,
)
from spikefuse.training import NoiseCondition, TrialDefinition

Level = str | int | float

MOST_SEEDS = 100_000
"""More of one network is a mistyped number."""

_OF_EVALUATION = ("noise_std", "noise_position", "disturbance")
"""Levels that say nothing of the network itself."""

EACH, GROUPED, TIMED = "each", "grouped", "timed"
"""Levels of `modality` that the data fill in: each modality alone, each alone that has groups, each
alone that has a time axis an encoder may take."""


class Cell(ValueRecord):
    """The levels of one condition, without the seed. Field names are tidy columns.

    `pairing` "shuffled" is the control in which the clips of a split are permuted over its pairs;
    `held_out` is the test speaker of protocol "speaker"; what `reading` stands for says
    `reading_of`; `disturbance` is what is done to the inputs, see `studies.disturbances`.
    """

    network: Literal["snn", "dnn"] = "snn"
    modality: str = SOURCES[DEFAULT].modalities[0].name
    size: str = "S"
    neuron: Annotated[str, name_in("neuron", NEURONS)] = "lif"
    reset: Annotated[str, name_in("reset", RESETS)] = "soft"
    time_steps: int = 4
    fusion: Annotated[str, name_in("fusion", FUSIONS)] = "early"
    protocol: Annotated[str, name_in("protocol", PROTOCOLS)] = "disjoint"
    noise_std: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    noise_position: Position = "before"
    pairing: Literal["true", "shuffled"] = "true"
    held_out: str = ""
    reading: str = BASE
    disturbance: str = ""

    @classmethod
    def create(cls, **levels: Any) -> "Cell":
        """A cell in canonical form: a dense network has neuron relu, no reset and one step."""
        filled = dict(levels)
        if filled.get("network") == "dnn":
            filled |= {"neuron": "relu", "reset": "none", "time_steps": 1}
        if not is_joint(filled.get("modality", "")):
            filled |= {"fusion": "none", "pairing": "true"}
        return cls(**filled)

    def of_reading(self, reading: str) -> "Cell":
        """The same cell in a study that is run under a reading."""
        level = composed(reading, self.reading)
        return self if level == self.reading else self.model_copy(update={"reading": level})

    def trial(self, seed: int, **settings: Any) -> TrialDefinition:
        """The trained network this cell needs; noise is a matter of its evaluation."""
        levels = self.model_dump(exclude={*_OF_EVALUATION, "pairing", "held_out", "reading"})
        selection = Selection.model_validate(settings.get("selection", {})).model_copy(
            update={"held_out_speaker": self.held_out or None}
        )
        source = SOURCES[settings["data"].source] if "data" in settings else SOURCES[DEFAULT]
        if self.pairing == "shuffled":
            selection = selection.shuffling(source.seen_by(self.modality)[1:])
        if self.reading.rpartition(UNDER)[2] == MATCHED:
            from spikefuse.studies.leak import matched_selection  # made of cells itself

            selection = matched_selection(selection, source, source.seen_by(self.modality))
        chosen = reading_of(self.reading).settings(self.modality)
        return TrialDefinition.create(
            **(levels | settings | chosen | {"seed": seed, "selection": selection})
        )

    def condition(self, draws: int) -> NoiseCondition | None:
        """The noise under which this cell is evaluated; None without noise.

        It meets every sample that the evaluation without noise does: what it costs is a paired
        difference.
        """
        if self.noise_std == 0:
            return None
        if self.disturbance:
            fields = condition_fields(self.disturbance)
            if fields["kind"] in ("zeros", "mean") and self.noise_std == 1:
                draws = 1  # nothing of it is drawn
            place = {"noise_std": self.noise_std, "noise_position": "input", "draws": draws}
            return NoiseCondition(**place, **fields)
        reading = reading_of(self.reading)
        return NoiseCondition(
            noise_std=self.noise_std,
            noise_position=self.noise_position,
            sites=reading.noise_sites,
            unit=reading.noise_unit,
            draws=draws,
        )


@dataclass(frozen=True)
class Grid:
    """Factors and their levels, crossed; what is not named has the default of `Cell`."""

    factors: Mapping[str, Sequence[Level]]

    def cells(self, source: Source, protocol: str, **levels: Level) -> Iterator[Cell]:
        """All combinations under one pairing protocol, with further levels that all share."""
        factors = dict(self.factors)
        asked = factors.get("modality", [source.modalities[0].name])
        factors["modality"] = list(_filled(asked, source, levels.get("held_out", "")))
        if "disturbance" in factors:
            factors["disturbance"] = list(filled(map(str, factors["disturbance"]), source))
        for crossed in product(*factors.values()):
            yield Cell.create(
                protocol=protocol, **levels, **dict(zip(factors, crossed, strict=True))
            )


def _filled(modalities: Iterable[Level], source: Source, held_out: Level) -> Iterator[Level]:
    """Levels of `modality` with the source's own names; one modality alone has none joined.

    A modality without samples of the group that is held out says nothing about it.
    """
    for level in modalities:
        if level == EACH:
            yield from (each.name for each in source.modalities)
        elif level == GROUPED:
            yield from (m.name for m in source.grouped if not held_out or held_out in m.groups)
        elif level == TIMED:
            yield from (m.name for m in source.modalities if m.has_time and not m.encoder)
        elif level != FUSED or len(source.modalities) > 1:
            yield level


def joined_names(study: str, source: Source) -> list[str]:
    """The modalities that a study of fused networks joins.

    Args:
        study: Its name.
        source: Of the data.

    Raises:
        InputError: There is one alone.
    """
    names = [modality.name for modality in source.modalities]
    if len(names) < 2:
        raise InputError(
            f"studies: {study} must have data with two or more modalities, got {source.name} with "
            f"{', '.join(names)}. Take other data."
        )
    return names


@dataclass(frozen=True)
class Study:
    """A question and the grids whose cells answer it.

    Attributes:
        protocols: The only ones it runs under, where the data leave a choice; any if empty.
        each_group: Hold out every group of the data in turn (speakers, subjects), under protocol
            "speaker".
        readings: Run the grids under these readings, each with its own protocol.
        reading: Of its networks, see `of_reading`.
        fewest_seeds: Seeds where no number is asked for and the profile has fewer.
    """

    name: str
    title: str
    question: str
    grids: tuple[Grid, ...]
    figures: tuple[int, ...] = field(default=())
    protocols: tuple[str, ...] = field(default=())
    each_group: bool = False
    readings: tuple[str, ...] = field(default=())
    reading: str = BASE
    fewest_seeds: int = 1

    @property
    def pairs_itself(self) -> bool:
        """Whether it decides its protocols by itself, whatever is asked for."""
        return self.each_group or bool(self.readings)

    def of_reading(self, name: str) -> Self:
        """The study of networks under a reading in place of the base network.

        Args:
            name: One of `NETWORK_READINGS`.

        Raises:
            InputError: It is none of them, or the study says itself what each of its networks has.
        """
        one_of("studies", f"reading of {self.name}", name, NETWORK_READINGS)
        if not self.takes_reading:
            raise InputError(
                f"studies: reading {name!r} must be left out for {self.name}, which names the "
                "reading of each of its networks itself. Here it would change nothing."
            )
        return replace(self, reading=name)

    @property
    def takes_reading(self) -> bool:
        """Whether some of its networks have what a reading says; a census names all settings."""
        own = [level for grid in self.grids for level in grid.factors.get("reading", (BASE,))]
        return not own or any(composed(LAB, str(level)) != level for level in own)

    def under(self, profile: str) -> Self:
        """The study as a profile runs it: itself, unless it says that it asks less there."""
        return self

    def cells(self, protocols: Sequence[str], source: Source = SOURCES[DEFAULT]) -> list[Cell]:
        """Every cell once, in order.

        Args:
            protocols: Protocols that are asked for.
            source: Of the data: its modalities, and its groups for a study that holds each out.
        """
        return list(
            dict.fromkeys(
                cell.of_reading(self.reading)
                for protocol, levels in self._conditions(protocols, source)
                for grid in self.grids
                for cell in grid.cells(source, protocol, **levels)
            )
        )

    def _conditions(
        self, protocols: Sequence[str], source: Source
    ) -> list[tuple[str, dict[str, Level]]]:
        if self.each_group:
            return [("speaker", {"held_out": group}) for group in source.groups]
        if self.readings:
            return [(READINGS[name].protocol, {"reading": name}) for name in self.readings]
        is_free = source.is_paired or not self.protocols
        return [(name, {}) for name in protocols if is_free or name in self.protocols]
