"""Somebody's own data as tensors: described, decoded, divided, checked.

data = read_own(Path("animals"))
data.banner                       # what was found, in a sentence
data.modalities["sight"].inputs   # [N, 3, 32, 32] uint8
data.remarks                      # what the checks have to say
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spikefuse.core.errors import InputError
from spikefuse.data.own.checks import Inspection, Remark, refused, remarks
from spikefuse.data.own.decode import DecodedModality, Progress, decode, told_of
from spikefuse.data.own.description import SPLITS, Description
from spikefuse.data.own.discover import describe
from spikefuse.data.own.divide import Division, divide
from spikefuse.data.own.kinds.registry import KINDS
from spikefuse.data.own.refusals import WHERE
from spikefuse.data.own.settings import OwnSettings
from spikefuse.data.places.cache import user_cache


@dataclass(frozen=True, eq=False)
class OwnModality:
    """One modality, ready for a network but for standardisation.

    Args:
        name: What the user calls it.
        kind: A name in `KINDS`.
        inputs: [N, ...]; images uint8 0..255 [N, C, H, W], audio float32 log-magnitude
            spectrograms [N, 1, F, frames], arrays float32 as they are.
        labels: [N] int64 positions in the data's classes.
        splits: [N] int64 positions in `SPLITS`.
        groups: [N] int64 positions in the data's group names; None where there are none.
        names: [N] of the files.
        settings: How the files were decoded, nothing left open.
        units: What the axes of a sample are.
    """

    name: str
    kind: str
    inputs: Tensor
    labels: Tensor
    splits: Tensor
    groups: Tensor | None
    names: tuple[str, ...]
    settings: Mapping[str, Any]
    units: str

    def of(self, split: str) -> Tensor:
        """Positions of a split's samples, ascending."""
        return (self.splits == SPLITS.index(split)).nonzero().flatten()


@dataclass(frozen=True, eq=False)
class OwnData:
    """Data of somebody's own.

    Args:
        name: Name of the folder or file.
        classes: Names of the classes.
        modalities: By name; where `paired`, samples at equal positions belong together.
        paired: Whether the modalities are truly paired.
        pairing: That in words.
        group: What the groups are called; None where there are none.
        group_names: Names of the groups, in alphabetical order.
        made_splits: Names of the splits that were made here, not given.
        split_by: "group" or "class": what they were made by; None where all are given.
        fingerprint: 16 hexadecimal digits of a SHA-256 over contents, labels, groups, splits and
            how files were decoded; no path and no machine is in it.
        banner: One sentence that says what data this is.
        remarks: What the checks have to say.
    """

    name: str
    classes: tuple[str, ...]
    modalities: Mapping[str, OwnModality]
    paired: bool
    pairing: str
    group: str | None
    group_names: tuple[str, ...]
    made_splits: tuple[str, ...]
    split_by: str | None
    fingerprint: str
    banner: str
    remarks: tuple[Remark, ...]


def read_own(
    path: Path,
    settings: OwnSettings | None = None,
    *,
    progress: Progress | None = None,
    cache: Path | None = None,
) -> OwnData:
    """Read data of somebody's own; nothing is ever written into its folder.

    Args:
        path: A folder, a table, an archive or a TOML file that names one.
        settings: What is said about it; a TOML file says it itself.
        progress: Is told how many samples of a modality are read.
        cache: Where decoded files are kept; the user's cache folder by default.

    Raises:
        InputError: There is nothing, it is not laid out as it must be, or a check refuses it; the
            first reason is named, and how many more there are.
        MissingExtraError: It holds files that need an optional part.
    """
    return accepted(inspect(path, settings, progress=progress, cache=cache))


def accepted(inspection: Inspection) -> OwnData:
    """The data that was inspected.

    Raises:
        InputError: A check refuses it.
    """
    found = remarks(inspection)
    grave = refused(found)
    if grave:
        more = f" ({len(grave) - 1} more to mend.)" if len(grave) > 1 else ""
        raise InputError(f"{WHERE}: {grave[0].sentence}{more}")
    assert inspection.division is not None
    return _data(inspection, inspection.division, found)


