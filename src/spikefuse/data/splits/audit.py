"""The audit of an assignment: what its splits hold, and what they share."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from spikefuse.core.checks import one_of
from spikefuse.data.corpus import Corpus
from spikefuse.data.splits.protocols import SPLITS, Assignment


class SplitContent(BaseModel):
    """What one split holds; None where it has no such modality.

    Args:
        split: "train", "validation" or "test".
        samples: Images, clips or pairs.
        images: DISTINCT images.
        clips: DISTINCT clips: 10,000 test pairs may hold 300.
        speakers: DISTINCT speakers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: str
    samples: int
    images: int | None
    clips: int | None
    speakers: int | None


class Overlap(BaseModel):
    """What two splits share; None where they have no such modality.

    A share is the part of the SECOND split's distinct members that the first holds too: of the
    validation clips, how many are training clips.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: str
    second: str
    images: int | None
    images_share: float | None
    clips: int | None
    clips_share: float | None
    speakers: int | None
    speakers_share: float | None


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


def audit(corpus: Corpus, assignment: Assignment) -> Audit:
    """Count distinct images, clips and speakers in each split and between every two splits."""
    members = {split: _members(corpus, assignment.samples[split]) for split in SPLITS}
    contents = tuple(
        SplitContent(
            split=split,
            samples=len(assignment.labels[split]),
            images=_size(members[split].images),
            clips=_size(members[split].clips),
            speakers=_size(members[split].speakers),
        )
        for split in SPLITS
    )
    overlaps = tuple(
        _overlap(first, second, members[first], members[second])
        for first, second in combinations(SPLITS, 2)
    )
    return Audit(protocol=assignment.protocol, splits=contents, overlaps=overlaps)


@dataclass(frozen=True, eq=False)
class _Members:
    """Distinct members of a split, each [n] ascending, or None without the modality."""

    images: Tensor | None
    clips: Tensor | None
    speakers: Tensor | None


def _members(corpus: Corpus, samples: Mapping[str, Tensor]) -> _Members:
    images, clips = samples.get("image"), samples.get("audio")
    speakers = corpus.audio.speakers
    return _Members(
        images=None if images is None else torch.unique(images),
        clips=None if clips is None else torch.unique(clips),
        speakers=None if clips is None or speakers is None else torch.unique(speakers[clips]),
    )


def _size(members: Tensor | None) -> int | None:
    return None if members is None else len(members)


def _overlap(first: str, second: str, one: _Members, other: _Members) -> Overlap:
    images, images_share = _shared(one.images, other.images)
    clips, clips_share = _shared(one.clips, other.clips)
    speakers, speakers_share = _shared(one.speakers, other.speakers)
    return Overlap(
        first=first,
        second=second,
        images=images,
        images_share=images_share,
        clips=clips,
        clips_share=clips_share,
        speakers=speakers,
        speakers_share=speakers_share,
    )


def _shared(one: Tensor | None, other: Tensor | None) -> tuple[int | None, float | None]:
    """How many of the second's members the first holds too, and their share of the second."""
    if one is None or other is None:
        return None, None
    count = int(torch.isin(other, one).sum())
    return count, count / len(other)
