"""Nothing is captioned as an interval where none stands: of one or two seeds there is none."""

from dataclasses import replace

import pytest

from spikefuse.analysis.claims import claims_document, evaluate_claims
from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.figures import FIGURES, FigureRow
from spikefuse.analysis.words import interval_words, span
from spikefuse.report.drawing.charts import Line
from spikefuse.report.drawing.panels import legend_handles
from spikefuse.report.drawing.pictures import Picture, with_dots_caption
from spikefuse.report.page import figure_caption, figure_legend
from spikefuse.report.section import interval_keys
from spikefuse.report.tables import Column, Table

FIGURE = FIGURES[0]


def estimate_of(n: int) -> Estimate:
    found = estimate({seed: 0.9 + 0.01 * seed for seed in range(n)})
    assert found is not None
    return found


def bar(n: int) -> FigureRow:
    found = estimate_of(n)
    place = (FIGURE.number, "disjoint", "test", None, FIGURE.x.levels[0], FIGURE.hue.levels[0])
    return FigureRow(*place, found.values, found.mean, found.low, found.high, None)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ((1,), ""),
        ((2, 2), ""),
        ((2, 3), "95 % interval (from 3 seeds on)"),
        ((5, 1), "95 % interval (from 3 seeds on)"),
        ((3, 10), "95 % interval"),
        ((), ""),
    ],
)
def test_captions_and_legends_name_an_interval_where_one_stands(
    counts: tuple[int, ...], told: str
) -> None:
    assert interval_words(counts) == told
    assert [key.text for key in interval_keys(counts)] == ([told] if told else [])
    lines = [Line("over image", estimate_of(n), "fused") for n in counts]
    caption = with_dots_caption(Picture("<svg/>"), lines).caption
    assert caption == f"Mean gain{f' with {told}' if told else ''}; a small dot is one seed."
    rows = [bar(n) for n in counts]
    assert [key.text for key in figure_legend(FIGURE, rows) if "interval" in key.text] == (
        [told] if told else []
    )
    handles = legend_handles(FIGURE, paper=False, counts=counts)
    assert [each.get_label() for each in handles if "interval" in str(each.get_label())] == (
        [told] if told else []
    )
    below = figure_caption(FIGURE, [(None, rows)], "")
    assert ("95 %" in below) == bool(told)
    assert ("Fewer than 3 seeds have no interval" in below) == any(n < 3 for n in counts)


def test_claims_of_two_seeds_are_stored_with_their_values_and_no_interval() -> None:
    own = {"study": "model-size", "network": "dnn", "modality": "fused", "fusion": "early"}
    own |= {"neuron": "relu", "reset": "none", "time_steps": 1, "protocol": "disjoint"}
    own |= {"noise_std": 0.0, "noise_position": "before", "split": "test", "metric": "accuracy"}
    for n, is_interval in ((2, False), (3, True)):
        rows = [
            own
            | {"size": size, "seed": seed, "trial": f"{size}{seed}", "value": 0.99 + 1e-4 * seed}
            for size in ("S", "S/2", "S/3")
            for seed in range(n)
        ]
        (found,) = (c for c in claims_document(evaluate_claims(rows))["claims"] if c["id"] == "C1")
        assert (found["interval"] is not None) == is_interval
        assert [part["interval"] is not None for part in found["parts"]] == [is_interval] * 3
        assert [part["values"] is None for part in found["parts"]] == [is_interval] * 3


def test_a_column_of_intervals_says_where_it_holds_values() -> None:
    columns = (Column("Network"), Column("95 % interval", number=True))
    table = Table("t", "Accuracies", columns, (("SNN", span(estimate_of(3), str)),))
    assert table.heading == "Accuracies"
    two = replace(table, rows=(("SNN", span(estimate_of(2), str)),))
    assert two.rows[0][1] == "0.9 and 0.91"
    assert two.heading == "Accuracies; of two seeds their values"
