"""The jobs that the tests of the contract run serve here too."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spikefuse.execution import Event, Job

JOBS = Path(__file__).parents[2] / "contracts"


@pytest.fixture(autouse=True)
def importable_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(JOBS))


@pytest.fixture
def job() -> Callable[..., Job]:
    """Make a job of one of the functions in executor_jobs."""

    def make(name: str, function: str = "echo", cost: float = 1.0, **payload: Any) -> Job:
        return Job(name, f"executor_jobs:{function}", payload, cost)

    return make


@pytest.fixture
def events() -> list[Event]:
    """Filled by `events.append` as a listener."""
    return []
