"""The paper's Figures 3 to 13 as data, and the numbers each of them shows.

The captions fix which bars a figure has; the figures themselves are lost, so a bar carries the
paper's value only where the paper's text states one.

Source: H. Han, J. Jo, J. Park, S. Park, "Performance Analysis of Multi-Modal Spiking Neural
Networks", section 3.2 and Tables 1 and 2.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from spikefuse.analysis.estimates import estimate
from spikefuse.analysis.row_index import Level, Row
from spikefuse.analysis.series import Series, mean_of
from spikefuse.analysis.table import Table
from spikefuse.analysis.words import level_name, listing
from spikefuse.core.checks import require
from spikefuse.data.sources.contract import FUSED

UNIMODAL_MEAN = "unimodal mean"
MODALITIES = ("image", "audio", FUSED)
"""What the paper's networks see: two modalities, each alone, and both."""


@dataclass(frozen=True)
class Axis:
    """One factor of a figure: the tidy column it reads and the levels it shows, in order.

    Attributes:
        singles: The modalities whose mean the level `UNIMODAL_MEAN` is.
    """

    column: str
    label: str
    levels: tuple[Level, ...]
    singles: tuple[str, ...] = MODALITIES[:2]

    def names(self) -> tuple[str, ...]:
        """The levels as written for a reader."""
        return tuple(self.name(level) for level in self.levels)

    def name(self, level: Level) -> str:
        """One level as written for a reader."""
        both = f"Mean of {listing(self.singles)}"
        return both if level == UNIMODAL_MEAN else level_name(self.column, level)


@dataclass(frozen=True)
class PaperFigure:
    """What one figure of the paper shows.

    Attributes:
        number: The figure's number in the paper.
        study: Name of the study whose rows it reads.
        where: Factors held fixed, by tidy column.
        panel: A factor that splits the figure into panels, or None.
        paper: The value the paper's text states, by (x level, hue level) or, with a panel,
            (panel level, x level, hue level); a bar without an entry has none.
        said: What the text says about the figure, in a sentence.
        claims: Identifiers of the claims the figure carries.
    """

    number: int
    title: str
    study: str
    where: Mapping[str, Level]
    x: Axis
    hue: Axis
    said: str
    claims: tuple[str, ...]
    panel: Axis | None = None
    paper: Mapping[tuple[Level, ...], float] = field(default_factory=dict)


def on_modalities(figure: PaperFigure, modalities: Sequence[str]) -> PaperFigure:
    """The figure as it is drawn of networks that see these modalities, the joint one last.

    The paper's values and words are of its own modalities; of others it says nothing.
    """
    if not modalities or set(modalities) <= set(MODALITIES):
        return figure
    singles = tuple(name for name in modalities if name != FUSED)
    levels = (UNIMODAL_MEAN, FUSED) if UNIMODAL_MEAN in figure.hue.levels else tuple(modalities)
    hue = replace(figure.hue, levels=levels, singles=singles)
    return replace(figure, hue=hue, said="", claims=(), paper={})


@dataclass(frozen=True)
class FigureRow:
    """One bar of a figure, measured.

    Attributes:
        values: Accuracy in [0, 1] by seed, of the seeds that the mean is over.
        mean: Mean over seeds; None when no seed is there, or one of them diverged.
        low: Lower end of the 95 % t interval over seeds (not cut to [0, 1]); None below 3 seeds.
        high: Upper end, likewise.
        paper: The value the paper's text states for this bar, if any.
        reason: Why there is no mean although seeds ran: those that diverged; else empty.
        silent: Seeds that are counted apart, since their networks are silent.
    """

    figure: int
    protocol: str
    split: str
    panel: Level | None
    x: Level
    hue: Level
    values: Mapping[int, float]
    mean: float | None
    low: float | None
    high: float | None
    paper: float | None
    reason: str = ""
    silent: tuple[int, ...] = ()

    @property
    def n(self) -> int:
        """Number of seeds that have a number."""
        return len(self.values)

    @property
    def is_there(self) -> bool:
        """Whether any seed ran, with or without a number."""
        return bool(self.values or self.reason)


