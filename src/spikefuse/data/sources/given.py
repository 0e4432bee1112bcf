"""What somebody gives as arrays, labels, groups and test split: checked, and made tensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from spikefuse.core.checks import one_of, require
from spikefuse.core.errors import InputError
from spikefuse.core.streams import torch_stream
from spikefuse.data.sources.contract import KINDS
from spikefuse.data.splits.sampling import stratified

if TYPE_CHECKING:
    from torch import Tensor

_SHAPED = "Name words by their number, and pad or crop."
_NUMBERED = "Number the classes from 0, and name them with classes=[...]."


def _tensor(where: str, argument: str, array: Any, remedy: str = _SHAPED) -> Tensor:
    """A tensor on the CPU, of a tensor, an array or a list."""
    import torch

    is_one_pass = isinstance(array, Iterator)
    require(not is_one_pass, where, argument, "a list, an array or a tensor", "a generator")
    is_dense = not isinstance(array, torch.Tensor) or array.layout == torch.strided
    require(is_dense, where, argument, "a dense tensor", "a sparse one (use .to_dense())")
    try:
        found = array if isinstance(array, torch.Tensor) else torch.as_tensor(_plain(array))
    except (TypeError, ValueError) as error:  # words, objects, or lists of different lengths
        raise InputError(
            f"{where}: {argument} must be numbers, each sample's of one shape, got something else "
            f"({str(error).partition('. ')[0]}). {remedy}"
        ) from None
    return found.detach().cpu()


def _plain(array: Any) -> Any:
    """An array that PyTorch can share: of this machine's byte order, forwards, writable."""
    import numpy as np

    found = np.asarray(array)
    if found.dtype.kind in "biufc" and not found.dtype.isnative:
        found = found.astype(found.dtype.newbyteorder("="))
    is_forward = all(stride >= 0 for stride in found.strides)
    return found if is_forward and found.flags.writeable else found.copy()


def read_inputs(where: str, array: Any, kind: str | None) -> tuple[Tensor, str]:
    """[N, C, H, W]; a picture without channels gets one, a vector is one place of many channels."""
    import torch

    tensor = _tensor(where, "inputs", array).contiguous()
    axes = tensor.dim() - 1
    shaped = "[N, ...] with one to three further axes (events [N, polarities, H, W, bins])"
    is_fine = axes == 4 if kind == "events" else 1 <= axes <= 3
    is_fine = is_fine and tensor.numel() > 0
    require(is_fine, where, "inputs", f"{shaped}, none of them empty", tuple(tensor.shape))
    if kind is None:
        kind = "image" if tensor.dtype == torch.uint8 and axes > 1 else "array"
    dtype = getattr(torch, KINDS[one_of(where, "kind", kind, KINDS)].dtype)
    # Nothing is cast that could lose something: pixels and counts are whole numbers already.
    is_fine = tensor.dtype == dtype if not dtype.is_floating_point else not tensor.is_complex()
    require(is_fine, where, "inputs", f"of type {dtype} for kind {kind!r}", str(tensor.dtype))
    tensor = tensor.to(dtype)
    is_fine = kind != "events" or int(tensor.min()) >= 0
    require(is_fine, where, "inputs", "numbers of events, 0 or more", "less than 0")
    if tensor.dtype.is_floating_point:
        finite = bool(torch.isfinite(tensor).all())
        require(finite, where, "inputs", "finite", "a number that is not")
    if axes == 1:
        tensor = tensor[..., None, None]
    return (tensor[:, None] if tensor.dim() == 3 else tensor), kind


def read_labels(where: str, labels: Any, count: int) -> Tensor:
    """Labels [N] as int64.

    Raises:
        InputError: They are no whole numbers from 0, or others than N.
    """
    require(labels is not None, where, "labels", "given for every modality", None)
    import torch

    tensor = _tensor(where, "labels", labels, _NUMBERED)
    is_whole = not tensor.dtype.is_floating_point and not tensor.is_complex()
    is_fine = is_whole and tuple(tensor.shape) == (count,)
    got = (str(tensor.dtype), tuple(tensor.shape))
    require(is_fine, where, "labels", f"{count} whole numbers", got)
    numbers = tensor.to(torch.int64)
    require(int(numbers.min()) >= 0, where, "labels", "0 or more", int(numbers.min()))
    return numbers


def read_groups(where: str, groups: Any, count: int) -> tuple[Tensor | None, tuple[str, ...]]:
    """Each sample's group [N] as its place among the names, and the names; None without groups.

    Raises:
        InputError: They are others than N.
    """
    import torch

    if groups is None:
        return None, ()
    is_list = isinstance(groups, Iterable) and not isinstance(groups, str)
    require(is_list, where, "groups", f"a list of {count} words or numbers", groups)
    each = groups.tolist() if hasattr(groups, "tolist") else list(groups)
    require(None not in each, where, "groups", "a word or number of every sample", None)
    words = [str(word) for word in each]
    require(len(words) == count, where, "groups", f"{count} words or numbers", len(words))
    names = tuple(sorted(set(words)))
    place = {word: position for position, word in enumerate(names)}
    return torch.tensor([place[word] for word in words], dtype=torch.int64), names


def read_test(where: str, test: Any, labels: Tensor, groups: Tensor | None) -> Tensor:
    """Mask of the test samples: as given, a stratified share, or whole groups."""
    import torch

    count = len(labels)
    if not isinstance(test, int | float):
        require(test is not None, where, "test", "given for every modality", None)
        mask = _tensor(where, "test", test)
        is_fine = mask.dtype == torch.bool and tuple(mask.shape) == (count,)
        constraint = f"a share, or a mask of {count} samples"
        require(is_fine, where, "test", constraint, (str(mask.dtype), tuple(mask.shape)))
        return _two_sided(where, mask)
    require(0 < test < 1, where, "test", "a share between 0 and 1", test)
    if groups is not None:
        present = groups.unique()
        held = max(1, round(len(present) * test))
        require(held < len(present), where, "groups", "two or more", len(present))
        order = torch.randperm(len(present), generator=torch_stream(0, "official test", "groups"))
        return torch.isin(groups, present[order[:held]])
    everyone = torch.arange(count)
    chosen = stratified(everyone, labels, round(count * test), 0, "official test")
    return _two_sided(where, torch.isin(everyone, chosen))


def _two_sided(where: str, mask: Tensor) -> Tensor:
    count, held = len(mask), int(mask.sum())
    told = f"such that of {count} samples some are tested and some are left"
    require(0 < held < count, where, "test", told, f"{held} tested")
    return mask
