"""A picture of one answer: what the network was shown, and the spikes behind its answer."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spikefuse.core.checks import one_of
from spikefuse.data.sources.contract import Modality
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.panels import Tips
from spikefuse.report.drawing.samples import draw_sample
from spikefuse.report.output.files import FORMATS
from spikefuse.report.sections.rasters import Strip, draw_strip
from spikefuse.results.atomic import make_folder, write_file
from spikefuse.results.outputs import require_output

# Sizes in points.
_SIDE, _CELL, _ROW, _GAP, _LABEL = 20.0, 120.0, 12.0, 14.0, 132.0
_TOP, _STRIP = 62.0, 380.0
_MOST_UNITS = 128
"""Columns of a raster: more would be thinner than a line."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What is drawn.

    Args:
        title: The answer, in words.
        detail: Of which network.
        inputs: Modalities with the sample that was shown, as it stands in a pool.
        rasters: By layer, [T, ...] whether a neuron fired; maps are [T, H, W, C].
    """

    title: str
    detail: str
    inputs: Sequence[tuple[Modality, NDArray[Any]]]
    rasters: Mapping[str, NDArray[np.bool_]]


def write_prediction(path: Path, shown: Shown) -> None:
    """Draw inputs beside rasters.

    Args:
        path: The picture; its ending decides the format: png, svg or pdf.
        shown: What is drawn.

    Raises:
        InputError: The ending is not allowed.
        StoreError: The file cannot be written.
    """
    ending = one_of("predict", "ending of --picture", path.suffix.lower().lstrip("."), FORMATS)
    require_output(path, "predict", "--picture")
    style: Any = theme.rc(text_as_text=False, salt=path.stem)
    with matplotlib.rc_context(style):
        figure = draw_prediction(shown)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=ending, facecolor=theme.LIGHT["card"], **FORMATS[ending])
    make_folder(path.parent, "predict")
    write_file(path, buffer.getvalue(), "predict")


def draw_prediction(shown: Shown) -> Figure:
    """The inputs at the left, one below the other; the layers at the right, time running down."""
    strips = [strip_of(site, each, shown.inputs) for site, each in shown.rasters.items()]
    talls = [max(4 * _ROW, _ROW * strip.counts.shape[0]) for strip in strips]
    left = len(shown.inputs) * (_CELL + 22)
    right = sum(talls) + len(strips) * _GAP
    width = 2 * _SIDE + _CELL + (_GAP + _LABEL + _STRIP if strips else 200.0)
    height = _TOP + max(left, right) + _SIDE
    figure = Figure(figsize=(width / 72, height / 72))

    def text(x: float, y: float, said: str, size: float, role: str = "ink", **how: Any) -> None:
        place, colour = (x / width, 1 - y / height), theme.LIGHT[role]
        figure.text(*place, said, fontsize=size, color=colour, parse_math=False, **how)

    def box(x: float, top: float, wide: float, tall: float) -> tuple[float, float, float, float]:
        return x / width, 1 - (top + tall) / height, wide / width, tall / height

    text(_SIDE, 26, shown.title, 14, weight="bold")
    text(_SIDE, 42, shown.detail, 8.5, "muted")
    for number, (modality, sample) in enumerate(shown.inputs):
        top = _TOP + number * (_CELL + 22)
        text(_SIDE, top + 10, modality.name, 10, weight="bold")
        flat = _flat(sample) if sample.ndim > 3 else sample
        draw_sample(figure.add_axes(box(_SIDE, top + 16, _CELL, _CELL)), flat, modality)
    top, x = _TOP, _SIDE + _CELL + _GAP + _LABEL
    for strip, tall in zip(strips, talls, strict=True):
        draw_strip(figure.add_axes(box(x, top, _STRIP, tall)), strip, Tips())
        top += tall + _GAP
    return figure


def _flat(events: NDArray[Any]) -> NDArray[Any]:
    """Events [polarities, H, W, bins] as one grey map of how many there were, [1, H, W]."""
    counts = events.sum(axis=(0, 3), dtype=np.float64)
    grey: NDArray[Any] = 255 * counts / max(float(counts.max()), 1.0)
    return grey[None]


def strip_of(
    site: str, fired: NDArray[np.bool_], inputs: Sequence[tuple[Modality, NDArray[Any]]]
) -> Strip:
    """A layer's raster: spikes of each channel of maps, else neurons, evenly chosen if many."""
    roles = theme.roles([modality.name for modality, _ in inputs])
    role = roles.get(site.partition(".")[0], "ink")
    if fired.ndim > 2:
        counts = fired.sum(axis=tuple(range(1, fired.ndim - 1))).astype(np.int64)
        return Strip(site, counts, "channels", role=role)
    total = fired.shape[1]
    chosen = np.arange(min(total, _MOST_UNITS)) * total // min(total, _MOST_UNITS)
    return Strip(site, fired[:, chosen].astype(np.int64), "neurons", total, role)
