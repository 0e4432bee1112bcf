"""Every registered fusion: budget, members apart, checkpoints, counts, order, twin, modalities."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from spikefuse.core.deadline import Deadline, OutOfTimeError
from spikefuse.core.errors import InputError
from spikefuse.data import Corpus, DataSettings, Selection, load_corpus, locate
from spikefuse.fusion import FUSIONS
from spikefuse.fusion.contract import ANSWER
from spikefuse.meters.contract import Subject
from spikefuse.meters.synops import Synops
from spikefuse.networks import NetworkSpec, NeuronSpec, PopulationNetwork, build, solve_width, twin
from spikefuse.networks.budget import count_parameters, layer_costs
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition, train_population

KINDS = sorted(name for name, kind in FUSIONS.items() if not kind.for_one)
SETTINGS = DataSettings(source="builtin", image_size=8, spectrogram_size=8)
SHAPES = {"image": (1, 8, 8), "audio": (2, 8, 8), "touch": (1, 8, 8)}
EAGER = NeuronSpec(threshold=0.1, surrogate="triangle")
"""Neurons that fire and learn also where weights are as drawn."""


def spec_of(fusion: str, modalities: int = 2, **more: Any) -> NetworkSpec:
    names = list(SHAPES)[:modalities]
    values: dict[str, Any] = {
        "input_shapes": {name: SHAPES[name] for name in names},
        "fusion": fusion,
        "budget": 120_000,
        "time_steps": 3,
        "neuron": EAGER,
    }
    return NetworkSpec(**(values | more))


def inputs_of(network: PopulationNetwork, samples: int = 3) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {
        name: torch.rand(1, samples, *shape, generator=generator).expand(network.members, *[-1] * 4)
        for name, shape in network.spec.input_shapes.items()
    }


@pytest.mark.parametrize("modalities", [2, 3])
@pytest.mark.parametrize("network", ["snn", "dnn"])
@pytest.mark.parametrize("fusion", KINDS)
def test_the_budget_holds_and_parameters_are_counted(
    fusion: str, network: str, modalities: int
) -> None:
    budget = 150_000
    spec = spec_of(fusion, modalities, budget=budget)
    spec = twin(spec) if network == "dnn" else spec
    counted = count_parameters(spec, solve_width(spec))
    assert abs(counted - budget) <= 0.01 * budget
    assert counted == sum(p.numel() for p in build(spec).parameters())


@pytest.mark.parametrize("neuron", ["lif", "plif"])
@pytest.mark.parametrize("fusion", KINDS)
def test_members_do_not_meet(fusion: str, neuron: str) -> None:
    spec = spec_of(fusion, 3, neuron=NeuronSpec(model=neuron, threshold=0.1))
    together = build([spec, spec], [4, 9])
    inputs = inputs_of(together)
    logits = together(inputs)
    assert logits.shape == (2, 3, spec.classes)
    for member, seed in enumerate((4, 9)):
        alone = build(spec, seed)
        found = alone({name: x[:1] for name, x in inputs.items()})
        assert torch.equal(found[0], logits[member])
        state = together.member_state(member)
        assert state.keys() == alone.member_state(0).keys()
        alone.load_member(0, together.member_state(1 - member))
        other = alone({name: x[:1] for name, x in inputs.items()})
        assert torch.equal(other[0], logits[1 - member]), "a state holds all that it learns"


@pytest.mark.parametrize("fusion", KINDS)
def test_order_of_inputs_and_presence(fusion: str) -> None:
    network = build(spec_of(fusion, 3))
    inputs = inputs_of(network)
    logits = network(inputs)
    assert torch.equal(network(dict(reversed(inputs.items()))), logits)
    for name in inputs:
        changed = network(inputs | {name: inputs[name].flip(-1)})
        assert not torch.equal(changed, logits), f"{name} says nothing"
        with pytest.raises(InputError, match="must name the modalities"):
            network({other: x for other, x in inputs.items() if other != name})


@pytest.mark.parametrize("fusion", KINDS)
def test_the_twin_has_the_same_weights(fusion: str) -> None:
    spec = spec_of(fusion)
    ours, theirs = (build(each, 5).member_state(0) for each in (spec, twin(spec)))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert build(twin(spec), 5)(inputs_of(build(twin(spec), 5))).isfinite().all()


@pytest.mark.parametrize("network", ["snn", "dnn"])
@pytest.mark.parametrize("fusion", KINDS)
def test_meters_count_what_the_budget_says(fusion: str, network: str) -> None:
    """Pairs of every dense layer; a convolution's cost counts its zero padding, pairs do not."""
    spec = spec_of(fusion, 3)
    spec = twin(spec) if network == "dnn" else spec
    net = build(spec, 1).eval()
    meter = Synops(Subject(1, net.hidden_sites))
    with torch.no_grad(), meter.watching(net):
        net(inputs_of(net))
    counts = meter.counts(0)
    found = {layer.name: layer.shape.dense for layer in counts.layers}
    costs = {cost.name: cost.macs for cost in layer_costs(spec, net.width)}
    without_layer = {"fusion.share"}  # three numbers that weigh logits
    assert found.keys() == costs.keys() - without_layer
    gates = {name for name in found if fusion == "gated" and name.startswith("fusion.")}
    for name in found.keys() - gates:
        if ".conv" in name:
            assert 0.6 * costs[name] < found[name] <= costs[name]
        else:
            assert found[name] == costs[name], name
    for layer in counts.layers:
        assert layer.events.shape == (spec.time_steps, 3)
    if network == "snn":
        assert {each.name for each in counts.neurons} == set(net.sites)


