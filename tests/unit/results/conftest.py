"""A store, a trial and a way to finish it, for every test of the results."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from spikefuse.results import TrialFolder, TrialStore

Finish = Callable[..., None]


@pytest.fixture
def store(tmp_path: Path) -> TrialStore:
    return TrialStore(tmp_path / "results")


@pytest.fixture
def definition() -> dict[str, Any]:
    return {"network": "snn", "neuron": {"leak": 0.9}, "seed": 3, "layers": [32, 64]}


@pytest.fixture
def folder(store: TrialStore, definition: dict[str, Any]) -> TrialFolder:
    return store.open(definition)


@pytest.fixture
def finish() -> Finish:
    """Finish a trial with two epochs and small tensors."""

    def _finish(folder: TrialFolder, status: str = "done", scale: float = 1.0) -> None:
        folder.truncate_metrics(0)
        for epoch in (1, 2):
            folder.append_metrics({"epoch": epoch, "train_loss": scale / epoch})
        folder.finish(
            {"status": status, "accuracy": {"test_best": min(1.0, 0.5 * scale)}},
            {"weight": scale * torch.arange(6.0).reshape(2, 3)},
            {"test": torch.tensor([3, 1, 4])},
            {"versions": {"torch": "2"}},
        )

    return _finish
