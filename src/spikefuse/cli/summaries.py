"""What `spikefuse run` says of the studies that no figure of the paper shows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spikefuse.analysis.words import NONE, counted, in_brackets, percent, share, signed, two_values
from spikefuse.cli.wide import print_table

if TYPE_CHECKING:
    from spikefuse.analysis.claims.engine import Outcome
    from spikefuse.analysis.estimates import Estimate
    from spikefuse.analysis.gains import Baselines
    from spikefuse.analysis.groups import GroupNames
    from spikefuse.report.tables import Table as ReportTable
    from spikefuse.stats import Interval

NOT_TESTED: "Outcome" = "not tested: trained too little"
MARKS = {"reproduced": "+", "contradicted": "−", NOT_TESTED: "o", "inconclusive": "?"}
OUTCOMES: "tuple[Outcome, ...]" = ("reproduced", "contradicted", NOT_TESTED, "inconclusive")


def show_summaries(
    rows: Sequence[Mapping[str, Any]],
    studies: Sequence[str],
    console: Console,
    groups: "GroupNames | None" = None,
) -> None:
    """Controls, held-out groups, the choice of the epoch, own studies: of what was run.

    Args:
        rows: Tidy rows.
        studies: Their names.
        console: Where to tell.
        groups: What the groups are called; by the rows if left out.
    """
    from spikefuse.analysis.groups import STUDIES, group_names
    from spikefuse.studies import STUDIES as BUILT_IN

    tables = []
    if "controls" in studies:
        tables += _controls(rows)
    if set(STUDIES) & set(studies):
        tables += _groups(rows, groups or group_names({}, rows))
    if "model-size" in studies or "controls" in studies:
        tables += _epoch_choices(rows)
    further = _further(rows, studies)
    tables += [_conditions(rows, name) for name in studies if name not in BUILT_IN]
    if "fusion" in studies:
        tables += _fusions(rows, console)
    for table in tables:
        if table.rows:
            console.print(table)
    for each in further:
        print_table(each, console)
    if any(table.rows for table in tables) or any(each.rows for each in further):
        console.print(
            "[]: 95 % interval, Student t over n seeds (from 3 on; of 2 their values) or as the "
            "column says.",
            markup=False,
        )
    if "leak" in studies:
        _print_leak(rows, console)


def _further(rows: Sequence[Mapping[str, Any]], studies: Sequence[str]) -> "list[ReportTable]":
    """Robustness, failing senses, time axis, remedies, census, in the tables of the report."""
    found: list[ReportTable] = []
    # Every run has curves of its own networks: what was asked for stands below them.
    if any(name.startswith("robustness") for name in studies):
        from spikefuse.analysis.robustness import STUDIES, robustness
        from spikefuse.report.sections.robustness import against_table, curve_table, place_table

        for name in (each for each in STUDIES if each in studies):
            curves = robustness(rows, name)
            found += [curve_table(curves), against_table(curves)]
            found += [place_table(curves)] if curves.places else []
    if "senses" in studies:
        from spikefuse.analysis.senses import senses
        from spikefuse.report.sections.senses import contribution_table, senses_table

        lost = senses(rows)
        found += [senses_table(lost), contribution_table(lost)]
    if "time-axis" in studies:
        from spikefuse.analysis.time_axis import time_gains
        from spikefuse.report.sections.time_axis import time_table

        found.append(time_table(time_gains(rows)))
    if "remedies" in studies:
        from spikefuse.analysis.remedies import more, remedies
        from spikefuse.report.sections.remedies import (
            gain_table,
            lost_table,
            more_table,
            share_table,
        )

        ways = remedies(rows)
        found += [gain_table(ways), lost_table(ways), share_table(ways), more_table(more(rows))]
    if any(name.startswith("census") for name in studies):
        from spikefuse.analysis.census import census
        from spikefuse.report.sections.census import census_table

        found.append(census_table(census(rows)))
    return found


def show_readings(folder: Path, asked: Sequence[str], console: Console) -> None:
    """Claim by reading, how many hold under each, and the reading that explains the paper best."""
    from spikefuse.analysis.folder import READINGS_ROWS
    from spikefuse.analysis.sensitivity import explanation, judge_readings
    from spikefuse.results import read_tidy
    from spikefuse.studies.readings import READINGS

    rows = read_tidy(folder / READINGS_ROWS)
    found = {str(row["reading"]) for row in rows}
    judged = judge_readings(rows, [name for name in READINGS if name in found or name in asked])
    counts = _table("Readings", "", "reading", *OUTCOMES)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for letter, each in zip(letters, judged, strict=False):
        name = f"{each.reading}: {each.says}"
        _add(counts, letter, name, *(str(each.count(outcome)) for outcome in OUTCOMES))
    counts.columns[1].justify = "left"
    claims = _table("Claims by reading", "claim", *letters[: len(judged)])
    for row in zip(*(each.claims for each in judged), strict=True):
        _add(claims, row[0].claim, *(MARKS[each.verdict] for each in row))
    for table in (counts, claims):
        console.print(table)
    legend = ", ".join(f"{MARKS[each]} {each}" for each in OUTCOMES)
    console.print(legend, markup=False, highlight=False)
    console.print(explanation(judged), markup=False, highlight=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    return table


def _add(table: Table, *cells: str) -> None:
    """Cells may quote results: text, never markup."""
    table.add_row(*(Text(cell) for cell in cells))


def _points(found: "Estimate | Interval | None", reason: str = "") -> str:
    """A difference in percentage points with its interval."""
    if found is None:
        return reason or NONE
    from spikefuse.analysis.estimates import Estimate

    value = found.mean if isinstance(found, Estimate) else found.estimate
    text = f"{signed(value)} pp"
    if found.low is None or found.high is None:
        both = " and ".join(two_values(found, signed))
        return f"{text} ({f'{both}, ' if both else ''}n = {_count(found)})"
    return f"{text} {in_brackets(found, signed)} (n = {_count(found)})"


def _count(found: "Estimate | Interval") -> str:
    from spikefuse.analysis.estimates import Estimate

    return counted(found) if isinstance(found, Estimate) else str(found.n)


def _percent(found: "Estimate | None") -> str:
    return NONE if found is None else f"{percent(found.mean)} %"


def _controls(rows: Sequence[Mapping[str, Any]]) -> list[Table]:
    from spikefuse.analysis.gains import (
        CONTROL_MARGIN,
        NETWORKS,
        Yardstick,
        alone,
        baselines,
        gain_differences,
        shuffled,
    )

    found = {name: baselines(rows, name) for name in NETWORKS}
    gains = _table(
        f"What the fused network gains, test, size S, {found[NETWORKS[0]].protocol} pairs",
        "over",
        *(f"{name.upper()} {what}" for name in NETWORKS for what in ("accuracy", "gain")),
        "SNN gain minus DNN gain",
    )
    more = gain_differences(found["snn"], found["dnn"])
    for name in dict.fromkeys(name for each in found.values() for name in each.yardsticks):
        cells = [name]
        for each in found.values():
            # Of a run that is not finished, one kind may have a yardstick that the other lacks.
            yardstick = each.yardsticks.get(name, Yardstick(name, None, None))
            cells += [_percent(yardstick.accuracy), _points(yardstick.gain, yardstick.reason)]
        _add(gains, *cells, _points(more.get(name)))
    modalities = found["snn"].modalities
    first = modalities[0] if modalities else "first modality"
    control = _table(
        f"Control: fused with {shuffled(modalities)} minus {alone(first)}, "
        f"margin {100 * CONTROL_MARGIN:g} pp",
        "network",
        "difference",
        "verdict",
        "p of two one-sided tests",
    )
    for name, each in found.items():
        _add(control, name.upper(), *_control_cells(each))
    return [gains, control]


def _control_cells(found: "Baselines") -> tuple[str, str, str]:
    control = found.control
    if control is None:
        first = found.modalities[0] if found.modalities else "the first modality"
        return (NONE, found.shuffled.reason or f"no rows of {first}", NONE)
    test = control.equivalence
    return (
        _points(control.difference),
        control.verdict,
        NONE if test is None else f"{test.p_value:.3g}",
    )


def _groups(rows: Sequence[Mapping[str, Any]], names: "GroupNames") -> list[Table]:
    from spikefuse.analysis.groups import group_summaries

    table = _table(
        f"Test accuracy for a {names.one} whom training never met, size S",
        "network",
        "held out",
        "accuracy",
        "interval",
        "n",
    )
    table.columns[1].justify = "left"
    notes = []
    for found in group_summaries(rows, names):
        name = f"{found.network.upper()} {found.modality}"
        for group, each in found.groups.items():
            _add(table, name, group, _percent(each), *_ends(each))
        for group, series in found.lost.items():
            _add(table, name, group, NONE, "diverged", str(series.n))
        if found.mean is not None:
            mean = f"{percent(found.mean.estimate)} %"
            _add(table, name, f"mean, t over {names.many}", mean, *_ends(found.mean))
            notes.append(found.mean.note)
        elif len(found.groups) > 1 and not found.lost:
            of_all = sum(each.mean for each in found.groups.values()) / len(found.groups)
            _add(table, name, "mean", f"{percent(of_all)} %", NONE, str(len(found.groups)))
        cost = _points(found.cost, found.reason)
        _add(table, name, f"known minus unknown, t over {names.many}", cost, "", "")
    table.caption = Text("; ".join(dict.fromkeys(note for note in notes if note)))
    return [table]


def _conditions(rows: Sequence[Mapping[str, Any]], study: str) -> Table:
    from spikefuse.analysis.cells import conditions

    table = _table(f"Study {study}: test accuracy", "condition", "accuracy", "interval", "n")
    for each in conditions(rows, study, "test"):
        ends = _ends(each.accuracy) if each.accuracy else ("diverged", str(each.series.n))
        _add(table, each.words, _percent(each.accuracy), *ends)
    return table


def _ends(found: "Estimate | Interval") -> tuple[str, str]:
    # An accuracy cannot leave 0 to 100 %: cutting the interval there leaves out no true value.
    return in_brackets(found, share), _count(found)


def _epoch_choices(rows: Sequence[Mapping[str, Any]]) -> list[Table]:
    from spikefuse.analysis.epoch_choice import epoch_choices

    table = _table(
        "What choosing the epoch is worth, size S",
        "network",
        "best validation minus test",
        "test, best minus last epoch",
        "validation, best minus last",
        "bias: the one minus the other",
    )
    for each in epoch_choices(rows):
        name = f"{each.network.upper()} {each.modality}, {each.protocol}"
        quantities = (each.optimism, each.on_test, each.on_validation, each.bias)
        _add(table, name, *(_points(quantity, each.reason) for quantity in quantities))
    return [table]


def _print_leak(rows: Sequence[Mapping[str, Any]], console: Console) -> None:
    """What the pairing leaks, in the sentence of the report."""
    from spikefuse.analysis.headline import headline
    from spikefuse.report.headline import leak_sentence

    console.print(leak_sentence(headline(rows), {}), markup=False, highlight=False)


def _fusions(rows: Sequence[Mapping[str, Any]], console: Console) -> list[Table]:
    """Which fusion wins in a sentence, and a table for each network and size."""
    from spikefuse.analysis.fusion_race import fusion_races
    from spikefuse.report.sections.fusion_race import fusion_sentence, race_table

    races = fusion_races(rows)
    console.print(fusion_sentence(races), markup=False, highlight=False)
    tables = []
    for race in races:
        shown = race_table(race)
        # What 80 columns hold; the report and its files have the other intervals and the costs.
        kept = (0, 1, 2, 3, 4, 6, 7)
        table = _table(shown.caption, *(shown.columns[place].title for place in kept))
        table.columns[0].no_wrap = table.columns[2].no_wrap = True
        for row in shown.rows:
            _add(table, *(row[place] for place in kept))
        tables.append(table)
    return tables
