"""The answer in a sentence, on rows whose answer is known."""

from collections.abc import Mapping, Sequence

import pytest

from spikefuse.report.headline import (
    Estimate,
    answer,
    answer_over_mean,
    headline,
    leak_sentence,
    points,
    verdict,
)

Rows = list[dict[str, object]]


def cell(
    network: str,
    modality: str,
    values: Sequence[float],
    protocol: str = "disjoint",
    split: str = "test",
) -> Rows:
    return [
        {
            "study": "model-size",
            "trial": f"{network}-{modality}-{protocol}-{seed}",
            "network": network,
            "modality": modality,
            "size": "S",
            "neuron": "lif",
            "reset": "soft",
            "time_steps": 4,
            "fusion": "early" if modality == "fused" else "none",
            "noise_std": 0.0,
            "protocol": protocol,
            "split": split,
            "metric": "accuracy",
            "seed": seed,
            "value": value,
        }
        for seed, value in enumerate(values)
    ]


def network(name: str, gains: Sequence[float]) -> Rows:
    """A network with image 0.95, audio 0.9 and fused above image by the gains."""
    rows = cell(name, "image", [0.95] * len(gains)) + cell(name, "audio", [0.9] * len(gains))
    return rows + cell(name, "fused", [0.95 + gain for gain in gains])


LARGE, SMALL, UNSURE, LOSS = (
    (0.030, 0.031, 0.029),
    (0.010, 0.0112, 0.0087),
    (0.030, -0.020, 0.010),
    (-0.03, -0.031, -0.029),
)


def test_gains_are_paired_by_seed() -> None:
    rows = cell("snn", "image", [0.95, 0.96]) + cell("snn", "audio", [0.90, 0.94])
    rows += cell("snn", "fused", [0.97, 0.985, 0.99])

    gain = headline(rows).gains["snn"]

    assert gain.best_modality == "image"
    assert dict(gain.over_best.values) == pytest.approx({0: 0.02, 1: 0.025})
    assert dict(gain.over_mean.values) == pytest.approx({0: 0.045, 1: 0.035})
    assert gain.over_best.mean == pytest.approx(0.0225)


def test_the_better_modality_is_chosen_on_validation() -> None:
    rows = network("snn", LARGE)
    rows += cell("snn", "image", [0.91] * 3, split="validation")
    rows += cell("snn", "audio", [0.93] * 3, split="validation")

    assert headline(rows).gains["snn"].best_modality == "audio"


@pytest.mark.parametrize(
    ("snn", "dnn", "said"),
    [
        (LARGE, SMALL, "Yes, and the SNN gains more than the DNN"),
        (LARGE, LARGE, "Yes, but not provably more than the DNN"),
        (SMALL, LARGE, "Yes, but the SNN gains less than the DNN"),
        (UNSURE, SMALL, "Not proved: the intervals include zero"),
        (LOSS, SMALL, "No: it costs the SNN accuracy, and more than the DNN"),
    ],
)
def test_verdict_follows_the_intervals(
    snn: Sequence[float], dnn: Sequence[float], said: str
) -> None:
    assert verdict(headline(network("snn", snn) + network("dnn", dnn))) == said


def test_one_seed_cannot_say() -> None:
    found = headline(network("snn", [0.03]) + network("dnn", [0.01]))

    assert verdict(found) == "One seed cannot say"
    assert "too few for an interval" in answer(found)


def test_seeds_that_agree_exactly_prove_nothing() -> None:
    rows = cell("snn", "image", [0.75, 0.75]) + cell("snn", "audio", [0.5, 0.5])
    rows += cell("snn", "fused", [0.875, 0.875])

    assert headline(rows).gains["snn"].over_best.sign == 0


def test_without_results_it_says_so() -> None:
    found = headline([])

    assert verdict(found) == "Not measured yet"
    assert "not all finished" in answer(found)
    assert answer_over_mean(found) == ""
    assert "not finished" in leak_sentence(found, {})


def test_answer_names_gain_interval_and_n() -> None:
    found = headline(network("snn", LARGE) + network("dnn", SMALL))

    said = answer(found).replace("\u00a0", " ")
    assert "the SNN to 98.00 %, +3.00 pp (95 % interval +2.75 to +3.25, n = 3)" in said
    assert "the DNN gains +1.00 pp" in said
    assert "is +2.00 pp (95 % interval" in said
    assert "SNN +5.50 pp" in answer_over_mean(found).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("shared", "audited"), [({"paper": 1.0, "disjoint": 0.0}, True), ({}, False)]
)
def test_leak_is_paper_minus_disjoint_in_validation(
    shared: Mapping[str, float], audited: bool
) -> None:
    rows = cell("snn", "fused", [0.999, 0.998], "paper", "validation")
    rows += cell("snn", "fused", [0.98, 0.981], "disjoint", "validation")
    rows += cell("snn", "fused", [0.5, 0.5], "disjoint", "test")

    found = headline(rows)

    assert found.leaks["snn"].difference.mean == pytest.approx(0.018)
    said = leak_sentence(found, shared).replace("\u00a0", " ")
    assert "99.85 %" in said
    assert "98.05 %" in said
    assert "+1.80 pp" in said
    assert ("100 % of its validation clips are training clips, against 0 %" in said) == audited


def test_points_has_a_true_minus_and_no_signed_zero() -> None:
    assert points(-0.0123) == "\u22121.23"
    assert points(0.0123) == "+1.23"
    assert points(-0.00001) == "0.00"


def test_sign_of_an_estimate() -> None:
    assert Estimate({0: 1.0, 1: 1.1}, 1.05, 0.2, 1.9).sign == 1
    assert Estimate({0: 1.0, 1: 1.1}, 1.05, -0.2, 2.3).sign == 0
    assert Estimate({0: 1.0}, 1.0, None, None).sign == 0
