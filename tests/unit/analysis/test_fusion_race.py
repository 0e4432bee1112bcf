"""Which fusion wins: chosen on validation, compared on the test, corrected together."""

from typing import Any

import pytest
from rows import CELL
from scipy import stats

from spikefuse.analysis.fusion_race import Race, fusion_races
from spikefuse.analysis.gains import PRODUCT
from spikefuse.report.sections.fusion_race import fusion_section, fusion_sentence, race_table

TEST = {
    "early": [0.900, 0.910, 0.890, 0.905],
    "late": [0.850, 0.862, 0.845, 0.851],
    "hybrid": [0.930, 0.944, 0.921, 0.939],
    "input": [0.935, 0.920, 0.940, 0.926],
    PRODUCT: [0.921, 0.930, 0.912, 0.932],
}
VALIDATION = {"early": 0.90, "late": 0.99, "hybrid": 0.95, "input": 0.94}


def rows_of(changes: dict[str, Any] | None = None, seeds: int = 4) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for fusion, values in TEST.items():
        cell = CELL | {"study": "fusion", "modality": "fused", "fusion": fusion}
        cell |= {"reading": "calibrated"}
        for seed, value in list(enumerate(values))[:seeds]:
            own = cell | {"seed": seed, "trial": f"{fusion}{seed}", "samples": 1000}
            rows.append(own | {"split": "test", "metric": "accuracy", "value": value})
            for metric, count in (("parameters", 1_600_000), ("macs", 9_000_000)):
                rows.append(own | {"split": "", "metric": metric, "value": count, "samples": ""})
            if fusion in VALIDATION:
                known = (changes or {}).get(fusion, VALIDATION[fusion])
                rows.append(own | {"split": "validation", "metric": "accuracy", "value": known})
    return rows


def race_of(*args: Any, **more: Any) -> Race:
    (race,) = fusion_races(rows_of(*args, **more))
    return race


def test_the_best_by_validation_is_compared_with_all_on_the_test() -> None:
    race = race_of({"late": 0.80})
    assert (race.network, race.size, race.protocol) == ("snn", "S", "disjoint")
    assert race.best == "hybrid", "not the best of the test set by seed"
    others = ["early", "late", "input", PRODUCT]
    raw = [stats.ttest_rel(TEST[name], TEST["hybrid"]).pvalue for name in others]
    wanted, highest = {}, 0.0
    for rank, place in enumerate(sorted(range(4), key=lambda i: raw[i])):
        highest = max(highest, min(1.0, (4 - rank) * raw[place]))
        wanted[others[place]] = highest
    for name in others:
        entry = race.entries[name]
        assert entry.p_value == pytest.approx(wanted[name], rel=1e-9)
        gap = sum(a - b for a, b in zip(TEST[name], TEST["hybrid"], strict=True)) / 4
        assert entry.behind is not None
        assert entry.behind.mean == pytest.approx(gap)
    assert race.entries["hybrid"].behind is None
    over = race.entries["hybrid"].over_product
    assert over is not None
    assert over.mean == pytest.approx(0.00975)
    assert (race.compared, race.entries["early"].parameters) == (4, 1_600_000)
    assert race.beaten == [name for name in others if wanted[name] < 0.05]
    assert "input" not in race.beaten


def test_validation_that_misleads_is_said() -> None:
    race = race_of()
    assert race.best == "late"
    assert {"early", "hybrid", "input", PRODUCT} == set(race.ahead)
    said = fusion_sentence([race])
    assert "late is best by validation, 85.20\u00a0%" in said
    assert "above none of 3 others after Holm: no fusion is shown to win" in said
    assert "early, hybrid and input stand above it on the test set" in said


def test_a_winner_is_above_all() -> None:
    rows = [row for row in rows_of({"late": 0.80}) if row["fusion"] != "input"]
    said = fusion_sentence(fusion_races(rows))
    assert "SNN at S: hybrid is best by validation, 93.35\u00a0%" in said
    assert "n\u00a0=\u00a04), and wins: above all 2 others after Holm" in said
    assert "over the product of experts of as many parameters it brings +0.97\u00a0pp" in said


def test_two_seeds_cannot_say() -> None:
    said = fusion_sentence([race_of({"late": 0.80}, seeds=2)])
    assert said.endswith("2 seeds cannot say whether it wins.")


def test_a_diverged_kind_leaves_no_choice() -> None:
    rows = rows_of()
    for row in rows:
        if row["trial"] == "early2" and row["metric"] == "accuracy":
            row |= {"metric": "diverged", "split": "", "value": 1}
    (race,) = fusion_races(rows)
    assert race.best is None
    assert race.entries["early"].accuracy is None
    assert "no fusion is chosen (training diverged for seed 2" in fusion_sentence([race])


def test_the_table_has_n_intervals_and_costs() -> None:
    race = race_of({"late": 0.80})
    table = race_table(race)
    assert [row[0] for row in table.rows] == [
        *("hybrid", "input", "product of experts", "early", "late")
    ]
    heads = [column.title for column in table.columns]
    first = dict(zip(heads, table.rows[0], strict=True))
    assert (first["n"], first["Parameters"], first["MACs a step"]) == (
        "4",
        "1,600,000",
        "9,000,000",
    )
    low, high = stats.t.interval(0.95, 3, stats.tmean(TEST["hybrid"]), stats.sem(TEST["hybrid"]))
    ends = [float(end) for end in first["95 % interval"].replace("to", " ").split()]
    assert ends == pytest.approx([100 * low, 100 * high], abs=0.006)
    section = fusion_section([race], "spikefuse run fusion")
    assert section is not None
    assert fusion_section([], "") is None
