"""The picture of data: one sample of each kind."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import spikefuse as sf
from spikefuse.data import SOURCES
from spikefuse.report.drawing.samples import draw_sample, write_samples


@pytest.mark.parametrize("source", ["n-mnist", "n-mnist-fsdd"])
def test_events_are_drawn_in_sum(source: str) -> None:
    (modality,) = (each for each in SOURCES[source].modalities if each.kind == "events")
    events = np.zeros((2, 5, 6, 3), dtype=np.uint8)
    events[0, 1, 2, 0] = events[1, 1, 2, 2] = 4
    axes = Figure().add_axes((0, 0, 1, 1))

    draw_sample(axes, events, modality)

    drawn = np.asarray(axes.images[0].get_array())
    assert drawn.shape == (5, 6)
    assert drawn[1, 2] == drawn.sum() == 8


def test_names_in_a_script_that_the_font_lacks_are_drawn_without_a_word(tmp_path: Path) -> None:
    """Python's own warning, with a path of the installation, stood before the answer."""
    labels = np.arange(12) % 2
    images = np.random.default_rng(0).integers(256, size=(12, 6, 6), dtype=np.uint8)
    data = sf.dataset({"sight": images}, labels, classes=("$\\frac{犬", "動物 a$b$"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_samples(tmp_path / "samples.png", data.corpus)
    assert (tmp_path / "samples.png").read_bytes().startswith(b"\x89PNG")
