"""Jobs as tasks of a Ray cluster: one that is running, or one that is started on this machine.

Ray only executes. Results are in the trial folders, which the nodes must share, so a job that is
run again after the loss of its node goes on where it was.
"""

import importlib
import json
import logging
import os
import socket
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from spikefuse.core.checks import require
from spikefuse.core.cores import usable_cores
from spikefuse.core.errors import InputError, MissingExtraError, SpikefuseError
from spikefuse.core.threads import require_threads
from spikefuse.execution.contract import (
    Event,
    Job,
    JobResult,
    Listener,
    check_names,
    in_turn,
)
from spikefuse.execution.environment import worker_environment
from spikefuse.execution.gate import Gate, stopped
from spikefuse.execution.gpus import Environment
from spikefuse.execution.perform import announce, one_line, perform
from spikefuse.execution.relay import log_relayed, relay_logs, wanted_level

_WHERE = "execution.ray"
_LOOPBACK = "127.0.0.1"
_POLL_S = 0.2
_REACHABLE_S = 5.0
# Only text travels through Ray's object store; its default is a third of the memory.
_OBJECT_STORE_BYTES = 100 * 2**20
# Once more after the loss of a node or worker; what a job raises is never retried.
_RETRIES = 1
_log = logging.getLogger(__name__)


