"""Pairing protocols: which sample stands in which split, and which samples make a pair.

| protocol   | rule                                                                              |
|------------|-----------------------------------------------------------------------------------|
| `paper`    | repeat the clips to the number of images, pair by class, then split: the same     |
|            | clip stands in training and validation                                            |
| `disjoint` | split the clips first, pair inside each split: no clip on two sides               |
| `speaker`  | as `disjoint`, and the test split is one speaker whom training never hears        |
| `paired`   | samples that belong together from the start are split together, whole groups to   |
|            | one side where there are groups                                                   |

"Images" stands for the leading modality of a network, the first that it sees of its source, and
"clips" for every other one, each paired with the leading one by itself.

The split of the leading modality is the same in every protocol, alone and in pairs, and so is that
of clips alone and under `disjoint`: what differs between two numbers is what they are about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from spikefuse.core.checks import one_of, require
from spikefuse.core.errors import DataError, InputError
from spikefuse.core.streams import torch_stream
from spikefuse.data.splits.sampling import pair, stratified, without

if TYPE_CHECKING:
    from torch import Tensor

    from spikefuse.data.corpus import Corpus
    from spikefuse.data.pools import Pool
    from spikefuse.data.sources.contract import Modality, Source
    from spikefuse.data.splits.selection import Selection


SPLITS = ("train", "validation", "test")

Splits: TypeAlias = "dict[str, Tensor]"


@dataclass(frozen=True, eq=False)
class Assignment:
    """Which pool samples stand in which split.

    Args:
        protocol: A name in `PROTOCOLS`.
        samples: Split -> modality -> [n] pool indices; for pairs, all modalities aligned.
        labels: Split -> [n] int64.
    """

    protocol: str
    samples: Mapping[str, Mapping[str, Tensor]]
    labels: Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class _Draw:
    """What an assignment is a function of."""

    corpus: Corpus
    source: Source
    seen: tuple[Modality, ...]
    protocol: str
    seed: int
    selection: Selection

    def pool(self, modality: Modality) -> Pool:
        """The pool of a modality."""
        return self.corpus.pools[modality.name]


Pairing: TypeAlias = "Callable[[_Draw, Splits, Modality, Modality], Splits]"


@dataclass(frozen=True)
class Protocol:
    """A rule of pairing.

    Args:
        says: The rule in a few words.
        pair: Gives every sample of the leading modality's splits one of another modality;
            None where samples are paired from the start.
        holds_out: The test split is one group of the source.
    """

    says: str
    pair: Pairing | None
    holds_out: bool = False

    def fits(self, source: Source) -> bool:
        """Whether samples that are paired from the start are what it is for."""
        return self.holds_out or source.is_paired == (self.pair is None)


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
        modality: What a network sees: a modality of the corpus's source, "fused" for all of them,
            or some with "+" between them.
        protocol: A name in `PROTOCOLS`.
        seed: Names the random streams.
        selection: Which part of the corpus; all of it by default.

    Raises:
        InputError: A name is unknown, a number exceeds what there is, the protocol is not for this
            source, or `held_out_speaker` and protocol `speaker` do not stand together.
        DataError: A split is empty, or a class of the leading modality has no partner in a split.
    """
    # A list of names, as a command's help has it, needs neither records nor what fetches data.
    from spikefuse.data.sources.registry import SOURCES
    from spikefuse.data.splits.selection import Selection

    source = SOURCES[corpus.source]
    seen = source.seen_by(modality, "assign")
    rule = PROTOCOLS[one_of("assign", "protocol", protocol, PROTOCOLS)]
    if not rule.fits(source):
        fitting = ", ".join(name for name, each in PROTOCOLS.items() if each.fits(source))
        require(False, "assign", "protocol", f"one of {fitting} for {source.name}", protocol)
    draw = _Draw(corpus, source, seen, protocol, seed, selection or Selection())
    leading = seen[0]
    splits = split_pairs(draw) if source.is_paired else split_pool(draw, leading)
    found = {leading.name: splits}
    for other in seen[1:]:
        if source.is_paired or rule.pair is None:
            partners = splits
        else:
            partners = rule.pair(draw, splits, leading, other)
        is_shuffled = draw.selection.is_shuffled(other)
        found[other.name] = _shuffle(partners, seed, other.name) if is_shuffled else partners
    samples = {split: {each.name: found[each.name][split] for each in seen} for split in SPLITS}
    labels = {split: draw.pool(leading).labels[splits[split]] for split in SPLITS}
    return Assignment(protocol, samples, labels)


