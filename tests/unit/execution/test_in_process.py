from collections.abc import Callable

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.execution import Event, InProcessExecutor, Job


def test_jobs_run_in_the_order_given(job: Callable[..., Job], events: list[Event]) -> None:
    jobs = [job(name, cost=cost) for name, cost in (("a", 1), ("b", 9), ("c", 5))]
    InProcessExecutor().run(jobs, events.append)
    assert [event.job for event in events if event.kind == "started"] == ["a", "b", "c"]


def test_threads_are_left_alone_by_default(job: Callable[..., Job]) -> None:
    (result,) = InProcessExecutor().run([job("a", "train", seed=1)], lambda event: None)
    assert result.value is not None
    assert result.value["threads"] == torch.get_num_threads()


def test_job_cannot_swallow_the_listeners_error(job: Callable[..., Job]) -> None:
    class Broken(Exception):
        pass

    def listener(event: Event) -> None:
        if event.kind == "progress":
            raise Broken

    with pytest.raises(Broken):
        InProcessExecutor().run([job("a", "swallow")], listener)


def test_ctrl_c_ends_the_run(job: Callable[..., Job], events: list[Event]) -> None:
    def listener(event: Event) -> None:
        events.append(event)
        if event.kind == "progress":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        InProcessExecutor().run([job("a", "swallow"), job("b")], listener)
    assert [event.kind for event in events] == ["started", "progress"]


def test_threads_must_be_positive() -> None:
    with pytest.raises(InputError, match="threads must be 1 or more, got 0"):
        InProcessExecutor(threads=0)
