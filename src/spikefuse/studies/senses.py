"""What is lost when a sense fails? Trained networks whose inputs are taken away or deceive them."""

from collections.abc import Sequence

from spikefuse.data import FUSED
from spikefuse.studies.design import EACH, Grid, Level, Study

NETWORKS = ("dnn", "snn")
PARTS = (0.25, 0.5, 0.75)
"""Shares of the time steps, the last ones, for which a sense is away."""
_AT_INPUT: dict[str, Sequence[Level]] = {
    "modality": (FUSED,),
    "noise_std": (1.0,),
    "noise_position": ("input",),
}

SENSES = Study(
    "senses",
    "Failing senses",
    "What does a fused network lose with a sense, and whom does it believe in a conflict?",
    (
        Grid({"network": NETWORKS, "modality": (EACH, FUSED)}),
        Grid(
            {
                **_AT_INPUT,
                "network": NETWORKS,
                "disturbance": (
                    *("mean:subsets", "zeros:each", "static:each"),
                    *("shuffle:each", "conflict:each"),
                ),
            }
        ),
        Grid(
            {
                **_AT_INPUT,
                "network": ("snn",),
                "disturbance": tuple(f"zeros:each:{part:g}" for part in PARTS),
            }
        ),
    ),
    protocols=("disjoint",),
    fewest_seeds=3,
)
"""Fused networks with each modality missing (in three ways), shuffled at test, in conflict with the
others, and missing for a part of the time steps; every subset for the Shapley values. Evaluations
alone: nothing is trained for them."""