@pytest.mark.parametrize("fusion", KINDS)
def test_losses_are_of_heads_or_of_the_answer(fusion: str) -> None:
    kind = FUSIONS[fusion]
    heads = tuple(build(spec_of(fusion, 3)).heads)
    trained = [kind.losses(heads, epoch, 5) for epoch in range(1, 6)]
    for names in trained:
        assert names
        assert set(names) <= {*heads, ANSWER}
        assert len(set(names)) == len(names)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_corpus(SETTINGS, locate("builtin"))


def trial(fusion: str, **changes: Any) -> TrialDefinition:
    settings: dict[str, Any] = {
        "modality": "fused",
        "fusion": fusion,
        "budget": 120_000,
        "time_steps": 2,
        "threshold": 0.1,
        "surrogate": "triangle",
        "epochs": 2,
        "batch_size": 20,
        "data": SETTINGS,
        "selection": Selection(images=100, test_images=20, clips=100),
    }
    return TrialDefinition.create(**(settings | changes))


def _stop_often(definition: TrialDefinition, corpus: Corpus, store: TrialStore) -> int:
    """Train in pieces of a few steps, however fast the clock runs; says how many there were."""
    pieces = 0
    while True:
        steps = 0

        class Short(Deadline):
            def check(self, kind: str, times: int = 1) -> None:
                nonlocal steps
                steps += kind == "step"
                if steps > 3:
                    raise OutOfTimeError(self.advanced)

        try:
            train_population([definition], corpus, store, deadline=Short())
        except OutOfTimeError:
            pieces += 1
            continue
        return pieces


TRAINED = [(name, "snn") for name in KINDS] + [(name, "dnn") for name in ("attention", "experts")]


@pytest.mark.parametrize(("fusion", "network"), TRAINED)
def test_training_together_and_in_pieces(
    corpus: Corpus, tmp_path: Path, fusion: str, network: str
) -> None:
    """Members apart from each other and from stops; all that a network has is trained."""
    members = [trial(fusion, network=network, seed=seed) for seed in (0, 1)]
    together, apart = TrialStore(tmp_path / "together"), TrialStore(tmp_path / "apart")
    assert train_population(members, corpus, together) == ["done", "done"]
    assert _stop_often(members[1], corpus, apart) >= 2
    ours, own = (store.folder(members[1].name) for store in (together, apart))
    assert ours.weights().keys() == own.weights().keys()
    for name, weight in ours.weights().items():
        assert torch.equal(weight, own.weights()[name]), name
    for key in ("accuracy", "rates", "parameters"):
        first, second = (s.read(members[1].name).results[key] for s in (together, apart))
        assert first == second


@pytest.mark.parametrize(("fusion", "network"), TRAINED)
def test_everything_learns(corpus: Corpus, tmp_path: Path, fusion: str, network: str) -> None:
    definition = trial(fusion, network=network)
    start = build(definition.network_spec(), definition.seed).member_state(0)
    stores = TrialStore(tmp_path)
    taken: dict[str, Tensor] = {}

    def look(event: dict[str, Any]) -> None:
        folder = stores.folder(definition.name)
        if event["epoch"] == 1 and event["validation_accuracy"]:
            checkpoint = folder.read_checkpoint()
            assert checkpoint is not None
            taken.update(checkpoint[0])

    train_population([definition], corpus, stores, look)
    learned = stores.folder(definition.name).weights()
    still = [name for name, weight in learned.items() if torch.equal(weight, start[name])]
    first = [name for name in still if torch.equal(taken[f"weights/{name}"], start[name])]
    assert first == [], "neither after one epoch nor at the end has it changed"
