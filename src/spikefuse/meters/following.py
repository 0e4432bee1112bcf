"""Where a tensor comes from, followed through the operations that only move values.

What a neuron sends stays spikes through pooling by maximum, flattening, concatenation and the like;
anything else that computes makes it real, also where its values happen to be 0 and 1.
"""

from collections.abc import Iterator
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from spikefuse.core.errors import InputError
from spikefuse.meters.counts import REAL, SPIKES

_MOVES = """
    adaptive_max_pool2d amax bfloat16 broadcast_to cat chunk clone concat concatenate contiguous cpu
    cuda detach double expand expand_as flatten flip float half hstack index_select max_pool1d
    max_pool2d movedim moveaxis narrow permute ravel relu repeat reshape reshape_as roll select
    split split_with_sizes squeeze stack swapaxes swapdims t tile to transpose type type_as unbind
    unflatten unsqueeze view view_as vstack __getitem__ __get__
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


def origin_of(tensor: Tensor) -> str:
    """`SPIKES` or `REAL`; what nobody marked is real."""
    return str(getattr(tensor, _ORIGIN, REAL))


def mark(tensor: Tensor, origin: str) -> None:
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

    A product outside of the counted layers (`depth` is 0) is refused: it would be missing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call the function, refuse an uncounted product, mark the result."""
        name = getattr(func, "__name__", "").strip()
        if self.depth == 0 and name in PRODUCTS:
            raise InputError(
                f"count: module must multiply by weights in Conv2d and Linear layers alone, "
                f"got a call of {name} outside of them. Its operations would be missing."
            )
        arguments = kwargs or {}
        result = func(*args, **arguments)
        origin = REAL
        if _moves(name, arguments):
            sources = list(tensors_in((args, arguments)))
            if sources and all(origin_of(each) == SPIKES for each in sources):
                origin = SPIKES
        for tensor in tensors_in(result):
            mark(tensor, origin)
        return result


def _moves(name: str, arguments: dict[str, Any]) -> bool:
    if name.startswith("dropout") or name.endswith("_dropout"):
        return arguments.get("training") is False
    return name.lstrip("_") in MOVES or name in MOVES
