"""The contract of every executor: jobs in, events on the way, one result a job out."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from spikefuse.core.checks import require
from spikefuse.core.errors import InputError

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
Report: TypeAlias = Callable[[Mapping[str, Any]], None]
"""What a job calls to say how far it is; the data must be JSON."""

_ENTRY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Job:
    """One piece of work. Only JSON travels to where it runs, and only JSON comes back.

    Args:
        name: Unique among the jobs of one run; for people too.
        entry: "module:function", called as `function(payload, report)`; it returns a JSON mapping.
        payload: What the function is given. It is copied through JSON: tuples become lists.
        cost: Expected effort in any unit; 0 or more. The pool begins with the costliest.
        turn: Jobs of a lower turn begin before all jobs of a higher one, whatever they cost.
        deadline: When the function must have returned, in Unix time; None is never. The function
            finds it in its payload under this name, keeps what it has done and raises
            `OutOfTimeError` when more does not fit. A job that cannot get to work before it is
            not started.

    Raises:
        InputError: The name is empty, entry, cost or deadline are malformed, or the payload is
            not JSON.
    """

    name: str
    entry: str
    payload: Mapping[str, Json]
    cost: float = 1.0
    deadline: float | None = None
    turn: int = 0

    def __post_init__(self) -> None:
        require(bool(self.name), "Job", "name", "some text", self.name)
        sound = _ENTRY.fullmatch(self.entry) is not None and not self.entry.startswith("__main__:")
        require(sound, "Job", "entry", "an importable 'module:function'", self.entry)
        sound = math.isfinite(self.cost) and self.cost >= 0
        require(sound, "Job", "cost", "a finite number, 0 or more", self.cost)
        sound = self.deadline is None or math.isfinite(self.deadline)
        require(sound, "Job", "deadline", "a moment in Unix time, or None", self.deadline)
        copy = through_json(self.payload, f"payload of job {self.name!r}")
        object.__setattr__(self, "payload", copy)  # the record is frozen


@dataclass(frozen=True)
class Event:
    """Something that happened to a job.

    Args:
        job: Name of the job.
        kind: "started" once, then "progress" any number of times, at the end "finished", "failed"
            or "stopped" (its deadline came first) once. A job that could not start has only
            "failed", one that was not started for want of time only "stopped".
        data: What the job reported ("progress"), {"seconds": ...} ("finished") or
            {"error": ...} ("failed", "stopped").
    """

    job: str
    kind: str
    data: Mapping[str, Any]


Listener: TypeAlias = Callable[[Event], None]


@dataclass(frozen=True)
class JobResult:
    """What became of a job.

    Args:
        job: Name of the job.
        ok: Whether its function returned.
        value: What it returned; None for a failed job. Of a stopped one {"advanced": n}: how many
            pieces of its work are done and kept since it was started.
        error: Why it failed or stopped, in one line; None for a job that is ok.
        detail: The traceback of an unexpected error, or the last lines that a killed process
            wrote; it is in the log too.
        seconds: How long the function ran; 0 where that is not known.
        stopped: Whether its deadline came first. Such a job has not failed: started again, it
            goes on where it was.
    """

    job: str
    ok: bool
    value: dict[str, Any] | None
    error: str | None = None
    detail: str | None = None
    seconds: float = 0.0
    stopped: bool = False


class Executor(Protocol):
    """Runs jobs. A failed job never stops the others."""

    def run(self, jobs: Sequence[Job], on_event: Listener) -> list[JobResult]:
        """Run all jobs and return their results in the order of `jobs`.

        Args:
            jobs: With unique names.
            on_event: Called in the calling thread, never twice at once. What it raises ends the
                run, as Ctrl-C does: everything that was started is stopped.

        Raises:
            InputError: Two jobs have the same name.
        """
        ...


def check_names(jobs: Sequence[Job]) -> None:
    """Refuse jobs that could not be told apart.

    Raises:
        InputError: Two jobs have the same name.
    """
    seen: set[str] = set()
    for job in jobs:
        if job.name in seen:
            raise InputError(
                f"Executor.run: job names must be unique, got {job.name!r} twice. "
                "Put what tells the jobs apart into their names."
            )
        seen.add(job.name)


def longest_first(jobs: Sequence[Job]) -> list[Job]:
    """The jobs by falling cost; those of equal cost by name, so that the order is always the same.

    Long jobs at the end would leave all workers but one idle.
    """
    return sorted(jobs, key=lambda job: (-job.cost, job.name))


def in_turn(jobs: Sequence[Job]) -> list[Job]:
    """The jobs in the order in which they begin: turn by turn, the longest of each first."""
    return sorted(longest_first(jobs), key=lambda job: job.turn)


def through_json(value: object, what: str) -> dict[str, Any]:
    """What the mapping is at the other end of a JSON channel; the same wherever a job runs.

    Infinities and NaN pass: both ends are Python.

    Raises:
        InputError: It is not a mapping, or something in it is not JSON.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"execution: {what} must be a mapping, got {type(value).__name__}.")
    try:
        copy: dict[str, Any] = json.loads(json.dumps(dict(value)))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"execution: {what} must be what JSON can hold, got: {error}. "
            "Convert it first, for example with .item() or .tolist()."
        ) from error
    return copy
