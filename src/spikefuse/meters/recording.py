"""What the layers and neurons of a PyTorch module did, seen by hooks while it runs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from spikefuse.core.checks import require
from spikefuse.core.errors import InputError
from spikefuse.meters.counts import REAL, SPIKES, Counts, LayerCount, NeuronCount, Visits
from spikefuse.meters.following import Following, Origin, mark, origin_of, tensors_in
from spikefuse.meters.operations import (
    Counter,
    Synapses,
    as_active,
    conv_synapses,
    linear_synapses,
)

Asked = Callable[[nn.Module], bool]


@dataclass(frozen=True)
class Kind:
    """How a class of neurons is counted.

    Args:
        leaks: Whether an update multiplies the membrane.
        resets: Whether a spike resets it, asked of the module.
        over_time: Whether a call is of all steps [T, B, ...] or of one [B, ...], asked likewise.
    """

    leaks: bool
    resets: Asked
    over_time: Asked


def _always(module: nn.Module) -> bool:
    return True


def _never(module: nn.Module) -> bool:
    return False


def _by_step_mode(module: nn.Module) -> bool:
    return getattr(module, "step_mode", "s") == "m"


def _by_mechanism(module: nn.Module) -> bool:
    return getattr(module, "reset_mechanism", "subtract") != "none"


def _by_reset(module: nn.Module) -> bool:
    return getattr(module, "reset", "soft") != "none"


NEURONS: dict[tuple[str, str], Kind] = {
    ("spikefuse", "LIF"): Kind(True, _by_reset, _always),
    ("spikefuse", "PLIF"): Kind(True, _by_reset, _always),
    ("spikefuse", "IF"): Kind(False, _by_reset, _always),
    ("snntorch", "Leaky"): Kind(True, _by_mechanism, _never),
    ("spikingjelly", "LIFNode"): Kind(True, _always, _by_step_mode),
    ("spikingjelly", "ParametricLIFNode"): Kind(True, _always, _by_step_mode),
    ("spikingjelly", "IFNode"): Kind(False, _always, _by_step_mode),
}
"""Neurons by the first part of their module's name and their class."""

NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm, nn.PReLU)
"""Layers with weights but no synapses. What follows them is real; their cost is left out."""


def kind_of(module: nn.Module) -> Kind | None:
    """How a module's neurons are counted; None when it is no neuron that is known."""
    for ancestor in type(module).__mro__:
        found = NEURONS.get((ancestor.__module__.split(".")[0], ancestor.__name__))
        if found is not None:
            return found
    return None


def is_over_time(module: nn.Module) -> bool:
    """Whether a module is neurons that are called with all steps at once, [T, B, ...]."""
    kind = kind_of(module)
    return kind is not None and kind.over_time(module)


def is_weighted(module: nn.Module) -> TypeGuard[nn.Conv2d | nn.Linear]:
    """Whether a module is a layer with synapses that are counted."""
    # Subclasses such as a transposed convolution are no Conv2d; SpikingJelly's layers are.
    return isinstance(module, (nn.Conv2d, nn.Linear))


