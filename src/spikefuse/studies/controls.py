"""Does the sound itself help? Fused networks whose clips say nothing about the image's digit."""

from dataclasses import replace

from spikefuse.data.sources.contract import FUSED, Source
from spikefuse.studies.design import Grid, Study

NETWORKS = ("dnn", "snn")

CONTROLS = Study(
    "controls",
    "Controls",
    "Is the gain due to what the audio says, or to a second input of any kind?",
    (
        Grid({"network": NETWORKS, "modality": ("image", "audio", "fused")}),
        Grid({"network": NETWORKS, "modality": ("fused",), "pairing": ("shuffled",)}),
    ),
    protocols=("disjoint",),
)
"""Fused against its yardsticks at size S; the networks with true pairs are the paper's own."""


def controls_of(source: Source) -> Study:
    """The same question in a source's own words: each modality alone, all together, shuffled.

    Example:
        >>> from spikefuse.data.sources.registry import SOURCES
        >>> controls_of(SOURCES["builtin"]) == CONTROLS
        True
    """
    names = tuple(modality.name for modality in source.modalities)
    return replace(
        CONTROLS,
        grids=(
            Grid({"network": NETWORKS, "modality": (*names, FUSED)}),
            Grid({"network": NETWORKS, "modality": (FUSED,), "pairing": ("shuffled",)}),
        ),
        protocols=(plain_protocol(source),),
    )


def plain_protocol(source: Source) -> str:
    """How samples meet: as they came, or by class inside each split."""
    return "paired" if source.is_paired else "disjoint"
