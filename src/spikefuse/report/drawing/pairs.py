"""A picture of what a fused network sees: pairs of samples, split by split."""

import io
from collections.abc import Mapping, Sequence
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

from spikefuse.analysis.words import listing, plural
from spikefuse.core.checks import one_of, require
from spikefuse.core.streams import torch_stream
from spikefuse.data import (
    DECIBELS_PER_NEPER,
    FUSED,
    MAGNITUDE_FLOOR,
    SOURCES,
    SPLITS,
    Assignment,
    Audit,
    Corpus,
    DataSettings,
    Modality,
    Source,
    audit,
)
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.events import parts_of_time, side_by_side
from spikefuse.report.output.files import FORMATS
from spikefuse.results.atomic import make_folder, write_file
from spikefuse.results.outputs import require_output

_HEADING: Mapping[str, str] = {
    "train": "Training",
    "validation": "Validation",
    "test": "Test",
}
_RULE: Mapping[str, str] = {
    "paper": "{noun} are repeated and paired first, then the pairs are split",
    "disjoint": "{noun} are split first, then paired inside each split",
    "speaker": "one {group} is met in the test split alone",
    "paired": "samples that belong together are split together",
}
_FLOOR_DB = float(np.log(MAGNITUDE_FLOOR) * DECIBELS_PER_NEPER)
_LEAK, _LEAK_MARK = "#b3261e", "●"

# Sizes in points.
_HEIGHT, _SQUARE, _WIDE, _TICKS, _GAP = 84.0, 84.0, 156.0, 40.0, 44.0
_LEFT, _RIGHT, _TOP, _BOTTOM, _ROW_GAP = 28.0, 28.0, 134.0, 92.0, 34.0


@dataclass(frozen=True, eq=False)
class Part:
    """One sample of a pair as it is drawn.

    Args:
        modality: As its source tells it.
        name: File name of the sample; empty where there is none.
        group: Who or what it is of; empty where that is not known.
        values: [C, H, W]: grey levels, decibels relative to a full-scale sine, or numbers; row 0
            of what is no picture is the lowest.
        in_training: Whether the sample stands in the training split too.
    """

    modality: Modality
    name: str
    group: str
    values: NDArray[Any]
    in_training: bool


@dataclass(frozen=True, eq=False)
class Pair:
    """Samples that a network sees together, in its order, with the name of their class."""

    label: str
    parts: tuple[Part, ...]

    def part(self, modality: str) -> Part:
        """The sample of one modality."""
        return next(part for part in self.parts if part.modality.name == modality)


def choose_pairs(
    corpus: Corpus, assignment: Assignment, rows: int, seed: int
) -> dict[str, list[Pair]]:
    """Draw pairs of each split, the same class in a row of every split.

    Args:
        corpus: The samples.
        assignment: Of several modalities.
        rows: Pairs of each split.
        seed: Decides classes and pairs.

    Raises:
        InputError: `rows` is not 1 to the number of classes or the assignment is not of pairs.
    """
    classes = torch.unique(assignment.labels["test"])
    require(1 <= rows <= len(classes), "pairs", "rows", f"from 1 to {len(classes)}", rows)
    modalities = tuple(assignment.samples["train"])
    require(len(modalities) > 1, "pairs", "assignment", "of pairs", modalities)
    order = torch.randperm(len(classes), generator=torch_stream(seed, "picture", "classes"))
    labels = classes[order[:rows]].sort().values.tolist()
    chosen: dict[str, list[Pair]] = {}
    for split in SPLITS:
        generator = torch_stream(seed, "picture", split)
        chosen[split] = []
        for label in labels:
            candidates = (assignment.labels[split] == label).nonzero().flatten()
            if len(candidates) == 0:
                continue
            drawn = candidates[torch.randint(len(candidates), (1,), generator=generator)]
            chosen[split].append(_pair(corpus, assignment, split, label, int(drawn)))
    return chosen


def _pair(corpus: Corpus, assignment: Assignment, split: str, label: int, drawn: int) -> Pair:
    source = SOURCES[corpus.source]
    parts = []
    for name, samples in assignment.samples[split].items():
        pool, modality, index = corpus.pools[name], source.modality(name), int(samples[drawn])
        values = pool.inputs[index].numpy()
        parts.append(
            Part(
                modality=modality,
                name=pool.names[index] if pool.names else "",
                group="" if pool.groups is None else pool.group_names[int(pool.groups[index])],
                values=values * DECIBELS_PER_NEPER if modality.is_logarithmic else values,
                in_training=bool((assignment.samples["train"][name] == index).any()),
            )
        )
    return Pair(source.classes[label], tuple(parts))


