"""How long a plan will take: training steps are timed here and now, the rest is arithmetic."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from spikefuse.core.cores import usable_cores
from spikefuse.core.device import count_devices
from spikefuse.data import SOURCES
from spikefuse.networks.budget import count_macs, solve_width
from spikefuse.planning.plan import Plan, definition_of
from spikefuse.planning.trials import PlannedTrial
from spikefuse.studies.design import Cell
from spikefuse.training import TrialDefinition

if TYPE_CHECKING:
    pass


BATCH = 50
REPEATS = 3


def seconds_of(
    plan: Plan, workers: int | None = None, backend: str = "auto", device: str = "cpu"
) -> float:
    """Estimated seconds of what is left of a plan; see `seconds_on_processor`, `seconds_on_device`.

    Args:
        plan: From `make_plan`, for this device.
        workers: Processes that share the work; by default one a core or device.
        backend: The neuron's implementation.
        device: Where networks train.
    """
    if not plan.populations:
        return 0.0
    if device == "cpu":
        return seconds_on_processor(plan, workers or usable_cores(), backend)
    devices = count_devices(device)
    return seconds_on_device(plan, min(devices, workers or devices), backend, device)


def seconds_on_processor(plan: Plan, workers: int, backend: str = "auto") -> float:
    """Seconds on a CPU, where time goes with arithmetic: from a step of the default SNN.

    Args:
        plan: With something left to do.
        workers: Processes of one thread that share the work.
        backend: The neuron's implementation.
    """
    import torch

    from spikefuse.networks import build

    leading = SOURCES[plan.source].modalities[0].name
    cell = Cell.create(modality=leading)
    spec = definition_of(cell, 0, plan.profile, plan.source, plan.fingerprint).network_spec()
    network = build(spec, precision=plan.profile.precision, backend=backend)
    inputs = {name: torch.rand(1, BATCH, *shape) for name, shape in spec.input_shapes.items()}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        fastest = _fastest(lambda: network(inputs).square().sum().backward())
    finally:
        torch.set_num_threads(threads)
    step_cost = 3 * BATCH * spec.time_steps * count_macs(spec, network.width)
    return plan.cost * fastest / step_cost / max(1, min(workers, len(plan.populations)))


def seconds_on_device(
    plan: Plan, devices: int, backend: str = "auto", device: str = "cuda"
) -> float:
    """Seconds on accelerators, where a further member costs less than the first.

    The plan's population of most members is timed as a whole and with one member; between them
    time is taken to grow evenly with the members, and with the arithmetic of a network. Steps are
    timed without optimiser and CUDA graphs, and data and evaluation count as arithmetic: it tells
    minutes from hours, no more.

    Args:
        plan: With something left to do.
        devices: How many share the work.
        backend: The neuron's implementation.
        device: Where networks train.
    """
    most = max(plan.populations, key=len)
    definition = most[0].definition
    alone = step_seconds(definition, 1, backend, device)
    together = step_seconds(definition, len(most), backend, device) if len(most) > 1 else alone
    growth = max(0.0, together - alone) / max(1, len(most) - 1)
    spec = definition.network_spec()
    step_cost = 3 * definition.batch_size * spec.time_steps * count_macs(spec, solve_width(spec))

    def seconds(population: tuple[PlannedTrial, ...]) -> float:
        steps = sum(trial.cost for trial in population) / len(population) / step_cost
        return steps * (alone + growth * (len(population) - 1))

    return sum(map(seconds, plan.populations)) / min(devices, len(plan.populations))


def step_seconds(definition: TrialDefinition, members: int, backend: str, device: str) -> float:
    """The shortest of a few forward and backward passes of so many networks of one definition."""
    import torch

    from spikefuse.networks import build

    spec, place = definition.network_spec(), torch.device(device)
    network = build([spec] * members, list(range(members)), definition.precision, backend).to(place)
    inputs = {
        name: torch.rand(members, definition.batch_size, *shape, device=place)
        for name, shape in spec.input_shapes.items()
    }

    def step() -> None:
        network(inputs).square().sum().backward()
        if place.type != "cpu":
            torch.accelerator.synchronize(place)

    return _fastest(step)


def _fastest(step: Callable[[], None]) -> float:
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return min(times)
