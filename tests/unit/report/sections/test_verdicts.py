"""Claims with their verdicts on the page."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from spikefuse.analysis.claims import claims_document, evaluate_claims
from spikefuse.report.reading.sources import Run, read_run
from spikefuse.report.sections.verdicts import verdict_table, verdicts
from spikefuse.studies.readings import CENSUS_READINGS


@pytest.fixture(scope="module")
def run(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("run")
    return read_run(synthetic.write_run(root, seeds=3, epochs=1, studies=("model-size",)))


CENSUS = next(iter(CENSUS_READINGS))


def claim(**changes: Any) -> dict[str, Any]:
    return {
        "id": "C5",
        "statement": "It falls.",
        "verdict": "reproduced",
        "measured_value": 0.0123,
        "interval": [0.01, 0.02],
        "n": 3,
        "decided_by": "a minus b",
        "parts": [{"quantity": "a minus b", "unit": "difference of accuracies"}],
    } | changes


def with_claims(run: Run, *claims: dict[str, Any]) -> Run:
    return Run(run.root, (), claims=claims)


def test_both_readings_are_judged_as_the_engine_judges(run: Run) -> None:
    found, notices = verdicts(run)

    assert notices == []
    assert found is not None
    assert [reading.title for reading in found.readings] == ["As the paper reports it", "Ours"]
    for index, (protocol, split) in enumerate((("paper", "validation"), ("disjoint", "test"))):
        judged = evaluate_claims(list(run.rows), protocol, split)
        assert [row.judgements[index].kind for row in found.rows] == [v.verdict for v in judged]
        counts = dict(found.readings[index].counts)
        assert counts == claims_document(judged)["counts"]


def test_each_claim_leads_to_its_figure(run: Run) -> None:
    found, _ = verdicts(run)

    assert found is not None
    figures = {row.id: row.figure for row in found.rows}
    assert (figures["C1"], figures["C8"], figures["C23"], figures["C24"]) == ("3", "5", "13", "")


def test_a_claims_file_is_shown_as_it_is(run: Run) -> None:
    found, _ = verdicts(with_claims(run, claim(protocol="speaker", split="test")))

    assert found is not None
    assert [reading.title for reading in found.readings] == ["speaker, test"]
    (row,) = found.rows
    assert row.judgements[0].kind == "reproduced"
    assert row.judgements[0].measured == "+1.23\u00a0pp (+1.00 to +2.00), n\u00a0=\u00a03"
    assert row.figure == "4"


def test_accuracies_are_per_cent_without_sign(run: Run) -> None:
    accuracy = claim(
        measured_value=0.9876,
        interval=None,
        parts=[{"quantity": "a minus b", "unit": "accuracy"}],
    )

    found, _ = verdicts(with_claims(run, accuracy))

    assert found is not None
    assert found.rows[0].judgements[0].measured == "98.76\u00a0%, n\u00a0=\u00a03"


@pytest.mark.parametrize(
    "strange",
    [
        {"verdict": "sure"},
        {"verdict": None, "measured_value": None, "n": None},
        {"interval": ["a", "b"], "parts": "x", "figure": 99},
        {"parts": 5, "n": 3},
        {"parts": ["x"], "n": 0},
        {"id": None, "statement": None, "interval": [1]},
    ],
)
def test_a_strange_claims_file_is_inconclusive_never_a_crash(
    run: Run, strange: dict[str, Any]
) -> None:
    found, _ = verdicts(with_claims(run, claim(**strange)))

    assert found is not None
    expected = "inconclusive" if "verdict" in strange else "reproduced"
    assert found.rows[0].judgements[0].kind == expected
    assert verdict_table(found).rows


def test_claims_that_nobody_measured_are_not_listed(run: Run) -> None:
    """A page of 24 that are inconclusive for want of networks; one part that has some is enough."""
    rows = [{**row, "study": "census", "reading": CENSUS} for row in run.rows]
    nothing = evaluate_claims(rows, "disjoint", "test")
    written = claims_document(nothing)["claims"]
    assert {each["n"] for each in written} == {0}
    assert verdicts(Run(run.root, tuple(rows))) == (None, [])
    assert verdicts(with_claims(run, *written)) == (None, [])
    fusions = tuple({**row, "study": "fusion"} for row in run.rows)
    products = tuple(
        {**row, "study": "controls", "fusion": "product-of-experts"}
        for row in run.rows
        if row["modality"] == "fused"
    )
    assert products
    race = Run(run.root, fusions + products)
    assert verdicts(race) == (None, []), "a race of fusions asks no claim"
    lost = [row | {"metric": "diverged", "value": 1} for row in run.rows]
    told, _ = verdicts(Run(run.root, tuple(lost)))
    assert told is not None, "these were asked for"
    written[3]["parts"][0]["n"] = 2
    found, _ = verdicts(with_claims(run, *written))
    assert found is not None
    assert len(found.rows) == 24


def test_without_results_there_is_no_table(tmp_path: Path) -> None:
    assert verdicts(Run(tmp_path, ())) == (None, [])
