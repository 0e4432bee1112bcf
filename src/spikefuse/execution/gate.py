"""Who may still begin: a job whose time is up before it is under way is not started."""

import time

from spikefuse.core.deadline import Clock, OutOfTimeError, Pace, stop_requested
from spikefuse.execution.contract import Job, JobResult

_START = "start"


def stopped(job: Job, advanced: int = 0, seconds: float = 0.0) -> JobResult:
    """The result of a job that stopped, or was not started, because of its deadline."""
    reason = str(OutOfTimeError(advanced))
    value = {"advanced": advanced}
    return JobResult(job.name, False, value, reason, None, seconds, stopped=True)


class Gate:
    """Refuses jobs that would not get to work before their deadline.

    How long that takes, from the start to the first that is heard of a job, is measured on the jobs
    of this run; before the first is heard of, a job may start until its deadline.

    Args:
        clock: Tells Unix time.
    """

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._pace = Pace()
        self._since: dict[str, float] = {}

    def refuses(self, job: Job) -> bool:
        """Whether the job would not get to work in time, or this process is to stop."""
        if stop_requested():
            return True
        if job.deadline is None:
            return False
        return job.deadline - self._clock() <= self._pace.expect(_START)

    def enter(self, name: str) -> None:
        """The job with this name starts now."""
        self._since[name] = self._clock()

    def gives_up(self, job: Job) -> bool:
        """Whether the job's deadline has passed and nothing was heard of it since its start."""
        late = job.deadline is not None and job.deadline <= self._clock()
        return late and job.name in self._since

    def hear(self, name: str) -> None:
        """The job with this name has told something; only the first time counts."""
        begin = self._since.pop(name, None)
        if begin is not None:
            self._pace.note(_START, self._clock() - begin)
