"""One trial from the command line: what it says at the end is what is stored."""

from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from spikefuse.cli.single import definition_from, show_trial
from spikefuse.core.errors import InputError, StoreError
from spikefuse.data import SOURCES, memory_source
from spikefuse.results import TrialStore, store
from spikefuse.training import TrialDefinition


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("is_finished", [True, False])
def test_an_unreadable_trial_is_no_empty_answer(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    is_finished: bool,
    as_json: bool,
) -> None:
    monkeypatch.setattr(store, "_PATIENCE_S", 0.0)
    results = TrialStore(tmp_path)
    folder = results.open({"seed": 1})
    if is_finished:
        folder.finish({"status": "done"}, {}, {}, {})
        (folder.path / "results.json").unlink()
    with pytest.raises(StoreError, match="must be a finished trial, got one that is partial"):
        show_trial(results, folder.trial, Console(), as_json)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"modality": "sensor", "plan": "pool-twice"},
            "^train: network: the map of 'sensor' must be at least 4 x 4",
        ),
        ({"neuron": "relu"}, "neuron must be a spiking one of lif, if, plif"),
        (
            {"modality": "fused", "fusion": "none"},
            "^train: --fusion needs a network of one modality",
        ),
    ],
)
def test_a_network_that_cannot_be_is_refused_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, object], said: str
) -> None:
    small = memory_source("small", {"sensor": np.zeros((40, 9))}, np.arange(40) % 2)
    monkeypatch.setitem(SOURCES, "small", small)
    source = ("small", "0" * 16) if given.get("modality") == "sensor" else ("builtin",)
    with pytest.raises(InputError, match=said):
        definition_from(given, *source)


def test_layers_that_nobody_names_fit_the_map(monkeypatch: pytest.MonkeyPatch) -> None:
    small = memory_source("small", {"sensor": np.zeros((40, 9))}, np.arange(40) % 2)
    monkeypatch.setitem(SOURCES, "small", small)
    definition = definition_from({"modality": "sensor"}, "small", "0" * 16)
    assert definition.plan == "by-shape"
    assert definition_from({"modality": "image"}, "builtin").plan == "pool-twice"


def test_a_number_that_a_meter_could_not_give_is_a_dash(tmp_path: Path) -> None:
    """Or the trial could never be shown again."""
    folder = TrialStore(tmp_path)
    definition = TrialDefinition.create(modality="image")
    parts = [{"split": name, "samples": 20} for name in ("train", "validation", "test")]
    accuracy = dict.fromkeys(("validation_best", "validation_last", "test_best", "test_last"), 0.5)
    results = {
        **{"status": "done", "accuracy": accuracy, "best_epoch": 1, "rates": {}, "seconds": 1.0},
        **{"parameters": 7, "macs": 9, "audit": {"splits": parts}},
        "meters": {"mine.mean": None, "mine.share": 0.25},
    }
    folder.open(definition.naming()).finish(results, {"w": torch.zeros(1)}, {}, {})
    told = Console(record=True, width=120)
    show_trial(folder, definition.name, told, as_json=False)
    lines = [line for line in told.export_text().splitlines() if "mine." in line]
    assert "\N{EN DASH}" in lines[0]
    assert "0.25" in lines[1]
