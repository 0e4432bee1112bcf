"""Small embedded data and short trials for the tests of training."""

from collections.abc import Callable
from typing import Any

import pytest

from spikefuse.data import Corpus, DataSettings, Selection, load_corpus, locate
from spikefuse.training import TrialDefinition

SETTINGS = DataSettings(source="builtin", image_size=8, spectrogram_size=8)


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return load_corpus(SETTINGS, locate("builtin"))


@pytest.fixture
def trial() -> Callable[..., TrialDefinition]:
    def make(**changes: Any) -> TrialDefinition:
        settings = {
            "budget": 300_000,
            "time_steps": 4,
            "epochs": 2,
            "batch_size": 40,
            "data": SETTINGS,
            "selection": Selection(images=200, test_images=50),
        }
        return TrialDefinition.create(**(settings | changes))

    return make
