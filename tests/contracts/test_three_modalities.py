"""A study of three modalities and four classes, from a file outside the package to the report."""

import csv
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spikefuse.cli import app
from spikefuse.core import plugins
from spikefuse.data import SOURCES
from spikefuse.results import TrialStore, read_tidy, write_tidy
from spikefuse.studies.profiles import PROFILES, SIZES

PLUGIN = Path(__file__).parent / "outside" / "three_senses.py"
NOT_SHOWN = 4
"""Exit code of `compare` where no difference is shown."""
SENSES = ("picture", "sonar", "touch")
CLASSES = ("circle", "square", "star", "cross")
FOREIGN = re.compile(r"\b(images?|audio|clips?|MNIST|spoken|digits?|both modalities)\b", re.I)


def call(*words: str) -> str:
    """A command in this process; its output."""
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run of the controls and the resets, on small networks."""
    known, loaded = dict(SOURCES), dict(plugins.LOADED)
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SIZES, "S", 150_000)
        short = PROFILES["smoke"].model_copy(update={"epochs": {"fused": 1}})
        patch.setitem(PROFILES, "smoke", short)
        patch.setitem(os.environ, "COLUMNS", "200")
        words = ("--plugin", str(PLUGIN), "--data", "three-senses", "--profile", "smoke")
        call(
            "run",
            "controls",
            "reset",
            *words,
            "--out",
            str(folder),
            *("--executor", "process", "--threads", "1"),
        )
        call("report", str(folder))
        yield folder
    for registry, content in ((SOURCES, known), (plugins.LOADED, loaded)):
        registry.clear()
        registry.update(content)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    """The report's text without its drawings, style sheet and lists of settings."""
    text = (run / "report.html").read_text(encoding="utf-8")
    for element in ("style", "svg", "dl"):
        text = re.sub(rf"<{element}.*?</{element}>", " ", text, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_each_alone_and_all_together_are_trained(run: Path) -> None:
    store = TrialStore(run)
    assert {store.state(name) for name in store} == {"done"}
    seen = {(r["network"], r["modality"]) for r in read_tidy(run / "results.csv")}
    assert seen == {(kind, name) for kind in ("snn", "dnn") for name in (*SENSES, "fused")}
    trained = {store.read(name).definition["modality"] for name in store}
    assert trained == {*SENSES, "fused"}


def test_rows_are_tidy_and_of_one_protocol(run: Path) -> None:
    rows = read_tidy(run / "results.csv")
    assert {row["protocol"] for row in rows} == {"paired"}
    accuracy = [row for row in rows if row["metric"] == "accuracy"]
    assert {row["pairing"] for row in accuracy} == {"true", "shuffled"}
    products = {"product-of-experts", "product-of-experts-tempered"}
    assert {row["fusion"] for row in accuracy} == {"none", "early", *products}
    assert all(0 <= row["value"] <= 1 for row in accuracy)


def test_the_answer_is_of_three_modalities(run: Path, page: str) -> None:
    shown = " ".join(call("show", str(run)).split())
    for text in (shown, page):
        assert "all three modalities together bring the SNN to" in text.replace("\u00a0", " ")
        assert "over its best single modality" in text
    assert "With sonar and touch shuffled between pairs" in shown
    assert "a picture, a sonar and a touch network" in shown
    assert "nothing to leak" in page


def test_the_page_speaks_of_this_data_alone(page: str) -> None:
    told = "The paper\u2019s claims are of image and audio; these networks see picture, sonar and"
    assert told in page
    assert sorted({found.group() for found in FOREIGN.finditer(page.replace(told, ""))}) == []
    assert "Chance is 25 %." in page
    assert "Do further modalities help a spiking network" in page
    assert "Chance is 10 %" not in page


def test_tables_and_figures_have_every_modality(run: Path) -> None:
    for name in ("audit-shared", "audit-splits", "controls", "headline", "rates", "trials"):
        assert (run / "tables" / f"{name}.csv").is_file(), name
    with (run / "tables" / "audit-splits.csv").open(encoding="utf-8", newline="") as file:
        heads, first = list(csv.reader(file))[:2]
    assert heads[4:] == [
        *("Distinct picture", "Distinct sonar", "Distinct touch"),
        *("Picture groups", "Sonar groups", "Touch groups"),
    ]
    assert first[:2] == ["paired", "fused"]
    assert int(first[3]) == int(first[4]) == int(first[6])
    for network in ("snn", "dnn"):
        for modality in (*SENSES, "fused"):
            path = run / "tables" / f"confusion-{network}-{modality}.csv"
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.reader(file))
            assert [row[0] for row in rows[1:]] == list(CLASSES)
            assert rows[0][1:5] == [f"Read as {name}" for name in CLASSES]
    svg = (run / "figures" / "figure-11.svg").read_text(encoding="utf-8")
    assert len(svg) > 1000
    with (run / "tables" / "figure-11.csv").open(encoding="utf-8", newline="") as file:
        drawn = list(csv.reader(file))[1:]
    assert {row[1] for row in drawn} == {"Picture", "Sonar", "Touch", "Fused"}
    assert {row[2] for row in drawn} == {"paired"}
    # Two seeds, and one of these small networks may be silent.
    assert {row[6] for row in drawn} <= {"2", "1, 1 silent", "2, all silent"}


