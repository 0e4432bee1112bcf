"""What a data source is, as records: its modalities, classes, groups, and how it is read.

Code asks the source, never its name: how many samples it has, what they look like, who they are
of, what pairs with what. A source of one's own is one such record, see `memory` for one made of
arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikefuse.core.checks import one_of, require
from spikefuse.data.pools import Pool

if TYPE_CHECKING:
    from spikefuse.data.settings import DataSettings

FUSED = "fused"
"""The modality of a network that sees all modalities of its source."""

PLUS = "+"
"""Between the modalities of a network that sees some of them."""

RESERVED = frozenset({FUSED, "fusion", "labels", "predicted", "logits", "position", "label"})
"""No modality has one of these names: stored tensors do."""

CLASS_LIMITS = (2, 1_000)


def is_joint(modality: str) -> bool:
    """Whether a network of this modality sees several inputs of its source.

    Example:
        >>> [is_joint(name) for name in ("sound", "fused", "sound+touch")]
        [False, True, True]
    """
    return modality == FUSED or PLUS in modality


@dataclass(frozen=True)
class Kind:
    """What the samples of a modality are made of.

    Args:
        says: For a person.
        dtype: Of a pool's inputs, by its name in PyTorch.
        itemsize: Bytes of a number of this type.
        is_standardised: Row by row, by means and standard deviations of the training samples.
        is_pixels: A trial's `image_scale` scales them.
        has_time: The last axis is time, which an encoder may take for a network's steps.
        encoder: Name of the only encoder for it in a spiking network; empty where a trial says it.
        is_logarithmic: Numbers are natural logarithms of magnitudes, which a person reads in
            decibels.
    """

    says: str
    dtype: str
    itemsize: int
    is_standardised: bool = False
    is_pixels: bool = False
    has_time: bool = False
    encoder: str = ""
    is_logarithmic: bool = False


KINDS: dict[str, Kind] = {
    "image": Kind("pixels from 0 to 255, [C, H, W]", "uint8", 1, is_pixels=True),
    "audio": Kind(
        *("log-magnitude spectrograms, [1, F, frames]", "float32", 4),
        is_standardised=True,
        has_time=True,
        is_logarithmic=True,
    ),
    "array": Kind(*("numbers, [C, rows, time]", "float32", 4), is_standardised=True, has_time=True),
    "events": Kind(
        *("numbers of events, [polarities, H, W, bins of time]", "int16", 2),
        has_time=True,
        encoder="events",
    ),
}
"""Kinds of modalities by name."""


@dataclass(frozen=True)
class Fields:
    """Names of the fields of `Selection` that are this modality's own.

    The first two sources have fields of their own, from before there were others; every further
    modality is chosen from by name (`train`, `test`, `validation`, `shuffled`).
    """

    train: str | None = None
    test: str | None = None
    validation: str | None = None
    shuffled: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that there are."""
        found = (self.train, self.test, self.validation, self.shuffled)
        return tuple(name for name in found if name is not None)


@dataclass(frozen=True)
class FileRecipe:
    """How one file becomes a sample, as plain values that are stored with a network.

    Args:
        name: In `spikefuse.data.files.RECIPES`.
        settings: Of the recipe, as JSON has words for.
    """

    name: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Modality:
    """One kind of input that a source has.

    Args:
        name: As it stands in definitions, tables and networks.
        kind: A name in `KINDS`.
        shape: Channels, height and width (of events, bins of time too) of a sample under given
            settings.
        train: Samples of the official training set, validation included.
        test: Samples of the official test set.
        noun: What samples are called, in the plural.
        groups: Names of the groups in alphabetical order; () without.
        group_noun: What one group is called.
        knows_groups: Whether training has samples of the groups that the official test is of.
        pixel_mean: Of pixels, for `image_scale` "standard"; of 1.
        pixel_std: Likewise.
        fields: Its own fields of `Selection`.
        settings: The fields of `DataSettings` that decide how it is read.
        extent: Where rows are frequencies from 0 and columns are time: how many milliseconds and
            hertz a sample reaches, for pictures of it.
        reckoned: Training, validation and test samples that plans reckon with, whatever is
            selected; by default what is selected. Shares of a job array that has begun are cut by
            them, so they never change.
        from_file: How one file becomes a sample, see `spikefuse.data.files`; None where there is
            no such way.
    """

    name: str
    kind: str
    shape: Callable[[DataSettings], tuple[int, ...]]
    train: int
    test: int
    noun: str = "samples"
    groups: tuple[str, ...] = ()
    group_noun: str = "group"
    knows_groups: bool = True
    pixel_mean: float = 0.5
    pixel_std: float = 0.5
    fields: Fields = Fields()
    settings: tuple[str, ...] = ()
    extent: Callable[[DataSettings], tuple[float, float]] | None = None
    reckoned: tuple[int, int, int] | None = None
    from_file: Callable[[DataSettings], FileRecipe] | None = None

    def __post_init__(self) -> None:
        one_of("source", "kind", self.kind, KINDS)
        plain = self.name.replace("-", "").replace("_", "")
        is_free = plain.isalnum() and self.name == self.name.lower() and self.name not in RESERVED
        constraint = f"a plain word in lower case, none of {', '.join(sorted(RESERVED))}"
        require(is_free, "source", "name of a modality", constraint, self.name)

    @property
    def is_standardised(self) -> bool:
        """See `Kind`."""
        return KINDS[self.kind].is_standardised

    @property
    def is_pixels(self) -> bool:
        """See `Kind`."""
        return KINDS[self.kind].is_pixels

    @property
    def has_time(self) -> bool:
        """See `Kind`."""
        return KINDS[self.kind].has_time

    @property
    def is_logarithmic(self) -> bool:
        """See `Kind`."""
        return KINDS[self.kind].is_logarithmic

    @property
    def encoder(self) -> str:
        """See `Kind`."""
        return KINDS[self.kind].encoder


