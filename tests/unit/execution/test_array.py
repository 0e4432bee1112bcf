"""A task of a job array finds its share, and the end of its job, in what the scheduler tells."""

import pytest

from spikefuse.core.errors import InputError
from spikefuse.execution.array import array_share, end_of_job
from spikefuse.execution.shard import parse_shard


def slurm(task: int, first: int, last: int, step: int = 1, **more: str) -> dict[str, str]:
    return {
        "SLURM_ARRAY_TASK_ID": str(task),
        "SLURM_ARRAY_TASK_MIN": str(first),
        "SLURM_ARRAY_TASK_MAX": str(last),
        "SLURM_ARRAY_TASK_STEP": str(step),
        **more,
    }


@pytest.mark.parametrize(
    ("environment", "share"),
    [
        (slurm(1, 1, 8), (1, 8)),
        (slurm(8, 1, 8), (8, 8)),
        (slurm(0, 0, 3), (1, 4)),
        (slurm(7, 3, 11, 4), (2, 3)),
        (slurm(5, 5, 5, SLURM_ARRAY_TASK_COUNT="1"), (1, 1)),
        (
            {"SGE_TASK_ID": "3", "SGE_TASK_FIRST": "1", "SGE_TASK_LAST": "5"}
            | {"SGE_TASK_STEPSIZE": "2"},
            (2, 3),
        ),
    ],
)
def test_a_task_has_its_share(environment: dict[str, str], share: tuple[int, int]) -> None:
    assert array_share(environment) == share


def test_all_tasks_of_an_array_have_all_shares() -> None:
    shares = [array_share(slurm(task, 4, 12, 2)) for task in range(4, 13, 2)]
    assert shares == [(index, 5) for index in range(1, 6)]


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "neither SLURM_ARRAY_TASK_ID or SGE_TASK_ID"),
        ({"SGE_TASK_ID": "undefined"}, "neither"),
        (slurm(9, 1, 17, 1, SLURM_ARRAY_TASK_COUNT="3"), "without gaps"),  # --array=1,9,17
        (slurm(4, 3, 11, 4), "without gaps"),
        (slurm(9, 1, 8), "without gaps"),
        ({"SLURM_ARRAY_TASK_ID": "3"}, "SLURM_ARRAY_TASK_MIN must be a whole number, got ''"),
        (slurm(1, 1, 8) | {"SLURM_ARRAY_TASK_MAX": "-8"}, "must be a whole number, got '-8'"),
    ],
)
def test_what_is_no_share_is_refused(environment: dict[str, str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        array_share(environment)


def test_auto_is_the_share_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in slurm(2, 1, 3).items():
        monkeypatch.setenv(name, value)
    assert parse_shard("auto") == (2, 3)
    monkeypatch.delenv("SLURM_ARRAY_TASK_ID")
    with pytest.raises(InputError, match="outside of a job array, got 'auto'"):
        parse_shard("auto")


def test_the_end_of_a_job() -> None:
    assert end_of_job({"SLURM_JOB_END_TIME": "1795000000"}) == 1_795_000_000
    with pytest.raises(InputError, match="must be a time where SLURM_JOB_END_TIME is not set"):
        end_of_job({})
    for text in ("soon", "9" * 400):
        with pytest.raises(InputError, match="SLURM_JOB_END_TIME must be a Unix time"):
            end_of_job({"SLURM_JOB_END_TIME": text})
    with pytest.raises(InputError, match="SLURM_ARRAY_TASK_MAX must have at most 15 digits"):
        array_share(
            {
                "SLURM_ARRAY_TASK_ID": "1",
                "SLURM_ARRAY_TASK_MIN": "1",
                "SLURM_ARRAY_TASK_MAX": "9" * 23,
            }
        )