_MODALITY = Axis("modality", "Modality", MODALITIES)
_SIZE = Axis("size", "Model size (parameters)", ("S", "S/2", "S/3"))
_NETWORK = Axis("network", "Network", ("dnn", "snn"))
_NOISE = Axis("noise_std", "Standard deviation of the noise", (0.1, 5.0))
_POSITION = Axis("noise_position", "Where the noise is added", ("before", "after"))
_TABLE_2: Mapping[str, Level] = {"neuron": "lif", "reset": "soft", "time_steps": 4}


def _fused(levels: Iterable[Level], value: float) -> dict[tuple[Level, ...], float]:
    return {(level, "fused"): value for level in levels}


def _snn(**changes: Level | None) -> dict[str, Level]:
    """The SNN defaults of the paper's Table 2, with `None` for a factor the figure varies."""
    where: dict[str, Level | None] = {"network": "snn", "size": "S", "noise_std": 0.0, **_TABLE_2}
    where.update(changes)
    return {column: level for column, level in where.items() if level is not None}


FIGURES: tuple[PaperFigure, ...] = (
    PaperFigure(
        number=3,
        title="DNN: accuracy by model size",
        study="model-size",
        where={"network": "dnn", "noise_std": 0.0},
        x=_SIZE,
        hue=_MODALITY,
        said="Fused keeps 99 % at every size; a single modality moves between 99 % and 95 %.",
        claims=("C1", "C2"),
        paper=_fused(_SIZE.levels, 0.99),
    ),
    PaperFigure(
        number=4,
        title="SNN: accuracy by model size",
        study="model-size",
        where=_snn(size=None),
        x=_SIZE,
        hue=_MODALITY,
        said=(
            "Fused stays at 99.9 % and above both single modalities; audio within 2 pp; "
            "image falls strongly as the size shrinks."
        ),
        claims=("C3", "C4", "C5", "C6"),
        paper=_fused(_SIZE.levels, 0.999),
    ),
    PaperFigure(
        number=5,
        title="One modality (mean of two) against both, at size S",
        study="model-size",
        where={"size": "S", "noise_std": 0.0},
        x=_NETWORK,
        hue=Axis("modality", "Modality", (UNIMODAL_MEAN, "fused")),
        said="Fused is far above the mean of both single modalities, and more so for the SNN.",
        claims=("C7", "C8"),
        paper={("dnn", "fused"): 0.99, ("snn", "fused"): 0.999},
    ),
    PaperFigure(
        number=6,
        title="DNN under noise 0.1, by model size",
        study="noise-size",
        where={"network": "dnn", "noise_std": 0.1, "noise_position": "before"},
        x=_SIZE,
        hue=_MODALITY,
        said="Fused stays at 99.9 % at every size; audio < image < fused.",
        claims=("C9", "C10"),
        paper=_fused(_SIZE.levels, 0.999),
    ),
    PaperFigure(
        number=7,
        title="SNN under noise 0.1, by model size",
        study="noise-size",
        where=_snn(size=None, noise_std=0.1, noise_position="before"),
        x=_SIZE,
        hue=_MODALITY,
        said=(
            "Fused stays at 99.9 %; image is the lowest of the three and loses about 4 pp at S "
            "and 25 pp at S/3 against no noise."
        ),
        claims=("C11", "C12"),
        paper=_fused(_SIZE.levels, 0.999),
    ),
    PaperFigure(
        number=8,
        title="Noise 0.1 against noise 5, at size S",
        study="noise-size",
        where={"size": "S", "noise_position": "before"},
        x=_NOISE,
        hue=_MODALITY,
        panel=_NETWORK,
        said=(
            "From noise 0.1 to 5 audio loses about 70 pp (DNN) and 35 pp (SNN), image 0.5 pp and "
            "0.24 pp; fused stays near 99 % for the DNN and loses 9 pp for the SNN."
        ),
        claims=("C13", "C14", "C15", "C16"),
        paper={
            ("dnn", 0.1, "fused"): 0.999,
            ("dnn", 5.0, "fused"): 0.99,
            ("snn", 0.1, "fused"): 0.999,
        },
    ),
    PaperFigure(
        number=9,
        title="DNN: noise before against after the activation",
        study="noise-position",
        where={"network": "dnn", "size": "S", "noise_std": 0.1},
        x=_POSITION,
        hue=_MODALITY,
        said="Noise before the activation hurts less than noise after it, in all three.",
        claims=("C17",),
    ),
    PaperFigure(
        number=10,
        title="SNN: noise before against after the activation",
        study="noise-position",
        where=_snn(noise_std=0.1),
        x=_POSITION,
        hue=_MODALITY,
        said="As for the DNN: noise before the activation hurts less, in all three.",
        claims=("C18",),
    ),
    PaperFigure(
        number=11,
        title="SNN: hard against soft reset",
        study="reset",
        where=_snn(reset=None),
        x=Axis("reset", "Reset", ("hard", "soft")),
        hue=_MODALITY,
        said=(
            "Soft is above hard for both single modalities, for audio by more than 10 pp; "
            "fused is about 99 % with either, soft the higher."
        ),
        claims=("C19", "C20"),
        paper=_fused(("hard", "soft"), 0.99),
    ),
    PaperFigure(
        number=12,
        title="SNN: LIF against IF neurons",
        study="neuron",
        where=_snn(neuron=None),
        x=Axis("neuron", "Neuron", ("lif", "if")),
        hue=_MODALITY,
        said="LIF and IF are within 0.2 pp of each other; audio < image < fused for both.",
        claims=("C21", "C22"),
    ),
    PaperFigure(
        number=13,
        title="SNN: number of time steps",
        study="time-steps",
        where=_snn(time_steps=None),
        x=Axis("time_steps", "Time steps", (4, 8, 16)),
        hue=_MODALITY,
        said="T = 4, 8 and 16 are within 0.6 pp of each other in every modality.",
        claims=("C23",),
    ),
)


