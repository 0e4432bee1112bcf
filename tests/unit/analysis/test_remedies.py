"""What remedies bring and protect from, on tables whose answers are known beforehand."""

from typing import Any

import pytest
from scipy import stats

from spikefuse.analysis.remedies import Remedies, more, remedies
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.series import Series, blend
from spikefuse.report.sections.remedies import (
    first_sentences,
    gain_table,
    lost_table,
    more_table,
    protection_sentence,
    remedies_section,
    remedy_heading,
    remedy_sentence,
    share_table,
    unseen_table,
)
from spikefuse.studies import Cell

Values = tuple[float, ...]
USUAL: Values = (0.90, 0.91, 0.89, 0.90)
BETTER: Values = (0.93, 0.945, 0.92, 0.933)
NEAR: Values = (0.91, 0.90, 0.895, 0.90)
PRODUCT: Values = (0.95, 0.965, 0.94, 0.945)


def shifted(values: Values, by: float) -> Values:
    return tuple(value + by for value in values)


def cell(reading: str, values: Values, network: str = "snn", **levels: Any) -> list[Row]:
    chosen = {"modality": "fused", "network": network} | levels
    filled = Cell.create(reading=reading, protocol="disjoint", **chosen).model_dump()
    return [
        {"study": "remedies", "trial": f"{sorted(filled.items())} {seed}", **filled}
        | {"seed": seed, "split": "test", "metric": "accuracy", "value": value, "samples": 1000}
        for seed, value in enumerate(values)
    ]


def lost(reading: str, level: str, values: Values, network: str = "snn") -> list[Row]:
    at = {"noise_std": 1.0, "noise_position": "input", "disturbance": level}
    return cell(reading, values, network, **at)


def product(values: Values, network: str = "snn") -> list[Row]:
    return [row | {"fusion": "product-of-experts"} for row in cell("base", values, network)]


def alone(modality: str, values: Values, network: str = "snn") -> list[Row]:
    return cell("base", values, network, modality=modality, size="S/2")


def whole(network: str = "snn", prefix: str = "", base: str = "base") -> list[Row]:
    """Every training; only dropout of 0.2 helps, ogm-ge is near, fresh pairs change nothing."""
    return [
        *cell(base, USUAL, network),
        *cell(f"{prefix}fresh-pairs", NEAR, network),
        *cell(f"{prefix}ogm-ge", NEAR, network),
        *cell(f"{prefix}modality-dropout-0.2", BETTER, network),
        *cell(f"{prefix}modality-dropout-0.5", NEAR, network),
    ]


def failing(network: str = "snn") -> list[Row]:
    """Zeros cost the usual network much, dropout little; the mean of training as much."""
    rows = []
    for sense, cost in (("image", 0.3), ("audio", 0.1)):
        for way in ("base", "fresh-pairs", "ogm-ge"):
            rows += lost(way, f"zeros:{sense}", shifted(USUAL, -cost), network)
        better = (shifted(USUAL, -cost)[0] + 0.08, *shifted(USUAL, -cost + 0.07)[1:])
        for share in (0.2, 0.5):
            rows += lost(f"modality-dropout-{share}", f"zeros:{sense}", better, network)
        for way in ("base", "fresh-pairs", "ogm-ge"):
            rows += lost(way, f"mean:{sense}", shifted(USUAL, -cost), network)
        for share in (0.2, 0.5):
            rows += lost(f"modality-dropout-{share}", f"mean:{sense}", NEAR, network)
    return rows


def holm(*pairs: tuple[Values, Values]) -> list[float]:
    p_values = [float(stats.ttest_rel(a, b).pvalue) for a, b in pairs]
    return [
        min(1.0, max(p * sum(q >= p for q in p_values) for p in p_values if p <= own))
        for own in p_values
    ]


def one(rows: list[Row]) -> Remedies:
    (found,) = remedies(rows)
    return found


def test_gains_are_paired_and_corrected_within_one_network() -> None:
    rows = whole() + whole("dnn")
    both = remedies(rows)
    assert [each.network for each in both] == ["snn", "dnn"]
    expected = holm((NEAR, USUAL), (NEAR, USUAL), (BETTER, USUAL), (NEAR, USUAL))
    for found in both:
        assert list(found.gains) == [
            *("fresh-pairs", "ogm-ge", "modality-dropout-0.2", "modality-dropout-0.5")
        ]
        gap = found.gains["modality-dropout-0.2"].gap
        assert gap is not None
        assert gap.mean == pytest.approx(0.032)
        told = [each.p_value for each in found.gains.values()]
        assert told == pytest.approx(expected, rel=0.05)
        assert [each.sign for each in found.gains.values()] == [0, 0, 1, 0]


