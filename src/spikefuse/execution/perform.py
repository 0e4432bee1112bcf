"""Run one job where it is: the code that every executor shares."""

import importlib
import logging
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from spikefuse.core.deadline import OutOfTimeError
from spikefuse.core.errors import InputError, SpikefuseError
from spikefuse.core.plugins import fault_of
from spikefuse.execution.contract import Event, Job, JobResult, Listener, Report, through_json
from spikefuse.execution.gate import Gate, stopped

_log = logging.getLogger(__name__)


def perform(job: Job, report: Report, threads: int | None = None) -> JobResult:
    """Call the job's function. Whatever it raises becomes a failed result, Ctrl-C apart.

    A job whose deadline has passed meanwhile is stopped before it begins.

    Args:
        job: What to do.
        report: Receives what the job says about its progress, after a passage through JSON.
        threads: Threads of PyTorch meanwhile; None leaves them as they are.
    """
    if Gate().refuses(job):
        return stopped(job)
    begin = time.perf_counter()
    timed = {} if job.deadline is None else {"deadline": job.deadline}
    before: int | None = None
    try:
        function = load(job.entry)
        before = set_torch_threads(threads)
        answer = function(
            through_json({**job.payload, **timed}, f"payload of job {job.name!r}"),
            lambda data: report(through_json(data, f"progress of job {job.name!r}")),
        )
        value = through_json(answer, f"result of job {job.name!r}")
    except OutOfTimeError as stop:
        return stopped(job, stop.advanced, time.perf_counter() - begin)
    except SpikefuseError as error:
        return _failed(job, one_line(error), None, begin)
    except (Exception, SystemExit) as error:
        fault = fault_of(error)
        line = one_line(fault) if fault else f"{type(error).__name__}: {one_line(error)}"
        return _failed(job, line, traceback.format_exc(), begin)
    finally:
        set_torch_threads(before)
    return JobResult(job.name, True, value, seconds=time.perf_counter() - begin)


def _failed(job: Job, error: str, detail: str | None, begin: float) -> JobResult:
    return JobResult(job.name, False, None, error, detail, time.perf_counter() - begin)


def load(entry: str) -> Callable[[dict[str, Any], Report], object]:
    """The function that an entry "module:function" names.

    Raises:
        InputError: There is no such module or function.
    """
    module_name, _, name = entry.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # the module is there; something that it imports is not
        raise InputError(
            f"execution: entry must name an importable module, got {entry!r}. "
            "Install the package that has it where the job runs."
        ) from error
    function = getattr(module, name, None)
    if not callable(function):
        raise InputError(f"execution: entry must name a function, got {entry!r}.")
    loaded: Callable[[dict[str, Any], Report], object] = function
    return loaded


def one_line(error: BaseException) -> str:
    """The message of an error without line breaks."""
    return " ".join(str(error).split())


def set_torch_threads(threads: int | None) -> int | None:
    """Set PyTorch's threads if it is loaded, and return how many it had.

    Where it is not loaded yet, the process's OMP_NUM_THREADS decides once it is.
    """
    torch: Any = sys.modules.get("torch")
    if threads is None or torch is None:
        return None
    before: int = torch.get_num_threads()
    if before != threads:
        torch.set_num_threads(threads)
    return before


def announce(result: JobResult, on_event: Listener) -> None:
    """Tell the listener, and the log with the traceback, how a job ended."""
    if result.ok:
        on_event(Event(result.job, "finished", {"seconds": result.seconds}))
        return
    if result.stopped:
        _log.info("job %s: %s", result.job, result.error)
        on_event(Event(result.job, "stopped", {"error": result.error}))
        return
    detail = f"\n{result.detail}" if result.detail else ""
    _log.error("job %s failed: %s%s", result.job, result.error, detail)
    on_event(Event(result.job, "failed", {"error": result.error}))
