"""Tables of the report in a terminal: no number is broken, none is lost, whatever the width."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from spikefuse.cli.wide import parts, print_table
from spikefuse.report.tables import Column, Table

TABLE = Table(
    "t",
    "Failing senses",
    (
        Column("Network"),
        Column("What fails"),
        Column("Accuracy", number=True),
        Column("95 % interval", number=True),
        Column("Follows the class shown", number=True),
        Column("Cost pp", number=True),
        Column("95 % of the cost", number=True),
        Column("n", number=True),
    ),
    (
        ("SNN", "nothing", "95.70", "93.01 to 98.39", "–", "–", "–", "3"),
        (
            "SNN",
            "image missing (zeros), last 25 % of the steps",
            "95.73",
            "93.01 to 98.46",
            "–",
            "+5.55",
            "+6.10 and +5.00",
            "2, 1 silent",
        ),
        ("SNN", "image of another class", "16.50", "15.12 to 17.88", "67.27", "+79.20", "–", "3"),
    ),
    heads=2,
)


def lines(width: int) -> list[str]:
    stream = io.StringIO()
    print_table(TABLE, Console(file=stream, width=width))
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_every_number_stands_on_a_line_of_its_row(width: int) -> None:
    shown = lines(width)
    assert max(map(len, shown)) <= width
    text = "\n".join(shown)
    for number in (
        "95.70 [93.01, 98.39]",
        "95.73 [93.01, 98.46]",
        "+5.55 (+6.10 and +5.00)",
        "67.27",
        "+79.20",
        "2, 1 silent",
    ):
        assert number in text
    assert "…" not in text


def test_a_wide_terminal_has_one_part_and_a_narrow_one_leaves_out_empty_rows() -> None:
    assert len(parts(TABLE, 200)) == 1
    first, *further = parts(TABLE, 60)
    assert len(first.rows) == 3
    assert further
    assert all(row[2] != "–" for part in further for row in part.rows)
    assert [column.title for column in further[-1].columns][:2] == ["Network", "What fails"]
    assert all(part.columns[-1].title == "n" for part in (first, *further))


def test_the_caption_says_what_brackets_are() -> None:
    both = "Failing senses; []: 95 % interval; (): the values of two seeds"
    assert parts(TABLE, 200)[0].caption == both
    few = replace(TABLE, rows=TABLE.rows[1:2])
    few = replace(few, rows=((*few.rows[0][:3], "95.60 and 95.86", *few.rows[0][4:]),))
    assert parts(few, 200)[0].caption == "Failing senses; (): the values of two seeds"
    bare = Table("t", "Bare", (Column("what"), Column("mean", number=True)), (("a", "1"),))
    assert parts(bare, 80) == [bare]


def test_markup_in_a_cell_is_text() -> None:
    table = Table("t", "[red]", (Column("what"), Column("x", number=True)), (("[bold]", "[/]"),))
    stream = io.StringIO()
    print_table(table, Console(file=stream, width=80))
    assert all(text in stream.getvalue() for text in ("[red]", "[bold]", "[/]"))
