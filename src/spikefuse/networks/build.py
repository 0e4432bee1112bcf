"""A population of networks of one shape, as a PyTorch module."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from spikefuse.core.checks import require
from spikefuse.core.device import product_type
from spikefuse.core.errors import InputError
from spikefuse.encoders import DirectEncoder
from spikefuse.fusion import FUSIONS
from spikefuse.networks.activations import Activation, DenseActivation, Noise, SpikingActivation
from spikefuse.networks.budget import branch_shapes, encoder_costs, solve_width
from spikefuse.networks.population import PopulationConv2d, PopulationLinear
from spikefuse.networks.spec import CLASSES, NetworkSpec


class PopulationNetwork(nn.Module):
    """P networks of equal shape; leak, threshold, reset and initial weights may differ by member.

    Args:
        specs: One per member; equal but for the neurons' leak, threshold, reset and model.
        seeds: One per member: initial weights.
        precision: Type of convolutions and matrix products, a name in
            `spikefuse.core.device.PRECISIONS`; weights, membranes and sums are float32.
        backend: The neuron's implementation, see `spikefuse.neurons.lif.BACKENDS`; Triton's runs
            convolutions and matrix products as well.

    Raises:
        InputError: The members differ in shape, or no width meets the budget.
    """

    def __init__(
        self,
        specs: Sequence[NetworkSpec],
        seeds: Sequence[int],
        precision: str = "float32",
        backend: str = "auto",
    ) -> None:
        super().__init__()
        require(len(specs) == len(seeds) > 0, "network", "seeds", "one per member", len(seeds))
        require(
            len({population_key(spec) for spec in specs}) == 1,
            "network",
            "specs",
            "equal in everything that shapes a network",
            specs,
        )
        self.spec = spec = specs[0]
        self.modalities = tuple(spec.input_shapes)
        self.width = solve_width(spec)
        self.convolutions = self.width.convolutions(spec.plan)
        self.dtype = product_type(precision)
        self.encode = DirectEncoder()
        self.fusion = FUSIONS[spec.fusion]
        self.backend = backend
        members = list(seeds)
        self.weighted = nn.ModuleDict()
        self.activations = nn.ModuleDict()
        features: dict[str, int] = {}
        for branch, (channels, height, width) in branch_shapes(spec).items():
            inputs = channels
            for index, conv in enumerate(self.convolutions, start=1):
                site = f"{branch}.conv{index}"
                self._add(site, PopulationConv2d(site, inputs, conv.channels, members, backend))
                self._add_activation(site, specs)
                inputs = conv.channels
            _, features[branch] = encoder_costs(
                self.convolutions, branch, (channels, height, width)
            )
        self.heads = self.fusion.heads(features)
        for head, count in self.heads.items():
            hidden, readout = f"{head}.hidden", f"{head}.readout"
            wide = self.width.hidden
            self._add(hidden, PopulationLinear(hidden, count, wide, members, backend))
            self._add_activation(hidden, specs)
            self._add(readout, PopulationLinear(readout, wide, CLASSES, members, backend))
            if spec.readout == "spike-count":
                self._add_activation(readout, specs)

    def _add(self, site: str, layer: nn.Module) -> None:
        self.weighted[site.replace(".", "_")] = layer

    def _add_activation(self, site: str, specs: Sequence[NetworkSpec]) -> None:
        steps = self.spec.time_steps
        activation: Activation
        if self.spec.network == "dnn":
            activation = DenseActivation(site, steps)
        else:
            neurons = [spec.neuron for spec in specs]
            activation = SpikingActivation(site, steps, neurons, self.backend)
        self.activations[site.replace(".", "_")] = activation

    @property
    def members(self) -> int:
        """P."""
        return next(self.parameters()).shape[0]

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the activations in order of execution."""
        return tuple(activation.name for activation in self._activations())

    def _activations(self) -> list[Activation]:
        return [module for module in self.activations.values() if isinstance(module, Activation)]

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        noise: Noise | None = None,
        rates: dict[str, Tensor] | None = None,
    ) -> Tensor:
        """Classify.

        Args:
            inputs: Modality -> real-valued input [P, B, C, H, W], in any order.
            noise: Disturbs every hidden activation.
            rates: Receives the firing rate [P] of every activation by name.

        Returns:
            Logits [P, B, 10], float32.

        Raises:
            InputError: A modality is missing or unknown, or its input has another shape.
        """
        self._check(inputs)
        # In the order of the spec: joined modalities keep the places their weights know.
        encoded = {name: self.encode(inputs[name].to(self.dtype)) for name in self.modalities}
        features = {
            branch: self._run_encoder(branch, x, noise, rates)
            for branch, x in self.fusion.join_inputs(encoded).items()
        }
        logits = {
            head: self._run_head(head, x, noise, rates)
            for head, x in self.fusion.join_features(features).items()
        }
        return self.fusion.join_logits(logits)

    def _run_encoder(
        self, branch: str, x: Tensor, noise: Noise | None, rates: dict[str, Tensor] | None
    ) -> Tensor:
        for index, conv in enumerate(self.convolutions, start=1):
            key = f"{branch}_conv{index}"
            x = self.activations[key](self.weighted[key](x), conv.pool, noise, rates)
        return x.flatten(3)

    def _run_head(
        self, head: str, x: Tensor, noise: Noise | None, rates: dict[str, Tensor] | None
    ) -> Tensor:
        hidden, readout = f"{head}_hidden", f"{head}_readout"
        spikes = self.activations[hidden](self.weighted[hidden](x), False, noise, rates)
        if self.spec.readout == "spike-count":
            current = self.weighted[readout](spikes)
            counts: Tensor = self.activations[readout](current, False, None, rates)
            return counts.mean(dim=1).float()
        # The readout is linear: the mean of its currents is its current at the mean rate.
        mean_rate = spikes.mean(dim=1, keepdim=True)
        logits: Tensor = self.weighted[readout](mean_rate)
        return logits.squeeze(1).float()

    def _check(self, inputs: Mapping[str, Tensor]) -> None:
        if inputs.keys() != self.spec.input_shapes.keys():
            raise InputError(
                f"network: inputs must name the modalities {', '.join(self.modalities)}, "
                f"got {', '.join(inputs) or 'none'}. Give one tensor for each."
            )
        for name, shape in self.spec.input_shapes.items():
            found = tuple(inputs[name].shape)
            if found[0] != self.members or found[2:] != shape:
                wanted = f"[{self.members}, B, {', '.join(map(str, shape))}]"
                raise InputError(f"network: input {name!r} must be {wanted}, got {list(found)}.")

    def member_state(self, member: int) -> dict[str, Tensor]:
        """Copies of one member's weights by layer name, without the population axis."""
        return {
            f"{layer.name}.{kind}": getattr(layer, kind)[member].detach().clone()
            for layer in self.weighted.values()
            for kind in ("weight", "bias")
        }

    def load_member(self, member: int, state: Mapping[str, Tensor]) -> None:
        """Put one member's weights in place.

        Raises:
            InputError: A weight is missing or has another shape.
        """
        with torch.no_grad():
            for layer in self.weighted.values():
                for kind in ("weight", "bias"):
                    key, target = f"{layer.name}.{kind}", getattr(layer, kind)[member]
                    found = state.get(key)
                    require(
                        found is not None and found.shape == target.shape,
                        "network",
                        key,
                        f"a tensor of shape {tuple(target.shape)}",
                        None if found is None else tuple(found.shape),
                    )
                    target.copy_(state[key])


def population_key(spec: NetworkSpec) -> str:
    """Equal for networks that can train as one population."""
    neuron = spec.neuron.model_copy(
        update={"model": "lif", "leak": 0.0, "threshold": 1.0, "reset": "soft"}
    )
    if spec.network == "dnn":
        neuron = spec.neuron
    return spec.model_copy(update={"neuron": neuron}).model_dump_json()


def build(
    specs: NetworkSpec | Sequence[NetworkSpec],
    seeds: int | Sequence[int] = 0,
    precision: str = "float32",
    backend: str = "auto",
) -> PopulationNetwork:
    """A population of networks, or one network (P = 1), with weights drawn from its seeds.

    Example:
        >>> net = build(NetworkSpec(input_shapes={"image": (1, 28, 28)}, budget=1_630_090))
        >>> net.width.hidden, sum(p.numel() for p in net.parameters())
        (512, 1630090)
    """
    many = [specs] if isinstance(specs, NetworkSpec) else list(specs)
    numbers = [seeds] * len(many) if isinstance(seeds, int) else list(seeds)
    return PopulationNetwork(many, numbers, precision, backend)
