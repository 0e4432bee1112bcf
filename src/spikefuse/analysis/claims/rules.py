"""What a claim is made of: parts, each saying that a quantity lies in a range.

Every kind of rule is the same sentence with another range, so that one engine and one figure, the
confidence interval, decide them all:

| kind | quantity | range |
|---|---|---|
| level | accuracy of a cell | at least (or below) a level |
| ordering | A - B | above 0 |
| gap | A - B | above a gap |
| equivalence | A - B | within +-margin (two one-sided tests, TOST) |
| drop | accuracy without less accuracy with the disturbance | about a size |
| difference of differences | gain of A - gain of B | above 0 |
| extreme | highest or lowest accuracy within one run over several cells | a range |

How the paper's words become numbers, the same way for every claim:

- "99 %", "about 99 %" and "99.9 %" are floors, "at least the lowest accuracy that rounds to it":
  98.5 % and 99.85 %. Being better than the paper does not contradict it.
- "loses about x" is x within a quarter of itself, and never finer than 0.1 pp, the smallest
  difference the paper itself reads.
- "within x of each other" is every pair within x, at the mean over seeds.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from spikefuse.analysis.table import cell_words
from spikefuse.analysis.words import level_name
from spikefuse.core.checks import require

Kind = Literal[
    "level",
    "ordering",
    "gap",
    "equivalence",
    "drop",
    "difference of differences",
    "extreme",
]

# The lowest accuracies that round to the paper's "99 %" and "99.9 %".
LEVEL_99 = 0.985
LEVEL_999 = 0.9985

ABOUT_SHARE = 0.25
ABOUT_AT_LEAST = 0.001


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of one cell, by tidy column; the defaults are those of the paper's Table 2.

    Neuron, reset and time steps say nothing about a DNN and are not looked at for one. A fused
    network is the paper's, early fusion. `noise_position` None is the position that the reading
    under judgement uses: the paper does not say which it was for its Figures 6 to 8.
    """

    network: str
    modality: str
    size: str = "S"
    neuron: str = "lif"
    reset: str = "soft"
    time_steps: int = 4
    noise_std: float = 0.0
    noise_position: str | None = None

    def words(self) -> str:
        """The cell as a reader would say it: what is not the default is named."""
        return cell_words(asdict(self))


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number a seed, made of the accuracies of cells.

    Attributes:
        words: What it is, for a reader.
        terms: Weights and cells.
        reduce: "sum" of weight times accuracy, or the "highest" or "lowest" accuracy of one run.
    """

    words: str
    terms: tuple[tuple[float, Levels], ...]
    reduce: Literal["sum", "highest", "lowest"] = "sum"


@dataclass(frozen=True, slots=True)
class Part:
    """A quantity and the range in which the paper says it lies.

    Attributes:
        kind: Which rule it is.
        quantity: What is measured.
        low: Lower edge of the range; minus infinity for none.
        high: Upper edge; infinity for none.
        wanted: The range in words.
        paper_value: The paper's number for the quantity, if it states one.
    """

    kind: Kind
    quantity: Quantity
    low: float
    high: float
    wanted: str
    paper_value: float | None = None

    @property
    def is_accuracy(self) -> bool:
        """Whether the quantity is an accuracy (0 to 1), not a difference of accuracies."""
        return self.kind in ("level", "extreme")


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of the paper. It holds when all its parts do.

    Attributes:
        id: "C1" to "C24".
        figure: The paper's figure that carries it; None for the conclusion.
        statement: The claim.
        paper: The paper's numbers in words; empty when it states an order only.
        rule: How its words become the parts.
        parts: At least one.
    """

    id: str
    figure: int | None
    statement: str
    paper: str
    rule: str
    parts: tuple[Part, ...]

    @property
    def paper_value(self) -> float | None:
        """The first number that the paper states for one of the parts."""
        return next((part.paper_value for part in self.parts if part.paper_value is not None), None)


def _accuracy(cell: Levels) -> Quantity:
    return Quantity(f"accuracy of {cell.words()}", ((1.0, cell),))


def _difference(a: Levels, b: Levels) -> Quantity:
    return Quantity(f"{a.words()} minus {b.words()}", ((1.0, a), (-1.0, b)))


def at_least(cell: Levels, level: float, paper_value: float | None = None) -> Part:
    """The cell's accuracy is at least a level."""
    wanted = f"at least {100 * level:g} %"
    return Part("level", _accuracy(cell), level, math.inf, wanted, paper_value)


def below(cell: Levels, level: float) -> Part:
    """The cell's accuracy is below a level."""
    return Part("level", _accuracy(cell), -math.inf, level, f"below {100 * level:g} %")


def above(a: Levels, b: Levels, by: float = 0.0) -> Part:
    """A is above B, by more than a gap."""
    kind: Kind = "gap" if by else "ordering"
    return Part(kind, _difference(a, b), by, math.inf, f"above {100 * by:g} pp")


def within(cells: Sequence[Levels], margin: float) -> tuple[Part, ...]:
    """Every two of the cells are within a margin of each other."""
    require(len(cells) >= 2, "within", "cells", "at least 2", len(cells))
    return tuple(
        Part("equivalence", _difference(a, b), -margin, margin, f"within {100 * margin:g} pp")
        for number, a in enumerate(cells)
        for b in cells[number + 1 :]
    )


def loses_about(size: float, base: Levels, disturbed: Levels) -> Part:
    """The disturbance costs about `size` of accuracy."""
    tolerance = max(ABOUT_SHARE * size, ABOUT_AT_LEAST)
    low, high = size - tolerance, size + tolerance
    return Part(
        "drop",
        Quantity(
            f"loss from {base.words()} to {disturbed.words()}", ((1.0, base), (-1.0, disturbed))
        ),
        low,
        high,
        f"{100 * low:.4g} to {100 * high:.4g} pp",
        size,
    )


def loses_more(
    a_base: Levels, a_disturbed: Levels, b_base: Levels, b_disturbed: Levels, words: str
) -> Part:
    """A loses more to the disturbance than B does."""
    terms = ((1.0, a_base), (-1.0, a_disturbed), (-1.0, b_base), (1.0, b_disturbed))
    return Part("difference of differences", Quantity(words, terms), 0.0, math.inf, "above 0 pp")


def gain_terms(network: str, sign: float = 1.0) -> tuple[tuple[float, Levels], ...]:
    """Fused minus the mean of both unimodal networks, at S."""
    image, audio, fused = (Levels(network, modality) for modality in ("image", "audio", "fused"))
    return ((sign, fused), (-sign / 2, image), (-sign / 2, audio))


def gains(network: str) -> Part:
    """The fused network is above the mean of both unimodal ones, at S."""
    name = level_name("network", network)
    words = f"fused {name} minus the mean of image and audio {name}, at S"
    quantity = Quantity(words, gain_terms(network))
    return Part("ordering", quantity, 0.0, math.inf, "above 0 pp")


def gains_more(a: str, b: str) -> Part:
    """Network A gains more from the second modality than network B, at S."""
    names = [level_name("network", network) for network in (a, b)]
    words = f"gain of the {names[0]} minus gain of the {names[1]}, at S"
    quantity = Quantity(words, gain_terms(a) + gain_terms(b, -1.0))
    return Part("difference of differences", quantity, 0.0, math.inf, "above 0 pp")
