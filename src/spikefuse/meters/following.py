"""Where a tensor comes from, followed through the operations that only move values.

What a neuron sends stays spikes through pooling by maximum, flattening, concatenation and the like;
anything else that computes makes it real, also where its values happen to be 0 and 1.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from spikefuse.core.errors import InputError
from spikefuse.meters.counts import REAL, SPIKES

_MOVES = """
    adaptive_max_pool2d amax bfloat16 broadcast_to cat chunk clone concat concatenate contiguous cpu
    cuda detach double expand expand_as flatten flip float half hstack index_select max_pool1d
    max_pool2d maximum movedim moveaxis narrow permute ravel relu repeat reshape reshape_as roll
    select split split_with_sizes squeeze stack swapaxes swapdims t tile to transpose type type_as
    unbind unflatten unsqueeze view view_as vstack __getitem__ __get__
"""
MOVES = frozenset(_MOVES.split())
"""Functions of PyTorch after which spikes are still spikes."""

_PRODUCTS = """
    linear bilinear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d matmul
    mm bmm addmm baddbmm mv addmv dot einsum tensordot scaled_dot_product_attention __matmul__
    __rmatmul__
"""
PRODUCTS = frozenset(_PRODUCTS.split())
"""Functions with synaptic operations: outside the counted layers they would be missing."""

_ORIGIN = "_spikefuse_origin"


@dataclass(frozen=True)
class Origin:
    """Where a tensor comes from.

    Args:
        source: `SPIKES`, or `REAL`.
        segments: The branches that meet along its last axis, each with its width; one branch alone
            has the whole axis; none where nobody said.
        over_time: What this tensor is the mean over time of, [P, T, B, ...].
    """

    source: str = REAL
    segments: tuple[tuple[str, int], ...] = ()
    over_time: Tensor | None = None

    @property
    def branch(self) -> str:
        """Its branches in one word."""
        return joint(name for name, _ in self.segments)


def joint(branches: Iterable[str]) -> str:
    """The name of what several branches made together.

    Example:
        >>> joint(["image", "audio+image"])
        'audio+image'
    """
    return "+".join(sorted({each for branch in branches for each in branch.split("+")}))


_UNKNOWN = Origin()


def origin_of(tensor: Tensor) -> Origin:
    """Where a tensor comes from; what nobody marked is real."""
    found: Origin = getattr(tensor, _ORIGIN, _UNKNOWN)
    return found


def mark(tensor: Tensor, origin: Origin) -> None:
    """Say where a tensor comes from."""
    setattr(tensor, _ORIGIN, origin)


def tensors_in(values: Any) -> Iterator[Tensor]:
    """Every tensor in nested tuples, lists and dictionaries."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, dict):
        yield from tensors_in(tuple(values.values()))
    elif isinstance(values, (tuple, list)):
        for value in values:
            yield from tensors_in(value)


class Following(TorchFunctionMode):
    """Marks the results of every function of PyTorch while it is active.

    Args:
        strict: Refuse a product outside of the counted layers (`depth` is 0): it would be missing.
    """

    def __init__(self, strict: bool = True) -> None:
        super().__init__()
        self.strict = strict
        self.depth = 0
        self.paused = False

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Leave the counting itself alone: following it would only take time."""
        self.paused = True
        try:
            # Else every function would ask this mode first, which takes as long as a small one.
            with torch._C.DisableTorchFunction():
                yield
        finally:
            self.paused = False

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call the function, refuse an uncounted product, mark the result."""
        name = getattr(func, "__name__", "")
        if self.strict and self.depth == 0 and name in PRODUCTS:
            raise InputError(
                f"count: module must multiply by weights in Conv2d and Linear layers alone, "
                f"got a call of {name} outside of them. Its operations would be missing."
            )
        arguments = kwargs or {}
        result = func(*args, **arguments)
        # Most calls ask for a size or a type: those are over here, before anything is gathered.
        if self.paused or not isinstance(result, (Tensor, tuple, list, dict)):
            return result
        results = (result,) if isinstance(result, Tensor) else tuple(tensors_in(result))
        if results:
            sources = [(each, origin_of(each)) for each in tensors_in((args, arguments))]
            # All before any is marked: what works in place has its input for a result.
            found = [_origin_after(name, args, arguments, sources, each) for each in results]
            for tensor, origin in zip(results, found, strict=True):
                mark(tensor, origin)
        return result


def _origin_after(
    name: str,
    args: tuple[Any, ...],
    arguments: dict[str, Any],
    sources: Sequence[tuple[Tensor, Origin]],
    result: Tensor,
) -> Origin:
    origins = [origin for _, origin in sources]
    are_spikes = bool(origins) and all(origin.source == SPIKES for origin in origins)
    source = SPIKES if are_spikes and _moves(name, arguments) else REAL
    over_time = None
    if name == "mean" and _dimension(args, arguments) == 1:
        over_time = sources[0][0]
    return Origin(source, _segments(name, args, arguments, sources, result), over_time)


def _dimension(args: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
    """The axis that a call names, first after its tensors; 0 is where PyTorch joins by default."""
    return arguments.get("dim", args[1] if len(args) > 1 else 0)


def _segments(
    name: str,
    args: tuple[Any, ...],
    arguments: dict[str, Any],
    sources: Sequence[tuple[Tensor, Origin]],
    result: Tensor,
) -> tuple[tuple[str, int], ...]:
    known = [(tensor, origin) for tensor, origin in sources if origin.segments]
    branches = dict.fromkeys(name for _, origin in known for name, _ in origin.segments)
    if len(branches) <= 1 or not result.dim():
        return tuple((branch, result.shape[-1] if result.dim() else 1) for branch in branches)
    joins = name.lstrip("_") in ("cat", "concat", "concatenate")
    if joins and _dimension(args, arguments) in (-1, result.dim() - 1):
        return tuple(segment for _, origin in known for segment in origin.segments)
    first = known[0][1].segments
    if all(origin.segments == first for _, origin in known) and result.shape[-1] == sum(
        width for _, width in first
    ):
        return first
    return ((joint(branches), result.shape[-1]),)


def _moves(name: str, arguments: dict[str, Any]) -> bool:
    if name.startswith("dropout") or name.endswith("_dropout"):
        return arguments.get("training") is False
    return name.lstrip("_") in MOVES or name in MOVES
