"""Targets and the page, from a record made by hand."""

from pathlib import Path
from typing import Any

import pytest

from spikefuse.bench.run import write_page
from spikefuse.bench.targets import TARGETS
from spikefuse.core.provenance import describe

MEDIANS = {
    "ours-bf16": 20.0,
    "ours-float32": 50.0,
    "ours-bf16-t16": 70.0,
    "products-bf16": 18.0,
    "products-float32": 45.0,
    "plain-dnn": 25.0,
    "noise-bf16": 30.0,
    "noise-reference": 200.0,
    "snntorch-documented": 200.0,
    "snntorch-best": 90.0,
    "snntorch-best-bf16": 85.0,
    "spikingjelly-documented": 190.0,
    "spikingjelly-best": 100.0,
    "spikingjelly-best-bf16": 120.0,
}


def _record(**changes: Any) -> dict[str, Any]:
    entry = {"low_ms": 1.0, "high_ms": 2.0, "least_ms": 1.0, "n": 5, "first_step_s": 0.1}
    contestants = {
        name: entry | {"median_ms": value, "samples": 100, "versions": {"torch": "2"}}
        for name, value in MEDIANS.items()
    }
    return {
        "finished": "2026-01-02T03:04:05+00:00",
        "command": "spikefuse bench",
        "threads": 2,
        "rounds": 7,
        "machine": describe(),
        "contestants": contestants,
        "memory_bytes": {"ours-bf16": 100, "spikingjelly-documented": 700, "x": None},
        "stages": {"convolutions and matrix products": 0.8, "the rest": 0.2},
        "grid": {
            "workers": 2,
            "steps_a_second_one_thread_each": 50.0,
            "steps_a_second_all_threads": 45.0,
        },
        "reproduce_s": {"quick": 660.0, "smoke": 20.0},
    } | changes


def test_every_target_is_the_ratio_it_names() -> None:
    values = [target.value(_record()) for target in TARGETS]
    expected = [85 / 20, 190 / 20, 20 / 18, 20 / 25, 70 / 20, 7.0, 90 / 50, 200 / 30, 11.0, 20.0]
    assert values == pytest.approx(expected)
    met = [target.is_met(value) for target, value in zip(TARGETS, values, strict=True)]
    assert met == [True, True, True, True, True, True, False, True, False, True]


def test_what_is_not_measured_is_said_and_not_judged(tmp_path: Path) -> None:
    ours = {name: MEDIANS[name] for name in ("ours-bf16", "plain-dnn")}
    record = _record(memory_bytes={}, reproduce_s={})
    record["contestants"] = {name: record["contestants"][name] for name in ours}
    values = [target.value(record) for target in TARGETS]
    assert [value is None for value in values] == [True] * 3 + [False] + [True] * 6
    write_page(record, tmp_path / "page.md", "")
    assert (tmp_path / "page.md").read_text().count("not measured") == 9


def test_the_page_tells_a_target_that_is_missed(tmp_path: Path) -> None:
    write_page(_record(), tmp_path / "page.md", "Why the second is missed.")
    page = (tmp_path / "page.md").read_text()
    assert "| at most 10 min | 11.00 min | **no** |" in page
    assert "| at least 4 | 4.25 | yes |" in page
    assert "Why the second is missed." in page
    assert "| `ours-bf16` | 20.0 | 1.0 to 2.0 | 1.0 | 5 | 0.1 | 100 |" in page
    assert describe()["processor"]["model"] in page
