"""What a network may be: any modalities, shapes and number of classes; plans that fit."""

from typing import Any

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.fusion import FUSIONS
from spikefuse.networks import PLANS, NetworkSpec, build, twin
from spikefuse.networks.plans import convolutions_of
from spikefuse.networks.spec import RESERVED, as_map

SHAPES = {"image": (1, 28, 28), "sound": (1, 20, 30), "motion": (6, 50)}
TOGETHER = [name for name, kind in FUSIONS.items() if not kind.for_one]


def test_shapes_as_maps() -> None:
    assert as_map((3, 20, 30)) == (3, 20, 30)
    assert as_map((6, 50)) == (1, 6, 50)
    assert as_map((17,)) == (17, 1, 1)


@pytest.mark.parametrize("fusion", TOGETHER)
@pytest.mark.parametrize("network", ["snn", "dnn"])
@pytest.mark.parametrize("classes", [2, 4, 1000])
def test_any_modalities_and_classes(fusion: str, network: str, classes: int) -> None:
    shapes = dict.fromkeys(SHAPES, (1, 8, 9)) if fusion == "input" else SHAPES
    spec = NetworkSpec(input_shapes=shapes, classes=classes, fusion=fusion, budget=600_000)
    assert spec.modality == "fused"
    network_of = build(spec if network == "snn" else twin(spec))
    inputs = {name: torch.rand(1, 2, *shape) for name, shape in shapes.items()}
    assert network_of(inputs).shape == (1, 2, classes)


@pytest.mark.parametrize("name", ["values", "items", "type", "x-1", "a_b", "readout", "hidden"])
def test_a_modality_may_have_any_plain_name(name: str) -> None:
    for shapes, fusion in (({name: (1, 8, 8)}, "none"), ({name: (5,), "b": (3, 4)}, "gated")):
        spec = NetworkSpec(input_shapes=shapes, fusion=fusion, budget=20_000, plan="by-shape")
        network = build(spec, 3)
        inputs = {key: torch.rand(1, 2, *shape) for key, shape in shapes.items()}
        logits = network(inputs)
        other = build(spec, 4)
        other.load_member(0, network.member_state(0))
        assert torch.equal(other(inputs), logits)


@pytest.mark.parametrize("name", [*sorted(RESERVED), "Image", "a.b", "", "a b"])
def test_names_that_stored_tensors_have_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must name modalities by lower-case"):
        NetworkSpec(input_shapes={name: (1, 8, 8)})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plan": "pool-twise"}, "Did you mean pool-twice"),
        ({"fusion": "latte"}, "Did you mean late"),
        ({"classes": 1}, "greater than or equal to 2"),
        ({"classes": 1001}, "less than or equal to 1000"),
        ({"input_shapes": {}}, "input_shapes must name"),
        ({"input_shapes": {"x": (1, 2, 3, 4, 5)}}, "at most 4"),
        ({"input_shapes": {"x": (0, 8, 8)}}, "greater than or equal to 1"),
        ({"modality": "y"}, "must name the modality 'y' alone"),
        (
            {"network": "dnn", "neuron": {"model": "relu"}, "time_steps": 1, "encoder": "rate"},
            "encoder",
        ),
    ],
)
def test_contradictions_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        NetworkSpec(**({"input_shapes": {"x": (1, 8, 8)}} | change))


@pytest.mark.parametrize(
    ("plan", "size", "least", "times"),
    [("pool-twice", (3, 9), 4, 2), ("pool-twice", (9, 2), 4, 2), ("simple-audio", (1, 40), 2, 1)],
)
def test_a_plan_that_does_not_fit_says_which_size_would(
    plan: str, size: tuple[int, int], least: int, times: int
) -> None:
    words = f"at least {least} x {least} for plan '{plan}', which halves it {times} times"
    with pytest.raises(ValueError, match=words):
        NetworkSpec(input_shapes={"touch": (1, *size)}, plan=plan)
    with pytest.raises(InputError, match=r"take a plan that fits: .*mlp"):
        convolutions_of(plan, "touch", (1, *size))
    enough = NetworkSpec(input_shapes={"touch": (1, least, least)}, plan=plan, budget=60_000)
    assert build(enough)({"touch": torch.rand(1, 2, 1, least, least)}).shape == (1, 2, 10)


@pytest.mark.parametrize(
    ("shape", "plan"),
    [
        ((1, 4, 4), "pool-twice"),
        ((1, 3, 9), "simple-audio"),
        ((1, 1, 9), "mlp"),
        ((9, 1, 1), "mlp"),
    ],
)
def test_a_plan_by_shape_takes_the_deepest_that_fits(
    shape: tuple[int, int, int], plan: str
) -> None:
    assert convolutions_of("by-shape", "x", shape) == PLANS[plan].convolutions


def test_branches_of_different_depth_meet() -> None:
    """A vector is the same at every step, spikes of a map are not."""
    shapes = {"map": (1, 8, 8), "vector": (7,)}
    for fusion in ("early", "late", "gated"):
        spec = NetworkSpec(input_shapes=shapes, fusion=fusion, plan="by-shape", budget=40_000)
        network = build(spec)
        inputs = {name: torch.rand(1, 3, *shape) for name, shape in shapes.items()}
        logits = network(inputs)
        logits.square().sum().backward()
        assert logits.shape == (1, 3, 10)
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
