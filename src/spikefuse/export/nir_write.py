"""A trained network as a NIR graph, node by node.

NIR has no concatenation, no maximum, no reset kind and no time step. So modalities are channels of
one input (or, where their sizes differ, two inputs whose currents add up), a maximum of spikes is a
sum and an LIF that fires whenever anything came, dense layers are convolutions over the whole map,
and readers take `DT_S` for the step.

Source: J. E. Pedersen et al., "Neuromorphic intermediate representation", Nature Communications 15,
2024; how readers take each node was run in SpikingJelly 2.0.0, snnTorch 1.0.0 and Norse 1.1.0.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from spikefuse.core.checks import one_of
from spikefuse.core.errors import InputError, MissingExtraError
from spikefuse.export.meeting import PRODUCTS
from spikefuse.export.plain import PlainNetwork

DT_S = 1e-4
"""The step that readers of NIR assume: a leak of beta is tau = DT_S / (1 - beta)."""

NO_WORD = {
    **dict.fromkeys(PRODUCTS, "no product of probabilities, by which this fusion answers"),
    "gated": "no node that multiplies two values, and this fusion multiplies features by a gate",
    "attention": "no product of spikes, and this fusion multiplies queries, keys and values",
}
"""What NIR lacks, by the kind of fusion that needs it."""

RESETS = ("refuse", "exact", "lif")
"""What becomes of a soft reset."""

Floats = NDArray[np.float32]


def nir_library() -> Any:
    """The package `nir`.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return importlib.import_module("nir")
    except ImportError as error:
        raise MissingExtraError("export: NIR graphs", "nir") from error


@dataclass
class _Graph:
    """Nodes and edges as they grow."""

    nir: Any
    reset: str
    threshold: float
    is_exact: bool
    nodes: dict[str, Any] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, node: Any, *after: str) -> str:
        """A node behind others."""
        self.nodes[name] = node
        self.edges += [(each, name) for each in after]
        return name

    def conv(self, name: str, weight: Floats, bias: Floats, size: tuple[int, int], pad: int) -> Any:
        """A convolution of stride 1 on maps of a size."""
        return self.nir.Conv2d(
            input_shape=size,
            weight=weight,
            stride=(1, 1),
            padding=(pad, pad),
            dilation=(1, 1),
            groups=1,
            bias=bias,
        )

    def fire(self, name: str, leak: float, shape: tuple[int, int, int], after: str) -> str:
        """Neurons behind a node whose output is scaled by `gain_of`."""
        lost = np.float32(1 - leak)

        def full(value: float) -> Floats:
            return np.full(shape, value, np.float32)

        if not self.is_exact:
            common = {"r": full(1), "v_threshold": full(self.threshold), "v_reset": full(0)}
            if leak == 1:
                return self.add(name, self.nir.IF(**common), after)
            tau = full(DT_S / float(lost))
            return self.add(name, self.nir.LIF(tau=tau, v_leak=full(0), **common), after)
        membrane = f"{name}_membrane"
        if leak == 1:
            self.add(membrane, self.nir.I(r=full(1)), after)
        else:
            tau = full(DT_S / float(lost))
            self.add(membrane, self.nir.LI(tau=tau, r=full(1), v_leak=full(0)), after)
        self.add(name, self.nir.Threshold(threshold=full(self.threshold)), membrane)
        # One step late: what a spike took of the membrane, and leaked with it since.
        back = full(-leak * self.threshold * gain_of(leak))
        self.add(f"{name}_back", self.nir.Scale(scale=back), name)
        self.edges.append((f"{name}_back", membrane))
        return name

    def pool(self, name: str, leak: float, shape: tuple[int, int, int], after: str) -> str:
        """Whether any of four neurons fired."""
        pooled = self.nir.SumPool2d(
            kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0])
        )
        self.add(name, pooled, after)

        def full(value: float) -> Floats:
            return np.full(shape, value, np.float32)

        low = 0.5 / gain_of(leak)
        common = {"r": full(1), "v_threshold": full(low), "v_reset": full(0)}
        if leak == 1:
            node = self.nir.IF(**common)
        else:
            node = self.nir.LIF(tau=full(DT_S / (1 - leak)), v_leak=full(0), **common)
        return self.add(f"{name}_any", node, name)


