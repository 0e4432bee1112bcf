"""A tidy row of the paper's default image SNN, from which made-up results depart."""

from typing import Any

Row = dict[str, Any]

CELL: Row = {
    "network": "snn",
    "modality": "image",
    "size": "S",
    "neuron": "lif",
    "reset": "soft",
    "time_steps": 4,
    "fusion": "none",
    "protocol": "disjoint",
    "noise_std": 0.0,
    "noise_position": "before",
}
"""Its levels."""

ACCURACY: Row = {"split": "test", "metric": "accuracy", "value": 0.9}
"""What was measured."""
