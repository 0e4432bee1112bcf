"""Tables that the page, the files and the terminal share."""

import csv

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.figures import FigureRow, figure, figure_table
from spikefuse.analysis.gains import BEST, EXPERTS, Baselines, Control, Yardstick, yardsticks_of
from spikefuse.analysis.headline import Headline
from spikefuse.analysis.pairing_leak import PairingLeak
from spikefuse.analysis.words import NONE
from spikefuse.report.tables import (
    csv_bytes,
    figure_data_table,
    figure_summary_table,
    headline_table,
)


def measured(protocol: str, split: str, values: tuple[float, ...]) -> tuple[FigureRow, ...]:
    rows = [
        {
            **{"study": "reset", "network": "snn", "modality": "fused", "size": "S"},
            **{"neuron": "lif", "reset": "soft", "time_steps": 4, "noise_std": 0.0},
            **{"protocol": protocol, "split": split, "metric": "accuracy"},
            **{"trial": str(seed), "seed": seed, "value": value},
        }
        for seed, value in enumerate(values)
    ]
    return figure_table(figure(11), rows, protocol, split)


READINGS = (
    measured("paper", "validation", (0.999, 0.997)),
    measured("disjoint", "test", (0.98, 0.97, 0.99)),
)


def test_data_table_has_a_row_for_each_bar_and_reading() -> None:
    table = figure_data_table(figure(11), READINGS)

    assert len(table.rows) == 12
    assert table.heads == 2
    assert table.rows[-2] == (
        *("Soft reset", "Fused", "paper", "validation"),
        *("99.80", "99.90 and 99.70", "2", "99.90 99.70", "99"),
    )
    assert table.rows[-1][2:8] == (
        *("disjoint", "test", "98.00", "95.52 to 100.00", "3"),
        "98.00 97.00 99.00",
    )
    assert table.rows[0][4:] == (NONE, NONE, "0", NONE, NONE)


def test_summary_table_puts_readings_side_by_side() -> None:
    table = figure_summary_table(figure(11), READINGS)

    assert [column.title for column in table.columns] == [
        *("reset", "modality", "paper, validation", "disjoint, test", "n", "paper"),
    ]
    assert table.rows[-1] == (*("Soft reset", "Fused", "99.80", "98.00 \u00b1 2.48", "2, 3", "99"),)
    assert table.rows[0] == ("Hard reset", "Image", NONE, NONE, "0", NONE)


def test_summary_of_a_figure_with_panels() -> None:
    table = figure_summary_table(figure(8), [figure_table(figure(8), [], "disjoint", "test")])

    assert len(table.rows) == 12
    assert table.rows[-1][:3] == ("SNN", "Noise 5", "Fused")


def test_csv_is_read_back_whole() -> None:
    table = figure_data_table(figure(11), READINGS)

    rows = list(csv.reader(csv_bytes(table).decode().splitlines()))

    assert rows[0] == [column.title for column in table.columns]
    assert rows[1:] == [["" if cell == NONE else cell for cell in row] for row in table.rows]


def test_headline_table_is_in_percentage_points() -> None:
    estimate = Estimate({0: 0.01, 1: 0.02}, 0.015, -0.0485, 0.0785)
    single = Estimate({0: 0.01}, 0.01, None, None)
    gains = dict.fromkeys(yardsticks_of(("image", "audio")), estimate) | {EXPERTS: single}
    snn = Baselines(
        network="snn",
        size="S",
        protocol="disjoint",
        modalities=("image", "audio"),
        fused=estimate,
        best_modality="image",
        yardsticks={name: Yardstick(name, estimate, gain) for name, gain in gains.items()},
        control=Control(estimate, None, "undecided"),
        resolution=None,
    )
    leak = PairingLeak("snn", estimate, estimate, estimate)

    rows = headline_table(Headline({"snn": snn}, {BEST: single}, {"snn": leak})).rows

    ends = "\u22124.85 to +7.85"
    assert rows == (
        ("SNN: fused minus the better single modality", "+1.50", ends, "2"),
        ("SNN: fused minus the mean of both", "+1.50", ends, "2"),
        ("SNN: fused minus the product of experts", "+1.00", NONE, "1"),
        ("SNN: shuffled audio minus image alone", "+1.50", ends, "2"),
        ("SNN gain minus DNN gain, over the better single modality", "+1.00", NONE, "1"),
        ("SNN: leak, paper minus disjoint", "+1.50", ends, "2"),
    )
