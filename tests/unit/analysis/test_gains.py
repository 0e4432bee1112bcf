"""A fused network against its yardsticks, on rows whose answers are known."""

from collections.abc import Sequence
from typing import Any

import pytest
from scipy import stats

from spikefuse.analysis.gains import (
    BEST,
    CONTROL_MARGIN,
    EXPERTS,
    MEAN,
    baselines,
    gain_differences,
    yardsticks_of,
)
from spikefuse.core.errors import InputError, StudyError
from spikefuse.studies.design import Cell

Rows = list[dict[str, Any]]

YARDSTICKS = yardsticks_of(("image", "audio"))
CONTROL = "shuffled audio"


def cell(values: Sequence[float], split: str = "test", **levels: Any) -> Rows:
    study = levels.pop("study", "model-size")
    fusion = levels.pop("fusion", None)
    filled = Cell.create(**levels).model_dump()
    if fusion is not None:
        filled["fusion"] = fusion
    return [
        {"study": study, "trial": f"{sorted(filled.items())} {seed}", **filled, "seed": seed}
        | {"split": split, "metric": "accuracy", "value": value, "samples": 1000}
        for seed, value in enumerate(values)
    ]


IMAGE, AUDIO = (0.95, 0.96, 0.94), (0.90, 0.91, 0.95)
FUSED, EXPERT = (0.98, 0.985, 0.99), (0.99, 0.991, 0.992)
SHUFFLED = (0.951, 0.959, 0.940)


def network(name: str = "snn", **more: Any) -> Rows:
    controls = {"study": "controls", "network": name, "modality": "fused", **more}
    return [
        *cell(IMAGE, network=name, modality="image", **more),
        *cell(AUDIO, network=name, modality="audio", **more),
        *cell(FUSED, network=name, modality="fused", **more),
        *cell(EXPERT, fusion="product-of-experts", **controls),
        *cell(SHUFFLED, pairing="shuffled", **controls),
    ]


def test_gains_over_every_yardstick_are_paired_by_seed() -> None:
    found = baselines(network(), "snn")
    assert found.best_modality == "image"
    assert tuple(found.yardsticks) == YARDSTICKS
    gains = {name: found.yardsticks[name].gain for name in YARDSTICKS}
    assert all(gain is not None for gain in gains.values())
    expected = {
        BEST: (0.03, 0.025, 0.05),
        "image alone": (0.03, 0.025, 0.05),
        "audio alone": (0.08, 0.075, 0.04),
        MEAN: (0.055, 0.05, 0.045),
        EXPERTS: (-0.01, -0.006, -0.002),
        CONTROL: (0.029, 0.026, 0.05),
    }
    for name, values in expected.items():
        assert dict(gains[name].values) == pytest.approx(dict(enumerate(values)))
        low, high = stats.t.interval(0.95, 2, loc=sum(values) / 3, scale=stats.sem(values))
        assert (gains[name].low, gains[name].high) == pytest.approx((low, high), abs=1e-12)
    assert set(expected) == set(YARDSTICKS)
    assert gains[EXPERTS].sign == 0
    assert gains[MEAN].sign == 1


def test_the_better_modality_is_chosen_on_validation() -> None:
    rows = network() + cell((0.91, 0.9, 0.9), "validation", modality="image")
    rows += cell((0.92, 0.93, 0.9), "validation", modality="audio")
    found = baselines(rows, "snn")
    assert found.best_modality == "audio"
    gain = found.yardsticks[BEST].gain
    assert gain is not None
    assert gain.values[0] == pytest.approx(0.08)


def test_other_cells_and_readings_do_not_mix_in() -> None:
    others = (
        cell((0.1, 0.1, 0.1), modality="fused", reset="hard", study="reset")
        + cell((0.2,) * 3, modality="fused", protocol="paper")
        + cell((0.3,) * 3, modality="fused", reading="byte")
        + cell((0.4,) * 3, modality="image", size="S/2")
        + cell((0.5,) * 3, modality="fused", noise_std=0.1, study="noise-size")
        + cell((0.6,) * 3, modality="fused", fusion="product-of-experts", reset="hard",
               study="controls")
        + cell((0.7,) * 3, modality="fused", fusion="late", study="controls")
    )  # fmt: skip
    assert baselines(network() + others, "snn") == baselines(network(), "snn")


