"""Curves over noise: areas, what a curve keeps beyond another, and where two meet."""

import math
from typing import Any

import pytest
from scipy import stats

from spikefuse.analysis.crossing import crossing_point, mean_crossing
from spikefuse.analysis.robustness import (
    effective_robustness,
    relative_robustness,
    robustness,
)
from spikefuse.data import SOURCES
from spikefuse.report.sections.robustness import kept_sentence, robustness_section
from spikefuse.studies.design import Cell
from spikefuse.studies.profiles import PROFILES
from spikefuse.studies.registry import STUDIES

LEVELS = (0.0, 0.5, 2.0)
SNN = {0: (0.9, 0.8, 0.3), 1: (0.92, 0.84, 0.2), 2: (0.91, 0.79, 0.28)}
DNN = {0: (0.95, 0.7, 0.1), 1: (0.93, 0.75, 0.15), 2: (0.94, 0.7, 0.2)}


def rows(
    network: str,
    curves: dict[int, tuple[float, ...]],
    modality: str = "image",
    at: tuple[float, ...] = LEVELS,
) -> list[Any]:
    made = []
    for place, level in enumerate(at):
        cell = Cell.create(network=network, modality=modality, noise_std=level).model_dump()
        made += [
            {"study": "robustness", "trial": f"{network} {modality} {seed}", **cell, "seed": seed}
            | {"split": "test", "metric": "accuracy", "value": values[place], "samples": 1000}
            for seed, values in curves.items()
        ]
    return made


def test_areas_and_gaps_by_hand() -> None:
    assert relative_robustness((0.9, 0.8, 0.3)) == pytest.approx((0.85 + 0.55) / 2)
    gap = effective_robustness((0.9, 0.8, 0.3), (0.95, 0.7, 0.1))
    assert gap == pytest.approx((0 + 0.15 + 0.25) / 3)
    assert effective_robustness((0.9, 0.8), (0.7, 0.6)) == pytest.approx(0.0)


def test_curves_cross_where_straight_lines_over_the_logarithm_do() -> None:
    # From 0 the line is over the level itself: -0.05 at 0, +0.1 at 0.5.
    assert crossing_point(LEVELS, SNN[0], DNN[0]) == pytest.approx(0.5 / 3)
    assert crossing_point((0, 1, 100), (0.9, 0.9, 0.1), (0.8, 0.8, 0.2)) == pytest.approx(10.0)
    assert crossing_point((0, 1, 2), (0.9, 0.8, 0.7), (0.8, 0.7, 0.6)) is None
    # Curves that touch and part again have not crossed; those that begin alike neither.
    assert crossing_point((0, 1, 2), (0.9, 0.7, 0.7), (0.8, 0.7, 0.6)) is None
    assert crossing_point((0, 1, 2), (0.9, 0.7, 0.5), (0.9, 0.6, 0.4)) is None
    assert crossing_point((0, 1, 2), (0.9, 0.7, 0.5), (0.9, 0.6, 0.6)) == pytest.approx(2**0.5)
    # Over a touch the line goes on from where they last differed.
    assert crossing_point((1, 2, 4), (0.9, 0.7, 0.5), (0.8, 0.7, 0.6)) == pytest.approx(2.0)


def test_everything_is_paired_by_seed() -> None:
    found = robustness(rows("snn", SNN) + rows("dnn", DNN))
    (snn, dnn) = found.curves
    assert (snn.network, snn.levels, dnn.network) == ("snn", LEVELS, "dnn")
    assert snn.relative is not None
    assert snn.relative.values == pytest.approx({s: relative_robustness(SNN[s]) for s in SNN})
    (pair,) = found.against
    gaps = [effective_robustness(SNN[seed], DNN[seed]) for seed in SNN]
    low, high = stats.t.interval(0.95, 2, loc=sum(gaps) / 3, scale=stats.sem(gaps))
    assert pair.effective is not None
    assert (pair.effective.low, pair.effective.high) == pytest.approx((low, high), abs=1e-12)
    assert (pair.crossed, pair.compared) == (3, 3)
    assert pair.crossing is not None
    begin, end = (log_odds(SNN[0][at]) - log_odds(DNN[0][at]) for at in (0, 1))
    assert pair.crossing.values[0] == pytest.approx(0.5 * begin / (begin - end)), "a seed's own"
    assert min(pair.crossing.values.values()) < pair.crossing.mean
    assert pair.crossing.mean < max(pair.crossing.values.values())
    assert 0.0 <= pair.crossing.low < pair.crossing.mean < pair.crossing.high < 0.5


def log_odds(accuracy: float) -> float:
    return math.log((1000 * accuracy + 0.5) / (1000 - 1000 * accuracy + 0.5))


