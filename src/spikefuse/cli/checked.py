"""Options of a request that are checked before anything is read, planned or written."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.cli.request import Request
from spikefuse.cli.tracked import check_tracking

if TYPE_CHECKING:
    from spikefuse.core.deadline import Deadline
    from spikefuse.data import Location
    from spikefuse.execution import Executor

LEAVING_S = 30.0
"""Before a scheduler ends a job: for its processes to end by themselves."""


@dataclass(frozen=True)
class Checked:
    """A request whose options for carrying it out are fine; nothing was read or written yet."""

    request: Request
    precision: str
    part: tuple[int, int]
    deadline: "Deadline"


def check_request(request: Request) -> Checked:
    """Refuse options of device, executor, share and time limit that are wrong or do not fit.

    Raises:
        InputError: One is.
        MissingExtraError: Ray is asked for and not installed.
    """
    from spikefuse.core.checks import require
    from spikefuse.core.device import check_device, resolve_precision
    from spikefuse.execution import parse_shard
    from spikefuse.results.outputs import require_folder

    seeds = request.seeds
    require(seeds is None or seeds >= 1, "spikefuse", "--seeds", "at least 1", seeds)
    deadline = deadline_of(request.time_limit, request.began)
    if request.out is not None:
        require_folder(request.out, "spikefuse")
    check_device(request.device)
    check_backend(request.backend, request.device)
    precision = resolve_precision(request.precision, request.device)
    check_products(request.products, request.backend, request.device, precision)
    check_tracking(request.track, request.events)
    part = parse_shard(request.shard)
    executor_of(request)
    return Checked(request, precision, part, deadline)


def refuse_idle(command: str, found: tuple[str, str] | None) -> None:
    """Refuse an option that has no effect.

    Args:
        command: The command that was typed.
        found: The option's field and what it needs; None where everything matters.

    Raises:
        InputError: There is one.
    """
    from spikefuse.core.errors import InputError

    if found is not None:
        option = "--" + found[0].replace("_", "-")
        raise InputError(f"{command}: {option} needs {found[1]}. Here it would change nothing.")


def refuse_folder(command: str, location: "Location", data_dir: Path | None) -> None:
    """Refuse `--data-dir` beside data that is read from no folder.

    The environment variable of the same meaning is for all commands, and may stand.

    Raises:
        InputError: It is named.
    """
    from spikefuse.core.errors import InputError
    from spikefuse.data import ENVIRONMENT

    is_written = data_dir is not None and str(data_dir) != os.environ.get(ENVIRONMENT)
    if is_written and location.folder is None:
        raise InputError(
            f"{command}: --data-dir needs data that is read from a folder, got source "
            f"{location.source!r}. Here it would change nothing: leave it out, or name the data."
        )


def check_backend(backend: str, device: str) -> None:
    """Refuse an implementation of neurons that is unknown or cannot be used.

    What can be used everywhere is not tried, so that a plan of stored networks needs no PyTorch.

    Raises:
        InputError: As `resolve_backend`.
    """
    from spikefuse.core.checks import one_of
    from spikefuse.neurons.lif import BACKENDS

    one_of("spikefuse", "--backend", backend, BACKENDS)
    if backend in ("native", "triton"):
        from spikefuse.neurons.lif import resolve_backend

        resolve_backend(backend, device, "spikefuse", "--backend")


def check_products(products: str, backend: str, device: str, precision: str) -> None:
    """Refuse a way of computing products that is unknown or cannot be gone here.

    Raises:
        InputError: The name is unknown, or events are asked for where only dense products run.
    """
    from spikefuse.core.checks import one_of, require
    from spikefuse.networks.population import PRODUCTS

    one_of("spikefuse", "--products", products, PRODUCTS)
    if products == "events":
        from spikefuse.neurons.lif import resolve_backend

        where = "spikefuse"
        constraint = "auto or dense unless --precision is float32 (events are float32)"
        require(precision == "float32", where, "--products", constraint, products)
        constraint = "auto or dense without the C++ kernels on a CPU (spikefuse doctor says why)"
        usable = resolve_backend(backend, device) == "native"
        require(usable, where, "--products", constraint, products)


def executor_of(request: Request) -> "Executor":
    """What runs a request's jobs.

    Raises:
        InputError: Its options do not fit.
        MissingExtraError: Ray is asked for and not installed.
    """
    from spikefuse.core.device import count_devices
    from spikefuse.execution import make_executor

    return make_executor(
        request.executor,
        request.workers,
        request.threads,
        request.ray_address,
        device=request.device,
        gpus=count_devices(request.device),
    )


def deadline_of(time_limit: str | None, began: float) -> "Deadline":
    """The moment that lies a time limit after the command began; never without one.

    Raises:
        InputError: The text is no time.
    """
    from spikefuse.core.deadline import Deadline, parse_duration
    from spikefuse.execution.array import AUTO, end_of_job

    if time_limit is None:
        return Deadline()
    if time_limit == AUTO:
        return Deadline(end_of_job() - LEAVING_S)
    return Deadline(began + parse_duration("spikefuse", "--time-limit", time_limit))
