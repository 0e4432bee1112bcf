"""Claims by reading: judged on the reading's own rows, counted, the best named, ties said."""

import csv
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spikefuse.analysis.claims import evaluate_claims
from spikefuse.analysis.sensitivity import (
    COLUMNS,
    best_readings,
    explanation,
    judge_readings,
    judged_from,
    ranked,
    sensitivity_rows,
)
from spikefuse.analysis.write import gather_readings
from spikefuse.core.errors import InputError
from spikefuse.planning import make_plan
from spikefuse.planning.plan import resolve_studies
from spikefuse.results import TrialStore, read_tidy
from spikefuse.results.tidy import table_bytes
from spikefuse.studies import PROFILES, Cell
from spikefuse.studies.paper import EXPERIMENTS
from spikefuse.studies.readings import READINGS
from spikefuse.studies.sensitivity import sensitivity_studies

Rows = list[dict[str, Any]]


SALT = 1
"""Of the small differences between seeds: no ordering that nothing makes is found among them."""


def flat(cell: Cell) -> float:
    """Nothing matters but the modality: LIF = IF, T does not count, soft reset brings nothing."""
    return {"audio": 0.95, "image": 0.96, "fused": 0.97}[cell.modality]


def reset_matters(cell: Cell) -> float:
    """As `flat`, with a hard reset as harmful as the paper says."""
    loss = {"audio": 0.12, "image": 0.03, "fused": 0.005}[cell.modality]
    return flat(cell) - (loss if cell.reset == "hard" else 0.0)


def world(reading: str, accuracy: Callable[[Cell], float]) -> Rows:
    """Rows of all experiments under one reading, three seeds that barely differ."""
    rows = []
    for study in sensitivity_studies([reading]):
        for cell in study.cells(()):
            for seed in range(3):
                same = cell.model_copy(update={"reading": "base", "protocol": "disjoint"})
                own = np.random.default_rng([zlib.crc32(str(same).encode()), seed, SALT])
                value = accuracy(cell) + 1e-5 * float(own.normal())
                for split in ("validation", "test"):
                    rows.append(
                        {"study": study.name, "trial": f"{cell} {seed}", **cell.model_dump()}
                        | {"seed": seed, "split": split, "metric": "accuracy"}
                        | {"value": value, "samples": 1000}
                    )
    return rows


ROWS = world("base", flat) + world("byte", reset_matters) + world("paper-pairing", flat)


def verdict_of(rows: Rows, claim: str, reading: str) -> str:
    (judged,) = judge_readings(rows, [reading])
    return next(v.verdict for v in judged.claims if v.claim == claim)


def test_a_claim_is_judged_on_the_rows_of_its_reading() -> None:
    assert verdict_of(ROWS, "C19", "base") == "contradicted"
    assert verdict_of(ROWS, "C19", "byte") == "reproduced"
    assert verdict_of(ROWS, "C21", "base") == "reproduced"
    assert verdict_of(ROWS, "C21", "byte") == "reproduced"


def test_a_reading_is_judged_on_its_own_protocol_and_split() -> None:
    judged = judge_readings(ROWS, ["base", "paper-pairing", "byte"])
    views = {j.reading: (j.claims[0].protocol, j.claims[0].split) for j in judged}
    assert views == {
        "base": ("disjoint", "test"),
        "paper-pairing": ("paper", "validation"),
        "byte": ("disjoint", "test"),
    }
    assert verdict_of(ROWS, "C21", "paper-pairing") == "reproduced"


def test_mixed_readings_do_not_disturb_the_base() -> None:
    alone = evaluate_claims(world("base", flat))
    assert evaluate_claims(ROWS) == alone
    shuffled = [row | {"pairing": "shuffled", "value": 0.3} for row in ROWS]
    assert evaluate_claims(ROWS + shuffled) == alone


def test_the_best_reading_is_named_and_a_tie_is_called_one() -> None:
    judged = judge_readings(ROWS, ["base", "byte", "paper-pairing"])
    counts = {each.reading: each.count("reproduced") for each in judged}
    assert counts["byte"] > counts["base"] == counts["paper-pairing"] > 0
    assert [each.reading for each in best_readings(judged)] == ["byte"]
    said = explanation(judged)
    assert "best is byte (pixels from 0 to 255)" in said
    assert f"{counts['byte']} of 24 claims reproduced" in said

    tie = explanation(judge_readings(ROWS, ["base", "paper-pairing"]))
    assert "base, paper-pairing tie" in tie
    assert f"{counts['base']} of 24" in tie


def test_fewer_contradictions_break_a_tie() -> None:
    less = [row for row in world("atan", flat) if row["study"] != "reset"]
    judged = judge_readings(ROWS + less, ["base", "atan"])
    base, atan = judged
    if base.count("reproduced") == atan.count("reproduced"):
        assert atan.count("contradicted") < base.count("contradicted")
        assert best_readings(judged) == (atan,)
    else:
        pytest.fail("the reset study reproduces a claim here, so this test shows nothing")


def test_missing_cells_are_inconclusive_never_a_crash() -> None:
    judged = judge_readings([], list(READINGS))
    assert {v.verdict for each in judged for v in each.claims} == {"inconclusive"}
    assert best_readings(judged) == ()
    assert "No reading can be named" in explanation(judged)
    assert explanation([]) == "No reading has been run."


