"""NIR graphs as networks: ours read back, and feed-forward ones of other programs.

A step runs every node once, in order; an edge that closes a circle brings the value of the step
before. The step is `DT_S`, neurons are Euler's: LIF v += dt/tau (v_leak - v + r I), fires where
v > v_threshold and is set to v_reset; an IF adds r I a step, as SpikingJelly reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from spikefuse.core.errors import InputError
from spikefuse.core.untrusted import reason
from spikefuse.export.nir_write import DT_S, nir_library

_WHERE = "read_nir"


def _tensor(values: Any) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32)


def _pair(values: Any) -> tuple[int, int]:
    found = [int(each) for each in torch.as_tensor(values).flatten().tolist()]
    return (found[0], found[0]) if len(found) == 1 else (found[0], found[1])


State = dict[str, Tensor]
Step = Callable[[Tensor, State, str], Tensor]


def _conv(node: Any) -> Step:
    weight, bias = _tensor(node.weight), _tensor(node.bias)
    padding = node.padding if isinstance(node.padding, str) else _pair(node.padding)
    stride, dilation, groups = _pair(node.stride), _pair(node.dilation), int(node.groups)
    return lambda x, state, name: F.conv2d(x, weight, bias, stride, padding, dilation, groups)


def _linear(node: Any) -> Step:
    weight = _tensor(node.weight)
    bias = _tensor(node.bias) if hasattr(node, "bias") else None
    return lambda x, state, name: F.linear(x, weight, bias)


def _leaky(node: Any) -> tuple[Tensor, Tensor, Tensor]:
    return (
        DT_S / torch.as_tensor(node.tau, dtype=torch.float64).float(),
        _tensor(node.v_leak),
        _tensor(node.r),
    )


def _membrane(node: Any) -> Step:
    """LI and I: the membrane itself."""
    if type(node).__name__ == "I":
        gain = _tensor(node.r)
        return lambda x, state, name: state[name] + gain * x if name in state else gain * x
    share, rest, gain = _leaky(node)

    def step(x: Tensor, state: State, name: str) -> Tensor:
        v = state[name] if name in state else torch.zeros_like(x)
        return v + share * (rest - v + gain * x)

    return step


def _spiking(node: Any) -> Step:
    """LIF and IF."""
    threshold, back = _tensor(node.v_threshold), _tensor(node.v_reset)
    if type(node).__name__ == "LIF":
        share, rest, gain = _leaky(node)
    else:
        share, rest, gain = None, torch.zeros(()), _tensor(node.r)

    def step(x: Tensor, state: State, name: str) -> Tensor:
        v = state[name] if name in state else torch.zeros_like(x)
        v = v + gain * x if share is None else v + share * (rest - v + gain * x)
        fired = v > threshold
        state[name] = torch.where(fired, back, v)
        return fired.to(x.dtype)

    return step


def _pooling(node: Any) -> Step:
    kernel, stride, padding = _pair(node.kernel_size), _pair(node.stride), _pair(node.padding)
    size = kernel[0] * kernel[1] if type(node).__name__ == "SumPool2d" else 1
    return lambda x, state, name: size * F.avg_pool2d(x, kernel, stride, padding)


def _flatten(node: Any) -> Step:
    first, last = int(node.start_dim), int(node.end_dim)
    # NIR counts without the batch axis.
    first, last = first + (first >= 0), last + (last >= 0)
    return lambda x, state, name: x.flatten(first, last)


def _threshold(node: Any) -> Step:
    level = _tensor(node.threshold)
    return lambda x, state, name: (x > level).to(x.dtype)


def _scale(node: Any) -> Step:
    factor = _tensor(node.scale)
    return lambda x, state, name: factor * x


def _same(node: Any) -> Step:
    return lambda x, state, name: x


STEPS: dict[str, Callable[[Any], Step]] = {
    "Conv2d": _conv,
    "Affine": _linear,
    "Linear": _linear,
    "LIF": _spiking,
    "IF": _spiking,
    "LI": _membrane,
    "I": _membrane,
    "Threshold": _threshold,
    "Scale": _scale,
    "SumPool2d": _pooling,
    "AvgPool2d": _pooling,
    "Flatten": _flatten,
    "Input": _same,
    "Output": _same,
}
"""What one step of each kind of node does."""

NEURONS = ("LIF", "IF", "Threshold")


class NirNetwork:
    """A graph that runs.

    Attributes:
        inputs: Names of the input nodes, in the order of the graph.
        metadata: What stands with the graph, by name.
    """

    def __init__(self, graph: Any) -> None:
        kinds = {name: type(node).__name__ for name, node in graph.nodes.items()}
        for name, kind in kinds.items():
            if kind not in STEPS:
                raise InputError(
                    f"{_WHERE}: node {name!r} must be one of {', '.join(STEPS)}, got {kind}: "
                    "unsupported."
                )
        self.kinds = kinds
        self.metadata: Mapping[str, Any] = dict(graph.metadata or {})
        self._steps = {name: STEPS[kinds[name]](node) for name, node in graph.nodes.items()}
        edges = list(dict.fromkeys((a, b) for a, b in graph.edges))
        # Circles are entered where the inputs enter them: the edge that closes one is the late one.
        names = sorted(graph.nodes, key=lambda name: kinds[name] != "Input")
        self._order, late = _sorted(names, edges)
        self._before = {
            name: [(a, (a, name) in late) for a, b in edges if b == name] for name in graph.nodes
        }
        self.inputs = [name for name in graph.nodes if kinds[name] == "Input"]
        self.outputs = [name for name in self._order if kinds[name] == "Output"]
        if not self.inputs or len(self.outputs) != 1:
            raise InputError(
                f"{_WHERE}: the graph must have inputs and one output, got {len(self.inputs)} "
                f"and {len(self.outputs)}."
            )

    @property
    def neurons(self) -> tuple[str, ...]:
        """Nodes that spike, in order."""
        return tuple(name for name in self._order if self.kinds[name] in NEURONS)

    @torch.no_grad()
    def run(
        self, inputs: Mapping[str, Tensor], time_steps: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Show the same inputs [B, ...] at every step.

        Returns:
            The outputs [T, B, ...], and what each neuron node sent, [T, B, ...].
        """
        if inputs.keys() != set(self.inputs):
            raise InputError(
                f"{_WHERE}: inputs must be of {', '.join(self.inputs)}, got "
                f"{', '.join(inputs) or 'none'}."
            )
        state: State = {}
        sent: dict[str, list[Tensor]] = {name: [] for name in (*self.neurons, *self.outputs)}
        before: dict[str, Tensor] = {}
        for _ in range(time_steps):
            now: dict[str, Tensor] = {}
            for name in self._order:
                now[name] = self._step(name, inputs, now, before, state)
            for name, found in sent.items():
                found.append(now[name])
            before = now
        stacked = {name: torch.stack(found) for name, found in sent.items()}
        return stacked.pop(self.outputs[0]), stacked

    def _step(
        self,
        name: str,
        inputs: Mapping[str, Tensor],
        now: Mapping[str, Tensor],
        before: Mapping[str, Tensor],
        state: State,
    ) -> Tensor:
        if name in inputs:
            return inputs[name]
        arriving = [
            (before if is_late else now)[source]
            for source, is_late in self._before[name]
            if not is_late or source in before
        ]
        found = self._steps[name](torch.stack(arriving).sum(dim=0), state, name)
        if self.kinds[name] in ("LI", "I"):
            state[name] = found
        return found


