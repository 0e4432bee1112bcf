"""Levels of the column `disturbance`: what is done to a trained network's inputs, as a short text.

    KIND:MODALITY[+MODALITY...][:SHARE]

is a kind of noise at the input, the modalities it meets, and the share of the time steps, the last
ones, that it lasts. In a grid "each" stands for each modality of the data in turn, "subsets" for
every set of modalities that is not empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from spikefuse.core.checks import one_of, require
from spikefuse.data import Source
from spikefuse.noise.registry import NOISES

EACH_IN_TURN, SUBSETS = "each", "subsets"
_WHERE = "disturbance"


def disturbance(kind: str, modalities: Iterable[str], share: float = 1.0) -> str:
    """The level that says so.

    Example:
        >>> disturbance("mean", ("image", "audio")), disturbance("zeros", ("audio",), 0.5)
        ('mean:image+audio', 'zeros:audio:0.5')
    """
    text = f"{kind}:{'+'.join(modalities)}"
    return text if share == 1.0 else f"{text}:{share:g}"


def condition_fields(level: str) -> dict[str, Any]:
    """The fields of a `NoiseCondition` that a level stands for.

    Raises:
        InputError: It is no such text, or names a kind that there is not.

    Example:
        >>> condition_fields("zeros:audio:0.5")["steps_share"]
        0.5
    """
    kind, *further = level.split(":")
    one_of(_WHERE, "kind", kind, NOISES)
    sound = len(further) in (1, 2) and bool(further[0])
    require(sound, _WHERE, "level", "KIND:MODALITY[+MODALITY...][:SHARE]", level)
    share = float(further[1]) if len(further) == 2 else 1.0
    return {"kind": kind, "modalities": tuple(further[0].split("+")), "steps_share": share}


def filled(levels: Iterable[str], source: Source) -> Iterator[str]:
    """Levels with the source's own modalities."""
    names = [modality.name for modality in source.modalities]
    for level in levels:
        if not level:
            yield level
            continue
        kind, chosen, *share = level.split(":")
        known: dict[str, list[tuple[str, ...]]] = {
            EACH_IN_TURN: [(name,) for name in names],
            SUBSETS: [c for n in range(1, len(names) + 1) for c in combinations(names, n)],
        }
        for each in known.get(chosen, [tuple(chosen.split("+"))]):
            yield disturbance(kind, each, float(share[0]) if share else 1.0)
