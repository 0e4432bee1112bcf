"""What groups cost whom training never met, from the rows of the studies that leave one out.

A group is whoever or whatever samples are of; what one is called, the run's record says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.series import Series, minus, resolution
from spikefuse.analysis.table import (
    DEFAULT_STUDIES,
    PAIRED,
    Table,
    single_modalities,
)
from spikefuse.analysis.words import plural, shown
from spikefuse.data.sources.contract import FUSED, Source

if TYPE_CHECKING:
    from spikefuse.stats import Interval

STUDIES = ("speakers", "subjects", "groups")
"""Names of the study that leaves groups out."""


@dataclass(frozen=True)
class GroupNames:
    """What a run's groups are called.

    Attributes:
        one: The noun: "speaker", "subject".
        are_known: Whether the test groups of its other networks are ones that training knows;
            None where its record does not say.
    """

    one: str = "speaker"
    are_known: bool | None = None

    @property
    def many(self) -> str:
        """The plural."""
        return f"{self.one}s"


def group_names(record: Mapping[str, Any], rows: Iterable[Row]) -> GroupNames:
    """What a run's groups are called, by its record, else by the name of its study.

    Example:
        >>> group_names({"groups": {"one": "patient", "are_known": False}}, [])
        GroupNames(one='patient', are_known=False)
        >>> group_names({}, [{"study": "subjects"}]).many
        'subjects'
    """
    said = record.get("groups")
    if isinstance(said, Mapping) and said.get("one"):
        known = said.get("are_known")
        return GroupNames(shown(said["one"]), known if isinstance(known, bool) else None)
    studies = Table(rows).levels("study")
    return GroupNames(next((name[:-1] for name in STUDIES if name in studies), "speaker"))


def groups_record(source: Source) -> dict[str, Any]:
    """What a run writes down of its source's groups, for `group_names`; empty without groups.

    Example:
        >>> from spikefuse.data.sources.registry import SOURCES
        >>> groups_record(SOURCES["builtin"])
        {'one': 'speaker', 'are_known': True}
    """
    if not source.grouped:
        return {}
    known = all(modality.knows_groups for modality in source.grouped)
    return {"one": source.group_noun, "are_known": known}


@dataclass(frozen=True)
class GroupSummary:
    """Test accuracy for groups whom training never met, one network kind and modality.

    Attributes:
        groups: Accuracy over seeds for each held-out group.
        mean: Of the groups' means, t over groups: what would other groups give? None below four
            groups, or where a seed diverged.
        known: Accuracy where training knows every test group; None where there is no such network,
            or a seed diverged.
        cost: Known minus unknown groups, paired by seed, t over groups; None likewise.
        reason: Why a part is None; empty where none is.
        lost: The seeds of each held-out group of which one diverged; they are not in `groups`.
    """

    network: str
    modality: str
    groups: Mapping[str, Estimate]
    mean: "Interval | None"
    known: Estimate | None
    cost: "Interval | None"
    reason: str
    lost: Mapping[str, Series] = field(default_factory=dict)


def group_summaries(rows: Iterable[Row], names: GroupNames | None = None) -> list[GroupSummary]:
    """What unknown groups cost, for every network kind and modality that has rows.

    Args:
        rows: Tidy rows, typed or as text; those of the studies in `STUDIES`, and of `model-size`
            or `controls` for the same networks with known groups.
        names: What the groups are called, from `group_names`; by the rows if left out.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    named = names or group_names({}, table)
    summaries = (
        _summary(table, network, modality, named)
        for network in ("snn", "dnn")
        for modality in (*single_modalities(table), FUSED)
    )
    return [summary for summary in summaries if summary.groups or summary.lost]


def _summary(table: Table, network: str, modality: str, names: GroupNames) -> GroupSummary:
    levels = table.default_levels(network, modality) | {"size": "S"}
    unknown: dict[str, Any] = levels | {"study": STUDIES, "protocol": "speaker"}
    del unknown["held_out"]
    held = sorted(table.levels("held_out", **unknown))
    by_name = {name: table.series(**unknown, held_out=name) for name in held}
    by_name = {name: series for name, series in by_name.items() if series.is_there}
    known = _known(table, levels, names)
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
        reason=_reason(by_name, gaps, names, has_mean=mean is not None, has_cost=cost is not None),
        lost={name: series for name, series in by_name.items() if series.diverged},
    )


def _known(table: Table, levels: Mapping[str, Any], names: GroupNames) -> Series:
    """The same network tested on groups that training knows; nothing where there is none."""
    protocol = table.protocol
    # Where samples belong together whole groups are tested as a rule: nobody knows those.
    is_known = protocol != PAIRED if names.are_known is None else names.are_known
    studies: tuple[str, ...] = DEFAULT_STUDIES if is_known else ()
    return table.series(study=studies, protocol=protocol, **levels)


def _reason(
    by_name: Mapping[str, Series],
    gaps: Mapping[str, Series],
    names: GroupNames,
    *,
    has_mean: bool,
    has_cost: bool,
) -> str:
    """Why the mean or the cost is missing."""
    lost = dict.fromkeys(reason for series in gaps.values() for reason in series.reasons)
    if lost:
        return "; ".join(lost)
    if not has_mean:
        return f"{plural(len(by_name), names.one)} held out, an interval needs at least 4"
    if has_cost:
        return ""
    if names.are_known is False:
        return f"the data's own test is of {names.many} whom training does not know either"
    return f"no rows of the same networks and seeds with known {names.many}"


def _over_groups(by_name: Mapping[str, Series], step: float | None) -> "Interval | None":
    """The mean over groups, each counting once however many seeds, for other groups."""
    if any(series.diverged for series in by_name.values()):
        return None
    flat = [(group, value) for group in by_name for value in by_name[group].live.values()]
    from spikefuse.stats.groups import FEWEST_GROUPS, group_interval

    if len({group for group, _ in flat}) < FEWEST_GROUPS:
        return None
    return group_interval(
        [value for _, value in flat], [group for group, _ in flat], resolution=step
    )
