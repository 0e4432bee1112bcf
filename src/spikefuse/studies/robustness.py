"""How does accuracy fall with noise? Curves of every network, from none to five thresholds."""

from spikefuse.data import FUSED
from spikefuse.studies.design import EACH, Grid, Study
from spikefuse.studies.readings import OWN_STD

NETWORKS = ("dnn", "snn")
MODALITIES = (EACH, FUSED)
LEVELS = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Standard deviations of the noise; the paper has 0.1 and 5."""

ROBUSTNESS = Study(
    "robustness",
    "Robustness",
    "How does accuracy fall with noise, and where do the curves of two networks cross?",
    (
        Grid({"network": NETWORKS, "modality": MODALITIES, "noise_std": LEVELS}),
        Grid(
            {
                "network": NETWORKS,
                "modality": MODALITIES,
                "noise_std": (0.1,),
                "noise_position": ("after", "pooled"),
            }
        ),
    ),
    protocols=("disjoint",),
    fewest_seeds=3,
)
"""Gaussian noise on the current of every hidden activation, and at 0.1 on what leaves it, before
and after pooling. Evaluations alone."""

ROBUSTNESS_OWN_STD = Study(
    "robustness-own-std",
    "Robustness, in units of the layers' own deviation",
    "Which network keeps more where noise is as large a part of what it disturbs?",
    (
        Grid(
            {
                "network": NETWORKS,
                "modality": MODALITIES,
                "reading": (OWN_STD,),
                "noise_std": LEVELS,
            }
        ),
    ),
    protocols=("disjoint",),
    fewest_seeds=3,
)
"""The same noise on the currents, times the standard deviation that each sample's currents have in
that layer: a network whose currents are larger does not keep more for that. Evaluations alone."""
