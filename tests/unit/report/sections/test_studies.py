"""Sections of the protocol studies stand where they have rows, and fail alone."""

from dataclasses import replace
from types import ModuleType
from typing import Any

from spikefuse.analysis.headline import headline
from spikefuse.report.reading.sources import Run, read_run
from spikefuse.report.section import Section
from spikefuse.report.sections.studies import study_sections


def sections_of(run: Run) -> tuple[list[Section], list[str]]:
    return study_sections(run, headline(run.rows))


def test_only_sections_with_rows(synthetic: ModuleType, tmp_path: Any) -> None:
    synthetic.write_run(tmp_path, seeds=2, epochs=1, studies=("reset",))

    assert sections_of(read_run(tmp_path)) == ([], [])


def test_every_section_with_its_command(synthetic: ModuleType, tmp_path: Any) -> None:
    synthetic.write_run(
        tmp_path,
        seeds=2,
        epochs=1,
        studies=("model-size",),
        speakers=("a", "b"),
        readings=("base",),
    )

    sections, problems = sections_of(read_run(tmp_path))

    assert problems == []
    options = "--profile quick --data digits --seeds 2"
    assert {section.name: section.command for section in sections} == {
        "controls": f"spikefuse run model-size controls {options}",
        "speakers": f"spikefuse run speakers {options}",
        "selection": f"spikefuse run model-size {options}",
        "sensitivity": f"spikefuse run sensitivity {options} --readings base",
    }


def test_contradicting_rows_cost_their_section_alone(synthetic: ModuleType, tmp_path: Any) -> None:
    synthetic.write_run(tmp_path, seeds=2, epochs=1, studies=("model-size",), speakers=("a", "b"))
    run = read_run(tmp_path)
    twice = [
        {**row, "trial": "other", "value": 0.1} for row in run.rows if row["study"] == "speakers"
    ]

    sections, problems = sections_of(replace(run, rows=(*run.rows, *twice)))

    assert [section.name for section in sections] == ["controls", "selection"]
    assert len(problems) == 1
    assert problems[0].startswith("The speakers could not be shown (")
