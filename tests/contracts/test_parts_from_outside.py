"""One file outside the package adds a part; networks with it are trained, stored and evaluated."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.data import Corpus, DataSettings, Selection, load_corpus, locate
from spikefuse.encoders import ENCODERS
from spikefuse.fusion import FUSIONS
from spikefuse.meters import METERS
from spikefuse.networks import NetworkSpec, NeuronSpec, build, solve_width
from spikefuse.networks.budget import count_parameters
from spikefuse.neurons import NEURONS
from spikefuse.noise import NOISES, NoiseCondition
from spikefuse.results import TrialFolder, TrialStore
from spikefuse.training import TrialDefinition, evaluate_condition, train_population
from spikefuse.training.effect import without_effect
from spikefuse.training.feed import Feed

HERE = Path(__file__).parent / "outside"
REGISTRIES: tuple[dict[str, Any], ...] = (FUSIONS, NEURONS, ENCODERS, NOISES, METERS)
SETTINGS = DataSettings(source="builtin", image_size=8, spectrogram_size=8)
Add = Callable[[str], None]


@pytest.fixture
def add() -> Iterator[Add]:
    """Run a file of parts; they are gone after the test."""
    before = [dict(registry) for registry in REGISTRIES]

    def run(name: str) -> None:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        spec.loader.exec_module(importlib.util.module_from_spec(spec))

    yield run
    for registry, content in zip(REGISTRIES, before, strict=True):
        registry.clear()
        registry.update(content)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_corpus(SETTINGS, locate("builtin"))


def trial(**changes: Any) -> TrialDefinition:
    settings = {
        "budget": 40_000,
        "time_steps": 3,
        "epochs": 1,
        "batch_size": 20,
        "threshold": 0.2,
        "data": SETTINGS,
        "selection": Selection(images=100, test_images=40),
    }
    return TrialDefinition.create(**(settings | changes))


def trained(members: list[TrialDefinition], corpus: Corpus, store: Path) -> list[TrialFolder]:
    """Trained, and equal to what each gives alone."""
    together, apart = TrialStore(store / "together"), TrialStore(store / "apart")
    assert train_population(members, corpus, together) == ["done"] * len(members)
    train_population(members[-1:], corpus, apart)
    ours, own = (each.folder(members[-1].name).weights() for each in (together, apart))
    assert ours.keys() == own.keys()
    for name, weight in ours.items():
        assert torch.equal(weight, own[name]), name
    return [together.folder(member.name) for member in members]


def moved(folder: TrialFolder, definition: TrialDefinition, name: str) -> bool:
    """Whether training changed what was drawn."""
    start = build(definition.network_spec(), definition.seed).member_state(0)
    found = folder.weights()
    assert found.keys() == start.keys()
    return not torch.equal(found[name], start[name])


def test_a_fusion_with_weights(add: Add, corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="must be one of none, input, early, late, gated, late-product"
    ):
        trial(modality="fused", fusion="weighted")
    add("weighted_fusion")
    members = [trial(modality="fused", fusion="weighted", seed=seed) for seed in (0, 1)]
    folder, _ = trained(members, corpus, tmp_path)
    assert moved(folder, members[0], "fusion.gain")
    assert folder.weights()["fusion.gain"].shape == (2,)
    spec = members[0].network_spec()
    network = build(spec)
    assert sum(p.numel() for p in network.parameters()) == count_parameters(spec, network.width)


def test_a_neuron_with_a_learned_constant(add: Add, corpus: Corpus, tmp_path: Path) -> None:
    add("trainable_threshold")
    members = [trial(neuron="trainable-threshold", seed=seed) for seed in (0, 1)]
    folder, _ = trained(members, corpus, tmp_path)
    assert moved(folder, members[0], "image.conv1.neurons.log_threshold")
    usual, low = (
        trial(neuron="trainable-threshold", constants={"first_threshold": first})
        for first in (0.5, 0.25)
    )
    assert usual.name == members[0].name, "a constant at its default is no other network"
    assert usual.constants == {}
    assert low.name != usual.name
    assert without_effect(low, {"constants": {"first_threshold": 0.25}}) is None
    assert low.population_key() != usual.population_key()
    built = build(low.network_spec()).member_state(0)["image.hidden.neurons.log_threshold"]
    assert built.exp().item() == pytest.approx(0.25)
    for name in ("leak", "first_treshold"):
        with pytest.raises(ValueError, match="must be left out: it has no further ones"):
            trial(constants={name: 0.5})
    neuron = NeuronSpec(model="trainable-threshold", constants={"first_threshold": 0.25})
    spec = NetworkSpec(input_shapes={"x": (1, 8, 8)}, neuron=neuron, budget=40_000)
    state = build(spec).member_state(0)
    assert state["x.hidden.neurons.log_threshold"].exp().item() == pytest.approx(0.25)
    with pytest.raises(ValueError, match="between 0 and inf"):
        NeuronSpec(model="trainable-threshold", constants={"first_threshold": 0.0})
    with pytest.raises(ValueError, match="Did you mean first_threshold"):
        NeuronSpec(model="trainable-threshold", constants={"first_treshold": 0.5})


def test_an_encoder_over_time(add: Add, corpus: Corpus, tmp_path: Path) -> None:
    add("ramp_encoder")
    members = [trial(encoder="ramp", seed=seed) for seed in (0, 1)]
    folder, _ = trained(members, corpus, tmp_path)
    assert moved(folder, members[0], "image.conv1.weight")
    assert trial(encoder="ramp").name != trial().name
    network = build(members[0].network_spec())
    assert network.encoders["image"](torch.rand(1, 2, 1, 8, 8), None).shape == (1, 3, 2, 8, 8, 1)


def test_a_kind_of_noise(add: Add, corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be one of gaussian, deletion"):
        NoiseCondition(kind="weakened", noise_std=0.5)
    add("weakened_noise")
    definition = trial()
    (folder,) = trained([definition], corpus, tmp_path)
    network = build(definition.network_spec()).eval()
    network.load_member(0, folder.weights())
    feed = Feed(corpus, [definition])
    for position in ("before", "after"):
        (gone,) = evaluate_condition(
            network, feed, NoiseCondition(kind="weakened", noise_std=1.0, noise_position=position)
        )
        (kept,) = evaluate_condition(
            network, feed, NoiseCondition(kind="weakened", noise_std=0.0, noise_position=position)
        )
        assert len(set(gone["test"])) == 1, "nothing reaches the readout: one answer for all"
        assert kept["test"] != gone["test"][:1]


def test_a_meter(add: Add, corpus: Corpus, tmp_path: Path) -> None:
    add("silent_neurons")
    definition = trial(modality="fused")
    (folder,) = trained([definition], corpus, tmp_path)
    found = {k: v for k, v in folder.observations().items() if k.startswith("silent/")}
    sites = build(definition.network_spec()).hidden_sites
    assert found.keys() == {f"silent/{site}" for site in sites}
    for site in sites:
        share, rate = found[f"silent/{site}"].item(), folder.observations()[f"rate/{site}"]
        assert 0 <= share <= 1
        assert (share < 1) == bool((rate > 0).any()), "who spikes is not silent"


def test_a_name_that_is_taken_is_refused(add: Add) -> None:
    add("ramp_encoder")
    with pytest.raises(InputError, match="must be a new one, got 'ramp'"):
        add("ramp_encoder")


def test_a_network_of_three_modalities_and_four_classes() -> None:
    shapes = {"image": (1, 28, 28), "sound": (1, 20, 30), "motion": (6, 50)}
    for fusion in (name for name, kind in FUSIONS.items() if not kind.for_one and name != "input"):
        spec = NetworkSpec(input_shapes=shapes, classes=4, fusion=fusion, budget=400_000)
        network = build([spec, spec], [0, 1])
        inputs = {name: torch.rand(2, 3, *shape) for name, shape in shapes.items()}
        logits = network(inputs)
        assert logits.shape == (2, 3, 4)
        count = count_parameters(spec, solve_width(spec))
        assert count == sum(p.numel() for p in network.parameters()) // 2
        assert abs(count - 400_000) <= 4_000
        again = network(dict(reversed(inputs.items())))
        assert torch.equal(logits, again)
