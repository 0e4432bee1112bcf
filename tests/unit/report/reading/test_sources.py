"""Reading what a run left behind, whole or not."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from spikefuse.core.errors import InputError, StoreError
from spikefuse.report import build_report
from spikefuse.report.reading.sources import read_run
from spikefuse.report.sections.data import data_section
from spikefuse.results import TrialStore, write_tidy

NBSP = "\u00a0"


@pytest.fixture
def root(synthetic: ModuleType, tmp_path: Path) -> Path:
    path: Path = synthetic.write_run(tmp_path, seeds=1, epochs=2, studies=("reset",))
    return path


def test_reads_rows_trials_and_record(root: Path) -> None:
    run = read_run(root)

    # Hard and soft reset; fused networks under two protocols, single ones shared by both.
    assert len(run.trials) == 2 * 4
    assert {trial.state for trial in run.trials} == {"done"}
    assert all(len(trial.metrics) == 2 for trial in run.trials)
    assert {trial.definition["modality"] for trial in run.trials} == {"image", "audio", "fused"}
    assert all(trial.results["accuracy"]["test_best"] > 0.9 for trial in run.trials)
    assert run.record["profile"] == "quick"
    assert run.notices == ()


def test_reading_writes_nothing(root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}

    read_run(root)

    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_only_the_runs_own_trials(root: Path) -> None:
    names = list(TrialStore(root, read_only=True))
    record = json.loads((root / "run.json").read_text()) | {"trials": names[:3]}
    (root / "run.json").write_text(json.dumps(record))

    assert [trial.name for trial in read_run(root).trials] == names[:3]


def test_of_very_many_trials_those_of_the_first_seeds_are_opened(
    synthetic: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root: Path = synthetic.write_run(tmp_path, seeds=3, epochs=1, studies=("reset",))
    assert len(read_run(root).trials) == 24
    monkeypatch.setattr("spikefuse.report.reading.sources.MOST_TRIALS", 17)
    run = read_run(root)

    assert sorted(trial.definition["seed"] for trial in run.trials) == [0] * 8 + [1] * 8
    assert run.unopened == 8
    assert run.notices[0].startswith("Of 24 trials those of the first 2 seeds, 16, are shown one")
    page = build_report(root, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Of 24 networks 16 are listed (16 done)" in page
    assert f"n{NBSP}={NBSP}3" in page, "numbers are of all seeds"
    # One seed is opened whole, however many networks it has.
    monkeypatch.setattr("spikefuse.report.reading.sources.MOST_TRIALS", 3)
    assert {trial.definition["seed"] for trial in read_run(root).trials} == {0}


def test_an_unfinished_trial_is_partial(root: Path) -> None:
    TrialStore(root).open({"network": "snn", "seed": 7}).append_metrics({"epoch": 1})

    states = [trial.state for trial in read_run(root).trials]

    assert sorted(states) == ["done"] * 8 + ["partial"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.json", "{not json"),
        ("claims.json", "\x00"),
        ("run.json", b"\xff\xfe"),
    ],
)
def test_a_damaged_record_becomes_a_notice(root: Path, name: str, content: str | bytes) -> None:
    (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    run = read_run(root)

    assert len(run.notices) == 1
    assert name in run.notices[0]
    assert len(run.trials) == 8


@pytest.mark.parametrize("content", ["[]", "3", '"text"', "null", '{"claims": 3}', '[1, "x"]'])
def test_a_record_of_another_kind_is_ignored(root: Path, content: str) -> None:
    (root / "run.json").write_text(content)
    (root / "claims.json").write_text(content)

    run = read_run(root)

    assert run.claims == ()
    assert len(run.trials) == 8


def test_a_damaged_trial_becomes_a_notice(root: Path) -> None:
    name = next(iter(TrialStore(root, read_only=True)))
    (root / "trials" / name / "trial.json").write_text("{")

    run = read_run(root)

    assert len(run.trials) == 7
    assert name in run.notices[0]


def test_claims_as_a_list_or_inside_a_record(root: Path) -> None:
    for document in ([{"id": "C1"}], {"claims": [{"id": "C1"}], "format": "x"}):
        (root / "claims.json").write_text(json.dumps(document))
        assert read_run(root).claims == ({"id": "C1"},)


def test_verdicts_by_reading(root: Path) -> None:
    path = root / "sensitivity.csv"
    path.write_text("claim,reading,verdict,measured\nC1,byte,reproduced,0.5\nC2,byte\n")

    run = read_run(root)

    assert [dict(row) for row in run.sensitivity] == [
        {"claim": "C1", "reading": "byte", "verdict": "reproduced", "measured": "0.5"},
        {"claim": "C2", "reading": "byte", "verdict": "", "measured": ""},
    ]
    assert run.notices == ()


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\xff\xfe\x00claim"])
def test_verdicts_by_reading_that_cannot_be_read_are_a_notice(root: Path, content: bytes) -> None:
    (root / "sensitivity.csv").write_bytes(content)

    run = read_run(root)

    assert run.sensitivity == ()
    assert len(run.notices) == 1
    assert run.notices[0].startswith("sensitivity.csv ")


def test_files_of_somebody_s_own_are_not_written_over(root: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "figures").mkdir(parents=True)
    (own / "figures" / "figure-11.png").write_text("mine")
    (own / "thesis.html").write_text("<html>mine</html>")
    for name in ("thesis.html", "page.html"):
        with pytest.raises(InputError, match=r"a file of yours|files of another page or of yours"):
            build_report(root, own / name)
    assert (own / "figures" / "figure-11.png").read_text() == "mine"
    assert (own / "thesis.html").read_text() == "<html>mine</html>"
    assert not (own / "page.html").exists()
    with pytest.raises(InputError, match="keeps"):
        build_report(root, root / "results.csv")
    page = build_report(root, tmp_path / "new" / "page.html")
    assert build_report(root, page) == page, "its own page is written anew"
    with pytest.raises(InputError, match="files of another page"):
        build_report(root, page.with_name("second.html"))


def test_a_folder_in_the_place_of_the_table_is_told(root: Path) -> None:
    (root / "results.csv").unlink()
    (root / "results.csv").mkdir()
    with pytest.raises(StoreError, match="must be a table, got a folder in its place"):
        read_run(root)


def test_energy_of_networks_that_left_the_table_is_not_read(root: Path) -> None:
    """An earlier run may have left it there, and a stop between both tables does."""
    rows = [dict(row) for row in read_run(root).rows if "+" not in str(row["trial"])]
    write_tidy([*rows[:3], rows[0] | {"trial": "f" * 16}], root / "energy.csv")
    assert list(read_run(root).energy) == rows[:3]


@pytest.mark.parametrize(
    ("told", "is_shown"),
    [
        ({"source": "builtin", "fingerprint": None}, True),
        ({"source": "mnist-fsdd", "fingerprint": None}, False),
        ({"source": "builtin", "fingerprint": "0" * 64}, False),
        ({}, True),  # written before it said so
    ],
)
def test_data_is_shown_beside_its_own_numbers_alone(
    root: Path, told: dict[str, Any], is_shown: bool
) -> None:
    record = {"source": "builtin", "fingerprint": None}
    (root / "run.json").write_text(json.dumps(record), encoding="utf-8")
    (root / "data.json").write_text(json.dumps(told | {"banner": "cats"}), encoding="utf-8")
    assert (data_section(read_run(root)) is not None) == is_shown