def write_pairs(
    path: Path,
    corpus: Corpus,
    assignment: Assignment,
    settings: DataSettings,
    *,
    rows: int = 5,
    seed: int = 0,
) -> None:
    """Draw pairs of each split, with labels, groups and what the splits share.

    Args:
        path: The picture; its ending decides the format: png, svg or pdf.
        corpus: The samples.
        assignment: Of several modalities.
        settings: What the corpus was loaded with.
        rows: Pairs of each split, up to one a class.
        seed: Decides which pairs, and is named as the assignment's seed.

    Raises:
        InputError: The ending or `rows` is not allowed.
        StoreError: The file cannot be written.
    """
    ending = one_of("pairs", "ending of the picture", path.suffix.lower().lstrip("."), FORMATS)
    require_output(path, "data show")
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
    """The picture: a column of pairs a split, a row a class."""
    source = SOURCES[settings.source]
    everything = [pair for column in pairs.values() for pair in column]
    seen = [part.modality for part in everything[0].parts]
    lefts, wide = _places(seen, settings)
    rows = max(len(column) for column in pairs.values())
    width = _LEFT + len(pairs) * wide + (len(pairs) - 1) * _GAP + _RIGHT
    height = _TOP + rows * _HEIGHT + (rows - 1) * _ROW_GAP + _BOTTOM
    figure = Figure(figsize=(width / 72, height / 72))
    canvas = _Canvas(figure, width, height)
    scales = {each.name: _scale(everything, each) for each in seen}
    for index, (split, column) in enumerate(pairs.items()):
        left = _LEFT + index * (wide + _GAP)
        _heading(canvas, left, split, record, (source, seen))
        for row, pair in enumerate(column):
            top = _TOP + row * (_HEIGHT + _ROW_GAP)
            last = row == len(column) - 1
            canvas.text(left, top - 5, pair.label, 11.5, weight="bold")
            for place, part in zip(lefts, pair.parts, strict=True):
                box = (left + place, top, _width(part.modality))
                _draw_part(canvas, box, part, scales[part.modality.name], settings, label=last)
            for place, part in zip(lefts[1:], pair.parts[1:], strict=True):
                right = left + place + _width(part.modality)
                _name_part(canvas, (left + place, right, top), part, leaks=split != "train")
    _frame(canvas, _rule(record.protocol, source, seen), seed, banner, seen)
    sounds = [scales[each.name] for each in seen if each.is_logarithmic]
    if sounds:
        _colour_bar(canvas, sounds[0])
    return figure


def _width(modality: Modality) -> float:
    return _SQUARE if modality.is_pixels else _WIDE


def _places(seen: Sequence[Modality], settings: DataSettings) -> tuple[list[float], float]:
    """The left end of each part within a column, and the column's width."""
    places, right = [], 0.0
    for number, modality in enumerate(seen):
        # Room for the ticks of what has some, and between parts.
        right += _TICKS if number or modality.extent is not None else 0.0
        places.append(right)
        right += _width(modality)
    return places, right


def _scale(pairs: Sequence[Pair], modality: Modality) -> Normalize:
    """One scale of a modality for all pairs."""
    values = [pair.part(modality.name).values for pair in pairs]
    if modality.is_logarithmic:
        loudest = max(float(each.max()) for each in values)
        return Normalize(_FLOOR_DB, min(0.0, 6 * np.ceil(loudest / 6)))
    if modality.is_pixels:
        return Normalize(0, 255)
    values = [each.sum(axis=-1) if each.ndim == 4 else each for each in values]
    return Normalize(
        min(float(each.min()) for each in values), max(float(each.max()) for each in values)
    )


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


def _heading(
    canvas: _Canvas, left: float, split: str, record: Audit, of: tuple[Source, Sequence[Modality]]
) -> None:
    """Name of a split, what it holds, and what of it training holds too."""
    source, seen = of
    content = record.content(split)
    canvas.text(left, 78, _HEADING[split], 11.5, weight="bold")
    counts = listing([f"{content.distinct[m.name]:,} {source.said(m.name)}" for m in seen])
    held = f"{content.samples:,} pairs of {counts}"
    grouped = [each for each in seen if each.name in content.groups][-1:]
    held += "".join(f", {plural(content.groups[m.name], m.group_noun)}" for m in grouped)
    canvas.text(left, 92, held, 8.5, role="muted")
    if split == "train":
        return
    shared = record.overlap("train", split)
    parts = [f"{100 * shared.distinct_share[m.name]:.3g} % of {source.said(m.name)}" for m in seen]
    parts = parts[1:] + [
        f"{100 * shared.groups_share[each.name]:.3g} % of {each.group_noun}s" for each in grouped
    ]
    is_leaking = any(shared.distinct[each.name] for each in seen[1:])
    mark = f"{_LEAK_MARK} " if is_leaking else ""
    colour = _LEAK if is_leaking else theme.LIGHT[FUSED]
    note = f"{mark}In training too: {', '.join(parts)}"
    canvas.text(left, 105, note, 8.5, color=colour, weight="bold")