def gain_of(leak: float) -> float:
    """By what the weights before a neuron are scaled: NIR's LIF takes (1 - leak) of its input."""
    return 1.0 if leak == 1 else 1 / (1 - leak)


def _array(tensor: Tensor) -> Floats:
    found: Floats = tensor.detach().cpu().numpy().astype(np.float32)
    return found


def _diagonal(blocks: list[Floats]) -> Floats:
    """Convolutions side by side as one, that see nothing of each other."""
    outputs, inputs = (sum(each.shape[axis] for each in blocks) for axis in (0, 1))
    found = np.zeros((outputs, inputs, *blocks[0].shape[2:]), np.float32)
    row = column = 0
    for each in blocks:
        found[row : row + each.shape[0], column : column + each.shape[1]] = each
        row, column = row + each.shape[0], column + each.shape[1]
    return found


def nir_graph(network: PlainNetwork, reset: str = "refuse", metadata: str = "") -> Any:
    """The graph of a trained network.

    Args:
        network: As plain PyTorch.
        reset: What becomes of a soft reset, see `RESETS`.
        metadata: Text that is kept with the graph.

    Raises:
        InputError: NIR cannot say this network; the message says why.
        MissingExtraError: `nir` is not installed.
    """
    nir = nir_library()
    _refuse(network, one_of("export", "--reset", reset, RESETS))
    is_soft = network.reset == "soft"
    graph = _Graph(nir, reset, network.threshold, is_soft and reset == "exact")
    sizes = {each.shape[1:] for each in network.branches}
    groups = [[each] for each in network.branches] if len(sizes) > 1 else [network.branches]
    ends = [_columns(graph, network, group) for group in groups]
    heads = list(network.heads)
    if len(heads) > 1 and len(groups) > 1:
        last = [_head(graph, network, [head], [end]) for head, end in zip(heads, ends, strict=True)]
    else:
        last = [_head(graph, network, heads, ends)]
    shape = np.array([len(network.bias(f"{heads[0]}_readout")), 1, 1])
    graph.add("output", nir.Output(output_type={"output": shape}), *last)
    return nir.NIRGraph(
        nodes=graph.nodes,
        edges=graph.edges,
        metadata={"spikefuse": metadata} if metadata else {},
        type_check=False,
    )


def _refuse(network: PlainNetwork, reset: str) -> None:
    reason = ""
    if network.fusion in NO_WORD:
        reason = f"NIR has {NO_WORD[network.fusion]}"
    elif not network.is_spiking:
        reason = "NIR has no rectifier, and this is a dense network"
    elif network.reset == "none":
        reason = "NIR has no neuron without a reset"
    elif network.reset == "soft" and reset == "refuse":
        raise InputError(
            "export: --reset must be exact or lif for a network with soft reset, got refuse. NIR "
            "has no reset kind and its readers take a hard one, which is another network: exact "
            "writes LI, Threshold and Scale with a late edge (the same network, for readers that "
            "know them), lif a plain LIF (approximate)."
        )
    if reason:
        raise InputError(
            f"export: the network must be one that NIR can say, got one that it "
            f"cannot: {reason}. Unsupported; --format torch and onnx take it."
        )


def _columns(graph: _Graph, network: PlainNetwork, group: list[Any]) -> tuple[str, list[Any]]:
    """Branches of one size side by side, from an input to the features."""
    channels, (height, width) = sum(each.shape[0] for each in group), group[0].shape[1:]
    name = "input" if len(group) == len(network.branches) else f"input_{group[0].name}"
    at = graph.add(name, graph.nir.Input(input_type={"input": np.array([channels, height, width])}))
    prefix = "" if len(group) == len(network.branches) else f"{group[0].name}_"
    for number, conv in enumerate(group[0].convolutions, start=1):
        names = [f"{each.name}_conv{number}" for each in group]
        leak = float(network.leak(f"{group[0].name}_conv{number}"))
        _same(network, names, leak)
        gain = np.float32(gain_of(leak))
        weight = _diagonal([_array(network.weight(each)) for each in names]) * gain
        bias = np.concatenate([_array(network.bias(each)) for each in names]) * gain
        site = f"{prefix}conv{number}"
        at = graph.add(site, graph.conv(site, weight, bias, (height, width), 1), at)
        shape = (len(bias), height, width)
        at = graph.fire(f"{site}_neurons", leak, shape, at)
        if conv.pool:
            height, width = height // 2, width // 2
            at = graph.pool(f"{site}_pool", leak, (len(bias), height, width), at)
    return at, group