def _sorted(
    names: list[str], edges: list[tuple[str, str]]
) -> tuple[list[str], set[tuple[str, str]]]:
    """Nodes in an order of running, and the edges that close a circle."""
    after: dict[str, list[str]] = {name: [] for name in names}
    for first, second in edges:
        if first not in after or second not in after:
            raise InputError(f"{_WHERE}: edges must join nodes, got {first!r} to {second!r}.")
        after[first].append(second)
    done: list[str] = []
    late: set[tuple[str, str]] = set()
    marks: dict[str, int] = {}
    for root in names:
        stack = [(root, iter(after[root]))] if root not in marks else []
        marks.setdefault(root, 1)
        while stack:
            name, rest = stack[-1]
            step = next(rest, None)
            if step is None:
                marks[name] = 2
                done.append(name)
                stack.pop()
            elif marks.get(step) == 1:
                late.add((name, step))
            elif step not in marks:
                marks[step] = 1
                stack.append((step, iter(after[step])))
    return done[::-1], late


def read_nir(path: Path | str) -> NirNetwork:
    """A graph from a file.

    Raises:
        InputError: It cannot be read, or holds a node that is not known.
        MissingExtraError: `nir` is not installed.
    """
    nir = nir_library()
    try:
        # Its own check takes the height of a kernel for both sides, and refuses maps not square.
        graph = nir.read(str(path), type_check=False)
    except Exception as error:  # whatever HDF5 raises on a file is the file's fault
        got = reason(error)
        raise InputError(f"{_WHERE}: {path} must be a NIR graph, got: {got}.") from error
    return NirNetwork(graph)
