"""Accuracy for energy: the default networks, smaller ones, other numbers of steps and fusions."""

from spikefuse.data import FUSED
from spikefuse.studies.design import EACH, Grid, Study

NETWORKS = ("dnn", "snn")

ENERGY = Study(
    "energy",
    "Energy",
    "What do the operations of a network cost, and what does a second modality bring for it?",
    (
        Grid({"network": NETWORKS, "modality": (EACH, FUSED)}),
        Grid({"network": NETWORKS, "modality": (FUSED,), "size": ("S/2", "S/3")}),
        Grid({"network": ("snn",), "modality": (FUSED,), "time_steps": (1, 2, 8)}),
        Grid({"network": NETWORKS, "modality": (FUSED,), "fusion": ("late", "gated")}),
    ),
    protocols=("disjoint",),
)
"""Every network is counted on its own test samples; see `spikefuse.analysis.energy`."""
