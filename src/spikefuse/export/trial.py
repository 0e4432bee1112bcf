"""A stored trial to a file of another format: written, read back, run on test samples, judged."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spikefuse.core.checks import one_of, require
from spikefuse.core.errors import InputError, StudyError
from spikefuse.data import Corpus
from spikefuse.export.drift import (
    APPROXIMATE,
    APPROXIMATE_CHANGED,
    FAITHFUL,
    Drift,
    drift_of,
)
from spikefuse.export.nir_read import read_nir
from spikefuse.export.nir_write import RESETS, nir_graph, nir_library
from spikefuse.export.onnx_write import write_onnx
from spikefuse.export.plain import PlainNetwork, plain_network
from spikefuse.results import TrialFolder
from spikefuse.results.atomic import make_folder, refusal, temporary_name, write_file
from spikefuse.results.documents import pretty_json
from spikefuse.results.outputs import require_output
from spikefuse.results.tensors import pack
from spikefuse.training import TrialDefinition
from spikefuse.training.feed import Feed
from spikefuse.training.interface import interface_of, stored_interface

Run = Callable[[Mapping[str, Tensor]], Tensor]
WHERE = "export"


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        word: "faithful" or "approximate".
        drift: Measured on test samples.
        files: Paths, the network first.
    """

    word: str
    drift: Drift
    files: tuple[Path, ...]


def _write_torch(network: PlainNetwork, path: Path, example: tuple[Tensor, ...], told: str) -> Run:
    batch = torch.export.Dim("batch", min=1)
    shapes = tuple({0: batch} for _ in example)
    program = torch.export.export(network, example, dynamic_shapes=(shapes,))
    # In memory first: what PyTorch says of a full disk is no reason that a reader understands.
    content = io.BytesIO()
    torch.export.save(program, content, extra_files={"spikefuse.json": told})
    write_file(path, content.getvalue(), WHERE)
    again: Any = torch.export.load(path).module()

    def run(inputs: Mapping[str, Tensor]) -> Tensor:
        found: Tensor = again(*(inputs[name] for name in network.modalities))
        return found

    return run


def _write_nir(network: PlainNetwork, path: Path, reset: str, told: str) -> Run:
    content = io.BytesIO()
    nir_library().write(content, nir_graph(network, reset, told))
    write_file(path, content.getvalue(), WHERE)
    graph = read_nir(path)

    def run(inputs: Mapping[str, Tensor]) -> Tensor:
        seen = [inputs[name] for name in network.modalities]
        if graph.inputs == ["input"]:
            shown = {"input": torch.cat(seen, dim=1)}
        else:
            shown = {f"input_{name}": x for name, x in inputs.items()}
        output, _ = graph.run(shown, network.time_steps)
        return output.mean(dim=0).flatten(1)

    return run


FORMATS = ("nir", "onnx", "torch")
"""What can be written."""

SUFFIXES = {"nir": ".nir", "onnx": ".onnx", "torch": ".pt2"}


def export_trial(
    folder: TrialFolder,
    definition: TrialDefinition,
    corpus: Corpus,
    out: Path,
    *,
    to: str = "nir",
    reset: str = "refuse",
    samples: int = 500,
) -> Exported:
    """Write a trained network to a file; nothing is left where it is not what it should be.

    Args:
        folder: The trial's.
        definition: The trial's.
        corpus: Its data, on whose test samples the file is judged.
        out: The file.
        to: A name in `FORMATS`.
        reset: What becomes of a soft reset in a NIR graph.
        samples: Test samples that are run, at most.

    Raises:
        InputError: The format cannot say this network, or an option is not allowed.
        MissingExtraError: The format needs an optional part.
        StudyError: The file would not be what it should be; the message says the drift.
        StoreError: It cannot be written.
    """
    one_of(WHERE, "--format", to, FORMATS)
    one_of(WHERE, "--reset", reset, RESETS)
    require(samples >= 1, WHERE, "--samples", "at least 1", samples)
    _refuse_place(out, to)
    network = plain_network(definition.network_spec(), folder.weights())
    inputs, logits, labels = _shown(folder, definition, corpus, samples)
    told = json.dumps(_told(folder, definition, corpus), allow_nan=False)
    make_folder(out.parent, WHERE)
    draft = out.with_name(temporary_name(out.name) + SUFFIXES[to])
    try:
        if to == "nir":
            run = _write_nir(network, draft, reset, told)
        else:
            example = _several(tuple(inputs[name][:2] for name in network.modalities))
            write = write_onnx if to == "onnx" else _write_torch
            run = write(network, draft, example, told)
        drift = drift_of(run, inputs, logits, labels)
        word = _judged(drift, is_other=to == "nir" and network.reset == "soft" and reset == "lif")
        os.replace(draft, out)
    except OSError as error:
        raise refusal(WHERE, out, error) from error
    finally:
        with suppress(OSError):
            draft.unlink()
    _, side, *weights = _files_of(out, to)
    document = json.loads(told) | {"format": to, "word": word, "drift": asdict(drift)}
    write_file(side, pretty_json(document | ({"reset": reset} if to == "nir" else {})), WHERE)
    for each in weights:
        write_file(each, pack(network.state_dict(), {"trial": folder.trial}), WHERE)
    return Exported(word, drift, (out, side, *weights))


