"""Estimates of time: nothing left is no time; members of a population are not counted as equal."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spikefuse.networks.budget import count_macs, solve_width
from spikefuse.planning import Plan, estimate, make_plan
from spikefuse.planning.estimate import (
    ONCE_S,
    START_S,
    seconds_of,
    seconds_on_device,
    step_cost,
    step_seconds,
)
from spikefuse.planning.plan import resolve_studies
from spikefuse.results import TrialStore
from spikefuse.studies import PROFILES
from spikefuse.training import TrialDefinition


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    studies = resolve_studies(["reset"])
    return make_plan(studies, PROFILES["smoke"], "builtin", TrialStore(tmp_path), seeds=2)


def _population(plan: Plan, members: int, steps: int) -> tuple[Any, ...]:
    """Members with so many training steps of the plan's first network left."""
    definition = plan.trials[0].definition
    spec = definition.network_spec()
    macs = count_macs(spec, solve_width(spec)) * spec.time_steps * definition.batch_size
    return (SimpleNamespace(definition=definition, cost=3.0 * macs * steps),) * members


def _with(*populations: tuple[Any, ...]) -> Any:
    return SimpleNamespace(populations=populations)


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A step takes 1 s and a quarter more for each further member; notes what is timed."""
    asked: list[int] = []

    def pretend(definition: Any, members: int, backend: str, device: str) -> float:
        asked.append(members)
        return 1 + 0.25 * (members - 1)

    monkeypatch.setattr(estimate, "step_seconds", pretend)
    return asked


def test_nothing_left_takes_no_time() -> None:
    assert seconds_of(_with()) == 0.0


def test_steps_are_timed_as_workers_take_them(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that gives memory back fetches it again in every step."""
    told: list[str] = []
    monkeypatch.setattr(estimate, "keep_memory", lambda: told.append("kept"))
    monkeypatch.setattr(estimate, "step_seconds", lambda *_: told.append("timed") or 1.0)
    seconds_of(plan, workers=1)
    assert told[0] == "kept"
    assert "timed" in told


def test_time_on_a_processor_is_shared_by_workers(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "_fastest", lambda step: 1.0)
    alone, both = seconds_of(plan, 1) - START_S, seconds_of(plan, 2) - START_S
    assert alone == pytest.approx(2 * both)
    assert alone > 0


def test_every_kind_of_network_is_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sequence through an `mlp` takes many times the time of a map shown whole."""
    made = make_plan(
        resolve_studies(["time-axis"]), PROFILES["smoke"], "builtin", TrialStore(tmp_path), seeds=1
    )
    asked: list[TrialDefinition] = []

    def pretend(definition: TrialDefinition, *_: object) -> float:
        asked.append(definition)
        return 10.0 if definition.encoder == "sequence" else 0.1

    monkeypatch.setattr(estimate, "step_seconds", pretend)
    seconds = seconds_of(made, 1)
    kinds = {(each.definition.plan, each.definition.encoder) for each in made.trials}
    assert sorted((each.plan, each.encoder) for each in asked) == sorted(kinds)
    slow = [each for each in made.trials if each.definition.encoder == "sequence"]
    dearest = max(slow, key=lambda trial: trial.cost)
    steps = sum(trial.cost for trial in slow) / step_cost(dearest.definition)
    assert 10.0 * steps < seconds < 20.0 * steps


def test_small_data_takes_what_networks_and_a_command_take(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "step_seconds", lambda *_: 0.0)
    once = ONCE_S * len(plan.trials)
    assert seconds_of(plan, 1) == pytest.approx(START_S + once)


def test_a_further_member_costs_less_than_the_first(plan: Plan, timed: list[int]) -> None:
    five, three, one = (_population(plan, members, 10) for members in (5, 3, 1))
    assert seconds_on_device(_with(five, three, one), 1) == pytest.approx(20 + 15 + 10)
    assert timed == [1, 5]


def test_members_of_one_are_timed_once(plan: Plan, timed: list[int]) -> None:
    one = _population(plan, 1, 10)
    assert seconds_on_device(_with(one, one), 1) == pytest.approx(20)
    assert timed == [1]


@pytest.mark.usefixtures("timed")
def test_devices_share_the_populations(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "count_devices", lambda device: 4)
    made = _with(*(_population(plan, 1, 10) for _ in range(8)))
    assert seconds_of(made, device="cuda") == pytest.approx(20)
    assert seconds_of(made, workers=2, device="cuda") == pytest.approx(40)
    assert seconds_of(made, workers=99, device="cuda") == pytest.approx(20)
    assert seconds_of(_with(_population(plan, 1, 10)), device="cuda") == pytest.approx(10)


def test_a_step_of_a_population_is_timed(plan: Plan) -> None:
    assert step_seconds(plan.trials[0].definition, 2, "auto", "cpu") > 0
