"""The protocol audit as tables: what splits share, and how many distinct things they hold.

Source: `spikefuse.data.Audit`, as it stands in each trial's results.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from spikefuse.analysis.words import NONE
from spikefuse.data.sources.contract import FUSED
from spikefuse.data.splits.protocols import PROTOCOLS
from spikefuse.report.reading.settings import number
from spikefuse.report.reading.sources import Trial
from spikefuse.report.tables import Column, Table

_NOUNS = ("images", "clips", "speakers")
_PROTOCOLS = (*PROTOCOLS, "official")
Key = tuple[str, str]


@dataclass(frozen=True)
class _Kind:
    """Something distinct that splits hold.

    Args:
        title: Of its columns.
        field: Of a record: a noun's own, or "distinct" or "groups" with counts by modality.
        modality: Whose count it is; empty for a noun.
    """

    title: str
    field: str
    modality: str = ""

    @property
    def distinct_title(self) -> str:
        """Of the column that says how many there are."""
        is_sample = self.field == "distinct" or self.field in _NOUNS[:2]
        return f"Distinct {self.title.lower()}" if is_sample else self.title

    def numbers(self, records: Iterable[Mapping[str, Any]], ending: str = "") -> list[float]:
        """The counts of the records, or with the ending "_share" their shares."""
        name = self.field + ending
        if not self.modality:
            return _numbers(records, name)
        inner = (record.get(name) for record in records)
        return _numbers((each for each in inner if isinstance(each, Mapping)), self.modality)


def _kinds(audits: Iterable[Mapping[str, Any]]) -> list[_Kind]:
    """What splits are counted by: nouns where they name every modality, else modalities."""
    distinct: dict[str, None] = {}
    groups: dict[str, None] = {}
    is_named = True
    for record in (each for audit in audits for each in _records(audit, "splits")):
        names, own = (_mapping(record.get(name)) for name in ("distinct", "groups"))
        distinct |= dict.fromkeys(map(str, names))
        groups |= dict.fromkeys(map(str, own))
        is_named &= len(names) <= sum(number(record.get(noun)) is not None for noun in _NOUNS[:2])
    if is_named:
        return [_Kind(noun.capitalize(), noun) for noun in _NOUNS]
    kinds = [_Kind(name.capitalize(), "distinct", name) for name in distinct]
    return kinds + [_Kind(f"{name.capitalize()} groups", "groups", name) for name in groups]


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


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
    """Share of the paired validation samples (clips) that training holds too, by protocol."""
    shares = {}
    for (protocol, modality), audits in _audits(trials, modalities).items():
        overlaps = [
            overlap
            for audit in audits
            for overlap in _records(audit, "overlaps")
            if (overlap.get("first"), overlap.get("second")) == ("train", "validation")
        ]
        # What is paired with the leading modality is what a pairing repeats.
        repeated = [kind for kind in _kinds(audits) if kind.field in ("clips", "distinct")][-1:]
        found = [share for kind in repeated for share in kind.numbers(overlaps, "_share")]
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
    kinds = _kinds(audit for members in audits.values() for audit in members)
    rows = []
    for (protocol, modality), members in audits.items():
        for (first, second), overlaps in _by(members, "overlaps", "first", "second").items():
            cells = []
            for kind in kinds:
                share = _range(kind.numbers(overlaps, "_share"), ".1%").replace("%", "\u00a0%")
                count = _range(kind.numbers(overlaps), ",.0f")
                cells.append(NONE if share == NONE else f"{share} ({count})")
            rows.append((protocol, modality, f"{second} in {first}", *cells, str(len(members))))
    return Table(
        name="audit-shared",
        caption="Members of one split that another split holds too: share, and how many",
        columns=(
            Column("Protocol"),
            Column("Modality"),
            Column("Which in which"),
            *(Column(kind.title, number=True) for kind in kinds),
            Column("Trials", number=True),
        ),
        rows=tuple(rows),
        heads=3,
    )


def _content_table(audits: Mapping[Key, Sequence[Mapping[str, Any]]]) -> Table:
    kinds = _kinds(audit for members in audits.values() for audit in members)
    rows = []
    for (protocol, modality), members in audits.items():
        for (split,), contents in _by(members, "splits", "split").items():
            samples = _range(_numbers(contents, "samples"), ",.0f")
            counts = [_range(kind.numbers(contents), ",.0f") for kind in kinds]
            rows.append((protocol, modality, split, samples, *counts))
    return Table(
        name="audit-splits",
        caption="What each split holds: samples, and the distinct members behind them",
        columns=(
            Column("Protocol"),
            Column("Modality"),
            Column("Split"),
            Column("Samples", number=True),
            *(Column(kind.distinct_title, number=True) for kind in kinds),
        ),
        rows=tuple(rows),
        heads=3,
    )