@dataclass(frozen=True)
class Reading:
    """What reading a source gives.

    Args:
        pools: By modality, in the source's order.
        digests: SHA-256 of what was read, before any preprocessing, part by part.
    """

    pools: Mapping[str, Pool]
    digests: tuple[str, ...]


Check = tuple[str, Callable[[], str]]
"""Something that can be checked by itself: what it is, and what finds its state or raises."""

Progress = Any
"""Makes a progress bar for each file; see `places.mirrors`."""


@dataclass(frozen=True)
class Remake:
    """How another process makes a source that it does not know: only JSON travels.

    Args:
        entry: "module:function" of this program; the function registers the source.
        arguments: Its keyword arguments, as JSON has words for: paths are absolute.
    """

    entry: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """A data set that networks can be trained on.

    Args:
        name: As it stands in definitions; lower case.
        title: A few words for messages.
        banner: What a terminal and a report say about the data, in a sentence.
        classes: Their names in the order of the labels, 2 to 1,000.
        modalities: In the order in which a network sees them; the first one leads: where samples
            are paired, every other modality gives each of the first's samples one of its own.
        read: Settings and folder to pools and digests.
        digests: Of a folder, SHA-256 of its content, part by part; without reading where
            `is_pinned`.
        is_pinned: Its content is one known content, or reading refuses it. The definition of a
            trial on any other source holds the content's fingerprint.
        is_paired: The samples of equal position of all modalities belong together.
        aliases: Further names by which a user may ask for it.
        lack: What keeps a folder from holding it, in words; empty if nothing does. None for a
            source that needs no folder.
        fetch: Downloads whatever a folder lacks.
        checks: Everything in a folder that can be checked by itself.
        remake: How a worker makes it; None for one that every process knows. A function, where
            something must be written down first: from the source's name and a folder.
        is_stand_in: It says what a stored network was trained on and has no samples; the source
            itself takes its place when it is made known.
    """

    name: str
    title: str
    banner: str
    classes: tuple[str, ...]
    modalities: tuple[Modality, ...]
    read: Callable[[DataSettings, Path | None], Reading]
    digests: Callable[[Path | None], tuple[str, ...]]
    is_pinned: bool = False
    is_paired: bool = False
    aliases: tuple[str, ...] = ()
    lack: Callable[[Path], str] | None = None
    fetch: Callable[[Path, Progress | None], Path] | None = None
    checks: Callable[[Path | None], Iterable[Check]] = lambda folder: ()
    remake: Remake | Callable[[str, Path], Remake] | None = None
    is_stand_in: bool = False

    def __post_init__(self) -> None:
        low, high = CLASS_LIMITS
        count = len(self.classes)
        constraint = f"{low} to {high:,} different names"
        is_fine = low <= count <= high and len(set(self.classes)) == count
        require(is_fine, f"source {self.name}", "classes", constraint, count)
        names = [modality.name for modality in self.modalities]
        is_fine = bool(names) and len(set(names)) == len(names)
        require(is_fine, f"source {self.name}", "modalities", "one or more, named apart", names)

    def modality(self, name: str) -> Modality:
        """A modality by name.

        Raises:
            InputError: There is none of this name.
        """
        by_name = {each.name: each for each in self.modalities}
        return by_name[one_of(f"source {self.name}", "modality", name, by_name)]

    def said(self, name: str) -> str:
        """What samples of a modality are called, apart from those of the others."""
        noun = self.modality(name).noun
        is_own = [each.noun for each in self.modalities].count(noun) == 1
        return noun if is_own else f"{name} {noun}"

    @property
    def choices(self) -> tuple[str, ...]:
        """What a network's modality may be, but for some of several (`a+b`)."""
        names = tuple(each.name for each in self.modalities)
        return (*names, FUSED) if len(names) > 1 else names

    def seen_by(self, modality: str, where: str = "trial") -> tuple[Modality, ...]:
        """The modalities that a network sees, in the source's order.

        Args:
            modality: A name, "fused" for all, or several names with "+" between them.
            where: Named in the error.

        Raises:
            InputError: There is no such modality.
        """
        if modality == FUSED and FUSED in self.choices:
            return self.modalities
        names = modality.split(PLUS)
        if len(names) == 1:
            one_of(where, "modality", modality, self.choices)
        for name in names:
            one_of(where, "modality", name, [each.name for each in self.modalities])
        require(len(set(names)) == len(names), where, "modality", "of different names", modality)
        return tuple(each for each in self.modalities if each.name in names)

    def canonical(self, modality: str) -> str:
        """The one name of what a network sees: all of several is "fused", order does not matter."""
        seen = self.seen_by(modality)
        if len(seen) > 1 and seen == self.modalities:
            return FUSED
        return PLUS.join(each.name for each in seen)

    @property
    def groups(self) -> tuple[str, ...]:
        """Every group that can be held out, in alphabetical order."""
        return tuple(sorted({name for each in self.modalities for name in each.groups}))

    @property
    def grouped(self) -> tuple[Modality, ...]:
        """The modalities whose samples say which group they are of."""
        return tuple(each for each in self.modalities if each.groups)

    @property
    def group_noun(self) -> str:
        """What one of its groups is called; empty where it has none."""
        return next((each.group_noun for each in self.grouped), "")