def inspect(
    path: Path,
    settings: OwnSettings | None = None,
    *,
    progress: Progress | None = None,
    cache: Path | None = None,
) -> Inspection:
    """What the checks see: also of data that they will refuse.

    Args, errors: as `read_own`, but for what the checks refuse.
    """
    description = describe(path, settings)
    for modality in description.modalities:  # all of them, before the first file is opened
        told_of(modality, description.settings)
    home = user_cache()
    folder = home / "own" if cache is None and home is not None else cache
    decoded = [
        decode(modality, description.settings, folder, progress)
        for modality in description.modalities
    ]
    left_out = tuple(
        tuple((each.source.samples[place].name, why) for place, why in each.unreadable.items())
        for each in decoded
    )
    readable = _readable(decoded, description.paired)
    inspection = Inspection(description, readable, left_out, None)
    # Splits of what is to be mended first would only hide the reason.
    if refused(remarks(inspection)):
        return inspection
    return replace(inspection, division=divide(description, readable))


def _readable(decoded: Sequence[DecodedModality], paired: bool) -> tuple[DecodedModality, ...]:
    """Without unreadable samples; a truly paired row goes as a whole."""
    lost = [set(each.unreadable) for each in decoded]
    if paired:
        lost = [set().union(*lost)] * len(decoded)
    return tuple(_without(each, gone) for each, gone in zip(decoded, lost, strict=True))


def _without(decoded: DecodedModality, gone: set[int]) -> DecodedModality:
    if not gone:
        return decoded
    kept = [place for place in range(len(decoded.digests)) if place not in gone]
    source = decoded.source
    return DecodedModality(
        source=replace(source, samples=tuple(source.samples[place] for place in kept)),
        plan=decoded.plan,
        values=decoded.values[kept],
        facts=decoded.facts[kept],
        digests=tuple(decoded.digests[place] for place in kept),
        unreadable={},
    )


def _data(inspection: Inspection, division: Division, found: tuple[Remark, ...]) -> OwnData:
    description = inspection.description
    every = (sample for each in inspection.decoded for sample in each.source.samples)
    groups = tuple(sorted({sample.group for sample in every if sample.group is not None}))
    modalities = {
        decoded.source.name: _modality(decoded, splits.tolist(), description, groups)
        for decoded, splits in zip(inspection.decoded, division.splits, strict=True)
    }
    return OwnData(
        name=description.root.resolve().name,
        classes=description.classes,
        modalities=modalities,
        paired=description.paired,
        pairing=description.pairing,
        group=description.group,
        group_names=groups,
        made_splits=division.made,
        split_by=division.by,
        fingerprint=_fingerprint(inspection, division),
        banner=_banner(description, modalities, division),
        remarks=found,
    )


def _modality(
    decoded: DecodedModality,
    splits: list[int],
    description: Description,
    group_names: tuple[str, ...],
) -> OwnModality:
    samples = decoded.source.samples
    label = {name: place for place, name in enumerate(description.classes)}
    group = {name: place for place, name in enumerate(group_names)}
    groups = [group[sample.group] for sample in samples if sample.group is not None]
    return OwnModality(
        name=decoded.source.name,
        kind=decoded.source.kind,
        inputs=decoded.values,
        labels=torch.tensor([label[sample.label] for sample in samples]),
        splits=torch.tensor(splits),
        groups=torch.tensor(groups) if groups else None,
        names=tuple(sample.name for sample in samples),
        settings=decoded.plan.settings.model_dump(),
        units=decoded.plan.units,
    )


def _fingerprint(inspection: Inspection, division: Division) -> str:
    digest = hashlib.sha256()
    for decoded, splits in zip(inspection.decoded, division.splits, strict=True):
        source = decoded.source
        said = [[sample.label, sample.group] for sample in source.samples]
        head = [
            inspection.description.paired,
            inspection.description.classes,
            source.name,
            source.kind,
            KINDS[source.kind].recipe,
            decoded.plan.settings.model_dump(mode="json"),
            said,
        ]
        digest.update(json.dumps(head).encode())
        digest.update(np.asarray(splits, "<i8").tobytes())
        digest.update(b"".join(decoded.digests))
    return digest.hexdigest()[:16]


def _banner(
    description: Description, modalities: Mapping[str, OwnModality], division: Division
) -> str:
    parts = []
    for each in modalities.values():
        counts = ", ".join(f"{len(each.of(split)):,} {split}" for split in SPLITS)
        parts.append(f"{each.name} ({KINDS[each.kind].title}: {counts})")
    made = ""
    if division.made:
        made = f" {' and '.join(division.made).capitalize()} chosen here, by {division.by}."
    classes = len(description.classes)
    return (
        f"Own data {description.root.resolve().name!r}: {'; '.join(parts)}; {classes:,} classes; "
        f"{description.pairing}.{made}"
    )
