"""Networks that were trained one by one, without a study: every number they reached."""

from collections.abc import Mapping, Sequence
from typing import Any

from spikefuse.analysis.table import SINGLE, cell_words
from spikefuse.analysis.words import NONE, percent
from spikefuse.report.section import Section, Shown
from spikefuse.report.tables import Column, Table

_SHARES = ("accuracy", "accuracy_last")


def single_section(rows: Sequence[Mapping[str, Any]]) -> Section | None:
    """The numbers of single networks; None where a study made all of them."""
    own = [row for row in rows if row["study"] == SINGLE]
    if not own:
        return None
    return Section(
        name="single",
        title="Single networks",
        link="Networks",
        paragraphs=[
            "Networks that were trained one by one. Where they differ in settings that have no "
            "column, a network\u2019s reading names what departs from the usual."
        ],
        tables=(Shown(single_table(own), open=True),),
    )


def _value(row: Mapping[str, Any]) -> str:
    """Its number in words; a meter may have given none."""
    value = row["value"]
    if not isinstance(value, int | float):
        return NONE
    return f"{percent(value)} %" if row["metric"] in _SHARES else f"{value:g}"


def single_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One row a number; shares are per cent."""
    cells = [
        (
            str(row["trial"]),
            cell_words(row),
            str(row["seed"]),
            str(row["metric"]),
            str(row["split"]) or NONE,
            _value(row),
            str(row.get("samples") or NONE),
        )
        for row in rows
    ]
    heads = ("Trial", "Network", "Seed", "Metric", "Split")
    return Table(
        name="single-networks",
        caption="Every number of the networks that were trained one by one",
        columns=(
            *map(Column, heads),
            Column("Value", number=True),
            Column("Samples", number=True),
        ),
        rows=tuple(cells),
        heads=2,
    )
