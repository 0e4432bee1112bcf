"""What speakers cost whom training never heard, from the rows of the study `speakers`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.series import Series, minus, resolution
from spikefuse.analysis.table import (
    DEFAULT_STUDIES,
    SPLIT,
    Row,
    Table,
    default_levels,
    single_modalities,
)
from spikefuse.analysis.words import plural
from spikefuse.data.sources.contract import FUSED

if TYPE_CHECKING:
    from spikefuse.stats import Interval

STUDY = "speakers"


@dataclass(frozen=True)
class GroupSummary:
    """Test accuracy for speakers whom training never heard, one network kind and modality.

    Attributes:
        groups: Accuracy over seeds for each held-out speaker.
        mean: Of the speakers' means, t over speakers: what would other speakers give? None below
            four speakers, or where a seed diverged.
        known: Accuracy under protocol "disjoint", where training knows every test speaker; None
            where it is not stored or a seed diverged.
        cost: Known minus unknown speakers, paired by seed, t over speakers; None likewise.
        reason: Why a part is None; empty where none is.
        lost: The seeds of each held-out speaker of whom one diverged; they are not in `groups`.
    """

    network: str
    modality: str
    groups: Mapping[str, Estimate]
    mean: "Interval | None"
    known: Estimate | None
    cost: "Interval | None"
    reason: str
    lost: Mapping[str, Series] = field(default_factory=dict)


def group_summaries(rows: Iterable[Row]) -> list[GroupSummary]:
    """What unknown speakers cost, for every network kind and modality that has rows.

    Args:
        rows: Tidy rows, typed or as text; those of study "speakers", and of `model-size` or
            `controls` for the same networks with known speakers.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    summaries = (
        _summary(table, network, modality)
        for network in ("snn", "dnn")
        for modality in (*single_modalities(table), FUSED)
    )
    return [summary for summary in summaries if summary.groups or summary.lost]


def _summary(table: Table, network: str, modality: str) -> GroupSummary:
    levels = default_levels(network, modality) | {"size": "S"}
    unknown = levels | {"study": STUDY, "protocol": "speaker"}
    del unknown["held_out"]
    names = sorted(table.levels("held_out", **unknown))
    by_name = {name: table.series(**unknown, held_out=name) for name in names}
    by_name = {name: series for name, series in by_name.items() if series.is_there}
    # Where samples belong together whole groups are tested too: nobody knows those.
    known = table.series(study=DEFAULT_STUDIES, protocol=SPLIT, **levels)
    gaps = {name: minus(known, series) for name, series in by_name.items()}
    step = resolution(*by_name.values())
    mean = _over_groups(by_name, step)
    cost = _over_groups(gaps, step)
    return GroupSummary(
        network=network,
        modality=modality,
        groups={
            name: found
            for name, series in by_name.items()
            if (found := estimate(series, step)) is not None
        },
        mean=mean,
        known=estimate(known, resolution(known)),
        cost=cost,
        reason=_reason(by_name, gaps, has_mean=mean is not None, has_cost=cost is not None),
        lost={name: series for name, series in by_name.items() if series.diverged},
    )


def _reason(
    by_name: Mapping[str, Series], gaps: Mapping[str, Series], *, has_mean: bool, has_cost: bool
) -> str:
    """Why the mean or the cost is missing."""
    lost = dict.fromkeys(reason for series in gaps.values() for reason in series.reasons)
    if lost:
        return "; ".join(lost)
    if not has_mean:
        return f"{plural(len(by_name), 'speaker')} held out, an interval needs at least 4"
    return "" if has_cost else "no rows of the same networks and seeds with known speakers"


def _over_groups(by_name: Mapping[str, Series], step: float | None) -> "Interval | None":
    """The mean over speakers, each counting once however many seeds, for other speakers."""
    if any(series.diverged for series in by_name.values()):
        return None
    flat = [(speaker, value) for speaker in by_name for value in by_name[speaker].live.values()]
    from spikefuse.stats.groups import FEWEST_GROUPS, group_interval

    if len({speaker for speaker, _ in flat}) < FEWEST_GROUPS:
        return None
    return group_interval(
        [value for _, value in flat], [speaker for speaker, _ in flat], resolution=step
    )
