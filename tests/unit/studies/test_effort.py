"""Effort by the number of samples: few are seen often, in small batches, with more seeds."""

import numpy as np
import pytest

from spikefuse.data.sources.memory import memory_source
from spikefuse.data.sources.registry import SOURCES
from spikefuse.studies.effort import effort_by, effort_named, effort_of, plan_for
from spikefuse.studies.profiles import PROFILES


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch):
    def make(count: int, side: int = 8) -> str:
        inputs = {name: np.zeros((count, side, side)) for name in ("here", "there")}
        source = memory_source("effort-test", inputs, np.arange(count) % 4)
        monkeypatch.setitem(SOURCES, "effort-test", source)
        return "effort-test"

    return make


@pytest.mark.parametrize(
    ("count", "epochs", "batch", "seeds"),
    [(50, 40, 16, 5), (500, 20, 50, 5), (5_000, 2, 100, 3), (10_000, 2, 100, 3)],
)
def test_effort_goes_with_samples(made, count: int, epochs: int, batch: int, seeds: int) -> None:
    effort = effort_of(made(count))
    settings = effort.profile.settings("here", "S", "effort-test", "0" * 16)

    assert settings["epochs"] == epochs
    assert settings["batch_size"] == batch
    assert effort.profile.seeds == seeds
    assert f"in batches of {batch}" in effort.said
    assert ("are used" in effort.said) == (count == 10_000)


def test_maps_too_small_for_the_usual_layers_get_those_that_fit(made) -> None:
    name = made(50, side=3)
    assert plan_for(name, PROFILES["smoke"]) == "by-shape"
    settings = effort_by(PROFILES["smoke"], name).profile.settings("here", "S", name, "0" * 16)
    assert settings["plan"] == "by-shape"
    assert settings["epochs"] == 2
    assert "plan" not in effort_named("smoke", "builtin").profile.settings("image", "S", "builtin")
