"""What takes the place of a missing or deceiving modality: made of the data, sample by sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from spikefuse.core.checks import one_of
from spikefuse.core.errors import DataError
from spikefuse.core.gaussian import normal
from spikefuse.core.streams import stream_seed, torch_stream
from spikefuse.noise import NOISES, NoiseCondition
from spikefuse.training.feed import EVALUATION_BATCH, Batch, Feed


@dataclass(frozen=True)
class Place:
    """Which inputs are replaced: those of a batch of a split, of one modality, in one draw."""

    feed: Feed
    split: str
    batch: Batch
    modality: str
    draw: int

    @property
    def inputs(self) -> Tensor:
        """[P, B, ...]."""
        return self.batch.inputs[self.modality]


def _zeros(place: Place) -> Tensor:
    return torch.zeros_like(place.inputs)


def _mean(place: Place) -> Tensor:
    mean, _ = place.feed.training_moments(place.modality)
    return mean.expand_as(place.inputs)


def _static(place: Place) -> Tensor:
    """Normal numbers with the mean and the standard deviation of all training values."""
    mean, square = place.feed.training_moments(place.modality)
    axes = tuple(range(1, mean.dim()))
    centre = mean.mean(dim=axes, keepdim=True)
    spread = (square.mean(dim=axes, keepdim=True) - centre.square()).clamp_min(0).sqrt()
    like = place.inputs
    key = ("senses", place.split, place.draw, place.modality, place.batch.number)
    drawn = [
        normal(stream_seed(each.seed, *key), 1, like[0].numel(), like.device)
        for each in place.feed.definitions
    ]
    return torch.stack(drawn).view_as(like) * spread + centre


def _other(place: Place) -> Tensor:
    return _instead(place, _shuffled)


def _conflicting(place: Place) -> Tensor:
    return _instead(place, _of_another_class)


def _shuffled(labels: Tensor, generator: torch.Generator) -> Tensor:
    """A permutation of all samples [n]."""
    return torch.randperm(len(labels), generator=generator)


def _of_another_class(labels: Tensor, generator: torch.Generator) -> Tensor:
    """For each sample [n] one of another class, each of them equally likely.

    Raises:
        DataError: There is one class alone.
    """
    _, place, counts = torch.unique(labels, return_inverse=True, return_counts=True)
    if len(counts) < 2:
        raise DataError(
            "senses: a conflict needs samples of two classes, got one. Take more samples."
        )
    by_class = torch.argsort(place, stable=True)
    first = counts.cumsum(0) - counts
    others = len(labels) - counts[place]
    drawn = torch.rand(len(labels), generator=generator, dtype=torch.float64)
    number = torch.minimum((drawn * others).long(), others - 1)
    skipped = torch.where(number < first[place], number, number + counts[place])
    return by_class[skipped]


_Draw = Callable[[Tensor, torch.Generator], Tensor]


def _order(feed: Feed, split: str, modality: str, draw: int, how: _Draw) -> Tensor:
    """Positions [P, n] in the split of what each of its samples shows instead."""
    key = ("senses", split, draw, modality)
    members = zip(feed.definitions, feed.labels(split).cpu(), strict=True)
    chosen = [how(own, torch_stream(each.seed, *key)) for each, own in members]
    return torch.stack(chosen).to(feed.device)


def _instead(place: Place, how: _Draw) -> Tensor:
    """What the samples of a batch show instead, [P, B, ...]."""
    order = _order(place.feed, place.split, place.modality, place.draw, how)
    first = place.batch.number * EVALUATION_BATCH
    chosen = order[:, first : first + place.batch.labels.shape[1]]
    return place.feed.batch(place.split, chosen).inputs[place.modality]


FILLS: dict[str, Callable[[Place], Tensor]] = {
    "zeros": _zeros,
    "mean": _mean,
    "static": _static,
    "shuffle": _other,
    "conflict": _conflicting,
}
"""What takes an input's place, by the name that a kind of noise gives it."""

_DRAWN: Mapping[str, _Draw] = {"shuffle": _shuffled, "conflict": _of_another_class}


def check_modalities(condition: NoiseCondition, feed: Feed) -> None:
    """Refuse a modality that the networks do not see.

    Raises:
        InputError: It names what there is.
    """
    for name in condition.modalities:
        one_of("noise", "modality", name, feed.pools)


def replacements(
    condition: NoiseCondition, feed: Feed, split: str, batch: Batch, draw: int
) -> dict[str, Tensor]:
    """By modality, the raw inputs that take the place of a batch's; empty for other noise."""
    fill = NOISES[condition.kind].fill
    if not fill:
        return {}
    names = condition.modalities or tuple(feed.pools)
    return {name: FILLS[fill](Place(feed, split, batch, name, draw)) for name in names}


def shown_labels(condition: NoiseCondition, feed: Feed, split: str, draw: int) -> Tensor | None:
    """The classes [P, n] that the replaced modality shows; None where it shows no sample."""
    how = _DRAWN.get(NOISES[condition.kind].fill)
    if how is None or condition.severity == 0:
        return None
    name = (condition.modalities or tuple(feed.pools))[0]
    order = _order(feed, split, name, draw, how)[:, : condition.samples]
    return feed.labels(split).gather(1, order)
