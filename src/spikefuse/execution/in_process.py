"""Jobs one after another in this process."""

from collections.abc import Mapping, Sequence
from typing import Any

from spikefuse.core.threads import require_threads
from spikefuse.execution.contract import Event, Job, JobResult, Listener, check_names
from spikefuse.execution.gate import Gate, stopped
from spikefuse.execution.perform import announce, perform


class _ListenerError(BaseException):
    """Carries what a listener raised through the job's own `except Exception`."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class InProcessExecutor:
    """Runs jobs in the order given, in the calling thread.

    Args:
        threads: Threads of PyTorch while a job runs; None leaves them as they are.

    Raises:
        InputError: `threads` is less than 1.
    """

    def __init__(self, threads: int | None = None) -> None:
        require_threads(threads, "execution")
        self.threads = threads

    def run(self, jobs: Sequence[Job], on_event: Listener) -> list[JobResult]:
        """Run all jobs; see `Executor.run`."""
        check_names(jobs)
        results = []
        gate = Gate()
        for job in jobs:
            if gate.refuses(job):
                result = stopped(job)
            else:
                on_event(Event(job.name, "started", {}))
                gate.enter(job.name)
                result = self._perform(job, on_event, gate)
            results.append(result)
            announce(result, on_event)
        return results

    def _perform(self, job: Job, on_event: Listener, gate: Gate) -> JobResult:
        def report(data: Mapping[str, Any]) -> None:
            gate.hear(job.name)
            try:
                on_event(Event(job.name, "progress", data))
            except (Exception, SystemExit) as error:
                raise _ListenerError(error) from error

        try:
            return perform(job, report, self.threads)
        except _ListenerError as carrier:
            raise carrier.error from None
