"""`spikefuse show` of data and studies that the paper does not have."""

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from spikefuse.cli.claims import claims
from spikefuse.cli.report import report
from spikefuse.cli.show import show
from spikefuse.results import write_tidy
from spikefuse.studies import Cell

app = typer.Typer()
app.command()(show)
app.command()(claims)
app.command()(report)

ACCURACIES = {"skeleton": 0.70, "inertial": 0.60, "fused": 0.80}


def cell(study: str, mean: float, **levels: Any) -> list[dict[str, Any]]:
    made = Cell.create(**levels).model_dump()
    return [
        {"study": study, "trial": f"{sorted(made.items())} {seed}", **made, "seed": seed}
        | {"split": split, "metric": "accuracy", "value": mean + 0.01 * seed, "samples": 400}
        for seed in range(3)
        for split in ("validation", "test")
    ]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Truly paired movements: controls, reset, subjects held out, a study of one's own."""
    folder = tmp_path_factory.mktemp("runs") / "moves"
    folder.mkdir()
    rows = []
    for name, mean in ACCURACIES.items():
        for network in ("snn", "dnn"):
            rows += cell("controls", mean, network=network, modality=name, protocol="paired")
            for number in range(1, 6):
                held = {"protocol": "speaker", "held_out": f"subject {number}"}
                drop = 0.05 * number
                rows += cell("subjects", mean - drop, network=network, modality=name, **held)
        for reset in ("hard", "soft"):
            rows += cell("reset", mean, modality=name, protocol="paired", reset=reset)
        rows += cell("steps", mean, modality=name, protocol="paired", time_steps=2)
    write_tidy(rows, folder / "results.csv")
    record = {"groups": {"one": "subject", "are_known": True}, "source": "own-moves"}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def run(*arguments: object, columns: int = 120) -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(app, words, env={"COLUMNS": str(columns), "NO_COLOR": "1"})


def test_the_default_view_is_of_the_datas_own_modalities_and_pairing(root: Path) -> None:
    output = run("show", root).output
    assert "Figure 11" in output
    assert "paired, test" in output
    assert "disjoint" not in output
    line = next(row for row in output.splitlines() if "Soft reset" in row and "Skeleton" in row)
    assert "71.00" in line
    assert "Accuracy over held-out subjects" in output
    assert "Study steps (accuracy in per cent, test)" in output
    assert "skeleton SNN at S, T = 2" in output
    assert "speaker" not in output


def test_each_protocol_shows_what_is_under_it(root: Path) -> None:
    paired = run("show", root, "--protocol", "paired").output
    assert "Figure 11" in paired
    assert "held-out subjects" not in paired
    held = run("show", root, "--protocol", "speaker").output
    assert "Figure 11" not in held
    line = next(row for row in held.splitlines() if "subject 5" in row and "SNN" in row)
    assert "36.00" in held, "inertial 60 % less 25, mean over seeds"
    assert line
    assert "No results for this choice" in run("show", root, "--protocol", "paper").output


def test_studies_of_the_results_can_be_asked_for(root: Path) -> None:
    only = run("show", root, "--study", "steps").output
    assert "Study steps" in only
    assert "Figure 11" not in only
    assert "fused SNN at S" in run("show", root, "--study", "controls").output
    assert "held-out subjects" in run("show", root, "--study", "subjects").output


def test_json_has_groups_and_conditions_with_every_seed(root: Path) -> None:
    document = json.loads(run("show", root, "--json").output)
    (steps,) = document["studies"].values()
    first = next(each for each in steps if each["condition"] == "skeleton SNN at S, T = 2")
    assert first["values"] == pytest.approx({"0": 0.70, "1": 0.71, "2": 0.72})
    assert (first["n"], first["split"]) == (3, "test")
    spiking = next(
        each
        for each in document["groups"]
        if (each["network"], each["modality"]) == ("snn", "skeleton")
    )
    assert list(spiking["held_out"]) == [f"subject {number}" for number in range(1, 6)]
    assert spiking["cost"]["mean"] == pytest.approx(0.15)


def test_groups_alone_bear_their_own_name_in_the_answer(tmp_path: Path) -> None:
    """On the terminal, in JSON and on the page."""
    rows = []
    for number in range(1, 6):
        held = {"protocol": "speaker", "held_out": f"p{number}"}
        rows += cell("subjects", 0.8 - 0.05 * number, modality="inertial", network="snn", **held)
    write_tidy(rows, tmp_path / "results.csv")
    record = {"groups": {"one": "patient", "are_known": False}, "source": "own-moves"}
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    told = "With unknown patients the inertial SNN is right in 66.00\u00a0%"
    output = run("show", tmp_path).output
    assert f"{told}." in output
    headline = json.loads(run("show", tmp_path, "--json").output)["headline"]
    assert headline["verdict"] == told
    assert "with unknown patients (95" in headline["answer"]
    assert run("report", tmp_path).exception is None
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert told in unescape(page)
    for text in (output, headline["answer"], page):
        assert "unknown subjects" not in text
        assert "unknown groups" not in text


def test_claims_are_judged_by_the_pairing_that_the_results_have(root: Path) -> None:
    document = json.loads(run("claims", root, "--json").output)
    assert {each["protocol"] for each in document["claims"]} == {"paired"}
    asked = json.loads(run("claims", root, "--json", "--protocol", "speaker").output)
    assert {each["protocol"] for each in asked["claims"]} == {"speaker"}