@dataclass
class _Layer:
    """What was seen of one weighted layer; counts [steps, B] of each call."""

    synapses: Synapses
    fan_out: Counter
    effective: Counter
    sources: set[str] = field(default_factory=set)
    visits: list[tuple[Tensor, Tensor, Tensor]] = field(default_factory=list)

    def visit(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Events, fan-out and effective operations [rows] of inputs [rows, N]."""
        active = as_active(rows, self.fan_out.dtype)
        fan_out = self.fan_out(active)
        effective = fan_out
        if self.synapses.effective is not self.synapses.fan_out:
            effective = self.effective(active.to(self.effective.dtype))
        return rows.count_nonzero(dim=1), fan_out, effective


@dataclass
class _Neurons:
    """What was seen of one layer of neurons; spikes [steps, B] of each call."""

    neurons: int
    kind: Kind
    resets: bool
    spikes: list[Tensor] = field(default_factory=list)


class Recorder:
    """Counts what passes through a module.

    Args:
        batch: B.
        time_first: Whether steps come before the batch where one axis holds both.
    """

    def __init__(self, batch: int, time_first: bool) -> None:
        self.batch = batch
        self.time_first = time_first
        self._layers: dict[str, _Layer] = {}
        self._neurons: dict[str, _Neurons] = {}
        self._left_out: set[str] = set()
        self._following = Following()

    @contextmanager
    def watching(self, module: nn.Module) -> Iterator[None]:
        """See every layer and neuron of a module."""
        with ExitStack() as stack:
            for name, part in module.named_modules():
                see: Callable[[str, nn.Module, Any, Any], None]
                if is_weighted(part):
                    see = self._see_layer
                elif kind_of(part) is not None:
                    see = self._see_neurons
                else:
                    if isinstance(part, NORMALISATIONS):
                        self._left_out.add(type(part).__name__)
                    continue
                stack.callback(part.register_forward_pre_hook(self._enter).remove)
                stack.callback(part.register_forward_hook(self._leave(name, see)).remove)
            stack.enter_context(self._following)
            yield

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        self._following.depth += 1

    def _leave(
        self, name: str, see: Callable[[str, nn.Module, Any, Any], None]
    ) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            see(name or type(module).__name__, module, inputs, output)
            self._following.depth -= 1

        return hook

    def _see_layer(self, name: str, module: nn.Module, inputs: Any, output: Any) -> None:
        x = next(tensors_in(inputs), None)
        if x is None:
            raise InputError(
                f"count: {name} must get its input without a keyword. Call it as layer(input)."
            )
        source = origin_of(x).source
        values = _padded(module, x.detach())
        axes = 3 if isinstance(module, nn.Conv2d) else 1
        shape = values.shape[values.dim() - axes :]
        layer = self._layers.get(name)
        if layer is None:
            synapses = synapses_of(module, shape)
            counters = Counter(synapses.fan_out), Counter(synapses.effective)
            layer = self._layers[name] = _Layer(synapses, *counters)
        fits = layer.synapses.fan_out.shape == shape
        require(fits, "count", name, f"called with inputs {[*layer.synapses.fan_out.shape]}", shape)
        layer.sources.add(source)
        counted = layer.visit(values.reshape(-1, layer.synapses.shape.inputs))
        events, fan_out, effective = (
            self._by_step(each.cpu(), name, self.time_first) for each in counted
        )
        layer.visits.append((events, fan_out, effective))

    def _see_neurons(self, name: str, module: nn.Module, inputs: Any, output: Any) -> None:
        spikes, kind = next(tensors_in(output), None), kind_of(module)
        assert spikes is not None
        assert kind is not None
        # What comes beside the spikes is the membrane.
        mark(spikes, Origin(SPIKES))
        over_time = kind.over_time(module)
        rows = spikes.detach().flatten(0, 1) if over_time else spikes.detach()
        counted = rows.reshape(len(rows), -1).count_nonzero(dim=1).cpu()
        found = self._neurons.setdefault(name, _Neurons(rows[0].numel(), kind, kind.resets(module)))
        found.spikes.append(self._by_step(counted, name, self.time_first or over_time))

    def _by_step(self, rows: Tensor, name: str, time_first: bool) -> Tensor:
        """Counts [steps, B] of counts whose axis holds the batch, and perhaps steps."""
        if len(rows) % self.batch:
            raise InputError(
                f"count: batch must divide what passes {name}, got {len(rows)} rows for a batch of "
                f"{self.batch}. Say with batch_axis which axis of the inputs is the batch."
            )
        if time_first:
            return rows.view(-1, self.batch)
        return rows.view(self.batch, -1).t()

    def counts(self, branch: str) -> Counts:
        """All that was seen."""
        require(bool(self._layers), "count", "module", "one that calls Conv2d or Linear", "none")
        steps = max(sum(len(v[0]) for v in each.visits) for each in self._layers.values())
        steps = max([steps, *(sum(map(len, each.spikes)) for each in self._neurons.values())])
        return Counts(
            tuple(_layer_count(*each, steps, branch) for each in self._layers.items()),
            tuple(_neuron_count(*each, branch) for each in self._neurons.items()),
            tuple(sorted(self._left_out)),
        )


def _layer_count(name: str, layer: _Layer, steps: int, branch: str) -> LayerCount:
    events, fan_out, effective = (torch.cat(each) for each in zip(*layer.visits, strict=True))
    # Called once beside others that ran at every step: what it gave was kept.
    static = len(events) == 1 < steps
    if static:
        events, fan_out, effective = (
            each.expand(steps, -1) for each in (events, fan_out, effective)
        )
    # A layer that got something real once needs multiplications.
    source = SPIKES if layer.sources == {SPIKES} else REAL
    visits = Visits(branch, events, fan_out, effective)
    return LayerCount(name, source, layer.synapses.shape, (visits,), static)


def _neuron_count(name: str, found: _Neurons, branch: str) -> NeuronCount:
    spikes = torch.cat(found.spikes)
    resets = spikes if found.resets else torch.zeros_like(spikes)
    return NeuronCount(name, branch, found.neurons, spikes, resets, found.kind.leaks)


def synapses_of(module: nn.Module, shape: Sequence[int]) -> Synapses:
    """The synapses of a layer for inputs of this shape, with padding as `_padded` leaves it."""
    assert is_weighted(module)
    weight = module.weight.detach()
    biases = 0 if module.bias is None else module.bias.numel()
    if isinstance(module, nn.Linear):
        return linear_synapses(weight, biases)
    stride, dilation = module.stride, module.dilation
    return conv_synapses(
        weight,
        shape,
        stride=stride,
        padding=_zeros_around(module),
        dilation=dilation,
        groups=module.groups,
        biases=biases,
    )


def _around(module: nn.Conv2d) -> tuple[int, int, int, int]:
    """Top, bottom, left, right."""
    left, right, top, bottom = module._reversed_padding_repeated_twice
    return top, bottom, left, right


def _zeros_around(module: nn.Conv2d) -> tuple[int, int, int, int]:
    return _around(module) if module.padding_mode == "zeros" else (0, 0, 0, 0)


def _padded(module: nn.Module, x: Tensor) -> Tensor:
    """The input with what is put around it, unless these are zeros."""
    if not isinstance(module, nn.Conv2d) or module.padding_mode == "zeros":
        return x
    top, bottom, left, right = _around(module)
    maps = x.reshape(-1, *x.shape[-3:])
    return pad(maps, (left, right, top, bottom), mode=module.padding_mode)
