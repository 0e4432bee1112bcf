"""What a trained network takes and gives, stored with it: whoever has the folder can use it.

Classes, modalities, how a file becomes a sample, the statistics that samples are standardised by,
and the order in which weights lie. The definition says everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spikefuse.core.errors import DataError, StoreError
from spikefuse.core.validation import refusal_of
from spikefuse.data.settings import DataSettings
from spikefuse.data.sources.contract import FileRecipe, Modality, Source
from spikefuse.data.sources.registry import SOURCES, register_source
from spikefuse.results.documents import refuse_newer

if TYPE_CHECKING:
    from torch import Tensor

    from spikefuse.results import TrialFolder
    from spikefuse.training.feed import Feed

FORMAT = 1
"""Of `interface.json`: what this version writes, and the newest that it reads."""

Rows = list[list[float]]


class LayerOrder(BaseModel):
    """How weights lie.

    Args:
        convolutions: [out, in, height, width], as PyTorch's.
        dense: [out, in], as PyTorch's.
        features: Order in which a map is flattened before a dense layer: channels last. PyTorch's
            flatten gives "CHW"; `spikefuse.export.plain` permutes the columns.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    convolutions: Literal["OIHW"] = "OIHW"
    dense: Literal["OI"] = "OI"
    features: Literal["HWC"] = "HWC"


class Recipe(BaseModel):
    """See `FileRecipe`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    settings: dict[str, Any]


class Statistics(BaseModel):
    """Of the distinct training samples, by channel and row [C][F]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: Rows
    std: Rows


class Seen(BaseModel):
    """One modality of the data.

    Args:
        kind: A name in `spikefuse.data.KINDS`.
        noun: What samples are called, in the plural.
        shape: Of a sample.
        pixel_mean: Of pixels, where the trial's `image_scale` is "standard".
        pixel_std: Likewise.
        from_file: How one file becomes a sample; None where there is no such way.
        statistics: Where samples are standardised and the network sees this modality.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    noun: str
    shape: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=4)]
    pixel_mean: float
    pixel_std: float
    from_file: Recipe | None = None
    statistics: Statistics | None = None


class Interface(BaseModel):
    """What stands in `interface.json`.

    Args:
        format: Of this file.
        classes: Their names in the order of the logits.
        title: Of the data, in a few words.
        modalities: Of the data, by name, in the order in which a network sees them.
        paired: Whether samples of equal position belong together.
        layer_order: How weights lie.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    classes: tuple[str, ...]
    title: str
    modalities: dict[str, Seen]
    paired: bool
    layer_order: LayerOrder = LayerOrder()

    def modality(self, name: str) -> Modality:
        """A modality as a record."""
        return _modality(name, self.modalities[name])

    def statistics(self, name: str) -> tuple[Tensor, Tensor] | None:
        """Mean and standard deviation [C, F, 1] of a modality that is standardised."""
        import torch

        found = self.modalities[name].statistics
        if found is None:
            return None
        return torch.tensor(found.mean).unsqueeze(-1), torch.tensor(found.std).unsqueeze(-1)

    def stand_in(self, name: str) -> Source:
        """A source without samples, for a network whose data is not known here."""
        return Source(
            name=name,
            title=self.title,
            banner=f"{self.title}, known by a trained network alone",
            classes=self.classes,
            modalities=tuple(map(self.modality, self.modalities)),
            read=_refuse,
            digests=lambda folder: (),
            is_paired=self.paired,
            is_stand_in=True,
        )


def _modality(name: str, seen: Seen) -> Modality:
    recipe = seen.from_file
    found = None if recipe is None else FileRecipe(recipe.name, recipe.settings)
    return Modality(
        name=name,
        kind=seen.kind,
        shape=lambda settings: seen.shape,
        train=0,
        test=0,
        noun=seen.noun,
        pixel_mean=seen.pixel_mean,
        pixel_std=seen.pixel_std,
        from_file=None if found is None else lambda settings: found,
    )


def _refuse(settings: DataSettings, folder: Path | None) -> NoReturn:
    raise DataError(
        f"data: source {settings.source!r} must be known here to be read, got what a trained "
        "network says of it. Name the data itself (--data PATH)."
    )


def interface_of(feed: Feed, member: int) -> Interface:
    """The interface of one member of a population."""
    definition = feed.definitions[member]
    source, settings = definition.source, definition.data
    seen = {}
    for each in source.modalities:
        found = feed.statistics(each.name, member)
        recipe = None if each.from_file is None else each.from_file(settings)
        seen[each.name] = Seen(
            kind=each.kind,
            noun=each.noun,
            shape=each.shape(settings),
            pixel_mean=each.pixel_mean,
            pixel_std=each.pixel_std,
            from_file=None
            if recipe is None
            else Recipe(name=recipe.name, settings=dict(recipe.settings)),
            statistics=None if found is None else Statistics(mean=found[0], std=found[1]),
        )
    return Interface(
        classes=source.classes, title=source.title, modalities=seen, paired=source.is_paired
    )


def stored_interface(folder: TrialFolder) -> Interface | None:
    """The interface that a trial's folder holds; None in one of an earlier version.

    Raises:
        StoreError: It is damaged, or of a newer format.
    """
    document = folder.interface()
    return None if document is None else read_interface(document, folder.path)


def read_interface(document: Mapping[str, Any], path: Path) -> Interface:
    """The interface that a document holds.

    Raises:
        StoreError: It is none, or of a newer format.
    """
    refuse_newer(document, FORMAT, path / "interface.json")
    try:
        found = Interface.model_validate(document)
        for name in found.modalities:
            found.modality(name)
    except ValidationError as error:
        raise StoreError(refusal_of(f"{path}/interface.json", error)) from None
    except ValueError as error:
        raise StoreError(f"{path}/interface.json: {error}") from None
    return found


def make_known(definition: Mapping[str, Any], interface: Interface | None) -> None:
    """Make the data of a stored network known by what its folder says, unless it is known."""
    source = (definition.get("data") or {}).get("source")
    if interface is None or definition.get("plugins") or not isinstance(source, str):
        return
    if source not in SOURCES:
        register_source(interface.stand_in(source))


def scaled(
    x: Tensor, modality: Modality, image_scale: str, statistics: tuple[Tensor, Tensor] | None
) -> Tensor:
    """Samples as networks see them.

    Args:
        x: [..., C, H, W] as they stand in a pool.
        modality: Theirs.
        image_scale: A trial's.
        statistics: Mean and standard deviation of rows [..., C, F, 1], where they are
            standardised.
    """
    import torch

    if statistics is not None:
        mean, std = statistics
        return (x - mean) / std
    x = x.to(torch.float32)
    if not modality.is_pixels or image_scale == "byte":
        return x
    x = x / 255
    return (x - modality.pixel_mean) / modality.pixel_std if image_scale == "standard" else x
