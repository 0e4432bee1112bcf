"""What a trial has still to do, and what that costs."""

import pytest

from spikefuse.planning.trials import PlannedTrial, cost_of, find_missing
from spikefuse.training import NoiseCondition, TrialDefinition

NOISE = NoiseCondition(noise_std=0.1, draws=3)


def _trial(state: str = "new", **settings: object) -> PlannedTrial:
    definition = TrialDefinition.create(**{"epochs": 10} | settings)
    return PlannedTrial(definition, state, 0.0, conditions=[NOISE])


def test_cost_by_hand() -> None:
    """28x28, size S: 48,000 images train, 12,000 validate, 10,000 test; a step costs 3 passes."""
    trial = _trial(time_steps=4)
    macs = 4 * (9 * 32 * 28 * 28 + 9 * 32 * 64 * 14 * 14 + 64 * 7 * 7 * 502 + 502 * 10)
    passes = 10 * (3 * 48_000 + 12_000) + 2 * (10_000 + 12_000)
    assert cost_of(trial, False) == pytest.approx(macs * passes, rel=1e-3)
    trial.missing = [NOISE]
    noisy = 2 * 3 * (10_000 + 12_000)
    assert cost_of(trial, False) == pytest.approx(macs * (passes + noisy), rel=1e-3)


def test_a_trained_network_costs_its_evaluations_alone() -> None:
    trial = _trial("done")
    assert cost_of(trial, False) == 0
    assert cost_of(trial, True) > 0


@pytest.mark.parametrize(("state", "missing"), [("new", [NOISE]), ("diverged", [])])
def test_what_is_missing(state: str, missing: list[NoiseCondition]) -> None:
    trial = _trial(state)
    find_missing(trial)
    assert trial.missing == missing
    assert trial.is_ready == (state == "diverged")
