"""Populations of networks: shapes, members, static input, twin, noise-free hooks."""

from dataclasses import replace

import pytest
import torch
from modalities import MODALITIES

from spikefuse.core.errors import InputError
from spikefuse.encoders import ENCODERS, Encoder, Moment
from spikefuse.fusion import FUSIONS, Fusion
from spikefuse.meters import Rates, Subject, mean_rates
from spikefuse.networks import NetworkSpec, NeuronSpec, build, twin
from spikefuse.neurons import NEURONS


def _spec(modality: str = "image", size: int = 8, **more) -> NetworkSpec:
    settings = {"budget": 40_000, "time_steps": 3} | more
    if modality == "fused":
        settings.setdefault("fusion", "early")
    return NetworkSpec(
        modality=modality,
        input_shapes=dict.fromkeys(MODALITIES[modality], (1, size, size)),
        **settings,
    )


def _inputs(spec: NetworkSpec, members: int, batch: int = 5) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(11)
    return {
        name: torch.rand(members, batch, *shape, generator=generator) * 2
        for name, shape in spec.input_shapes.items()
    }


@pytest.mark.parametrize("plan", ["pool-twice", "simple-audio", "mlp"])
@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("readout", ["mean-current", "spike-count"])
def test_forward_shape_and_gradients(plan: str, modality: str, readout: str) -> None:
    budget = 4_000 if plan == "mlp" else 40_000
    spec = _spec(modality, plan=plan, readout=readout, budget=budget, size=9)
    network = build([spec, spec], [0, 1])
    logits = network(_inputs(spec, 2))
    assert logits.shape == (2, 5, 10)
    logits.square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("fusion", ["input", "early", "late"])
def test_both_modalities_matter(fusion: str) -> None:
    # The dense twin: an untrained spiking network may be silent for every input.
    spec = twin(_spec("fused", fusion=fusion))
    network = build(spec)
    inputs = _inputs(spec, 1)
    logits = network(inputs)
    for name in inputs:
        changed = dict(inputs)
        changed[name] = inputs[name].flip(1)
        assert not torch.equal(network(changed), logits), name


@pytest.mark.parametrize("fusion", ["input", "early", "late"])
@pytest.mark.parametrize("network", ["snn", "dnn"])
def test_the_order_of_the_inputs_decides_nothing(fusion: str, network: str) -> None:
    spec = _spec("fused", fusion=fusion, neuron=NeuronSpec(threshold=0.2))
    built = build(spec if network == "snn" else twin(spec))
    inputs = _inputs(spec, 1)
    turned = dict(reversed(inputs.items()))
    assert tuple(turned) != tuple(inputs)
    logits = built(inputs)
    assert logits.std() > 0
    assert torch.equal(built(turned), logits)


@pytest.mark.parametrize("fusion", ["input", "early", "late"])
@pytest.mark.parametrize("names", [("image",), ("audio",), ("image", "audio", "touch"), ()])
def test_other_modalities_than_the_networks_are_refused(
    fusion: str, names: tuple[str, ...]
) -> None:
    network = build(_spec("fused", fusion=fusion))
    inputs = {name: torch.rand(1, 5, 1, 8, 8) for name in names}
    with pytest.raises(InputError, match="must name the modalities image, audio"):
        network(inputs)


@pytest.mark.parametrize("shape", [(1, 5, 1, 8, 9), (2, 5, 1, 8, 8), (1, 5, 8, 8)])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    network = build(_spec("image"))
    with pytest.raises(InputError, match=r"input 'image' must be \[1, B, 1, 8, 8\]"):
        network({"image": torch.rand(shape)})


class _Misnamed(Fusion):
    """Says of its head two names."""

    @classmethod
    def heads(cls, features):
        return {"fused": sum(features.values())}

    def join_features(self, features):
        return {"fuse": torch.cat(list(features.values()), dim=-1)}


def test_a_fusion_that_names_its_heads_in_two_ways_is_refused(monkeypatch) -> None:
    monkeypatch.setitem(FUSIONS, "misnamed", _Misnamed)
    spec = _spec("fused", fusion="misnamed")
    with pytest.raises(InputError, match=r"heads of misnamed must be fused, got 'fuse'"):
        build(spec, 0)(_inputs(spec, 1))


