"""The sections of the controls and of the protocol studies, each shown where it has rows."""

from collections.abc import Callable

from spikefuse.core.errors import SpikefuseError
from spikefuse.report.adapters.controls import controls
from spikefuse.report.adapters.selection import selected
from spikefuse.report.adapters.sensitivity import judged
from spikefuse.report.adapters.speakers import speakers
from spikefuse.report.commands import commands_of
from spikefuse.report.controls import controls_section
from spikefuse.report.section import Section
from spikefuse.report.selection import selection_section
from spikefuse.report.sensitivity import sensitivity_section
from spikefuse.report.sources import Run
from spikefuse.report.speakers import speakers_section


def study_sections(run: Run) -> tuple[list[Section], list[str]]:
    """The sections that have rows, and what kept others from being shown, in sentences."""
    commands = commands_of(run.record)
    makers: dict[str, Callable[[], Section | None]] = {
        "controls": lambda: controls_section(
            controls(run.rows), commands.run("model-size", "controls")
        ),
        "speakers": lambda: speakers_section(
            speakers(run.rows), commands.run("speakers", protocols=False)
        ),
        "selection bias": lambda: selection_section(selected(run.rows), commands.run("model-size")),
        "sensitivity": lambda: sensitivity_section(
            judged(run.sensitivity), commands.run("sensitivity", protocols=False)
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
