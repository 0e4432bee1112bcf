"""A picture of what a fused network sees: pairs of image and spectrogram, split by split."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from spikefuse.core.checks import one_of, require
from spikefuse.core.streams import torch_stream
from spikefuse.data import (
    DECIBELS_PER_NEPER,
    MAGNITUDE_FLOOR,
    SAMPLE_RATE_HZ,
    SPLITS,
    Assignment,
    Audit,
    Corpus,
    DataSettings,
    audit,
)
from spikefuse.report.drawing import theme
from spikefuse.report.output.files import FORMATS
from spikefuse.results.atomic import make_folder, write_file

_HEADING: Mapping[str, str] = {
    "train": "Training",
    "validation": "Validation",
    "test": "Test",
}
_RULE: Mapping[str, str] = {
    "paper": "clips are repeated and paired first, then the pairs are split",
    "disjoint": "clips are split first, then paired inside each split",
    "speaker": "one speaker is heard in the test split alone",
}
_FLOOR_DB = float(np.log(MAGNITUDE_FLOOR) * DECIBELS_PER_NEPER)
_LEAK, _LEAK_MARK = "#b3261e", "●"

# Sizes in points.
_IMAGE, _SPECTROGRAM, _TICKS, _GAP = 84.0, 156.0, 40.0, 44.0
_COLUMN = _IMAGE + _TICKS + _SPECTROGRAM
_LEFT, _RIGHT, _TOP, _BOTTOM, _ROW_GAP = 28.0, 28.0, 134.0, 92.0, 34.0


@dataclass(frozen=True, eq=False)
class Pair:
    """One pair as it is drawn.

    Args:
        digit: Its label.
        clip: File name of the clip.
        speaker: Who speaks.
        pixels: [H, W], 0..255.
        spectrogram_db: [F, frames] decibels relative to a full-scale sine, row 0 at 0 Hz.
        in_training: Whether the clip stands in the training split too.
    """

    digit: int
    clip: str
    speaker: str
    pixels: NDArray[np.uint8]
    spectrogram_db: NDArray[np.float32]
    in_training: bool


def choose_pairs(
    corpus: Corpus, assignment: Assignment, rows: int, seed: int
) -> dict[str, list[Pair]]:
    """Draw pairs of each split, the same digit in a row of every split.

    Args:
        corpus: The samples.
        assignment: Of modality "fused".
        rows: Pairs of each split.
        seed: Decides digits and pairs.

    Raises:
        InputError: `rows` is not 1 to 10 or the assignment is not of pairs.
    """
    classes = torch.unique(assignment.labels["test"])
    require(1 <= rows <= len(classes), "pairs", "rows", f"from 1 to {len(classes)}", rows)
    modalities = tuple(assignment.samples["train"])
    require(modalities == ("image", "audio"), "pairs", "assignment", "of pairs", modalities)
    order = torch.randperm(len(classes), generator=torch_stream(seed, "picture", "digits"))
    digits = classes[order[:rows]].sort().values.tolist()
    training = assignment.samples["train"]["audio"]
    chosen: dict[str, list[Pair]] = {}
    for split in SPLITS:
        generator = torch_stream(seed, "picture", split)
        chosen[split] = []
        for digit in digits:
            candidates = (assignment.labels[split] == digit).nonzero().flatten()
            if len(candidates) == 0:
                continue
            drawn = candidates[torch.randint(len(candidates), (1,), generator=generator)]
            image, clip = (int(assignment.samples[split][name][drawn]) for name in modalities)
            chosen[split].append(_pair(corpus, digit, image, clip, training))
    return chosen


def _pair(corpus: Corpus, digit: int, image: int, clip: int, training: Tensor) -> Pair:
    audio = corpus.audio
    speaker = "" if audio.groups is None else audio.group_names[int(audio.groups[clip])]
    return Pair(
        digit=digit,
        clip=audio.names[clip],
        speaker=speaker,
        pixels=corpus.image.inputs[image, 0].numpy(),
        spectrogram_db=(audio.inputs[clip, 0] * DECIBELS_PER_NEPER).numpy(),
        in_training=bool((training == clip).any()),
    )


def write_pairs(
    path: Path,
    corpus: Corpus,
    assignment: Assignment,
    settings: DataSettings,
    *,
    rows: int = 5,
    seed: int = 0,
) -> None:
    """Draw pairs of each split, with labels, speakers and what the splits share.

    Args:
        path: The picture; its ending decides the format: png, svg or pdf.
        corpus: The samples.
        assignment: Of modality "fused".
        settings: What the corpus was loaded with.
        rows: Pairs of each split, up to one a digit.
        seed: Decides which pairs, and is named as the assignment's seed.

    Raises:
        InputError: The ending or `rows` is not allowed.
        StoreError: The file cannot be written.
    """
    ending = one_of("pairs", "ending of the picture", path.suffix.lower().lstrip("."), FORMATS)
    pairs = choose_pairs(corpus, assignment, rows, seed)
    style: Any = theme.rc(text_as_text=False, salt=path.stem)
    with matplotlib.rc_context(style):
        figure = draw_pairs(pairs, audit(corpus, assignment), settings, corpus.banner, seed)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=ending, facecolor=theme.LIGHT["card"], **FORMATS[ending])
    make_folder(path.parent, "pairs")
    write_file(path, buffer.getvalue(), "pairs")


def draw_pairs(
    pairs: Mapping[str, list[Pair]], record: Audit, settings: DataSettings, banner: str, seed: int
) -> Figure:
    """The picture: a column of pairs a split, a row a digit."""
    rows = max(len(column) for column in pairs.values())
    width = _LEFT + len(pairs) * _COLUMN + (len(pairs) - 1) * _GAP + _RIGHT
    height = _TOP + rows * _IMAGE + (rows - 1) * _ROW_GAP + _BOTTOM
    figure = Figure(figsize=(width / 72, height / 72))
    canvas = _Canvas(figure, width, height)
    everything = [pair for column in pairs.values() for pair in column]
    loudest = max((float(pair.spectrogram_db.max()) for pair in everything), default=0.0)
    scale = Normalize(_FLOOR_DB, min(0.0, 6 * np.ceil(loudest / 6)))
    for index, (split, column) in enumerate(pairs.items()):
        left = _LEFT + index * (_COLUMN + _GAP)
        _heading(canvas, left, split, record)
        for row, pair in enumerate(column):
            top = _TOP + row * (_IMAGE + _ROW_GAP)
            last = row == len(column) - 1
            _draw_pair(canvas, left, top, pair, split, settings, scale, label=last)
    _frame(canvas, record.protocol, seed, banner, scale)
    return figure


@dataclass(frozen=True)
class _Canvas:
    """A figure whose places are given in points from its upper left corner."""

    figure: Figure
    width: float
    height: float

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes whose upper left corner is at a place."""
        return self.figure.add_axes(
            (
                left / self.width,
                1 - (top + height) / self.height,
                width / self.width,
                height / self.height,
            )
        )

    def text(self, left: float, top: float, text: str, size: float, **style: Any) -> None:
        """Text whose baseline, or edge as `va` says, is at a place; `role` names its colour."""
        colour = theme.LIGHT[style.pop("role", "ink")]
        keywords = {"color": colour, **style}
        self.figure.text(left / self.width, 1 - top / self.height, text, fontsize=size, **keywords)