@pytest.mark.parametrize("steps", [None, 2, 4])
def test_an_encoder_that_gives_another_layout_is_refused(monkeypatch, steps) -> None:
    class Flat(Encoder):
        def __call__(self, inputs, moment):
            maps = inputs.permute(0, 1, 3, 4, 2)
            return maps if steps is None else maps.unsqueeze(1).repeat(1, steps, 1, 1, 1, 1)

    monkeypatch.setitem(ENCODERS, "flat", Flat)
    spec = _spec(encoder="flat")
    with pytest.raises(InputError, match=r"what image becomes must be \[P, T or 1, B, H, W, C\]"):
        build(spec, 0)(_inputs(spec, 1))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"learned": 5}, r"learned of plif must be what a layer of it learns .* \(1\), got 5"),
        ({"learned": -1}, r"learned of plif must be .* got -1"),
        ({"make": lambda *_: None}, "what plif makes must be a layer of Neurons, got 'NoneType'"),
        ({"make": lambda *_: torch.nn.ReLU()}, "must be a layer of Neurons, got 'ReLU'"),
    ],
)
def test_a_neuron_is_what_it_says_of_itself(monkeypatch, change, says) -> None:
    """Or budgets and counts would be of another network."""
    monkeypatch.setitem(NEURONS, "plif", replace(NEURONS["plif"], **change))
    with pytest.raises(InputError, match=says):
        build(_spec(neuron=NeuronSpec(model="plif")), 0)


@pytest.mark.parametrize("given", [None, True, "x"])
def test_what_an_encoder_gives_must_be_a_tensor(monkeypatch, given) -> None:
    class Odd(Encoder):
        def __call__(self, inputs, moment):
            return given

    monkeypatch.setitem(ENCODERS, "odd", Odd)
    with pytest.raises(InputError, match=f"what image becomes must be .* '{type(given).__name__}'"):
        build(_spec(encoder="odd"), 0)(_inputs(_spec(encoder="odd"), 1))


def test_an_encoder_that_says_static_gives_one_step(monkeypatch) -> None:
    class Moving(ENCODERS["direct"]):
        def __call__(self, inputs, moment):
            return super().__call__(inputs, moment).repeat(1, 4, 1, 1, 1, 1)

    monkeypatch.setitem(ENCODERS, "moving", Moving)
    spec = _spec(encoder="moving", time_steps=4)
    with pytest.raises(InputError, match=r"\[P, 1, B, H, W, C\], for it says that it is static"):
        build(spec, 0)(_inputs(spec, 1))


def test_members_are_independent_bit_for_bit() -> None:
    neurons = [
        NeuronSpec(leak=0.9),
        NeuronSpec(model="if", reset="hard"),
        NeuronSpec(leak=0.5, threshold=0.7),
    ]
    specs = [_spec(neuron=neuron) for neuron in neurons]
    together = build(specs, [0, 1, 2])
    inputs = _inputs(specs[0], 3)
    logits = together(inputs)
    logits.square().sum().backward()
    for p in range(3):
        alone = build(specs[p], p)
        own = alone({name: x[p : p + 1] for name, x in inputs.items()})
        own.square().sum().backward()
        assert torch.equal(logits[p], own[0])
        for (name, a), b in zip(together.named_parameters(), alone.parameters(), strict=True):
            assert a.grad is not None
            assert b.grad is not None
            assert torch.equal(a.grad[p], b.grad[0]), name


def test_static_input_equals_a_repeated_one() -> None:
    """One pass of the first layer gives what T passes would."""
    spec = _spec(time_steps=4)
    network = build(spec)
    inputs = _inputs(spec, 1)
    logits = network(inputs)

    class Repeated(ENCODERS["direct"]):
        is_static = False

        def __call__(self, inputs: torch.Tensor, moment: Moment | None) -> torch.Tensor:
            return super().__call__(inputs, moment).expand(-1, 4, -1, -1, -1, -1)

    network.encoders["image"] = Repeated("image", [0], 4)
    torch.testing.assert_close(network(inputs), logits, atol=1e-6, rtol=0)


