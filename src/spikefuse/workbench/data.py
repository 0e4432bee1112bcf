"""Data to train on: arrays of one's own, or a source by its name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spikefuse.core.checks import require
from spikefuse.data import Corpus, DataSettings, load_corpus, locate
from spikefuse.data.corpus import content_at, content_of
from spikefuse.data.places.location import Location
from spikefuse.data.sources.contract import Source
from spikefuse.data.sources.memory import memory_source
from spikefuse.data.sources.registry import SOURCES, has_samples, register_source
from spikefuse.data.sources.words import numbered


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples of named modalities with labels and a test split; made by `dataset`.

    Attributes:
        source: What the data says of itself.
        settings: Source and preprocessing, part of the name of every trial on this data.
        corpus: The samples.
        location: Where workers read it.
    """

    source: Source
    settings: DataSettings
    corpus: Corpus
    location: Location

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names, in the order in which a network sees them."""
        return tuple(modality.name for modality in self.source.modalities)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in the order of the labels."""
        return self.source.classes

    @property
    def protocol(self) -> str:
        """How samples are paired: as they came, or by class inside each split."""
        return "paired" if self.source.is_paired else "disjoint"

    def __repr__(self) -> str:
        """What it is, in a line."""
        return f"Dataset({self.corpus.banner})"


def dataset(
    inputs: str | Mapping[str, Any],
    labels: Any = None,
    groups: Any = None,
    test: Any = None,
    *,
    classes: Sequence[str] | None = None,
    kinds: Mapping[str, str] | None = None,
    folder: str | Path | None = None,
) -> Dataset:
    """Data to train on.

    Args:
        inputs: Arrays or tensors by modality, [N, ...] with one to three further axes; uint8 with
            two or three of them are pixels, everything else are numbers. Or the name of a source
            that spikefuse knows, "builtin" for the embedded data.
        labels: [N] whole numbers from 0, not all of which need be there, or words; samples of equal
            position then belong together. With labels by modality, modalities have samples of their
            own, paired by class.
        groups: Who or what each sample is of, [N]: no group stands on two sides of a split.
        test: Share of the samples (or of the groups), 0.2 if left out, or a mask [N] of the test
            samples.
        classes: Names of the classes, each at the place of its number. If left out, every number
            that is a label is a class of that name: 0 and 5 are two classes, "0" and "5"; words
            are classes in the order of their alphabet.
        kinds: "image", "audio" or "array" by modality, where the type does not tell.
        folder: Where a named source is; looked for if left out.

    Raises:
        InputError: Lengths, types or numbers do not fit.
        DataError: A named source is found nowhere.

    Example:
        >>> import numpy
        >>> numbers = numpy.random.default_rng(0).normal(size=(40, 6, 12))
        >>> data = dataset({"motion": numbers, "sound": numbers}, numpy.arange(40) % 4)
        >>> data.modalities, len(data.classes)
        (('motion', 'sound'), 4)
    """
    if isinstance(inputs, str):
        given = {"labels": labels, "groups": groups, "test": test, "classes": classes}
        for name, value in (given | {"kinds": kinds}).items():
            got = value if isinstance(value, int | float | str) else type(value).__name__
            require(value is None, "dataset", name, f"left out: {inputs} has its own", got)
        return _named(inputs, None if folder is None else Path(folder))
    require(folder is None, "dataset", "folder", "left out with arrays", folder)
    _require_names(inputs)
    require(labels is not None, "dataset", "labels", "given with arrays", None)
    labels, classes = numbered("dataset", labels, classes)
    draft = memory_source(
        "memory",
        inputs,
        labels,
        groups=groups,
        test=0.2 if test is None else test,
        classes=classes,
        kinds=kinds,
    )
    # The content names the source: equal arrays are one source, others never take its name.
    content = content_of((*draft.digests(None), *draft.classes))
    name = f"memory-{content}"
    if not has_samples(name):
        register_source(replace(draft, name=name, banner=draft.banner.replace("memory,", name)))
    return _loaded(Location(name, origin="given", reason="arrays"))


def _require_names(inputs: Any) -> None:
    told = "arrays by the name of their modality, as {'sound': array}"
    require(isinstance(inputs, Mapping), "dataset", "inputs", told, type(inputs).__name__)
    for name in inputs:
        require(isinstance(name, str), "dataset", "inputs", told, f"the name {name!r}")


def _named(name: str, folder: Path | None) -> Dataset:
    return _loaded(locate(name, folder))


def _loaded(location: Location) -> Dataset:
    settings = DataSettings(source=location.source, fingerprint=content_at(location))
    return Dataset(SOURCES[location.source], settings, load_corpus(settings, location), location)
