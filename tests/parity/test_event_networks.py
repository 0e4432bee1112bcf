"""A network trained by events gets the gradients that it gets densely, within float32's rounding.

The grid below is a sample; SPIKEFUSE_LONG_TESTS=1 takes all of it.
"""

import itertools
import os
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from spikefuse.core import library
from spikefuse.core.errors import InputError
from spikefuse.networks import NetworkSpec, NeuronSpec, PopulationNetwork, build
from spikefuse.networks.population.choice import limits

pytestmark = pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")

LARGEST = 5e-6
"""Largest difference to the dense gradient, as a share of the largest gradient of its tensor."""

ERROR_FACTOR = 2.0
"""Largest error of a tensor against float64, in units of plain float32's largest in that network.

Of one tensor the largest error is luck: both round at random, and of some thousand tensors a few
have twice the other's, to either side. The long form prints how many, each way.
"""

FLOOR = 5e-7
"""Errors below this share of the largest gradient are rounding, whoever makes them."""

SHAPES = {"image": (1, 13, 12), "audio": (1, 12, 14)}


@dataclass(frozen=True)
class Case:
    """One network."""

    plan: str = "pool-twice"
    fusion: str = "none"
    reset: str = "soft"
    surrogate: str = "boxcar"
    members: int = 1
    steps: int = 4
    readout: str = "mean-current"

    def spec(self) -> NetworkSpec:
        is_fused = self.fusion != "none"
        size = (1, 13, 12)
        shapes = {"image": size, "audio": size if self.fusion == "input" else SHAPES["audio"]}
        return NetworkSpec(
            modality="fused" if is_fused else "image",
            input_shapes=shapes if is_fused else {"image": size},
            plan=self.plan,
            fusion=self.fusion,
            budget=60_000 if not is_fused else 120_000,
            neuron=NeuronSpec(
                surrogate=self.surrogate,
                surrogate_width=1.0 if self.surrogate == "triangle" else None,
                reset=self.reset,
            ),
            time_steps=self.steps,
            readout=self.readout,
        )

    def network(self, products: str) -> PopulationNetwork:
        network = build([self.spec()] * self.members, list(range(self.members)), products=products)
        with torch.no_grad():
            for layer in network.weighted.values():
                layer.weight.mul_(2)  # or few neurons fire
        return network

    def inputs(self, batch: int = 6) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(2)
        shapes = self.spec().input_shapes
        return {
            name: 2 * torch.rand((self.members, batch, *shape), generator=generator)
            for name, shape in shapes.items()
        }


