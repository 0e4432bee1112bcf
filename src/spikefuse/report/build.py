"""Builds the report: one HTML page that holds everything, and figures and tables as files."""

from dataclasses import dataclass, replace
from pathlib import Path

import jinja2
from markupsafe import Markup

import spikefuse
from spikefuse.core.errors import StudyError
from spikefuse.report import theme
from spikefuse.report.files import write_figure_files
from spikefuse.report.headline import Headline, headline
from spikefuse.report.page import (
    EMBEDDED,
    FigureBlock,
    FigureGroup,
    FileLink,
    Page,
    compose,
    data_source,
    figure_caption,
    figure_legend,
)
from spikefuse.report.panels import figure_scale
from spikefuse.report.pictures import (
    VIEWS,
    View,
    curve_pictures,
    figure_pictures,
    gain_picture,
    leak_picture,
    rate_pictures,
)
from spikefuse.report.settings import groups
from spikefuse.report.sources import Run, read_run
from spikefuse.report.svg import plain
from spikefuse.report.tables import csv_bytes, figure_data_table, headline_table
from spikefuse.report.verdicts import verdict_table
from spikefuse.results.atomic import make_folder, write_file
from spikefuse.studies.figures import FIGURES, FigureRow, PaperFigure, figure_table
from spikefuse.studies.registry import STUDIES


@dataclass(frozen=True)
class _Places:
    """Where the files go."""

    page: Path

    @property
    def figures(self) -> Path:
        return self.page.parent / "figures"

    @property
    def tables(self) -> Path:
        return self.page.parent / "tables"


def build(root: Path, out: Path) -> Path:
    """Write the report; see `spikefuse.report.build_report`."""
    run = read_run(root)
    places = _Places(out)
    for folder in (out.parent, places.figures, places.tables):
        make_folder(folder, "report")
    run, found = _headline(run)
    parts = groups(run.trials)
    blocks, missing = _figure_groups(run, places)
    page = compose(
        run,
        found,
        parts,
        gain=gain_picture(found),
        leak=leak_picture(found),
        groups=blocks,
        missing=missing,
        curves=curve_pictures(parts, "validation_accuracy", loss=False),
        losses=curve_pictures(parts, "train_loss", loss=True),
        rates=rate_pictures(parts),
    )
    judged = None if page.verdicts is None else verdict_table(page.verdicts)
    for table in (headline_table(found), judged, *page.audit, page.rate_table, page.trials):
        if table is not None and table.rows:
            write_file(places.tables / f"{table.name}.csv", csv_bytes(table), "report")
    write_file(out, render(page).encode(), "report")
    return out


def _headline(run: Run) -> tuple[Run, Headline]:
    """The headline; where results contradict each other, none, and a notice."""
    try:
        return run, headline(run.rows)
    except StudyError as error:
        noticed = replace(run, notices=(*run.notices, str(error)))
        return noticed, Headline({}, None, None, {})


def _figure_groups(run: Run, places: _Places) -> tuple[list[FigureGroup], str]:
    """Every figure that has results, by experiment, and a sentence about the others."""
    by_study: dict[str, list[FigureBlock]] = {}
    missing = []
    for figure in FIGURES:
        block = _block(figure, run, places)
        if block is None:
            missing.append(str(figure.number))
        else:
            by_study.setdefault(figure.study, []).append(block)
    titles = {name: STUDIES[name].title if name in STUDIES else name for name in by_study}
    found = [FigureGroup(titles[name], blocks) for name, blocks in by_study.items()]
    text = f"Not measured in this run: Figures {', '.join(missing)}." if missing else ""
    return found, text


def _block(figure: PaperFigure, run: Run, places: _Places) -> FigureBlock | None:
    plain_block = FigureBlock(figure.number, figure.title, figure.said)
    try:
        columns = measured_columns(figure, run)
    except StudyError as error:
        return replace(plain_block, problem=plain(error, 400))
    if not columns:
        return None
    drawn = columns
    if data_source(run) == EMBEDDED:
        # A drawing must not invite to compare what cannot be compared; the table keeps the values.
        drawn = [(view, tuple(replace(row, paper=None) for row in rows)) for view, rows in columns]
    rows = [row for _, group in drawn for row in group]
    table = figure_data_table(figure, [group for _, group in columns])
    csv_path = places.tables / f"{table.name}.csv"
    write_file(csv_path, csv_bytes(table), "report")
    paths = write_figure_files(figure, drawn, places.figures, _footnote(run))
    return replace(
        plain_block,
        pictures=figure_pictures(figure, drawn),
        legend=figure_legend(figure, rows),
        caption=figure_caption(figure, drawn, figure_scale(rows).note),
        table=table,
        files=[
            FileLink(f"{path.parent.name}/{path.name}", path.suffix[1:].upper())
            for path in (*paths, csv_path)
        ],
    )


def measured_columns(figure: PaperFigure, run: Run) -> list[tuple[View, tuple[FigureRow, ...]]]:
    """The figure under each view that has any result.

    Raises:
        StudyError: Two different trials claim the same cell and seed.
    """
    columns = [(view, figure_table(figure, run.rows, view.protocol, view.split)) for view in VIEWS]
    return [(view, rows) for view, rows in columns if any(row.n for row in rows)]


def _footnote(run: Run) -> str:
    """What a figure must say when it leaves the report: what the data is and what the marks are."""
    banner = str(run.record.get("banner") or run.record.get("source") or "data not named")
    return plain(
        f"Means over seeds with 95 % t intervals. {banner.rstrip('.')}. "
        f"Profile {run.record.get('profile', 'not named')}. spikefuse {spikefuse.__version__}.",
        330,
    )


def render(page: Page) -> str:
    """The page as HTML. Every text is escaped; only drawn SVG and the style sheet are not."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("spikefuse.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(page=page, css=Markup(_style_sheet()))


def _style_sheet() -> str:
    """The style sheet with the palette that the drawings use."""
    text = (Path(__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")
    light, dark = (
        " ".join(f"--{name}: {value};" for name, value in palette.items())
        for palette in (theme.LIGHT, theme.DARK)
    )
    return text.replace("/* palette */", light).replace("/* dark palette */", dark)
