"""Spikes as bits, and gradients as lists of events: what travels between neuron and product.

Both are tensors of a shape and a type like any other. An operation that knows them takes the bits
or the lists; any other, PyTorch's own included, gets floats, made at that moment. So layers stay
composable: who watches, disturbs or adds up spikes need not know how they are stored.

A row of C spikes is (C + 7) // 8 bytes, channel c in bit c % 8 of byte c // 8; `native/events.h`
holds the layout of both.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from spikefuse.core import library


def row_bytes(channels: int) -> int:
    """Bytes of a row of so many spikes."""
    return (channels + 7) // 8


class _Stored(Tensor):
    """A float32 tensor on the CPU that is stored in another way."""

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    def floats(self) -> Tensor:
        """The same values as an ordinary tensor."""
        raise NotImplementedError

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls,
        operation: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run an operation on floats, unless it only looks at the same bits in another way."""
        kept = _KEPT.get(operation)
        if kept is not None and not kwargs:
            result = kept(*args)
            if result is not None:
                return result
        return operation(*tree_map(as_floats, args), **tree_map(as_floats, kwargs or {}))


class SpikeTensor(_Stored):
    """Spikes [P, T, ..., C] of 0 and 1 as bits.

    Args:
        bits: [P, T, ..., bytes], uint8; bits past the last channel are zero.
        channels: C.
        needed: Bits in the same shape, set where a gradient of these spikes can matter; None where
            every one can.

    Attributes:
        fired: Spikes of each step and sample before pooling, int64 [P, T, B]; None where nobody
            asked.
    """

    bits: Tensor
    needed: Tensor | None
    counts: list[int]
    fired: Tensor | None

    @staticmethod
    def __new__(
        cls: Any,
        bits: Tensor,
        channels: int,
        needed: Tensor | None = None,
        counts: Sequence[int] | None = None,
    ) -> "SpikeTensor":
        """An empty shell of that shape, with the bits as attributes."""
        shape = (*bits.shape[:-1], channels)
        made: SpikeTensor = torch.Tensor._make_wrapper_subclass(cls, shape, dtype=torch.float32)
        made.bits, made.needed, made.fired = bits, needed, None
        made.counts = list(counts) if counts is not None else [count_bits(each) for each in bits]
        return made

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        """Shape and number of spikes; the values are in `floats()`."""
        return f"SpikeTensor({tuple(self.shape)}, {sum(self.counts)} spikes)"

    def floats(self) -> Tensor:
        """0 and 1 as float32."""
        return expand_bits(self.bits, self.shape[-1])

    def density(self, member: int) -> float:
        """The share of a member's neurons and steps that spike."""
        size = self.shape[1:].numel()
        return self.counts[member] / size if size else 0.0


class EventGradient(_Stored):
    """A gradient [P, T, B, H, W, C] of which most is zero, as lists of what is not.

    Args:
        shape: [P, T, B, H, W, C].
        value: [P, T * B * H * W * C], of which the beginning of each map's share is used.
        channel: The same, uint16.
        start: [P, T * B, H * W], uint32: where a pixel's events begin in the share of its map.
        count: [P, T * B, H * W], uint16.
        totals: Events of each member.
        broken: Whether a member has an event that is not finite.
    """

    value: Tensor
    channel: Tensor
    start: Tensor
    count: Tensor
    totals: list[int]
    broken: list[bool]

    @staticmethod
    def __new__(cls: Any, shape: Sequence[int], **stored: Any) -> "EventGradient":
        """An empty shell of that shape, with the lists as attributes."""
        made: EventGradient = torch.Tensor._make_wrapper_subclass(cls, shape, dtype=torch.float32)
        for name, each in stored.items():
            setattr(made, name, each)
        return made

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        """Shape and number of events; the values are in `floats()`."""
        return f"EventGradient({tuple(self.shape)}, {sum(self.totals)} events)"

    def floats(self) -> Tensor:
        """The gradient with its zeros."""
        return torch.stack([self.member_floats(member) for member in range(len(self.totals))])

    def member_floats(self, member: int) -> Tensor:
        """One member's gradient with its zeros, [T, B, H, W, C]."""
        to = torch.zeros(self.shape[1:])
        maps, pixels = self.start.shape[1:]
        if to.numel():
            library.load().spikefuse_expand_events(
                self.value[member].data_ptr(),
                self.channel[member].data_ptr(),
                self.start[member].data_ptr(),
                self.count[member].data_ptr(),
                to.data_ptr(),
                maps,
                pixels,
                self.shape[-1],
            )
        return to

    def density(self, member: int) -> float:
        """The share of a member's gradient that is not zero."""
        size = self.shape[1:].numel()
        return self.totals[member] / size if size else 0.0


