"""Claims by reading, from the rows of a file that anyone may have edited."""

from spikefuse.report.adapters.sensitivity import judged

ROW = {
    **{"claim": "C1", "reading": "byte", "verdict": "reproduced"},
    **{"measured": "0.25", "low": "0.2", "high": "0.3", "n": "5"},
}


def test_numbers_are_read() -> None:
    (found,) = judged([ROW])

    assert (found.claim, found.reading, found.verdict) == ("C1", "byte", "reproduced")
    assert (found.measured, found.low, found.high, found.n) == (0.25, 0.2, 0.3, 5)


def test_what_is_no_number_or_verdict_is_not_believed() -> None:
    bad = {"verdict": "<b>", "measured": "nan", "low": "", "high": "x", "n": ""}

    (found,) = judged([ROW | bad])

    assert found.verdict == "inconclusive"
    assert (found.measured, found.low, found.high, found.n) == (None, None, None, 0)


def test_rows_without_names_are_left_out() -> None:
    assert judged([ROW | {"claim": ""}, ROW | {"reading": ""}, {}]) == []
