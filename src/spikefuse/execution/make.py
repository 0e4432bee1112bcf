"""Executors by name."""

from collections.abc import Callable, Sequence
from functools import partial

from spikefuse.core.checks import one_of, require
from spikefuse.core.cores import usable_cores
from spikefuse.core.errors import InputError
from spikefuse.core.threads import require_threads
from spikefuse.execution.contract import Executor, Job, JobResult, Listener
from spikefuse.execution.gpus import Environment, device_environments
from spikefuse.execution.in_process import InProcessExecutor
from spikefuse.execution.pool import PoolExecutor
from spikefuse.execution.ray import RayExecutor


class AutoExecutor:
    """A pool where there are two jobs, and two cores or devices at least; otherwise this process.

    Either way each job has the same number of threads, because the order of summation, and with
    it the last digits of every number, depends on it: a run that is resumed with one job left
    gives the same numbers as one that is not interrupted.

    Args:
        workers: Processes of the pool; by default one a device, else as many as the cores allow.
        threads: Threads of PyTorch for each job; 1 by default.
        devices: From `device_environments`.
    """

    def __init__(
        self,
        workers: int | None = None,
        threads: int | None = None,
        devices: Sequence[Environment] = (),
    ) -> None:
        self.pool = PoolExecutor(workers, threads, devices)
        self.in_process = InProcessExecutor(self.pool.threads)

    def run(self, jobs: Sequence[Job], on_event: Listener) -> list[JobResult]:
        """Run all jobs; see `Executor.run`."""
        return self.choose(len(jobs)).run(jobs, on_event)

    def choose(self, jobs: int) -> Executor:
        """The executor for this number of jobs."""
        has_room = bool(self.pool.devices) or usable_cores() >= 2
        if jobs >= 2 and has_room and self.pool.workers >= 2:
            return self.pool
        return self.in_process


EXECUTORS: dict[str, Callable[[int | None, int | None, Sequence[Environment]], Executor]] = {
    "auto": AutoExecutor,
    "process": lambda workers, threads, devices: InProcessExecutor(threads),
    "pool": PoolExecutor,
    "ray": RayExecutor,
}
"""Executors by the name a user gives: made from the numbers of workers and threads, and devices."""


def make_executor(
    spec: str,
    workers: int | None = None,
    threads: int | None = None,
    ray_address: str | None = None,
    device: str = "cpu",
    gpus: int = 1,
) -> Executor:
    """The executor with this name.

    Args:
        spec: "auto", "process" (this process), "pool" (local processes) or "ray".
        workers: Most jobs at once; by default what cores and threads allow, on a GPU one. More
            workers than GPUs share them in turn; with Ray they wait.
        threads: Threads of PyTorch for each job; by default 1, and for "process" as many as
            PyTorch has.
        ray_address: A running Ray cluster ("host:port" or "auto"); None starts one here.
        device: Where the jobs train, as for PyTorch.
        gpus: How many GPUs "cuda" is.

    Raises:
        InputError: An unknown name, or options that do not fit it.
        MissingExtraError: Ray is asked for and not installed.
    """
    where = "executor"
    make = EXECUTORS[one_of(where, "executor", spec, EXECUTORS)]
    require(workers is None or workers >= 1, where, "workers", "1 or more", workers)
    require_threads(threads, where)
    if spec == "process" and workers not in (None, 1):
        raise InputError(
            f"{where}: workers must be 1 for executor 'process', got {workers}. "
            "Choose executor 'pool' for several processes."
        )
    if spec == "ray":
        if device.startswith("cuda:"):
            raise InputError(
                f"{where}: device must be 'cuda' for executor 'ray', got {device!r}. "
                "Ray deals out the GPUs; choose executor 'process' for a certain one."
            )
        make = partial(RayExecutor, address=ray_address)
    elif ray_address is not None:
        raise InputError(
            f"{where}: ray_address must be absent for executor {spec!r}, got {ray_address!r}. "
            "Choose executor 'ray'."
        )
    return make(workers, threads, device_environments(device, gpus))