def test_curves_cross_where_the_mean_log_odds_are_equal_and_the_ends_are_a_tests() -> None:
    """Against scipy: zero at the crossing, and p = 0.05 at either end."""
    pairs = {
        seed: ((0.9, rest, 0.3), (0.97, 0.7, 0.1)) for seed, rest in enumerate((0.86, 0.87, 0.9))
    }
    found = mean_crossing(LEVELS, pairs, 1000)
    assert found is not None
    gaps = [
        [log_odds(a) - log_odds(b) for a, b in zip(*each, strict=True)] for each in pairs.values()
    ]

    def at(level: float) -> list[float]:
        return [gap[0] + (gap[1] - gap[0]) * level / 0.5 for gap in gaps]

    assert sum(at(found.mean)) == pytest.approx(0.0, abs=1e-12)
    for end in (found.low, found.high):
        assert stats.ttest_1samp(at(end), 0.0).pvalue == pytest.approx(0.05, abs=1e-6)


def test_a_seed_that_hardly_crosses_stays_in_the_crossing() -> None:
    """Its own crossing is missing, or far out: the mean of the seeds' own leaves it out."""
    first = {**SNN, 3: (0.9, 0.88, 0.7)}
    second = {**DNN, 3: (0.95, 0.93, 0.75)}
    (pair,) = robustness(rows("snn", first) + rows("dnn", second)).against
    assert (pair.crossed, pair.compared) == (3, 4)
    three = mean_crossing(LEVELS, {seed: (SNN[seed], DNN[seed]) for seed in SNN}, 1000)
    assert pair.crossing is not None
    assert three is not None
    assert pair.crossing.mean > three.mean + 0.05
    assert pair.crossing.high == math.inf, "nothing tells them apart up to the last level"
    section = robustness_section(robustness(rows("snn", first) + rows("dnn", second)), "")
    assert section is not None
    ends = section.tables[1].table.rows[0][5]
    assert ends.endswith(" to more than 2")
    assert "inf" not in ends
    assert f"interval {ends}, the curves in 3 of 4 seeds)" in section.paragraphs[1]


def test_no_interval_of_a_crossing_reaches_below_zero() -> None:
    levels = (0.0, 0.01, 1.0, 100.0)
    early = ((0.9, 0.9, 0.1, 0.1), (0.8, 0.8, 0.2, 0.1))
    late = ((0.9, 0.9, 0.9, 0.1), (0.8, 0.8, 0.8, 0.2))
    first = {0: early[0], 1: early[0], 2: late[0]}
    second = {0: early[1], 1: early[1], 2: late[1]}
    found = mean_crossing(levels, {seed: (first[seed], second[seed]) for seed in first}, 1000)
    assert found is not None
    assert 0 <= found.low < found.mean


def test_two_seeds_have_their_own_crossings_and_no_interval() -> None:
    found = mean_crossing(LEVELS, {seed: (SNN[seed], DNN[seed]) for seed in (0, 1)}, 1000)
    assert found is not None
    assert (found.n, found.low, found.high) == (2, None, None)


def test_seeds_that_agree_exactly_have_the_width_of_counting() -> None:
    alike = dict.fromkeys(range(3), (SNN[0], DNN[0]))
    few, many = (mean_crossing(LEVELS, alike, samples) for samples in (100, 10_000))
    assert few is not None
    assert many is not None
    assert few.low <= many.low < many.mean < many.high <= few.high
    assert few.high - few.low > 5 * (many.high - many.low)


def test_a_fused_network_stands_against_each_of_its_modalities() -> None:
    names = ("image", "audio", "fused")
    found = robustness([row for name in names for row in rows("snn", SNN, name)])
    pairs = [(pair.first[1], pair.second[1]) for pair in found.against]
    assert pairs == [("fused", "image"), ("fused", "audio")]
    assert found.against[0].crossing is None


def test_the_section_shows_curves_pairs_and_places() -> None:
    after = [
        row | {"noise_std": 0.1, "noise_position": place, "value": row["value"] - cost}
        for place, cost in (("after", 0.05), ("pooled", 0.01))
        for row in rows("snn", SNN)[:3]
    ]
    found = robustness(rows("snn", SNN) + rows("dnn", DNN) + after)
    section = robustness_section(found, "")
    assert section is not None
    curves, pairs, places = (shown.table for shown in section.tables)
    assert [column.title for column in curves.columns][:4] == ["Network", "0", "0.5", "2"]
    assert curves.rows[0][0] == "SNN image"
    assert curves.rows[0][1].startswith("91.00")
    assert pairs.rows[0][:2] == ("SNN image", "DNN image")
    assert pairs.rows[0][-1] == "3 of 3 seeds"
    assert places.rows[0][3] == "+5.00"
    assert places.rows[0][5] == "+1.00"
    assert robustness_section(robustness([]), "") is None


def test_the_study_evaluates_and_trains_nothing_of_its_own() -> None:
    source = SOURCES["builtin"]
    cells = STUDIES["robustness"].cells(("disjoint",), source)
    assert len(cells) == 2 * 3 * (8 + 2)
    quiet = {"noise_std": 0.0, "noise_position": "before"}
    trained = {cell.model_copy(update=quiet) for cell in cells}
    assert trained <= set(STUDIES["model-size"].cells(("disjoint",), source))


