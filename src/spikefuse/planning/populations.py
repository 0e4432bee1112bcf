"""Which trials train as one population: by the caches of a processor, or by a device's memory.

On a CPU a population saves calls, not arithmetic, so members are joined only while their first
activations are small (`POPULATION_UNITS`), and no population is dearer than half a worker's fair
share of the work.

An accelerator is filled by many members: below about `FULL` of them a further one costs little, so
splitting saves little time. The members of one shape are joined as far as memory goes. With several
devices a population dearer than half a device's fair share is split, but not into parts of fewer
than `FULL` members, unless there would be fewer populations than devices: a small population is
worse than a full one and better than an idle device. Parts have equal size, give or take one.

The memory of a population is `networks.memory` for each member and the data once, within
`MEMORY_SHARE` of the smallest device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from spikefuse.core.checks import require
from spikefuse.core.cores import usable_cores
from spikefuse.core.device import count_devices, memory_of
from spikefuse.data import KINDS
from spikefuse.networks.memory import network_memory
from spikefuse.planning.trials import PlannedTrial
from spikefuse.training import TrialDefinition

POPULATION_UNITS = 16_000_000
"""Members are joined until their activations per time step and batch reach this many numbers.

One 28x28 network fills the caches of a CPU alone (two together were 0 to 15 % slower a member),
while ten 8x8 networks share the cost of a call.
"""

FULL = 15
"""Members that fill a GPU: the aim is that so many take at most 3 times as long as one. A target
of the design; no GPU has been measured yet."""

MEMORY_SHARE = 0.8
"""Of a device's memory; the rest is for its driver, libraries, other programs and the estimate."""

DEFAULT_MEMORY = 4 * 2**30
"""Of a device that does not tell how much it has."""

SHARED_MEMORY = 14 * 2**30
"""What the shares of a job array reckon with on a GPU, because nodes may have different ones: what
PyTorch tells at least of GPUs that are sold with 16 GB."""

_BYTES_AN_INDEX = 8


@dataclass(frozen=True)
class Place:
    """Where populations will train.

    Args:
        kind: Type of the device, "cpu" or an accelerator's.
        count: How many train at once: processes on a CPU, else devices.
        memory: Bytes of a device for each population, None if unknown; a CPU has no limit.
        is_fused: Whether spiking neuron and pooling are one kernel there.
    """

    kind: str = "cpu"
    count: int = 1
    memory: int | None = None
    is_fused: bool = False


Population = tuple[PlannedTrial, ...]


def place_of(
    device: str = "cpu",
    *,
    workers: int | None = None,
    backend: str = "auto",
    is_shared: bool = False,
) -> Place:
    """The place that a device's name stands for on this machine.

    Args:
        device: As for PyTorch; "cuda" is every GPU that this process sees.
        workers: Most populations at once; by default one a core or device. More than devices
            share their memory.
        backend: The neuron's implementation.
        is_shared: The same place on every node of a job array: one worker or device, and on a GPU
            `SHARED_MEMORY` and no fused kernels, whatever the node has.

    Raises:
        InputError: A GPU has less memory than the shares of a job array reckon with.
    """
    if device == "cpu":
        return Place("cpu", 1 if is_shared else workers or usable_cores())
    import torch

    from spikefuse.neurons.lif import resolve_backend

    wanted = torch.device(device)
    devices = count_devices(wanted)
    memory = memory_of(wanted)
    if memory is not None:
        memory //= math.ceil((workers or devices) / devices)
    if is_shared:
        enough = memory is None or memory >= SHARED_MEMORY
        constraint = f"left out on a GPU with less than {SHARED_MEMORY / 2**30:.0f} GiB a worker"
        got = f"a share on one with {(memory or 0) / 2**30:.0f} GiB"
        require(enough, "plan", "--shard", constraint, got)
        return Place(wanted.type, 1, None if memory is None else SHARED_MEMORY)
    is_fused = resolve_backend(backend, wanted) in ("native", "triton")
    return Place(wanted.type, min(devices, workers or devices), memory, is_fused)


