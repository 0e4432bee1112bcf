"""The picture of data: one sample of each kind."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from spikefuse.data import SOURCES
from spikefuse.report.drawing.samples import draw_sample


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
