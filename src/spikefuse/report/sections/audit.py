"""The protocol audit as tables: what splits share, and how many distinct things they hold.

Source: `spikefuse.data.Audit`, as it stands in each trial's results.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from spikefuse.analysis.words import NONE
from spikefuse.data.sources.contract import FUSED
from spikefuse.report.reading.settings import number
from spikefuse.report.reading.sources import Trial
from spikefuse.report.tables import Column, Table

_KINDS = ("images", "clips", "speakers")
_PROTOCOLS = ("paper", "disjoint", "speaker", "official")
Key = tuple[str, str]


def _audits(
    trials: Sequence[Trial], modalities: Sequence[str]
) -> dict[Key, list[Mapping[str, Any]]]:
    """The audits by (protocol, modality): the leaking one first, fused networks first."""
    found: dict[Key, list[Mapping[str, Any]]] = defaultdict(list)
    for trial in trials:
        audit = trial.results.get("audit")
        if isinstance(audit, Mapping) and audit:
            protocol = str(trial.definition.get("protocol", ""))
            found[protocol, str(trial.definition.get("modality", ""))].append(audit)

    def rank(key: Key) -> tuple[int, int, Key]:
        protocol, modality = key
        first = _PROTOCOLS.index(protocol) if protocol in _PROTOCOLS else len(_PROTOCOLS)
        second = -modalities.index(modality) if modality in modalities else 1
        return first, second, key

    return {key: found[key] for key in sorted(found, key=rank)}


def _records(audit: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    records = audit.get(name)
    if not isinstance(records, Sequence) or isinstance(records, str):
        return []
    return [record for record in records if isinstance(record, Mapping)]


def _numbers(records: Iterable[Mapping[str, Any]], name: str) -> list[float]:
    return [found for record in records if (found := number(record.get(name))) is not None]


def _range(values: Sequence[float], form: str) -> str:
    """One number where all agree, else the smallest and the largest."""
    if not values:
        return NONE
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"


def audit_shares(trials: Sequence[Trial], modalities: Sequence[str]) -> dict[str, float]:
    """Share of validation clips that training holds too, by protocol, for fused networks."""
    shares = {}
    for (protocol, modality), audits in _audits(trials, modalities).items():
        overlaps = [
            overlap
            for audit in audits
            for overlap in _records(audit, "overlaps")
            if (overlap.get("first"), overlap.get("second")) == ("train", "validation")
        ]
        found = _numbers(overlaps, "clips_share")
        if modality == FUSED and found:
            shares[protocol] = fmean(found)
    return shares


def audit_tables(trials: Sequence[Trial], modalities: Sequence[str]) -> list[Table]:
    """What every two splits share, and what each split holds; empty without audits."""
    audits = _audits(trials, modalities)
    if not audits:
        return []
    return [_overlap_table(audits), _content_table(audits)]


def _by(
    audits: Sequence[Mapping[str, Any]], name: str, *keys: str
) -> dict[tuple[str, ...], list[Mapping[str, Any]]]:
    """The records of all audits by the values of their keys, in the order of the first audit."""
    found: dict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for audit in audits:
        for record in _records(audit, name):
            found[tuple(str(record.get(key, "")) for key in keys)].append(record)
    return found


def _overlap_table(audits: Mapping[Key, Sequence[Mapping[str, Any]]]) -> Table:
    rows = []
    for (protocol, modality), members in audits.items():
        for (first, second), overlaps in _by(members, "overlaps", "first", "second").items():
            cells = []
            for kind in _KINDS:
                share = _range(_numbers(overlaps, f"{kind}_share"), ".1%").replace("%", "\u00a0%")
                count = _range(_numbers(overlaps, kind), ",.0f")
                cells.append(NONE if share == NONE else f"{share} ({count})")
            rows.append((protocol, modality, f"{second} in {first}", *cells, str(len(members))))
    return Table(
        name="audit-shared",
        caption="Members of one split that another split holds too: share, and how many",
        columns=(
            Column("Protocol"),
            Column("Modality"),
            Column("Which in which"),
            Column("Images", number=True),
            Column("Clips", number=True),
            Column("Speakers", number=True),
            Column("Trials", number=True),
        ),
        rows=tuple(rows),
        heads=3,
    )


def _content_table(audits: Mapping[Key, Sequence[Mapping[str, Any]]]) -> Table:
    rows = []
    for (protocol, modality), members in audits.items():
        for (split,), contents in _by(members, "splits", "split").items():
            counts = [_range(_numbers(contents, name), ",.0f") for name in ("samples", *_KINDS)]
            rows.append((protocol, modality, split, *counts))
    return Table(
        name="audit-splits",
        caption="What each split holds: samples, and the distinct members behind them",
        columns=(
            Column("Protocol"),
            Column("Modality"),
            Column("Split"),
            Column("Samples", number=True),
            Column("Distinct images", number=True),
            Column("Distinct clips", number=True),
            Column("Speakers", number=True),
        ),
        rows=tuple(rows),
        heads=3,
    )