def figure(number: int) -> PaperFigure:
    """The paper's figure of that number.

    Raises:
        InputError: There is none; the message lists the numbers there are.
    """
    by_number = {each.number: each for each in FIGURES}
    allowed = f"one of {', '.join(map(str, by_number))}"
    require(number in by_number, "figure", "number", allowed, number)
    return by_number[number]


def _bar_series(table: Table, levels: Mapping[str, Level], singles: Sequence[str]) -> Series:
    if levels.get("modality") != UNIMODAL_MEAN:
        return table.series(**levels)
    return mean_of(*(table.series(**{**levels, "modality": each}) for each in singles))


def figure_table(
    figure: PaperFigure, rows: Iterable[Row], protocol: str, split: str
) -> tuple[FigureRow, ...]:
    """Every bar of the figure, measured under one protocol and split; missing bars have n = 0.

    Args:
        figure: The paper's figure.
        rows: Tidy rows, typed or as text.
        protocol: Pairing protocol, for example "disjoint".
        split: "validation" (best of all epochs) or "test" (at the best validation epoch).

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    panels: tuple[Level | None, ...] = figure.panel.levels if figure.panel else (None,)
    return tuple(
        _figure_row(figure, table, protocol, split, (panel, x, hue))
        for panel in panels
        for x in figure.x.levels
        for hue in figure.hue.levels
    )


def _figure_row(
    figure: PaperFigure,
    table: Table,
    protocol: str,
    split: str,
    place: tuple[Level | None, Level, Level],
) -> FigureRow:
    """The bar at a place (panel level, x level, hue level)."""
    panel, x, hue = place
    # Every figure reads one study: what another study says of the same cell is not the figure's.
    levels: dict[str, Level] = {**figure.where, "study": figure.study, "protocol": protocol}
    levels |= {figure.x.column: x, figure.hue.column: hue, "split": split}
    levels["reading"] = table.reading_of(figure.study)
    key: tuple[Level, ...] = (x, hue)
    if figure.panel is not None and panel is not None:
        levels[figure.panel.column] = panel
        key = (panel, x, hue)
    series = _bar_series(table, levels, figure.hue.singles)
    found = estimate(series)
    return FigureRow(
        figure=figure.number,
        protocol=protocol,
        split=split,
        panel=panel,
        x=x,
        hue=hue,
        values=MappingProxyType(dict(found.values if found else series.values)),
        mean=found.mean if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        paper=figure.paper.get(key),
        reason=series.reason,
        silent=series.silent,
    )