def test_of_one_seed_the_crossing_is_its_own() -> None:
    found = mean_crossing(LEVELS, {0: (SNN[0], DNN[0])}, 1000)
    assert found is not None
    assert found.values == {0: found.mean}


def test_beyond_the_last_level_that_both_have_nothing_was_looked_at() -> None:
    """Another curve may reach further."""
    first = {**SNN, 3: (0.9, 0.88, 0.7)}
    second = {**DNN, 3: (0.95, 0.93, 0.75)}
    further = {seed: (*values, 0.1) for seed, values in first.items()}
    told = rows("snn", further, at=(*LEVELS, 5.0)) + rows("dnn", second)
    section = robustness_section(robustness(told), "")
    assert section is not None
    assert section.tables[1].table.rows[0][5].endswith(" to more than 2")


def test_what_crosses_is_called_by_its_name() -> None:
    """Means of accuracies, which the table shows, may not cross where those of log odds do."""
    levels = (0.0, 0.1, 0.2, 0.4)
    high = ((0.998, 0.95, 0.9, 0.8), (0.97, 0.94, 0.9, 0.81))
    low = ((0.90, 0.80, 0.7, 0.6), (0.96, 0.83, 0.73, 0.66))
    seeds = (high, high, low)
    told = rows("snn", {s: each[0] for s, each in enumerate(seeds)}, at=levels)
    told += rows("dnn", {s: each[1] for s, each in enumerate(seeds)}, at=levels)
    section = robustness_section(robustness(told), "")
    assert section is not None
    assert "; their mean log odds cross at noise 0.1" in section.paragraphs[1]


def test_curves_of_another_reading_are_read_beside_answers_of_the_base() -> None:
    """Where the study has both, those of the base alone: no seed has two numbers."""
    base = rows("snn", SNN)
    lab = [row | {"reading": "lab", "trial": f"lab {row['trial']}"} for row in base]
    controls = [row | {"study": "controls", "noise_std": 0.0} for row in base[:3]]
    expected = robustness(base).curves
    assert len(expected) == 1
    assert robustness(lab + controls).curves == robustness(lab).curves == expected
    other = [row | {"value": 1 - row["value"]} for row in lab]
    assert robustness(base + other).curves == expected


def own_std(prefix: str = "") -> list[Any]:
    made = rows("snn", SNN) + rows("dnn", DNN)
    return [row | {"study": "robustness-own-std", "reading": f"{prefix}own-std"} for row in made]


def test_noise_of_the_own_deviation_is_read_of_its_own_study() -> None:
    """Under each reading alike, and beside the curves of absolute noise."""
    absolute = [row | {"value": row["value"] / 2} for row in rows("snn", SNN)]
    for found in (own_std(), own_std("lab+"), own_std() + absolute):
        told = robustness(found, "robustness-own-std")
        expected = robustness(rows("snn", SNN) + rows("dnn", DNN))
        assert told.study == "robustness-own-std"
        assert (told.curves, told.against) == (expected.curves, expected.against)
    (alone,) = robustness(own_std() + absolute).curves
    assert alone.accuracy[0.0].mean == pytest.approx(0.455)
    both = own_std() + [row | {"value": row["value"] / 2} for row in own_std("lab+")]
    told = robustness(both, "robustness-own-std")
    assert told.curves[0].accuracy[0.0].mean == pytest.approx(0.91), "base before lab"


def test_the_section_says_what_the_noise_counts_in() -> None:
    found = robustness(own_std(), "robustness-own-std")
    section = robustness_section(found, "spikefuse run robustness-own-std")
    assert section is not None
    assert [shown.table.name for shown in section.tables] == [
        *("robustness-own-std", "robustness-own-std-pairs")
    ]
    assert "times the currents\u2019 own" in section.tables[0].table.caption
    assert "2 times the currents\u2019 own deviation on every" in kept_sentence(found)
    absolute = robustness(rows("snn", SNN))
    assert "own" not in kept_sentence(absolute)
    usual = robustness_section(absolute, "")
    assert usual is not None
    assert "own" not in usual.tables[0].table.caption


@pytest.mark.parametrize("reading", ["base", "lab"])
def test_the_study_disturbs_by_the_own_deviation_and_trains_nothing_new(reading: str) -> None:
    source, profile = SOURCES["mnist-fsdd"], PROFILES["smoke"]
    own, usual = (
        STUDIES[name].of_reading(reading).cells(["disjoint"], source)
        for name in ("robustness-own-std", "robustness")
    )

    def trials(cells: list[Cell]) -> set[str]:
        settings = profile.settings
        return {c.trial(0, **settings(c.modality, c.size, source.name)).name for c in cells}

    assert trials(own) == trials(usual)
    conditions = [found for cell in own if (found := cell.condition(1)) is not None]
    assert {each.unit for each in conditions} == {"std"}
    assert {each.noise_position for each in conditions} == {"before"}
    stds = {each.noise_std for each in conditions}
    assert stds == {cell.noise_std for cell in usual} - {0.0}
    assert {c.unit for cell in usual if (c := cell.condition(1))} == {"absolute"}
