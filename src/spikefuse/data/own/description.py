"""What is there, before a file is opened: modalities, classes, files with label, split, group."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from spikefuse.data.own.settings import OwnSettings

SPLITS = ("train", "validation", "test")

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}
"""Spellings of the splits that folder readers of the field accept, in lower case."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of one modality.

    Args:
        path: The file; for rows of an array, the array's file.
        name: What messages call it: the path below the data's folder, or `file[row]`.
        label: Name of its class.
        split: "train", "validation", "test", or None where splits are to be made.
        group: Who or what it comes from (speaker, subject); None where there is none.
        entry: Entry of an `.npz` archive; None otherwise.
        row: Row of a stacked array; None where the file is the sample.
    """

    path: str
    name: str
    label: str
    split: str | None = None
    group: str | None = None
    entry: str | None = None
    row: int | None = None


@dataclass(frozen=True)
class Modality:
    """One modality as it lies in files.

    Args:
        name: What the user calls it.
        kind: A name in `KINDS`.
        samples: In the order in which they are read; where the data is truly paired, samples at
            equal positions of all modalities belong together.
        further: Columns of its table that nothing asked for.
    """

    name: str
    kind: str
    samples: tuple[Sample, ...]
    further: tuple[str, ...] = ()

    def counts(self) -> Counter[tuple[str, str | None]]:
        """Number of samples by (class, split)."""
        return Counter((sample.label, sample.split) for sample in self.samples)


@dataclass(frozen=True)
class Description:
    """What a look at the names shows; no file has been opened but tables of contents.

    Args:
        root: The folder, table or archive.
        layout: "folders", "stems", "metadata" or "arrays".
        classes: Names of the classes, numbers in numeric order, others in alphabetical order.
        modalities: In the order of their names, or of the settings.
        paired: Whether samples at equal positions truly belong together.
        group: What the groups are called; None where there are none.
        ignored: Names of files that are no data, hidden ones left out.
        settings: What was asked for.
    """

    root: Path
    layout: str
    classes: tuple[str, ...]
    modalities: tuple[Modality, ...]
    paired: bool
    group: str | None
    ignored: tuple[str, ...]
    settings: OwnSettings

    @property
    def pairing(self) -> str:
        """How the modalities belong together, in words."""
        if len(self.modalities) == 1:
            return "one modality"
        return "truly paired" if self.paired else "paired by class, not truly paired"


def in_order(labels: set[str]) -> tuple[str, ...]:
    """Class names in the order of their labels: 2 before 10, "cat" before "dog".

    Example:
        >>> in_order({"10", "9"}), in_order({"dog", "cat", "10"})
        (('9', '10'), ('10', 'cat', 'dog'))
    """
    if all(label.isascii() and label.isdigit() for label in labels):
        return tuple(sorted(labels, key=lambda label: (int(label), label)))
    return tuple(sorted(labels))
