"""What is the leak of pairing first and splitting afterwards worth, at equal clips?

Under `paper` training holds more distinct clips than under `disjoint`, whose validation has some
for itself: a difference between the two is the leak and more clips together. Here `paper` also runs
on fewer clips, so many that its training is expected to hold as many distinct ones as that of
`disjoint`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spikefuse.data import FUSED, Modality, Selection, Source
from spikefuse.studies.controls import NETWORKS
from spikefuse.studies.design import Grid, Level, Study
from spikefuse.studies.readings import MATCHED


@dataclass(frozen=True)
class LeakStudy(Study):
    """Fused networks under both pairings, and under `paper` with the clips matched."""

    @property
    def pairs_itself(self) -> bool:
        """Both pairings are what it compares."""
        return True

    def _conditions(
        self, protocols: Sequence[str], source: Source
    ) -> list[tuple[str, dict[str, Level]]]:
        if source.is_paired:  # nobody pairs them, so no pairing leaks
            return []
        return [("disjoint", {}), ("paper", {}), ("paper", {"reading": MATCHED})]


LEAK = LeakStudy(
    "leak",
    "The leak of the pairing, at equal clips",
    "What is pairing before the split worth, with as many distinct clips in training?",
    (Grid({"network": NETWORKS, "modality": (FUSED,)}),),
    fewest_seeds=3,
)


def matched_selection(selection: Selection, source: Source, seen: Sequence[Modality]) -> Selection:
    """The selection under `paper` whose training holds as many distinct clips as `disjoint`'s.

    Args:
        selection: As both pairings have it.
        source: Whose samples are paired by class.
        seen: The modalities of a network, the leading one first.
    """
    leading, *others = seen
    pairs = min(selection.train_of(leading) or leading.train, leading.train)
    share = selection.validation_of(leading)
    update: dict[str, Any] = {"train": dict(selection.train)}
    for other in others:
        whole = min(selection.train_of(other) or other.train, other.train)
        wanted = whole - round(whole * selection.validation_of(other))
        count = matched_count(pairs, share, wanted, whole)
        if other.fields.train is None:
            update["train"][other.name] = count
        else:
            update[other.fields.train] = count
    return selection.model_copy(update=update)


def matched_count(pairs: int, validation_share: float, wanted: int, whole: int) -> int:
    """The fewest clips of which as many as wanted are expected in training; at most all.

    Args:
        pairs: Pairs of training and validation together; clips are repeated equally often.
        validation_share: Share of the pairs that validate.
        wanted: Distinct clips in training.
        whole: Clips that there are.

    Example:
        >>> matched_count(5_000, 0.2, 2_200, 2_700), matched_count(60_000, 0.2, 2_200, 2_700)
        (2277, 2200)
    """

    def expected(count: int) -> float:
        times, extra = divmod(pairs, count)
        missing = validation_share**times
        return count - (count - extra) * missing - extra * missing * validation_share

    return next((n for n in range(wanted, whole) if expected(n) >= wanted), whole)
