"""When a part of a claim is decided by how long networks were trained, not by what they are."""

from spikefuse.analysis.claims.observations import Observations
from spikefuse.analysis.claims.rules import Levels, Part
from spikefuse.analysis.effort import PAPER_EPOCHS, Effort, is_longer, words_beside


def doubt(part: Part, value: float, *, holds: bool, observed: Observations) -> str:
    """Why a part that holds or fails is not decided by that; empty where it is.

    - A level that is missed from below says nothing as long as more training could reach it. That
      it is reached, or passed, says something at any effort. That two networks end alike is about
      their ends, too: apart on the way there they say nothing.
    - A ranking of modalities says nothing where the side that is ahead was trained longer. That a
      side is ahead although it was trained less says all the more.
    """
    if part.kind in ("level", "extreme"):
        return "" if holds or value >= part.low else _too_little(part, observed)
    if part.kind == "equivalence":
        return "" if holds else _too_little(part, observed)
    return _unequal(part, holds=holds, observed=observed)


def _too_little(part: Part, observed: Observations) -> str:
    short = [
        (cell, effort)
        for _, cell in part.quantity.terms
        if not (effort := observed.effort(cell)).is_enough
    ]
    if not short:
        return ""
    cell, effort = min(short, key=lambda each: -1 if each[1].epochs is None else each[1].epochs)
    return (
        f"trained too little: {cell.words()} has {effort.words()} and not every seed a plateau, "
        f"the paper {PAPER_EPOCHS}"
    )


def _unequal(part: Part, *, holds: bool, observed: Observations) -> str:
    if part.kind not in ("ordering", "gap"):
        return ""
    above, below = (
        [cell for weight, cell in part.quantity.terms if (weight > 0) == positive]
        for positive in (True, False)
    )
    if {cell.modality for cell in above} & {cell.modality for cell in below}:
        return ""  # not a ranking of modalities
    ahead, behind = (above, below) if holds else (below, above)
    known: dict[Levels, Effort] = {cell: observed.effort(cell) for cell in (*ahead, *behind)}
    if all(effort.is_enough for effort in known.values()):
        return ""
    for first in ahead:
        for second in behind:
            if is_longer(known[first], known[second]) is not False:
                more, less = words_beside(known[first], known[second])
                return (
                    f"trained unequally: {first.words()}, which is ahead, has {more}, "
                    f"{second.words()} {less}"
                )
    return ""
