"""What a cluster's scheduler tells a job: its place in an array, and when it will be ended."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from spikefuse.core.errors import InputError

AUTO = "auto"


@dataclass(frozen=True)
class _Names:
    """Environment variables of a scheduler: this task, and first, last and step of its array."""

    scheduler: str
    task: str
    first: str
    last: str
    step: str


_ARRAYS = (
    _Names(
        "SLURM",
        "SLURM_ARRAY_TASK_ID",
        "SLURM_ARRAY_TASK_MIN",
        "SLURM_ARRAY_TASK_MAX",
        "SLURM_ARRAY_TASK_STEP",
    ),
    _Names("Grid Engine", "SGE_TASK_ID", "SGE_TASK_FIRST", "SGE_TASK_LAST", "SGE_TASK_STEPSIZE"),
)
"""Source: the manual pages of sbatch ("--array") and qsub ("-t")."""

_COUNT = "SLURM_ARRAY_TASK_COUNT"
_END = "SLURM_JOB_END_TIME"
"""Unix time; set since Slurm 22.05."""

_MOST_DIGITS = 15
"""Of a scheduler's number: Unix time has ten."""

_UNDEFINED = ("", "undefined")
"""What Grid Engine says outside of an array."""


def array_share(environment: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """Index (from 1) and count of the shares of this task's job array.

    Raises:
        InputError: This process is not a task of an array, or the array has gaps, so that no share
            can be told from a task's number.

    Example:
        >>> array_share({"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "1",
        ...              "SLURM_ARRAY_TASK_MAX": "8"})
        (3, 8)
    """
    for names in _ARRAYS:
        if environment.get(names.task, "") not in _UNDEFINED:
            return _share(names, environment)
    known = " or ".join(names.task for names in _ARRAYS)
    raise InputError(
        f"shard: shard must be 'i/n' outside of a job array, got 'auto' and neither {known}. "
        "Submit with --array=1-8, or name the share: --shard 2/8."
    )


def _share(names: _Names, environment: Mapping[str, str]) -> tuple[int, int]:
    task = _number(names.task, environment)
    first = _number(names.first, environment)
    last = _number(names.last, environment)
    step = _number(names.step, environment) if environment.get(names.step) else 1
    steps, rest = divmod(task - first, max(step, 1))
    count = (last - first) // max(step, 1) + 1
    told = environment.get(_COUNT, str(count)) if names.task.startswith("SLURM") else str(count)
    if step < 1 or rest or not first <= task <= last or told != str(count):
        raise InputError(
            f"shard: the job array of 'auto' must be without gaps, got task {task} of {first} to "
            f"{last} in steps of {step}, {told} tasks. Submit {names.scheduler} with an array like "
            "1-8, or name the share: --shard 2/8."
        )
    return steps + 1, count


def end_of_job(environment: Mapping[str, str] = os.environ) -> float:
    """The moment at which the scheduler will end this job, in Unix time.

    Raises:
        InputError: It does not say.
    """
    if not environment.get(_END):
        raise InputError(
            f"spikefuse: --time-limit must be a time where {_END} is not set, got 'auto'. "
            "Say how long the job may take: --time-limit 3h50m."
        )
    end = environment[_END]
    if not (end.isascii() and end.isdigit() and len(end) <= _MOST_DIGITS):
        raise InputError(
            f"spikefuse: {_END} must be a Unix time where --time-limit is 'auto', got "
            f"{end[:40]!r}. Say how long the job may take: --time-limit 3h50m."
        )
    return float(end)


def _number(name: str, environment: Mapping[str, str]) -> int:
    text = environment.get(name, "")
    if not (text.isascii() and text.isdigit()):
        raise InputError(
            f"shard: {name} must be a whole number, got {text!r}. Name the share: --shard 2/8."
        )
    if len(text) > _MOST_DIGITS:
        raise InputError(
            f"shard: {name} must have at most {_MOST_DIGITS} digits, got {len(text)}. Name the "
            "share: --shard 2/8."
        )
    return int(text)