def split_pool(draw: _Draw, modality: Modality) -> Splits:
    """Pool indices of each split of one modality by itself, each sample once, ascending."""
    training, tested = _train_and_test(draw, modality)
    share = draw.selection.validation_of(modality)
    pool = draw.pool(modality)
    given = _given(draw, pool, training)
    splits = given or _hold_out(pool, training, share, draw.seed, modality.name)
    return _require_filled({**splits, "test": tested}, modality.name)


def split_pairs(draw: _Draw) -> Splits:
    """Indices of each split of a source whose samples are paired, the same for every modality.

    Where there are groups, a whole group stands in training or in validation, so that validation
    asks what the test of a new group asks.
    """
    modality = draw.source.modalities[0]
    training, tested = _train_and_test(draw, modality)
    pool, share = draw.pool(modality), draw.selection.validation_of(modality)
    given = _given(draw, pool, training)
    if given is not None:
        splits = given
    elif pool.groups is None:
        splits = _hold_out(pool, training, share, draw.seed, "pairs")
    else:
        # Data that names its validation samples has the same ones for every seed, here too.
        seed = draw.seed if pool.official_validation is None else 0
        splits = _hold_out_groups(pool.groups, training, share, seed)
    return _require_filled({**splits, "test": tested}, "pairs")


def _train_and_test(draw: _Draw, modality: Modality) -> tuple[Tensor, Tensor]:
    """Training samples, validation included, and test samples, as many as are selected."""
    pool, selection = draw.pool(modality), draw.selection
    mask = _test_mask(draw, modality)
    # A group that is held out is tested whole.
    limit = selection.test_of(modality) if mask is pool.official_test else None
    train, names = selection.train_of(modality), ("train", "test")
    arguments = [_argument(modality, name) for name in names]
    return (
        _training(pool, ~mask, train, arguments[0], draw.seed),
        _subset(pool, mask, limit, arguments[1], draw.seed),
    )


def _training(pool: Pool, mask: Tensor, size: int | None, argument: str, seed: int) -> Tensor:
    """Training samples, validation included: as many as are selected.

    Where the data itself names its validation samples, both parts keep their share. Drawn from
    both at once they would have other sizes for each seed, and no population could be made of them.
    """
    held = pool.official_validation
    most = int(mask.sum())
    if size is None or held is None or size >= most:
        return _subset(pool, mask, size, argument, seed)
    import torch

    parts = mask & ~held, mask & held
    trained = min(max(round(size * int(parts[0].sum()) / most), 1), size)
    chosen = [
        _subset(pool, part, count, argument, seed)
        for part, count in zip(parts, (trained, size - trained), strict=True)
    ]
    return torch.cat(chosen).sort().values


def _argument(modality: Modality, part: str) -> str:
    """What a number of samples is called in messages, and in the name of its random stream."""
    own: str | None = getattr(modality.fields, part)
    return own or f"{part} of {modality.name}"


def _test_mask(draw: _Draw, modality: Modality) -> Tensor:
    """Mask of the samples that are the test split."""
    pool, held = draw.pool(modality), draw.selection.held_out_speaker
    if pool.groups is None:
        return pool.official_test
    if not PROTOCOLS[draw.protocol].holds_out:
        if held is not None:
            raise InputError(
                f"assign: held_out_speaker must be None under protocol {draw.protocol!r}, got "
                f"{held!r}. Choose protocol {_HOLDING_OUT!r}."
            )
        return pool.official_test
    names = dict.fromkeys(name for each in draw.seen for name in draw.pool(each).group_names)
    if held is None:
        raise InputError(
            f"assign: held_out_speaker must be given under protocol {draw.protocol!r}, got None. "
            f"Choose one of {', '.join(names)}."
        )
    one_of("assign", "held_out_speaker", held, names)
    if held not in pool.group_names:
        return pool.official_test
    return pool.groups == pool.group_names.index(held)


def _pair_then_split(draw: _Draw, images: Splits, leading: Modality, other: Modality) -> Splits:
    """Protocol `paper`: the training clips are tiled over training AND validation images."""
    import torch

    chosen = split_pool(draw, other)
    training = torch.cat([chosen["train"], chosen["validation"]])
    everything = torch.cat([images["train"], images["validation"]])
    clips = _pair(draw, everything, training, leading, other, draw.protocol)
    cut = len(images["train"])
    return {
        "train": clips[:cut],
        "validation": clips[cut:],
        "test": _pair(draw, images["test"], chosen["test"], leading, other, "test"),
    }