def group_trials(
    trials: Sequence[PlannedTrial], place: Place, is_shared: bool = False
) -> list[Population]:
    """Group trials of one shape and stage into populations, the dearest first; see the module.

    The shares of a job array that has begun must stay what they are, so there the stages of a
    population's members may differ.

    Args:
        trials: With their costs, in the order of the plan.
        place: Where they will train.
        is_shared: Trained ones too, as if they were not.
    """
    groups: dict[str, list[PlannedTrial]] = {}
    for trial in trials:
        is_trained = not is_shared and trial.state in ("done", "diverged")
        stage = 0 if is_shared else trial.stage
        key = f"{stage} {trial.definition.population_key()} {is_trained}"
        groups.setdefault(key, []).append(trial)
    fair = sum(trial.cost for trial in trials) / (2 * place.count)
    if place.kind == "cpu":
        populations = [part for group in groups.values() for part in _cut_for_caches(group, fair)]
    else:
        populations = [
            part for group in groups.values() for part in _cut_for_memory(group, place, fair)
        ]
        _occupy(populations, place.count)
    return sorted(populations, key=lambda population: -_cost(population))


def _cost(population: Sequence[PlannedTrial]) -> float:
    return sum(trial.cost for trial in population)


def _cut_for_caches(group: Sequence[PlannedTrial], fair: float) -> list[Population]:
    limit = _members_in_caches(group[0].definition)
    populations: list[Population] = []
    current: list[PlannedTrial] = []
    for trial in group:
        dear = _cost(current) + trial.cost > fair
        if current and (len(current) >= limit or dear):
            populations.append(tuple(current))
            current = []
        current.append(trial)
    populations.append(tuple(current))
    return populations


def _members_in_caches(definition: TrialDefinition) -> int:
    """How many members keep a population's first activations within `POPULATION_UNITS`."""
    spec = definition.network_spec()
    pixels = sum(height * width for _, height, width in spec.maps.values())
    units = pixels * 32 * definition.batch_size * definition.time_steps
    return max(1, POPULATION_UNITS // units)


def _cut_for_memory(group: Sequence[PlannedTrial], place: Place, fair: float) -> list[Population]:
    members = len(group)
    for_memory = math.ceil(members / members_in_memory(group[0].definition, place))
    is_dear = place.count > 1 and _cost(group) > fair
    for_balance = min(math.ceil(_cost(group) / fair), members // FULL) if is_dear else 1
    return _cut(group, max(1, for_memory, for_balance))


def _cut(group: Sequence[PlannedTrial], parts: int) -> list[Population]:
    """Parts of equal size, give or take one member, in the order of the group."""
    bounds = [len(group) * part // parts for part in range(parts + 1)]
    return [tuple(group[first:end]) for first, end in pairwise(bounds)]


def _occupy(populations: list[Population], devices: int) -> None:
    """Halve the dearest population of several members while a device would have none."""
    while 0 < len(populations) < devices:
        dearest = max((p for p in populations if len(p) > 1), key=_cost, default=None)
        if dearest is None:
            return
        populations.remove(dearest)
        populations += _cut(dearest, 2)


def members_in_memory(definition: TrialDefinition, place: Place) -> int:
    """How many members a population may have at a place; one is always tried."""
    from spikefuse.training.feed import EVALUATION_BATCH

    batch = max(definition.batch_size, EVALUATION_BATCH)
    needs = network_memory(
        definition.network_spec(), definition.precision, batch, is_fused=place.is_fused
    )
    shared, own = _data_bytes(definition)
    available = MEMORY_SHARE * (place.memory or DEFAULT_MEMORY) - needs.shared - shared
    return max(1, int(available / (needs.member + own)))


def _data_bytes(definition: TrialDefinition) -> tuple[int, int]:
    """Bytes of the data on a device, and of each member's own order, pairs and labels."""
    pools = 0
    for modality in definition.seen:
        numbers = math.prod(modality.shape(definition.data))
        pools += (modality.train + modality.test) * numbers * KINDS[modality.kind].itemsize
    leading = definition.seen[0]
    indices = (len(definition.seen) + 2) * (leading.train + leading.test) * _BYTES_AN_INDEX
    return pools, indices
