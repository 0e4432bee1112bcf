"""Where jobs run: in this process, a pool of local processes, a share of a job array, Ray.

Every executor keeps the same contract, and none of them stores anything: jobs leave their results
in trial folders, so a job that is run again finds what it had done.
"""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.execution.contract import Event, Executor, Job, JobResult, Listener, Report
    from spikefuse.execution.in_process import InProcessExecutor
    from spikefuse.execution.make import EXECUTORS, AutoExecutor, make_executor
    from spikefuse.execution.pool import PoolExecutor
    from spikefuse.execution.ray import RayExecutor
    from spikefuse.execution.shard import parse_shard, shard

__all__ = [
    "EXECUTORS",
    "AutoExecutor",
    "Event",
    "Executor",
    "InProcessExecutor",
    "Job",
    "JobResult",
    "Listener",
    "PoolExecutor",
    "RayExecutor",
    "Report",
    "make_executor",
    "parse_shard",
    "shard",
]

on_demand(__name__)
