"""Writes figures as PNG and SVG (PDF on demand), tables as CSV and LaTeX: for slides and papers."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from spikefuse.analysis.figures import FigureRow, PaperFigure
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.charts import blank
from spikefuse.report.drawing.panels import Panel, Tips, draw_panel, figure_scale, legend_handles
from spikefuse.report.drawing.pictures import View
from spikefuse.report.output.latex import latex_bytes
from spikefuse.report.tables import Table, csv_bytes
from spikefuse.results.atomic import write_file

FORMATS: Mapping[str, Mapping[str, Any]] = {
    "png": {"dpi": 200, "metadata": {"Software": None}},
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
}
DEMANDED = "pdf"
"""Embedding its fonts takes longer than all other formats together."""

_PANEL_WIDTH, _PANEL_HEIGHT = 372.0, 250.0
_LEFT, _GAP, _RIGHT, _TOP, _BOTTOM, _ROW_GAP = 58.0, 56.0, 18.0, 122.0, 74.0, 84.0


def write_table_files(table: Table, folder: Path) -> list[Path]:
    """The table as CSV and as LaTeX."""
    paths = []
    for ending, content in (("csv", csv_bytes(table)), ("tex", latex_bytes(table))):
        paths.append(folder / f"{table.name}.{ending}")
        write_file(paths[-1], content, "report")
    return paths


def write_figure_files(
    figure: PaperFigure,
    columns: Sequence[tuple[View, Sequence[FigureRow]]],
    folder: Path,
    footnote: str,
    chance: float | None = None,
    *,
    pdf: bool = False,
) -> list[Path]:
    """The figure with all its panels as one picture, in every format.

    A PDF that is there already is written again, or it would show other results than the rest.
    """
    name = f"figure-{figure.number:02d}"
    with matplotlib.rc_context(theme.rc(text_as_text=False, salt=name)):
        drawn = slide(figure, columns, footnote, chance)
        paths = []
        for ending, options in FORMATS.items():
            path = folder / f"{name}.{ending}"
            if ending == DEMANDED and not pdf and not path.is_file():
                continue
            buffer = io.BytesIO()
            drawn.savefig(buffer, format=ending, facecolor=theme.LIGHT["card"], **options)
            paths.append(path)
            write_file(paths[-1], buffer.getvalue(), "report")
    return paths


def slide(
    figure: PaperFigure,
    columns: Sequence[tuple[View, Sequence[FigureRow]]],
    footnote: str,
    chance: float | None = None,
) -> Figure:
    """All panels of a figure with title, legend and footnote, on one page."""
    levels = figure.panel.levels if figure.panel else (None,)
    width = _LEFT + len(columns) * _PANEL_WIDTH + (len(columns) - 1) * _GAP + _RIGHT
    height = _TOP + len(levels) * _PANEL_HEIGHT + (len(levels) - 1) * _ROW_GAP + _BOTTOM
    drawn, first = blank(width, height, (0, 0, 0, 0))
    first.remove()
    scale = figure_scale([row for _, rows in columns for row in rows], chance)
    for row_index, level in enumerate(levels):
        top = height - _TOP - row_index * (_PANEL_HEIGHT + _ROW_GAP)
        for index, (view, rows) in enumerate(columns):
            left = _LEFT + index * (_PANEL_WIDTH + _GAP)
            box = (
                left / width,
                (top - _PANEL_HEIGHT) / height,
                _PANEL_WIDTH / width,
                _PANEL_HEIGHT / height,
            )
            ax = drawn.add_axes(box)
            panel = Panel(figure, tuple(row for row in rows if row.panel == level), scale)
            draw_panel(ax, panel, Tips(), label=index == 0)
            title = view.title
            if figure.panel is not None and level is not None:
                title = f"{figure.panel.name(level)}: {title.lower()}"
            drawn.text(left / width, (top + 41) / height, title, weight="bold", fontsize=10)
            drawn.text(
                left / width,
                (top + 28) / height,
                view.detail,
                fontsize=8.5,
                color=theme.LIGHT["muted"],
            )
    _frame(drawn, figure, columns, footnote, (width, height))
    return drawn


def _counts(columns: Sequence[tuple[View, Sequence[FigureRow]]]) -> list[int]:
    return [row.n for _, rows in columns for row in rows]


def _frame(
    drawn: Figure,
    figure: PaperFigure,
    columns: Sequence[tuple[View, Sequence[FigureRow]]],
    footnote: str,
    size: tuple[float, float],
) -> None:
    """Title, legend and footnote."""
    width, height = size
    title = f"Figure {figure.number}. {figure.title}"
    drawn.text(_LEFT / width, (height - 28) / height, title, fontsize=14, weight="bold")
    has_paper = any(row.paper is not None for _, rows in columns for row in rows)
    drawn.legend(
        handles=legend_handles(figure, paper=has_paper, counts=_counts(columns)),
        loc="upper left",
        bbox_to_anchor=((_LEFT - 6) / width, (height - 36) / height),
        ncols=6,
        frameon=False,
        fontsize=9,
        handletextpad=0.3,
        columnspacing=1.4,
        borderaxespad=0,
    )
    wrapped = fill(footnote, int((width - _LEFT) / 4.6))
    drawn.text(
        _LEFT / width,
        36 / height,
        wrapped,
        fontsize=7.5,
        va="top",
        color=theme.LIGHT["muted"],
        linespacing=1.4,
    )
