"""The audit of an assignment: what its splits hold, and what they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from spikefuse.core.checks import one_of
from spikefuse.data.corpus import Corpus
from spikefuse.data.sources.registry import SOURCES
from spikefuse.data.splits.protocols import SPLITS, Assignment

if TYPE_CHECKING:
    from torch import Tensor


class SplitContent(BaseModel):
    """What one split holds; None where it has no such modality.

    Args:
        split: "train", "validation" or "test".
        samples: Samples, or pairs of them.
        images: DISTINCT images, of a source that has samples of this noun.
        clips: DISTINCT clips, likewise: 10,000 test pairs may hold 300.
        speakers: DISTINCT speakers, of a source whose groups are speakers.
        distinct: DISTINCT samples by modality.
        groups: DISTINCT groups by modality, of those that have groups.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: str
    samples: int
    images: int | None = None
    clips: int | None = None
    speakers: int | None = None
    distinct: dict[str, int] = {}
    groups: dict[str, int] = {}


class Overlap(BaseModel):
    """What two splits share; None where they have no such modality.

    A share is the part of the SECOND split's distinct members that the first holds too: of the
    validation clips, how many are training clips.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: str
    second: str
    images: int | None = None
    images_share: float | None = None
    clips: int | None = None
    clips_share: float | None = None
    speakers: int | None = None
    speakers_share: float | None = None
    distinct: dict[str, int] = {}
    distinct_share: dict[str, float] = {}
    groups: dict[str, int] = {}
    groups_share: dict[str, float] = {}


class Audit(BaseModel):
    """The audit of one assignment; stands as JSON in a trial's results."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: str
    splits: tuple[SplitContent, ...]
    overlaps: tuple[Overlap, ...]

    def content(self, split: str) -> SplitContent:
        """What a split holds."""
        one_of("Audit", "split", split, SPLITS)
        return next(content for content in self.splits if content.split == split)

    def overlap(self, first: str, second: str) -> Overlap:
        """What two splits share, the earlier one first: train, validation, test."""
        pairs = {f"{item.first}-{item.second}": item for item in self.overlaps}
        return pairs[one_of("Audit", "pair of splits", f"{first}-{second}", pairs)]

    def to_json(self) -> dict[str, Any]:
        """The audit as JSON values, as it stands in a trial's results."""
        return self.model_dump(mode="json")


NOUNS = ("images", "clips", "speakers")
"""Counts that have fields of their own, under what a source calls its samples and groups."""


@dataclass(frozen=True, eq=False)
class _Members:
    """Distinct samples and groups of a split by modality, each [n] ascending."""

    samples: Mapping[str, Tensor]
    groups: Mapping[str, Tensor]


def audit(corpus: Corpus, assignment: Assignment) -> Audit:
    """Count distinct samples and groups in each split and between every two splits."""
    members = {split: _members(corpus, assignment.samples[split]) for split in SPLITS}
    contents = tuple(
        _content(corpus, split, len(assignment.labels[split]), members[split]) for split in SPLITS
    )
    overlaps = tuple(
        _overlap(corpus, first, second, members[first], members[second])
        for first, second in combinations(SPLITS, 2)
    )
    return Audit(protocol=assignment.protocol, splits=contents, overlaps=overlaps)


def _members(corpus: Corpus, samples: Mapping[str, Tensor]) -> _Members:
    import torch

    distinct = {name: torch.unique(indices) for name, indices in samples.items()}
    groups = {}
    for name, indices in distinct.items():
        of_pool = corpus.pools[name].groups
        if of_pool is not None:
            groups[name] = torch.unique(of_pool[indices])
    return _Members(distinct, groups)


def _by_noun(
    corpus: Corpus, samples: Mapping[str, Any], groups: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of the nouns that have fields of their own."""
    found = {}
    for modality in SOURCES[corpus.source].modalities:
        if modality.name in samples:
            found[modality.noun] = samples[modality.name]
        if modality.name in groups:
            found[f"{modality.group_noun}s"] = groups[modality.name]
    return {noun: found[noun] for noun in NOUNS if noun in found}


def _content(corpus: Corpus, split: str, samples: int, members: _Members) -> SplitContent:
    distinct = {name: len(found) for name, found in members.samples.items()}
    groups = {name: len(found) for name, found in members.groups.items()}
    nouns = _by_noun(corpus, distinct, groups)
    return SplitContent(split=split, samples=samples, distinct=distinct, groups=groups, **nouns)


def _overlap(corpus: Corpus, first: str, second: str, one: _Members, other: _Members) -> Overlap:
    import torch

    counts, shares = {}, {}
    for kind in ("samples", "groups"):
        theirs, ours = getattr(one, kind), getattr(other, kind)
        counts[kind] = {name: int(torch.isin(ours[name], theirs[name]).sum()) for name in ours}
        shares[kind] = {name: counts[kind][name] / len(ours[name]) for name in ours}
    nouns = _by_noun(corpus, counts["samples"], counts["groups"])
    parts = _by_noun(corpus, shares["samples"], shares["groups"])
    return Overlap(
        first=first,
        second=second,
        distinct=counts["samples"],
        distinct_share=shares["samples"],
        groups=counts["groups"],
        groups_share=shares["groups"],
        **nouns,
        **{f"{noun}_share": share for noun, share in parts.items()},
    )
