"""A job that says it is done has left its folders where the command sees them, else it failed."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from spikefuse.core.errors import StoreError
from spikefuse.data import Location
from spikefuse.execution import Event, Job, JobResult, Listener
from spikefuse.execution.perform import announce
from spikefuse.planning import Plan, make_plan, run
from spikefuse.planning.plan import resolve_studies
from spikefuse.planning.run import jobs_of, run_plan
from spikefuse.planning.work import run_population
from spikefuse.results import TrialStore
from spikefuse.results.presence import presence
from spikefuse.studies import PROFILES
from spikefuse.training import TrialDefinition


@contextmanager
def folder_of_work(path: Path) -> Iterator[None]:
    before = Path.cwd()
    path.mkdir(exist_ok=True)
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


class Elsewhere:
    """Does jobs with another working folder, as a worker on a cluster does.

    Args:
        folder: That folder.
        disk: Where the store lies on the worker's own disk; None where it shares the command's.
        leaves: What a job leaves: everything, nothing, or a trial without its evaluations.
    """

    def __init__(self, folder: Path, disk: Path | None = None, leaves: str = "all") -> None:
        self.folder, self.disk, self.leaves = folder, disk, leaves

    def run(self, jobs: Sequence[Job], on_event: Listener) -> list[JobResult]:
        results = []
        for job in jobs:
            on_event(Event(job.name, "started", {}))
            with folder_of_work(self.folder):
                value = self._perform(job.payload)
            results.append(JobResult(job.name, True, value))
            announce(results[-1], on_event)
        return results

    def _perform(self, payload: Any) -> dict[str, Any]:
        store = TrialStore(Path(payload["store"]) if self.disk is None else self.disk)
        answer = {}
        for trial in payload["trials"]:
            definition = TrialDefinition.model_validate(trial["definition"])
            answer[definition.name] = "done"
            if self.leaves == "nothing":
                continue
            folder = store.open(definition.naming())
            folder.finish({"status": "done"}, {}, {}, {})
            if self.leaves == "all":
                for condition in trial["conditions"]:
                    folder.write_evaluation(condition, {"accuracy": {}})
        return answer


def small_plan(store: TrialStore, study: str = "reset") -> Plan:
    profile = PROFILES["smoke"]
    return make_plan(
        resolve_studies([study]), profile, "builtin", store, protocols=("disjoint",), seeds=1
    )


def outcome(
    store: TrialStore, executor: Elsewhere, study: str = "reset"
) -> tuple[run.RunSummary, list[Event]]:
    plan = small_plan(store, study)
    events: list[Event] = []
    jobs = jobs_of(plan, store, Location("builtin"))
    return run_plan(plan, store, jobs, executor, events.append), events


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PATIENCE_S", 0.0)


@pytest.mark.parametrize("out", ["runs/x", "../y", "."])
def test_a_relative_path_leads_to_the_commands_folder(tmp_path: Path, out: str) -> None:
    with folder_of_work(tmp_path / "here"):
        store = TrialStore(Path(out))
        summary, events = outcome(store, Elsewhere(tmp_path / "there"))
        assert summary.failures == ()
        assert summary.trained == len(list(store)) > 0
        assert {event.kind for event in events} == {"started", "finished"}
    assert list((tmp_path / "there").iterdir()) == []


def test_data_folders_are_absolute(tmp_path: Path) -> None:
    with folder_of_work(tmp_path):
        store = TrialStore(Path("out"))
        jobs = jobs_of(small_plan(store), store, Location("mnist-fsdd", Path("data")))
        assert {job.payload["data_folder"] for job in jobs} == {str(tmp_path / "data")}
        assert {job.payload["store"] for job in jobs} == {str(tmp_path / "out")}


@pytest.mark.parametrize("leaves", ["all", "nothing"])
def test_a_disk_that_is_not_shared_fails_the_job(tmp_path: Path, leaves: str) -> None:
    store = TrialStore(tmp_path / "out")
    executor = Elsewhere(tmp_path / "node", tmp_path / "disk of the node", leaves)
    summary, events = outcome(store, executor)
    assert summary.trained == 0
    assert len(summary.failures) == len(small_plan(store).populations) > 0
    for failure in summary.failures:
        assert "what it stored is not here" in failure
        assert "name an --out on a disk that every node has at the same path" in failure
    assert {event.kind for event in events} == {"started", "failed"}


def test_lost_evaluations_fail_the_job(tmp_path: Path) -> None:
    store = TrialStore(tmp_path / "out")
    executor = Elsewhere(tmp_path / "node", leaves="no evaluations")
    summary, _ = outcome(store, executor, "noise-size")
    assert summary.failures
    assert all("evaluations of trial" in failure for failure in summary.failures)


def test_a_worker_writes_nothing_to_another_folder_of_that_name(tmp_path: Path) -> None:
    store = TrialStore(tmp_path / "out")
    payload: dict[str, Any] = {"data_folder": None, "device": "cpu", "backend": "auto"}
    payload |= {"trials": [{"definition": TrialDefinition().naming(), "conditions": []}]}
    with presence(store) as sign:
        payload |= {"store": str(tmp_path / "disk of the node"), "presence": sign}
        with pytest.raises(StoreError, match=r"got another one of that name on .*every node"):
            run_population(payload, lambda event: None)
        assert list(tmp_path.iterdir()) == [store.root]
        assert [path.name for path in store.trials.iterdir()] == [sign]
    assert list(store.trials.iterdir()) == []
