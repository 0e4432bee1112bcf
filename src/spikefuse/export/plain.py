"""A trained network as plain PyTorch: standard layers, weights in PyTorch's order, no spikefuse.

Weights are stored with features flattened channels last, (H, W, C); `torch.flatten` gives
(C, H, W). The columns of each hidden layer are permuted here, without which the logits would be
wrong in silence.
"""

from collections.abc import Mapping
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spikefuse.core.errors import InputError
from spikefuse.data.sources.contract import FUSED
from spikefuse.export.meeting import PRODUCTS, attended, gated, own_layers
from spikefuse.networks.budget import Branch, branches, heads, solve_width
from spikefuse.networks.spec import NetworkSpec

FUSIONS = (
    *("none", "early", "late", "input", "late-weighted", "hybrid", "experts"),
    *("gated", "attention", *PRODUCTS),
)
"""Kinds of fusion that the plain form says."""

ONE_HEAD = ("hybrid", "experts")
"""Kinds whose head over all modalities answers; the others teach and have no say."""

SPIKING = ("lif", "if", "plif")


def refuse_unsupported(spec: NetworkSpec, where: str) -> None:
    """Refuse a network that the plain form cannot say.

    Raises:
        InputError: It has another fusion, neuron or encoder; the message says which would do.
    """
    encoders = {spec.encoder, *spec.encoders.values()}
    for what, got, known in (
        ("fusion", {spec.fusion}, FUSIONS),
        ("neuron", {spec.neuron.model}, (*SPIKING, "relu")),
        ("encoder", encoders, ("direct",)),
    ):
        if not got <= set(known):
            raise InputError(
                f"{where}: {what} must be one of {', '.join(known)} to be exported, got "
                f"{', '.join(sorted(got))}: unsupported."
            )


def in_pytorch_order(weight: Tensor, features: Mapping[str, tuple[int, int, int]]) -> Tensor:
    """A hidden layer's columns from (H, W, C), branch by branch, to (C, H, W).

    Args:
        weight: [out, F] as stored, F over the branches one after the other.
        features: Channels, height and width of each branch, in their order.

    Example:
        >>> in_pytorch_order(torch.arange(4.0)[None], {"x": (2, 1, 2)}).tolist()
        [[0.0, 2.0, 1.0, 3.0]]
    """
    sizes = [c * h * w for c, h, w in features.values()]
    blocks = [
        block.view(-1, h, w, c).permute(0, 3, 1, 2).flatten(1)
        for block, (c, h, w) in zip(weight.split(sizes, dim=1), features.values(), strict=True)
    ]
    return torch.cat(blocks, dim=1)


