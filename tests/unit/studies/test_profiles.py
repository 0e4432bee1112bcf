"""Profiles: how many samples a network sees, and for how long."""

import pytest

from spikefuse.planning.trials import samples_of
from spikefuse.studies import PROFILES, Cell


@pytest.mark.parametrize(
    ("modality", "epochs", "train", "test"),
    [("image", 10, 12_000, 10_000), ("audio", 40, 2_200, 300), ("fused", 10, 12_000, 10_000)],
)
def test_medium_trains_on_12_000_images_and_tests_on_all(
    modality: str, epochs: int, train: int, test: int
) -> None:
    medium = PROFILES["medium"]
    settings = medium.settings(modality, "S", "mnist-fsdd")
    trial = Cell.create(modality=modality).trial(0, **settings)
    found = samples_of(trial)
    assert (trial.epochs, medium.seeds) == (epochs, 5)
    assert found[0] == pytest.approx(train, abs=1), "rounding of a share"
    assert found[2] == test


@pytest.mark.parametrize("name", PROFILES)
def test_the_epoch_of_lower_loss_is_tested_where_no_name_is_held(name: str) -> None:
    """Long trainings validate equally well again and again; stored networks keep their names."""
    trial = Cell.create(modality="audio").trial(
        0, **PROFILES[name].settings("audio", "S", "mnist-fsdd")
    )
    is_long = name in ("medium", "full")
    assert trial.best_epoch == ("lower-loss" if is_long else "first")
    assert ("best_epoch" in trial.naming()) == is_long
    assert (trial.stop == "plateau") == ("stop" in trial.naming()) == (name == "full")
