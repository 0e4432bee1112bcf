"""The leak, on rows whose answer is known."""

from typing import Any

import pytest
from scipy import stats

from spikefuse.analysis.pairing_leak import pairing_leak
from spikefuse.core.errors import StudyError
from spikefuse.studies.design import Cell

Rows = list[dict[str, Any]]


def cell(protocol: str, values: tuple[float, ...], **levels: Any) -> Rows:
    study, split = levels.pop("study", "model-size"), levels.pop("split", "validation")
    made = Cell.create(**{"modality": "fused", "protocol": protocol} | levels).model_dump()
    return [
        {"study": study, "trial": f"{sorted(made.items())} {seed}", **made, "seed": seed}
        | {"split": split, "metric": "accuracy", "value": value, "samples": 500}
        for seed, value in enumerate(values)
    ]


ROWS = cell("paper", (0.999, 0.998, 0.997)) + cell("disjoint", (0.98, 0.981, 0.985))


def test_it_is_paper_minus_disjoint_paired_by_seed() -> None:
    found = pairing_leak(ROWS, "snn")
    assert found is not None
    assert found.paper.mean == pytest.approx(0.998)
    assert found.disjoint.mean == pytest.approx(0.982)
    gaps = [0.019, 0.017, 0.012]
    assert dict(found.difference.values) == pytest.approx(dict(enumerate(gaps)))
    low, high = stats.t.interval(0.95, 2, loc=sum(gaps) / 3, scale=stats.sem(gaps))
    assert (found.difference.low, found.difference.high) == pytest.approx((low, high), abs=1e-12)


def test_other_cells_do_not_mix_in() -> None:
    others = (
        cell("disjoint", (0.1,) * 3, split="test")
        + cell("disjoint", (0.2,) * 3, reset="hard", study="reset")
        + cell("disjoint", (0.3,) * 3, pairing="shuffled", study="controls")
        + cell("paper", (0.4,) * 3, size="S/2")
        + cell("disjoint", (0.5,) * 3, network="dnn")
    )
    assert pairing_leak(ROWS + others, "snn") == pairing_leak(ROWS, "snn")


def test_without_both_pairings_there_is_none() -> None:
    assert pairing_leak(cell("paper", (0.9, 0.9)), "snn") is None
    apart = [row | {"seed": row["seed"] + 5} for row in cell("disjoint", (0.9, 0.9))]
    assert pairing_leak(cell("paper", (0.9, 0.9)) + apart, "snn") is None
    assert pairing_leak(ROWS, "dnn") is None


def test_contradictions_are_refused() -> None:
    with pytest.raises(StudyError, match="two for seed 0"):
        pairing_leak([*ROWS, ROWS[0] | {"trial": "other", "value": 0.5}], "snn")


def test_the_clips_are_matched_under_the_reading_of_the_run() -> None:
    values = {"paper": (0.99, 0.98, 0.985), "disjoint": (0.97, 0.96, 0.972)}
    fewer = (0.975, 0.97, 0.98)
    for reading, matched in (("base", "matched-clips"), ("lab", "lab+matched-clips")):
        rows = [row for name, own in values.items() for row in cell(name, own, reading=reading)]
        rows += cell("paper", fewer, reading=matched)
        found = pairing_leak(rows, "snn")
        assert found is not None
        assert found.difference is not None
        assert found.matched is not None
        assert found.matched.mean == pytest.approx(0.975 - 0.9673333, abs=1e-6)