def test_modalities_have_colours_of_their_own(run: Path) -> None:
    text = (run / "report.html").read_text(encoding="utf-8")
    drawn = "".join(re.findall(r"<svg.*?</svg>", text, flags=re.S))
    for role in ("further-1", "further-2", "further-3", "fused"):
        assert f"var(--{role})" in drawn, role
    assert "chance" in drawn
    identifiers = re.findall(r'\bid="([^"]+)"', text)
    assert len(identifiers) == len(set(identifiers)), "marks of one drawing show in another"


def test_claims_of_the_paper_say_n_and_why_they_are_not_judged(run: Path) -> None:
    record = json.loads((run / "claims.json").read_text(encoding="utf-8"))
    claims = record["claims"] if isinstance(record, dict) else record
    assert {claim["verdict"] for claim in claims} == {"inconclusive"}
    assert {claim["protocol"] for claim in claims} == {"paired"}
    assert {claim["n"] for claim in claims} <= {0, 2}
    assert all("no rows" in claim["reason"] for claim in claims if claim["n"] == 0)
    assert all(claim["reason"] for claim in claims)


def test_two_cells_are_compared(run: Path) -> None:
    cells = ("network=snn,modality=fused", "network=snn,modality=touch")
    done = CliRunner().invoke(app, ["compare", *cells, "--results", str(run)])
    assert done.exit_code in (0, NOT_SHOWN), done.output
    assert "n = 2 seeds" in done.output


def test_a_diverged_seed_is_named_with_n_by_everybody(run: Path, tmp_path: Path) -> None:
    rows = read_tidy(run / "results.csv")
    lost = {"network": "snn", "modality": "touch", "reset": "soft", "seed": 1}
    kept = [row for row in rows if any(row[name] != level for name, level in lost.items())]
    gone = [
        row | {"split": "", "metric": "diverged", "value": 1} for row in rows if row not in kept
    ]
    write_tidy(kept + gone[:1] + gone[-1:], tmp_path / "results.csv")
    why = "training diverged for seed 1 of touch SNN at S (1 of 2 seeds have an accuracy)"
    assert why in " ".join(call("show", str(tmp_path)).split())
    cells = ("network=snn,modality=fused", "network=snn,modality=touch")
    refused = CliRunner().invoke(app, ["compare", *cells, "--results", str(tmp_path)])
    assert why in str(refused.exception)
    call("report", str(tmp_path))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert why in text
    assert "Not answered: a seed diverged" in text


def test_pairs_of_three_are_drawn_and_audited(run: Path, tmp_path: Path) -> None:
    shown = call(
        *("data", "show", "--data", "three-senses", "--protocol", "paired", "--rows", "2"),
        *("--out", str(tmp_path / "pairs.svg")),
    )
    assert "picture samples" in shown
    assert "shared sonar samples" in shown
    assert (tmp_path / "pairs.svg").stat().st_size > 1000
