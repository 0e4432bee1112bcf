"""Does the sound itself help? Fused networks whose clips say nothing about the image's digit."""

from dataclasses import replace

from spikefuse.data import FUSED, Source
from spikefuse.studies.design import EACH, Grid, Study

NETWORKS = ("dnn", "snn")

CONTROLS = Study(
    "controls",
    "Controls",
    "Is the gain due to what the audio says, or to a second input of any kind?",
    (
        Grid({"network": NETWORKS, "modality": (EACH, FUSED)}),
        Grid({"network": NETWORKS, "modality": (FUSED,), "pairing": ("shuffled",)}),
    ),
    protocols=("disjoint",),
)
"""Fused against its yardsticks at size S; the networks with true pairs are the paper's own."""


def controls_of(source: Source) -> Study:
    """The controls of a source under its plain protocol alone, with its modalities by name.

    Example:
        >>> from spikefuse.data.sources.registry import SOURCES
        >>> [len(grid.factors["modality"]) for grid in controls_of(SOURCES["builtin"]).grids]
        [3, 1]
    """
    names = tuple(modality.name for modality in source.modalities)
    alone, shuffled = CONTROLS.grids
    named = Grid({**alone.factors, "modality": (*names, FUSED)})
    return replace(CONTROLS, grids=(named, shuffled), protocols=(plain_protocol(source),))


def plain_protocol(source: Source) -> str:
    """How samples meet: as they came, or by class inside each split."""
    return "paired" if source.is_paired else "disjoint"
