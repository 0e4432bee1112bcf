"""What a CUDA graph does, on the CPU: records operations once, then repeats them on its memory."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from spikefuse.training.graph import WARM_UPS


class Tape(TorchDispatchMode):
    """Records every operation below autograd with its tensors; replays them without Python.

    Numbers that Python computed during the recording stay what they were, as in a CUDA graph. A
    look at a tensor's value, which a CUDA graph cannot record, is an error.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []
        self.replays = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:
            raise RuntimeError("operation not permitted when stream is capturing")
        result = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, result))
        return result

    @torch.no_grad()
    def replay(self) -> None:
        """Repeat the operations; each result is written where the first one was."""
        self.replays += 1
        for func, args, kwargs, result in self.calls:
            for old, new in zip(
                tree_leaves(result), tree_leaves(func(*args, **kwargs)), strict=True
            ):
                if isinstance(old, Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


class TapeCapture:
    """A capture for `TrainingSteps` that keeps its tapes, and treats them as graphs are treated."""

    def __init__(self) -> None:
        self.tapes: list[Tape] = []

    def __call__(self, step: Callable[[], None], state: Sequence[Tensor]) -> Callable[[], None]:
        before = [tensor.detach().clone() for tensor in state]

        def put_back() -> None:
            with torch.no_grad():
                for tensor, value in zip(state, before, strict=True):
                    tensor.copy_(value)

        for _ in range(WARM_UPS):
            step()
            put_back()
        tape = Tape()
        with tape:
            step()
        put_back()  # a tape computes while it records, a graph does not
        self.tapes.append(tape)
        return tape.replay
