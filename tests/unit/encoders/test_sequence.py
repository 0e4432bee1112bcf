"""The time axis as the steps: numbers by hand, networks that know it, trials that say it once."""

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.data import SOURCES, memory_source, register_source
from spikefuse.data.settings import DataSettings
from spikefuse.encoders import ENCODERS
from spikefuse.networks import NetworkSpec, NeuronSpec, build, solve_width, twin
from spikefuse.networks.budget import count_parameters, layer_costs
from spikefuse.networks.memory import network_memory
from spikefuse.training import TrialDefinition
from spikefuse.training.effect import without_effect


def test_means_of_unequal_shares_by_hand() -> None:
    x = torch.tensor([1.0, 2, 30, 40, 500, 600, 700]).view(1, 1, 1, 1, 7)
    steps = ENCODERS["sequence"]("x", [0], 3)(x, None)

    assert steps.shape == (1, 3, 1, 1, 1, 1)
    torch.testing.assert_close(steps.flatten(), torch.tensor([1.5, 35, 600]))


def test_fewer_places_than_steps_are_seen_again() -> None:
    x = torch.tensor([5.0, 7.0]).view(1, 1, 1, 1, 2)
    assert ENCODERS["sequence"]("x", [0], 3)(x, None).flatten().tolist() == [5, 5, 7]


def test_counts_are_added_and_no_event_is_lost_or_seen_twice() -> None:
    counts = torch.randint(5, (2, 3, 2, 4, 6, 16), generator=torch.Generator().manual_seed(0))
    for steps in (1, 3, 4, 16):
        coded = ENCODERS["events"]("x", [0, 1], steps)(counts.float(), None)
        assert coded.shape == (2, steps, 3, 4, 6, 2)
        assert torch.equal(coded.sum(dim=1), counts.sum(dim=-1).permute(0, 1, 3, 4, 2).float())
    quarter = ENCODERS["events"]("x", [0, 1], 4)(counts.float(), None)
    assert quarter[1, 2, 0, 3, 5, 1] == counts[1, 0, 1, 3, 5, 8:12].sum()


def test_more_steps_than_bins_are_refused() -> None:
    with pytest.raises(InputError, match=r"time_steps must be at most .* bins of 'x' \(3\), got 4"):
        ENCODERS["events"]("x", [0], 4)(torch.zeros(1, 1, 2, 4, 4, 3), None)


def test_a_network_over_time_differs_from_one_on_the_whole_map() -> None:
    whole = NetworkSpec(input_shapes={"x": (2, 9, 9, 6)}, time_steps=3, budget=60_000)
    over_time = whole.model_copy(update={"encoder": "events"})

    assert (whole.maps["x"], over_time.maps["x"]) == ((12, 9, 9), (2, 9, 9))
    assert not over_time.is_static
    assert twin(over_time).maps["x"] == (12, 9, 9)
    for spec, passes in ((whole, 1), (over_time, None)):
        network = build(spec)
        assert layer_costs(spec, network.width)[0].passes == passes
        assert sum(p.numel() for p in network.parameters()) == count_parameters(spec, network.width)
    more = network_memory(over_time, "float32", 10).kept - network_memory(whole, "float32", 10).kept
    assert more > 0


def test_the_whole_map_of_frames_has_a_channel_for_each_time() -> None:
    spec = NetworkSpec(input_shapes={"x": (2, 4, 4, 3)}, budget=60_000)
    network, seen = build(spec), []
    network.weighted["x_conv1"].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    frames = torch.rand(1, 2, 2, 4, 4, 3)
    network({"x": frames})

    assert seen[0].shape == (1, 1, 2, 4, 4, 6)
    assert seen[0][0, 0, 1, 2, 3, 1 * 3 + 2] == frames[0, 1, 1, 2, 3, 2]