def _files_of(out: Path, to: str) -> tuple[Path, ...]:
    """The network's file, what is said of it, and for PyTorch its weights alone."""
    weights = (out.with_name(out.name + ".safetensors"),) if to == "torch" else ()
    return (out, out.with_name(out.name + ".json"), *weights)


def _refuse_place(out: Path, to: str) -> None:
    """What is no file's name, before the network is run. A file that is there is replaced.

    Args:
        out: The file that was named.
        to: The format, which decides what is written beside it.

    Raises:
        InputError: It is a folder, or nothing, or another file would take the place of one of
            somebody's own.
    """
    if not out.name or out.is_dir():
        raise InputError(
            f"{WHERE}: --out must be a file, got the folder {str(out)!r}. Name a file."
        )
    files = _files_of(out, to)
    for each in files:
        require_output(each, WHERE)
    for each in files[1:]:
        if each.exists() and not _is_ours(each):
            raise InputError(
                f"{WHERE}: {each} is written beside --out, and a file is there that no export "
                "wrote. Name --out in another way."
            )


def _is_ours(beside: Path) -> bool:
    """Whether what lies beside a network's file begins as what an export writes there."""
    with beside.open("rb") as file:
        head = file.read(4096)
    return b'"trial"' in head and (beside.suffix != ".json" or b'"time_steps"' in head)


def _several(example: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """At least two samples: a batch of one is taken for a constant."""
    return tuple(torch.cat([x, x])[:2].contiguous() for x in example)


def _judged(drift: Drift, *, is_other: bool) -> str:
    if not is_other and drift.is_faithful:
        return FAITHFUL
    if is_other and drift.changed <= APPROXIMATE_CHANGED:
        return APPROXIMATE
    most = APPROXIMATE_CHANGED if is_other else 0.0
    raise StudyError(
        f"{WHERE}: the file must give the trained network's answers "
        f"({'at most ' + format(100 * most, 'g') + ' % others' if is_other else 'faithful'}), got "
        f"others: {drift}. Nothing was written."
    )


def _told(folder: TrialFolder, definition: TrialDefinition, corpus: Corpus) -> dict[str, Any]:
    """What a reader must know that a graph does not say."""
    interface = stored_interface(folder) or interface_of(Feed(corpus, [definition]), 0)
    return {
        "trial": folder.trial,
        "time_steps": definition.time_steps,
        "dt_s": 1e-4,
        "input": "the same scaled sample at every step",
        "logits": "mean of the output over the steps",
        "definition": definition.model_dump(mode="json"),
        "interface": interface.model_dump(mode="json"),
    }


def _shown(
    folder: TrialFolder, definition: TrialDefinition, corpus: Corpus, samples: int
) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Inputs by modality, the trained network's logits and the labels of the first test samples."""
    batches = list(Feed(corpus, [definition]).evaluation_batches("test", samples))
    inputs = {
        name: torch.cat([each.inputs[name][0] for each in batches]) for name in batches[0].inputs
    }
    labels = torch.cat([each.labels[0] for each in batches])
    return inputs, folder.predictions()["logits"][: len(labels)], labels