def _same(network: PlainNetwork, names: list[str], leak: float) -> None:
    if any(float(network.leak(name)) != leak for name in names):
        raise InputError(
            "export: the network must have one leak in branches that stand side by side, got "
            "learned ones that differ: unsupported. --format torch takes it."
        )


def _head(
    graph: _Graph, network: PlainNetwork, heads: list[str], ends: list[tuple[str, list[Any]]]
) -> str:
    """Heads side by side: hidden layer and readout as convolutions; returns the last node."""
    prefix = "" if len(heads) == len(network.heads) else f"{heads[0]}_"
    leak = float(network.leak(f"{heads[0]}_hidden"))
    _same(network, [f"{head}_hidden" for head in heads], leak)
    gain, before = np.float32(gain_of(leak)), []
    offset, bias = 0, np.concatenate([_array(network.bias(f"{h}_hidden")) for h in heads])
    for number, (at, group) in enumerate(ends):
        _, height, width = group[0].features
        blocks = []
        for branch in group:
            count = int(np.prod(branch.features))
            head = branch.name if branch.name in network.heads else heads[0]
            first = 0 if branch.name in network.heads else offset
            columns = _array(network.weight(f"{head}_hidden"))[:, first : first + count]
            blocks.append(columns.reshape(-1, *branch.features))
            offset += count
        apart = len(heads) > 1
        weight = _diagonal(blocks) if apart else np.concatenate(blocks, axis=1)
        name = f"{prefix}hidden" if len(ends) == 1 else f"{prefix}hidden_{group[0].name}"
        own = bias if number == 0 else np.zeros_like(bias)
        node = graph.conv(name, weight * gain, own * gain, (height, width), 0)
        before.append(graph.add(name, node, at))
    at = graph.fire(f"{prefix}hidden_neurons", leak, (len(bias), 1, 1), before[0])
    target = f"{prefix}hidden_neurons" + ("_membrane" if graph.is_exact else "")
    graph.edges += [(each, target) for each in before[1:]]
    readouts = [f"{head}_readout" for head in heads]
    # A mean of logits, weighted or not, is one readout of all hidden neurons.
    shares = [np.float32(network.share(head)) for head in heads]
    pairs = list(zip(readouts, shares, strict=True))
    weight = np.concatenate([_array(network.weight(each)) * share for each, share in pairs], axis=1)
    total = np.sum([_array(network.bias(each)) * share for each, share in pairs], axis=0)
    return _readout(graph, network, heads, weight, total, at)


def _readout(
    graph: _Graph, network: PlainNetwork, heads: list[str], weight: Floats, bias: Floats, at: str
) -> str:
    prefix = "" if len(heads) == len(network.heads) else f"{heads[0]}_"
    if not network.counts_spikes:
        node = graph.conv("readout", weight[:, :, None, None], bias, (1, 1), 0)
        return graph.add(f"{prefix}readout", node, at)
    if len(network.heads) > 1:
        raise InputError(
            "export: the network must have one head where its readout counts spikes, got "
            f"{len(network.heads)}: unsupported. --format torch takes it."
        )
    leak = float(network.leak(f"{heads[0]}_readout"))
    gain = np.float32(gain_of(leak))
    node = graph.conv("readout", weight[:, :, None, None] * gain, bias * gain, (1, 1), 0)
    at = graph.add("readout", node, at)
    return graph.fire("readout_neurons", leak, (len(bias), 1, 1), at)
