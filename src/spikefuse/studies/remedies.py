"""Does anything remedy joint training? Fresh pairs, slower leaders and lost inputs, side by side.

A fused network that is trained jointly loses to networks trained apart of the same sum, and it
leans on senses that may fail. Each remedy changes the training alone: parameters, operations and
samples stay those of the usual network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from spikefuse.data import FUSED, SOURCES, Source
from spikefuse.data.sources.registry import DEFAULT
from spikefuse.studies.controls import plain_protocol
from spikefuse.studies.design import Cell, Grid, Level, Study, joined_names
from spikefuse.studies.profiles import share_of
from spikefuse.studies.readings import BASE, FRESH_PAIRS, REMEDY_READINGS

NETWORKS = ("dnn", "snn")
SIZE = "S"
LOST = ("zeros", "mean", "static")
"""How a sense is lost; the first is what modality dropout trains with."""
PART = 0.75
"""Share of the time steps, the last ones, for which a spiking network loses a sense."""


def remedies_for(source: Source) -> tuple[str, ...]:
    """The remedies that change something: samples that came together are not paired anew.

    Example:
        >>> remedies_for(SOURCES["n-mnist"])[0], remedies_for(SOURCES["mnist-fsdd"])[0]
        ('ogm-ge', 'fresh-pairs')
    """
    return tuple(name for name in REMEDY_READINGS if name != FRESH_PAIRS or not source.is_paired)


@dataclass(frozen=True)
class RemedyStudy(Study):
    """Its cells depend on the data: the remedies that fit, and the share of one expert of many."""

    def cells(self, protocols: Sequence[str], source: Source = SOURCES[DEFAULT]) -> list[Cell]:
        """Fused networks with each remedy and without, and each modality alone at its share."""
        names = joined_names(self.name, source)
        readings = (BASE, *remedies_for(source))
        joint: dict[str, Sequence[Level]] = {"modality": (FUSED,), "size": (SIZE,)}
        joint |= {"reading": readings}
        lost: dict[str, Sequence[Level]] = {"noise_std": (1.0,), "noise_position": ("input",)}
        apart = {"modality": names, "size": (share_of(SIZE, len(names)),)}
        each = tuple(f"{kind}:each" for kind in LOST)
        grids = (
            Grid({"network": NETWORKS, **apart}),
            Grid({"network": NETWORKS, **joint}),
            Grid({"network": NETWORKS, **joint, **lost, "disturbance": each}),
            Grid(
                {"network": ("snn",), **joint, **lost, "disturbance": (f"{LOST[0]}:each:{PART:g}",)}
            ),
        )
        protocol = plain_protocol(source)
        cells = (cell for grid in grids for cell in grid.cells(source, protocol))
        return [cell.of_reading(self.reading) for cell in cells]


REMEDIES = RemedyStudy(
    "remedies",
    "Remedies",
    "Does another way of joint training help, and does it protect when a sense is lost?",
    (),
    fewest_seeds=3,
)
"""Beside the fused networks stands the product of networks trained apart, of the same sum."""
