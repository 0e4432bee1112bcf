"""The main job end to end, as a user runs it: embedded data, all six experiments, the report."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spikefuse.results import TrialStore

FIGURES = range(3, 14)
NETWORKS = 84
"""42 networks a seed serve both pairing protocols; the profile has two seeds."""


def spikefuse(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Call the command line in a process of its own."""
    environment = {key: value for key, value in os.environ.items() if key != "SPIKEFUSE_DATA"}
    return subprocess.run(
        [sys.executable, "-c", "from spikefuse.cli import main; main()", *arguments],
        cwd=folder,
        env=environment | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a user's folder")
    done = spikefuse("reproduce", "--profile", "smoke", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "EMBEDDED STAND-IN DATA" in done.stdout
    assert "report.html" in done.stdout
    assert "Traceback" not in done.stderr
    return folder / "runs" / "smoke-builtin"


def test_every_network_is_stored_and_sound(run: Path) -> None:
    store = TrialStore(run)
    names = list(store)
    assert len(names) == NETWORKS
    assert {store.state(name) for name in names} == {"done"}
    assert store.verify() == []


def test_every_figure_is_in_the_report_and_beside_it(run: Path) -> None:
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "EMBEDDED STAND-IN DATA" in page
    assert "<script" not in page
    for number in FIGURES:
        assert f"Figure {number}" in page, number
        for ending in ("png", "svg"):
            file = run / "figures" / f"figure-{number:02d}.{ending}"
            assert file.stat().st_size > 1000, file


def test_results_are_tidy_and_complete(run: Path) -> None:
    with (run / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["study"] for row in rows} == {
        "model-size",
        "noise-size",
        "noise-position",
        "reset",
        "neuron",
        "time-steps",
        "controls",
        "robustness",
    }
    accuracy = [row for row in rows if row["metric"] == "accuracy"]
    assert {row["protocol"] for row in accuracy} == {"paper", "disjoint"}
    assert all(0 <= float(row["value"]) <= 1 for row in accuracy)
    cells = {
        tuple(row[key] for key in row if key not in ("seed", "value", "trial")) for row in accuracy
    }
    assert len(accuracy) == 2 * len(cells), "two seeds in every cell"


def test_the_audit_tells_paper_from_disjoint(run: Path) -> None:
    store = TrialStore(run)
    shares: dict[str, set[float]] = {"paper": set(), "disjoint": set()}
    for name in store:
        record = store.read(name)
        if record.definition["modality"] != "fused":
            continue
        for overlap in record.results["audit"]["overlaps"]:
            if (overlap["first"], overlap["second"]) == ("train", "validation"):
                shares[record.definition["protocol"]].add(overlap["clips_share"])
    assert shares["disjoint"] == {0.0}
    assert min(shares["paper"]) > 0.5


def test_budgets_are_met(run: Path) -> None:
    store = TrialStore(run)
    for name in store:
        record = store.read(name)
        budget = record.definition["budget"]
        assert abs(record.results["parameters"] - budget) <= 0.01 * budget


def test_a_second_call_trains_nothing(run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.glob("trials/*/*")}
    done = spikefuse("reproduce", "--profile", "smoke", folder=run.parent.parent)
    assert done.returncode == 0, done.stderr
    assert "84 stored, 0 to do" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in run.glob("trials/*/*")} == before


def test_show_and_claims_read_the_results(run: Path) -> None:
    shown = spikefuse("show", str(run), "--figure", "4", "--json", folder=run)
    assert shown.returncode == 0, shown.stderr
    json.loads(shown.stdout)
    claims = spikefuse("claims", str(run), "--json", folder=run)
    assert claims.returncode in (0, 3), claims.stderr
    assert len(json.loads(claims.stdout)["claims"]) == 24


def test_controls_are_measured_with_the_rest(run: Path) -> None:
    with (run / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["study"] == "controls"]
    shuffled = [row for row in rows if row["pairing"] == "shuffled" and row["metric"] == "accuracy"]
    assert {(row["network"], row["protocol"]) for row in shuffled} == {
        ("snn", "disjoint"),
        ("dnn", "disjoint"),
    }
    products = [row for row in rows if row["fusion"] == "product-of-experts"]
    # Three sizes of both networks, and hard reset, IF, T = 8 and T = 16 of the SNN.
    assert len(products) == 2 * 2 * (2 * 3 + 4), "two protocols and two seeds"
    store = TrialStore(run)
    for row in products:
        image, audio = row["trial"].split("+")
        assert store.read(image).definition["modality"] == "image"
        assert store.read(audio).definition["modality"] == "audio"


def test_readings_of_stored_networks_train_nothing(run: Path, tmp_path: Path) -> None:
    """And what reproduce wrote stays as it is, in a copy as well as in the original."""
    folder = tmp_path / "copy"
    shutil.copytree(run, folder)
    shared = ("--profile", "smoke", "--out", str(folder))
    guess = spikefuse(
        "run", "noise-position", "reset", *shared, "--readings", "lab", folder=tmp_path
    )
    assert guess.returncode == 0, guess.stderr
    trained = list(TrialStore(folder))
    assert len(trained) > NETWORKS
    before = {name: (folder / name).read_bytes() for name in ("results.csv", "run.json")}
    done = spikefuse(
        "run", "sensitivity", "--readings", "lab,best-validation,paper-pairing,noise-last",
        "--studies", "noise-position,reset", *shared,
        folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(TrialStore(folder)) == trained, "only evaluations were added"
    with (folder / "sensitivity.csv").open(encoding="utf-8", newline="") as file:
        verdicts = list(csv.DictReader(file))
    assert len(verdicts) == 5 * 24, "the base is stored, and judged too"
    assert {row["reading"] for row in verdicts if row["n"] == "2"} == {
        "base",
        "lab",
        "best-validation",
        "paper-pairing",
        "noise-last",
    }
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert "Claims by reading" in done.stdout


def test_a_further_study_joins_the_results(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(run, folder)
    done = spikefuse(
        "run", "controls", "--profile", "smoke", "--out", str(folder), folder=tmp_path
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "0 to do" in done.stdout
    assert "product of experts" in done.stdout

    def lines(of: Path) -> list[str]:
        return sorted((of / "results.csv").read_text(encoding="utf-8").splitlines())

    assert lines(folder) == lines(run)


def test_rows_that_make_room_are_told_where_the_run_is_watched(run: Path, tmp_path: Path) -> None:
    """Once, on the terminal and in the log; the same command again says nothing."""
    folder = tmp_path / "copy"
    shutil.copytree(run, folder)
    fewer = ("run", "reset", "--profile", "smoke", "--seeds", "1", "--out", str(folder))
    told = "held further rows of reset (of another effort"
    first, second = (spikefuse(*fewer, folder=tmp_path) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert " ".join((first.stdout + first.stderr).split()).count(told) == 1
    assert "held further rows" not in second.stdout + second.stderr
    assert (folder / "run.log").read_text(encoding="utf-8").count(told) == 1


def test_evaluate_adds_a_condition(run: Path) -> None:
    store = TrialStore(run)
    name = next(n for n in store if store.read(n).definition["modality"] == "image")
    done = spikefuse(
        "evaluate", str(run / "trials" / name), "--noise-std", "0.7", "--samples", "20", folder=run
    )
    assert done.returncode == 0, done.stderr
    stored = TrialStore(run).read(name).evaluations.values()
    assert any(item["condition"]["noise_std"] == 0.7 for item in stored)


def test_shards_together_are_the_whole(run: Path, tmp_path: Path) -> None:
    """Two shares of a small study in one folder: the same numbers as the whole run's."""
    for share in ("1/2", "2/2"):
        done = spikefuse(
            "run", "reset", "--profile", "smoke", "--seeds", "1", "--protocols", "disjoint",
            "--shard", share, "--out", str(tmp_path / "shared"), folder=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    whole, shared = TrialStore(run), TrialStore(tmp_path / "shared")
    names = list(shared)
    assert len(names) == 6
    for name in names:
        ours, theirs = shared.read(name).results, whole.read(name).results
        assert ours["accuracy"] == theirs["accuracy"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("reproduce", "--profile", "quik"), 2, "Did you mean quick"),
        (("reproduce", "--data", "bultin"), 2, "Did you mean builtin"),
        (("reproduce", "--executor", "pol"), 2, "Did you mean pool"),
        (("reproduce", "--profile", "smoke", "--seeds", "0"), 2, "seeds must be at least 1"),
        (("reproduce", "--profile", "smoke", "--shard", "3/2"), 2, "3/2"),
        (("reproduce", "--no-such-option"), 2, "no-such-option"),
        (("run", "rest", "--profile", "smoke"), 2, "Did you mean reset"),
        (("run", "sensitivty", "--profile", "smoke"), 2, "Did you mean sensitivity"),
        (("run", "sensitivity", "--readings", "bite"), 2, "Did you mean byte"),
        (("run", "reset", "--readings", "byte,lab"), 2, "Name one, or sensitivity"),
        (("run", "reset", "--studies", "reset"), 2, "Name sensitivity"),
        (("run", "fusion", "--sizes", "S/2"), 2, "Did you mean S/3"),
        (("run", "fusion", "reset", "--sizes", "S"), 2, "Name fusion"),
        (("reproduce", "--sizes", "S"), 2, "sizes"),
        (("run", "controls", "--profile", "smoke", "--protocols", "paper"), 2, "disjoint"),
        (("claims", ".", "--reading", "bite"), 1, "results.csv"),
        (("train", "--neuron", "lef"), 2, "Did you mean lif"),
        (("train", "--surrogate", "boxca"), 2, "Did you mean boxcar"),
        (("train", "--leak", "1.5"), 2, "--leak"),
        (("train", "--data", "builtin", "--budget", "150"), 2, "Take another budget"),
        (("reproduce", "--data-dir", "nowhere"), 1, "nowhere"),
        (("reproduce", "--profile", "smoke", "--out", "a-file"), 2, "a-file"),
        (("evaluate", "nowhere"), 1, "no trial folder"),
    ],
)
def test_a_mistake_gets_one_clear_line(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    (tmp_path / "a-file").write_text("in the place of a folder", encoding="utf-8")
    done = spikefuse(*arguments, folder=tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stderr
    assert done.stderr.count("spikefuse: ") <= 1
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a-file"]


def test_train_one_network(tmp_path: Path) -> None:
    command = (
        "train", "--data", "builtin", "--plan", "mlp", "--budget", "20000", "--modality", "image",
        "--images", "200", "--test-images", "50", "--epochs", "1", "--json", "--out", "one",
    )  # fmt: skip
    first, second = (spikefuse(*command, folder=tmp_path) for _ in range(2))
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    results = json.loads(first.stdout)["results"]
    assert results["status"] == "done"
    assert json.loads(second.stdout)["results"] == results, "stored, not trained again"


def test_plan_trains_nothing(tmp_path: Path) -> None:
    done = spikefuse("plan", "--profile", "smoke", "--seeds", "1", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert len(plan["trials"]) == 42
    assert plan["estimated_seconds"] > 0
    assert list((tmp_path / "runs").glob("*/trials/*")) == []


def test_damaged_data_is_told_once_before_anything_is_trained(
    real_data: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    (data / "fsdd" / "recordings").mkdir(parents=True)
    (data / "mnist").symlink_to(real_data / "mnist")
    for clip in (real_data / "fsdd" / "recordings").iterdir():
        (data / "fsdd" / "recordings" / clip.name).symlink_to(clip)
    damaged = data / "fsdd" / "recordings" / "3_theo_7.wav"
    content = damaged.read_bytes()
    damaged.unlink()
    damaged.write_bytes(content[:900])
    done = spikefuse("reproduce", "--data-dir", str(data), folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("3_theo_7.wav") == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "failed" not in done.stdout
    assert list(tmp_path.glob("runs/*/trials/*")) == []