def gradients(
    network: PopulationNetwork, inputs: dict[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    """Logits, and the gradient of every parameter under a loss that weighs classes apart."""
    logits = network(inputs)
    weights = torch.linspace(-1, 2, logits.shape[-1], dtype=logits.dtype)
    (logits * weights).square().sum().backward()
    found = {name: each.grad for name, each in network.named_parameters()}
    assert all(each is not None for each in found.values())
    return logits.detach(), {name: each for name, each in found.items() if each is not None}


def exact(case: Case) -> tuple[Tensor, dict[str, Tensor]]:
    """The same in float64 by the definition."""
    network = case.network("dense").double()
    network.dtype = torch.float64
    return gradients(network, {name: x.double() for name, x in case.inputs().items()})


def check(case: Case) -> list[float]:
    """Compare; errors by events over plain ones, tensor by tensor."""
    inputs = case.inputs()
    network = case.network("events")
    logits, by_events = gradients(network, inputs)
    plain_logits, plain = gradients(case.network("dense"), inputs)
    exact_logits, wanted = exact(case)
    # A spike that one of them does not have would be another network's gradient.
    assert (logits - plain_logits).abs().max() <= 1e-5
    assert (plain_logits - exact_logits).abs().max() <= 1e-5
    for name, each in wanted.items():
        assert each.count_nonzero() or not by_events[name].count_nonzero(), name
    largest = {name: each.abs().max() for name, each in wanted.items() if each.count_nonzero()}
    for name, size in largest.items():
        assert (by_events[name] - plain[name]).abs().max() <= LARGEST * size, name
    errors, plain_errors = (
        {name: float((found[name] - wanted[name]).abs().max() / largest[name]) for name in largest}
        for found in (by_events, plain)
    )
    allowed = max(ERROR_FACTOR * max(plain_errors.values()), FLOOR)
    for name, error in errors.items():
        assert error <= allowed, (name, error, allowed)
    if case.plan != "mlp":
        assert network.products_by_events()["forward"] == 1.0
    both = ((error, plain_errors[name]) for name, error in errors.items())
    return [ours / theirs for ours, theirs in both if ours > 0 and theirs > 0]


@pytest.fixture(scope="module")
def ratios() -> Iterator[list[float]]:
    """Errors by events over plain ones; told at the end, with -s."""
    found: list[float] = []
    yield found
    more, less = (sum(each > ERROR_FACTOR for each in side) for side in (found, inverse(found)))
    print(
        f"\n{len(found)} tensors: by events more than twice plain float32's error in {more}, "
        f"less than half in {less}; median ratio {statistics.median(found):.3f}, "
        f"geometric mean {statistics.geometric_mean(found):.3f}"
    )


def inverse(found: list[float]) -> list[float]:
    return [1 / each for each in found]


PLANS = ("pool-twice", "simple-audio", "mlp")
FUSIONS = ("none", "input", "early", "gated", "late")
RESETS = ("soft", "hard", "none")
SURROGATES = ("boxcar", "triangle", "atan", "fast_sigmoid")

SAMPLE = (
    *(Case(plan=plan) for plan in PLANS),
    *(Case(fusion=fusion, steps=1) for fusion in FUSIONS[1:]),
    Case(fusion="gated", surrogate="triangle", members=3),
    *(Case(reset=reset, surrogate="triangle", members=3, steps=7) for reset in RESETS),
    *(Case(surrogate=surrogate, plan="simple-audio") for surrogate in SURROGATES[2:]),
    Case(readout="spike-count", surrogate="triangle"),
    Case(fusion="early", plan="simple-audio", members=3, reset="hard"),
    # Where one tensor's error is more than twice plain float32's in it.
    Case("simple-audio", "input", "hard", "fast_sigmoid", 3, 7),
    Case("simple-audio", "late", "soft", "atan", 1, 4),
)
LONG = tuple(
    Case(*each) for each in itertools.product(PLANS, FUSIONS, RESETS, SURROGATES, (1, 3), (1, 4, 7))
)


@pytest.mark.parametrize("case", SAMPLE, ids=str)
def test_gradients_of_whole_networks(case: Case, ratios: list[float]) -> None:
    ratios += check(case)


@pytest.mark.skipif(not os.environ.get("SPIKEFUSE_LONG_TESTS"), reason="1,080 networks; see above")
@pytest.mark.parametrize("case", LONG, ids=str)
def test_gradients_of_all_networks(case: Case, ratios: list[float]) -> None:
    ratios += check(case)


def test_dense_products_are_what_they_were() -> None:
    """Not a bit of them passes through anything new."""
    case = Case(members=2)
    network = case.network("dense")
    seen: list[type] = []
    for layer in network.weighted.values():
        layer.register_forward_pre_hook(lambda _, inputs: seen.append(type(inputs[0])))
    logits, _ = gradients(network, case.inputs())
    assert set(seen) == {Tensor}
    assert network.products_by_events() == {}
    # By PyTorch's operations and the definition's neuron: the same sums in the same order.
    reference = build([case.spec()] * 2, [0, 1], backend="eager", products="auto")
    with torch.no_grad():
        for layer in reference.weighted.values():
            layer.weight.mul_(2)
    assert torch.equal(logits, reference(case.inputs()).detach())


@pytest.mark.skipif(
    library.available() and not limits(), reason="nothing was measured on this instruction set"
)
def test_auto_takes_events_where_few_neurons_fire() -> None:
    case = Case()
    network = case.network("auto")
    with torch.no_grad():
        for layer in network.weighted.values():
            layer.weight.mul_(0.5)
    network(case.inputs())
    assert network.products_by_events() == {"forward": 1.0}
    with torch.no_grad():
        for layer in network.weighted.values():
            layer.bias.add_(3)  # everybody fires, all the time
    again = case.network("auto")
    again.load_state_dict(network.state_dict())
    again(case.inputs())
    assert again.products_by_events() == {"forward": 0.0}


def test_threads_and_neighbours_change_nothing() -> None:
    case = Case(members=3, steps=3)
    before, results = torch.get_num_threads(), []
    alone = build([case.spec()], [1], products="events")
    with torch.no_grad():
        for layer in alone.weighted.values():
            layer.weight.mul_(2)
    try:
        for threads in (2, 1):
            torch.set_num_threads(threads)
            results.append(gradients(case.network("events"), case.inputs())[1])
        # With as many threads as the last: the first layer's products are PyTorch's own.
        _, own = gradients(alone, {name: x[1:2] for name, x in case.inputs().items()})
    finally:
        torch.set_num_threads(before)
    for name, each in results[0].items():
        if "conv1" not in name and "readout" not in name:  # these are PyTorch's own products
            assert torch.equal(each, results[1][name]), name
    for name, each in own.items():
        assert torch.equal(each, results[1][name][1:2]), name


@pytest.mark.parametrize("silent", [True, False])
def test_layers_in_which_nobody_or_everybody_fires(silent: bool) -> None:
    case = Case()
    results = []
    for products in ("dense", "events"):
        network = case.network(products)
        with torch.no_grad():
            for layer in network.weighted.values():
                layer.bias.fill_(-50.0 if silent else 50.0)
        results.append(gradients(network, case.inputs())[1])
    for name, dense in results[0].items():
        largest = dense.abs().max()
        assert (results[1][name] - dense).abs().max() <= LARGEST * largest, name


@pytest.mark.parametrize("layer", ["image_conv1", "image_conv2", "image_hidden"])
def test_a_weight_that_is_not_finite_shows_in_the_first_layer(layer: str) -> None:
    """Within the same step, or training would go on with it."""
    for surrogate in ("boxcar", "triangle", "atan"):
        case = Case(surrogate=surrogate)
        network = case.network("events")
        with torch.no_grad():
            network.weighted[layer].weight[0, 3] = torch.nan
        _, found = gradients(network, case.inputs())
        assert not found["weighted.image_conv1.weight"].isfinite().all(), surrogate


def test_watching_and_noise_after_the_neurons_take_floats() -> None:
    """A meter sees the same spikes; what comes after noise is real-valued and dense."""
    seen: dict[str, list[Tensor]] = {"events": [], "dense": []}

    class Watch:
        def __init__(self, name: str) -> None:
            self.name = name

        def update(self, site: str, output: Tensor) -> None:
            assert type(output) is Tensor
            seen[self.name].append(output)

    logits = []
    for name in seen:
        network = Case().network(name).eval()
        with torch.no_grad():
            logits.append(network(Case().inputs(), meters=(Watch(name),)))  # type: ignore[arg-type]
        assert network.products_by_events() == {}
    assert torch.equal(*logits)
    assert all(torch.equal(a, b) for a, b in zip(seen["events"], seen["dense"], strict=True))


def test_other_products_are_refused() -> None:
    with pytest.raises(InputError, match="products must be one of auto, events, dense"):
        build(Case().spec(), products="sparse")
