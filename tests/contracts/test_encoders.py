"""Every encoder keeps its contract, and what each says of its spikes is so."""

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.encoders import ENCODERS, Moment
from spikefuse.networks import NetworkSpec, NeuronSpec, build, twin
from spikefuse.networks.budget import count_macs, count_sample_macs, layer_costs

STEPS = 5


def sample_inputs(members: int = 2, batch: int = 3) -> torch.Tensor:
    shape = (members, batch, 2, 4, 9)
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def numbered(members: int = 2, batch: int = 3, epoch: int = 0) -> Moment:
    samples = torch.arange(batch).expand(members, batch) + 10
    return Moment({"x": samples}, torch.tensor([epoch]))


def shape_of(name: str) -> tuple[int, ...]:
    """What leaves an encoder for the sample inputs."""
    kind = ENCODERS[name]
    return (2, 1 if kind.is_static else STEPS, 3, 4, 1 if kind.takes_time else 9, 2)


@pytest.mark.parametrize("name", ENCODERS)
def test_shape_type_and_members_apart(name: str) -> None:
    kind = ENCODERS[name]
    assert kind.title
    x = sample_inputs()
    together = kind("x", [3, 4], STEPS)(x, numbered())
    assert together.shape == shape_of(name)
    assert together.dtype == x.dtype
    alone = kind("x", [4], STEPS)(x[1:], numbered(1))
    assert torch.equal(together[1:], alone)
    assert not torch.equal(together[0], together[1])


@pytest.mark.parametrize("name", ENCODERS)
def test_a_samples_code_does_not_depend_on_its_batch(name: str) -> None:
    x, moment = sample_inputs(), numbered()
    encode = ENCODERS[name]("x", [3, 4], STEPS)
    whole = encode(x, moment)
    for place in range(3):
        one = Moment({"x": moment.samples["x"][:, place : place + 1]}, moment.epoch)
        assert torch.equal(encode(x[:, place : place + 1], one), whole[:, :, place : place + 1])


@pytest.mark.parametrize("name", [name for name, kind in ENCODERS.items() if kind.is_random])
def test_random_codes_are_a_function_of_seed_epoch_and_sample(name: str) -> None:
    x = sample_inputs(1, 1).expand(1, 3, -1, -1, -1)
    encode = ENCODERS[name]("x", [3], STEPS)
    first = encode(x, numbered(1, epoch=1))
    assert torch.equal(first, encode(x, numbered(1, epoch=1)))
    assert not torch.equal(first[:, :, 0], first[:, :, 1]), "samples"
    assert not torch.equal(first, encode(x, numbered(1, epoch=2))), "epochs"
    assert not torch.equal(first, ENCODERS[name]("x", [4], STEPS)(x, numbered(1, epoch=1))), "seeds"
    other = Moment({"y": numbered(1).samples["x"]}, torch.tensor([1]))
    assert not torch.equal(first, ENCODERS[name]("y", [3], STEPS)(x, other)), "modalities"
    with pytest.raises(InputError, match="samples of 'x' must be named"):
        encode(x, None)


def test_a_rate_is_the_intensity() -> None:
    levels = torch.tensor([0.0, 0.2, 0.7, 1.0])
    x = (levels * 6 - 3).view(1, 1, 1, 1, 4).expand(1, 400, 1, 1, 4)
    spikes = ENCODERS["rate"]("x", [0], 50)(x, numbered(1, 400))
    assert spikes.unique().tolist() == [0, 1]
    rates = spikes.mean(dim=(0, 1, 2, 3, 5))
    # 20,000 draws each: five standard errors.
    torch.testing.assert_close(rates, levels, rtol=0, atol=5 * 0.5 / 20_000**0.5)
    assert rates[0] == 0
    assert rates[3] == 1
    steps = spikes[0, :, :, 0, 2, 0]
    assert not torch.equal(steps[0], steps[1]), "fresh at every step"


def test_a_latency_is_the_earlier_the_greater() -> None:
    x = torch.tensor([0.0, 0.1, 0.5, 1.0]).view(1, 1, 1, 1, 4)
    spikes = ENCODERS["latency"]("x", [0], STEPS)(x, None)[0, :, 0, 0, :, 0]
    assert spikes.sum(dim=0).tolist() == [0, 1, 1, 1]
    assert spikes[:, 1:].argmax(dim=0).tolist() == [4, 2, 0]


@pytest.mark.parametrize("name", ["latency", "rate"])
def test_a_flat_sample_gives_no_spike(name: str) -> None:
    x = torch.full((1, 3, 1, 2, 2), 0.7)
    assert ENCODERS[name]("x", [0], STEPS)(x, numbered(1)).sum() == 0


def spec_of(encoder: str) -> NetworkSpec:
    takes_time = encoder in ENCODERS and ENCODERS[encoder].takes_time
    return NetworkSpec(
        input_shapes={"x": (1, 8, 8, 6) if takes_time else (1, 8, 8)},
        encoder=encoder,
        budget=30_000,
        time_steps=STEPS,
        neuron=NeuronSpec(threshold=0.2),
    )


@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_first_layer_runs_once_or_at_every_step_and_the_budget_knows(encoder: str) -> None:
    spec = spec_of(encoder)
    network = build(spec)
    steps: list[int] = []
    network.weighted["x_conv1"].register_forward_hook(
        lambda module, arguments, output: steps.append(output.shape[1])
    )
    network({"x": torch.rand(1, 3, *spec.input_shapes["x"])}, moment=numbered(1))
    first = layer_costs(spec, network.width)[0]
    assert steps == [first.passes or STEPS] == [1 if ENCODERS[encoder].is_static else STEPS]
    readout = network.width.hidden * spec.classes
    whole = STEPS * count_macs(spec, network.width) - (STEPS - 1) * readout
    saved = (STEPS - 1) * first.macs if ENCODERS[encoder].is_static else 0
    assert count_sample_macs(spec, network.width) == whole - saved


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_twin_sees_the_input_itself(encoder: str) -> None:
    dense = twin(spec_of(encoder))
    assert NetworkSpec.model_validate(dense.model_dump()) == dense
    assert dense.encoder == "direct"


def test_an_unknown_encoder_comes_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="Did you mean latency"):
        spec_of("latencie")
