"""One verdict, one word: in claims.json, in the report, in the terminal and as an exit code.

For every profile, with networks that had settled and that had not, and for every kind of verdict.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from spikefuse.analysis.claims import NOT_TESTED, OUTCOMES
from spikefuse.analysis.effort import PAPER_EPOCHS
from spikefuse.cli.claims import claims
from spikefuse.report.reading.sources import read_run
from spikefuse.report.sections.verdicts import KINDS, verdict_table, verdicts
from spikefuse.results import write_tidy
from spikefuse.studies.effort import AUTO, EPOCHS
from spikefuse.studies.profiles import PROFILES

Rows = list[dict[str, Any]]
CONTRADICTED = 3

EFFORTS: dict[str, dict[str, int]] = {
    **{name: dict(profile.epochs) for name, profile in PROFILES.items()},
    **{f"{AUTO}-{passes}": dict.fromkeys(("image", "audio", "fused"), passes) for passes in EPOCHS},
    # As `--epochs` may make it: one short of the paper's.
    "199": dict.fromkeys(("image", "audio", "fused"), PAPER_EPOCHS - 1),
}


def network(modality: str, size: str, values: tuple[float, ...], effort: dict[str, int]) -> Rows:
    """The accuracies of a DNN without noise and under noise 0.1, and its epochs."""
    own = {"study": "model-size", "network": "dnn", "modality": modality, "size": size}
    own |= {"neuron": "relu", "reset": "none", "time_steps": 1, "protocol": "disjoint"}
    own |= {"fusion": "early" if modality == "fused" else "none", "noise_position": "before"}
    found = []
    for seed, value in enumerate(values):
        trial = {"trial": f"{modality}{size}{seed}", "seed": seed}
        number = {"split": "test", "metric": "accuracy", "value": value, "samples": 10_000}
        for study, std in (("model-size", 0.0), ("noise-size", 0.1)):
            found.append(own | trial | number | {"study": study, "noise_std": std})
        epochs = {"split": "", "metric": "epochs", "value": effort[modality], "samples": ""}
        found.append(own | trial | epochs | {"noise_std": 0.0})
    return found


NEAR = (0.0, 0.0005, -0.0005, 0.0002)
FAR = (0.0, 0.01, -0.01, 0.004)


def level(kind: str, effort: dict[str, int], settled: bool) -> tuple[str, Rows, str]:
    """C1: the multimodal DNN keeps 99 % at each size."""
    mean, spread = {"reached": (0.992, NEAR), "missed": (0.9, NEAR), "open": (0.985, FAR)}[kind]
    rows = [
        row
        for size in ("S", "S/2", "S/3")
        for row in network("fused", size, tuple(mean + each for each in spread), effort)
    ]
    is_enough = settled or effort["fused"] >= PAPER_EPOCHS
    missed = "contradicted" if is_enough else NOT_TESTED
    return "C1", rows, {"reached": "reproduced", "missed": missed, "open": "inconclusive"}[kind]


def ranking(kind: str, effort: dict[str, int], settled: bool) -> tuple[str, Rows, str]:
    """C10: audio < image < fused under noise 0.1, at each size."""
    means = {"reached": (0.8, 0.9), "missed": (0.9, 0.8), "open": (0.85, 0.85)}[kind]
    spread = FAR if kind == "open" else NEAR
    levels = dict(zip(("audio", "image", "fused"), (*means, 0.97), strict=True))
    rows = [
        row
        for size in ("S", "S/2", "S/3")
        for modality, mean in levels.items()
        for row in network(modality, size, tuple(mean + each for each in spread), effort)
    ]
    if kind == "open":  # audio and image apart by seed, so that no interval leaves zero out
        for row in rows:
            row["value"] -= 0.02 * (row["seed"] % 2) * (row["modality"] == "audio")
            row["value"] += 0.01 * (row["modality"] == "audio")
    enough = settled or min(effort.values()) >= PAPER_EPOCHS
    unequal = not enough and effort["audio"] > effort["image"]
    missed = NOT_TESTED if unequal else "contradicted"
    return "C10", rows, {"reached": "reproduced", "missed": missed, "open": "inconclusive"}[kind]


def write(rows: Rows, folder: Path, settled: bool) -> Path:
    path = folder / "results.csv"
    write_tidy([row | {"plateau": settled} for row in rows], path)
    return path


@pytest.mark.parametrize("rule", [level, ranking])
@pytest.mark.parametrize("kind", ["reached", "missed", "open"])
@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("profile", EFFORTS)
def test_every_place_says_the_same_word(
    profile: str, settled: bool, kind: str, rule: Any, tmp_path: Path
) -> None:
    name, rows, expected = rule(kind, EFFORTS[profile], settled)
    path = write(rows, tmp_path, settled)
    app = typer.Typer()
    app.command()(claims)
    out = tmp_path / "claims.json"
    told = CliRunner().invoke(app, [str(path), "--out", str(out)], env={"COLUMNS": "400"})

    document = json.loads(out.read_text(encoding="utf-8"))
    every = [claim["verdict"] for claim in document["claims"]]
    (judged,) = (claim for claim in document["claims"] if claim["id"] == name)
    assert judged["verdict"] == expected
    assert ("trained too little" in judged["reason"]) == (expected == NOT_TESTED and rule is level)
    assert document["counts"] == {word: every.count(word) for word in OUTCOMES}
    assert told.exit_code == CONTRADICTED * ("contradicted" in every), told.output
    counts = ", ".join(f"{every.count(word)} {word}" for word in OUTCOMES)
    assert counts in " ".join(told.output.split())

    found, notices = verdicts(read_run(tmp_path))
    assert notices == []
    assert found is not None
    (row,) = (row for row in found.rows if row.id == name)
    assert {each.kind for each in row.judgements} == {expected}
    assert dict(found.readings[0].counts) == document["counts"]
    cells = next(cells for cells in verdict_table(found).rows if cells[0] == name)
    assert expected in cells


def test_every_word_is_one_that_the_page_knows() -> None:
    assert tuple(KINDS) == OUTCOMES
