"""Somebody's own data as a data source: what networks are trained on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikefuse.data.own.description import SPLITS
from spikefuse.data.own.kinds.registry import KINDS
from spikefuse.data.own.outside import REMAKE
from spikefuse.data.own.refusals import refusal
from spikefuse.data.own.settings import OwnSettings
from spikefuse.data.pools import Pool
from spikefuse.data.sources.contract import FileRecipe, Modality, Reading, Remake, Source
from spikefuse.data.sources.registry import SOURCES, register_source

if TYPE_CHECKING:
    from torch import Tensor

    from spikefuse.data.own.read import OwnData, OwnModality
    from spikefuse.data.settings import DataSettings

PREFIX = "own-"
OWN = "own"
"""Name of the recipe of files that were decoded as one of `KINDS`."""


def own_source(data: OwnData, remake: Remake | None = None) -> Source:
    """A source that holds this data; its content's fingerprint enters every trial's name.

    Test and validation are those of the data, the same for every seed.

    Args:
        data: What was read.
        remake: How a worker reads it; None where only this process trains on it.
    """
    pools = {name: _pool(data, each) for name, each in data.modalities.items()}

    def read(settings: DataSettings, folder: Path | None) -> Reading:
        return Reading(pools, (data.fingerprint,))

    return Source(
        name=source_name(data.name),
        title=f"own data {data.name!r}",
        banner=data.banner,
        classes=data.classes,
        modalities=tuple(
            _modality(data, each, pools[name]) for name, each in data.modalities.items()
        ),
        read=read,
        digests=lambda folder: (data.fingerprint,),
        is_paired=data.paired and len(pools) > 1,
        remake=remake,
    )


def register_own(data: OwnData, remake: Remake | None = None) -> Source:
    """Make own data known by its name; data read again takes the place of what it was before."""
    source = own_source(data, remake)
    known = SOURCES.get(source.name)
    is_same = known is not None and known.digests(None) == source.digests(None)
    if known is not None and is_same and remake in (None, known.remake):
        return known
    SOURCES.pop(source.name, None)
    return register_source(source)


def register_from(data: OwnData, path: Path, settings: OwnSettings | None = None) -> Source:
    """Make data known that was read from a path, in this process and to its workers.

    A worker reads it again by that path: decoded files are in the user's cache, so that takes
    seconds, and no pixel travels through a pipe.

    Args:
        data: What `read_own` gave.
        path: What it was given.
        settings: What it was given; a TOML file says it itself.
    """
    arguments = {
        "path": str(path.expanduser().absolute()),
        "settings": None if settings is None else settings.model_dump(mode="json"),
        "name": source_name(data.name),
        "fingerprint": data.fingerprint,
    }
    return register_own(data, Remake(REMAKE, arguments))


def remake_own(path: str, settings: dict[str, Any] | None, name: str, fingerprint: str) -> Source:
    """Make known in a worker what `register_from` made known to the command that sent it.

    Raises:
        InputError: The data is not there, or has changed since the work was sent.
    """
    known = SOURCES.get(name)
    if known is not None and known.digests(None) == (fingerprint,):
        return known
    from spikefuse.data.own.read import read_own

    said = None if settings is None else OwnSettings.model_validate(settings, strict=False)
    data = read_own(Path(path), said)
    if data.fingerprint != fingerprint:
        raise refusal(
            path,
            f"what it was when the work was sent (fingerprint {fingerprint})",
            data.fingerprint,
            "Start the command again.",
        )
    return register_from(data, Path(path), said)


def source_name(name: str) -> str:
    """What a source of this folder or file is called.

    Example:
        >>> source_name("My Animals (2).npz")
        'own-my-animals-2-npz'
    """
    word = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    return PREFIX + (word or "data")


def _pool(data: OwnData, modality: OwnModality) -> Pool:
    groups, group_names = _groups(data, modality)
    return Pool(
        modality=modality.name,
        inputs=shaped(modality.inputs),
        labels=modality.labels,
        official_test=modality.splits == SPLITS.index("test"),
        names=modality.names,
        groups=groups,
        group_names=group_names,
        official_validation=modality.splits == SPLITS.index("validation"),
    )


def _groups(data: OwnData, modality: OwnModality) -> tuple[Tensor | None, tuple[str, ...]]:
    """Groups of the samples, and the names of those that this modality has samples of."""
    if modality.groups is None:
        return None, ()
    present, positions = modality.groups.unique(return_inverse=True)
    return positions, tuple(data.group_names[number] for number in present.tolist())


def shaped(inputs: Tensor) -> Tensor:
    """[N, C, H, W] of images and spectrograms; arrays with features as rows and time as columns.

    Events are left as they are, [N, polarities, H, W, bins].
    """
    if inputs.dim() == 2:
        return inputs[:, None, :, None].contiguous()
    return inputs.transpose(1, 2)[:, None].contiguous() if inputs.dim() == 3 else inputs


def _modality(data: OwnData, modality: OwnModality, pool: Pool) -> Modality:
    shape = tuple(pool.inputs.shape[1:])
    recipe = FileRecipe(
        OWN,
        {
            "kind": modality.kind,
            "recipe": KINDS[modality.kind].recipe,
            "decoding": json.loads(json.dumps(dict(modality.settings))),
            "shape": list(modality.inputs.shape[1:]),
        },
    )
    options: dict[str, Any] = {}
    if pool.groups is not None:
        options = {"groups": pool.group_names, "group_noun": data.group or "group"}
        masks = pool.official_test, ~pool.official_test
        tested, trained = (set(pool.groups[mask].tolist()) for mask in masks)
        options["knows_groups"] = bool(tested & trained)
    return Modality(
        name=modality.name,
        kind=modality.kind,
        shape=lambda settings: shape,
        train=int((~pool.official_test).sum()),
        test=int(pool.official_test.sum()),
        noun=KINDS[modality.kind].samples,
        from_file=lambda settings: recipe,
        **options,
    )