def test_the_table_has_a_row_for_every_claim_and_reading() -> None:
    rows = sensitivity_rows(judge_readings(ROWS, ["base", "byte"]))
    assert len(rows) == 48
    assert all(tuple(row) == COLUMNS for row in rows)
    row = next(row for row in rows if (row["claim"], row["reading"]) == ("C19", "byte"))
    assert (row["verdict"], row["n"], row["topic"]) == ("reproduced", 3, "image scale")
    assert row["low"] < row["measured"] < row["high"]


def test_the_table_is_read_back_as_it_was_judged(tmp_path: Path) -> None:
    judged = judge_readings(ROWS, ["base", "byte"])
    path = tmp_path / "sensitivity.csv"
    path.write_bytes(table_bytes(COLUMNS, sensitivity_rows(judged), "test"))

    with path.open(newline="") as file:
        assert judged_from(csv.DictReader(file)) == judged


def test_a_table_that_anyone_edited_is_read_with_care() -> None:
    row = {"claim": "C1", "reading": "mine", "verdict": "<b>", "measured": "nan", "low": "x"}
    (found,) = judged_from([row, row | {"claim": ""}, row | {"reading": ""}, {}])
    assert (found.reading, found.topic, found.says) == ("mine", "", "")
    (claim,) = found.claims
    assert claim.verdict == "inconclusive"
    assert (claim.measured, claim.low, claim.high, claim.paper, claim.n) == (*(None,) * 4, 0)
    assert "none of the 1 claims" in explanation([found])


def test_readings_rank_by_what_they_reproduce_then_by_what_they_contradict() -> None:
    table = {"a": "nn?", "b": "yn?", "c": "yyn", "d": "y??"}
    verdicts = {"y": "reproduced", "n": "contradicted", "?": "inconclusive"}
    judged = judged_from(
        {"claim": f"C{place}", "reading": reading, "verdict": verdicts[mark]}
        for reading, marks in table.items()
        for place, mark in enumerate(marks)
    )
    assert [each.reading for each in ranked(judged)] == ["c", "d", "b", "a"]
    assert [each.reading for each in best_readings(judged[:2] + judged[3:])] == ["d"]
    best = "best is c: 2 of 3 claims reproduced and 1 contradicted; its lead on d cannot be told"
    assert best in explanation(judged)
    assert explanation(judged).endswith("only one of them reproduces: 1 and 0, p = 1).")


def test_a_lead_is_one_where_claims_enough_speak_for_it() -> None:
    """Five claims to none are p = 0.06, six are p = 0.03; one to none is nothing."""

    def said(count: int) -> str:
        return explanation(
            judged_from(
                {"claim": f"C{place}", "reading": reading, "verdict": verdict}
                for reading, verdict in (("a", "reproduced"), ("b", "inconclusive"))
                for place in range(count)
            )
        )

    assert "5 and 0, p = 0.062)" in said(5)
    assert said(6).endswith("best is a: 6 of 6 claims reproduced and 0 contradicted.")


def test_readings_and_experiments_can_be_chosen() -> None:
    studies = resolve_studies(["sensitivity"], ["byte", "atan", "byte"], ["reset", "neuron"])
    assert [study.name for study in studies] == ["reset", "neuron"]
    assert {study.readings for study in studies} == {("byte", "atan")}
    assert len(resolve_studies(["sensitivity"])) == len(EXPERIMENTS)
    with pytest.raises(InputError, match="Did you mean byte"):
        resolve_studies(["sensitivity"], ["bite"])
    with pytest.raises(InputError, match="Did you mean reset"):
        resolve_studies(["sensitivity"], [], ["rest"])
    with pytest.raises(InputError, match="must stand alone"):
        resolve_studies(["reset", "sensitivity"])
    with pytest.raises(InputError, match="Name sensitivity"):
        resolve_studies(["reset"], [], ["reset"])


def test_readings_that_are_stored_already_are_judged_too(tmp_path: Path) -> None:
    """Two files beside the trials; results.csv is left alone; what was not run is not shown."""
    store, smoke = TrialStore(tmp_path), PROFILES["smoke"]
    (tmp_path / "results.csv").write_text("as it was")
    studies = resolve_studies(["sensitivity"], ["byte"], ["reset"])
    base = resolve_studies(["sensitivity"], ["lab"], ["reset"])
    for which in (studies, base):
        for trial in make_plan(which, smoke, "builtin", store, seeds=2).trials:
            if store.state(trial.definition.name) == "missing":
                _finish(store, trial.definition.model_dump(mode="json"))
    plan = make_plan(studies, smoke, "builtin", store, seeds=2)

    table = gather_readings(plan, store, tmp_path)

    with table.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert tuple(found[0]) == COLUMNS
    # Without noise, what the two others read is what `lab` reads.
    shown = ["lab", "best-validation", "byte", "noise-first", "noise-last"]
    assert list(dict.fromkeys(row["reading"] for row in found)) == shown
    rows = read_tidy(tmp_path / "readings.csv")
    assert {row["reading"] for row in rows} == set(shown)
    assert (tmp_path / "results.csv").read_text() == "as it was"


def _finish(store: TrialStore, definition: dict[str, Any]) -> None:
    ends = ("validation_best", "validation_last", "test_best", "test_last")
    splits = [{"split": split, "samples": 50} for split in ("train", "validation", "test")]
    store.open(definition).finish(
        results={
            "status": "done",
            "parameters": 1,
            "macs": 1,
            "audit": {"splits": splits},
            "accuracy": dict.fromkeys(ends, 0.5),
            "rates": {},
        },
        weights={"w": torch.zeros(1)},
        predictions={"predicted": torch.zeros(1)},
        provenance={},
    )
