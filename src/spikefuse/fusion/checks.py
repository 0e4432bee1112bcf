"""What a fusion gives back, against what it says of itself: somebody's own may be mistaken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from spikefuse.core.checks import require

if TYPE_CHECKING:
    from torch import Tensor


def check_joined(fusion: str, heads: Mapping[str, int], joined: Any, is_whole: bool) -> None:
    """Refuse what `join_features` gave where it is not what `heads` says.

    Args:
        fusion: Its name.
        heads: Features that each head sees.
        joined: Features [P, T, B, F] by head.
        is_whole: All modalities are there; of some of them a fusion may serve some heads.

    Raises:
        InputError: Heads or widths are others, or it is no mapping of tensors.
    """
    what = f"join_features of {fusion}"
    told = f"a dictionary of features by head ({', '.join(heads)})"
    require(isinstance(joined, Mapping), "fusion", what, told, type(joined).__name__)
    is_told = joined.keys() == heads.keys() or (not is_whole and {*joined} < {*heads})
    require(is_told, "fusion", f"heads of {fusion}", ", ".join(heads), ", ".join(map(str, joined)))
    for head, x in joined.items():
        shape = _shape(x)
        layout = f"[P, T, B, {heads[head]}], as its heads say of {head}"
        is_fine = len(shape) == 4 and shape[-1] == heads[head]
        require(is_fine, "fusion", what, layout, shape or type(x).__name__)


def check_answer(fusion: str, logits: Mapping[str, Tensor], answer: Any) -> None:
    """Refuse what `join_logits` gave where it has not the shape of a head's logits [P, B, K].

    Raises:
        InputError: It has another, or is no tensor.
    """
    wanted = _shape(next(iter(logits.values())))
    shape = _shape(answer)
    what = f"join_logits of {fusion}"
    require(shape == wanted, "fusion", what, f"of shape {wanted}", shape or type(answer).__name__)


def _shape(x: Any) -> tuple[int, ...]:
    return tuple(getattr(x, "shape", ()))
