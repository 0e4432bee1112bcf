"""Splits that are not given: by group where there is one, else by class; identical files together.

A pure function of labels, groups, contents and a seed's named streams. What is given stays.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from spikefuse.core.streams import stream_seed
from spikefuse.data.own.decode import DecodedModality
from spikefuse.data.own.description import SPLITS, Description
from spikefuse.data.own.refusals import refusal
from spikefuse.data.own.settings import OwnSettings
from spikefuse.data.splits.sampling import stratified

Positions = NDArray[np.int64]
TRAIN = SPLITS.index("train")
_LEAST = 3
"""A class needs so many different samples to stand in three splits."""


@dataclass(frozen=True)
class Division:
    """Which sample is in which split.

    Args:
        splits: For each modality, [N] positions in `SPLITS`.
        made: Names of the splits that were made here, in any modality.
        by: "group" or "class": what they were made by; None where all are given.
    """

    splits: tuple[Positions, ...]
    made: tuple[str, ...]
    by: str | None


@dataclass(frozen=True)
class _Family:
    """Samples that are divided together: truly paired rows, or modalities that share groups.

    Args:
        members: Positions of its modalities.
        labels: [n] `position/class`, the position of the modality where those of several
            follow each other, so that each is divided in proportion.
        groups: [n] or None.
        contents: [n] names of what is alike: samples with the same name stay together.
        given: [n] positions in `SPLITS`, -1 where none is given.
    """

    members: tuple[int, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...] | None
    contents: Positions
    given: Positions


def divide(description: Description, decoded: Sequence[DecodedModality]) -> Division:
    """Give every sample its split.

    Args:
        description: Settings, and whether rows are truly paired.
        decoded: The modalities without their unreadable samples.

    Raises:
        InputError: Splits are given for some samples only, or there are too few samples or groups.
    """
    splits: list[Positions] = [np.empty(0, np.int64)] * len(decoded)
    made: set[str] = set()
    by: str | None = None
    for family in _families(description, decoded):
        names = [each.source.name for each in decoded]
        meets = len(decoded) > 1 and not description.paired
        divided, new = _divide(family, description.settings, names, meets=meets)
        made |= set(new)
        if new:
            by = "group" if family.groups is not None or by == "group" else "class"
        start = 0
        for member in family.members:
            count = len(decoded[member].digests)
            # Rows that are truly paired share their splits; modalities in a row have their own.
            splits[member] = divided if description.paired else divided[start : start + count]
            start += count
    return Division(tuple(splits), tuple(name for name in SPLITS if name in made), by)


def _families(description: Description, decoded: Sequence[DecodedModality]) -> list[_Family]:
    if description.paired:
        return [_paired(decoded)]
    grouped = [place for place, each in enumerate(decoded) if _groups(each) is not None]
    others = [(place,) for place in range(len(decoded)) if place not in grouped]
    return [_joined(decoded, members) for members in [tuple(grouped), *others] if members]


def _groups(modality: DecodedModality) -> tuple[str, ...] | None:
    groups = tuple(sample.group or "" for sample in modality.source.samples)
    return groups if any(groups) else None


def _given(modality: DecodedModality) -> Positions:
    return np.array(
        [-1 if each.split is None else SPLITS.index(each.split) for each in modality.source.samples]
    )


def _paired(decoded: Sequence[DecodedModality]) -> _Family:
    first = decoded[0].source.samples
    groups = next((found for each in decoded if (found := _groups(each)) is not None), None)
    return _Family(
        members=tuple(range(len(decoded))),
        labels=tuple(f"0/{sample.label}" for sample in first),
        groups=groups,
        contents=_alike([each.digests for each in decoded]),
        given=_given(decoded[0]),
    )


def _joined(decoded: Sequence[DecodedModality], members: tuple[int, ...]) -> _Family:
    chosen = [decoded[member] for member in members]
    groups = [_groups(each) for each in chosen]
    labels = [f"{i}/{s.label}" for i, each in enumerate(chosen) for s in each.source.samples]
    return _Family(
        members=members,
        labels=tuple(labels),
        groups=tuple(g for each in groups if each is not None for g in each) or None,
        contents=_alike([tuple(d for each in chosen for d in each.digests)]),
        given=np.concatenate([_given(each) for each in chosen]),
    )


def _alike(digests: Sequence[Sequence[bytes]]) -> Positions:
    """One number for all rows that share a file, directly or through others; in order of the rows.

    Example:
        >>> _alike([(b"a", b"b", b"a"), (b"c", b"d", b"e")]).tolist()
        [0, 1, 0]
    """
    if len(digests) == 1:
        first: dict[bytes, int] = {}
        return np.array([first.setdefault(each, len(first)) for each in digests[0]], np.int64)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(digests[0])
    rows, nodes, known = [], [], 0
    for column in digests:
        names = {digest: known + i for i, digest in enumerate(dict.fromkeys(column))}
        rows += list(range(count))
        nodes += [count + names[digest] for digest in column]
        known += len(names)
    size = count + known
    graph = coo_array((np.ones(len(rows), np.int8), (rows, nodes)), shape=(size, size))
    numbers: Positions = connected_components(graph, directed=False)[1][:count].astype(np.int64)
    return numbers


def _divide(
    family: _Family, settings: OwnSettings, names: Sequence[str], *, meets: bool
) -> tuple[Positions, list[str]]:
    """Splits of a family's samples, and which of them were made.

    Args:
        family: The samples.
        settings: Shares and seed.
        names: Of all modalities.
        meets: Samples meet others of their class, so every split needs every class.
    """
    called = ", ".join(names[member] for member in family.members)
    splits = family.given.copy()
    given = {SPLITS[place] for place in np.unique(splits) if place >= 0}
    if given and (splits < 0).any():
        raise refusal(
            f"splits of {called}",
            "given for every sample or for none",
            f"{int((splits < 0).sum()):,} of {len(splits):,} without",
            "Name the split of each.",
        )
    if given and "train" not in given:
        raise refusal(f"splits of {called}", "with train", ", ".join(sorted(given)), "Add it.")
    splits[splits < 0] = TRAIN
    missing = [name for name in ("test", "validation") if name not in given]
    seed = stream_seed(settings.seed, "own-splits", called)
    for name in missing:
        pool = np.flatnonzero(splits == TRAIN)
        share = min(getattr(settings, name) * len(splits) / max(len(pool), 1), 0.5)
        if family.groups is None:
            drawn = _by_class(family, pool, share, seed, name, called)
        else:
            drawn = _by_group(family, pool, share, seed, name, called, meets=meets)
        splits[drawn] = SPLITS.index(name)
    return splits, missing


def _by_class(
    family: _Family, pool: Positions, share: float, seed: int, name: str, called: str
) -> Positions:
    """A share of every class, identical contents together."""
    units, first = np.unique(family.contents[pool], return_index=True)
    labels = np.array([family.labels[place] for place in pool[first]])
    chosen = []
    for label in dict.fromkeys(labels.tolist()):
        members = torch.from_numpy(units[labels == label])
        least = _LEAST - (name == "validation")
        if len(members) < least:
            raise refusal(
                f"class {label.partition('/')[2]} of {called}",
                f"at least {_LEAST} different samples, one for each split",
                f"{len(members)} for {name} and training",
                "Add samples, or give the splits.",
            )
        size = max(1, round(len(members) * share))
        same = torch.zeros(len(members), dtype=torch.int64)
        drawn = stratified(members, same, size, seed, name, label)
        chosen.append(drawn.numpy())
    return pool[np.isin(family.contents[pool], np.concatenate(chosen))]


def _folds(
    labels: NDArray[np.generic], groups: NDArray[np.generic], count: int, seed: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rest and chosen of each part, by whole groups and with classes in proportion."""
    from sklearn.model_selection import StratifiedGroupKFold

    folds = StratifiedGroupKFold(count, shuffle=True, random_state=seed % 2**32)
    with warnings.catch_warnings():
        # Said by the checks in words of this program: a class with few samples.
        warnings.simplefilter("ignore", UserWarning)
        return list(folds.split(np.zeros(len(labels)), labels, groups))


