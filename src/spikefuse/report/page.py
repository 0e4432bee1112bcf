"""The words and tables of the page, ready for the template."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import spikefuse
from spikefuse.analysis.estimates import estimate
from spikefuse.analysis.figures import FigureRow, PaperFigure
from spikefuse.analysis.groups import group_names
from spikefuse.analysis.headline import Headline
from spikefuse.analysis.row_index import Runs
from spikefuse.analysis.table import DEFAULT_STUDIES, PAIRED
from spikefuse.analysis.words import FEWEST, interval_words, plural, rate, rate_span
from spikefuse.data.sources.contract import FUSED
from spikefuse.data.sources.registry import DEFAULT, FALLBACK
from spikefuse.report.commands import Commands, commands_of, studies_of, typed_of
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.panels import dot_words, roles_of
from spikefuse.report.drawing.pictures import (
    VIEWS,
    Picture,
    View,
    layers_of,
    rates_of,
    views_of,
)
from spikefuse.report.headline import (
    answer,
    answer_over_controls,
    answer_over_mean,
    corrected,
    leak_sentence,
    not_of_the_base,
    verdict,
)
from spikefuse.report.other_answers import StudyAnswer, study_answer
from spikefuse.report.printable import plain
from spikefuse.report.reading import settings
from spikefuse.report.reading.settings import Group, text
from spikefuse.report.reading.sources import Run, Trial
from spikefuse.report.section import Key, Section, interval_keys
from spikefuse.report.sections.audit import audit_shares, audit_tables
from spikefuse.report.sections.confusion import Matrix
from spikefuse.report.sections.verdicts import Verdicts, verdicts
from spikefuse.report.tables import SEED_COLUMNS, Column, Table
from spikefuse.report.texts import Texts, noun_of, texts_of
from spikefuse.results.coded import distinct
from spikefuse.studies import STUDIES

_BOTH = ("paper", "disjoint")
"""Protocols between which the pairing leak is."""
_EMBEDDED_BANNER = (
    "Small embedded data (scikit-learn digits and synthesised speech), not MNIST and the Free "
    "Spoken Digit Dataset: the numbers show that the pipeline works, not what the paper found."
)


@dataclass(frozen=True)
class Link:
    """An entry of the contents."""

    target: str
    text: str
    label: str = ""


@dataclass(frozen=True)
class FileLink:
    """A file beside the page."""

    path: str
    text: str


@dataclass(frozen=True)
class FigureBlock:
    """One paper figure on the page."""

    number: int
    title: str
    said: str
    pictures: Sequence[Picture] = ()
    legend: Sequence[Key] = ()
    caption: str = ""
    table: Table | None = None
    files: Sequence[FileLink] = ()
    claims: Sequence[str] = ()
    problem: str = ""


@dataclass(frozen=True)
class FigureGroup:
    """The figures of one experiment."""

    title: str
    figures: Sequence[FigureBlock]
    command: str = ""


@dataclass(frozen=True)
class Page:
    """Everything the template shows."""

    title: str
    facts: Sequence[str]
    banner: str
    unfinished: str
    loud: bool
    verdict: str
    answer: str
    controls: str
    yardstick: str
    leak_text: str
    row_count: int
    trial_count: int
    texts: Texts
    question: str = ""
    corrected: str = ""
    reading: str = ""
    energy: str = ""
    lost_sense: str = ""
    fusion: str = ""
    kept: Sequence[tuple[str, str]] = ()
    gain: Picture | None = None
    leak: Picture | None = None
    notices: Sequence[str] = ()
    verdicts: Verdicts | None = None
    groups: Sequence[FigureGroup] = ()
    missing: str = ""
    audit: Sequence[Table] = ()
    curves: Sequence[Picture] = ()
    losses: Sequence[Picture] = ()
    rates: Sequence[Picture] = ()
    rate_table: Table | None = None
    studies: Sequence[Section] = ()
    activity: Sequence[Section] = ()
    confusions: Sequence[Matrix] = ()
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)
    trials: Table | None = None
    trials_text: str = ""
    diverged: Sequence[str] = ()
    shared: Sequence[tuple[str, str]] = ()
    remake_text: str = ""
    command: str = ""
    record: Sequence[tuple[str, str]] = ()
    provenance: Sequence[tuple[str, str]] = ()
    modality_legend: Sequence[Key] = ()
    version: str = spikefuse.__version__

    @property
    def shown(self) -> set[str]:
        """Numbers of the figures that are on the page."""
        return {str(block.number) for group in self.groups for block in group.figures}

    def claims_of(self, block: FigureBlock) -> list[str]:
        """The claims a figure carries that have a row in the table of verdicts."""
        judged = {row.id for row in self.verdicts.rows} if self.verdicts else set()
        return [claim for claim in block.claims if claim in judged]

    @property
    def links(self) -> list[Link]:
        """The contents: sections that are there."""
        sections: list[tuple[object, str, str]] = [
            (True, "answer", "Answer"),
            (self.leak_text, "leak", "Leak"),
            (self.verdicts, "verdicts", "Verdicts"),
            (self.groups, "figures", "Figures"),
        ]
        found = [Link(target, name) for present, target, name in sections if present]
        for block in (block for group in self.groups for block in group.figures):
            number = block.number
            found.append(Link(f"figure-{number}", str(number), f"Figure {number}"))
        sections = [
            *((True, section.name, section.link) for section in self.studies),
            (self.audit, "audit", "Audit"),
            (self.curves, "curves", "Learning curves"),
            (self.rates, "rates", "Firing rates"),
            *((True, section.name, section.link) for section in self.activity),
            (self.confusions, "confusion", "Confusion"),
            (self.trials, "trials", "Trials"),
            (True, "remake", "Remake"),
        ]
        return found + [Link(target, name) for present, target, name in sections if present]


def compose(run: Run, found: Headline, networks: Sequence[Group], **parts: Any) -> Page:
    """The page of a run; `parts` are the drawn pictures and figure groups."""
    record, trials = run.record, run.trials
    known = distinct(Runs(run.rows).entries("trial"))
    other = study_answer(run.table, group_names(record, run.table)) or StudyAnswer("", "")
    loud = is_loud(run)
    banner = record.get("banner") or (_EMBEDDED_BANNER if run.source == FALLBACK else "")
    texts, noun = texts_of(run, loud=loud), noun_of(run)
    judged, unjudged = verdicts(run)
    tables = audit_tables(trials, run.modalities)
    diverged = [trial for trial in trials if trial.state == "diverged"]
    rate_table = _rate_table(networks, run.modalities)
    return Page(
        title=plain(record.get("title") or texts.question),
        facts=facts_of(run),
        banner=plain(banner or "The data is not named in this run's record.", 600),
        unfinished=unfinished_text(run),
        loud=loud,
        verdict=verdict(found, other.heading),
        answer=answer(found, other.text),
        controls=answer_over_controls(found),
        yardstick=answer_over_mean(found),
        corrected=corrected(found),
        reading=not_of_the_base(run.table),
        leak_text=_leak(run, found, noun),
        texts=texts,
        question=texts.question,
        row_count=len(run.rows),
        modality_legend=tuple(
            Key(role, theme.GLYPH[role], name) for name, role in theme.roles(run.modalities).items()
        ),
        trial_count=len({name for each in known for name in str(each).split("+")}),
        notices=[plain(notice, 400) for notice in (*run.notices, *unjudged)],
        verdicts=judged,
        audit=tables,
        rate_table=rate_table,
        commands=section_commands(
            commands_of(record),
            found,
            views_of(run),
            studies_of(record, run.table.levels("study")),
            [name for name in _studies(record) if name in STUDIES and _trains_under_both(name)],
        ),
        trials=settings.trial_table(trials) if trials else None,
        trials_text=_trials_text(trials, run.unopened),
        diverged=[_diverged(trial) for trial in diverged],
        shared=list(settings.shared_settings(trials).items()),
        remake_text=remake_words(record),
        command=typed_of(record),
        record=record_rows(record),
        provenance=_provenance(run),
        **parts,
    )


def section_commands(
    commands: Commands,
    found: Headline,
    views: Sequence[View] = VIEWS,
    studies: Sequence[str] = DEFAULT_STUDIES[:1],
    leaking: Sequence[str] = (),
) -> dict[str, list[str]]:
    """What remakes the numbers of each section; empty lists where the run is unknown.

    Args:
        commands: Of the run.
        found: The answer of its first screen.
        views: Pairing and split of each picture.
        studies: Whose rows the first screen reads.
        leaking: Studies of the run that train under both pairings.
    """
    base = commands.runs(*studies)
    both = base if not leaking or set(studies) & set(leaking) else [commands.run(leaking[0])]
    fused = {"network": "snn", "modality": FUSED}
    gain = found.gains.get("snn")
    # Where no gain is measured the table has no such two cells, and the command would be refused.
    single = commands.compare(fused, fused | {"modality": gain.best_modality}) if gain else ""
    first, last = ({"protocol": view.protocol} for view in (views[0], views[-1]))
    leak = commands.compare(fused | first, fused | last, "--split", "validation")
    by_name = {
        "answer": [*base, single],
        "leak": [*both, leak] if first != last else [],
        "verdicts": [commands.claims(view.protocol, view.split) for view in views],
        **dict.fromkeys(("audit", "curves", "rates", "confusion"), base),
    }
    return {name: [each for each in lines if each] for name, lines in by_name.items()}


def is_loud(run: Run) -> bool:
    """Whether the data are other ones than the paper's; a run that does not say may be its."""
    return run.source not in ("", DEFAULT)