def test_what_stands_by_itself_alone_is_not_shown() -> None:
    """Its own interval is above zero; after Holm over four the p value is above 5 %."""
    weak = tuple(a + b for a, b in zip(USUAL, (0.012, 0.004, 0.008, 0.006), strict=True))
    (own,) = holm((weak, USUAL))
    assert own < 0.05 < 4 * own
    rows = [row for row in whole() if row["reading"] not in ("ogm-ge", "modality-dropout-0.2")]
    found = one([*rows, *cell("ogm-ge", weak), *cell("modality-dropout-0.2", NEAR)]).gains["ogm-ge"]
    assert found.gap is not None
    assert found.gap.low is not None
    assert found.gap.low > 0
    assert found.p_value == pytest.approx(4 * own, rel=0.05)
    assert found.sign == 0


def test_the_product_is_beside_every_training_and_is_no_training() -> None:
    found = one(whole() + product(PRODUCT))
    assert list(found.accuracy) == list(found.over_product) == ["usual", *found.gains]
    usual = found.over_product["usual"]
    assert usual.gap is not None
    assert usual.gap.mean == pytest.approx(-0.05)
    near = (NEAR, PRODUCT)
    expected = holm((USUAL, PRODUCT), near, near, (BETTER, PRODUCT), near)
    told = [each.p_value for each in found.over_product.values()]
    assert told == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("product_of", "said"),
    [
        (PRODUCT, ", and with every remedy below them after Holm."),
        (shifted(USUAL, -0.1), ", and with every remedy above them after Holm."),
        (NEAR, "; with modality-dropout-0.2 +3.08\u00a0pp"),
        (shifted(BETTER, -0.001)[::-1], "; with a remedy no difference is shown."),
    ],
)
def test_what_is_left_to_networks_trained_apart_is_said(product_of: Values, said: str) -> None:
    rows = cell("base", USUAL) + cell("modality-dropout-0.2", BETTER) + product(product_of)
    sentence = remedy_sentence([one(rows)])
    assert "Over networks trained apart, of as many parameters in all: as usual " in sentence
    assert said in sentence


def test_a_lost_sense_has_two_families() -> None:
    """What dropout trains with, and all else."""
    found = one(whole() + failing())
    ways = list(found.gains)
    assert list(found.protection) == [(f"zeros:{s}", w) for s in ("image", "audio") for w in ways]
    assert list(found.unseen) == [(f"mean:{s}", w) for s in ("image", "audio") for w in ways]
    gap = found.protection["zeros:image", "modality-dropout-0.5"].gap
    assert gap is not None
    assert gap.mean == pytest.approx(0.0725)
    shown = {key for key, each in found.protection.items() if each.sign > 0}
    assert shown == {
        (f"zeros:{s}", f"modality-dropout-{share}")
        for s in ("image", "audio")
        for share in (0.2, 0.5)
    }
    assert found.lost["zeros:image", "usual"] is not None
    assert "modality-dropout-0.2 +7.25\u00a0pp" in protection_sentence([found])
    assert "without image" in protection_sentence([found])


def test_zeros_for_a_part_of_the_steps_are_not_what_dropout_trains_with() -> None:
    part = "zeros:image:0.75"
    rows = whole() + lost("base", part, USUAL) + lost("modality-dropout-0.2", part, BETTER)
    found = one(rows)
    assert found.protection == {}
    assert found.shares == {}, "what all samples without a sense cost is not known"
    assert list(found.unseen) == [(part, way) for way in found.gains]
    assert found.unseen[part, "ogm-ge"].reason == "no seed has both"
    assert lost_table([found]).rows == ()
    (usual, _, _, dropped, _) = unseen_table([found]).rows
    assert usual[:3] == ("SNN", "image missing (zeros), last 75 % of the steps", "usual")
    assert usual[6:] == ("\u2013", "\u2013", "\u2013")
    assert dropped[2:4] == ("modality-dropout-0.2", "93.20")
    assert dropped[6] == "+3.20"


def test_a_part_of_the_samples_loses_a_sense() -> None:
    found = one(whole() + failing())
    assert list(found.shares) == [
        (f"modality-dropout-{dropout}", part) for dropout in (0.2, 0.5) for part in (0.2, 0.5, 1.0)
    ]
    half = found.shares["modality-dropout-0.2", 0.5].gap
    assert half is not None
    assert half.mean == pytest.approx(0.5 * 0.032 + 0.5 * 0.0725)
    every = found.shares["modality-dropout-0.2", 1.0].gap
    assert every is not None
    assert every.mean == pytest.approx(0.0725)
    said = protection_sentence([found])
    first, _, second = said.partition("modality-dropout-0.5 protects the fused SNN beyond")
    head = "modality-dropout-0.2 protects the fused SNN beyond the share of samples that it was "
    assert f"{head}trained with: +5.22\u00a0pp" in first
    assert "where 50\u00a0% of them lose a sense and +7.25\u00a0pp" in first
    assert "where 100\u00a0% of them lose a sense." in first
    assert "50\u00a0%" not in second
    assert " with: +7.25\u00a0pp" in second
    assert first_sentences([found]).endswith(second)
    assert "apart" not in first_sentences([found])


