"""Noise beside the neurons: which implementation draws it."""

from collections.abc import Callable

import pytest

from spikefuse.core import gaussian, library
from spikefuse.data import Corpus
from spikefuse.networks import build
from spikefuse.noise import NoiseCondition
from spikefuse.training import TrialDefinition
from spikefuse.training.evaluate import predict
from spikefuse.training.feed import Feed


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