def _heading(canvas: _Canvas, left: float, split: str, record: Audit) -> None:
    """Name of a split, what it holds, and what of it training holds too."""
    content = record.content(split)
    canvas.text(left, 78, _HEADING[split], 11.5, weight="bold")
    speakers = content.speakers or 0
    held = f"{content.samples:,} pairs of {content.images:,} images and {content.clips:,} clips, "
    held += f"{speakers} speaker{'' if speakers == 1 else 's'}"
    canvas.text(left, 92, held, 8.5, role="muted")
    if split == "train":
        return
    shared = record.overlap("train", split)
    shares = [100 * (share or 0) for share in (shared.clips_share, shared.speakers_share)]
    note = f"In training too: {shares[0]:.3g} % of clips, {shares[1]:.3g} % of speakers"
    mark = f"{_LEAK_MARK} " if shared.clips else ""
    colour = _LEAK if shared.clips else theme.LIGHT["fused"]
    canvas.text(left, 105, mark + note, 8.5, color=colour, weight="bold")


def _draw_pair(
    canvas: _Canvas,
    left: float,
    top: float,
    pair: Pair,
    split: str,
    settings: DataSettings,
    scale: Normalize,
    *,
    label: bool,
) -> None:
    """One pair: image, spectrogram, and above them label, speaker and clip."""
    image = canvas.axes(left, top, _IMAGE, _IMAGE)
    image.imshow(pair.pixels, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
    image.set(xticks=[], yticks=[])
    canvas.text(left, top - 5, str(pair.digit), 11.5, weight="bold")
    spectrogram = canvas.axes(left + _IMAGE + _TICKS, top, _SPECTROGRAM, _IMAGE)
    spectrogram.imshow(
        pair.spectrogram_db,
        origin="lower",
        extent=(0, settings.clip_ms, 0, SAMPLE_RATE_HZ / 2),
        aspect="auto",
        cmap="magma",
        norm=scale,
        interpolation="nearest",
    )
    ticks_hz = np.linspace(0, SAMPLE_RATE_HZ / 2, 3)
    names_hz = [f"{tick:,.0f}" for tick in ticks_hz]
    spectrogram.set_yticks(ticks_hz, [*names_hz[:-1], f"{names_hz[-1]} Hz"])
    ticks_ms = np.linspace(0, settings.clip_ms, 5)
    spectrogram.set_xticks(ticks_ms, [f"{tick:.0f}" for tick in ticks_ms] if label else [])
    if label:
        spectrogram.set_xlabel("Time (ms)", fontsize=7.5, labelpad=2)
    for axes in (image, spectrogram):
        axes.tick_params(labelsize=7, length=2.5, width=0.6, pad=2)
        axes.tick_params(colors=theme.LIGHT["muted"])
        axes.spines[:].set(linewidth=0.6, color=theme.LIGHT["line"])
    start = left + _IMAGE + _TICKS
    canvas.text(start, top - 5, pair.speaker, 9, weight="bold")
    leaks = pair.in_training and split != "train"
    note = f"{_LEAK_MARK} {pair.clip}" if leaks else pair.clip
    colour = _LEAK if leaks else theme.LIGHT["muted"]
    canvas.text(start + _SPECTROGRAM, top - 5, note, 7.5, ha="right", color=colour)


def _frame(canvas: _Canvas, protocol: str, seed: int, banner: str, scale: Normalize) -> None:
    """Title, colour bar and footnote."""
    canvas.text(_LEFT, 34, "Pairs of image and spectrogram", 15, weight="bold")
    rule = f"Pairing protocol “{protocol}”: {_RULE[protocol]}. Seed {seed}."
    canvas.text(_LEFT, 52, rule, 9.5, role="muted")
    bar_width = _SPECTROGRAM
    left = canvas.width - _RIGHT - bar_width
    bar = canvas.axes(left, 28, bar_width, 8)
    canvas.figure.colorbar(ScalarMappable(scale, "magma"), cax=bar, orientation="horizontal")
    ends = (scale.vmin or 0.0, scale.vmax or 0.0)
    bar.set_xticks(ends, [f"{end:.0f}" for end in ends])
    bar.tick_params(labelsize=7, length=2.5, width=0.6, pad=2, colors=theme.LIGHT["muted"])
    bar.set_xlabel("dB of a full-scale sine", fontsize=7.5, labelpad=-8)
    wrapped = fill(banner, int((canvas.width - _LEFT - _RIGHT) / 4.6))
    canvas.text(_LEFT, canvas.height - 46, wrapped, 8, va="top", role="muted", linespacing=1.4)