def unfinished_text(run: Run) -> str:
    """What the run had not done yet when its results were written; empty when nothing was left."""
    return plain(run.record.get("unfinished") or "", 600)


def facts_of(run: Run) -> list[str]:
    """What stands over the title: data, profile, seeds, date."""
    record, source = run.record, run.source
    facts = []
    if source:
        facts.append(f"data {source}")
    if record.get("profile"):
        facts.append(f"profile {record['profile']}")
    seeds = record.get("seeds")
    if isinstance(seeds, Sequence) and not isinstance(seeds, str):
        facts.append(plural(len(seeds), "seed"))
    date = record.get("finished") or record.get("started")
    if date:
        facts.append(str(date)[:10])
    return [plain(fact, 80) for fact in facts]


def figure_legend(figure: PaperFigure, rows: Sequence[FigureRow]) -> list[Key]:
    """The legend over a figure: hue levels, seed, interval, the paper's value where it has one."""
    keys = []
    roles = roles_of(figure)
    for hue, name in zip(figure.hue.levels, figure.hue.names(), strict=True):
        keys.append(Key(roles[hue], theme.GLYPH[roles[hue]], name))
    keys.append(Key("", "\u2219", dot_words(row.n for row in rows)))
    keys += interval_keys((row.n for row in rows), "\u2503")
    if any(row.paper is not None for row in rows):
        keys.append(Key("", "\u25c7", "the paper's text"))
    return keys