def test_what_does_not_protect_is_said() -> None:
    rows = [row for row in failing() if "dropout" not in str(row["reading"])]
    for sense in ("image", "audio"):
        rows += lost("modality-dropout-0.2", f"zeros:{sense}", shifted(NEAR, -0.3))
    said = protection_sentence([one(whole() + rows)])
    assert "another training of the fused SNN is not shown to change anything" not in said
    assert "modality-dropout-0.2 is not shown to protect the fused SNN beyond" in said


def test_what_is_left_is_asked_on_the_pairs_of_the_fused_network() -> None:
    """Where zeros stand in for a sense; the network of the other one knows that it is alone."""
    pairs = [
        row | {"metric": "accuracy_on_pairs", "value": row["value"] - 0.01}
        for row in alone("audio", PRODUCT)
    ]
    rows = whole() + failing() + alone("image", PRODUCT) + alone("audio", PRODUCT) + pairs
    found = one(rows)
    assert {level for level, _ in found.over_left} == {"zeros:image", "zeros:audio"}
    assert [way for level, way in found.over_left if level == "zeros:image"] == list(found.accuracy)
    first = found.over_left["zeros:image", "usual"].gap
    other = found.over_left["zeros:audio", "usual"].gap
    assert first is not None
    assert other is not None
    assert first.mean == pytest.approx(0.60 - 0.94)
    assert other.mean == pytest.approx(0.80 - 0.95)


def test_of_three_senses_no_one_is_left() -> None:
    rows = whole() + failing()
    rows += [each for name in ("image", "audio", "touch") for each in alone(name, PRODUCT)]
    assert one(rows).over_left == {}


def test_how_much_more_a_spiking_network_gains() -> None:
    dense = whole("dnn")
    for row in dense:
        if row["reading"] == "modality-dropout-0.2":
            row["value"] -= 0.02
    found = more(whole() + dense)
    gap = found["modality-dropout-0.2"].gap
    assert gap is not None
    assert gap.mean == pytest.approx(0.02)
    assert list(found) == ["fresh-pairs", "ogm-ge", "modality-dropout-0.2", "modality-dropout-0.5"]
    assert more_table(found).rows[2][:2] == ("modality-dropout-0.2", "+2.00")
    assert more(whole()) == {}
    same = more(whole() + whole("dnn"))["ogm-ge"].gap
    assert same is not None
    assert same.low is not None, "samples that can be told apart bound what agrees"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (BETTER, "modality-dropout-0.2 helps the fused SNN by 3.20\u00a0pp"),
        (NEAR, "No remedy is shown to help joint training of the SNN"),
        (shifted(USUAL, -0.2), "No remedy is shown to help joint training of the SNN"),
        (BETTER[:2], "2 seeds cannot say what remedies joint training of the SNN"),
        (BETTER[:1], "1 seed cannot say what remedies joint training of the SNN"),
    ],
)
def test_the_heading_says_no_more_than_is_shown(values: Values, said: str) -> None:
    rows = cell("base", USUAL) + cell("modality-dropout-0.2", values)
    assert remedy_heading(remedies(rows)) == said


def test_of_two_that_help_the_heading_names_the_better_one() -> None:
    rows = cell("base", USUAL) + cell("modality-dropout-0.2", BETTER)
    rows += cell("ogm-ge", shifted(BETTER, 0.01))
    assert remedy_heading(remedies(rows)) == "ogm-ge helps the fused SNN by 4.20\u00a0pp"
    assert remedy_sentence(remedies(rows)).startswith("Fused SNN (90.00\u00a0% as usual): ogm-ge ")


def test_where_nothing_changes_with_a_lost_sense_that_is_said() -> None:
    rows = whole() + lost("base", "zeros:image", USUAL) + lost("ogm-ge", "zeros:image", NEAR)
    assert protection_sentence([one(rows)]).startswith(
        "With a sense lost (zeros), another training of the fused SNN is not shown to change "
        "anything."
    )


