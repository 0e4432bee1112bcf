"""A population of networks of one shape, as a PyTorch module."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from spikefuse.core.checks import require
from spikefuse.core.device import product_type
from spikefuse.core.errors import InputError
from spikefuse.encoders import Moment
from spikefuse.fusion import FUSIONS
from spikefuse.fusion.checks import check_answer, check_joined
from spikefuse.meters import Meter
from spikefuse.networks.activations import Activation, Firing, Watchers
from spikefuse.networks.budget import branches, parts, solve_width
from spikefuse.networks.population import (
    PopulationConv2d,
    PopulationLayer,
    PopulationLayers,
    PopulationLinear,
    PopulationPlaces,
    shares,
)
from spikefuse.networks.spec import NetworkSpec
from spikefuse.noise import Noise


class PopulationNetwork(nn.Module):
    """P networks of equal shape; leak, threshold, reset and initial weights may differ by member.

    Args:
        specs: One per member; equal but for the neurons' leak, threshold, reset and model.
        seeds: One per member: initial weights.
        precision: Type of convolutions and matrix products, a name in
            `spikefuse.core.device.PRECISIONS`; weights, membranes and sums are float32.
        backend: The neuron's implementation, see `spikefuse.neurons.lif.BACKENDS`; Triton's runs
            convolutions and matrix products as well.
        products: "dense", "events" (of spikes and gradients, wherever that can be done) or "auto":
            what is faster at the density of the moment, see `population.choice`.

    Raises:
        InputError: The members differ in shape, or no width meets the budget.
    """

    def __init__(
        self,
        specs: Sequence[NetworkSpec],
        seeds: Sequence[int],
        precision: str = "float32",
        backend: str = "auto",
        products: str = "auto",
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
        self.maps = spec.maps
        self.width = solve_width(spec)
        self.dtype = product_type(precision)
        self.backend, self.products = backend, products
        self.branches = {branch.name: branch for branch in branches(spec, self.width)}
        self._seeds = list(seeds)
        # The weighted layers come first: their first gradient is the last to be computed.
        self.weighted = nn.ModuleDict()
        self.activations = nn.ModuleDict()
        for branch in self.branches.values():
            inputs = branch.shape[0]
            for index, conv in enumerate(branch.convolutions, start=1):
                self._add_conv(f"{branch.name}.conv{index}", inputs, conv.channels, specs)
                inputs = conv.channels
        kind, meeting = FUSIONS[spec.fusion], parts(spec, self.width)
        self._watchers = Watchers()
        self.joining = kind(
            meeting, PopulationLayers(self._seeds, backend, partial(self._add_firing, specs))
        )
        self.heads = kind.heads(meeting.widths)
        for head, count in self.heads.items():
            self._add_head(head, count, specs)
        self.fusion = self.joining.weights
        self.encoders = {
            name: spec.encoder_of(name)(name, self._seeds, spec.time_steps)
            for name in self.modalities
        }
        self._over_time = {name for name in self.modalities if spec.encoder_of(name).takes_time}
        self._check_parameters()

    def _add_conv(self, site: str, inputs: int, outputs: int, specs: Sequence[NetworkSpec]) -> None:
        own = (self._seeds, self.backend, self.products)
        self._add(site, PopulationConv2d(site, inputs, outputs, *own))
        self._add_activation(site, specs)

    def _add_head(self, head: str, features: int, specs: Sequence[NetworkSpec]) -> None:
        hidden, readout = f"{head}.hidden", f"{head}.readout"
        wide, classes = self.width.hidden, self.spec.classes
        own = (self._seeds, self.backend, self.products)
        self._add(hidden, PopulationLinear(hidden, features, wide, *own))
        self._add_activation(hidden, specs)
        self._add(readout, PopulationLinear(readout, wide, classes, *own))
        if self.spec.readout == "spike-count":
            self._add_activation(readout, specs)

    def _add_firing(self, specs: Sequence[NetworkSpec], layer: PopulationPlaces) -> Firing:
        """A site of the fusion's own; its spikes meet PyTorch's operations, so they stay floats."""
        self._add(layer.name, layer)
        self._add_activation(layer.name, specs, "dense")
        activation = self.activations[layer.name.replace(".", "_")]
        assert isinstance(activation, Activation)
        return Firing(layer, activation, self._watchers)

    def _add(self, site: str, layer: nn.Module) -> None:
        self.weighted[site.replace(".", "_")] = layer

    def _add_activation(
        self, site: str, specs: Sequence[NetworkSpec], products: str | None = None
    ) -> None:
        neurons = [spec.neuron for spec in specs]
        steps, products = self.spec.time_steps, products or self.products
        activation = Activation(site, steps, neurons, self.backend, products)
        self.activations[site.replace(".", "_")] = activation

    @property
    def members(self) -> int:
        """P."""
        return len(self._seeds)

    def losses(self, epoch: int, epochs: int) -> tuple[str, ...]:
        """What has a loss in an epoch, see `spikefuse.fusion.Fusion.losses`."""
        return self.joining.losses(tuple(self.heads), epoch, epochs)

    def products_by_events(self) -> dict[str, float]:
        """Share of the products of spikes that were computed by events so far, by part."""
        layers = self.weighted.values()
        return shares([each.choice for each in layers if isinstance(each, PopulationLayer)])

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the activations in order of execution."""
        return tuple(str(activation.name) for activation in self.activations.values())

    @property
    def hidden_sites(self) -> tuple[str, ...]:
        """Names of the hidden activations: the sites without readouts that count spikes."""
        readouts = {f"{head}.readout" for head in self.heads}
        return tuple(site for site in self.sites if site not in readouts)

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        noise: Noise | None = None,
        meters: Sequence[Meter] = (),
        moment: Moment | None = None,
        *,
        some: bool = False,
    ) -> Tensor:
        """Classify.

        Args:
            inputs: Modality -> real-valued input [P, B, C, H, W] or whatever its shape is, in any
                order.
            noise: Disturbs inputs and hidden activations.
            meters: Watch every activation.
            moment: Which samples these are, for encoders that draw spikes.
            some: Modalities may be missing, where the fusion works with some.

        Returns:
            Logits [P, B, K], float32.

        Raises:
            InputError: A modality is missing or unknown, or its input has another shape.
        """
        features = self.features(inputs, noise, meters, moment, some=some)
        return self.answer(self.head_logits(features, noise, meters))

    def features(
        self,
        inputs: Mapping[str, Tensor],
        noise: Noise | None = None,
        meters: Sequence[Meter] = (),
        moment: Moment | None = None,
        *,
        some: bool = False,
    ) -> dict[str, Tensor]:
        """What leaves each branch, [P, T, B, F]; the first of three stages of `forward`.

        Raises:
            InputError: A modality is missing or unknown, or its input has another shape.
        """
        self._check(inputs, some)
        # In the order of the spec: joined modalities keep the places their weights know.
        here = [name for name in self.modalities if name in inputs]
        encoded = {name: self._input(name, inputs[name], noise, moment) for name in here}
        if not encoded.keys() <= self.branches.keys():  # stacked: an image and what moves beside it
            encoded = _of_one_length(encoded)
        features = {
            branch: self._run_encoder(branch, x, noise, meters)
            for branch, x in self.joining.join_inputs(encoded).items()
        }
        return _of_one_length(features)

    def head_logits(
        self,
        features: Mapping[str, Tensor],
        noise: Noise | None = None,
        meters: Sequence[Meter] = (),
    ) -> dict[str, Tensor]:
        """What each head makes of the features, [P, B, K]; the second stage."""
        self._watchers.noise, self._watchers.meters = noise, meters
        joined = self.joining.join_features(features)
        is_whole = features.keys() == self.branches.keys()
        check_joined(self.spec.fusion, self.heads, joined, is_whole)
        return {head: self._run_head(head, x, noise, meters) for head, x in joined.items()}

    def answer(self, logits: Mapping[str, Tensor]) -> Tensor:
        """The network's logits [P, B, K] from its heads'; the third stage."""
        answer = self.joining.join_logits(logits)
        check_answer(self.spec.fusion, logits, answer)
        return answer

    def _input(self, name: str, x: Tensor, noise: Noise | None, moment: Moment | None) -> Tensor:
        encoded = self._encode(name, x, moment)
        if noise is None:
            return encoded
        steps = self.spec.time_steps
        return noise.input(name, encoded, steps, lambda raw: self._encode(name, raw, moment))

    def _encode(self, name: str, x: Tensor, moment: Moment | None) -> Tensor:
        axes = x.dim() - 2
        if name in self._over_time:
            x = x.unsqueeze(2) if axes == 2 else x  # [F, time] has one channel
        elif axes != 3:
            frames = x.movedim(5, 3) if axes == 4 else x
            x = frames.reshape(*x.shape[:2], *self.maps[name])
        encoder, total = self.encoders[name], self.spec.time_steps
        encoded = encoder(x, moment)
        shape = tuple(getattr(encoded, "shape", ()))
        # A modality that is events already has a function in its place.
        steps = (1,) if getattr(encoder, "is_static", False) else (1, total)
        fits = len(shape) == 6 and shape[1] in steps
        layout = f"[P, T or 1, B, H, W, C] with T = {total}"
        layout = layout if len(steps) == 2 else "[P, 1, B, H, W, C], for it says that it is static"
        got = shape or type(encoded).__name__
        require(fits, "encoder", f"what {name} becomes", layout, got)
        return encoded.to(self.dtype)

    def _run_encoder(
        self, branch: str, x: Tensor, noise: Noise | None, meters: Sequence[Meter]
    ) -> Tensor:
        for index, conv in enumerate(self.branches[branch].convolutions, start=1):
            key = f"{branch}_conv{index}"
            x = self.activations[key](self.weighted[key](x), conv.pool, noise, meters)
        return x.flatten(3)

    def _run_head(
        self, head: str, x: Tensor, noise: Noise | None, meters: Sequence[Meter]
    ) -> Tensor:
        hidden, readout = f"{head}_hidden", f"{head}_readout"
        spikes = self.activations[hidden](self.weighted[hidden](x), False, noise, meters)
        if self.spec.readout == "spike-count":
            current = self.weighted[readout](spikes)
            counts: Tensor = self.activations[readout](current, False, None, meters)
            return counts.mean(dim=1).float()
        # The readout is linear: the mean of its currents is its current at the mean rate.
        mean_rate = spikes.mean(dim=1, keepdim=True)
        logits: Tensor = self.weighted[readout](mean_rate)
        return logits.squeeze(1).float()

    def _check_parameters(self) -> None:
        """Parts from outside must keep members apart, and their names too."""
        names = [name for name, _ in self._stored()]
        for name, parameter in self._stored():
            shape = tuple(parameter.shape)
            must = f"[P, ...] with P = {self.members} members"
            require(shape[:1] == (self.members,), "network", f"parameter {name}", must, shape)
            require(names.count(name) == 1, "network", f"parameter {name}", "named once", names)

    def _check(self, inputs: Mapping[str, Tensor], some: bool) -> None:
        are_some = bool(inputs) and inputs.keys() <= self.spec.input_shapes.keys()
        if some and are_some and len(inputs) < len(self.modalities):
            kind = FUSIONS[self.spec.fusion]
            missing = ", ".join(name for name in self.modalities if name not in inputs)
            if not kind.works_with_some:
                able = [name for name, each in FUSIONS.items() if each.works_with_some]
                raise InputError(
                    f"network: inputs must name {missing} too for fusion {self.spec.fusion!r}, "
                    f"where {kind.title}: without one of them the rest has no meaning. A network "
                    f"with fusion {' or '.join(able)} answers to some of its modalities."
                )
        elif inputs.keys() != self.spec.input_shapes.keys():
            raise InputError(
                f"network: inputs must name the modalities {', '.join(self.modalities)}, "
                f"got {', '.join(inputs) or 'none'}. Give one tensor for each."
            )
        for name in inputs:
            shape, found = self.spec.input_shapes[name], tuple(inputs[name].shape)
            if found[0] != self.members or found[2:] != shape:
                wanted = f"[{self.members}, B, {', '.join(map(str, shape))}]"
                raise InputError(f"network: input {name!r} must be {wanted}, got {list(found)}.")

    def _stored(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Every parameter with the name under which a member's part of it is stored.

        Layers, sites and layers of a fusion are known by their own names, which say nothing of how
        this module is built; whatever else has parameters by its path in it.
        """
        names = {"": ""}
        for path, module in self.named_modules():
            above, _, last = path.rpartition(".")
            names[path] = getattr(module, "name", f"{names[above]}.{last}".strip("."))
            for kind, parameter in module.named_parameters(recurse=False):
                yield f"{names[path]}.{kind}", parameter

    def member_state(self, member: int) -> dict[str, Tensor]:
        """Copies of what one member learns, by stored name, without the population axis."""
        return {name: stack[member].detach().clone() for name, stack in self._stored()}

    def load_member(self, member: int, state: Mapping[str, Tensor]) -> None:
        """Put what one member has learned in place.

        Raises:
            InputError: A weight is missing or has another shape.
        """
        with torch.no_grad():
            for key, stack in self._stored():
                found, target = state.get(key), stack[member]
                require(
                    found is not None and found.shape == target.shape,
                    "network",
                    key,
                    f"a tensor of shape {tuple(target.shape)}",
                    None if found is None else tuple(found.shape),
                )
                target.copy_(state[key])


def _of_one_length(features: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors [P, T, ...] of all branches, where some may be the same at every step."""
    steps = max(x.shape[1] for x in features.values())
    return {
        name: x if x.shape[1] == steps else x.expand(-1, steps, *[-1] * (x.dim() - 2))
        for name, x in features.items()
    }


def population_key(spec: NetworkSpec) -> str:
    """Equal for networks that can train as one population."""
    shared = spec.model_dump(mode="json", exclude={"neuron"}) | {"neuron": spec.neuron.shared()}
    return json.dumps(shared)


def build(
    specs: NetworkSpec | Sequence[NetworkSpec],
    seeds: int | Sequence[int] = 0,
    precision: str = "float32",
    backend: str = "auto",
    products: str = "auto",
) -> PopulationNetwork:
    """A population of networks, or one network (P = 1), with weights drawn from its seeds.

    Example:
        >>> net = build(NetworkSpec(input_shapes={"image": (1, 28, 28)}, budget=1_630_090))
        >>> net.width.hidden, sum(p.numel() for p in net.parameters())
        (512, 1630090)
    """
    many = [specs] if isinstance(specs, NetworkSpec) else list(specs)
    numbers = [seeds] * len(many) if isinstance(seeds, int) else list(seeds)
    return PopulationNetwork(many, numbers, precision, backend, products)
