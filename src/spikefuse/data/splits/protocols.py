"""Pairing protocols: which sample stands in which split, and which clip pairs with which image.

| protocol   | rule                                                                              |
|------------|-----------------------------------------------------------------------------------|
| `paper`    | repeat the clips to the number of images, pair by digit, then split: the same     |
|            | clip stands in training and validation                                            |
| `disjoint` | split the clips first, pair inside each split: no clip on two sides               |
| `speaker`  | as `disjoint`, and the test split is one speaker whom training never hears        |

The image split of a seed is the same in every protocol, alone and in pairs, and so is the clip
split alone and under `disjoint`: what differs between two numbers is what they are about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import Field

from spikefuse.core.checks import one_of
from spikefuse.core.errors import DataError, InputError
from spikefuse.core.record import NamedRecord
from spikefuse.core.streams import torch_stream
from spikefuse.data.corpus import Corpus, Pool
from spikefuse.data.splits.sampling import pair, stratified, without

if TYPE_CHECKING:
    from torch import Tensor


SPLITS = ("train", "validation", "test")
MODALITIES = ("image", "audio", "fused")

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Splits: TypeAlias = "dict[str, Tensor]"


class Selection(NamedRecord):
    """Which part of a corpus a trial uses. What does not concern its modality has no effect.

    Args:
        images: Number of official training images, stratified by digit; all if left out.
        test_images: Number of official test images, stratified by digit; all if left out.
        clips: Number of training clips (under `speaker`, of the other speakers' clips),
            stratified by digit; all if left out.
        validation_share_image: Share of the training images, and of the pairs, held for validation.
        validation_share_audio: Share of the training clips held for validation.
        held_out_speaker: Whose clips are the test split; for protocol `speaker` alone.
        shuffle_audio: Permute the clips over the pairs of each split: a control in which audio
            says nothing about the label.
    """

    first_fields = frozenset(
        {
            "images",
            "test_images",
            "clips",
            "validation_share_image",
            "validation_share_audio",
            "held_out_speaker",
            "shuffle_audio",
        }
    )

    images: Count | None = None
    test_images: Count | None = None
    clips: Count | None = None
    validation_share_image: Share = 0.2
    validation_share_audio: Share = 500 / 2700
    held_out_speaker: str | None = None
    shuffle_audio: bool = False


@dataclass(frozen=True, eq=False)
class Assignment:
    """Which pool samples stand in which split.

    Args:
        protocol: "paper", "disjoint" or "speaker".
        samples: Split -> modality -> [n] pool indices; for pairs, both modalities aligned.
        labels: Split -> [n] int64.
    """

    protocol: str
    samples: Mapping[str, Mapping[str, Tensor]]
    labels: Mapping[str, Tensor]


def assign(
    corpus: Corpus,
    modality: str,
    protocol: str,
    seed: int,
    selection: Selection | None = None,
) -> Assignment:
    """Assign samples to splits; a pure function of its arguments.

    Args:
        corpus: The samples.
        modality: "image", "audio" or "fused" (pairs of the two).
        protocol: A name in `PROTOCOLS`.
        seed: Names the random streams.
        selection: Which part of the corpus; all of it by default.

    Raises:
        InputError: A name is unknown, a number exceeds what there is, or `held_out_speaker` and
            protocol `speaker` do not stand together.
        DataError: A split is empty, or a digit of the images has no clip in a split.
    """
    selection = Selection() if selection is None else selection
    one_of("assign", "modality", modality, MODALITIES)
    one_of("assign", "protocol", protocol, PROTOCOLS)
    samples: Mapping[str, Mapping[str, Tensor]]
    if modality == "image":
        images = image_splits(corpus.image, seed, selection)
        samples = {split: {"image": images[split]} for split in SPLITS}
    elif modality == "audio":
        clips = clip_splits(corpus.audio, protocol, seed, selection)
        samples = {split: {"audio": clips[split]} for split in SPLITS}
    else:
        images = image_splits(corpus.image, seed, selection)
        clips = PROTOCOLS[protocol](corpus, images, seed, selection)
        if selection.shuffle_audio:
            clips = {split: _shuffle(clips[split], seed, split) for split in SPLITS}
        samples = {split: {"image": images[split], "audio": clips[split]} for split in SPLITS}
    pool = corpus.audio if modality == "audio" else corpus.image
    labels = {split: pool.labels[samples[split][pool.modality]] for split in SPLITS}
    return Assignment(protocol, samples, labels)


def image_splits(pool: Pool, seed: int, selection: Selection) -> Splits:
    """Pool indices of the images of each split, ascending; the same under every protocol."""
    training = _subset(pool, ~pool.official_test, selection.images, "images", seed)
    test = _subset(pool, pool.official_test, selection.test_images, "test_images", seed)
    splits = _hold_out(pool, training, selection.validation_share_image, seed)
    return _require_filled({**splits, "test": test}, "image")


def clip_splits(pool: Pool, protocol: str, seed: int, selection: Selection) -> Splits:
    """Pool indices of the clips of each split, each clip once, ascending."""
    test_clips = _test_clips(pool, protocol, selection)
    training = _subset(pool, ~test_clips, selection.clips, "clips", seed)
    splits = _hold_out(pool, training, selection.validation_share_audio, seed)
    return _require_filled({**splits, "test": test_clips.nonzero().flatten()}, "audio")


def _test_clips(pool: Pool, protocol: str, selection: Selection) -> Tensor:
    """Mask of the clips that are the test split."""
    speaker = selection.held_out_speaker
    if protocol != "speaker":
        if speaker is not None:
            raise InputError(
                f"assign: held_out_speaker must be None under protocol {protocol!r}, got "
                f"{speaker!r}. Choose protocol 'speaker'."
            )
        return pool.official_test
    if speaker is None or pool.speakers is None:
        raise InputError(
            "assign: held_out_speaker must be given under protocol 'speaker', got None. "
            f"Choose one of {', '.join(pool.speaker_names)}."
        )
    one_of("assign", "held_out_speaker", speaker, pool.speaker_names)
    return pool.speakers == pool.speaker_names.index(speaker)


def _pair_then_split(corpus: Corpus, images: Splits, seed: int, selection: Selection) -> Splits:
    """Protocol `paper`: the training clips are tiled over training AND validation images."""
    import torch

    pool = corpus.audio
    chosen = clip_splits(pool, "paper", seed, selection)
    training = torch.cat([chosen["train"], chosen["validation"]])
    everything = torch.cat([images["train"], images["validation"]])
    clips = _pair(corpus, everything, training, seed, "paper")
    cut = len(images["train"])
    return {
        "train": clips[:cut],
        "validation": clips[cut:],
        "test": _pair(corpus, images["test"], chosen["test"], seed, "test"),
    }


def _split_then_pair(corpus: Corpus, images: Splits, seed: int, selection: Selection) -> Splits:
    """Protocol `disjoint`: each split's clips are tiled over its images alone."""
    chosen = clip_splits(corpus.audio, "disjoint", seed, selection)
    return {split: _pair(corpus, images[split], chosen[split], seed, split) for split in SPLITS}


def _leave_speaker_out(corpus: Corpus, images: Splits, seed: int, selection: Selection) -> Splits:
    """Protocol `speaker`: as `disjoint`, with one speaker's clips for the test."""
    chosen = clip_splits(corpus.audio, "speaker", seed, selection)
    return {split: _pair(corpus, images[split], chosen[split], seed, split) for split in SPLITS}


PROTOCOLS: dict[str, Callable[[Corpus, Splits, int, Selection], Splits]] = {
    "paper": _pair_then_split,
    "disjoint": _split_then_pair,
    "speaker": _leave_speaker_out,
}
"""Pairing protocols by name: corpus, image splits, seed and selection to aligned clips."""


def _pair(corpus: Corpus, images: Tensor, clips: Tensor, seed: int, part: str) -> Tensor:
    labels = corpus.image.labels[images]
    return pair(labels, clips, corpus.audio.labels[clips], seed, "pairing", part)


def _subset(pool: Pool, mask: Tensor, size: int | None, argument: str, seed: int) -> Tensor:
    """The samples under a mask, or a stratified subset of them."""
    indices = mask.nonzero().flatten()
    if size is None:
        return indices
    if size > len(indices):
        raise InputError(
            f"assign: {argument} must be at most {len(indices):,}, got {size:,}. "
            "Leave it out to use all."
        )
    return stratified(indices, pool.labels[indices], size, seed, "subset", argument)


def _hold_out(pool: Pool, training: Tensor, share: float, seed: int) -> Splits:
    """Split training samples into the rest and a stratified validation share."""
    size = round(len(training) * share)
    validation = stratified(training, pool.labels[training], size, seed, "split", pool.modality)
    return {"train": without(training, validation), "validation": validation}


def _require_filled(splits: Splits, modality: str) -> Splits:
    for split in SPLITS:
        if len(splits[split]) == 0:
            sizes = ", ".join(f"{name} {len(splits[name])}" for name in SPLITS)
            raise DataError(
                f"assign: every {modality} split must hold a sample, got {split} empty ({sizes}). "
                "Take more samples or another validation share."
            )
    return splits


def _shuffle(clips: Tensor, seed: int, split: str) -> Tensor:
    import torch

    return clips[torch.randperm(len(clips), generator=torch_stream(seed, "shuffle-audio", split))]
