"""One launch instead of hundreds: a training step as a CUDA graph.

A network of this size keeps a GPU busy for less time than Python needs to launch its operations. A
captured step is launched as a whole, with the same kernels on the same memory.

Source:
    PyTorch's notes on CUDA semantics, "CUDA graphs": warm-up on a side stream, then capture.
"""

import logging
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

WARM_UPS = 3
"""Kernels are compiled and chosen, and workspaces allocated, before the capture."""

_log = logging.getLogger(__name__)


def capture(step: Callable[[], None], state: Sequence[Tensor]) -> Callable[[], None]:
    """Record a step as one CUDA graph.

    Args:
        step: Launches work on the device of its state and never waits for it.
        state: Every tensor that it changes; each is put back to what it is now.

    Returns:
        Launches the recorded step. Where the device cannot record it, `step` itself: slower, with
        the same numbers, and the log says so.
    """
    # Streams and graphs belong to the current device, which may be another one.
    with torch.cuda.device_of(state[0]):
        return _capture(step, state)


def _capture(step: Callable[[], None], state: Sequence[Tensor]) -> Callable[[], None]:
    before = [tensor.detach().clone() for tensor in state]
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UPS):
            step()
            _put_back(state, before)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph):
            step()
    except RuntimeError as error:
        reason = (str(error).splitlines() or ["unknown"])[0]
        _log.warning("training goes on without a CUDA graph, slower: %s", reason)
        return step
    return graph.replay


def _put_back(state: Sequence[Tensor], before: Sequence[Tensor]) -> None:
    with torch.no_grad():
        for tensor, value in zip(state, before, strict=True):
            tensor.copy_(value)
