"""What `spikefuse show` has beside the paper's figures: held-out groups and any other study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikefuse.analysis.cells import Condition, conditions
from spikefuse.analysis.figures import FIGURES
from spikefuse.analysis.groups import (
    STUDIES,
    GroupNames,
    GroupSummary,
    group_names,
    group_summaries,
)
from spikefuse.analysis.table import DEFAULT_STUDIES, SINGLE
from spikefuse.analysis.table import Table as Rows
from spikefuse.report.group_tables import group_table, summary_table
from spikefuse.report.tables import Table, conditions_table


@dataclass(frozen=True)
class Further:
    """What is shown beside the figures.

    Attributes:
        names: What groups are called.
        groups: What held-out groups gave.
        studies: The conditions of the studies that no figure is about.
        split: Whose accuracies the conditions have.
    """

    names: GroupNames
    groups: Sequence[GroupSummary]
    studies: Mapping[str, Sequence[Condition]]
    split: str

    def tables(self) -> list[Table]:
        """As tables for a terminal."""
        found = []
        if self.groups:
            found += [summary_table(self.groups, self.names), group_table(self.groups, self.names)]
        return found + [
            conditions_table(study, self.split, cells) for study, cells in self.studies.items()
        ]

    def record(self) -> dict[str, Any]:
        """As plain JSON values, every seed's number among them; empty where nothing is there."""
        groups = [_group_record(each) for each in self.groups]
        studies = {
            study: [_condition_record(each) | {"split": self.split} for each in cells]
            for study, cells in self.studies.items()
        }
        return ({"groups": groups} if groups else {}) | ({"studies": studies} if studies else {})


def are_single(rows: Rows) -> bool:
    """Whether all networks were trained one by one: then no study asked anything of them."""
    return rows.levels("study") == [SINGLE]


def further(
    rows: Rows,
    record: Mapping[str, Any],
    study: str | None,
    protocol: str | None,
    split: str | None,
) -> Further:
    """What there is beside the figures, of the studies and protocol that are asked for.

    Args:
        rows: Tidy rows.
        record: What the run wrote about itself.
        study: The only study; None for all.
        protocol: The only protocol; None for all.
        split: "validation" or "test"; the test where nothing is said.
    """
    chosen = split or ("validation" if protocol == "paper" else "test")
    names = group_names(record, rows)
    has_groups = study in (None, *STUDIES) and protocol in (None, "speaker") and chosen == "test"
    found = {
        name: conditions(rows, name, chosen, protocol or "") for name in _without_view(rows, study)
    }
    return Further(
        names,
        group_summaries(rows, names) if has_groups else [],
        {name: cells for name, cells in found.items() if cells},
        chosen,
    )


def _without_view(rows: Rows, study: str | None) -> list[str]:
    """The studies whose conditions are shown: of those asked for, what no figure is about."""
    left_out = {*(figure.study for figure in FIGURES), *STUDIES}
    if study is not None:
        return [name for name in rows.levels("study") if name == study and name not in left_out]
    # What a study of ours found has views of its own; its conditions are shown on request.
    left_out |= {*DEFAULT_STUDIES}
    # Beside studies, single networks are shown on request; alone they are all there is.
    left_out |= set() if are_single(rows) else {SINGLE}
    names = [name for name in rows.levels("study") if name not in left_out]
    if not names:
        return []
    # A tenth of a second, for which only a table with another study than these has to wait.
    from spikefuse.studies import STUDIES as BUILT_IN

    return [name for name in names if name not in BUILT_IN]


def _condition_record(found: Condition) -> dict[str, Any]:
    accuracy = found.accuracy
    return {
        "condition": found.words,
        "mean": accuracy.mean if accuracy else None,
        "low": accuracy.low if accuracy else None,
        "high": accuracy.high if accuracy else None,
        "n": found.series.n,
        "values": {str(seed): value for seed, value in found.series.values.items()},
        "reason": found.series.reason,
    }


def _group_record(found: GroupSummary) -> dict[str, Any]:
    return {
        "network": found.network,
        "modality": found.modality,
        "held_out": {
            name: {str(seed): value for seed, value in each.values.items()}
            for name, each in found.groups.items()
        },
        "mean": _ends(found.mean),
        "cost": _ends(found.cost),
        "reason": found.reason,
    }


def _ends(found: Any) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"mean": found.estimate, "low": found.low, "high": found.high, "n": found.n}