def test_twin_has_the_same_weights_and_one_step() -> None:
    spec = _spec("fused")
    spiking, dense = build(spec, 3), build(twin(spec), 3)
    assert twin(spec).time_steps == 1
    for a, b in zip(spiking.parameters(), dense.parameters(), strict=True):
        assert torch.equal(a, b)


def test_rates_are_shares_of_spikes() -> None:
    spec = _spec()
    network = build(spec)
    meter = Rates(Subject(1, network.sites))
    with_rates = network(_inputs(spec, 1), meters=(meter,))
    rates = mean_rates(meter.compute()[0])
    assert set(rates) == {"image.conv1", "image.conv2", "image.hidden"} == set(network.sites)
    assert all(0 <= float(rate) <= 1 for rate in rates.values())
    assert any(float(rate) > 0 for rate in rates.values())
    assert torch.equal(with_rates, network(_inputs(spec, 1)))


def test_members_of_different_shape_are_refused() -> None:
    with pytest.raises(InputError, match="shapes a network"):
        build([_spec(), _spec(time_steps=4)], [0, 1])


def test_load_member_refuses_foreign_weights() -> None:
    network, other = build(_spec()), build(_spec(budget=60_000))
    with pytest.raises(InputError, match="tensor of shape"):
        network.load_member(0, other.member_state(0))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": "dnn"}, "relu"),
        ({"neuron": NeuronSpec(model="relu")}, "spiking neuron"),
        ({"fusion": "early"}, "fusion must be"),
        ({"input_shapes": {"audio": (1, 8, 8)}}, "input_shapes"),
    ],
)
def test_contradictions_are_refused(change: dict, words: str) -> None:
    settings = {"modality": "image", "input_shapes": {"image": (1, 8, 8)}} | change
    with pytest.raises(ValueError, match=words):
        NetworkSpec(**settings)


def _loss_gradients(spec: NetworkSpec, precision: str) -> dict[str, torch.Tensor]:
    network = build(spec, precision=precision)
    network(_inputs(spec, 1)).square().mean().backward()
    return {name: p.grad for name, p in network.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("network", ["snn", "dnn"])
def test_bf16_products_keep_float32_weights_and_nearly_the_same_gradients(network: str) -> None:
    # A triangle instead of the boxcar: rounding cannot throw a potential out of it.
    neuron = NeuronSpec(threshold=0.2, surrogate="triangle", surrogate_width=2.0)
    spec = _spec(neuron=neuron) if network == "snn" else twin(_spec())
    exact, rounded = (_loss_gradients(spec, name) for name in ("float32", "bf16"))
    assert exact.keys() == rounded.keys()
    for name, gradient in exact.items():
        assert rounded[name].dtype == torch.float32
        both = torch.stack([gradient.flatten(), rounded[name].flatten()])
        assert torch.nn.functional.cosine_similarity(*both, dim=0) > 0.9, name
        assert not torch.equal(*both), f"{name}: bf16 was not used"


def test_bf16_population_equals_one_by_one() -> None:
    specs = [_spec(neuron=NeuronSpec(reset=reset)) for reset in ("soft", "hard")]
    inputs = _inputs(specs[0], 2)
    together = build(specs, [3, 4], precision="bf16")(inputs)
    for member, (spec, seed) in enumerate(zip(specs, (3, 4), strict=True)):
        alone = build(spec, seed, precision="bf16")
        one = {name: x[member : member + 1] for name, x in inputs.items()}
        assert torch.equal(alone(one)[0], together[member])


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(InputError, match="precision must be one of float32, bf16"):
        build(_spec(), precision="half")


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_rates_are_counted(precision: str) -> None:
    spec = _spec(neuron=NeuronSpec(threshold=0.2))
    network = build(spec, precision=precision, backend="eager")
    meter = Rates(Subject(1, network.sites))
    seen: dict[str, torch.Tensor] = {}
    for activation in network.activations.values():
        activation.register_forward_hook(
            lambda module, args, output: seen.setdefault(module.name, output)
        )
    with torch.no_grad():
        network(_inputs(spec, 1), meters=(meter,))
    rates = mean_rates(meter.compute()[0])
    assert rates.keys() == set(network.sites)
    hidden = seen[network.sites[-1]]
    assert 0 < hidden.mean() < 1
    assert rates[network.sites[-1]] == pytest.approx(hidden.double().mean().item())
