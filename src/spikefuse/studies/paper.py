"""The paper's six experiments as data (its Tables 1 and 2, its Figures 3 to 13)."""

from spikefuse.data import FUSED
from spikefuse.studies.design import EACH, Grid, Study

NETWORKS = ("dnn", "snn")
MODALITIES = (EACH, FUSED)
SIZES = ("S", "S/2", "S/3")

EXPERIMENTS = (
    Study(
        "model-size",
        "Model size",
        "How does accuracy change as the network shrinks from S to S/3?",
        (Grid({"network": NETWORKS, "modality": MODALITIES, "size": SIZES}),),
        (3, 4, 5),
    ),
    Study(
        "noise-size",
        "Noise size",
        "How much accuracy does Gaussian noise of std 0.1 and 5 take?",
        (
            Grid(
                {
                    "network": NETWORKS,
                    "modality": MODALITIES,
                    "size": SIZES,
                    "noise_std": (0.0, 0.1),
                }
            ),
            Grid({"network": NETWORKS, "modality": MODALITIES, "noise_std": (5.0,)}),
        ),
        (6, 7, 8),
    ),
    Study(
        "noise-position",
        "Noise position",
        "Does noise hurt more before or after the activation?",
        (
            Grid(
                {
                    "network": NETWORKS,
                    "modality": MODALITIES,
                    "noise_std": (0.1,),
                    "noise_position": ("before", "after"),
                }
            ),
        ),
        (9, 10),
    ),
    Study(
        "reset",
        "Reset mechanism",
        "Soft or hard reset?",
        (Grid({"network": ("snn",), "modality": MODALITIES, "reset": ("hard", "soft")}),),
        (11,),
    ),
    Study(
        "neuron",
        "Neuron model",
        "LIF or IF?",
        (Grid({"network": ("snn",), "modality": MODALITIES, "neuron": ("lif", "if")}),),
        (12,),
    ),
    Study(
        "time-steps",
        "Time steps",
        "4, 8 or 16 time steps?",
        (Grid({"network": ("snn",), "modality": MODALITIES, "time_steps": (4, 8, 16)}),),
        (13,),
    ),
)
