"""Rows of energy.csv: every number by hand, and results.csv as it was."""

from pathlib import Path
from typing import Any

import pytest
import torch
from counts import observations, two_layers

from spikefuse.analysis.energy_rows import MODELS, energy_rows, numbers_of, right_share
from spikefuse.analysis.table import Table
from spikefuse.analysis.write import gather
from spikefuse.meters.stored_counts import mean_counts
from spikefuse.planning import Plan, make_plan
from spikefuse.planning.plan import resolve_studies
from spikefuse.report.reading.verify import verify_run
from spikefuse.results import TrialStore, read_tidy, write_tidy
from spikefuse.studies import PROFILES

ANSWERS = {
    "image": torch.arange(3),
    "audio": torch.arange(3),
    "labels": torch.tensor([1, 2, 3]),
    "predicted": torch.tensor([1, 0, 3]),
    "logits": torch.eye(4)[1:],
}


def finish(plan: Plan, store: TrialStore, counted: bool = True, diverged: bool = False) -> None:
    splits = [{"split": split, "samples": 50} for split in ("train", "validation", "test")]
    ends = ("validation_best", "validation_last", "test_best", "test_last")
    common = {"parameters": 10, "macs": 20, "audit": {"splits": splits}, "rates": {}}
    for trial in plan.trials:
        if store.state(trial.definition.name) != "missing":
            continue
        lost = diverged and trial.definition.seed == 1
        results = {"status": "done", "accuracy": dict.fromkeys(ends, 0.5)}
        store.open(trial.definition.naming()).finish(
            results=common | ({"status": "diverged", "reason": "loss"} if lost else results),
            weights={"w": torch.zeros(1)},
            predictions=ANSWERS,
            provenance={},
            observations=observations() if counted and not lost else {},
        )


def plan_of(store: TrialStore, *studies: str, seeds: int = 1) -> Plan:
    return make_plan(resolve_studies(studies), PROFILES["smoke"], "builtin", store, seeds=seeds)


def run(out: Path, *studies: str, **kinds: Any) -> list[dict[str, Any]]:
    store = TrialStore(out)
    plan = plan_of(store, *studies, seeds=kinds.pop("seeds", 1))
    finish(plan, store, **kinds)
    gather(plan, store, out, "banner", "command")
    return read_tidy(out / "energy.csv") if (out / "energy.csv").exists() else []


def test_numbers_of_the_mean_sample_by_hand() -> None:
    mean = mean_counts(observations())
    found = {(m, *sorted(place.values())): value for m, value, place in numbers_of(mean, 0.5)}

    assert found["synops.multiplies",] == 18
    assert found["synops.multiplies_once",] == 9
    assert found["synops.accumulates",] == 6
    assert found["synops.dense",] == 2 * 12 + 2 * 6
    assert found["synops.spikes",] == 3
    assert found["synops.rate",] == 3 / (3 * 2)
    assert found["synops.multiplies", "image", "image.hidden"] == 18
    assert found["synops.accumulates", "image", "image.readout"] == 6
    model = "horowitz-45nm"
    assert found["energy.pj", model] == pytest.approx(24 * 4.6 + 6 * 0.9)
    assert found["energy.once_pj", model] == pytest.approx(12 * 4.6 + 6 * 0.9)
    assert found["energy.first_layer_pj", model] == pytest.approx(24 * 4.6)
    assert found["energy.right_pj", model] == pytest.approx((24 * 4.6 + 6 * 0.9) / 0.5)
    assert found["energy.pj", "horowitz-45nm", "image.readout"] == pytest.approx(6 * 0.9)


def test_layers_branches_and_parts_each_add_up_to_the_whole() -> None:
    mean = mean_counts(observations())
    numbers = list(numbers_of(mean, 0.5))
    for model in MODELS:
        own = [(m, v, p) for m, v, p in numbers if p.get("model") == model]
        whole = next(v for m, v, p in own if m == "energy.pj" and len(p) == 1)
        for column in ("layer", "branch"):
            parts = [v for m, v, p in own if m == "energy.pj" and column in p]
            assert sum(parts) == pytest.approx(whole)
        kinds = ("energy.once_pj", "energy.first_layer_pj", "energy.right_pj", "energy.pj")
        parts = [v for m, v, p in own if m not in kinds]
        assert sum(parts) == pytest.approx(whole)


def test_answers_count_among_the_counted_samples_alone() -> None:
    assert right_share(ANSWERS, 2) == 0.5
    assert right_share(ANSWERS, 500) == pytest.approx(2 / 3)
    assert right_share({"labels": torch.arange(3)}, 2) is None


def test_a_run_has_energies_of_every_network_and_seed(tmp_path: Path) -> None:
    rows = run(tmp_path, "reset", seeds=2)
    series = Table(rows).series(
        network="snn", modality="fused", reset="hard", protocol="disjoint",
        metric="energy.pj", model="horowitz-45nm", layer="", branch="",
    )  # fmt: skip

    assert series.values == {0: pytest.approx(115.8), 1: pytest.approx(115.8)}
    assert series.variance == 0  # no share of right answers
    assert {row["samples"] for row in rows} == {2}
    assert two_layers().samples == 2


def test_results_stay_as_they_were(tmp_path: Path) -> None:
    run(tmp_path / "with", "reset")
    run(tmp_path / "without", "reset", counted=False)
    with_counts, without = (
        (tmp_path / name / "results.csv").read_bytes() for name in ("with", "without")
    )

    assert with_counts == without
    assert not (tmp_path / "without" / "energy.csv").exists()


def test_a_seed_that_diverged_is_said_for_every_model(tmp_path: Path) -> None:
    rows = run(tmp_path, "reset", seeds=2, diverged=True)
    series = Table(rows).series(
        modality="image", reset="soft", protocol="disjoint",
        metric="energy.pj", model="lemaire-2022", layer="", branch="",
    )  # fmt: skip

    assert (list(series.values), series.diverged) == ([0], (1,))


def test_a_further_study_keeps_the_earlier_rows_to_the_letter(tmp_path: Path) -> None:
    run(tmp_path, "reset")
    first = (tmp_path / "energy.csv").read_text().splitlines()
    run(tmp_path, "speakers")
    both = (tmp_path / "energy.csv").read_text().splitlines()

    assert [line for line in first if line not in both] == []
    assert len(both) > len(first)
    assert len(set(both)) == len(both)


def test_noisy_cells_have_no_counts_of_their_own(tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    plan = plan_of(store, "noise-position")
    finish(plan, store)

    assert list(energy_rows(plan, store)) == []


def test_a_row_that_was_changed_is_found(tmp_path: Path) -> None:
    rows = run(tmp_path, "reset")
    assert verify_run(tmp_path)[1] == []
    place = next(n for n, row in enumerate(rows) if row["metric"] == "energy.right_pj")
    write_tidy(
        [*rows[:place], rows[place] | {"value": 1.0}, *rows[place + 1 :]], tmp_path / "energy.csv"
    )
    found = verify_run(tmp_path)[1]

    assert len(found) == 1
    assert f"energy.csv: row {place + 2} has 1.0, its trial" in found[0]
    assert str(rows[place]["value"]) in found[0]
