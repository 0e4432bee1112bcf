"""Stacks: whole arrays [N, ...] in one `.npz` archive or in `.npy` files beside each other.

Reserved names: `labels` [N] (whole numbers or text), `groups` [N] and `splits` [N] if there are
any. Every other array is a modality; samples at equal positions belong together.
"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikefuse.core.checks import one_of
from spikefuse.core.errors import InputError
from spikefuse.core.untrusted import reason
from spikefuse.data.own.description import Modality, Sample
from spikefuse.data.own.kinds.arrays import MAXIMUM_BYTES
from spikefuse.data.own.layouts.folders import split_named
from spikefuse.data.own.refusals import WHERE, refusal
from spikefuse.data.own.settings import OwnSettings

LABELS, GROUPS, SPLITS = "labels", "groups", "splits"


def is_stack_folder(root: Path) -> bool:
    """Whether a folder holds `labels.npy` beside other arrays."""
    return (root / f"{LABELS}.npy").is_file()


def read_stacks(path: Path, settings: OwnSettings) -> list[Modality]:
    """The modalities of an archive or of a folder of arrays; only their shapes are kept.

    Raises:
        InputError: An array is unreadable, of another length, or labels are not what they must be.
    """
    places = _places(path)
    if LABELS not in places:
        raise refusal(
            path.name, f"arrays with one called {LABELS}", ", ".join(places) or "none", "Add it."
        )
    said = {
        name: _texts(name, load_stack(*places.pop(name)))
        for name in (LABELS, GROUPS, SPLITS)
        if name in places
    }
    for name in settings.modalities:
        one_of(f"{WHERE}: {path.name}", "modality", name, places)
    wanted = settings.modalities or places
    if not wanted:
        raise refusal(path.name, "labels and arrays", "labels alone", "Add the arrays.")
    count = len(said[LABELS])
    lengths = {name: len(load_stack(*places[name])) for name in wanted} | {
        name: len(values) for name, values in said.items()
    }
    if set(lengths.values()) != {count}:
        sizes = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
        raise refusal(f"arrays of {path.name}", "of one length", sizes, "Mend them.")
    splits = [split_named(text, SPLITS) for text in said[SPLITS]] if SPLITS in said else None
    return [
        Modality(
            name,
            "array",
            tuple(
                Sample(
                    path=str(places[name][0]),
                    name=f"{name}[{row}]",
                    label=said[LABELS][row],
                    split=None if splits is None else splits[row],
                    group=said[GROUPS][row] if GROUPS in said else None,
                    entry=places[name][1],
                    row=row,
                )
                for row in range(count)
            ),
        )
        for name in wanted
    ]


def _places(path: Path) -> dict[str, tuple[Path, str | None]]:
    """Name of an array -> its file and its entry."""
    if path.is_dir():
        return {file.stem: (file, None) for file in sorted(path.glob("*.npy"))}
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAXIMUM_BYTES * 16:
                raise refusal(path.name, "at most 16 GiB unpacked", "more", "Take smaller arrays.")
            names = [name.removesuffix(".npy") for name in archive.namelist()]
    except InputError:
        raise
    except Exception as error:  # whatever a decoder raises on a file is the file's fault
        got = reason(error)
        raise refusal(path.name, "a whole .npz archive", got, "Save it again.") from error
    return {name: (path, name) for name in names}


def load_stack(path: Path, entry: str | None) -> NDArray[Any]:
    """One array; a `.npy` file is mapped, not read.

    Raises:
        InputError: It is damaged, holds objects or has no samples.
    """
    name = entry or path.name
    try:
        if entry is None:
            array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        else:
            with np.load(path, allow_pickle=False) as archive:
                array = archive[entry]
    except Exception as error:  # whatever a decoder raises on a file is the file's fault
        raise refusal(
            f"array {name}", "a whole array of numbers", reason(error), "Save it anew."
        ) from error
    if isinstance(array, np.ndarray) and not array.ndim:
        raise refusal(
            f"array {name}", "an array [N, ...] with samples", "a single value", "Take it out."
        )
    if not isinstance(array, np.ndarray) or not len(array):
        raise refusal(f"array {name}", "an array [N, ...] with samples", "none", "Fill it.")
    return array


def _texts(name: str, array: NDArray[Any]) -> list[str]:
    if array.ndim != 1 or array.dtype.kind not in "iuU":
        raise refusal(
            f"array {name}",
            "one whole number or text a sample",
            f"shape {list(array.shape)} of {array.dtype}",
            "Save it so.",
        )
    texts = [str(value).strip() for value in array.tolist()]
    if not all(texts):
        raise refusal(f"array {name}", "filled", f"nothing at {texts.index('')}", "Fill it.")
    return texts
