"""The answer document: what decides, what would decide, and the numbers behind it."""

from typing import Any

import numpy as np
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
from spikefuse.analysis.headline import gain_of, headline
from spikefuse.report.headline import verdict
from spikefuse.stats import seeds_for_effect, spread_range

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


def test_the_range_of_seeds_says_what_the_number_says() -> None:
    """Clear by itself, open beside ten: so many seeds as there are have not decided."""
    found = estimate(dict(enumerate((0.02, 0.021, 0.0195, 0.0201, 0.02))))
    assert found is not None
    seeds, why = deciding_seeds(found, 10)
    assert seeds == 6
    assert "6 to 6 in the 95 % range" in why


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


def test_an_answer_says_the_same_word_as_the_first_screen() -> None:
    """A gain whose interval leaves zero out by itself and not beside the other answers is open."""
    told = rows((0.74, 0.76, 0.80))
    found = asked(told)["snn"]
    screen = headline(told)
    assert found.gain is not None
    assert found.gain.sign == 1
    assert screen.sign(gain_of("snn", BEST)) == 0
    assert found.p_value == screen.adjusted[gain_of("snn", BEST)]
    assert found.reply == "open"
    assert verdict(screen).startswith("Not proved")
    assert found.sentence.startswith("Open for the SNN: ")
    p_value = f"(p = {found.p_value:.2g} after Holm's correction over the"
    assert f"{p_value} {len(screen.adjusted)} answers of the report)" in found.sentence
    record = answer_record(found)
    assert (record["answer"], record["p_value"]) == ("open", found.p_value)
    assert record["answers"] == len(screen.adjusted)

    clear = asked(rows((0.79, 0.81, 0.82)))["snn"]
    assert (clear.reply, "Holm" in clear.sentence) == ("yes", False)


def test_seeds_to_decide_stand_beside_the_other_answers_and_have_a_range() -> None:
    found = estimate({0: 0.02, 1: 0.10, 2: -0.02})
    assert found is not None
    alone, why = deciding_seeds(found)
    among, _ = deciding_seeds(found, 10)
    assert alone is not None
    assert among is not None
    assert among > alone
    values = list(found.values.values())
    ends = [
        seeds_for_effect(end, found.mean) for end in spread_range(float(np.std(values, ddof=1)), 3)
    ]
    assert why.endswith(f": {ends[0]:,} to {ends[1]:,} in the 95 % range of the spread")


def test_one_seed_has_no_interval_to_speak_of() -> None:
    note = interval_note([asked(rows((0.80,)))["snn"]])
    assert note.startswith("One seed has no interval")
    assert "Intervals" not in note


def silent(told: list[dict[str, Any]], modality: str, seeds: set[int]) -> list[dict[str, Any]]:
    """The same rows, with the firing rates of one network, silent in these seeds."""
    named = [row | {"trial": f"{sorted(row.items())}"} for row in told]
    rates = []
    for row in named:
        if row["modality"] == modality and row["pairing"] == "true" and row["fusion"] != PRODUCT:
            rate = 0.0 if row["seed"] in seeds else 0.1
            rates.append(row | {"metric": f"rate.{modality}.hidden", "value": rate})
    return named + rates


def test_where_every_seed_is_silent_nothing_is_answered() -> None:
    """A joint network that never fires is far below a single one, by its initial weights alone."""
    found = asked(silent(rows((0.25, 0.25, 0.26)), "fused", {0, 1, 2}))["snn"]
    assert found.gain is not None
    assert (found.gain.low, found.gain.sign, found.gain.are_all_silent) == (None, 0, True)
    assert found.reply == "open"
    assert "no interval" in found.sentence
    assert "all silent" in found.sentence
    assert deciding_seeds(found.gain)[1].startswith("in every seed a network is silent")
    screen = headline(silent(rows((0.25, 0.25, 0.26)), "fused", {0, 1, 2}))
    assert verdict(screen) == "Not answered: in every seed a network is silent"


def test_the_better_modality_is_chosen_among_the_networks_that_fire() -> None:
    """One silent seed of the better modality must not make the other one the yardstick."""
    told = rows((0.79, 0.81, 0.82))
    for row in told:
        if (row["modality"], row["seed"], row["fusion"]) == ("sound", 0, "none"):
            row["value"] = 0.1
    assert asked(told)["snn"].baselines.best_modality == "sight"
    assert asked(silent(told, "sound", {0}))["snn"].baselines.best_modality == "sound"
