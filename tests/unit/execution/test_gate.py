"""Who may still begin, by a clock that moves when it is told to."""

import time
from pathlib import Path

import pytest

from spikefuse.core.errors import InputError
from spikefuse.execution import Event, InProcessExecutor, Job, PoolExecutor
from spikefuse.execution.gate import Gate, stopped

JOBS = "executor_jobs"


def test_a_job_needs_as_long_as_others_needed_to_get_to_work() -> None:
    now = [100.0]
    gate = Gate(lambda: now[0])
    job = Job("a", f"{JOBS}:echo", {}, deadline=110.0)
    gate.enter("a")
    now[0] = 103.0
    assert not gate.refuses(job)
    gate.hear("a")
    gate.hear("a")  # later words do not count
    now[0] = 103.9  # 6.1 s are left; 3 s, and once more the longest, are expected
    assert not gate.refuses(job)
    now[0] = 104.0
    assert gate.refuses(job)
    assert not gate.refuses(Job("b", f"{JOBS}:echo", {}))


def test_a_stopped_job_says_how_far_it_came() -> None:
    result = stopped(Job("a", f"{JOBS}:echo", {}), advanced=3, seconds=2.0)
    assert (result.ok, result.stopped, result.value, result.seconds) == (
        False, True, {"advanced": 3}, 2.0,
    )  # fmt: skip
    assert result.error == "stopped before the time limit; the same command goes on from here"


@pytest.mark.parametrize("executor", [InProcessExecutor(1), PoolExecutor(2, 1)])
def test_nothing_is_started_after_the_deadline(executor: InProcessExecutor | PoolExecutor) -> None:
    jobs = [Job(name, f"{JOBS}:echo", {}, deadline=time.time() - 1) for name in "ab"]
    events: list[Event] = []
    begin = time.monotonic()
    results = executor.run(jobs, events.append)
    assert time.monotonic() - begin < 1.0, "no worker was started"
    assert [result.stopped for result in results] == [True, True]
    assert [(event.job, event.kind) for event in events] == [("a", "stopped"), ("b", "stopped")]


@pytest.mark.parametrize("moment", [float("inf"), float("nan")])
def test_a_deadline_is_a_moment(moment: float) -> None:
    with pytest.raises(InputError, match="deadline must be a moment"):
        Job("a", f"{JOBS}:echo", {}, deadline=moment)


def test_a_worker_that_is_not_at_work_at_its_deadline_is_not_waited_for(tmp_path: Path) -> None:
    patience = 30
    payload = {"who": "a", "folder": str(tmp_path), "jobs": 10**6, "patience": patience}
    job = Job("a", f"{JOBS}:meet", payload, deadline=time.time() + 1)
    begin = time.monotonic()
    (result,) = PoolExecutor(1, 1).run([job], lambda event: None)
    assert time.monotonic() - begin < patience / 2
    assert (result.stopped, result.value) == (True, {"advanced": 0})
