"""The first screen first, then the other studies, then seed after seed; and what is missing."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spikefuse.data import Location
from spikefuse.execution import Event, Job
from spikefuse.execution.contract import in_turn
from spikefuse.planning import Plan, make_plan, stages
from spikefuse.planning.plan import resolve_studies
from spikefuse.planning.run import jobs_of, population_name
from spikefuse.planning.stages import StageWatch, still_missing
from spikefuse.results import TrialStore
from spikefuse.results.seen import Sight
from spikefuse.studies import PROFILES
from spikefuse.training import NoiseCondition, TrialDefinition


def a_plan(folder: Path, profile: str = "quick", source: str = "mnist-fsdd", **more: Any) -> Plan:
    return make_plan(
        resolve_studies(()), PROFILES[profile], source, TrialStore(folder), **{"seeds": 3} | more
    )


def kind_of(each: TrialDefinition) -> tuple[str, str, str, bool]:
    return each.network, each.modality, each.protocol, bool(each.selection.shuffle_audio)


def test_the_first_screen_comes_first_then_the_studies_then_the_seeds(tmp_path: Path) -> None:
    plan = a_plan(tmp_path)
    assert plan.stages == (
        "the networks of the first screen with seed 0",
        "the other networks with seed 0",
        "seed 1",
        "seed 2",
    )
    first = [t.definition for t in plan.trials if t.stage == 0]
    single = next(t.definition for t in plan.trials if t.definition.modality != "fused").protocol
    assert sorted(map(kind_of, first)) == sorted(
        (network, *rest)
        for network in ("snn", "dnn")
        for rest in (
            ("image", single, False),
            ("audio", single, False),
            ("fused", "paper", False),
            ("fused", "disjoint", False),
            ("fused", "disjoint", True),
        )
    )
    assert {(d.seed, d.size, d.neuron, d.reset) for d in first if d.network == "snn"} == {
        (0, "S", "lif", "soft")
    }
    assert all((t.stage >= 2) == (t.definition.seed > 0) for t in plan.trials)
    assert all(t.stage == 1 + t.definition.seed for t in plan.trials if t.stage >= 2)
    assert sum(t.stage == 1 for t in plan.trials) == 42 - 10


def test_jobs_begin_in_the_order_of_the_stages(tmp_path: Path) -> None:
    plan = a_plan(tmp_path)
    jobs = jobs_of(plan, TrialStore(tmp_path), Location("mnist-fsdd"))
    for ordered in (jobs, in_turn(jobs[::-1])):
        turns = [job.turn for job in ordered]
        assert turns == sorted(turns)
        assert set(turns) == {0, 1, 2, 3}
        for turn in set(turns):
            costs = [job.cost for job in ordered if job.turn == turn]
            assert costs == sorted(costs, reverse=True)
    stages_of = {population_name(each): {t.stage for t in each} for each in plan.populations}
    assert {job.name: {job.turn} for job in jobs} == stages_of


def test_every_share_begins_with_its_part_of_the_first_screen(tmp_path: Path) -> None:
    plan = a_plan(tmp_path, is_shared=True)
    for share in (1, 2):
        jobs = jobs_of(plan, TrialStore(tmp_path), Location("mnist-fsdd"), part=(share, 2))
        assert jobs[0].turn == 0
        assert [job.turn for job in jobs] == sorted(job.turn for job in jobs)


def test_an_accelerator_is_not_left_half_empty_for_it(tmp_path: Path) -> None:
    plan = a_plan(tmp_path)
    names = stages.assign_stages(plan.trials, plan.seeds, "cuda")
    assert len(names) == 2
    assert {t.stage for t in plan.trials} == {0, 1}
    assert sum(t.stage == 0 for t in plan.trials) == 10


def test_a_small_plan_is_not_cut(tmp_path: Path) -> None:
    plan = a_plan(tmp_path, "smoke", "builtin")
    assert plan.stages == stages.WHOLE
    assert {t.stage for t in plan.trials} == {0}


def told(job: str, kind: str, **data: Any) -> Event:
    return Event(job, kind, data)


def test_a_stage_is_there_when_its_networks_are_trained() -> None:
    turns = {"a": 0, "b": 0, "c": 1, "d": 2}
    watch = StageWatch([Job(name, "m:f", {}, turn=turn) for name, turn in turns.items()])
    assert watch.hear(told("a", "started")) is None
    assert watch.hear(told("a", "progress", epoch=1)) is None
    assert watch.hear(told("c", "finished")) is None, "the first stage is still waited for"
    assert watch.hear(told("a", "failed")) is None
    # Noise is evaluated after training, in the same job.
    assert watch.hear(told("b", "progress", condition=1, conditions=3)) == 1
    assert watch.hear(told("b", "finished")) is None
    assert watch.hear(told("d", "stopped")) is None, "the last is told by the end of the run"


def test_what_is_stored_is_not_waited_for() -> None:
    watch = StageWatch([Job("c", "m:f", {}, turn=1), Job("d", "m:f", {}, turn=2)])
    assert watch.hear(told("c", "finished")) == 1


class Looks:
    """Says what is stored of trials by name."""

    def __init__(self, states: dict[str, str]) -> None:
        self.states = states

    def look(self, name: str) -> Sight:
        return Sight(self.states.get(name, "missing"))


def trial(name: str, stage: int, *conditions: NoiseCondition) -> Any:
    return SimpleNamespace(name=name, stage=stage, conditions=list(conditions))


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "Seen", Looks)
    condition = NoiseCondition(noise_std=0.1, draws=1)
    trials = [trial("a", 0), trial("b", 0, condition), trial("c", 1), trial("d", 2)]
    names = ("the first", "the second", "seed 1")

    def said(**states: str) -> str | None:
        return still_missing(trials, names, states)  # type: ignore[arg-type]

    assert said(a="done", b="diverged") == (
        "Not finished: 2 of 4 networks are trained. Still to come: the second; seed 1. "
        "The same command goes on."
    )
    assert said(a="done", b="done", c="done", d="done") == (
        "Not finished: 4 of 4 networks are trained, and 1 evaluations under noise of these are "
        "missing. The same command goes on."
    )
    trials[1].conditions.clear()
    assert said(a="done", b="done", c="done", d="diverged") is None
