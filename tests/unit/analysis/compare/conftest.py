"""Made-up tables of results, and trials with stored predictions."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rows import ACCURACY, CELL, Row

from spikefuse.results import TrialStore, write_tidy


def row(**levels: Any) -> Row:
    own = {"study": "model-size", "trial": "0" * 16, "seed": 0, "samples": 1000}
    return CELL | ACCURACY | own | levels


@pytest.fixture
def cell() -> Callable[..., list[Row]]:
    """Rows of one cell: accuracies of seeds 0, 1, ... under made-up trial names."""

    def make(values: Sequence[float], first_seed: int = 0, **levels: Any) -> list[Row]:
        if levels.get("modality") == "fused":
            levels = {"fusion": "early"} | levels
        name = sum(map(ord, repr(sorted(levels.items()))))
        return [
            row(seed=seed, value=value, trial=f"{name:08x}{seed:08x}", **levels)
            for seed, value in enumerate(values, start=first_seed)
        ]

    return make


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """A result folder with these rows."""

    def make(*cells: Sequence[Row], name: str = "run") -> Path:
        folder = tmp_path / "runs" / name
        write_tidy([each for rows in cells for each in rows], folder / "results.csv")
        return folder

    return make


@pytest.fixture
def trial() -> Callable[..., Row]:
    """Store a finished trial that is right on the samples where `correct` is; its table row."""

    def make(
        folder: Path, correct: Sequence[bool], samples: Mapping[str, Sequence[int]], **levels: Any
    ) -> Row:
        right = np.asarray(correct)
        # The same sample has the same label whoever sees it: the image's, else the clip's.
        labels = torch.as_tensor(np.asarray(next(iter(samples.values()))) % 10).to(torch.uint8)
        accuracy = float(right.mean())
        definition = {
            "network": "snn",
            "modality": "image",
            "seed": 0,
            "data": {"source": "builtin"},
        } | levels
        stored = TrialStore(folder).open(definition)
        stored.finish(
            {
                "status": "done",
                "accuracy": {"test_best": accuracy, "validation_best": 0.5},
                "audit": {
                    "splits": [
                        {"split": split, "samples": len(right)} for split in ("validation", "test")
                    ]
                },
            },
            {"weight": torch.zeros(1)},
            {
                "predicted": torch.where(torch.as_tensor(right), labels, (labels + 1) % 10),
                "labels": labels,
                "logits": torch.zeros(len(right), 10),
                **{name: torch.tensor(list(index)).int() for name, index in samples.items()},
            },
            {},
        )
        known = {name: level for name, level in levels.items() if name != "data"}
        if known.get("modality") == "fused":
            known = {"fusion": "early"} | known
        return row(trial=stored.trial, value=accuracy, samples=len(right), **known)

    return make
