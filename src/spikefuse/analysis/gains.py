"""What the second modality brings: the fused network against every yardstick, paired by seed.

The networks of one size are solved to the same number of parameters, so each network that sees one
modality is the parameter-matched baseline of the fused one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.row_index import Level, Row
from spikefuse.analysis.sample_errors import CONTROL, errors_of, on_pairs, over, widened
from spikefuse.analysis.series import Series, mean_of, minus, resolution
from spikefuse.analysis.table import DEFAULT_STUDIES, Table, single_modalities
from spikefuse.analysis.words import listing
from spikefuse.core.checks import one_of
from spikefuse.data.sources.contract import FUSED

if TYPE_CHECKING:
    from spikefuse.stats import Equivalence

NETWORKS = ("snn", "dnn")
PRODUCT = "product-of-experts"
"""Level of the tidy column `fusion` of networks trained apart; see `baselines`."""

TEMPERED_PRODUCT = "product-of-experts-tempered"
"""The same, the probabilities of each network at its temperature; see `temperature`."""

BEST, MEAN, EXPERTS = "best unimodal", "mean of unimodals", "product of experts"
TEMPERED = "product of experts at temperatures from validation"
"""A yardstick that is there where validation logits are stored."""


def alone(modality: str) -> str:
    """The yardstick of the network that sees one modality."""
    return f"{modality} alone"


def both_alone(ours: str, theirs: str) -> str:
    """The yardstick of two kinds of network, each with another single modality."""
    return f"{ours} and {theirs} alone"


def shuffled(modalities: Sequence[str]) -> str:
    """The yardstick of the network whose further modalities say nothing of the first one's class.

    Example:
        >>> shuffled(("image", "audio"))
        'shuffled audio'
    """
    return f"shuffled {listing(modalities[1:]) or 'pairs'}"


def yardsticks_of(modalities: Sequence[str]) -> tuple[str, ...]:
    """What a fused network of these modalities is compared with; the first decides the answer."""
    return (BEST, *map(alone, modalities), MEAN, EXPERTS, shuffled(modalities))


CONTROL_MARGIN = 0.006
"""The control counts as image-only within 0.6 pp.

