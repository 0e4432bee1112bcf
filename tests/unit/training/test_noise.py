"""Noise at evaluation: its size, place, freshness and streams."""

from collections.abc import Callable

import pytest
import torch

from spikefuse.core import gaussian, library
from spikefuse.data import Corpus
from spikefuse.networks import build
from spikefuse.training import TrialDefinition
from spikefuse.training.evaluate import predict
from spikefuse.training.feed import Feed
from spikefuse.training.noise import NoiseCondition, NoiseDraw

SITES = ("image.conv1", "image.conv2", "fused.hidden")


def _draw(draw: int = 0, seeds: tuple[int, ...] = (0,), batch: int = 0, **condition) -> NoiseDraw:
    settings = {"noise_std": 2.0} | condition
    return NoiseDraw(NoiseCondition(**settings), SITES, seeds, ("test", draw, batch))


def test_standard_deviation_is_the_one_asked_for() -> None:
    added = _draw().before(SITES[0], torch.zeros(1, 1, 100, 40), 5)
    assert added.shape == (1, 5, 100, 40)
    assert added.std().item() == pytest.approx(2.0, rel=0.02)
    assert added.mean().item() == pytest.approx(0.0, abs=0.05)


def test_fresh_at_every_step_site_draw_and_batch() -> None:
    x = torch.zeros(1, 1, 4, 4)
    first = _draw().before(SITES[0], x, 2)
    assert not torch.equal(first[:, 0], first[:, 1])
    for other in (
        _draw().before(SITES[1], x, 2),
        _draw(draw=1).before(SITES[0], x, 2),
        _draw(batch=1).before(SITES[0], x, 2),
        _draw(seeds=(1,)).before(SITES[0], x, 2),
    ):
        assert not torch.equal(first, other)
    assert torch.equal(first, _draw().before(SITES[0], x, 2))


def test_a_members_noise_does_not_depend_on_its_neighbours() -> None:
    x = torch.zeros(3, 1, 4, 4)
    together = _draw(seeds=(5, 6, 7)).before(SITES[0], x, 2)
    assert torch.equal(together[1:2], _draw(seeds=(6,)).before(SITES[0], x[:1], 2))


def test_position() -> None:
    x = torch.ones(1, 2, 4, 4)
    before, after = _draw(noise_position="before"), _draw(noise_position="after")
    assert before.after(SITES[0], x) is x
    assert after.before(SITES[0], x, 2) is x
    assert not torch.equal(after.after(SITES[0], x), x)


@pytest.mark.parametrize(
    ("sites", "disturbed"),
    [("all", SITES), ("first", SITES[:1]), ("last", SITES[-1:])],
)
def test_sites(sites: str, disturbed: tuple[str, ...]) -> None:
    x = torch.ones(1, 2, 4, 4)
    noise = _draw(sites=sites)
    found = tuple(site for site in SITES if noise.before(site, x, 2) is not x)
    assert found == disturbed


@pytest.mark.parametrize("position", ["before", "after"])
def test_std_zero_is_the_identity(position: str) -> None:
    noise = _draw(noise_std=0.0, noise_position=position)
    x = torch.ones(1, 2, 4, 4)
    assert noise.before(SITES[0], x, 2) is x
    assert noise.after(SITES[0], x) is x


@pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")
@pytest.mark.parametrize(("backend", "is_native"), [("auto", True), ("eager", False)])
def test_the_fast_noise_runs_beside_the_fast_neurons(
    corpus: Corpus,
    trial: Callable[..., TrialDefinition],
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    is_native: bool,
) -> None:
    definition = trial()
    network = build(definition.network_spec(), definition.seed, backend=backend)
    used = []
    original = gaussian._add_native
    monkeypatch.setattr(gaussian, "_add_native", lambda *a: used.append(a) or original(*a))
    predict(network, Feed(corpus, [definition]), "test", NoiseCondition(noise_std=0.1, draws=1))
    assert bool(used) == is_native
