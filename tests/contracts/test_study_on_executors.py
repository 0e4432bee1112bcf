"""A small study gives the same numbers wherever it runs: this process, a pool, a Ray cluster."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from spikefuse.analysis.tabulate import tabulate
from spikefuse.data import Location
from spikefuse.execution import Executor, InProcessExecutor, PoolExecutor, RayExecutor
from spikefuse.planning import Plan, make_plan
from spikefuse.planning.plan import resolve_studies
from spikefuse.planning.run import RunSummary, jobs_of, run_plan
from spikefuse.results import TrialStore
from spikefuse.studies import PROFILES

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="ray is not installed"
)
SMALL = PROFILES["smoke"].model_copy(update={"images": 200, "clips": 100, "test_images": 50})


def plan_in(store: TrialStore, is_shared: bool = False) -> Plan:
    return make_plan(
        resolve_studies(["reset"]),
        SMALL,
        "builtin",
        store,
        protocols=("disjoint",),
        seeds=2,
        is_shared=is_shared,
    )


def run(
    plan: Plan, store: TrialStore, executor: Executor, part: tuple[int, int] = (1, 1)
) -> RunSummary:
    jobs = jobs_of(plan, store, Location("builtin"), part=part)
    return run_plan(plan, store, jobs, executor)


def numbers(executor: Executor, folder: Path) -> list[dict[str, Any]]:
    """The tidy rows of the study after this executor has run it."""
    store = TrialStore(folder)
    plan = plan_in(store)
    summary = run(plan, store, executor)
    assert summary.failures == ()
    assert summary.trained == len(plan.trials) == 12
    return tabulate(plan, store)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return numbers(InProcessExecutor(threads=1), tmp_path_factory.mktemp("here"))


def test_pool(expected: list[dict[str, Any]], tmp_path: Path) -> None:
    assert numbers(PoolExecutor(workers=2, threads=1), tmp_path) == expected


@needs_ray
def test_ray_cluster_of_two_nodes(
    expected: list[dict[str, Any]], cluster: str, tmp_path: Path
) -> None:
    assert numbers(RayExecutor(threads=1, address=cluster), tmp_path) == expected


def test_shares_of_a_job_array_are_the_whole(
    expected: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Each share plans when it starts, after others have stored: nothing is left out or redone."""
    store = TrialStore(tmp_path)
    executor = PoolExecutor(workers=2, threads=1)
    trained = [
        run(plan_in(store, is_shared=True), store, executor, part=(share, 3)).trained
        for share in (1, 2, 3)
    ]
    assert sum(trained) == 12
    assert min(trained) > 0
    plan = plan_in(store)
    assert plan.populations == ()
    assert tabulate(plan, store) == expected
