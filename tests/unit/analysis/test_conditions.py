"""Conditions of a study that no figure is about: each once, in words."""

from typing import Any

from spikefuse.analysis.cells import conditions
from spikefuse.studies.design import Cell


def rows(protocol: str, trial: str, value: float, **levels: Any) -> list[dict[str, Any]]:
    cell = Cell.create(network="snn", protocol=protocol, **levels).model_dump()
    made = {"study": "mine", "trial": trial, **cell, "seed": 0, "split": "test"}
    return [made | {"metric": "accuracy", "value": value, "samples": 100}]


def test_one_network_under_two_protocols_is_one_condition() -> None:
    alone = rows("paper", "a", 0.5, modality="image") + rows("disjoint", "a", 0.5, modality="image")
    (found,) = conditions(alone, "mine", "test")
    assert found.words == "image SNN at S"


def test_fused_networks_of_two_protocols_are_two() -> None:
    fused = rows("paper", "a", 0.5, modality="fused") + rows("disjoint", "b", 0.5, modality="fused")
    words = [each.words for each in conditions(fused, "mine", "test")]
    assert words == ["fused SNN at S, protocol paper", "fused SNN at S"]


def test_other_networks_of_the_same_words_stay_apart() -> None:
    other = rows("paper", "a", 0.5, modality="image") + rows("disjoint", "b", 0.6, modality="image")
    assert [each.accuracy.mean for each in conditions(other, "mine", "test") if each.accuracy] == [
        0.5,
        0.6,
    ]
