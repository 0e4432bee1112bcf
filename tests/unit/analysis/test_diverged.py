"""A seed that diverged: everybody says the same n and the same reason, nobody leaves it out."""

import csv
from itertools import product
from pathlib import Path

import pytest
from rows import Row

from spikefuse.analysis.claims import evaluate_claims
from spikefuse.analysis.compare import answer
from spikefuse.analysis.epoch_choice import epoch_choices
from spikefuse.analysis.figures import figure, figure_table
from spikefuse.analysis.gains import BEST, EXPERTS, MEAN, PRODUCT, baselines
from spikefuse.analysis.groups import group_summaries
from spikefuse.analysis.headline import headline
from spikefuse.analysis.pairing_leak import pairing_leak
from spikefuse.core.errors import StudyError
from spikefuse.report import build_report
from spikefuse.report import headline as words
from spikefuse.results import write_tidy
from spikefuse.studies.design import Cell

SEEDS = (0, 1, 2)
LOST = 1
COUNT = "2 of 3 seeds have an accuracy"


def cell(study: str, **levels: object) -> list[Row]:
    """All numbers of three seeds of a cell."""
    fusion = levels.pop("fusion", None)
    made = Cell.create(**levels).model_dump() | ({"fusion": fusion} if fusion else {})
    rows = []
    for seed in SEEDS:
        own = {"study": study, "trial": f"{sorted(made.items())}{seed}", **made, "seed": seed}
        for split, metric in product(("validation", "test"), ("accuracy", "accuracy_last")):
            value = 0.9 + 0.01 * seed + 0.02 * (made["modality"] == "fused")
            number = {"split": split, "metric": metric, "value": value, "samples": 100}
            rows.append(own | number)
    return rows


def table() -> list[Row]:
    """Both kinds, every modality and pairing, the controls and two speakers held out."""
    rows = []
    for network, protocol in product(("snn", "dnn"), ("disjoint", "paper")):
        base = {"network": network, "protocol": protocol}
        for modality in ("image", "audio", "fused"):
            rows += cell("model-size", modality=modality, **base)
        joint = {"modality": "fused", **base}
        rows += cell("controls", **joint, pairing="shuffled")
        rows += cell("controls", **joint, fusion=PRODUCT)
    for network, speaker in product(("snn", "dnn"), ("theo", "lucas")):
        held = {"network": network, "protocol": "speaker", "held_out": speaker}
        rows += cell("speakers", modality="fused", **held)
    return rows


def reason(cell: str) -> str:
    return f"training diverged for seed {LOST} of {cell} ({COUNT})"


def lose(rows: list[Row], **levels: object) -> list[Row]:
    """Replace seed 1 of one cell by the row of a diverged trial."""
    chosen = [row for row in rows if row["seed"] == LOST and levels.items() <= row.items()]
    assert chosen
    mark = chosen[0] | {"split": "", "metric": "diverged", "value": 1, "samples": ""}
    return [row for row in rows if row not in chosen] + [mark]


FUSED = {"network": "snn", "modality": "fused", "protocol": "disjoint", "fusion": "early"}
FUSED |= {"pairing": "true"}
AUDIO = {"network": "snn", "modality": "audio", "protocol": "disjoint"}
WHOLE = table()


