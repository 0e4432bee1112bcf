"""The picture of data: one sample of each kind."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

import spikefuse as sf
from spikefuse.report.drawing.events import EVENT_COLOURS, parts_of_time
from spikefuse.report.drawing.samples import (
    choose_samples,
    draw_sample,
    draw_samples,
    write_samples,
)


def test_events_are_drawn_in_parts_of_their_time_with_a_colour_for_each_polarity() -> None:
    events = np.zeros((2, 5, 6, 6), dtype=np.int16)
    events[1, 1, 2, 0] = 4  # ON at the begin
    events[0, 3, 4, 5] = 2  # OFF at the end
    parts = parts_of_time(events, 3)

    assert parts.shape == (3, 5, 6, 3)
    assert (parts[1] == 1).all()
    for part, place in ((0, (1, 2)), (2, (3, 4))):
        others = np.ones((5, 6), dtype=bool)
        others[place] = False
        assert (parts[part][others] == 1).all()
    on, off = parts[0, 1, 2], parts[2, 3, 4]
    assert to_hex(on) == EVENT_COLOURS["ON"]
    # Half as many events are half as far from white.
    assert np.allclose(1 - off, (1 - np.array(to_rgb(EVENT_COLOURS["OFF"]))) / 2)
    assert np.allclose(parts_of_time(np.zeros((2, 5, 6, 6)), 3), 1)


@pytest.mark.parametrize(("bins", "parts"), [(1, 1), (2, 2), (7, 3)])
def test_no_more_parts_than_bins_and_every_bin_in_one(bins: int, parts: int) -> None:
    drawn = parts_of_time(np.ones((2, 2, 2, bins)), 3)
    assert len(drawn) == parts
    assert (drawn < 1).any(axis=(1, 2, 3)).all()


def test_the_picture_of_events_shows_one_recording_of_each_class() -> None:
    random = np.random.default_rng(0)
    frames = random.integers(0, 3, (12, 2, 6, 6, 4)).astype("int16")
    sound = random.normal(size=(12, 5, 6))
    moving = {"camera": frames, "sound": sound}
    data = sf.dataset(moving, np.arange(12) % 2, kinds={"camera": "events"})
    figure = draw_samples(choose_samples(data.corpus, 3, 0), data.corpus, 3)
    drawn = [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]
    assert [each.shape for each in drawn].count((6, 6, 3)) == 2 * 3
    assert [each.shape for each in drawn].count((5, 6)) == 2 * 3
    texts = " ".join(text.get_text() for text in figure.texts)
    assert "one recording, begin to end; ON orange, OFF blue, both black" in texts


def test_grey_pictures_are_drawn_as_they_are() -> None:
    images = np.full((12, 6, 6), 250, dtype=np.uint8)
    data = sf.dataset({"sight": images}, np.arange(12) % 2)
    axes = Figure().add_axes((0, 0, 1, 1))
    draw_sample(axes, images[:1], data.source.modalities[0])
    (image,) = axes.images
    assert np.asarray(image.to_rgba(image.get_array()))[0, 0, 0] > 0.9  # light stays light


def test_names_in_a_script_that_the_font_lacks_are_drawn_without_a_word(tmp_path: Path) -> None:
    """Python's own warning, with a path of the installation, stood before the answer."""
    labels = np.arange(12) % 2
    images = np.random.default_rng(0).integers(256, size=(12, 6, 6), dtype=np.uint8)
    data = sf.dataset({"sight": images}, labels, classes=("$\\frac{犬", "動物 a$b$"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_samples(tmp_path / "samples.png", data.corpus)
    assert (tmp_path / "samples.png").read_bytes().startswith(b"\x89PNG")
