"""Every neuron model keeps its contract: shapes, gradients, members apart, storage."""

from typing import Any

import pytest
import torch

from spikefuse.networks import NetworkSpec, NeuronSpec, build
from spikefuse.networks.budget import count_parameters
from spikefuse.networks.build import population_key
from spikefuse.neurons import NEURONS


def spec_of(model: str, **more: Any) -> NetworkSpec:
    record = NEURONS[model]
    settings = {"threshold": 0.2} if "threshold" in record.constants else {}
    return NetworkSpec(
        network="snn" if record.is_spiking else "dnn",
        input_shapes={"x": (1, 9, 8)},
        time_steps=3 if record.is_spiking else 1,
        neuron=NeuronSpec(model=model, **settings | more),
        budget=30_000,
    )


def inputs_of(members: int) -> torch.Tensor:
    return torch.rand(members, 4, 1, 9, 8, generator=torch.Generator().manual_seed(5)) * 2


@pytest.mark.parametrize("model", NEURONS)
def test_a_member_is_the_same_alone_to_the_last_bit(model: str) -> None:
    spec = spec_of(model)
    together = build([spec] * 3, [0, 1, 2])
    x = inputs_of(3)
    logits = together({"x": x})
    logits.square().sum().backward()
    for member in range(3):
        alone = build(spec, member)
        own = alone({"x": x[member : member + 1]})
        own.square().sum().backward()
        assert torch.equal(own[0], logits[member])
        for (name, ours), theirs in zip(
            together.named_parameters(), alone.parameters(), strict=True
        ):
            assert ours.grad is not None, name
            assert theirs.grad is not None, name
            assert torch.equal(ours.grad[member], theirs.grad[0]), name


@pytest.mark.parametrize("model", NEURONS)
def test_what_is_learned_is_counted_stored_and_loaded(model: str) -> None:
    spec = spec_of(model)
    network, other = build([spec] * 2, [0, 1]), build(spec, 7)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == 2 * count_parameters(spec, network.width)
    assert NEURONS[model].title
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1
    state = network.member_state(1)
    learned = [name for name in state if ".neurons." in name]
    assert len(learned) == NEURONS[model].learned * len(network.sites)
    other.load_member(0, state)
    for name, value in other.member_state(0).items():
        assert torch.equal(value, state[name]), name
    x = inputs_of(2)
    assert torch.equal(network({"x": x})[1], other({"x": x[1:]})[0])


@pytest.mark.parametrize("model", NEURONS)
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_pooled_is_the_maximum_of_the_whole(model: str, precision: str) -> None:
    network = build(spec_of(model), precision=precision)
    neurons = network.activations["x_conv1"].neurons
    current = torch.randn(1, 1, 2, 6, 4, 8).to(network.dtype)
    whole, pooled = neurons(current, False), neurons(current, True)
    assert whole.dtype == pooled.dtype == network.dtype
    windows = whole.unflatten(4, (2, 2)).unflatten(3, (3, 2)).amax(dim=(4, 6))
    assert torch.equal(pooled, windows)


@pytest.mark.parametrize("model", [name for name, each in NEURONS.items() if each.constants])
def test_constants_have_ranges(model: str) -> None:
    record = NEURONS[model]
    for name, constant in record.constants.items():
        if name in record.fixed:
            continue
        assert getattr(NeuronSpec(model=model), name) == constant.default
        for wrong in (-0.5, 1.5 if name == "leak" else float("inf")):
            with pytest.raises(ValueError, match=r"from|between|greater|less"):
                NeuronSpec(model=model, **{name: wrong})


def test_a_learned_leak_stays_between_its_bounds() -> None:
    for leak in (0.0, 1.0):
        with pytest.raises(ValueError, match=r"between 0 and 1 \(both excluded\)"):
            NeuronSpec(model="plif", leak=leak)


def test_an_unknown_model_comes_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="Did you mean plif"):
        NeuronSpec(model="plfi")


def test_members_may_differ_where_the_model_says_so() -> None:
    def key(model: str, **more: Any) -> str:
        return population_key(spec_of(model, **more))

    assert key("lif") == key("if") == key("lif", leak=0.5, threshold=0.7, reset="hard")
    assert key("plif") == key("plif", leak=0.5, threshold=0.7, reset="hard") != key("lif")
    for setting in ({"surrogate": "atan"}, {"detach_reset": True}, {"surrogate_width": 0.3}):
        assert key("lif") != key("lif", **setting)
        assert key("plif") != key("plif", **setting)


class TestPlif:
    def test_it_is_lif_while_its_leak_is_what_it_was_at_first(self) -> None:
        learned, fixed = (build(spec_of(model, leak=0.7), 3) for model in ("plif", "lif"))
        x = {"x": inputs_of(1)}
        with torch.no_grad():
            # The sigmoid of the logit is the leak within rounding.
            torch.testing.assert_close(learned(x), fixed(x), rtol=0, atol=1e-5)
            assert fixed(x).std() > 0

    def test_its_leak_gets_the_derivative_by_hand(self) -> None:
        narrow = NeuronSpec(model="plif", leak=0.6, threshold=2.0)
        neurons = NEURONS["plif"].make([narrow], 2, "auto")
        current = torch.tensor([1.0, 0.9]).view(1, 2, 1, 1)
        spikes = neurons(current, False)
        assert spikes.sum() == 0
        spikes.sum().backward()
        # Outside the boxcar there is no gradient; inside, h_2 = leak * 1.0 + 0.9.
        assert neurons.leak_logit.grad.item() == 0
        wide = NeuronSpec(model="plif", leak=0.6, threshold=2.0, surrogate_width=4.0)
        neurons = NEURONS["plif"].make([wide], 2, "auto")
        neurons(current, False).sum().backward()
        slope, sigmoid = 1 / 8, 0.6 * 0.4
        assert neurons.leak_logit.grad.item() == pytest.approx(slope * 1.0 * sigmoid)

    @pytest.mark.parametrize("backend", ["auto", "eager", "reference"])
    def test_every_implementation_learns_the_same(self, backend: str) -> None:
        spec = spec_of("plif", surrogate="atan")
        networks = [build(spec, 2, backend=each) for each in (backend, "reference")]
        for network in networks:
            network({"x": inputs_of(1)}).square().sum().backward()
        for (name, ours), theirs in zip(
            networks[0].named_parameters(), networks[1].parameters(), strict=True
        ):
            torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-6, msg=name)
            assert theirs.grad.abs().max() > 0, name

    def test_members_begin_and_learn_apart(self) -> None:
        specs = [spec_of("plif", leak=leak) for leak in (0.5, 0.9)]
        network = build(specs, [0, 1])
        leaks = torch.sigmoid(network.activations["x_hidden"].neurons.leak_logit)
        assert leaks.tolist() == pytest.approx([0.5, 0.9])
