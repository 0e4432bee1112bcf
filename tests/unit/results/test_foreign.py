"""What is not the trial's own is noticed where it would be used: folders, checkpoints, evaluations.

Copies happen: a folder that is restored under another name, two runs merged by hand.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from spikefuse.core.errors import StoreError
from spikefuse.results import TrialFolder, TrialStore, index_rows

Finish = Callable[..., None]
USES = {
    "state": lambda folder: folder.state(),
    "record": lambda folder: folder.record(),
    "definition": lambda folder: folder.definition(),
    "weights": lambda folder: folder.weights(),
    "predictions": lambda folder: folder.predictions(),
    "observations": lambda folder: folder.observations(),
    "begin": lambda folder: folder.begin({"seed": 0}),
    "checkpoint": lambda folder: folder.write_checkpoint({}, {}),
}


@pytest.fixture
def pair(store: TrialStore) -> tuple[TrialFolder, TrialFolder]:
    return store.open({"seed": 0}), store.open({"seed": 1})


def copy_over(source: TrialFolder, target: TrialFolder) -> None:
    shutil.rmtree(target.path)
    shutil.copytree(source.path, target.path)


@pytest.mark.parametrize("use", USES)
def test_a_finished_folder_under_another_name_is_never_used(
    pair: tuple[TrialFolder, TrialFolder], finish: Finish, use: str
) -> None:
    first, second = pair
    finish(first)
    finish(second, scale=0.5)
    copy_over(second, first)
    with pytest.raises(StoreError, match=f"{first.trial} must hold .* got trial {second.trial}"):
        USES[use](TrialFolder(first.path))


def test_an_unfinished_folder_under_another_name_is_never_resumed(
    pair: tuple[TrialFolder, TrialFolder], store: TrialStore
) -> None:
    first, second = pair
    second.write_checkpoint({"w": torch.ones(2)}, {"epoch": 1})
    copy_over(second, first)
    with pytest.raises(StoreError, match=f"got trial {second.trial}"):
        store.state(first.trial)
    with pytest.raises(StoreError, match=f"got trial {second.trial}"):
        store.open({"seed": 0})


def test_a_folder_under_another_name_stops_the_index(
    pair: tuple[TrialFolder, TrialFolder], store: TrialStore, finish: Finish
) -> None:
    first, second = pair
    finish(second)
    copy_over(second, first)
    with pytest.raises(StoreError, match=f"got trial {second.trial}"):
        index_rows(store)


def test_a_foreign_checkpoint_is_refused_and_kept(
    pair: tuple[TrialFolder, TrialFolder], store: TrialStore
) -> None:
    first, second = pair
    second.write_checkpoint({"w": torch.ones(2)}, {"epoch": 1})
    copy = shutil.copy(second.path / "checkpoint.safetensors", first.path)
    with pytest.raises(StoreError, match=f"its folder's trial, got that of trial {second.trial}"):
        first.read_checkpoint()
    assert second.read_checkpoint() is not None
    assert Path(copy).exists()
    assert store.verify() == [
        f"{first.trial}: checkpoint.safetensors belongs to trial {second.trial}"
    ]


def test_a_foreign_evaluation_counts_as_missing(
    pair: tuple[TrialFolder, TrialFolder],
    store: TrialStore,
    finish: Finish,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = pair
    condition = {"noise_std": 1.0}
    finish(first)
    finish(second)
    second.write_evaluation(condition, {"accuracy": 0.5})
    shutil.copytree(second.path / "evaluations", first.path / "evaluations")
    assert second.evaluation(condition) == {"accuracy": 0.5}
    assert first.evaluation(condition) is None
    assert first.record().evaluations == {}
    assert f"belongs to trial {second.trial}; it counts as missing" in caplog.text
    (line,) = store.verify()
    assert line.endswith(f".json belongs to trial {second.trial}")


def test_a_trial_under_no_name_is_told(
    pair: tuple[TrialFolder, TrialFolder], store: TrialStore
) -> None:
    first, _ = pair
    shutil.copytree(first.path, first.path.with_name(f"{first.trial} (copy)"))
    assert store.verify() == [
        f"{first.trial} (copy): is a trial's folder under a name that is none; nothing reads it"
    ]
