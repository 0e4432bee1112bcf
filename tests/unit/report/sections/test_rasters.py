"""Rasters show the spikes that are stored, in words, figures and marks."""

from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib
import numpy as np
import pytest

from spikefuse.report.drawing import theme
from spikefuse.report.reading.sources import Run, read_run
from spikefuse.report.reading.stored import Shelf
from spikefuse.report.sections.rasters import (
    Look,
    Strip,
    looks,
    raster_chart,
    raster_section,
    raster_table,
)


@pytest.fixture(scope="module")
def run(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("rasters")
    synthetic.write_run(root, seeds=2, epochs=1, studies=("model-size",))
    return read_run(root)


def look(**changes: Any) -> Look:
    counts = np.zeros((4, 6), dtype=np.int64)
    counts[1, 2], counts[3, 5] = 10, 2
    spikes = np.zeros((4, 5), dtype=np.int64)
    spikes[2, 0] = 1
    strips = (Strip("image.conv1", counts, "channels"), Strip("image.hidden", spikes, "neurons", 9))
    settings: dict[str, Any] = {
        **{"modality": "image", "outcome": "wrong", "label": 7, "predicted": 1},
        **{"samples": {"image": 1234}, "trial": "f" * 16, "seed": 0, "strips": strips},
    }
    return Look(**settings | changes)


def test_looks_are_one_right_and_one_wrong_sample_of_each_modality(
    run: Run, synthetic: ModuleType
) -> None:
    shelf = Shelf(run)

    found = looks(run, shelf)

    assert [(each.modality, each.outcome) for each in found] == [
        (modality, outcome)
        for modality in ("image", "audio", "fused")
        for outcome in ("correct", "wrong")
    ]
    assert {each.seed for each in found} == {0}
    wrong = found[1]
    assert (wrong.label, wrong.predicted, wrong.samples) == (3, 8, {"image": 42})
    assert found[5].samples == {"image": 42, "audio": 42}
    assert [strip.site for strip in wrong.strips] == ["image.conv1", "image.conv2", "image.hidden"]
    cell = next(c for s, c in synthetic.study_cells("disjoint") if c["network"] == "snn")
    stored = synthetic.observations(cell, 0)["wrong/counts/image.conv2"].numpy()
    assert np.array_equal(wrong.strips[1].counts, stored)
    assert wrong.strips[2].what == "128 of 512 neurons"
    assert shelf.notices == []


def test_table_has_the_spikes_of_every_step() -> None:
    rows = raster_table([look()]).rows

    assert rows[0] == ("image", "wrong", "image.conv1", "7", "1", "6 channels", "0", "10", "0", "2")
    assert rows[1][5:] == ("5 of 9 neurons", "0", "0", "1", "0")


def test_chart_marks_every_cell_with_its_shade() -> None:
    with matplotlib.rc_context(theme.rc(text_as_text=True, salt="x")):
        figure, tips = raster_chart(look())

    conv, hidden = figure.axes
    patches = {patch.get_alpha(): patch for patch in conv.patches}
    assert set(patches) == {0.2, 1.0}  # 2 and 10 of at most 10, in fifths
    box = patches[1.0].get_path().get_extents()
    assert (box.x0, box.x1) == pytest.approx((2.1, 2.9))
    assert (box.y0 + box.y1) / 2 == pytest.approx(2)  # the second step
    assert len(hidden.patches) == 1
    assert "image.conv1: 12 spikes of 6 channels, at most 10" in tips.texts.values()


def test_section_says_what_was_read_as_what() -> None:
    section = raster_section([look()], "spikefuse run model-size")

    assert section is not None
    (picture,) = section.pictures
    assert picture.title == "Image, wrong: true 7, read as 1"
    assert picture.detail == f"Test sample: image 1,234. Seed 0, trial {'f' * 16}."
    assert "with a 7 that it reads as 1, wrong. image.conv1: 12 spikes" in picture.svg
    assert section.command == "spikefuse run model-size"


def test_a_faultless_network_is_said_to_be_one() -> None:
    section = raster_section([look(outcome="correct", predicted=7)], "")

    assert section is not None
    assert "No wrong answer on the test set: the image network." in section.paragraphs
    assert raster_section([], "") is None


def test_senseless_observations_are_a_notice(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(run)
    good = Shelf.observations

    def bad(self: Shelf, trial: Any) -> Any:
        stored = dict(good(self, trial))
        if trial.definition["modality"] == "image":
            stored["wrong/spikes/image.hidden"] = np.zeros(3)
        return stored

    monkeypatch.setattr(Shelf, "observations", bad)

    assert {each.modality for each in looks(run, shelf)} == {"audio", "fused"}
    assert len(shelf.notices) == 2  # both seeds
    assert "has the shape (3,)" in shelf.notices[0]


def test_trials_without_observations_have_no_section(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Shelf, "observations", lambda self, trial: {})

    assert looks(run, Shelf(run)) == []