def _draw_part(
    canvas: _Canvas,
    box: tuple[float, float, float],
    part: Part,
    scale: Normalize,
    settings: DataSettings,
    *,
    label: bool,
) -> None:
    """One sample: a picture as it is, of events the first half of their time and the second.

    Everything else has its lowest row at the bottom.
    """
    axes = canvas.axes(*box, _HEIGHT)
    if part.modality.kind == "events":
        halves = side_by_side(parts_of_time(part.values, 2), theme.LIGHT["line"])
        axes.imshow(halves, interpolation="nearest", aspect="auto")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(linewidth=0.6, color=theme.LIGHT["line"])
        return
    rows = np.concatenate(list(part.values), axis=0)
    if part.modality.is_pixels:
        is_colour = len(part.values) == 3
        drawn = part.values.transpose(1, 2, 0) if is_colour else rows
        axes.imshow(drawn, cmap="gray_r", norm=scale, interpolation="nearest", aspect="auto")
        axes.set(xticks=[], yticks=[])
    else:
        extent = part.modality.extent
        ends = None if extent is None else extent(settings)
        axes.imshow(
            rows,
            origin="lower",
            extent=None if ends is None else (0, ends[0], 0, ends[1]),
            aspect="auto",
            cmap="magma",
            norm=scale,
            interpolation="nearest",
        )
        _mark_ends(axes, ends, label=label)
    axes.tick_params(labelsize=7, length=2.5, width=0.6, pad=2)
    axes.tick_params(colors=theme.LIGHT["muted"])
    axes.spines[:].set(linewidth=0.6, color=theme.LIGHT["line"])


def _mark_ends(axes: Axes, ends: tuple[float, float] | None, *, label: bool) -> None:
    """Ticks in hertz and milliseconds, where rows and columns are these."""
    if ends is None:
        axes.set(xticks=[], yticks=[])
        return
    ticks_hz = np.linspace(0, ends[1], 3)
    names_hz = [f"{tick:,.0f}" for tick in ticks_hz]
    axes.set_yticks(ticks_hz, [*names_hz[:-1], f"{names_hz[-1]} Hz"])
    ticks_ms = np.linspace(0, ends[0], 5)
    axes.set_xticks(ticks_ms, [f"{tick:.0f}" for tick in ticks_ms] if label else [])
    if label:
        axes.set_xlabel("Time (ms)", fontsize=7.5, labelpad=2)


def _name_part(
    canvas: _Canvas, place: tuple[float, float, float], part: Part, *, leaks: bool
) -> None:
    """Over a sample that was paired: its group, its name, and a mark where training holds it."""
    left, right, top = place
    canvas.text(left, top - 5, part.group, 9, weight="bold")
    is_leak = leaks and part.in_training
    note = " ".join(filter(None, (_LEAK_MARK if is_leak else "", part.name)))
    colour = _LEAK if is_leak else theme.LIGHT["muted"]
    canvas.text(right, top - 5, note, 7.5, ha="right", color=colour)


def _rule(protocol: str, source: Source, seen: Sequence[Modality]) -> str:
    noun = listing([source.said(each.name) for each in seen[1:]])
    group = next((each.group_noun for each in seen if each.groups), "group")
    return f"Pairing protocol “{protocol}”: {_RULE[protocol].format(noun=noun, group=group)}."


def _frame(canvas: _Canvas, rule: str, seed: int, banner: str, seen: Sequence[Modality]) -> None:
    """Title and footnote."""
    names = ["spectrogram" if each.is_logarithmic else each.name for each in seen]
    canvas.text(_LEFT, 34, f"Pairs of {listing(names)}", 15, weight="bold")
    canvas.text(_LEFT, 52, f"{rule} Seed {seed}.", 9.5, role="muted")
    wrapped = fill(banner, int((canvas.width - _LEFT - _RIGHT) / 4.6))
    canvas.text(_LEFT, canvas.height - 46, wrapped, 8, va="top", role="muted", linespacing=1.4)


def _colour_bar(canvas: _Canvas, scale: Normalize) -> None:
    left = canvas.width - _RIGHT - _WIDE
    bar = canvas.axes(left, 28, _WIDE, 8)
    canvas.figure.colorbar(ScalarMappable(scale, "magma"), cax=bar, orientation="horizontal")
    ends = (scale.vmin or 0.0, scale.vmax or 0.0)
    bar.set_xticks(ends, [f"{end:.0f}" for end in ends])
    bar.tick_params(labelsize=7, length=2.5, width=0.6, pad=2, colors=theme.LIGHT["muted"])
    bar.set_xlabel("dB of a full-scale sine", fontsize=7.5, labelpad=-8)
