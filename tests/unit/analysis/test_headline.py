"""The numbers of the answer are those of the gains and the leak."""

from typing import Any

import pytest

from spikefuse.analysis.gains import BEST, EXPERTS, MEAN, baselines, gain_differences
from spikefuse.analysis.headline import Headline, headline
from spikefuse.analysis.pairing_leak import pairing_leak
from spikefuse.studies.design import Cell

Rows = list[dict[str, Any]]


def cell(network: str, modality: str, values: tuple[float, ...], **levels: Any) -> Rows:
    split = levels.pop("split", "test")
    made = Cell.create(network=network, modality=modality, **levels).model_dump()
    return [
        {"study": "model-size", "trial": f"{sorted(made.items())} {seed}", **made, "seed": seed}
        | {"split": split, "metric": "accuracy", "value": value}
        for seed, value in enumerate(values)
    ]


def kind(network: str, fused: tuple[float, ...]) -> Rows:
    rows = cell(network, "image", (0.95, 0.96)) + cell(network, "audio", (0.90, 0.94))
    return rows + cell(network, "fused", fused)


LEAK = cell("snn", "fused", (0.999, 0.998), protocol="paper", split="validation") + cell(
    "snn", "fused", (0.98, 0.981), split="validation"
)
ROWS = kind("snn", (0.97, 0.985, 0.99)) + kind("dnn", (0.96, 0.97)) + LEAK


def test_gains_are_paired_by_seed() -> None:
    found = headline(ROWS)
    gain = found.gains["snn"]
    assert gain.best_modality == "image"
    assert dict(gain.over_best.values) == pytest.approx({0: 0.02, 1: 0.025})
    assert dict(gain.over_mean.values) == pytest.approx({0: 0.045, 1: 0.035})
    assert gain.fused.n == 3
    assert found.gain("snn", BEST) == gain.over_best
    assert found.gain("snn", EXPERTS) is None
    assert dict(found.more[BEST].values) == pytest.approx({0: 0.01, 1: 0.015})
    assert dict(found.more[MEAN].values) == pytest.approx({0: 0.01, 1: 0.015})


def test_it_holds_what_the_studies_compute() -> None:
    snn, dnn = baselines(ROWS, "snn"), baselines(ROWS, "dnn")
    leak = pairing_leak(ROWS, "snn")
    assert leak is not None
    expected = Headline({"snn": snn, "dnn": dnn}, gain_differences(snn, dnn), {"snn": leak})
    assert headline(ROWS) == expected


def test_a_part_without_data_is_missing() -> None:
    nothing = headline([])
    assert (nothing.gains, nothing.more, nothing.leaks) == ({}, {}, {})
    one = headline(kind("snn", (0.97, 0.98)) + cell("dnn", "fused", (0.9, 0.9)))
    assert list(one.gains) == ["snn"]
    assert one.more == {}
    assert Headline().gain("snn", BEST) is None
