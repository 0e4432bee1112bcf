"""A source made of arrays: data of one's own, under a name of one's own.

digits = memory_source("mine", {"picture": pictures, "sound": sounds}, labels, groups=writers)
register_source(digits)
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikefuse.core.checks import require
from spikefuse.core.errors import DataError, InputError
from spikefuse.core.untrusted import reason
from spikefuse.data.pools import Pool
from spikefuse.data.sources.agreement import require_alike, require_named, require_one_test
from spikefuse.data.sources.contract import (
    CLASS_LIMITS,
    FileRecipe,
    Modality,
    Reading,
    Remake,
    Source,
)
from spikefuse.data.sources.given import read_groups, read_inputs, read_labels, read_test

if TYPE_CHECKING:
    from torch import Tensor

    from spikefuse.data.settings import DataSettings

ByModality = Mapping[str, Any]


@dataclass(frozen=True)
class _Part:
    """One modality as it was given."""

    where: str
    name: str
    kind: str
    inputs: Tensor
    labels: Tensor
    test: Tensor
    groups: Tensor | None
    group_names: tuple[str, ...]

    def pool(self) -> Pool:
        """As training sees it."""
        return Pool(
            self.name, self.inputs, self.labels, self.test, (), self.groups, self.group_names
        )

    def _knows_groups(self) -> bool:
        """Whether the test is of groups that training has samples of too."""
        if self.groups is None:
            return True
        tested, trained = (set(self.groups[mask].tolist()) for mask in (self.test, ~self.test))
        return bool(tested & trained)

    def modality(self) -> Modality:
        """As its source tells it."""
        shape = tuple(self.inputs.shape[1:])
        return Modality(
            name=self.name,
            kind=self.kind,
            shape=lambda settings: shape,
            train=int((~self.test).sum()),
            test=int(self.test.sum()),
            groups=self.group_names,
            from_file=recipe_of_arrays(self.kind, shape),
            knows_groups=self._knows_groups(),
        )


def memory_source(
    name: str,
    inputs: ByModality,
    labels: Any,
    *,
    groups: Any = None,
    test: Any = 0.2,
    classes: Sequence[str] | None = None,
    kinds: Mapping[str, str] | None = None,
) -> Source:
    """A source of tensors or arrays.

    Args:
        name: Lower-case letters, digits, "-" and "_".
        inputs: By modality, [N, ...] with one to three further axes: uint8 with two or three of
            them are pixels, everything else are numbers, rows by time. Of kind "events" int16
            [N, polarities, H, W, bins of time].
        labels: [N] whole numbers from 0, not all of which need be there. Samples of equal position
            then belong together; with labels by modality, modalities have samples of their own,
            which are paired by class.
        groups: Who or what each sample is of, [N] words or numbers; by modality where labels are.
        test: Share of the samples, stratified by class, or of the groups, or a mask [N]; by
            modality where labels are.
        classes: Names of the classes, each at the place of its number. If left out, every number
            that is a label is a class of that name: 0 and 5 are two classes, "0" and "5".
        kinds: Kinds by modality, where they are not to be told by the type.

    Raises:
        InputError: Lengths, types or numbers do not fit.
    """
    where = f"source {name}"
    require(bool(inputs), where, "inputs", "one modality or more", inputs)
    is_paired = not isinstance(labels, Mapping)
    require_named(where, inputs, labels=labels, groups=groups, test=test, kinds=kinds)

    def own(value: Any, modality: str) -> Any:
        return value.get(modality) if isinstance(value, Mapping) else value

    parts = [
        _part(
            where,
            modality,
            own(kinds, modality) if kinds else None,
            array,
            own(labels, modality),
            own(groups, modality),
            own(test, modality),
        )
        for modality, array in inputs.items()
    ]
    lengths = {part.name: len(part.inputs) for part in parts}
    is_alike = not is_paired or len(set(lengths.values())) == 1
    require(is_alike, where, "inputs", "of equal length, or labels by modality", lengths)
    numbers = sorted(set().union(*(part.labels.unique().tolist() for part in parts)))
    least, most = CLASS_LIMITS
    alone = f"{numbers[0]} alone"
    require(len(numbers) >= least, where, "labels", "of two or more classes", alone)
    require(len(numbers) <= most, where, "labels", f"of at most {most:,} classes", len(numbers))
    if classes is not None:
        classes = tuple(classes)
        are_words = all(isinstance(each, str) for each in classes)
        require(are_words, where, "classes", "words, a name of each class", classes)
        known, top = tuple(classes), numbers[-1]
        require(
            top < len(known), where, "labels", f"below {len(known)}, the number of classes", top
        )
    else:
        known, parts = tuple(map(str, numbers)), [_renumbered(part, numbers) for part in parts]
    if not is_paired:
        require_alike(where, parts, known)
    else:
        require_one_test(where, parts)
    return _source(name, tuple(parts), known, is_paired and len(parts) > 1)


def _renumbered(part: _Part, numbers: Sequence[int]) -> _Part:
    """Labels as positions among the numbers that are there."""
    import torch

    return replace(part, labels=torch.searchsorted(torch.tensor(numbers), part.labels))


def recipe_of_arrays(
    kind: str, shape: tuple[int, ...]
) -> Callable[[DataSettings], FileRecipe] | None:
    """How a file becomes a sample like those of an array: pictures of one size, or arrays."""
    if kind != "image":
        found = FileRecipe("array", {"shape": list(shape)})
    elif shape[0] in (1, 3):
        found = FileRecipe("pixels", {"shape": list(shape)})
    else:
        return None
    return lambda settings: found


def _source(name: str, parts: tuple[_Part, ...], classes: tuple[str, ...], paired: bool) -> Source:
    pools = {part.name: part.pool() for part in parts}
    digests = tuple(pool.checksum() for pool in pools.values())

    def read(settings: DataSettings, folder: Path | None) -> Reading:
        return Reading(pools, digests)

    def remake(name: str, folder: Path) -> Remake:
        # The content names the file: what is there already is what would be written.
        digest = hashlib.sha256("".join((*digests, *classes)).encode()).hexdigest()[:16]
        path = folder / f"{digest}.npz"
        if not path.is_file():
            _write(path, parts)
        described = [
            {"name": part.name, "kind": part.kind, "group_names": list(part.group_names)}
            for part in parts
        ]
        arguments: dict[str, Any] = {"name": name, "path": str(path), "parts": described}
        arguments |= {"classes": list(classes), "paired": paired}
        return Remake(f"{__name__}:remake_memory", arguments)

    described = ", ".join(f"{part.name} {tuple(part.inputs.shape)}" for part in parts)
    return Source(
        name=name,
        title=f"data in memory ({name})",
        banner=f"Data in memory, source {name}: {described}; {len(classes)} classes.",
        classes=classes,
        modalities=tuple(part.modality() for part in parts),
        read=read,
        digests=lambda folder: digests,
        is_paired=paired,
        remake=remake,
    )


_ARRAYS = ("inputs", "labels", "test", "groups")


def _write(path: Path, parts: Sequence[_Part]) -> None:
    import numpy as np

    arrays = {
        f"{number}-{name}": getattr(part, name).numpy()
        for number, part in enumerate(parts)
        for name in _ARRAYS
        if getattr(part, name) is not None
    }
    np.savez(content := io.BytesIO(), **arrays)
    draft = path.with_name(f"{path.stem}-{os.getpid()}.draft.npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _fill(draft, content.getbuffer())
        os.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise DataError(
            f"data: {path.parent} must take the arrays that workers read, got: {reason(error)}. "
            "Free some space or choose another folder, and run the same command again."
        ) from error


def _fill(path: Path, content: memoryview) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    try:
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remake_memory(
    name: str, path: str, parts: Sequence[Mapping[str, Any]], classes: Sequence[str], paired: bool
) -> Source:
    """Make known a source that another process wrote down; see `sent.receive_source`.

    Raises:
        InputError: The file is not there.
    """
    import numpy as np
    import torch

    from spikefuse.data.sources.registry import SOURCES, has_samples, register_source

    if has_samples(name):
        return SOURCES[name]
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: torch.from_numpy(stored[key]) for key in stored.files}
    except (OSError, ValueError) as error:
        raise InputError(
            f"source {name}: its arrays must be readable in {path}, got {reason(error)}. A "
            "worker on another machine needs the results folder on a disk that both see."
        ) from None
    found = [
        _Part(
            where=f"source {name}",
            name=part["name"],
            kind=part["kind"],
            inputs=arrays[f"{number}-inputs"],
            labels=arrays[f"{number}-labels"],
            test=arrays[f"{number}-test"],
            groups=arrays.get(f"{number}-groups"),
            group_names=tuple(part["group_names"]),
        )
        for number, part in enumerate(parts)
    ]
    return register_source(_source(name, tuple(found), tuple(classes), paired))


def _part(
    where: str, name: str, kind: str | None, array: Any, labels: Any, groups: Any, test: Any
) -> _Part:
    inputs, kind = read_inputs(f"{where}, {name}", array, kind)
    numbers = read_labels(f"{where}, {name}", labels, len(inputs))
    positions, group_names = read_groups(f"{where}, {name}", groups, len(inputs))
    mask = read_test(f"{where}, {name}", test, numbers, positions)
    return _Part(where, name, kind, inputs, numbers, mask, positions, group_names)


def digest_of(files: Sequence[Path]) -> tuple[str, ...]:
    """SHA-256 of each file, for the `digests` of a source that is read from a folder."""
    return tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
