"""A pool of worker processes on this machine."""

import logging
import queue
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from spikefuse.core.checks import require
from spikefuse.core.cores import usable_cores
from spikefuse.core.threads import require_threads
from spikefuse.execution.child import Child, Inbox
from spikefuse.execution.contract import (
    Event,
    Job,
    JobResult,
    Listener,
    check_names,
    in_turn,
)
from spikefuse.execution.gate import Gate, stopped
from spikefuse.execution.gpus import Environment
from spikefuse.execution.perform import announce
from spikefuse.execution.relay import log_relayed

_POLL_S = 0.5
_log = logging.getLogger(__name__)


class PoolExecutor:
    """Runs jobs in worker processes, the costliest first.

    A worker that crashes or is killed fails its job only, and is replaced. All workers end with
    this process, however it ends.

    Args:
        workers: Processes; by default one a device, and without devices as many as give each its
            threads on a core of its own.
        threads: Threads of PyTorch in each; 1 by default, which has the highest throughput.
        devices: From `device_environments`; dealt to the workers in turn. The place of a worker
            that is replaced keeps its device.

    Raises:
        InputError: `workers` or `threads` is less than 1.
    """

    def __init__(
        self,
        workers: int | None = None,
        threads: int | None = None,
        devices: Sequence[Environment] = (),
    ) -> None:
        require(workers is None or workers >= 1, "execution", "workers", "1 or more", workers)
        require_threads(threads, "execution")
        self.threads = threads or 1
        self.devices = tuple(devices)
        self.workers = workers or len(devices) or max(1, usable_cores() // self.threads)

    def run(self, jobs: Sequence[Job], on_event: Listener) -> list[JobResult]:
        """Run all jobs; see `Executor.run`."""
        check_names(jobs)
        results = _Run(jobs, on_event, self.threads, self.devices).work(self.workers)
        return [results[job.name] for job in jobs]


class _Run:
    """One call of `run`: who does what, what waits, what is done."""

    def __init__(
        self,
        jobs: Sequence[Job],
        on_event: Listener,
        threads: int,
        devices: Sequence[Environment],
    ) -> None:
        self.waiting = deque(in_turn(jobs))
        self.results: dict[str, JobResult] = {}
        self.staff: set[Child] = set()
        self.inbox: Inbox = queue.SimpleQueue()
        self.on_event = on_event
        self.threads = threads
        self.devices = devices
        self.gate = Gate()

    def work(self, workers: int) -> dict[str, JobResult]:
        total = len(self.waiting)
        try:
            while True:
                while len(self.staff) < workers and (job := self.next_job()):
                    self.hire(job)
                self.dismiss_late()
                if len(self.results) == total:
                    break
                try:
                    # With a limit, because on Windows a wait without one cannot be interrupted.
                    child, message = self.inbox.get(timeout=_POLL_S)
                except queue.Empty:
                    continue
                self.take_in(child, message)
        except BaseException:
            for child in self.staff:
                child.terminate()
            for child in self.staff:
                child.join()
            raise
        finally:
            for child in self.staff:
                child.dismiss()
            for child in self.staff:
                child.join()
        return self.results

    def next_job(self) -> Job | None:
        """The next that can get to work before its deadline; those before it end here."""
        while self.waiting:
            job = self.waiting.popleft()
            if not self.gate.refuses(job):
                return job
            self.close(stopped(job))
        return None

    def dismiss_late(self) -> None:
        """End workers that are still getting to work at their deadline: nothing is lost."""
        for child in [each for each in self.staff if each.job and self.gate.gives_up(each.job)]:
            assert child.job is not None
            self.staff.discard(child)
            child.terminate()
            child.join()
            self.close(stopped(child.job))

    def hire(self, job: Job) -> None:
        """Start a worker for a job: each start takes one, so failing starts have an end."""
        taken = {child.slot for child in self.staff}
        slot = next(number for number in count() if number not in taken)
        device = self.devices[slot % len(self.devices)] if self.devices else None
        try:
            child = Child(self.inbox, self.threads, slot, device)
        except OSError as error:
            self.fail(job, f"its worker process could not be started: {error}", None)
            return
        self.staff.add(child)
        self.assign(child, job)

    def assign(self, child: Child, job: Job) -> None:
        self.on_event(Event(job.name, "started", {}))
        self.gate.enter(job.name)
        child.begin(job)

    def take_in(self, child: Child, message: Mapping[str, Any] | None) -> None:
        if child not in self.staff:
            return  # late words, or the end, of a worker that has been given up
        if message is None:
            self.bury(child)
            return
        data = message["data"]
        if message["kind"] == "log":
            log_relayed(child.job.name if child.job else None, data)
        elif message["kind"] == "progress" and child.job is not None:
            self.gate.hear(child.job.name)
            self.on_event(Event(child.job.name, "progress", data))
        elif message["kind"] == "result":
            child.job = None
            self.close(JobResult(**data))
            if job := self.next_job():
                self.assign(child, job)
            else:
                child.dismiss()

    def bury(self, child: Child) -> None:
        self.staff.discard(child)
        child.dismiss()
        if child.job is not None:
            self.fail(
                child.job,
                f"its worker process {child.describe_end()}. Run the same command again, with "
                "fewer workers if memory was short",
                "\n".join(child.last_words),
            )

    def fail(self, job: Job, reason: str, detail: str | None) -> None:
        error = f"execution: job must run to its end, got: {reason}."
        self.close(JobResult(job.name, False, None, error, detail))

    def close(self, result: JobResult) -> None:
        self.results[result.job] = result
        announce(result, self.on_event)
