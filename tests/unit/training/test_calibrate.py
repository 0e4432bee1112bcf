"""Calibrated initial weights: every layer fires as wanted, from seed and data alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from spikefuse.core import library
from spikefuse.core.deadline import Deadline, OutOfTimeError
from spikefuse.data import Corpus
from spikefuse.networks import PopulationNetwork, build
from spikefuse.neurons.spikes import SpikeTensor, as_floats
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition, train_population
from spikefuse.training.calibrate import _share as share_of
from spikefuse.training.calibrate import calibrate
from spikefuse.training.feed import Feed
from spikefuse.training.observe import Rates, subject_of

Make = Callable[..., TrialDefinition]


def made(corpus: Corpus, *definitions: TrialDefinition) -> tuple[PopulationNetwork, Feed]:
    feed = Feed(corpus, list(definitions))
    network = build([d.network_spec() for d in definitions], [d.seed for d in definitions])
    calibrate(network, feed, definitions)
    return network, feed


def rates(network: PopulationNetwork, feed: Feed) -> list[dict[str, float]]:
    """Spikes per neuron and step of each hidden layer on the first training batch."""
    size = feed.definitions[0].batch_size
    batch = feed.batch("train", feed.training_order(1)[:, :size])
    meter = Rates(subject_of(network, feed, "train"))
    meter.begin(0, size)
    with torch.no_grad():
        network(batch.inputs, meters=(meter,))
    return meter.means()


@pytest.mark.parametrize("modality", ["image", "fused"])
@pytest.mark.parametrize("target", [0.1, 0.25])
def test_every_hidden_layer_fires_at_the_target(
    corpus: Corpus, trial: Make, modality: str, target: float
) -> None:
    settings = {"modality": modality, "init": "calibrated", "target_rate": target}
    network, feed = made(corpus, trial(seed=0, **settings), trial(seed=1, leak=0.5, **settings))
    for member in rates(network, feed):
        assert member.keys() == set(network.hidden_sites)
        assert all(rate == pytest.approx(target, rel=0.03) for rate in member.values()), member
    plain = build([d.network_spec() for d in feed.definitions], [0, 1])
    assert min(min(member.values()) for member in rates(plain, feed)) < 0.05


def test_weights_and_bias_are_multiplied_by_one_number(corpus: Corpus, trial: Make) -> None:
    definition = trial(init="calibrated")
    network, _ = made(corpus, definition)
    drawn = build(definition.network_spec(), 0).member_state(0)
    for site in network.hidden_sites:
        weight, bias = (network.member_state(0)[f"{site}.{kind}"] for kind in ("weight", "bias"))
        scale = (weight / drawn[f"{site}.weight"]).median()
        assert scale != 1
        assert torch.allclose(weight, scale * drawn[f"{site}.weight"])
        assert torch.allclose(bias, scale * drawn[f"{site}.bias"])
    readout = next(name for name in drawn if name.endswith("readout.weight"))
    assert torch.equal(network.member_state(0)[readout], drawn[readout])


@pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")
def test_the_share_of_spikes_as_bits_is_that_of_floats(corpus: Corpus, trial: Make) -> None:
    """To the last bit: the scale that is found is that of any version and processor."""
    definitions = [trial(modality="fused", seed=seed, init="calibrated") for seed in (0, 1)]
    network, feed = made(corpus, *definitions)
    shares = []

    def compare(module: nn.Module, inputs: Any, spikes: torch.Tensor) -> None:
        assert isinstance(spikes, SpikeTensor)
        assert torch.equal(share_of(spikes), share_of(as_floats(spikes)))
        shares.extend(share_of(spikes).tolist())

    for each in network.activations.values():
        each.register_forward_hook(compare)
    with torch.no_grad():
        network(feed.batch("train", feed.training_order(1)[:, :40]).inputs)
    assert len(shares) >= 2 * len(network.hidden_sites)
    assert 0 < min(shares) < max(shares) < 1


def test_a_member_does_not_depend_on_who_is_beside_it_and_plain_ones_stay(
    corpus: Corpus, trial: Make
) -> None:
    one, plain = trial(seed=1, init="calibrated"), trial(seed=2)
    together, _ = made(corpus, trial(seed=0, init="calibrated"), one, plain)
    alone, _ = made(corpus, one)
    drawn = build(plain.network_spec(), 2).member_state(0)
    for name, weight in alone.member_state(0).items():
        assert torch.equal(weight, together.member_state(1)[name]), name
        assert torch.equal(drawn[name], together.member_state(2)[name]), name


def test_the_twins_counterpart_is_a_current_of_standard_deviation_one(
    corpus: Corpus, trial: Make
) -> None:
    network, feed = made(corpus, trial(network="dnn", init="calibrated"))
    found = {}
    for name, layer in network.weighted.items():
        layer.register_forward_hook(
            lambda _m, _i, output, name=name: found.update({name: float(output.detach().std())})
        )
    batch = feed.batch("train", feed.training_order(1)[:, :40])
    network(batch.inputs)
    hidden = [site.replace(".", "_") for site in network.hidden_sites]
    assert [found[name] for name in hidden] == pytest.approx([1.0] * len(hidden), rel=1e-3)


def test_a_layer_that_cannot_fire_stays_and_is_named(
    corpus: Corpus, trial: Make, caplog: pytest.LogCaptureFixture
) -> None:
    definition = trial(init="calibrated")
    feed, network = Feed(corpus, [definition]), build(definition.network_spec(), 0)
    with torch.no_grad():
        network.weighted["image_conv1"].weight.zero_()
        network.weighted["image_conv1"].bias.fill_(-1.0)
    calibrate(network, feed, [definition])
    assert "image_conv1 of member 0 cannot fire" in caplog.text
    assert float(network.weighted["image_conv1"].bias.detach().max()) == -1.0


def test_training_goes_on_from_calibrated_weights_exactly(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    definition = trial(init="calibrated")
    whole, parts = TrialStore(tmp_path / "whole"), TrialStore(tmp_path / "parts")
    train_population([definition], corpus, whole)

    class Late(Deadline):
        """Stops once, after so many steps."""

        left = 3

        def check(self, kind: str, times: int = 1) -> None:
            if kind.endswith("step"):
                self.left -= 1
            if self.left < 0:
                raise OutOfTimeError("out of time")

    with pytest.raises(OutOfTimeError):
        train_population([definition], corpus, parts, deadline=Late())
    assert parts.state(definition.name) == "partial"
    train_population([definition], corpus, parts)
    ours, theirs = (store.folder(definition.name).weights() for store in (whole, parts))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_names_and_settings_without_effect(trial: Make) -> None:
    assert trial(init="plain", target_rate=0.3).name == trial().name
    assert trial(init="calibrated").name != trial().name
    assert trial(init="calibrated", target_rate=0.3).name != trial(init="calibrated").name
    twin = trial(network="dnn", init="calibrated")
    assert twin.name == trial(network="dnn", init="calibrated", target_rate=0.3).name