That is the widest difference between two settings of a network of size S that the paper itself
calls none (Figure 13: T = 4, 8 and 16), and a gain that this margin hides is one that the paper
would not have reported.
"""


@dataclass(frozen=True)
class Yardstick:
    """One baseline and what the fused network gains over it, on the test set.

    Attributes:
        name: One of `yardsticks_of`.
        accuracy: Of the baseline; None where it is not stored or one of its seeds diverged.
        gain: Fused minus baseline, paired by seed; None where `reason` says why.
        reason: Why there is no gain; empty where there is one.
        diverged: Whether the reason is that a seed diverged.
    """

    name: str
    accuracy: Estimate | None
    gain: Estimate | None
    reason: str = ""
    diverged: bool = False


@dataclass(frozen=True)
class Control:
    """The fused network with shuffled pairs against the network of the first modality.

    Attributes:
        difference: Shuffled minus first modality alone, paired by seed.
        equivalence: Two one-sided tests within `CONTROL_MARGIN`; None without an interval.
        verdict: "equal", "above" (then something else than what the further modalities say brings
            accuracy), "below" (a further input without information costs some), or "undecided".
    """

    difference: Estimate
    equivalence: "Equivalence | None"
    verdict: str


@dataclass(frozen=True)
class Baselines:
    """A fused network and its yardsticks.

    Attributes:
        modalities: Those that the fused network joins, in its order.
        fused: Test accuracy; None where it is not stored or a seed diverged.
        best_modality: The better network of one modality, chosen on validation; None where one of
            them is missing or has a seed that diverged.
        yardsticks: By name, always all of `yardsticks_of`, and `TEMPERED` where it has rows.
        control: None where a part is missing or diverged.
        resolution: Coarsest step that any of the accuracies can take; None where rows do not say.
        errors: Standard errors over test samples, by what they are of; see `sample_errors`.
    """

    network: str
    size: str
    protocol: str
    modalities: tuple[str, ...]
    fused: Estimate | None
    best_modality: str | None
    yardsticks: Mapping[str, Yardstick]
    control: Control | None
    resolution: float | None
    errors: Mapping[str, tuple[float, int, str]] = field(default_factory=dict)

    @property
    def shuffled(self) -> Yardstick:
        """The yardstick of the control."""
        return self.yardsticks[shuffled(self.modalities)]


@dataclass(frozen=True)
class _Cells:
    """Finds accuracies by seed, and the coarsest step that any of them can take."""

    table: Table
    network: str
    levels: Mapping[str, Level | Collection[str]]
    used: list[Series] = field(default_factory=list)

    def single(self, modality: str, split: str = "test") -> Series:
        levels = {**self.table.default_levels(self.network, modality), **self.levels}
        found = self._series(levels, split)
        return on_pairs(self.table, found, **levels) if split == "test" else found

    def errors(self) -> Mapping[str, tuple[float, int, str]]:
        """The errors over test samples beside the fused network."""
        levels = self.table.default_levels(self.network, FUSED)
        return errors_of(self.table.select(**{**levels, **self.levels}))

    def joint(self, **changes: Level) -> Series:
        levels = self.table.default_levels(self.network, FUSED)
        return self._series({**levels, **self.levels, **changes}, "test")

    def _series(self, levels: Mapping[str, Level | Collection[str]], split: str) -> Series:
        self.used.append(self.table.series(split=split, **levels))
        return self.used[-1]


def baselines(
    rows: Iterable[Row],
    network: str,
    size: str = "S",
    protocol: str | None = None,
    **levels: Level,
) -> Baselines:
    """A fused network's gain over each yardstick, from tidy rows.

    Args:
        rows: Tidy rows, typed or as text.
        network: "snn" or "dnn".
        size: "S", "S/2" or "S/3".
        protocol: Pairing protocol; by default the one without a leak, `Table.protocol`.
        **levels: Other levels than the default neuron, reset, time steps, held-out speaker or
            reading; then the rows of every study are read, else those of `model-size` and
            `controls`.

    Raises:
        InputError: The network is unknown.
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    one_of("baselines", "network", network, NETWORKS)
    table = Table(rows)
    modalities, protocol = single_modalities(table), protocol or table.protocol
    fixed: dict[str, Level | Collection[str]] = {"size": size, "protocol": protocol, **levels}
    cells = _Cells(table, network, fixed if levels else {**fixed, "study": DEFAULT_STUDIES})
    fused = cells.joint()
    alone_by = {modality: cells.single(modality) for modality in modalities}
    best = _better(cells, alone_by)
    found = _by_yardstick(cells, alone_by, best)
    step, errors = resolution(*cells.used), dict(cells.errors())
    if best is not None and alone(best) in errors:
        errors[BEST] = errors[alone(best)]
    first = next(iter(alone_by.values()), Series())
    return Baselines(
        network=network,
        size=size,
        protocol=protocol,
        modalities=modalities,
        fused=estimate(fused, step),
        best_modality=best,
        yardsticks={
            name: _yardstick(name, fused, found[name], step, errors.get(name)) for name in found
        },
        control=_control(found[shuffled(modalities)], first, step, errors.get(CONTROL)),
        resolution=step,
        errors=errors,
    )


def _by_yardstick(
    cells: _Cells, alone_by: Mapping[str, Series], best: str | None
) -> dict[str, Series]:
    """The series of every one of `yardsticks_of`."""
    mean = mean_of(*alone_by.values())
    tempered = cells.joint(fusion=TEMPERED_PRODUCT)
    return {
        BEST: _best(alone_by, mean, best),
        **{alone(modality): series for modality, series in alone_by.items()},
        MEAN: mean,
        EXPERTS: cells.joint(fusion=PRODUCT),
        **({TEMPERED: tempered} if tempered.is_there else {}),
        shuffled(tuple(alone_by)): cells.joint(pairing="shuffled"),
    }