class RayExecutor:
    """Runs each job as one Ray task, the costliest first.

    Args:
        workers: Most jobs at once; by default what the cluster has room for.
        threads: Threads of PyTorch, and so processors, of each job; 1 by default.
        devices: From `device_environments`. Where they are GPUs each job has one, which Ray shows
            it alone, on whichever node it runs.
        address: A running cluster: "host:port", or "auto" for the one of this machine. None
            starts one here, reachable from this machine only, and stops it afterwards.

    Raises:
        InputError: An argument is malformed.
        MissingExtraError: Ray is not installed.
    """

    def __init__(
        self,
        workers: int | None = None,
        threads: int | None = None,
        devices: Sequence[Environment] = (),
        address: str | None = None,
    ) -> None:
        require(workers is None or workers >= 1, "execution", "workers", "1 or more", workers)
        require_threads(threads, "execution")
        self.workers = workers
        self.threads = threads or 1
        self.gpus = sum(bool(device) for device in devices)
        self.address = address
        self._host = None if address in (None, "auto") else _split(str(address))
        local = address is None or (self._host is not None and _is_loopback(self._host[0]))
        self._ray = _import_ray(local)

    def run(self, jobs: Sequence[Job], on_event: Listener) -> list[JobResult]:
        """Run all jobs; see `Executor.run`.

        Raises:
            InputError: Two jobs have the same name, or no cluster answers at the address.
            SpikefuseError: Ray cannot be started, or the cluster is lost.
        """
        check_names(jobs)
        if not jobs:
            return []
        with self._cluster():
            try:
                run = _Run(self._ray, on_event, self.threads, num_gpus=min(1, self.gpus))
                results = run.work(jobs, self.workers or len(jobs))
            except self._ray.exceptions.RayError as error:
                raise SpikefuseError(
                    f"{_WHERE}: the Ray cluster must stay, got: {type(error).__name__}. "
                    "See that it is running and run the same command again."
                ) from error
        return [results[job.name] for job in jobs]

    @contextmanager
    def _cluster(self) -> Iterator[None]:
        """A connection to the cluster; one that the calling program has made is left as it is."""
        if self._ray.is_initialized():
            connected = self._ray.get_runtime_context().gcs_address
            if self.address not in (None, "auto", connected):
                _log.warning(
                    "Ray is connected to %s already; %s is not used", connected, self.address
                )
            yield
            return
        try:
            self._connect()
            self._warn_if_too_small()
            yield
        finally:
            # Ends this program's tasks on the cluster too, whatever happened.
            self._ray.shutdown()

    def _connect(self) -> None:
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        try:
            if self.address is None:
                fitting = self.gpus or max(1, usable_cores() // self.threads)
                self._ray.init(
                    address="local",
                    num_cpus=(self.workers or fitting) * self.threads,
                    num_gpus=self.gpus,
                    include_dashboard=False,
                    object_store_memory=_OBJECT_STORE_BYTES,
                    _node_ip_address=_LOOPBACK,
                    **quiet,
                )
            else:
                self._require_answer()
                self._ray.init(address=self.address, **quiet)
        except SpikefuseError:
            raise
        except Exception as error:  # Ray raises just that when a node is slow to start
            if self.address is None:
                raise SpikefuseError(
                    f"{_WHERE}: Ray must be able to start here, got: {one_line(error)}. "
                    "Choose executor 'pool'."
                ) from error
            raise self._no_cluster(one_line(error)) from error

    def _require_answer(self) -> None:
        # Ray itself tries for minutes.
        if self._host is None:
            return
        try:
            socket.create_connection(self._host, timeout=_REACHABLE_S).close()
        except OSError as error:
            raise self._no_cluster(str(error)) from error

    def _no_cluster(self, reason: str) -> InputError:
        return InputError(
            f"{_WHERE}: ray_address must be the address of a running Ray cluster, "
            f"got {self.address!r} ({reason}). Start one with: ray start --head"
        )

    def _warn_if_too_small(self) -> None:
        nodes = [node["Resources"] for node in self._ray.nodes()]
        wants = f"{self.threads} processors" + (" and a GPU" if self.gpus else "")
        if not any(
            node.get("CPU", 0) >= self.threads and node.get("GPU", 0) >= min(1, self.gpus)
            for node in nodes
        ):
            _log.warning("no node of the Ray cluster has %s for a job now; waiting for one", wants)


class _Run:
    """One call of `run` on a connected cluster."""

    def __init__(self, ray: Any, on_event: Listener, threads: int, num_gpus: int) -> None:
        self.ray = ray
        self.on_event = on_event
        self.results: dict[str, JobResult] = {}
        self.running: dict[Any, Job] = {}
        self.started: set[str] = set()
        self.gate = Gate()
        # Here, not on a node that may be lost; it needs no processor.
        strategies = importlib.import_module("ray.util.scheduling_strategies")
        node = strategies.NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
        self.mailbox = (
            ray.remote(Mailbox)
            .options(num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy=node)
            .remote()
        )
        self.task = ray.remote(run_task).options(
            num_cpus=threads,
            num_gpus=num_gpus,
            max_retries=_RETRIES,
            scheduling_strategy="SPREAD",
            runtime_env={"env_vars": worker_environment(threads) | _search_path()},
        )
        self.settings = {"path": sys.path, "threads": threads, "level": wanted_level()}

    def work(self, jobs: Sequence[Job], at_once: int) -> dict[str, JobResult]:
        waiting = deque(in_turn(jobs))
        try:
            while waiting or self.running:
                while waiting and len(self.running) < at_once:
                    job = waiting.popleft()
                    if self.gate.refuses(job):
                        self.end(stopped(job))
                        continue
                    text = json.dumps(asdict(job))
                    self.running[self.task.remote(text, self.settings, self.mailbox)] = job
                if not self.running:
                    break
                ready, _ = self.ray.wait(list(self.running), num_returns=1, timeout=_POLL_S)
                # A task empties its hands into the mailbox before it ends, so this has all of it.
                for message in self.ray.get(self.mailbox.take.remote()):
                    self.take_in(**json.loads(message))
                for task in ready:
                    self.close(task)
        finally:
            with suppress(self.ray.exceptions.RayError):  # on a cluster that is lost
                for task in self.running:
                    self.ray.cancel(task, force=True)
                self.ray.kill(self.mailbox)
        return self.results

    def take_in(self, job: str, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "log":
            log_relayed(job, data)
        elif kind == "progress":
            self.gate.hear(job)
            self.on_event(Event(job, "progress", data))
        elif kind == "started" and job not in self.started:  # a job that lost its node starts again
            self.started.add(job)
            self.gate.enter(job)
            self.on_event(Event(job, "started", {}))

    def close(self, task: Any) -> None:
        job = self.running.pop(task)
        # A worker that is killed in its first moments takes its message along.
        self.take_in(job.name, "started", {})
        try:
            result = JobResult(**json.loads(self.ray.get(task)))
        except self.ray.exceptions.RayError as error:
            reason = f"its Ray worker or node was lost ({type(error).__name__})"
            message = (
                f"execution: job must run to its end, got: {reason}. Run the same command again."
            )
            result = JobResult(job.name, False, None, message, str(error))
        self.end(result)

    def end(self, result: JobResult) -> None:
        self.results[result.job] = result
        announce(result, self.on_event)


class Mailbox:
    """An actor that keeps the messages of all tasks, in order, until they are taken."""

    def __init__(self) -> None:
        self._messages: list[str] = []

    def put(self, message: str) -> None:
        """Add a message."""
        self._messages.append(message)

    def take(self) -> list[str]:
        """All messages since the last call."""
        messages, self._messages = self._messages, []
        return messages


def run_task(job_text: str, settings: Mapping[str, Any], mailbox: Any) -> str:
    """What runs on the cluster: one job; its result comes back as JSON text."""
    sys.path.extend(entry for entry in settings["path"] if entry not in sys.path)
    job = Job(**json.loads(job_text))

    def send(kind: str, data: Mapping[str, Any]) -> Any:
        return mailbox.put.remote(json.dumps({"job": job.name, "kind": kind, "data": data}))

    # Nothing waits for these messages: Ray would lend this task's processor to another meanwhile.
    send("started", {})
    handler = relay_logs(settings["level"], lambda record: send("log", record))
    try:
        result = perform(job, lambda data: send("progress", data), settings["threads"])
    finally:
        logging.getLogger().removeHandler(handler)
    ray: Any = importlib.import_module("ray")
    # Messages arrive in the order in which they were sent: with this one, all have.
    ray.wait([send("ended", {})], timeout=_REACHABLE_S)
    return json.dumps(asdict(result))


def _import_ray(local: bool) -> Any:
    """Ray, told to send no usage statistics and, for a local cluster, to listen on loopback only.

    Raises:
        MissingExtraError: Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if local:
        # Without "cluster support" Ray does not swap 127.0.0.1 for an address that others reach.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        return importlib.import_module("ray")
    except ModuleNotFoundError as error:
        raise MissingExtraError(_WHERE, "ray") from error


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isascii() or not port.isdigit():
        raise InputError(
            f"{_WHERE}: ray_address must be 'host:port' or 'auto', got {address!r}. "
            "Leave it out to start Ray on this machine."
        )
    return host.strip("[]"), int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _search_path() -> dict[str, str]:
    """Where workers find code that is not installed, such as a checkout: for the import of this."""
    installed = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)}
    extra = [
        entry
        for entry in map(os.path.abspath, sys.path)
        if os.path.isdir(entry) and not installed & set(Path(entry).resolve().parents)
    ]
    return {"PYTHONPATH": os.pathsep.join([*extra, "${PYTHONPATH}"])} if extra else {}
