"""Does the sound itself help? Fused networks whose clips say nothing about the image's digit."""

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