def _by_group(
    family: _Family,
    pool: Positions,
    share: float,
    seed: int,
    name: str,
    called: str,
    *,
    meets: bool,
) -> Positions:
    """Whole groups, with classes in proportion, as near to a share as the groups allow."""
    assert family.groups is not None
    labels = np.array([family.labels[place] for place in pool])
    groups = np.array([family.groups[place] for place in pool])
    count = len(np.unique(groups))
    least = _LEAST - (name == "validation")
    if count < least:
        raise refusal(
            f"groups of {called}",
            f"at least {_LEAST}, one for each split",
            f"{count} for {name} and training",
            "Give the splits, or leave group out.",
        )
    every = set(labels.tolist())
    folds = _folds(labels, groups, min(max(round(1 / share), 2), count), stream_seed(seed, name))
    found = [each for each in folds if set(labels[each[0]].tolist()) == every]
    if not found:
        raise refusal(
            f"groups of {called}",
            f"such that {name} can be taken out and training keeps every class",
            f"{count} groups, none of which can go",
            "Give the splits, or leave group out.",
        )
    if meets:
        # A group that lacks a class is left in training where others can go; else a check says it.
        found = [each for each in found if set(labels[each[1]].tolist()) == every] or found
    whole = {label: (labels == label).mean() for label in every}

    def distance(chosen: NDArray[np.int64]) -> float:
        mixture = sum(abs((labels[chosen] == label).mean() - whole[label]) for label in every)
        return abs(len(chosen) / len(pool) - share) + float(mixture)

    best: Positions = pool[min((chosen for _, chosen in found), key=distance)]
    return best
