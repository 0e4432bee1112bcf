"""Builds the report: one HTML page that holds everything, and figures and tables as files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import jinja2
from markupsafe import Markup

import spikefuse
from spikefuse.analysis.figures import (
    FIGURES,
    FigureRow,
    PaperFigure,
    figure_table,
    on_modalities,
)
from spikefuse.analysis.fusion_race import fusion_races
from spikefuse.analysis.headline import Headline, headline
from spikefuse.analysis.robustness import STUDIES as CURVES
from spikefuse.analysis.robustness import robustness
from spikefuse.analysis.senses import senses
from spikefuse.analysis.words import interval_words
from spikefuse.core.errors import StudyError
from spikefuse.report.commands import commands_of
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.panels import figure_scale
from spikefuse.report.drawing.pictures import (
    View,
    curve_pictures,
    figure_pictures,
    gain_picture,
    leak_picture,
    rate_pictures,
    views_of,
)
from spikefuse.report.output.files import write_figure_files, write_table_files
from spikefuse.report.output.place import FIGURE_FOLDER, TABLE_FOLDER, require_page
from spikefuse.report.own_network import named_network, network_page
from spikefuse.report.page import (
    FigureBlock,
    FigureGroup,
    FileLink,
    Page,
    compose,
    figure_caption,
    figure_legend,
    is_loud,
    unfinished_text,
)
from spikefuse.report.printable import plain
from spikefuse.report.reading.settings import groups
from spikefuse.report.reading.sources import Run, read_run
from spikefuse.report.reading.stored import Shelf
from spikefuse.report.section import Section
from spikefuse.report.sections.confusion import confusions, matrices
from spikefuse.report.sections.data import data_section
from spikefuse.report.sections.energy import first_screen
from spikefuse.report.sections.fusion_race import fusion_sentence
from spikefuse.report.sections.rasters import looks, raster_section
from spikefuse.report.sections.robustness import kept_sentence
from spikefuse.report.sections.senses import cost_sentence
from spikefuse.report.sections.steps import step_rates, step_section
from spikefuse.report.sections.studies import study_sections
from spikefuse.report.sections.verdicts import verdict_table
from spikefuse.report.tables import Table, figure_data_table, headline_table
from spikefuse.results.atomic import make_folder, write_file
from spikefuse.studies.registry import STUDIES

_KINDS = {".png": "PNG", ".svg": "SVG", ".pdf": "PDF", ".csv": "CSV", ".tex": "LaTeX"}


@dataclass(frozen=True)
class _Places:
    """Where the files go, and whether figures are PDF files too."""

    page: Path
    pdf: bool = False

    @property
    def figures(self) -> Path:
        return self.page.parent / FIGURE_FOLDER

    @property
    def tables(self) -> Path:
        return self.page.parent / TABLE_FOLDER


def build(root: Path, out: Path, pdf: bool = False) -> Path:
    """Write the report; see `spikefuse.report.build_report`."""
    places = _Places(out, pdf)
    require_page(out, root)
    run = read_run(root)
    for folder in (out.parent, places.figures, places.tables):
        make_folder(folder, "report")
    if named_network(run):
        return _write(network_page(run), [], places)
    run, found = _headline(run)
    parts = groups(run.trials)
    blocks, missing = _figure_groups(run, places)
    studied, problems = study_sections(run, found)
    told = data_section(run)
    studied = [*([told] if told is not None else []), *studied]
    shelf = Shelf(run)
    activity, answers = _activity(run, shelf), matrices(confusions(run, shelf))
    run = replace(run, notices=(*run.notices, *problems, *shelf.notices))
    page = compose(
        run,
        found,
        parts,
        gain=gain_picture(found),
        leak=leak_picture(found, run.chance),
        groups=blocks,
        missing=missing,
        curves=curve_pictures(parts, "validation_accuracy", run, loss=False),
        losses=curve_pictures(parts, "train_loss", run, loss=True),
        rates=rate_pictures(parts, run.modalities),
        studies=studied,
        activity=activity,
        confusions=answers,
        energy=first_screen(run),
        lost_sense=_lost_sense(run),
        fusion=_fusion(run),
        kept=_kept(run),
    )
    return _write(page, [headline_table(found)], places)


def _write(page: Page, further: list[Table], places: _Places) -> Path:
    for table in [*further, *_tables(page)]:
        if table.rows:
            write_table_files(table, places.tables)
    write_file(places.page, render(page).encode(), "report")
    return places.page


def _fusion(run: Run) -> str:
    """Which fusion wins; empty where that is not known, which its section says."""
    try:
        return fusion_sentence(fusion_races(run.table))
    except StudyError:
        return ""


def _kept(run: Run) -> list[tuple[str, str]]:
    """What the networks keep over noise, by study; none where rows disagree."""
    try:
        found = [robustness(run.table, study) for study in CURVES]
        return [(each.study, said) for each in found if (said := kept_sentence(each))]
    except StudyError:
        return []


def _activity(run: Run, shelf: Shelf) -> list[Section]:
    """What the hidden layers do: rates over time, and the spikes behind single answers."""
    command = commands_of(run.record).run("model-size", "time-steps")
    found = (
        step_section(step_rates(run, shelf), command),
        raster_section(looks(run, shelf), commands_of(run.record).run("model-size")),
    )
    return [section for section in found if section is not None]


def _tables(page: Page) -> list[Table]:
    """Every table of the page apart from those of the paper's figures."""
    tables = [*page.audit]
    tables += [verdict_table(page.verdicts)] if page.verdicts else []
    tables += [table for table in (page.rate_table, page.trials) if table is not None]
    tables += [matrix.table for matrix in page.confusions]
    sections = (*page.studies, *page.activity)
    return tables + [shown.table for section in sections for shown in section.tables]