def figure_caption(
    figure: PaperFigure, columns: Sequence[tuple[View, Sequence[FigureRow]]], note: str
) -> str:
    """What the marks are, how many seeds stand behind them, what the axis does."""
    counts = {row.n for _, rows in columns for row in rows if row.n}
    told = interval_words(counts, "95 % t intervals")
    seeds = "no seeds yet"
    if counts:
        low, high = min(counts), max(counts)
        seeds = plural(low, "seed") if low == high else f"{low} to {high} seeds"
    parts = [
        f"Means over {seeds}{f' with {told}' if told else ''}; the figures above the marks are the "
        "means in per cent."
    ]
    if any(0 < row.n < FEWEST and not row.reason for _, rows in columns for row in rows):
        parts.append(f"Fewer than {FEWEST} seeds have no interval.")
    parts.append(note)
    if figure.where.get("noise_position") == "before":
        parts.append("Noise is added before each activation; the paper does not say where.")
    lost = dict.fromkeys(row.reason for _, rows in columns for row in rows if row.reason)
    if lost:
        parts.append(f"A bar with a seed that diverged has no mean: {'; '.join(lost)}.")
    empty = sum(not row.is_there for _, rows in columns for row in rows)
    if empty:
        parts.append(f"{empty} bars are not measured.")
    return " ".join(parts)


