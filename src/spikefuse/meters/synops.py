"""Synaptic operations of a population's networks: per member, sample, step, layer and branch.

It counts what is there: the same numbers whatever the batch, the members beside, the threads and
the implementation of the neurons. Where an input comes from is followed (`following`), so that a
fusion needs no words about it: concatenated spikes are added, gated ones are multiplied.

The readout is counted from the spikes that enter it. That the network computes it from their mean
rate, which is the same because it is linear, is this program's way to save time.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from spikefuse.core.checks import require
from spikefuse.meters.contract import Meter, MeterKind, Subject
from spikefuse.meters.counts import REAL, SPIKES, Counts, LayerCount, NeuronCount, Visits
from spikefuse.meters.following import Following, Origin, mark, origin_of
from spikefuse.meters.operations import Counter, Synapses, as_active
from spikefuse.meters.stored_counts import stored
from spikefuse.neurons.module import Neurons
from spikefuse.neurons.spikes import SpikeTensor

_WORDS = (np.uint64, np.uint32, np.uint16, np.uint8)
"""Whole words whose bits are counted at once, the widest first."""

_FEW = 16
"""One in so many inputs may have weights that are zero for them to be looked up one by one."""

_AT_ONCE = {True: 2**21, False: 2**23}
"""Numbers of a layer's spikes at a time, by whether its current is the same at every step.

