"""Operations of a population's networks: a plain loop, and what they must not depend on."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from long import IS_LONG
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from spikefuse.core import library
from spikefuse.encoders import ENCODERS, Moment
from spikefuse.fusion import FUSIONS
from spikefuse.meters.contract import Subject
from spikefuse.meters.counts import Counts
from spikefuse.meters.energy import price
from spikefuse.meters.stored_counts import mean_counts, stored
from spikefuse.meters.synops import Synops
from spikefuse.networks import NetworkSpec, PopulationNetwork, build
from spikefuse.networks.plans import PLANS
from spikefuse.neurons.lif import lif
from spikefuse.neurons.module import Neurons
from tests.support.noises import Undisturbed

SAMPLES = 3
BOTH = {"image": (1, 4, 4), "audio": (1, 4, 4)}


def spec_of(fusion: str = "early", **fields: Any) -> NetworkSpec:
    shapes = {"image": (1, 4, 4)} if fusion == "none" else BOTH
    values = {"fusion": fusion, "input_shapes": shapes, "budget": 40_000, "time_steps": 3}
    return NetworkSpec.model_validate(values | fields)


def network_of(*specs: NetworkSpec, backend: str = "auto", **settings: Any) -> PopulationNetwork:
    """Networks whose neurons fire: weights as drawn would leave the last layers silent."""
    network = build(list(specs), range(len(specs)), backend=backend, **settings).eval()
    with torch.no_grad():
        for layer in network.weighted.values():
            layer.weight.mul_(4)
    return network


def inputs_of(network: PopulationNetwork, samples: int = SAMPLES) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(5)
    return {
        name: torch.randn(1, samples, *shape, generator=generator).expand(
            network.members, -1, *shape
        )
        for name, shape in network.spec.input_shapes.items()
    }


def measured(
    network: PopulationNetwork, inputs: Mapping[str, Tensor], batch: int = SAMPLES, **more: Any
) -> list[Counts]:
    meter = Synops(Subject(network.members, network.hidden_sites))
    samples = next(iter(inputs.values())).shape[1]
    numbers = torch.arange(samples).expand(network.members, -1)
    with torch.no_grad(), meter.watching(network):
        for first in range(0, samples, batch):
            part = {name: x[:, first : first + batch] for name, x in inputs.items()}
            shown = dict.fromkeys(inputs, numbers[:, first : first + batch])
            network(part, moment=Moment(shown), **more)
    return [meter.counts(member) for member in range(network.members)]


def assert_equal(one: Counts, other: Counts) -> None:
    """Every count, exactly."""
    assert [layer.name for layer in one.layers] == [layer.name for layer in other.layers]
    for ours, theirs in zip(one.layers, other.layers, strict=True):
        assert (ours.source, ours.shape, ours.is_static) == (
            theirs.source,
            theirs.shape,
            theirs.is_static,
        )
        for a, b in zip(ours.parts, theirs.parts, strict=True):
            assert a.branch == b.branch
            for kind in ("events", "fan_out", "effective"):
                x, y = getattr(a, kind), getattr(b, kind)
                assert x.dtype == y.dtype == torch.int64
                assert torch.equal(x, y), (ours.name, a.branch, kind)
    for ours, theirs in zip(one.neurons, other.neurons, strict=True):
        assert (ours.name, ours.neurons, ours.leaks) == (theirs.name, theirs.neurons, theirs.leaks)
        assert torch.equal(ours.spikes, theirs.spikes)
        assert torch.equal(ours.resets, theirs.resets)


# --- a plain loop: one sample and step after the other, one place of the kernel after the other ---


class Plain:
    """A network of one member in plain PyTorch, and its counts."""

    def __init__(self, network: PopulationNetwork) -> None:
        self.spec = network.spec
        self.weights = network.member_state(0)
        self.convolutions = {name: b.convolutions for name, b in network.branches.items()}
        self.pairs: dict[tuple[str, str], list[int]] = {}
        self.spikes: dict[str, list[int]] = {}

    def fire(self, site: str, current: Tensor) -> Tensor:
        neuron = self.spec.neuron
        if not neuron.is_spiking:
            return torch.relu(current)
        spikes, _ = lif(current, neuron.leak, neuron.threshold, neuron.reset, backend="reference")
        self.spikes[site] = [int(step.sum()) for step in spikes]
        return spikes

    def conv(self, site: str, x: Tensor, parts: Mapping[str, slice]) -> Tensor:
        """[T, C, H, W] to [T, F, H, W]."""
        weight, bias = self.weights[f"{site}.weight"], self.weights[f"{site}.bias"]
        _, _, height, width = x.shape
        for branch, channels in parts.items():
            counts = []
            for step in x[:, channels]:
                visited = 0
                for i in range(3):
                    for j in range(3):
                        for row in range(max(0, i - 1), min(height, height + i - 1)):
                            for column in range(max(0, j - 1), min(width, width + j - 1)):
                                visited += int((step[:, row, column] != 0).sum()) * len(weight)
                counts.append(visited)
            self.pairs[site, branch] = counts
        return F.conv2d(x, weight, bias, padding=1)

    def linear(self, site: str, x: Tensor, parts: Mapping[str, slice]) -> Tensor:
        """[T, F] to [T, outputs]."""
        weight, bias = self.weights[f"{site}.weight"], self.weights[f"{site}.bias"]
        for branch, features in parts.items():
            counts = [sum(len(weight) for value in step[features] if value) for step in x]
            self.pairs[site, branch] = counts
        return x @ weight.t() + bias

    def branch(self, name: str, x: Tensor, parts: Mapping[str, slice]) -> Tensor:
        for index, conv in enumerate(self.convolutions[name], start=1):
            site = f"{name}.conv{index}"
            x = self.fire(site, self.conv(site, x, parts))
            if conv.pool:
                x = F.max_pool2d(x, 2)
            parts = {name: slice(None)}
        return x.permute(0, 2, 3, 1).flatten(1)

    def head(self, name: str, x: Tensor, parts: Mapping[str, slice]) -> None:
        hidden = self.fire(f"{name}.hidden", self.linear(f"{name}.hidden", x, parts))
        self.linear(f"{name}.readout", hidden, {name: slice(None)})

    def run(self, inputs: Mapping[str, Tensor]) -> None:
        """Inputs [C, H, W] of one sample."""
        steps = self.spec.time_steps
        over_time = {name: x.expand(steps, *x.shape) for name, x in inputs.items()}
        if self.spec.fusion == "input":
            parts = {name: slice(place, place + 1) for place, name in enumerate(inputs)}
            x = torch.cat(list(over_time.values()), dim=1)
            self.head("fused", self.branch("fused", x, parts), {"fused": slice(None)})
            return
        whole = slice(None)
        features = {name: self.branch(name, x, {name: whole}) for name, x in over_time.items()}
        if self.spec.fusion != "early":
            for name, x in features.items():
                self.head(name, x, {name: whole})
            return
        ends = torch.tensor([x.shape[1] for x in features.values()]).cumsum(0).tolist()
        starts = [0, *ends]
        parts = {name: slice(a, b) for name, a, b in zip(features, starts, ends, strict=False)}
        self.head("fused", torch.cat(list(features.values()), dim=1), parts)


NETWORKS = {
    "early": spec_of("early"),
    "late, hard reset": spec_of("late", neuron={"reset": "hard", "leak": 0.8}),
    "input, counted readout": spec_of("input", readout="spike-count"),
    "one modality, another plan": spec_of("none", plan="simple-audio"),
    "no convolution": spec_of("none", plan="mlp", budget=2_000),
    "dense twin": spec_of("early", network="dnn", neuron={"model": "relu"}, time_steps=1),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_a_plain_loop(name: str) -> None:
    network = network_of(NETWORKS[name], backend="reference")
    inputs = inputs_of(network)
    (found,) = measured(network, inputs)

    for sample in range(SAMPLES):
        plain = Plain(network)
        plain.run({key: x[0, sample] for key, x in inputs.items()})
        ours = {
            (layer.name, part.branch): part.fan_out[:, sample].tolist()
            for layer in found.layers
            for part in layer.parts
        }
        assert ours == plain.pairs
        spikes = {each.name: each.spikes[:, sample].tolist() for each in found.neurons}
        plain.spikes.pop("fused.readout", None)
        spikes.pop("fused.readout", None)
        assert spikes == plain.spikes
    if found.neurons:
        assert all(int(each.spikes.sum()) > 0 for each in found.neurons)
        assert found.layers[-1].source == "spikes"  # the readout, though computed from a mean rate


# --- what the counts must not depend on -----------------------------------------------------------


@pytest.mark.parametrize("fusion", ["early", "late", "input", "gated"])
def test_batch_and_population_decide_nothing(fusion: str) -> None:
    specs = [
        spec_of(fusion),
        spec_of(fusion, neuron={"model": "if", "reset": "hard"}),
        spec_of(fusion, neuron={"reset": "none"}),
    ]
    together = measured(network_of(*specs), inputs_of(network_of(*specs), 5), batch=5)
    for member, spec in enumerate(specs):
        alone = build([spec], [member]).eval()
        with torch.no_grad():
            for layer in alone.weighted.values():
                layer.weight.mul_(4)
        (apart,) = measured(alone, inputs_of(alone, 5), batch=2)
        assert_equal(apart, together[member])
    assert [each.leaks for each in (c.neurons[0] for c in together)] == [True, False, True]
    assert int(together[2].neurons[0].resets.sum()) == 0
    assert torch.equal(together[1].neurons[0].resets, together[1].neurons[0].spikes)


@pytest.mark.parametrize("backend", ["native", "eager"])
@pytest.mark.parametrize("fusion", ["early", "gated"])
def test_backends_and_threads_decide_nothing(fusion: str, backend: str) -> None:
    reference = network_of(spec_of(fusion), backend="reference")
    other = network_of(spec_of(fusion), backend=backend)
    expected = measured(reference, inputs_of(reference))[0]
    threads = torch.get_num_threads()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            assert_equal(measured(other, inputs_of(other))[0], expected)
    finally:
        torch.set_num_threads(threads)


PATHS: dict[str, dict[str, Any]] = {"by events": {"backend": "native", "products": "events"}}
if IS_LONG:
    PATHS |= {
        "dense": {"backend": "native", "products": "dense"},
        "eager": {"backend": "eager"},
    }
"""Beside the reference one. That by events has most ways to go wrong."""


@pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("fusion", FUSIONS)
def test_no_path_decides_anything_whatever_the_fusion(fusion: str, path: dict[str, Any]) -> None:
    specs = [spec_of(fusion, neuron=each, budget=80_000) for each in ({"reset": "hard"}, {})]
    network = network_of(*specs, **path)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        together = measured(network, inputs_of(network, 3), batch=2)
    finally:
        torch.set_num_threads(threads)
    for member, spec in enumerate(specs):
        alone = build([spec], [member], backend="reference").eval()
        with torch.no_grad():
            for layer in alone.weighted.values():
                layer.weight.mul_(4)
        (apart,) = measured(alone, inputs_of(alone, 3), batch=1)
        assert_equal(apart, together[member])
        assert int(apart.neurons[-1].spikes.sum()) > 0


@pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("plan", sorted(PLANS))
def test_no_path_decides_anything_whatever_the_encoder_and_plan(
    plan: str, encoder: str, path: dict[str, Any]
) -> None:
    shape = (2, 4, 4, 6) if ENCODERS[encoder].takes_time else (1, 4, 4)
    shapes, budget = dict.fromkeys(BOTH, shape), 4_000 if plan == "mlp" else 40_000
    spec = spec_of("early", plan=plan, encoder=encoder, input_shapes=shapes, budget=budget)
    (found,) = measured(network := network_of(spec, **path), inputs_of(network, 3), batch=2)
    plain = network_of(spec, backend="reference")
    assert_equal(measured(plain, inputs_of(plain, 3), batch=1)[0], found)
    assert int(found.neurons[-1].spikes.sum()) > 0


@pytest.mark.parametrize("plan", sorted(PLANS))
@pytest.mark.parametrize("encoder", ["direct", "rate", "latency"])
def test_every_plan_and_encoder(plan: str, encoder: str) -> None:
    budget = 2_000 if plan == "mlp" else 40_000
    network = network_of(spec_of("early", plan=plan, encoder=encoder, budget=budget))
    (found,) = measured(network, inputs_of(network))
    firsts = [layer for layer in found.layers if layer.name.endswith("conv1")] or found.layers[:1]

    assert len(found.layers) == len(network.weighted)
    for layer in firsts:
        # A rate or latency code is spikes by its nature; real values are multiplied.
        assert layer.source == ("real" if encoder == "direct" else "spikes")
        assert layer.is_static == (encoder == "direct")
        assert layer.time_steps == 3
    assert all(layer.source == "spikes" for layer in found.layers if layer not in firsts)


def test_a_silent_input_stays_real() -> None:
    network = network_of(spec_of("none"))
    (found,) = measured(network, {"image": torch.zeros(1, 2, 1, 4, 4)})

    assert found.layers[0].source == "real"
    assert found.multiplies().tolist() == [0, 0]


def test_a_gate_makes_spikes_real_and_its_own_layers_count() -> None:
    network = network_of(spec_of("gated"))
    found = {layer.name: layer for layer in measured(network, inputs_of(network))[0].layers}

    assert found["fused.hidden"].source == "real"
    assert [part.branch for part in found["fused.hidden"].parts] == ["audio+image"]
    assert found["fusion.image"].parts[0].branch == "audio"
    assert found["fused.readout"].source == "spikes"


class _Shaken(Undisturbed):
    """Noise after each activation: what it reaches is real."""

    def reaches_output(self, site: str) -> bool:
        return True

    def after(self, site: str, output: Tensor) -> Tensor:
        return output + 0.25


def test_noise_after_an_activation_makes_its_spikes_real() -> None:
    network = network_of(spec_of("none"))
    (found,) = measured(network, inputs_of(network), noise=_Shaken())
    quiet = measured(network, inputs_of(network))[0]

    assert [layer.source for layer in found.layers] == ["real"] * 4
    assert torch.equal(found.neurons[0].spikes, quiet.neurons[0].spikes)  # seen before the noise
    assert found.layers[-1].events.tolist() == [[network.width.hidden] * SAMPLES] * 3


def test_weights_that_are_zero_are_skipped_by_the_effective_count_alone() -> None:
    network = network_of(spec_of("none"))
    whole = measured(network, inputs_of(network))[0].layers[0]
    with torch.no_grad():
        network.weighted["image_conv1"].weight[:, ::2] = 0
    pruned = measured(network, inputs_of(network))[0].layers[0]

    assert torch.equal(pruned.fan_out, whole.fan_out)
    assert torch.equal(pruned.effective * 2, whole.effective)


@pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")
@pytest.mark.parametrize("fusion", ["early", "late", "gated"])
@pytest.mark.parametrize("zeros", [0, 3, 10_000])
@pytest.mark.parametrize("size", [4, 6])
def test_spikes_that_are_stored_as_bits_are_counted_alike(
    fusion: str, zeros: int, size: int
) -> None:
    """No weight, a few and most weights zero; maps of 6 are pooled to 3, then to an odd rest."""
    shapes = dict.fromkeys(BOTH, (1, size, size))
    spec = spec_of(fusion, input_shapes=shapes, budget=60_000)
    found = []
    for products in ("dense", "events"):
        network = network_of(spec, products=products)
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for layer in network.weighted.values():
                flat = layer.weight.view(-1)
                flat[torch.randperm(len(flat), generator=generator)[:zeros]] = 0
        found += measured(network, inputs_of(network), batch=2)
    assert_equal(*found)
    assert any(int(layer.events.sum()) for layer in found[0].layers[1:])
    assert not any(
        module.counts_fired for module in network.modules() if isinstance(module, Neurons)
    )


def test_an_error_in_a_neuron_leaves_functions_followed() -> None:
    network = network_of(spec_of("none"))
    meter = Synops(Subject(1, network.hidden_sites))

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    next(iter(network.activations.values())).neurons.forward = broken
    with pytest.raises(ZeroDivisionError), torch.no_grad(), meter.watching(network):
        network(inputs_of(network))
    seen = []

    class Mode(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            seen.append(func)
            return func(*args, **(kwargs or {}))

    with Mode():
        torch.ones(2).sum()
    assert seen


def test_counting_changes_no_logit_and_leaves_no_hook() -> None:
    network = network_of(spec_of("early"))
    inputs = inputs_of(network)
    with torch.no_grad():
        before = network(inputs)
        meter = Synops(Subject(1, network.hidden_sites))
        with meter.watching(network):
            during = network(inputs)

    assert torch.equal(before, during)
    assert not any(module._forward_pre_hooks for module in network.modules())


@pytest.mark.parametrize("model", ["horowitz-45nm", "horowitz-memory", "lemaire-2022"])
def test_what_is_stored_gives_the_mean_energy(model: str) -> None:
    network = network_of(spec_of("early"))
    (found,) = measured(network, inputs_of(network))
    tensors = dict(sorted(stored(found).items()))  # a file keeps its own order
    again = mean_counts(tensors)

    assert {each.dtype for each in tensors.values()} == {torch.int64}
    assert [layer.name for layer in again.layers] == [layer.name for layer in found.layers]
    energy, mean = price(found, model), price(again, model)
    torch.testing.assert_close(mean.total_pj(), energy.total_pj().mean().reshape(1))
    assert mean.first_layer_pj().item() > 0
    assert tensors["synops/accumulates"].tolist() == found.accumulates().tolist()