class PlainNetwork(nn.Module):
    """Inputs [B, C, H, W], scaled, in the order of the modalities, to logits [B, K].

    Args:
        spec: Of the trained network.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        width = solve_width(spec)
        self.modalities = tuple(spec.input_shapes)
        self.time_steps, self.reset = spec.time_steps, spec.neuron.reset
        self.threshold, self.is_spiking = spec.neuron.threshold, spec.neuron.is_spiking
        self.counts_spikes = spec.readout == "spike-count"
        self.fusion = spec.fusion
        self.branches: list[Branch] = branches(spec, width)
        self.layers = nn.ModuleDict()
        # By layer, the name under which its weights are stored.
        self.sites: dict[str, str] = {}
        for branch in self.branches:
            channels = branch.shape[0]
            for number, conv in enumerate(branch.convolutions, start=1):
                layer = nn.Conv2d(channels, conv.channels, 3, padding=1)
                self._add(f"{branch.name}.conv{number}", layer)
                channels = conv.channels
        self.shapes = {each.name: each.features for each in self.branches}
        for site, sizes in own_layers(spec.fusion, self.shapes).items():
            self._add(site, nn.Linear(*sizes))
        self.heads = heads(spec, width)
        if spec.fusion in ONE_HEAD:
            self.heads = {FUSED: self.heads[FUSED]}
        if spec.fusion == "late-weighted":
            count = len(self.heads)
            self.register_buffer("shares", torch.full((count,), 1 / count))
        for head, count in self.heads.items():
            self._add(f"{head}.hidden", nn.Linear(count, width.hidden))
            self._add(f"{head}.readout", nn.Linear(width.hidden, spec.classes))
        # By layer: a parametric neuron has one of its own in each.
        silent = {f"fusion_{name}" for name in self.shapes}  # gates
        if not self.counts_spikes:
            silent |= {f"{head}_readout" for head in self.heads}
        for name in self.layers.keys() - silent if self.is_spiking else ():
            self.register_buffer(f"leak_{name}", torch.tensor(float(spec.neuron.leak)))

    def _add(self, site: str, layer: nn.Module) -> None:
        name = site.replace(".", "_")
        self.sites[name] = site
        self.layers[name] = layer

    def leak(self, name: str) -> Tensor:
        """Of the neurons behind a layer."""
        return self.get_buffer(f"leak_{name}")

    def share(self, head: str) -> float:
        """With what weight a head's logits enter the answer."""
        if self.fusion == "late-weighted":
            return float(self.get_buffer("shares")[list(self.heads).index(head)])
        return 1 / len(self.heads)

    def weight(self, name: str) -> Tensor:
        """Of a layer."""
        return self.layers[name].get_parameter("weight")

    def bias(self, name: str) -> Tensor:
        """Of a layer."""
        return self.layers[name].get_parameter("bias")

    def _fire(self, name: str, current: Tensor, membranes: dict[str, Tensor]) -> Tensor:
        """One step of the neurons behind a layer; `spikefuse.neurons.lif.reference` defines it."""
        if not self.is_spiking:
            return current.relu()
        if name in membranes:
            current = self.leak(name) * membranes[name] + current
        spikes = (current > self.threshold).to(current.dtype)
        after = {"soft": current - self.threshold * spikes, "hard": current * (1 - spikes)}
        membranes[name] = after.get(self.reset, current)
        return spikes

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits [B, K]."""
        seen = dict(zip(self.modalities, inputs, strict=True))
        if self.fusion == "input":
            seen = {self.branches[0].name: torch.cat(inputs, dim=1)}
        # The image is the same at every step, and so is the current of the first layer.
        firsts = {
            each.name: self.layers[f"{each.name}_conv1"](seen[each.name])
            for each in self.branches
            if each.convolutions
        }
        membranes: dict[str, Tensor] = {}
        sums: dict[str, Tensor] = {}
        totals: dict[str, Tensor] = {}
        for step in range(1, self.time_steps + 1):
            features = {
                each.name: self._features(each, seen, firsts, membranes) for each in self.branches
            }
            if self.fusion == "gated":
                features = gated(features, self.shapes, lambda name, x: self.layers[name](x))
            elif self.fusion == "attention":
                fire = partial(self._fired, membranes)
                features = attended(features, self.shapes, fire, totals, step)
            for head in self.heads:
                x = features[head] if head in features else torch.cat([*features.values()], dim=1)
                spikes = self._fire(f"{head}_hidden", self.layers[f"{head}_hidden"](x), membranes)
                if self.counts_spikes:
                    name = f"{head}_readout"
                    spikes = self._fire(name, self.layers[name](spikes), membranes)
                sums[head] = sums[head] + spikes if head in sums else spikes
        means = {head: each / self.time_steps for head, each in sums.items()}
        logits = [
            each if self.counts_spikes else self.layers[f"{head}_readout"](each)
            for head, each in means.items()
        ]
        every = torch.stack(logits)  # [heads, B, K]
        if self.fusion == "late-weighted":
            return (self.get_buffer("shares").view(-1, 1, 1) * every).sum(dim=0)
        if self.fusion in PRODUCTS:
            return every.log_softmax(dim=-1).sum(dim=0)
        return every.mean(dim=0)

    def _fired(self, membranes: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
        return self._fire(name, self.layers[name](x), membranes)

    def _features(
        self,
        branch: Branch,
        seen: Mapping[str, Tensor],
        firsts: Mapping[str, Tensor],
        membranes: dict[str, Tensor],
    ) -> Tensor:
        """One step of a branch, flattened (C, H, W)."""
        x = seen[branch.name]
        for number, conv in enumerate(branch.convolutions, start=1):
            name = f"{branch.name}_conv{number}"
            current = firsts[branch.name] if number == 1 else self.layers[name](x)
            x = self._fire(name, current, membranes)
            x = F.max_pool2d(x, 2) if conv.pool else x
        return x.flatten(1)


def plain_network(spec: NetworkSpec, weights: Mapping[str, Tensor]) -> PlainNetwork:
    """A trained network as plain PyTorch, in evaluation mode.

    Args:
        spec: Of the network.
        weights: As `TrialFolder.weights` gives them.

    Raises:
        InputError: The plain form cannot say this network.
    """
    refuse_unsupported(spec, "export")
    network = PlainNetwork(spec).eval()
    features = network.shapes
    with torch.no_grad():
        if spec.fusion == "late-weighted":
            network.get_buffer("shares").copy_(weights["fusion.share"].softmax(dim=-1))
        for name, site in network.sites.items():
            weight = weights[f"{site}.weight"]
            if site.endswith(".hidden"):
                head = site.removesuffix(".hidden")
                own = {head: features[head]} if head in features else features
                weight = in_pytorch_order(weight, own)
            network.weight(name).copy_(weight)
            network.bias(name).copy_(weights[f"{site}.bias"])
            learned = weights.get(f"{site}.neurons.leak_logit")
            if learned is not None:
                network.leak(name).copy_(torch.sigmoid(learned))
    return network
