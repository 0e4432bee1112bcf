"""The answer in a sentence, on rows whose answer is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.figures import figure, figure_table
from spikefuse.analysis.gains import Control, baselines
from spikefuse.analysis.headline import headline
from spikefuse.analysis.table import Table
from spikefuse.report.headline import (
    answer,
    answer_over_controls,
    answer_over_mean,
    control_sentence,
    corrected,
    leak_sentence,
    not_of_the_base,
    verdict,
)

Rows = list[dict[str, object]]


def cell(
    network: str,
    modality: str,
    values: Sequence[float],
    protocol: str = "disjoint",
    split: str = "test",
    **levels: str,
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
            **levels,
        }
        for seed, value in enumerate(values)
    ]


def network(name: str, gains: Sequence[float]) -> Rows:
    """A network with image 0.95, audio 0.9 and fused above image by the gains."""
    rows = cell(name, "image", [0.95] * len(gains)) + cell(name, "audio", [0.9] * len(gains))
    return rows + cell(name, "fused", [0.95 + gain for gain in gains])


_NOT_PROVED = "Not proved: the intervals include zero, or do after Holm\u2019s correction"
LARGE, SMALL, UNSURE, LOSS = (
    (0.030, 0.031, 0.029),
    (0.010, 0.0112, 0.0087),
    (0.030, -0.020, 0.010),
    (-0.03, -0.031, -0.029),
)


@pytest.mark.parametrize(
    ("snn", "dnn", "said"),
    [
        (LARGE, SMALL, "Yes, and the SNN gains more than the DNN"),
        (LARGE, LARGE, "Yes, but not provably more than the DNN"),
        (SMALL, LARGE, "Yes, but the SNN gains less than the DNN"),
        (
            UNSURE,
            SMALL,
            "Not proved: the intervals include zero, or do after Holm\u2019s correction",
        ),
        (LOSS, SMALL, "No: it costs the SNN accuracy, and the DNN fares better"),
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


@pytest.mark.parametrize("study", ["model-size", "senses", "robustness", "energy"])
def test_a_study_with_the_default_networks_answers_alone(study: str) -> None:
    rows = network("snn", [0.03, 0.02, 0.04]) + network("dnn", [0.01, 0.02, 0.0])
    found = headline([{**row, "study": study} for row in rows])

    assert verdict(found) == verdict(headline(rows))
    assert answer(found) == answer(headline(rows))


def test_without_results_it_says_so() -> None:
    found = headline([])

    assert verdict(found) == "Not measured yet"
    assert "not all among these results" in answer(found)
    assert answer_over_mean(found) == ""
    assert answer_over_controls(found) == ""
    assert "not stored under both pairings" in leak_sentence(found, {})


def test_answer_names_gain_interval_and_n() -> None:
    found = headline(network("snn", LARGE) + network("dnn", SMALL))

    said = answer(found).replace("\u00a0", " ")
    assert "the SNN to 98.00 %, +3.00 pp (95 % interval +2.75 to +3.25, n = 3)" in said
    assert "the DNN\u2019s gain is +1.00 pp" in said
    assert "is +2.00 pp (95 % interval" in said
    assert "SNN +5.50 pp" in answer_over_mean(found).replace("\u00a0", " ")


def test_an_answer_that_does_not_stand_beside_the_others_says_so() -> None:
    rows = network("snn", LARGE) + network("dnn", [0.017, 0.014, 0.005])
    found = headline(rows)
    difference = found.more["best unimodal"]

    assert difference.sign > 0, "by itself it is shown"
    assert verdict(found) == "Yes, but not provably more than the DNN"
    assert "(above zero by itself, not after Holm\u2019s correction, p\u00a0=\u00a0" in answer(
        found
    )
    assert found.sign("SNN over best unimodal") == 1
    assert "single modality, image; " in answer(found), "an answer that stands says no more"


def test_the_controls_stand_beside_the_answer() -> None:
    experts, shuffled = (0.99, 0.9905, 0.9895), (0.9501, 0.9499, 0.95)
    product = {"study": "controls", "fusion": "product-of-experts"}
    blind = {"study": "controls", "pairing": "shuffled"}
    rows = network("snn", LARGE) + network("dnn", SMALL)
    rows += cell("snn", "fused", experts, **product)
    assert answer_over_controls(headline(rows)).replace("\u00a0", " ") == (
        "Over the product of experts, the answers of an image and an audio network trained apart "
        "and multiplied, joint training brings the SNN \u22121.00 pp "
        "(95 % interval \u22121.12 to \u22120.88, n = 3)."
    )

    rows += cell("dnn", "fused", experts, **product)
    rows += cell("snn", "fused", shuffled, **blind) + cell("dnn", "fused", shuffled, **blind)

    said = answer_over_controls(headline(rows)).replace("\u00a0", " ")
    assert "n = 3) and the DNN \u22123.00 pp (95 % interval" in said
    assert said.endswith(
        "With audio shuffled between pairs, the fused SNN stands 0.00 pp (95 % interval "
        "\u22120.02 to +0.02, n = 3) from its image network: equal to it within 0.60 pp, "
        "so an input that says nothing brings nothing."
    )
    assert said.count(". ") == 1, "two sentences"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("above", "above it, so something besides what the audio says brings accuracy."),
        ("below", "below it, so a second input without information costs accuracy."),
        ("undecided", "which does not decide at a margin of 0.60 pp."),
    ],
)
def test_every_verdict_of_the_control_has_words(kind: str, words: str) -> None:
    control = Control(Estimate({0: 0.01, 1: 0.02}, 0.015, 0.01, 0.02), None, kind)

    found = replace(baselines([], "dnn"), modalities=("image", "audio"), control=control)

    said = control_sentence(found).replace("\u00a0", " ")

    assert "the fused DNN stands +1.50 pp (95 % interval +1.00 to +2.00, n = 2)" in said
    assert said.endswith(words)


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


def test_an_answer_must_stand_beside_the_others_of_the_screen() -> None:
    """p = 0.044 by itself; over the six answers of this screen that is chance."""
    marginal = (0.010, 0.016, 0.022)
    found = headline(network("snn", marginal) + network("dnn", SMALL))
    assert found.gains["snn"].over_best.sign == 1
    assert found.adjusted["SNN over best unimodal"] > 0.05
    assert verdict(found).startswith("Not proved")
    said = corrected(found)
    assert said.startswith("Over the 6 answers of this screen")
    assert "SNN over best" not in said
    assert corrected(headline([])) == ""


def test_a_table_without_base_networks_answers_by_what_it_has_and_says_so() -> None:
    """The same numbers of `lab` give the same answer; beside base networks they are not read."""
    rows = network("snn", SMALL) + network("dnn", SMALL)
    lab = [{**row, "reading": "lab"} for row in rows]
    found, usual = headline(lab), headline(rows)
    assert answer(found) == answer(usual)
    assert corrected(found) == corrected(usual) != ""
    both = [*rows, *({**row, "value": 1 - row["value"]} for row in lab)]
    assert answer(headline(both)) == answer(usual)
    assert not_of_the_base(Table(rows)) == not_of_the_base(Table(both)) == ""
    words = "the reading lab (surrogate boxcar and initial weights as drawn)"
    assert not_of_the_base(Table(lab)) == f"The networks are of {words}, not of the base."
    reset = [*rows, *({**row, "study": "reset"} for row in lab)]
    assert not_of_the_base(Table(reset)) == f"Those of reset are of {words}."
    census = [
        *lab,
        *({**row, "study": "census", "reading": "atan-0.5-plain-leak-0.9"} for row in rows),
    ]
    assert not_of_the_base(Table(census)) == not_of_the_base(Table(lab))
    calibrated = [{**row, "reading": "calibrated"} for row in rows]
    assert "(surrogate boxcar), not of the base" in not_of_the_base(Table(calibrated))


def test_two_seeds_show_their_values_and_cannot_say() -> None:
    found = headline(network("snn", [0.03, 0.02]) + network("dnn", [0.01, 0.011]))
    assert verdict(found) == "2 seeds cannot say"
    assert "(+3.00 pp and +2.00 pp, n = 2)" in answer(found).replace("\u00a0", " ")
    assert corrected(found) == ""


def test_the_control_stands_beside_the_other_answers_too() -> None:
    """Above image alone by itself (p = 0.044), and not among the answers of a screen."""
    rows = network("snn", (0.010, 0.016, 0.022))
    rows += cell("snn", "fused", (0.960, 0.966, 0.972), pairing="shuffled")
    found = headline(rows)
    assert found.baselines["snn"].control is not None
    assert found.baselines["snn"].control.verdict == "above"
    said = answer_over_controls(found)
    assert "above it by itself, though not after Holm\u2019s correction." in said
    assert "so something besides" not in said
    assert "so something besides" in control_sentence(found.baselines["snn"])


def test_each_study_is_read_by_its_own_networks() -> None:
    """A study of another reading keeps its figures and curves beside a first screen of the base."""
    usual = network("snn", SMALL) + network("dnn", SMALL)
    sizes = [{**row, "study": "model-size", "reading": "lab"} for row in usual]
    both = [*sizes, *({**row, "study": "controls"} for row in usual)]
    table = Table(both)
    assert (table.reading, table.reading_of("model-size")) == ("base", "lab")
    bars = figure_table(figure(3), table, "disjoint", "test")
    assert bars == figure_table(figure(3), sizes, "disjoint", "test")
    assert any(bar.n for bar in bars)
    assert answer(headline(both)) == answer(headline(usual))
