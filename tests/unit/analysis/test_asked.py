"""The answer document: what decides, what would decide, and the numbers behind it."""

from typing import Any

import pytest

from spikefuse.analysis.asked import (
    answer_document,
    answer_record,
    asked,
    deciding_seeds,
    interval_note,
)
from spikefuse.analysis.estimates import estimate
from spikefuse.analysis.gains import BEST, PRODUCT

SINGLE = {"sight": 0.6, "sound": 0.7}


def rows(fused: tuple[float, ...], protocol: str = "paired") -> list[dict[str, Any]]:
    """SNN rows of three seeds: sound is the better single modality."""
    found = []
    for seed, value in enumerate(fused):
        spread = 0.01 * (seed - 1)
        cells = [
            *(({"modality": name, "fusion": "none"}, v + spread) for name, v in SINGLE.items()),
            ({"modality": "fused", "fusion": "early"}, value),
            ({"modality": "fused", "fusion": PRODUCT}, 0.75 + spread),
            ({"modality": "fused", "fusion": "early", "pairing": "shuffled"}, 0.6 + spread),
        ]
        for levels, number in cells:
            common = {
                **{"study": "controls", "network": "snn", "size": "S", "neuron": "lif"},
                **{"reset": "soft", "time_steps": 4, "protocol": protocol, "noise_std": 0.0},
                **{"pairing": "true", "seed": seed, "metric": "accuracy"},
            }
            for split, samples in (("test", 100), ("validation", 40)):
                judged = {"split": split, "samples": samples, "value": number}
                found.append({**common, **levels, **judged})
    return found


@pytest.mark.parametrize("protocol", ["paired", "disjoint"])
@pytest.mark.parametrize(
    ("fused", "reply"),
    [
        ((0.79, 0.81, 0.82), "yes"),
        ((0.59, 0.61, 0.62), "no"),
        ((0.60, 0.71, 0.82), "open"),
    ],
)
def test_the_interval_of_the_gain_decides(
    fused: tuple[float, ...], reply: str, protocol: str
) -> None:
    (found,) = asked(rows(fused, protocol)).values()
    record = answer_record(found)

    assert record["answer"] == found.reply == reply
    assert record["best_single"]["modality"] == "sound"
    assert record["best_single"]["mean"] == pytest.approx(0.7)
    gain = record["gain_over"]["best_single"]
    assert gain["mean"] == pytest.approx(sum(fused) / 3 - 0.7)
    assert gain["low"] < gain["mean"] < gain["high"]
    assert gain["n"] == 3
    assert record["gain_over"]["product_of_experts"]["mean"] == pytest.approx(sum(fused) / 3 - 0.75)
    assert record["test_samples"] == 100
    assert ("seeds_to_decide" in record) == (reply == "open")
    assert found.sentence.startswith({"yes": "Yes", "no": "No", "open": "Open"}[reply])


def test_seeds_that_decide_grow_with_the_spread_and_exceed_those_there_are() -> None:
    near = estimate({0: 0.02, 1: 0.03, 2: 0.01})
    far = estimate({0: 0.02, 1: 0.10, 2: -0.06})
    assert near is not None
    assert far is not None
    few, many = deciding_seeds(near)[0], deciding_seeds(far)[0]

    assert few is not None
    assert many is not None
    assert 3 < few < many


@pytest.mark.parametrize("values", [{0: 0.01}, {0: 0.01, 1: 0.01}, {0: 0.01, 1: -0.01}])
def test_without_spread_or_gain_there_is_no_number_but_a_reason(values: dict[int, float]) -> None:
    found = estimate(values)
    assert found is not None
    seeds, why = deciding_seeds(found)
    assert seeds is None
    assert why


def test_the_first_network_answers_and_none_leaves_it_open() -> None:
    found = asked(rows((0.79, 0.81, 0.82)))
    assert answer_document(found, "?", {})["answer"] == "yes"
    assert answer_document({}, "?", {})["answer"] == "open"


def test_the_note_says_what_the_intervals_hold_for() -> None:
    told = rows((0.80, 0.81, 0.82))
    before = asked(told)["snn"]
    assert "do not say what other test samples would give" in interval_note([before])
    assert "over" not in answer_record(before)["gain_over"]["best_single"]

    fused = [row for row in told if row["modality"] == "fused" and row["fusion"] == "early"]
    error = {
        "metric": f"samples_error.{BEST}.sight",
        "value": 0.02,
        "samples": 100,
        "split": "test",
    }
    after = asked(told + [{**row, **error} for row in fused if row["split"] == "test"])["snn"]
    assert interval_note([after]).startswith("Intervals of gains are over seeds and test samples;")
    record = answer_record(after)["gain_over"]["best_single"]
    assert record["over"] == "100 sight samples"
    assert record["high"] - record["low"] > 0.07  # 2 x 1.96 x 0.02, and the seeds
    assert interval_note([]) == ""


def test_seeds_cannot_decide_what_the_test_samples_leave_open() -> None:
    told = rows((0.74, 0.70, 0.76))
    assert asked(told)["snn"].gain is not None
    few, _ = deciding_seeds(asked(told)["snn"].gain)
    fused = [row for row in told if row["modality"] == "fused" and row["fusion"] == "early"]
    seeds = {}
    for size in (0.001, 0.01, 0.03):
        error = {"metric": f"samples_error.{BEST}.sight", "value": size, "samples": 100}
        more = [{**row, **error} for row in fused if row["split"] == "test"]
        seeds[size], why = deciding_seeds(asked(told + more)["snn"].gain)
    assert few is not None
    assert few <= seeds[0.001] < (seeds[0.01] or 10**6)
    assert seeds[0.03] is None
    assert "more of them are needed" in why


def test_the_interval_of_an_accuracy_ends_where_accuracies_do() -> None:
    record = answer_record(asked(rows((0.99, 1.0, 0.95)))["snn"])
    assert record["fused"]["high"] == 1.0
    assert record["fused"]["low"] > 0.8
    assert record["gain_over"]["best_single"]["high"] > 0.3  # a gain has no such end


def test_two_seeds_have_values_and_no_interval() -> None:
    two = asked(rows((0.80, 0.81)))["snn"]
    assert interval_note([two]).startswith("Two seeds have no interval: in brackets are the values")