@pytest.mark.parametrize("fusion", ["early", "late", "gated", "input"])
def test_what_moves_meets_what_stands_still(fusion: str) -> None:
    spec = NetworkSpec(
        input_shapes={"picture": (1, 8, 8), "events": (2, 8, 8, 6)},
        encoders={"events": "events"},
        fusion=fusion,
        time_steps=3,
        budget=60_000,
        neuron=NeuronSpec(threshold=0.02),
    )
    network = build(spec)
    firsts = [name for name in network.weighted if name.endswith("conv1")]
    lengths = {}
    for name in firsts:
        network.weighted[name].register_forward_hook(
            lambda _, inputs, output, name=name: lengths.update({name: output.shape[1]})
        )
    torch.manual_seed(0)
    inputs = {"picture": torch.rand(1, 5, 1, 8, 8), "events": torch.rand(1, 5, 2, 8, 8, 6)}
    logits = network(inputs)

    assert logits.shape == (1, 5, 10)
    costs = {each.name: each.passes or 3 for each in layer_costs(spec, network.width)}
    assert lengths == {name: costs[name.replace("_", ".")] for name in firsts}
    # A change of one bin alone reaches the answer.
    inputs["events"][..., 5] = 9
    assert not torch.equal(network(inputs), logits)


def test_the_order_of_time_matters() -> None:
    x = torch.rand(1, 8, 1, 12, 12)
    for encoder in ("direct", "sequence"):
        spec = NetworkSpec(
            input_shapes={"x": (1, 12, 12)},
            encoder=encoder,
            plan="by-shape",
            budget=20_000,
            time_steps=6,
            neuron=NeuronSpec(threshold=0.02),
        )
        network = build(spec)
        assert not torch.equal(network({"x": x}), network({"x": x.flip(-1)}))
        assert network.width == solve_width(spec)


def test_vectors_have_no_time() -> None:
    with pytest.raises(ValueError, match="encoder must be one for inputs without time"):
        NetworkSpec(input_shapes={"x": (7,)}, encoder="sequence", plan="mlp")


@pytest.fixture
def source() -> object:
    labels = torch.arange(20) % 2
    inputs = {
        "picture": torch.zeros(20, 8, 8, dtype=torch.uint8),
        "motion": torch.randn(20, 6, 30),
        "shape": torch.randn(20, 5),
        "events": torch.ones(20, 2, 8, 8, 4, dtype=torch.int16),
    }
    yield register_source(memory_source("timed", inputs, labels, kinds={"events": "events"}))
    del SOURCES["timed"]


def trial(**values: object) -> TrialDefinition:
    settings = {"data": DataSettings(source="timed", fingerprint="0" * 16), "plan": "by-shape"}
    return TrialDefinition.create(**settings | values)


def test_a_trial_names_its_encoder_once(source: object) -> None:
    both = trial(modality="picture+motion", encoder="sequence", time_steps=10).network_spec()
    assert both.encoders == {"picture": "direct"}
    assert both.maps == {"picture": (1, 8, 8), "motion": (1, 6, 1)}
    assert trial(modality="events").encoder == "events"
    assert trial(modality="events").name == trial(modality="events", encoder="rate").name
    assert trial(modality="picture+events").network_spec().encoders == {"events": "events"}
    dense = trial(modality="events", network="dnn").network_spec()
    assert (dense.encoders, dense.maps["events"]) == ({}, (8, 8, 8))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"modality": "picture", "encoder": "sequence"}, r"without a time axis \(picture\)"),
        ({"modality": "shape", "encoder": "sequence"}, r"without a time axis \(shape\)"),
        ({"modality": "picture+events", "encoder": "sequence"}, r"time axis \(picture\)"),
        ({"modality": "motion", "encoder": "events"}, "encoder must be one for motion"),
    ],
)
def test_encoders_that_do_not_suit_are_refused(
    source: object, values: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        trial(**values)


def test_an_encoder_that_events_have_anyway_changes_nothing(source: object) -> None:
    found = without_effect(trial(modality="events", encoder="rate"), {"encoder": "rate"})
    assert found == ("encoder", "an input that has no encoder of its own")
    assert without_effect(trial(modality="picture", encoder="rate"), {"encoder": "rate"}) is None