def _better(cells: _Cells, alone_by: Mapping[str, Series]) -> str | None:
    """The better unimodal network by validation, so that the test set keeps its innocence.

    A network with a seed that diverged has no mean to choose by, and a choice among the others
    would be one that the divergence made. Silent networks are not averaged here either. One
    modality alone is no choice.
    """
    stored = all(series.values for series in alone_by.values())
    is_lost = any(series.diverged for series in alone_by.values())
    if is_lost or not stored or len(alone_by) < 2:
        return None
    means = {}
    for modality, test in alone_by.items():
        validated = cells.single(modality, "validation")
        values = (validated if validated.values else test).averaged.values()
        means[modality] = sum(values) / len(values)
    return max(means, key=lambda modality: means[modality])


def _best(alone_by: Mapping[str, Series], mean: Series, best: str | None) -> Series:
    """The series of the better modality; without a choice, what kept it from being made."""
    if best is not None:
        return alone_by[best]
    return Series(diverged=mean.diverged, reasons=mean.reasons)


def _yardstick(
    name: str,
    fused: Series,
    series: Series,
    step: float | None,
    error: tuple[float, int, str] | None,
) -> Yardstick:
    gain = minus(fused, series)
    reason = ""
    if not series.is_there:
        reason = f"no rows of {name}"
    elif not fused.is_there:
        reason = "no rows of the fused network"
    elif gain.diverged:
        reason = gain.reason
    elif not gain.values:
        reason = f"the fused network and {name} share no seed"
    lost = reason == gain.reason != ""
    wider = widened(estimate(gain, step), error)
    return Yardstick(name, estimate(series, step), wider, reason, lost)


def _control(
    noise: Series, first: Series, step: float | None, error: tuple[float, int, str] | None
) -> Control | None:
    difference = widened(estimate(minus(noise, first), step), error)
    if difference is None:
        return None
    if difference.low is None:
        return Control(difference, None, "undecided")
    from spikefuse.stats import tost

    seeds = sorted(difference.values)
    test = tost(
        [noise.values[seed] for seed in seeds],
        [first.values[seed] for seed in seeds],
        CONTROL_MARGIN,
        resolution=step,
        further=None if error is None or error[1] < 2 else error[:2],
    )
    signed = {1: "above", -1: "below", 0: "undecided"}[difference.sign]
    return Control(difference, test, "equal" if test.equivalent else signed)


def gain_differences(snn: Baselines, dnn: Baselines) -> dict[str, Estimate]:
    """How much more the SNN gains than the DNN, paired by seed, for each yardstick that both have.

    Each is a difference of differences: (fused - yardstick) of the SNN minus that of the DNN.
    """
    found = {}
    # Of a run that is not finished, one kind may have a yardstick that the other still lacks.
    for name in (name for name in snn.yardsticks if name in dnn.yardsticks):
        first, second = snn.yardsticks[name].gain, dnn.yardsticks[name].gain
        if first is not None and second is not None:
            steps = [each.resolution for each in (snn, dnn) if each.resolution is not None]
            difference = minus(
                Series(first.values, variance=first.variance),
                Series(second.values, variance=second.variance),
            )
            error = snn.errors.get(_between(name, snn.best_modality, dnn.best_modality))
            more = widened(estimate(difference, max(steps, default=None)), error)
            if more is not None:
                silent = tuple(sorted({*first.silent, *second.silent}))
                found[name] = replace(more, silent=silent)
    return found


def _between(yardstick: str, ours: str | None, theirs: str | None) -> str:
    """The name of the error of a difference of gains; the better modality may be another."""
    if yardstick != BEST or ours is None or theirs is None:
        return over(yardstick)
    return over(alone(ours) if ours == theirs else both_alone(ours, theirs))
