"""The sections of the controls and of the protocol studies, each shown where it has rows."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from spikefuse.analysis.census import STUDIES as CENSUSES
from spikefuse.analysis.census import census
from spikefuse.analysis.epoch_choice import epoch_choices
from spikefuse.analysis.fusion_race import fusion_races
from spikefuse.analysis.groups import STUDIES, group_names, group_summaries
from spikefuse.analysis.headline import Headline
from spikefuse.analysis.remedies import more, remedies
from spikefuse.analysis.robustness import STUDIES as CURVES
from spikefuse.analysis.robustness import robustness
from spikefuse.analysis.senses import senses
from spikefuse.analysis.sensitivity import judged_from
from spikefuse.analysis.time_axis import time_gains
from spikefuse.core.errors import SpikefuseError
from spikefuse.report.commands import commands_of
from spikefuse.report.reading.sources import Run
from spikefuse.report.section import Section
from spikefuse.report.sections.census import census_section
from spikefuse.report.sections.controls import controls_section
from spikefuse.report.sections.energy import energy_of, energy_section
from spikefuse.report.sections.epoch_choice import epoch_choice_section
from spikefuse.report.sections.fusion_race import fusion_section
from spikefuse.report.sections.groups import groups_section
from spikefuse.report.sections.remedies import remedies_section
from spikefuse.report.sections.robustness import robustness_section
from spikefuse.report.sections.senses import senses_section
from spikefuse.report.sections.sensitivity import sensitivity_section
from spikefuse.report.sections.single import single_section
from spikefuse.report.sections.time_axis import time_section
from spikefuse.studies.readings import READINGS


def _readings(verdicts: Sequence[Mapping[str, str]]) -> str:
    """The readings that were judged, for their command; nothing where it is all there are."""
    named = dict.fromkeys(row["reading"] for row in verdicts)
    return "" if set(READINGS) <= set(named) else ",".join(named)


def _robustness(run: Run, study: str, command: str) -> Section | None:
    return robustness_section(robustness(run.table, study), command)


def study_sections(run: Run, found: Headline) -> tuple[list[Section], list[str]]:
    """The sections that have rows, and what kept others from being shown, in sentences."""
    commands = commands_of(run.record)
    groups = group_names(run.record, run.table)
    left_out = next((name for name in STUDIES if run.table.select(study=name)), STUDIES[0])
    usual = commands.runs("model-size", "controls")
    counted = next((name for name in CENSUSES if run.table.select(study=name)), CENSUSES[0])
    makers: dict[str, Callable[[], Section | None]] = {
        "single networks": lambda: single_section(run.rows),
        "controls": lambda: controls_section(found, " && ".join(usual)),
        "energy": lambda: energy_section(energy_of(run), commands.run("energy")),
        "kinds of fusion": lambda: fusion_section(
            fusion_races(run.table), commands.run("fusion", protocols=False)
        ),
        groups.many: lambda: groups_section(
            group_summaries(run.table, groups), groups, commands.run(left_out, protocols=False)
        ),
        "choice of the epoch": lambda: epoch_choice_section(
            epoch_choices(run.table), commands.run("model-size")
        ),
        "failing senses": lambda: senses_section(
            senses(run.table), commands.run("senses", protocols=False)
        ),
        "remedies": lambda: remedies_section(
            remedies(run.table), more(run.table), commands.run("remedies", protocols=False)
        ),
        **{
            name: partial(_robustness, run, name, commands.run(name, protocols=False))
            for name in CURVES
        },
        "time axis": lambda: time_section(
            time_gains(run.table), commands.run("time-axis", protocols=False)
        ),
        "census": lambda: census_section(census(run.table), commands.run(counted, protocols=False)),
        "sensitivity": lambda: sensitivity_section(
            judged_from(run.sensitivity),
            commands_of(run.record_of_readings).run(
                "sensitivity",
                protocols=False,
                readings=_readings(run.sensitivity),
            ),
        ),
    }
    sections, problems = [], []
    for name, make in makers.items():
        try:
            section = make()
        except SpikefuseError as error:
            problems.append(f"The {name} could not be shown ({error}).")
            continue
        if section is not None:
            sections.append(section)
    return sections, problems