def test_the_fused_network(tmp_path: Path) -> None:
    rows, why = lose(WHOLE, **FUSED), reason("fused SNN at S")

    found = headline(rows)
    assert "snn" not in found.gains
    assert "dnn" in found.gains
    assert found.lost("snn") == why
    assert found.more == {}
    for yardstick in found.baselines["snn"].yardsticks.values():
        assert (yardstick.gain, yardstick.reason) == (None, why)
        assert yardstick.accuracy is not None
    assert words.verdict(found) == "Not answered: a seed diverged"
    assert why in words.answer(found)

    bar = next(b for b in figure_table(figure(4), rows, "disjoint", "test") if b.hue == "fused")
    assert (bar.n, bar.mean, bar.low, bar.reason) == (2, None, None, why)

    leak = pairing_leak(rows, "snn")
    assert (leak.difference, leak.disjoint, leak.reason) == (None, None, why)
    assert leak.paper.n == 3
    assert why in words.leak_sentence(found, {})

    choice = next(
        each
        for each in epoch_choices(rows)
        if (each.network, each.modality, each.protocol) == ("snn", "fused", "disjoint")
    )
    assert (choice.n, choice.optimism, choice.bias, choice.reason) == (2, None, None, why)

    (speakers, _) = group_summaries(rows)
    assert (speakers.known, speakers.cost, speakers.reason) == (None, None, why)
    assert list(speakers.groups) == ["lucas", "theo"], "the speakers have all their seeds"

    claims = {verdict.id: verdict for verdict in evaluate_claims(rows)}
    assert (claims["C8"].n, claims["C8"].measured_value) == (2, None)
    assert claims["C8"].reason.startswith(f"{why}.")

    write_tidy(rows, tmp_path / "results.csv")
    with pytest.raises(StudyError) as refused:
        answer("network=snn,modality=fused", "network=snn,modality=image", tmp_path)
    assert why in str(refused.value)

    page = build_report(tmp_path, tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count(why) > 10
    with (tmp_path / "tables" / "figure-04.csv").open(encoding="utf-8", newline="") as file:
        shown = [row for row in csv.DictReader(file) if row["Modality"] == "Fused"]
    mine = next(row for row in shown if row["Protocol"] == "disjoint" and row["n"] == "2")
    assert (mine["Mean"], mine["95 % interval"]) == ("", "")
    assert mine["Every seed"] == f"92.00 94.00; {why}"


def test_one_of_the_single_modalities() -> None:
    rows, why = lose(WHOLE, **AUDIO), reason("audio SNN at S")
    found = baselines(rows, "snn")
    assert found.best_modality is None, "a choice among the others is one the divergence made"
    for name in (BEST, MEAN, "audio alone"):
        yardstick = found.yardsticks[name]
        assert (yardstick.accuracy, yardstick.gain, yardstick.reason) == (None, None, why)
    assert found.yardsticks["image alone"].gain is not None
    assert found.control is not None
    bars = figure_table(figure(5), rows, "disjoint", "test")
    mean = next(bar for bar in bars if (bar.x, bar.hue) == ("snn", "unimodal mean"))
    assert (mean.n, mean.mean, mean.reason) == (2, None, why)
    claims = {verdict.id: verdict for verdict in evaluate_claims(rows)}
    assert claims["C8"].n == 2
    assert claims["C8"].reason.startswith(f"{why}.")


def test_the_controls_and_a_held_out_speaker() -> None:
    shuffled = lose(WHOLE, **FUSED | {"pairing": "shuffled"})
    found = baselines(shuffled, "snn")
    why = reason("fused SNN at S, shuffled pairs")
    assert (found.control, found.shuffled.reason) == (None, why)
    assert why in words.control_sentence(found)
    assert found.yardsticks[BEST].gain is not None

    experts = lose(WHOLE, **FUSED | {"fusion": PRODUCT})
    found = baselines(experts, "snn")
    assert found.yardsticks[EXPERTS].reason == reason("fused SNN at S, product-of-experts fusion")

    held = lose(WHOLE, network="snn", held_out="theo")
    (summary, _) = group_summaries(held)
    why = reason("fused SNN at S, protocol speaker, theo held out")
    assert (summary.mean, summary.cost, summary.reason) == (None, None, why)
    assert list(summary.groups) == ["lucas"]
    assert (summary.lost["theo"].n, summary.lost["theo"].reason) == (2, why)


def test_without_divergence_there_are_three_seeds_everywhere() -> None:
    found = headline(WHOLE)
    assert found.lost("snn") == ""
    assert found.gains["snn"].over_best.n == 3
    assert found.baselines["snn"].control.difference.n == 3
    assert {each.n for each in epoch_choices(WHOLE)} == {3}
    assert evaluate_claims(WHOLE)[7].n == 3
    assert all(bar.reason == "" for bar in figure_table(figure(4), WHOLE, "disjoint", "test"))