def _lost_sense(run: Run) -> str:
    """What one lost sense costs the networks; empty where nobody measured it, or rows disagree."""
    try:
        return " ".join(filter(None, map(cost_sentence, senses(run.table))))
    except StudyError:
        return ""  # the section says why


def _headline(run: Run) -> tuple[Run, Headline]:
    """The headline; where results contradict each other, none, and a notice."""
    try:
        return run, headline(run.table)
    except StudyError as error:
        noticed = replace(run, notices=(*run.notices, str(error)))
        return noticed, Headline()


def _figure_groups(run: Run, places: _Places) -> tuple[list[FigureGroup], str]:
    """Every figure that has results, by experiment, and a sentence about the others."""
    by_study: dict[str, list[FigureBlock]] = {}
    missing = []
    for figure in (on_modalities(each, run.modalities) for each in FIGURES):
        block = _block(figure, run, places)
        if block is None:
            missing.append(str(figure.number))
        else:
            by_study.setdefault(figure.study, []).append(block)
    titles = {name: STUDIES[name].title if name in STUDIES else name for name in by_study}
    commands = commands_of(run.record)
    found = [
        FigureGroup(titles[name], blocks, commands.run(name)) for name, blocks in by_study.items()
    ]
    asked = run.record.get("studies")
    named = {*(map(str, asked) if isinstance(asked, list) else ()), *run.table.levels("study")}
    if not named.intersection(figure.study for figure in FIGURES):
        return [], ""  # nobody wanted them
    text = f"Not measured in this run: Figures {', '.join(missing)}." if missing else ""
    return found, text


def _block(figure: PaperFigure, run: Run, places: _Places) -> FigureBlock | None:
    plain_block = FigureBlock(figure.number, figure.title, figure.said, claims=figure.claims)
    try:
        columns = measured_columns(figure, run)
    except StudyError as error:
        return replace(plain_block, problem=plain(error, 400))
    if not columns:
        return None
    drawn = columns
    if is_loud(run):
        # A drawing must not invite to compare what cannot be compared; the table keeps the values.
        drawn = [(view, tuple(replace(row, paper=None) for row in rows)) for view, rows in columns]
    rows = [row for _, group in drawn for row in group]
    table = figure_data_table(figure, [group for _, group in columns])
    paths = write_figure_files(
        figure, drawn, places.figures, _footnote(run, rows), run.chance, pdf=places.pdf
    )
    paths += write_table_files(table, places.tables)
    return replace(
        plain_block,
        pictures=figure_pictures(figure, drawn, run.chance),
        legend=figure_legend(figure, rows),
        caption=figure_caption(figure, drawn, figure_scale(rows).note),
        table=table,
        files=[FileLink(f"{path.parent.name}/{path.name}", _KINDS[path.suffix]) for path in paths],
    )


def measured_columns(figure: PaperFigure, run: Run) -> list[tuple[View, tuple[FigureRow, ...]]]:
    """The figure under each view that has any result.

    Raises:
        StudyError: Two different trials claim the same cell and seed.
    """
    columns = [
        (view, figure_table(figure, run.table, view.protocol, view.split)) for view in views_of(run)
    ]
    return [(view, rows) for view, rows in columns if any(row.is_there for row in rows)]


def _footnote(run: Run, rows: Sequence[FigureRow]) -> str:
    """What a figure must say when it leaves the report: what the data is and what the marks are."""
    banner = str(run.record.get("banner") or run.record.get("source") or "data not named")
    unfinished = unfinished_text(run)
    told = interval_words((row.n for row in rows), "95 % t intervals")
    return plain(
        f"{unfinished} Means over seeds{f' with {told}' if told else ''}. {banner.rstrip('.')}. "
        f"Profile {run.record.get('profile', 'not named')}. spikefuse {spikefuse.__version__}.",
        330 + len(unfinished),
    ).strip()


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
        " ".join(f"--{name}: {value};" for name, value in (palette | theme.shades(palette)).items())
        for palette in (dict(theme.LIGHT), dict(theme.DARK))
    )
    return text.replace("/* palette */", light).replace("/* dark palette */", dark)
