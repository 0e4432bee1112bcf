"""A picture of any data: samples of each class in each modality, and how many there are."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spikefuse.core.checks import one_of, require
from spikefuse.core.streams import torch_stream
from spikefuse.data import SOURCES, Corpus
from spikefuse.data.pools import Pool
from spikefuse.data.sources.contract import Modality
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.events import parts_of_time
from spikefuse.report.output.files import FORMATS
from spikefuse.results.atomic import make_folder, write_file

MOST_CLASSES, MOST_COLUMNS = 8, 4
"""Rows of the picture, and samples in a row of a modality."""

# Sizes in points.
_CELL, _GAP, _WIDE_GAP = 66.0, 7.0, 26.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 104.0, 24.0, 104.0, 74.0
_PLACES = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Row:
    """The samples of one class of one modality.

    Args:
        inputs: [n, C, H, W] of a few samples.
        counts: Samples by split.
    """

    inputs: NDArray[Any]
    counts: dict[str, int]


def choose_samples(corpus: Corpus, columns: int, seed: int) -> dict[str, dict[str, Row]]:
    """Samples of each class of each modality, drawn from its training split.

    Returns:
        Modality -> class -> row; classes beyond `MOST_CLASSES` are left out.

    Raises:
        InputError: `columns` is not 1 to `MOST_COLUMNS`.
    """
    fine = 1 <= columns <= MOST_COLUMNS
    require(fine, "samples", "columns", f"from 1 to {MOST_COLUMNS}", columns)
    classes = SOURCES[corpus.source].classes[:MOST_CLASSES]
    return {
        name: {label: _row(pool, place, columns, seed) for place, label in enumerate(classes)}
        for name, pool in corpus.pools.items()
    }


def _row(pool: Pool, label: int, columns: int, seed: int) -> Row:
    ours = pool.labels == label
    held = torch.zeros_like(ours) if pool.official_validation is None else pool.official_validation
    training = ours & ~pool.official_test & ~held
    places = training.nonzero().flatten()
    generator = torch_stream(seed, "samples", pool.modality, str(label))
    chosen = places[torch.randperm(len(places), generator=generator)[:columns]]
    counts = {
        "train": int(training.sum()),
        "validation": int((ours & held & ~pool.official_test).sum()),
        "test": int((ours & pool.official_test).sum()),
    }
    return Row(pool.inputs[chosen].numpy(), counts)


def ending_of(path: Path) -> str:
    """The format of a picture that is to be written.

    Raises:
        InputError: There is none that its name ends in.
    """
    return one_of("samples", "ending of the picture", path.suffix.lower().lstrip("."), FORMATS)


def write_samples(path: Path, corpus: Corpus, *, columns: int = 3, seed: int = 0) -> None:
    """Draw samples of each class of each modality, with counts.

    Args:
        path: The picture; its ending decides the format: png, svg or pdf.
        corpus: The samples.
        columns: Samples of a class and modality.
        seed: Decides which.

    Raises:
        InputError: The ending or `columns` is not allowed.
        StoreError: The file cannot be written.
    """
    ending = ending_of(path)
    rows = choose_samples(corpus, columns, seed)
    style: Any = theme.rc(text_as_text=False, salt=path.stem)
    with matplotlib.rc_context(style), warnings.catch_warnings():
        # A letter that the font lacks is drawn as a box; tables have the class's name whole.
        warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
        figure = draw_samples(rows, corpus, columns)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=ending, facecolor=theme.LIGHT["card"], **FORMATS[ending])
    make_folder(path.parent, "samples")
    write_file(path, buffer.getvalue(), "samples")


def draw_samples(rows: dict[str, dict[str, Row]], corpus: Corpus, columns: int) -> Figure:
    """The picture: a row a class, a block of columns a modality."""
    source = SOURCES[corpus.source]
    classes = source.classes[:MOST_CLASSES]
    block = columns * _CELL + (columns - 1) * _GAP
    width = _LEFT + len(rows) * block + (len(rows) - 1) * _WIDE_GAP + _RIGHT
    width = max(width, 460.0)
    height = _TOP + len(classes) * _CELL + (len(classes) - 1) * (_GAP + 14) + _BOTTOM
    figure = Figure(figsize=(width / 72, height / 72))

    def text(left: float, top: float, said: str, size: float, **style: Any) -> None:
        colour = theme.LIGHT[style.pop("role", "ink")]
        place = (left / width, 1 - top / height)
        figure.text(*place, said, fontsize=size, color=colour, parse_math=False, **style)

    def place(left: float, top: float) -> Axes:
        corner = (left / width, 1 - (top + _CELL) / height)
        return figure.add_axes((*corner, _CELL / width, _CELL / height))

    text(24, 34, "What the networks are trained on", 15, weight="bold")
    kind = "truly paired" if source.is_paired else "paired by class, not truly paired"
    shown = f", {len(classes)} of {len(source.classes):,} classes" * (len(source.classes) > 8)
    text(24, 52, f"{source.title}: {kind}{shown}. Drawn from the training split.", 9, role="muted")
    for number, modality in enumerate(source.modalities):
        left = _LEFT + number * (block + _WIDE_GAP)
        text(left, 80, _short(modality.name, 24), 11, weight="bold")
        if any(_is_events(row.inputs) for row in rows[modality.name].values()):
            text(left, 91, _EVENTS_TOLD, 6.5, role="muted")
        for line, (label, row) in enumerate(rows[modality.name].items()):
            top = _TOP + line * (_CELL + _GAP + 14)
            if number == 0:
                text(24, top + 12, _short(label, 13), 10, weight="bold")
            text(left, top - 3, _counted(row.counts), 7, role="muted")
            for column, drawn in enumerate(_cells(row.inputs, columns)):
                draw_sample(place(left + column * (_CELL + _GAP), top), drawn, modality)
    text(24, 96, "train / validation / test", 7, role="muted")
    told = fill(corpus.banner, int((width - 48) / 4.4))
    text(24, height - 58, told, 7.5, va="top", role="muted", linespacing=1.35)
    return figure


_EVENTS_TOLD = "one recording, begin to end; ON orange, OFF blue, both black"


def _is_events(inputs: NDArray[Any]) -> bool:
    return inputs.ndim == 5


def _cells(inputs: NDArray[Any], columns: int) -> NDArray[Any]:
    """What a class's cells show: its samples, or the time of one recording of events."""
    if not _is_events(inputs) or not len(inputs):
        return inputs
    return parts_of_time(inputs[0], columns)


def _counted(counts: dict[str, int]) -> str:
    return " / ".join(f"{counts[split]:,}" for split in _PLACES)


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}\u2026"


def draw_sample(axes: Axes, sample: NDArray[Any], modality: Modality) -> None:
    """One sample: pixels and parts of events as they are; of numbers, rows from below."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(linewidth=0.6, color=theme.LIGHT["line"])
    if modality.kind == "events":  # [H, W, 3]
        axes.imshow(sample, interpolation="nearest")
        return
    if not modality.is_standardised:
        if sample.shape[0] == 3:
            axes.imshow(sample.transpose(1, 2, 0), interpolation="nearest")
        else:
            axes.imshow(sample[0], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        return
    rows = np.concatenate(list(sample), axis=0)
    if min(rows.shape) == 1:
        axes.plot(rows.reshape(-1), color=theme.LIGHT["ink"], linewidth=0.8)
        return
    axes.imshow(rows, origin="lower", cmap="magma", aspect="auto", interpolation="nearest")