def _rate_table(groups: Sequence[Group], modalities: Sequence[str]) -> Table | None:
    rows = []
    for group in groups:
        rates = rates_of(group)
        for modality, seeds in rates.items():
            for layer in layers_of({modality: seeds}, modalities):
                values = [seed[layer] for seed in seeds if layer in seed]
                found = estimate(dict(enumerate(values)))
                assert found is not None  # a layer is listed because a seed has it
                ends = rate_span(found)
                each = " ".join(map(rate, values))
                name = (group.label, modality, layer)
                rows.append((*name, rate(found.mean), ends, str(len(values)), each))
    if not rows:
        return None
    return Table(
        name="rates",
        caption="Spikes per neuron and step (dense networks: share of activations above zero)",
        columns=(
            Column("Network"),
            Column("Modality"),
            Column("Layer"),
            *SEED_COLUMNS,
        ),
        rows=tuple(rows),
        heads=3,
    )


def _leak(run: Run, found: Headline, noun: str) -> str:
    """What is said of the pairing leak; nothing where no fused network or one pairing was asked.

    Both protocols stand in the record of a run where nobody named one, also where its studies, as
    that of fusions, train under one of their own.
    """
    asked = run.record.get("protocols")
    is_asked = not isinstance(asked, list) or set(_BOTH) <= set(map(str, asked))
    if names := _studies(run.record):
        is_asked = is_asked and any(map(_trains_under_both, names))
    is_paired = found.protocol == PAIRED
    if not (found.leaks or is_paired or is_asked) or not run.table.select(modality=FUSED):
        return ""
    return leak_sentence(found, audit_shares(run.trials, run.modalities), noun)


def _studies(record: Mapping[str, Any]) -> list[str]:
    named = record.get("studies")
    return [str(name) for name in named] if isinstance(named, list) else []


def _trains_under_both(study: str) -> bool:
    """Whether a study trains fused networks before and after the split; one's own may."""
    if study not in STUDIES:
        return True
    return set(_BOTH) <= {cell.protocol for cell in STUDIES[study].cells(_BOTH)}


def _trials_text(trials: Sequence[Trial], unopened: int) -> str:
    states = Counter(trial.state for trial in trials)
    counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    many = f"Of {len(trials) + unopened:,} networks {len(trials):,} are listed"
    if not unopened:
        many = f"{len(trials)} networks were trained"
    return (
        f"{many} ({counted}). A trial's name is the hash of all its "
        "settings; its folder holds the settings, the course of training, the weights and the "
        "predictions."
    )


def _diverged(trial: Trial) -> str:
    names = ("network", "modality", "size", "neuron", "reset", "time_steps", "protocol", "seed")
    levels = [f"{name} {text(trial.definition.get(name))}" for name in names]
    reason = trial.results.get("reason")
    return plain(f"{trial.name}: {', '.join(levels)}" + (f". {reason}" if reason else ""), 300)


def remake_words(record: Mapping[str, Any]) -> str:
    """What the command of the run gives when it is called again."""
    if record.get("command"):
        return (
            "The same command on the same machine gives the same numbers; it skips what is stored "
            "in the results folder, so delete or move the folder to train again."
        )
    return "The run left no record of its command; the settings of every trial are above."


def record_rows(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the run wrote about itself, as names and values."""
    hidden = ("title", "banner", "unfinished", "command", "trials", "provenance")
    rows = []
    for name, value in settings.flatten(
        {k: v for k, v in record.items() if k not in hidden}
    ).items():
        rows.append((plain(name, 60), plain(text(value), 400)))
    return rows


def _provenance(run: Run) -> list[tuple[str, str]]:
    rows = settings.provenance_rows(run.trials)
    if not rows and isinstance(run.record.get("provenance"), Mapping):
        flat = settings.flatten(run.record["provenance"])
        rows = [(name, text(value)) for name, value in flat.items()]
    return [(plain(name, 60), plain(value, 400)) for name, value in rows]
