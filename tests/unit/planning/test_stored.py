"""Planning, workers and tables give one answer to "is this evaluation stored?"."""

from pathlib import Path
from typing import Any

import pytest
import torch

from spikefuse.planning.stored import missing_conditions, stored_evaluation
from spikefuse.planning.trials import PlannedTrial, find_missing
from spikefuse.results import TrialFolder, TrialStore
from spikefuse.results.seen import Seen
from spikefuse.training import NoiseCondition, TrialDefinition

NOISE = NoiseCondition(noise_std=1.0, draws=1)
ACCURACY = {"accuracy": {"validation": [0.5], "test": [0.25]}}


@pytest.fixture
def folder(tmp_path: Path) -> TrialFolder:
    folder = TrialStore(tmp_path).open(TrialDefinition.create().naming())
    weights = {"a": torch.zeros(1)}
    folder.finish({"status": "done"}, weights, weights, {})
    return folder


def _missing(folder: TrialFolder) -> list[NoiseCondition]:
    seen = Seen(TrialStore(folder.path.parent.parent)).look(folder.trial)
    trial = PlannedTrial(TrialDefinition.create(), seen.state, 0.0, conditions=[NOISE])
    trial.evaluations = seen.evaluations
    find_missing(trial)
    assert trial.missing == missing_conditions(folder.record(), [NOISE])
    return trial.missing


def test_what_is_stored_is_found(folder: TrialFolder) -> None:
    assert _missing(folder) == [NOISE]
    folder.write_evaluation(NOISE.naming(), ACCURACY)
    assert _missing(folder) == []
    found = stored_evaluation(folder.record(), NOISE)
    assert found == {"condition": NOISE.naming(), **ACCURACY}


@pytest.mark.parametrize(
    "other",
    [
        {"noise_std": 2.0},
        {"samples": 10},
        {"draws": 2},
        # Equal as numbers and another text: the file has another name, so nobody finds it.
        {"noise_std": 1},
    ],
)
def test_another_condition_is_not_it(folder: TrialFolder, other: dict[str, Any]) -> None:
    folder.write_evaluation(NOISE.naming() | other, ACCURACY)
    assert _missing(folder) == [NOISE]


def test_a_condition_of_a_later_version_harms_nothing(folder: TrialFolder) -> None:
    folder.write_evaluation({"kind": "not known here", "share": 0.2}, ACCURACY)
    assert _missing(folder) == [NOISE]
