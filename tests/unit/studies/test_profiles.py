"""Profiles: how many samples a network sees, and for how long."""

from spikefuse.planning.trials import samples_of
from spikefuse.studies import PROFILES, Cell


def test_medium_trains_on_12_000_images_and_tests_on_all() -> None:
    medium = PROFILES["medium"]
    found = {}
    for modality in ("image", "audio", "fused"):
        cell = Cell.create(modality=modality)
        settings = medium.settings(modality, "S", "mnist-fsdd")
        found[modality] = (cell.trial(0, **settings).epochs, *samples_of(cell.trial(0, **settings)))
    assert found == {
        "image": (10, 12_000, 3_000, 10_000),
        "audio": (40, 2_200, 500, 300),
        "fused": (10, 12_000, 3_000, 10_000),
    }
    assert medium.seeds == 5
