"""Which fusion wins, from the rows of the study `fusion`: chosen on validation, told on the test.

The kind with the highest mean validation accuracy is the one that a user would take, so it is
compared with every other kind on the test set, paired by seed, and with the product of experts of
as many parameters in all. Holm's correction is over all of these of one network and size. A choice
on the test set would bring the winner the luck of its seeds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from spikefuse.analysis.estimates import LEVEL, Estimate, adjusted, estimate
from spikefuse.analysis.gains import NETWORKS, PRODUCT, TEMPERED_PRODUCT
from spikefuse.analysis.row_index import Level, Row
from spikefuse.analysis.series import Series, minus, resolution
from spikefuse.analysis.table import Table
from spikefuse.data.sources.contract import FUSED

STUDY = "fusion"


@dataclass(frozen=True)
class Entry:
    """One kind of fusion, or the product of experts.

    Attributes:
        accuracy: On the test set; None where a seed diverged.
        behind: This minus the chosen kind, paired by seed; None of the chosen one.
        p_value: That the two are equal, after Holm; None without an interval.
        over_product: This minus the product of experts, paired by seed.
        parameters: Of all networks together.
        macs: Multiply-accumulates of one dense pass of all networks together.
        reason: Why there is no accuracy; else empty.
    """

    fusion: str
    accuracy: Estimate | None
    behind: Estimate | None = None
    p_value: float | None = None
    over_product: Estimate | None = None
    parameters: int | None = None
    macs: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Race:
    """All kinds of one network and size.

    Attributes:
        best: The kind of highest validation accuracy; None where one diverged or is alone.
        entries: By name, the product of experts last where it is known.
    """

    network: str
    size: str
    protocol: str
    best: str | None
    entries: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def beaten(self) -> list[str]:
        """What the chosen kind is above, after Holm."""
        return [n for n, e in self.entries.items() if _stands(e) and e.behind and e.behind.sign < 0]

    @property
    def ahead(self) -> list[str]:
        """What is above the chosen kind, after Holm."""
        return [n for n, e in self.entries.items() if _stands(e) and e.behind and e.behind.sign > 0]

    @property
    def compared(self) -> int:
        """How many comparisons the correction is over."""
        return sum(entry.p_value is not None for entry in self.entries.values())


def _stands(entry: Entry) -> bool:
    return entry.p_value is not None and entry.p_value < LEVEL


def fusion_races(rows: Iterable[Row]) -> list[Race]:
    """Every network and size that has rows of the study.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    found = []
    for network in NETWORKS:
        levels: dict[str, Level] = {"study": STUDY, "network": network, "modality": FUSED}
        for size in table.levels("size", **levels):
            for protocol in table.levels("protocol", size=size, **levels):
                found.append(_race(table, levels | {"size": size, "protocol": protocol}))
    return found


def _race(table: Table, levels: dict[str, Level]) -> Race:
    apart = (PRODUCT, TEMPERED_PRODUCT)
    kinds = [name for name in table.levels("fusion", **levels) if name not in apart]
    tested = {name: table.series(fusion=name, **levels) for name in (*kinds, PRODUCT)}
    best = _chosen(table, levels, kinds, tested)
    product = tested[PRODUCT]
    step = resolution(*tested.values())
    behind = {
        name: estimate(minus(series, tested[best]), step)
        for name, series in tested.items()
        if best is not None and name != best
    }
    p_values = adjusted(behind)
    entries = {
        name: Entry(
            name,
            estimate(series, step),
            behind.get(name),
            p_values.get(name),
            estimate(minus(series, product), step) if name != PRODUCT else None,
            _whole(table, levels, name, "parameters"),
            _whole(table, levels, name, "macs"),
            series.reason,
        )
        for name, series in tested.items()
        if series.is_there
    }
    network, size, protocol = (str(levels[name]) for name in ("network", "size", "protocol"))
    return Race(network, size, protocol, best, entries)


def _chosen(
    table: Table, levels: dict[str, Level], kinds: list[str], tested: Mapping[str, Series]
) -> str | None:
    """By validation over the seeds that all kinds have; none where a seed diverged.

    A seed in which a kind is silent is left out of that choice, unless all of its seeds are.
    """
    validated = {n: table.series(fusion=n, split="validation", **levels).averaged for n in kinds}
    seeds = set.intersection(*map(set, validated.values())) if validated else set()
    if len(kinds) < 2 or not seeds or any(tested[name].diverged for name in kinds):
        return None
    means = {n: sum(v[seed] for seed in seeds) / len(seeds) for n, v in validated.items()}
    return max(means, key=lambda name: means[name])


def _whole(table: Table, levels: dict[str, Level], fusion: str, metric: str) -> int | None:
    rows = table.select(**levels, fusion=fusion, metric=metric)
    return int(float(rows[0]["value"])) if rows else None
