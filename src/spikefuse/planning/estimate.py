"""How long a plan will take: training steps are timed here and now, the rest is arithmetic."""

from __future__ import annotations

import time
from collections.abc import Callable

from spikefuse.core.cores import usable_cores
from spikefuse.core.device import count_devices
from spikefuse.core.threads import one_thread
from spikefuse.execution.environment import keep_memory
from spikefuse.networks.budget import count_macs, solve_width
from spikefuse.planning.plan import Plan
from spikefuse.planning.trials import PlannedTrial
from spikefuse.training import TrialDefinition

REPEATS = 3

FIRING = 2.0
"""Random weights are scaled by this before a step is timed: as they are fewer neurons fire than
after a few steps of training, and products by events would be too fast."""

BESIDE = 1.25
"""The optimiser, batches and what is noted of an epoch, beside the steps."""

ONCE_STEPS, ONCE_S = 3.5, 0.4
"""What is done once for a network, in steps and in seconds: calibration, counts, its files."""

START_S = 12.0
"""Of a command that trains: processes that import PyTorch and read data, tables, pictures, report.

As the constants above it was seen on two slow cores; a fast processor needs half.
"""


def at_once(workers: int | None = None, device: str = "cpu") -> int:
    """How many populations train at the same time."""
    if device == "cpu":
        return workers or usable_cores()
    devices = count_devices(device)
    return min(devices, workers or devices)


def seconds_of(
    plan: Plan,
    workers: int | None = None,
    backend: str = "auto",
    device: str = "cpu",
    products: str = "auto",
) -> float:
    """Estimated seconds of what is left of a plan; see `seconds_on_processor`, `seconds_on_device`.

    They are the most where `Plan.may_end_early`.

    Args:
        plan: From `make_plan`, for this device.
        workers: Processes that share the work; by default one a core or device.
        backend: The neuron's implementation.
        device: Where networks train.
        products: Dense, by events, or what is faster.
    """
    if not plan.populations:
        return 0.0
    if device == "cpu":
        return seconds_on_processor(plan, at_once(workers), backend, products)
    return seconds_on_device(plan, at_once(workers, device), backend, device)


def seconds_on_processor(
    plan: Plan, workers: int, backend: str = "auto", products: str = "auto"
) -> float:
    """Seconds on a CPU, where time goes with arithmetic, and on small data with all else.

    A step of the dearest network of each `kind_of` is timed on one thread. A network costs what is
    left of its arithmetic, at the pace of its kind, and what is done once for it; a command what
    its workers and its report need.

    Args:
        plan: With something left to do.
        workers: Processes of one thread that share the work.
        backend: The neuron's implementation.
        products: Dense, by events, or what is faster.
    """
    kinds: dict[tuple[str, ...], list[PlannedTrial]] = {}
    for trial in (trial for population in plan.populations for trial in population):
        kinds.setdefault(kind_of(trial.definition), []).append(trial)
    keep_memory()  # as the workers that will train
    with one_thread():
        seconds = 0.0
        for trials in kinds.values():
            definition = max(trials, key=lambda trial: trial.cost).definition
            spent = step_seconds(definition, 1, backend, "cpu", products)
            pace = spent / step_cost(definition)
            fresh = sum(trial.is_to_train for trial in trials)
            seconds += BESIDE * pace * sum(trial.cost for trial in trials)
            seconds += fresh * (ONCE_S + ONCE_STEPS * spent)
    return START_S + seconds / max(1, min(workers, len(plan.populations)))


def kind_of(definition: TrialDefinition) -> tuple[str, ...]:
    """What a multiply-accumulate costs alike in: network, layers, fusion and encoder.

    One by events is cheaper than one of a dense twin, one of attention dearer than one of a
    convolution; a map that is shown whole is multiplied once and a sequence at every step.
    """
    fusion = "early" if definition.fusion == "none" else definition.fusion
    return definition.network, definition.plan, fusion, definition.encoder


def step_cost(definition: TrialDefinition) -> float:
    """A training step in multiply-accumulates, as `trials.cost_of` counts them."""
    spec = definition.network_spec()
    macs = count_macs(spec, solve_width(spec))
    return 3.0 * definition.batch_size * spec.time_steps * macs


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
    each = step_cost(definition)

    def seconds(population: tuple[PlannedTrial, ...]) -> float:
        steps = sum(trial.cost for trial in population) / len(population) / each
        return steps * (alone + growth * (len(population) - 1))

    return sum(map(seconds, plan.populations)) / min(devices, len(plan.populations))


def step_seconds(
    definition: TrialDefinition, members: int, backend: str, device: str, products: str = "auto"
) -> float:
    """The shortest of a few forward and backward passes of so many networks of one definition."""
    import torch

    from spikefuse.networks import build

    spec, place = definition.network_spec(), torch.device(device)
    seeds = list(range(members))
    network = build([spec] * members, seeds, definition.precision, backend, products).to(place)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("weight"):
                parameter.mul_(FIRING)
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