If it is, samples lie side by side in memory; if not, cutting them out copies, which few parts save.
"""


@runtime_checkable
class Weighted(Protocol):
    """A layer of a population that says what its synapses are."""

    name: str

    def synapses(self, member: int, shape: tuple[int, ...]) -> Synapses:
        """One member's, for one sample's input of this shape, in its memory order."""
        ...


@dataclass(frozen=True)
class _Counters:
    """Of events, fan-out and, where some weight is zero, effective operations.

    Args:
        events: Inputs.
        fan_out: Their weights.
        effective: Their weights that are not zero; None where none is.
        rows: Weights of an input of each row of bits; None where a row's inputs differ.
        zeros: Inputs of which some weight is zero, as row and channel, and how many are, each [K];
            None where they are too many to look up one by one.
    """

    events: Counter
    fan_out: Counter
    effective: Counter | None
    rows: Counter | None
    zeros: tuple[Tensor, Tensor, Tensor] | None


@dataclass
class _Layer:
    """What was seen of one weighted layer; each visit [P, T, B]."""

    synapses: list[Synapses]
    source: str
    is_static: bool
    segments: tuple[tuple[str, int], ...]
    visits: list[list[tuple[Tensor, Tensor, Tensor]]] = field(default_factory=list)
    counters: dict[tuple[int, int, int], _Counters] = field(default_factory=dict)

    def counters_of(self, first: int, width: int) -> list[_Counters]:
        """Each member's, of a branch's channels."""
        for member in range(len(self.synapses)):
            if (member, first, width) not in self.counters:
                made = _counters(self.synapses[member], first, width)
                self.counters[member, first, width] = made
        return [self.counters[member, first, width] for member in range(len(self.synapses))]

    def visit(self, active: Tensor) -> None:
        """Count inputs that are 0 or 1, [P, T, B, ..., C]."""
        found, first = [], 0
        for _, width in self.segments:
            found.append(self._part(active, first, width))
            first += width
        self.visits.append(found)

    def _part(self, active: Tensor, first: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
        """Events, fan-out and effective operations [P, T, B] of a branch."""
        counters, last = self.counters_of(first, width), first + width
        is_whole = not first % 8 and (last == active.shape[-1] or not last % 8)  # whole bytes
        are_rows = all(own.rows is not None and own.zeros is not None for own in counters)
        if isinstance(active, SpikeTensor) and is_whole and are_rows:
            bits = active.bits[..., first // 8 : -(-last // 8)]
            counted = [_member_of_bits(*each) for each in zip(counters, bits, strict=True)]
        else:
            part = active[..., first:last]
            counted = [_member(own, own_part) for own, own_part in zip(counters, part, strict=True)]
        events, fan_out, effective = (torch.stack(each) for each in zip(*counted, strict=True))
        return events, fan_out, effective


def _member_of_bits(own: _Counters, bits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The same of one member, [T, B], from bits [T, B, ..., bytes] without looking at each."""
    assert own.rows is not None
    assert own.zeros is not None
    counts = _bits_of_rows(bits)
    fan_out = own.rows(counts.to(own.rows.dtype))
    row, channel, zeros = own.zeros
    if not len(zeros):
        return counts.sum(dim=-1), fan_out, fan_out
    looked_up = bits.flatten(2, -2) if bits.dim() > 3 else bits.unsqueeze(2)
    fired = looked_up[:, :, row, channel // 8] >> (channel % 8).to(torch.uint8) & 1
    return counts.sum(dim=-1), fan_out, fan_out - (fired * zeros).sum(dim=-1)


def _member(own: _Counters, part: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The same of one member, [T, B], from its inputs one by one [T, B, ..., C]."""
    rows, fan, used = part.flatten(2), own.fan_out, own.effective
    events = own.events(rows.to(own.events.dtype))
    fan_out = fan(rows.to(fan.dtype)) if fan.each is None else events * fan.each
    return events, fan_out, fan_out if used is None else used(rows.to(used.dtype))


def _counters(synapses: Synapses, first: int, width: int) -> _Counters:
    fan_out = synapses.fan_out[..., first : first + width]
    effective = synapses.effective[..., first : first + width]
    used = None if synapses.effective is synapses.fan_out else Counter(effective)
    alike = bool((fan_out == fan_out[..., :1]).all())
    zeros = (fan_out - effective).reshape(-1)
    places = zeros.nonzero().flatten()
    are_few = len(places) * _FEW <= len(zeros)
    return _Counters(
        Counter(torch.ones_like(fan_out)),
        Counter(fan_out),
        used,
        Counter(fan_out[..., 0], most=width) if alike else None,
        (places // width, places % width, zeros[places]) if are_few else None,
    )


@dataclass
class _Site:
    """What was seen of one layer of neurons; spikes [P, T, B] of each batch."""

    counter: Counter
    neurons: int
    leaks: list[bool]
    resets: list[bool]
    spikes: list[Tensor] = field(default_factory=list)


class Synops(Meter):
    """Counts the operations of one pass over a split.

    It looks into the network by hooks, so that neuron and pooling stay one kernel while it counts.
    """

    sees_sites = False

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._layers: dict[str, _Layer] = {}
        self._sites: dict[str, _Site] = {}
        self._steps = 1
        self._is_spiking = True
        self._following = Following(strict=False)
        self._firing = ExitStack()

    @contextmanager
    def watching(self, network: nn.Module) -> Iterator[None]:
        """See what passes through a population's network while it runs."""
        spec: Any = network.spec
        self._steps, self._is_spiking = spec.time_steps, spec.neuron.is_spiking
        with ExitStack() as stack:
            stack.callback(self._firing.close)  # open where neurons end in an error
            for module in network.modules():
                neurons = getattr(module, "neurons", None)
                if isinstance(module, Weighted):
                    stack.callback(module.register_forward_pre_hook(self._see).remove)
                elif isinstance(neurons, Neurons):
                    stack.callback(setattr, neurons, "counts_fired", False)
                    neurons.counts_fired = True
                    stack.callback(neurons.register_forward_pre_hook(self._unwatched).remove)
                    hook = self._fire(str(module.name))
                    stack.callback(neurons.register_forward_hook(hook).remove)
            encoders: Any = network.encoders
            own = dict(encoders)
            stack.callback(encoders.update, own)
            encoders.update({name: self._encoded(name, each) for name, each in own.items()})
            stack.enter_context(self._following)
            yield

    def _encoded(self, modality: str, encoder: Any) -> Callable[..., Tensor]:
        source = SPIKES if encoder.gives_spikes else REAL

        def encode(inputs: Tensor, moment: Any) -> Tensor:
            output: Tensor = encoder(inputs, moment)
            mark(output, Origin(source, ((modality, output.shape[-1]),)))
            return output

        return encode

    def _see(self, layer: Any, inputs: tuple[Tensor, ...]) -> None:
        x, origin = inputs[0], origin_of(inputs[0])
        if origin.over_time is not None:
            x, origin = origin.over_time, origin_of(origin.over_time)
        found = self._layers.get(layer.name)
        if found is None:
            shape = tuple(x.shape[3:])
            members = range(self.subject.members)
            found = self._layers[layer.name] = _Layer(
                [layer.synapses(member, shape) for member in members],
                origin.source,
                x.shape[1] == 1 < self._steps,
                _whole(origin, layer.name, shape[-1]),
            )
        require(
            found.source == origin.source,
            "synops",
            f"input of {layer.name}",
            f"{found.source} in every batch",
            origin.source,
        )
        with self._following.pause():
            # Spikes are 0 and 1 already: no pass over them is needed.
            found.visit(x if origin.source == SPIKES else as_active(x))

    def _unwatched(self, *_: object) -> None:
        """Do not follow what neurons do inside: what leaves them is known."""
        self._firing.enter_context(self._following.pause())

    def _fire(self, site: str) -> Callable[[Any, tuple[Any, ...], Tensor], None]:
        branch = site.rpartition(".")[0]

        def see(neurons: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
            self._firing.close()
            current, is_pooled = inputs
            source = SPIKES if self._is_spiking else REAL
            mark(output, Origin(source, ((branch, output.shape[-1]),)))
            if self._is_spiking:
                with self._following.pause():
                    self._count(site, neurons, current, output, is_pooled)

        return see

    def _count(
        self, site: str, neurons: Any, current: Tensor, output: Tensor, is_pooled: bool
    ) -> None:
        """Count spikes [P, T, B, ...]; where they left pooled and nobody counted, they fire again.

        A few samples at a time: their spikes stay in the processor's cache, where those of a whole
        batch, of no use afterwards, would take longer to write than the neurons to compute.
        """
        found = self._sites.get(site)
        if found is None:
            count = current[0, 0, 0].numel()
            found = self._sites[site] = _Site(
                Counter(torch.ones(count, dtype=torch.int64)),
                count,
                *_behaviour(neurons, self.subject.members),
            )
        if isinstance(output, SpikeTensor) and output.fired is not None:
            found.spikes.append(output.fired)
            return
        if not is_pooled:
            spikes: Iterable[Tensor] = [output]
        else:
            per_sample = self.subject.members * self._steps * found.neurons
            few = max(1, _AT_ONCE[current.shape[1] == 1] // per_sample)
            spikes = (neurons.forward(part, False) for part in current.split(few, dim=2))
        counted = [_fired_in(part, found.counter) for part in spikes]
        found.spikes.append(torch.cat(counted, dim=2).cpu())

    def update(self, site: str, output: Tensor) -> None:
        """Nothing: hooks see all."""

    def counts(self, member: int) -> Counts:
        """All that one member did, in order of its samples."""
        layers = []
        for name, layer in self._layers.items():
            parts: dict[str, Visits] = {}
            for place, (branch, _) in enumerate(layer.segments):
                joined = (
                    torch.cat([visit[place][kind][member].cpu() for visit in layer.visits], dim=1)
                    for kind in range(3)
                )
                steps = self._steps if layer.is_static else -1
                seen = Visits(branch, *(each.expand(steps, -1) for each in joined))
                parts[branch] = _both(parts[branch], seen) if branch in parts else seen
            shape = layer.synapses[member].shape
            layers.append(
                LayerCount(name, layer.source, shape, tuple(parts.values()), layer.is_static)
            )
        neurons = [_fired(name, site, member) for name, site in self._sites.items()]
        return Counts(tuple(layers), tuple(neurons))

    def compute(self) -> list[dict[str, Tensor]]:
        """For each member what is stored of its counts, see `stored_counts`."""
        return [stored(self.counts(member)) for member in range(self.subject.members)]


def _fired_in(spikes: Tensor, counter: Counter) -> Tensor:
    """Spikes of each step and sample, int64 [P, T, B]; bits are counted as they are stored."""
    if isinstance(spikes, SpikeTensor):
        return torch.stack([_bits_of_rows(member).sum(dim=-1) for member in spikes.bits])
    return counter(spikes.flatten(3).to(counter.dtype))


def _bits_of_rows(bits: Tensor) -> Tensor:
    """Bits that are set in each row, int64 [T, B, rows] of uint8 [T, B, ..., bytes]."""
    rows = bits.contiguous().numpy()
    widest = next(kind for kind in _WORDS if not rows.shape[-1] % kind().itemsize)
    counts = np.bitwise_count(rows.view(widest)).sum(axis=-1, dtype=np.int64)
    return torch.from_numpy(counts.reshape(*rows.shape[:2], -1))


def _both(one: Visits, other: Visits) -> Visits:
    return Visits(
        one.branch,
        one.events + other.events,
        one.fan_out + other.fan_out,
        one.effective + other.effective,
    )


def _whole(origin: Origin, layer: str, width: int) -> tuple[tuple[str, int], ...]:
    """The branches along an input's last axis; one where they are not known to cover it."""
    if origin.segments and sum(each for _, each in origin.segments) == width:
        return origin.segments
    return ((origin.branch or layer.rpartition(".")[0], width),)


def _behaviour(neurons: Any, members: int) -> tuple[list[bool], list[bool]]:
    """Whether each member's neurons leak, and whether they are reset.

    A leak of 1 is the IF neuron, which multiplies nothing; a learned one (no buffer) multiplies.
    """
    leak, reset = getattr(neurons, "leak", None), getattr(neurons, "reset", None)
    leaks = [True] * members if leak is None else (leak != 1).tolist()
    resets = [True] * members if reset is None else (reset != 0).tolist()
    return leaks, resets


def _fired(name: str, site: _Site, member: int) -> NeuronCount:
    spikes = torch.cat([each[member] for each in site.spikes], dim=1)
    resets = spikes if site.resets[member] else torch.zeros_like(spikes)
    branch = name.rpartition(".")[0]
    return NeuronCount(name, branch, site.neurons, spikes, resets, site.leaks[member])


SYNOPS_SAMPLES = 500
"""What is stored are counts of the first samples of the test split, at most this many."""

SYNOPS = MeterKind("synaptic operations", Synops, "test", SYNOPS_SAMPLES)
