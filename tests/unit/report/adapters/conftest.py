"""A tidy row with every column that the adapters read."""

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def row() -> Make:
    def make(study: str, seed: int, value: float, **levels: Any) -> dict[str, Any]:
        levels = {
            **{"network": "snn", "modality": "image", "size": "S", "fusion": "none"},
            **{"protocol": "disjoint", "noise_std": 0.0, "split": "test", "metric": "accuracy"},
            **{"pairing": "true", "held_out": ""},
        } | levels
        name = f"{study} {seed} {levels['modality']} {levels['fusion']} {levels['held_out']}"
        return {"study": study, "trial": name, "seed": seed, "value": value, **levels}

    return make