def _split_then_pair(draw: _Draw, images: Splits, leading: Modality, other: Modality) -> Splits:
    """Protocols `disjoint` and `speaker`: each split's clips are tiled over its images alone."""
    chosen = split_pool(draw, other)
    return {
        split: _pair(draw, images[split], chosen[split], leading, other, split) for split in SPLITS
    }


PROTOCOLS: dict[str, Protocol] = {
    "paper": Protocol("pairs first, splits afterwards", _pair_then_split),
    "disjoint": Protocol("splits first, pairs inside each split", _split_then_pair),
    "speaker": Protocol(
        "as disjoint, tested on a group never trained on", _split_then_pair, holds_out=True
    ),
    "paired": Protocol("paired from the start, split together", None),
}
"""Pairing protocols by name."""

_HOLDING_OUT = next(name for name, rule in PROTOCOLS.items() if rule.holds_out)


def _pair(
    draw: _Draw, images: Tensor, clips: Tensor, leading: Modality, other: Modality, part: str
) -> Tensor:
    labels = draw.pool(leading).labels[images]
    # The first sources have one such modality, whose stream has no name of its own; two of them
    # under one stream would be paired with each other, not only with the leading one.
    own = () if other.fields.names else (other.name,)
    clip_labels = draw.pool(other).labels[clips]
    _require_partners(draw, labels, clip_labels, leading, other, part)
    return pair(labels, clips, clip_labels, draw.seed, "pairing", *own, part)


def _require_partners(
    draw: _Draw, labels: Tensor, partners: Tensor, leading: Modality, other: Modality, part: str
) -> None:
    """Refuse a split in which a class of the leading modality would meet nobody."""
    lacking = sorted(set(labels.tolist()) - set(partners.tolist()))
    if not lacking:
        return
    held = draw.selection.held_out_speaker
    where = "training" if part == draw.protocol else f"the {part} split"
    where += f" with {leading.group_noun} {held!r} held out" if held else ""
    names = ", ".join(repr(draw.source.classes[label]) for label in lacking[:3])
    raise DataError(
        f"assign: {other.name} must have every class that {leading.name} has in {where}, got none "
        f"of {names}. Add samples, or take the class or the group away."
    )


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


def _given(draw: _Draw, pool: Pool, training: Tensor) -> Splits | None:
    """Training and validation as the data itself gives them; None where it does not.

    A group that is held out may take all validation samples of a class with it: then they are
    drawn anew from the groups that are left.
    """
    if pool.official_validation is None:
        return None
    held = pool.official_validation[training]
    splits = {"train": training[~held], "validation": training[held]}
    if PROTOCOLS[draw.protocol].holds_out:
        present = [set(pool.labels[each].tolist()) for each in splits.values()]
        if present[0] != present[1]:
            return None
    return splits


def _hold_out(pool: Pool, training: Tensor, share: float, seed: int, stream: str) -> Splits:
    """Split training samples into the rest and a stratified validation share."""
    size = round(len(training) * share)
    validation = stratified(training, pool.labels[training], size, seed, "split", stream)
    return {"train": without(training, validation), "validation": validation}


def _hold_out_groups(groups: Tensor, training: Tensor, share: float, seed: int) -> Splits:
    """Split training samples into the rest and whole groups, about a share of the groups."""
    import torch

    present = groups[training].unique()
    count = max(1, round(len(present) * share))
    order = torch.randperm(len(present), generator=torch_stream(seed, "split", "groups"))
    is_held = torch.isin(groups[training], present[order[:count]])
    return {"train": training[~is_held], "validation": training[is_held]}


def _require_filled(splits: Splits, modality: str) -> Splits:
    for split in SPLITS:
        if len(splits[split]) == 0:
            sizes = ", ".join(f"{name} {len(splits[name])}" for name in SPLITS)
            raise DataError(
                f"assign: every {modality} split must hold a sample, got {split} empty ({sizes}). "
                "Take more samples or another validation share."
            )
    return splits


def _shuffle(splits: Splits, seed: int, modality: str) -> Splits:
    import torch

    return {
        split: indices[
            torch.randperm(len(indices), generator=torch_stream(seed, f"shuffle-{modality}", split))
        ]
        for split, indices in splits.items()
    }
