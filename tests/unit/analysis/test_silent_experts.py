"""A product of experts of which one is a silent network: counted apart wherever its n is told."""

from collections.abc import Sequence
from typing import Any

import pytest

from spikefuse.analysis.asked import answer_record, asked
from spikefuse.analysis.fusion_race import fusion_races
from spikefuse.analysis.gains import BEST, EXPERTS, TEMPERED, baselines
from spikefuse.analysis.headline import headline
from spikefuse.analysis.table import Table
from spikefuse.analysis.words import difference, with_interval
from spikefuse.report.headline import answer_over_controls
from spikefuse.report.sections.controls import controls_table
from spikefuse.report.tables import headline_table

Rows = list[dict[str, Any]]
PRODUCT = "product-of-experts"
FUSED, IMAGE, AUDIO = (0.95, 0.955, 0.96, 0.952), (0.9, 0.91, 0.1, 0.92), (0.88, 0.89, 0.87, 0.9)
EXPERT = (0.97, 0.975, 0.87, 0.972)
SILENT = 2


def cell(network: str, modality: str, values: Sequence[float], **levels: Any) -> Rows:
    fusion = "early" if modality == "fused" else "none"
    own = {"study": "model-size", "network": network, "modality": modality, "size": "S"}
    own |= {"neuron": "lif", "reset": "soft", "time_steps": 4, "fusion": fusion, "noise_std": 0.0}
    own |= {"protocol": "disjoint", "split": "test", "metric": "accuracy", "samples": 1000}
    return [
        own | {"trial": f"{network}{modality}{seed}", "seed": seed, "value": value} | levels
        for seed, value in enumerate(values)
    ]


def rows(network: str = "snn", silent: bool = True, **levels: Any) -> Rows:
    found = cell(network, "fused", FUSED, **levels)
    found += cell(network, "image", IMAGE, **levels) + cell(network, "audio", AUDIO, **levels)
    for kind in (PRODUCT, f"{PRODUCT}-tempered"):
        product = cell(network, "fused", EXPERT, **{"fusion": kind, "study": "controls"} | levels)
        for row in product:
            row["trial"] = "+".join(f"{network}{name}{row['seed']}" for name in ("image", "audio"))
        found += product
    rates = {"metric": "rate.image.hidden", "split": "validation"}
    for row in cell(network, "image", IMAGE, **rates | levels):
        found.append(row | {"value": 0.0 if silent and row["seed"] == SILENT else 0.1})
    found += [row | {"split": "validation"} for row in found if row["metric"] == "accuracy"]
    return found


def test_its_series_knows_which_seed() -> None:
    levels = {"network": "snn", "modality": "fused"}
    assert Table(rows()).series(**levels, fusion=PRODUCT).silent == (SILENT,)
    assert Table(rows(silent=False)).series(**levels, fusion=PRODUCT).silent == ()
    assert Table(rows()).series(**levels, fusion="early").silent == ()


@pytest.mark.parametrize("name", [EXPERTS, TEMPERED])
def test_accuracy_and_gain_are_those_of_the_others(name: str) -> None:
    found = baselines(rows(), "snn").yardsticks[name]
    assert found.accuracy is not None
    assert found.gain is not None
    live = [seed for seed in range(4) if seed != SILENT]
    assert found.accuracy.mean == pytest.approx(sum(EXPERT[seed] for seed in live) / 3)
    assert found.gain.mean == pytest.approx(sum(FUSED[seed] - EXPERT[seed] for seed in live) / 3)
    assert (found.accuracy.n, found.accuracy.silent) == (3, (SILENT,))
    assert difference(found.gain)[2] == "3, 1 silent"
    assert "n\u00a0=\u00a03, 1\u00a0silent" in with_interval(found.gain)


def test_page_and_terminal_say_so() -> None:
    both = [*rows(), *rows("dnn", silent=False)]
    found = headline(both)
    assert "3, 1\u00a0silent" in answer_over_controls(found)
    table = controls_table(found)
    counts = [row for row in table.rows if row[:2] == ("SNN", EXPERTS)]
    assert all("3, 1 silent" in row for row in counts)
    told = {row[0]: row for row in headline_table(found).rows}
    assert "3, 1 silent" in told["SNN: fused minus the product of experts"]


def test_ask_says_so() -> None:
    found = asked([*rows(), *rows("dnn", silent=False)])["snn"]
    record = answer_record(found)
    assert record["product_of_experts"]["silent"] == [SILENT]
    assert record["gain_over"]["product_of_experts"]["silent"] == [SILENT]
    assert any(reason.startswith(f"{EXPERTS}: 1 of 4 networks") for reason in record["reasons"])
    assert BEST in found.baselines.yardsticks


def test_the_race_of_fusions_says_so() -> None:
    kinds = [*rows(study="fusion"), *cell("snn", "fused", FUSED, study="fusion", fusion="late")]
    kinds += [row | {"split": "validation"} for row in kinds if row["fusion"] == "late"]
    (race,) = fusion_races(kinds)
    entry = race.entries[PRODUCT]
    assert entry.accuracy is not None
    assert (entry.accuracy.n, entry.accuracy.silent) == (3, (SILENT,))