def as_floats(value: Any) -> Any:
    """An ordinary tensor in place of a stored one; anything else as it is."""
    return value.floats() if isinstance(value, _Stored) else value


def count_bits(bits: Tensor) -> int:
    """How many bits of a contiguous uint8 tensor are set."""
    return int(library.load().spikefuse_count_bits(bits.data_ptr(), bits.numel()))


def expand_bits(bits: Tensor, channels: int) -> Tensor:
    """Bits [..., bytes] as float32 [..., channels]."""
    bits = bits.contiguous()
    to = torch.empty((*bits.shape[:-1], channels))
    if to.numel():
        library.load().spikefuse_expand_bits(
            bits.data_ptr(), to.data_ptr(), to.numel() // channels, channels
        )
    return to


def _viewed(spikes: Any, shape: Sequence[int]) -> SpikeTensor | None:
    """Spikes in another shape, where a row of the new one is whole rows of the old one."""
    if not isinstance(spikes, SpikeTensor):
        return None
    sizes = list(shape)
    if sizes.count(-1) == 1:
        known = -1
        for size in sizes:
            known *= size
        sizes[sizes.index(-1)] = spikes.numel() // known if known > 0 else 0
    channels, wide = spikes.shape[-1], sizes[-1] if sizes else 0
    is_whole = wide == channels or (channels % 8 == 0 and wide > 0 and wide % channels == 0)
    if not is_whole or not sizes or sizes[0] != spikes.shape[0] or not spikes.numel():
        return None
    rows = (*sizes[:-1], row_bytes(wide))
    needed = None if spikes.needed is None else spikes.needed.reshape(rows)
    return SpikeTensor(spikes.bits.reshape(rows), wide, needed, spikes.counts)


def _joined(parts: Sequence[Any], dim: int = 0) -> SpikeTensor | None:
    """Spikes side by side, where every part is whole bytes wide."""
    spikes = [part for part in parts if isinstance(part, SpikeTensor)]
    is_last = bool(parts) and dim in (-1, parts[0].dim() - 1)
    is_whole = len(spikes) == len(parts) and all(part.shape[-1] % 8 == 0 for part in spikes)
    if not (is_last and is_whole):
        return None
    needed = [part.needed for part in spikes if part.needed is not None]
    return SpikeTensor(
        torch.cat([part.bits for part in spikes], dim=-1),
        sum(part.shape[-1] for part in spikes),
        torch.cat(needed, dim=-1) if len(needed) == len(spikes) else None,
        [sum(each) for each in zip(*(part.counts for part in spikes), strict=True)],
    )


def _same(spikes: Any) -> Any:
    """The same bits as another tensor."""
    if isinstance(spikes, SpikeTensor):
        return SpikeTensor(spikes.bits, spikes.shape[-1], spikes.needed, spikes.counts)
    return None


_KEPT: dict[Any, Callable[..., Any]] = {
    torch.ops.aten.view.default: _viewed,
    torch.ops.aten._unsafe_view.default: _viewed,
    torch.ops.aten.cat.default: _joined,
    torch.ops.aten.detach.default: _same,
    torch.ops.aten.alias.default: _same,
}
"""Operations that leave bits bits; None from one of them means floats."""