def test_each_way_of_losing_a_sense_has_its_table_and_columns() -> None:
    found = one(whole() + failing() + alone("image", PRODUCT) + alone("audio", PRODUCT))
    trained, other = lost_table([found]), unseen_table([found])
    assert {row[1] for row in trained.rows} == {"image missing (zeros)", "audio missing (zeros)"}
    assert {row[1] for row in other.rows} == {
        "image missing (mean of training)",
        "audio missing (mean of training)",
    }
    row = next(row for row in trained.rows if row[2] == "modality-dropout-0.5")
    assert row[3] == "67.25"
    assert row[6] == "+7.25"
    assert row[9] == "\u221227.75"
    row = next(row for row in other.rows if row[2] == "modality-dropout-0.5")
    assert row[3] == "90.12"
    assert row[6] == "+30.12"


def test_two_seeds_show_their_values() -> None:
    rows = [row for row in whole() + failing() if int(row["seed"]) < 2]
    found = one(rows)
    assert "(+3.00\u00a0pp and +3.50\u00a0pp, n\u00a0=\u00a02)" in remedy_sentence([found])
    assert protection_sentence([found]) == (
        "2 seeds cannot say what protects the fused SNN where a sense is lost."
    )


def test_a_lost_seed_says_why() -> None:
    rows = whole()
    row = next(row for row in rows if row["reading"] == "ogm-ge" and row["seed"] == 1)
    rows = [each for each in rows if each is not row]
    rows.append({**row, "metric": "diverged", "value": 1, "split": ""})
    found = one(rows)
    assert found.gains["ogm-ge"].gap is None
    assert "ogm-ge not known (training diverged for seed 1" in remedy_sentence([found])
    assert found.accuracy["ogm-ge"] is None
    assert found.gains["modality-dropout-0.2"].sign == 1
    only = [each for each in rows if each["reading"] in ("base", "ogm-ge")]
    assert remedy_heading(remedies(only)) == "Not known: what remedies joint training of the SNN"
    row = gain_table([found]).rows[2]
    none = "\u2013"
    assert row[:5] == ("SNN", "ogm-ge", none, none, none)
    assert row[5].startswith("training diverged for seed 1")


def test_the_study_alone_is_read_and_nothing_else() -> None:
    assert remedies([row | {"study": "controls"} for row in whole()]) == []
    assert remedies_section([], {}, "") is None
    assert remedy_heading([]) == ""


def test_the_study_of_another_reading_is_read_the_same_way() -> None:
    expected = remedies(whole())
    assert remedies(whole(prefix="lab+", base="lab")) == expected
    beside = [row | {"study": "controls"} for row in cell("base", PRODUCT)]
    assert remedies(whole(prefix="lab+", base="lab") + beside) == expected


def test_remedies_without_the_usual_training_say_nothing_of_a_gain() -> None:
    found = one(cell("ogm-ge", NEAR))
    assert found.gains["ogm-ge"].gap is None
    assert list(found.accuracy) == ["ogm-ge"]
    assert remedy_heading([found]) == "Not known: what remedies joint training of the SNN"
    assert remedy_sentence([found]).startswith("Fused SNN: ogm-ge not known (")
    lost_alone = lost("modality-dropout-0.2", "zeros:image", NEAR)
    assert one(cell("modality-dropout-0.2", NEAR) + lost_alone).shares == {}


def test_the_usual_training_alone_is_no_remedy() -> None:
    found = one(cell("base", USUAL))
    assert remedy_sentence([found]) == protection_sentence([found]) == ""
    section = remedies_section([found], {}, "spikefuse run remedies")
    assert section is not None
    assert [each.table.name for each in section.tables] == ["remedies"]


def test_the_section_has_every_table() -> None:
    rows = whole() + failing() + whole("dnn")
    found = remedies(rows)
    section = remedies_section(found, more(rows), "spikefuse run remedies")
    assert section is not None
    assert remedy_sentence(found) in section.paragraphs
    assert protection_sentence(found) in section.paragraphs
    names = [each.table.name for each in section.tables]
    assert names == [
        *("remedies", "remedies-lost-sense", "remedies-unseen"),
        *("remedies-shares", "remedies-snn-dnn"),
    ]
    row = gain_table(found).rows[3]
    assert row[:3] == ("SNN", "modality-dropout-0.2", "93.20")
    assert row[5] == "+3.20"
    shares = share_table(found).rows
    assert [each[:3] for each in shares[:2]] == [
        ("SNN", "modality-dropout-0.2", "20\u00a0%"),
        ("SNN", "modality-dropout-0.2", "50\u00a0%"),
    ]


def test_a_blend_weighs_values_and_counting() -> None:
    first = Series({0: 0.9, 1: 0.8}, samples=100, variance=0.0004)
    second = Series({0: 0.5}, samples=50, variance=0.0008, silent=(0,))
    found = blend(first, second, 0.25)
    assert found.values == {0: pytest.approx(0.8)}
    assert found.samples == 50
    assert found.silent == (0,)
    assert found.variance == pytest.approx(0.75**2 * 0.0004 + 0.25**2 * 0.0008)
