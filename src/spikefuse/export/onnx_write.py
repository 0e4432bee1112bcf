"""A trained network as an ONNX graph, its steps unrolled, read back by onnxruntime."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spikefuse.core.errors import MissingExtraError
from spikefuse.export.plain import PlainNetwork
from spikefuse.results.atomic import write_file

LIBRARIES = ("onnx", "onnxscript", "onnxruntime")
"""The graph, PyTorch's translation to it, and what runs it: the extra `onnx`."""


def onnx_runtime() -> Any:
    """The package `onnxruntime`, with nothing of the extra missing.

    Raises:
        MissingExtraError: One of `LIBRARIES` is not installed.
    """
    try:
        *_, runtime = [importlib.import_module(name) for name in LIBRARIES]
    except ImportError as error:
        raise MissingExtraError("export: ONNX graphs", "onnx") from error
    runtime.disable_telemetry_events()  # its builds for Windows have some
    return runtime


def write_onnx(
    network: PlainNetwork, path: Path, example: tuple[Tensor, ...], told: str
) -> Callable[[Mapping[str, Tensor]], Tensor]:
    """Write a graph of standard operators and open it again.

    Its inputs are the modalities, [batch, C, H, W] scaled, its output is `logits`, [batch, K].

    Args:
        network: As plain PyTorch.
        path: The file.
        example: Two samples or more of each modality.
        told: Text that is kept with the graph, under "spikefuse".

    Returns:
        The graph in the file, as onnxruntime runs it.

    Raises:
        MissingExtraError: A library is not installed.
    """
    runtime = onnx_runtime()
    batch = torch.export.Dim("batch", min=1)
    with _quietly():
        program: Any = torch.onnx.export(
            network,
            example,
            dynamo=True,
            verbose=False,
            input_names=list(network.modalities),
            output_names=["logits"],
            dynamic_shapes=(tuple({0: batch} for _ in example),),
            external_data=False,
        )
        program.model.metadata_props["spikefuse"] = told
        content = program.model_proto.SerializeToString()
    write_file(path, content, "export")
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    session = runtime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])

    def run(inputs: Mapping[str, Tensor]) -> Tensor:
        (logits,) = session.run(["logits"], {name: x.numpy() for name, x in inputs.items()})
        return torch.from_numpy(logits)

    return run


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what the translation says of operators that no network of ours has."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
