"""Does the sound itself help? Fused networks whose clips say nothing about the image's digit."""

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


def plain_protocol(source: Source) -> str:
    """How samples meet: as they came, or by class inside each split."""
    return "paired" if source.is_paired else "disjoint"
