"""Which fusion wins? Every kind at equal parameters, and experts trained apart of the same sum."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from spikefuse.core.checks import one_of
from spikefuse.core.errors import InputError
from spikefuse.data import FUSED, SOURCES, DataSettings, Source
from spikefuse.data.sources.registry import DEFAULT
from spikefuse.fusion import FUSIONS
from spikefuse.networks.spec import as_map
from spikefuse.studies.controls import plain_protocol
from spikefuse.studies.design import Cell, Grid, Study, joined_names
from spikefuse.studies.profiles import share_of

NETWORKS = ("dnn", "snn")
SIZES = ("S", "S/3")
QUICK = "quick"
QUICK_WITHOUT = ("late-weighted", "hybrid")
"""Not asked under `quick`, and neither is size S unless it is named. `hybrid` is trained as
`hybrid-product` is and answers by one head of it; `late-weighted` begins as `late` and learns one
number a modality more.
"""


def kinds_for(source: Source) -> list[str]:
    """Kinds of fusion that the maps of a source fit.

    Example:
        >>> kinds_for(SOURCES["builtin"])[:3]
        ['input', 'early', 'late']
    """
    settings = DataSettings(source=source.name)
    maps = {each.name: as_map(each.shape(settings)) for each in source.modalities}
    fitting = []
    for name, kind in FUSIONS.items():
        try:
            if not kind.for_one:
                kind.branches(maps)
                fitting.append(name)
        except InputError:
            continue
    return fitting


@dataclass(frozen=True)
class FusionStudy(Study):
    """Its cells depend on the data: the kinds that fit, and the size of one expert of many.

    Attributes:
        sizes: Of the fused networks.
        without: Kinds that are not asked.
        are_named: Whether somebody named the sizes: no profile leaves one of them out then.
    """

    sizes: tuple[str, ...] = SIZES
    without: tuple[str, ...] = ()
    are_named: bool = False

    def of_sizes(self, sizes: Iterable[str]) -> Self:
        """The study of fused networks of these sizes alone, under every profile.

        Args:
            sizes: Some of `SIZES`.

        Raises:
            InputError: One is none of them.
        """
        chosen = tuple(dict.fromkeys(one_of(self.name, "sizes", size, SIZES) for size in sizes))
        return replace(self, sizes=chosen, are_named=True)

    def under(self, profile: str) -> Self:
        """Under `quick` it ends in a quarter of an hour on two cores: see `QUICK_WITHOUT`."""
        if profile != QUICK:
            return self
        sizes = self.sizes if self.are_named else SIZES[-1:]
        return replace(self, sizes=sizes, without=QUICK_WITHOUT)

    def cells(self, protocols: Sequence[str], source: Source = SOURCES[DEFAULT]) -> list[Cell]:
        """Every fusion, and each modality alone at its share of each size."""
        names = joined_names(self.name, source)
        shares = [share_of(size, len(names)) for size in self.sizes]
        shared = {"network": NETWORKS, "reading": (self.reading,)}
        grids = (
            Grid({**shared, "modality": names, "size": shares}),
            Grid(
                {
                    **shared,
                    "modality": (FUSED,),
                    "size": self.sizes,
                    "fusion": [kind for kind in kinds_for(source) if kind not in self.without],
                }
            ),
        )
        protocol = plain_protocol(source)
        return [cell for grid in grids for cell in grid.cells(source, protocol)]


FUSION = FusionStudy(
    "fusion",
    "Fusion",
    "Which fusion wins, at equal parameters, and does any beat networks trained apart?",
    (),
    fewest_seeds=3,
)
"""The product of experts beside it has the same sum of parameters; see `analysis.fusion_kinds`."""