def test_a_further_level_reads_the_studies_that_have_it() -> None:
    rows = network()
    hard = [row | {"study": "reset"} for row in network(reset="hard") if row["pairing"] == "true"]
    for row in hard:
        row["value"] -= 0.1
    found = baselines(rows + hard, "snn", reset="hard")
    assert found.fused is not None
    assert found.fused.mean == pytest.approx(0.985 - 0.1)
    assert found.yardsticks[EXPERTS].gain is not None
    assert found.yardsticks[CONTROL].reason == "no rows of shuffled audio"


def test_snn_minus_dnn_is_a_difference_of_differences() -> None:
    dense = network("dnn")
    for row in dense:
        if row["modality"] == "fused" and row["pairing"] == "true":
            row["value"] -= 0.01 * (row["seed"] + 1)
    rows = network("snn") + dense
    more = gain_differences(baselines(rows, "snn"), baselines(rows, "dnn"))
    assert dict(more[BEST].values) == pytest.approx({0: 0.01, 1: 0.02, 2: 0.03})
    assert dict(more[EXPERTS].values) == pytest.approx({0: 0, 1: 0, 2: 0}, abs=1e-12)
    assert more[BEST].low == pytest.approx(0.02 - stats.t.ppf(0.975, 2) * 0.01 / 3**0.5)


@pytest.mark.parametrize(
    ("shuffled", "verdict"),
    [
        ((0.951, 0.959, 0.940), "equal"),
        ((0.970, 0.981, 0.959), "above"),
        ((0.930, 0.939, 0.921), "below"),
        ((0.970, 0.930, 0.950), "undecided"),
    ],
)
def test_the_control_is_judged_against_image_only(
    shuffled: tuple[float, ...], verdict: str
) -> None:
    rows = [row for row in network() if row["pairing"] == "true"]
    rows += cell(shuffled, modality="fused", pairing="shuffled", study="controls")
    control = baselines(rows, "snn").control
    assert control is not None
    assert control.verdict == verdict
    differences = [a - b for a, b in zip(shuffled, IMAGE, strict=True)]
    assert dict(control.difference.values) == pytest.approx(dict(enumerate(differences)))
    assert control.equivalence is not None
    p = max(
        stats.ttest_1samp(differences, -CONTROL_MARGIN, alternative="greater").pvalue,
        stats.ttest_1samp(differences, CONTROL_MARGIN, alternative="less").pvalue,
    )
    assert control.equivalence.p_value == pytest.approx(p, abs=1e-12)


def test_seeds_that_agree_exactly_prove_no_equality() -> None:
    rows = [row for row in network() if row["modality"] == "image" or row["pairing"] == "shuffled"]
    for row in rows:
        row["value"] = 0.9
        row["samples"] = ""
    control = baselines(rows, "snn").control
    assert control is not None
    assert control.equivalence is None, "nothing to take a spread from"
    assert control.verdict == "undecided"


def test_one_seed_decides_nothing() -> None:
    found = baselines([row for row in network() if row["seed"] == 0], "snn")
    assert found.control is not None
    assert (found.control.verdict, found.control.equivalence) == ("undecided", None)
    gain = found.yardsticks[BEST].gain
    assert gain is not None
    assert (gain.mean, gain.low) == (pytest.approx(0.03), None)


def test_what_is_missing_has_a_reason() -> None:
    nothing = baselines([], "dnn")
    assert (nothing.fused, nothing.best_modality, nothing.control) == (None, None, None)
    assert all(each.gain is None and each.reason for each in nothing.yardsticks.values())
    rows = [row for row in network() if row["modality"] == "fused" or row["seed"] > 5]
    assert baselines(rows, "snn").yardsticks[BEST].reason == "no rows of best unimodal"
    apart = cell((0.9,), modality="fused") + [
        row | {"seed": row["seed"] + 7} for row in network() if row["modality"] != "fused"
    ]
    assert "share no seed" in baselines(apart, "snn").yardsticks[MEAN].reason
    assert gain_differences(nothing, nothing) == {}


def test_contradictions_and_unknown_networks_are_refused() -> None:
    twice = network() + [row | {"value": 0.5, "trial": "other"} for row in network()]
    with pytest.raises(StudyError, match="two for seed 0"):
        baselines(twice, "snn")
    with pytest.raises(InputError, match="Did you mean snn"):
        baselines([], "snm")
