"""What is checked in somebody's own data, one function a check, and how grave its remarks are."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spikefuse.data.own.decode import DecodedModality
from spikefuse.data.own.description import SPLITS, Description, Sample
from spikefuse.data.own.divide import Division
from spikefuse.data.own.kinds.registry import KINDS
from spikefuse.data.own.refusals import one_line, some
from spikefuse.data.own.spelling import difference, spellings, told_apart

REFUSED, WARNING, NOTE = "refused", "warning", "note"

FEW = 10
"""Fewer test samples of a class than this are said: one of them is worth 10 points and more."""

_SILENT = 1e-3
"""Peak of a clip, relative to full scale (-60 dB), below which nothing is to be heard."""


@dataclass(frozen=True)
class Remark:
    """What one check has to say.

    Args:
        check: Name in `CHECKS`.
        weight: "refused", "warning" or "note".
        sentence: For people.
        names: Every file, class or group that it is about.
    """

    check: str
    weight: str
    sentence: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Inspection:
    """What the checks see.

    Args:
        description: What the names show.
        decoded: The modalities as read, without what was left out.
        left_out: For each modality, file name and reason of its unreadable samples.
        division: Which sample is in which split; None where it could not be made.
    """

    description: Description
    decoded: tuple[DecodedModality, ...]
    left_out: tuple[tuple[tuple[str, str], ...], ...]
    division: Division | None

    def by_split(self) -> Iterator[tuple[DecodedModality, NDArray[np.int64]]]:
        """Each modality with its splits; nothing where there are none."""
        if self.division is not None:
            yield from zip(self.decoded, self.division.splits, strict=True)


Check = Callable[[Inspection], Iterator[Remark]]


def unreadable(inspection: Inspection) -> Iterator[Remark]:
    """Files that cannot be decoded."""
    skip = inspection.description.settings.skip_unreadable
    for modality, files in zip(inspection.decoded, inspection.left_out, strict=True):
        if files:
            listed = some([f"{name} ({reason})" for name, reason in files])
            end = "left out" if skip else "Mend or take them away, or leave them out with "
            end += "" if skip else "--skip-unreadable"
            yield Remark(
                "unreadable",
                WARNING if skip else REFUSED,
                f"{modality.source.name}: {_files(len(files))} unreadable: {listed}. {end}.",
                tuple(name for name, _ in files),
            )


def one_sided_classes(inspection: Inspection) -> Iterator[Remark]:
    """Classes that not every modality has: nothing could be paired with them."""
    for modality in inspection.decoded:
        present = {sample.label for sample in modality.source.samples}
        lacking = tuple(label for label in inspection.description.classes if label not in present)
        if lacking:
            # A blank at an end would not be seen.
            quoted = [name if name == name.strip() else repr(name) for name in lacking]
            hint = told_apart(lacking, present) or "Add files or take the class away."
            yield Remark(
                "one_sided_classes",
                REFUSED,
                f"{modality.source.name}: no readable sample of class {some(quoted)}, which "
                f"another modality has. {hint}",
                lacking,
            )


def classes_of_splits(inspection: Inspection) -> Iterator[Remark]:
    """Classes that a split lacks in a modality."""
    for modality, splits in inspection.by_split():
        counts = Counter(
            (sample.label, SPLITS[split])
            for sample, split in zip(modality.source.samples, splits.tolist(), strict=True)
        )
        for split in SPLITS:
            lacking = tuple(c for c in inspection.description.classes if not counts[c, split])
            if not lacking:
                continue
            # By class, a sample of the other modality would have nobody to meet.
            grave = split == "train" or len(lacking) == len(inspection.description.classes)
            grave = grave or (len(inspection.decoded) > 1 and not inspection.description.paired)
            yield Remark(
                "classes_of_splits",
                REFUSED if grave else WARNING,
                f"{modality.source.name}: {split} has no sample of class {some(lacking)}. "
                "Add samples, or give other splits.",
                lacking,
            )


def few_samples(inspection: Inspection) -> Iterator[Remark]:
    """Classes whose test is too small to say much."""
    for modality, splits in inspection.by_split():
        tested = Counter(
            sample.label
            for sample, split in zip(modality.source.samples, splits.tolist(), strict=True)
            if SPLITS[split] == "test"
        )
        few = tuple(label for label in inspection.description.classes if 0 < tested[label] < FEW)
        if few:
            least = min(few, key=lambda label: tested[label])
            yield Remark(
                "few_samples",
                WARNING,
                f"{modality.source.name}: {_of(len(few), 'class', 'classes')} with fewer than {FEW}"
                f" test samples (fewest: {least}, {tested[least]}).",
                few,
            )


def quiet_and_loud(inspection: Inspection) -> Iterator[Remark]:
    """Clips that say nothing, or are cut at full scale."""
    for modality in inspection.decoded:
        if KINDS[modality.source.kind].facts[:1] != ("rate_hz",):
            continue
        peak = modality.fact("peak")
        for check, mask, words in (
            ("silent", peak < _SILENT, "silent (peak below -60 dB)"),
            ("clipped", modality.fact("clipped") > 0, "clipped (3 samples in a row at full scale)"),
            ("over_scale", peak > 1, "above full scale (float samples beyond 1)"),
        ):
            yield from _masked(check, modality, mask, words)


def empty_pictures(inspection: Inspection) -> Iterator[Remark]:
    """Images of one grey level or colour, and arrays of one number."""
    for modality in inspection.decoded:
        for fact, words in (("blank", "of one level throughout"), ("constant", "constant")):
            if fact in KINDS[modality.source.kind].facts:
                yield from _masked(fact, modality, modality.fact(fact) > 0, words)


def lost_colour(inspection: Inspection) -> Iterator[Remark]:
    """Colour images that are read as grey."""
    for modality in inspection.decoded:
        if "coloured" in KINDS[modality.source.kind].facts and modality.plan.shape[0] == 1:
            mask = modality.fact("coloured") > 0
            yield from _masked("lost_colour", modality, mask, "in colour, read as grey")


_IDENTICAL = (
    (
        *("across", WARNING, "stands", "stand"),
        "in more than one split, so the test is not new to training",
    ),
    ("labels", WARNING, "has", "have", "more than one label"),
    ("within", NOTE, "is", "are", "there more than once under different names"),
)


def identical_files(inspection: Inspection) -> Iterator[Remark]:
    """Files of the same bytes, within a split, across splits and under two labels."""
    for place, modality in enumerate(inspection.decoded):
        if len(set(modality.digests)) == len(modality.digests):
            continue
        samples = modality.source.samples
        splits = None if inspection.division is None else inspection.division.splits[place]
        positions: dict[bytes, list[int]] = defaultdict(list)
        for position, digest in enumerate(modality.digests):
            positions[digest].append(position)
        found: dict[str, list[str]] = defaultdict(list)
        for group in positions.values():
            # A table may name one file in many rows: that is no copy.
            if len({samples[i].name for i in group}) > 1:
                pair = " = ".join(samples[i].name for i in group[:2])
                found["within"].append(pair)
            if splits is not None and len({int(splits[i]) for i in group}) > 1:
                found["across"].append(
                    " = ".join(_in_split(samples[i].name, splits[i]) for i in group[:2])
                )
            if len({samples[i].label for i in group}) > 1:
                found["labels"].append(
                    " and ".join(f"{samples[i].name} ({samples[i].label})" for i in group[:2])
                )
        name = modality.source.name
        for key, weight, one, many, words in _IDENTICAL:
            if found[key]:
                counted = _of(len(found[key]), f"content {one}", f"contents {many}")
                yield Remark(
                    f"identical_{key}",
                    weight,
                    f"{name}: {counted} {words}: {some(found[key])}.",
                    tuple(found[key]),
                )


def repeated_rows(inspection: Inspection) -> Iterator[Remark]:
    """Rows of a table that say what an earlier one said; another partner makes another sample."""
    if inspection.description.layout != "metadata":
        return
    rows = zip(*(modality.source.samples for modality in inspection.decoded), strict=True)
    counts = Counter(rows)
    repeated = {row: count - 1 for row, count in counts.items() if count > 1}
    if repeated:
        names = tuple(_row_name(row, count) for row, count in repeated.items())
        total = sum(repeated.values())
        yield Remark(
            "repeated_rows",
            WARNING,
            f"{_of(total, 'row of the table repeats', 'rows of the table repeat')} an earlier one "
            f"in files, label and split: {some(names)}. Such a sample counts more than others.",
            names,
        )


def _row_name(row: Sequence[Sample], count: int) -> str:
    files = " with ".join(sample.name for sample in row)
    split = "" if row[0].split is None else f", {row[0].split}"
    times = "" if count == 1 else f" {count} times more"
    return f"{files} ({row[0].label}{split}){times}"


def _in_split(name: str, split: int) -> str:
    return f"{name} ({SPLITS[split]})"


def shared_groups(inspection: Inspection) -> Iterator[Remark]:
    """Groups that stand in more than one split: speakers or subjects that training has met."""
    where: dict[str, set[str]] = defaultdict(set)
    for modality, splits in inspection.by_split():
        for sample, split in zip(modality.source.samples, splits.tolist(), strict=True):
            if sample.group is not None:
                where[sample.group].add(SPLITS[split])
    shared = tuple(sorted(group for group, splits in where.items() if len(splits) > 1))
    if shared:
        yield Remark(
            "shared_groups",
            WARNING,
            f"{len(shared)} of {len(where)} groups ({inspection.description.group}) stand in more "
            f"than one split: {some(shared)}. The answer is about known groups, not new ones.",
            shared,
        )


def not_paired(inspection: Inspection) -> Iterator[Remark]:
    """Samples that only share their class."""
    if len(inspection.decoded) > 1 and not inspection.description.paired:
        yield Remark(
            "not_paired",
            NOTE,
            "Paired by class, not truly paired: two samples of a class meet that were not recorded "
            "together, so what they share beyond the class cannot be learned.",
        )


def similar_classes(inspection: Inspection) -> Iterator[Remark]:
    """Class names that differ in case or blanks alone."""
    for alike in spellings(inspection.description.classes):
        yield Remark("similar_classes", WARNING, f"classes {difference(alike)}.", alike)


def sizes(inspection: Inspection) -> Iterator[Remark]:
    """Sizes and lengths of the files, and what they became."""
    for modality in inspection.decoded:
        spans = []
        for fact in KINDS[modality.source.kind].facts:
            if fact in ("height", "width", "seconds", "rate_hz", "length"):
                values = modality.fact(fact)
                low, middle, high = (
                    np.nanpercentile(values, (5, 50, 95)) if len(values) else (0,) * 3
                )
                spans.append(f"{fact} {low:g} / {middle:g} / {high:g}")
        shape = " x ".join(map(str, modality.plan.shape))
        yield Remark(
            "sizes",
            NOTE,
            f"{modality.source.name}: {', '.join(spans)} (5th, 50th, 95th percentile); each "
            f"becomes {shape} ({modality.plan.units}).",
        )


def unused_columns(inspection: Inspection) -> Iterator[Remark]:
    """Columns of a table that may say who a sample is of, where nobody named a group."""
    further = inspection.description.modalities[0].further
    if further and inspection.description.settings.group is None:
        yield Remark(
            "unused_columns",
            NOTE,
            f"{_of(len(further), 'column of the table is', 'columns of the table are')} not used: "
            f"{some(further)}. If one says who or what a sample is of, --group with its name keeps "
            "each on one side of the splits.",
            further,
        )


def ignored(inspection: Inspection) -> Iterator[Remark]:
    """Files that are no data."""
    names = inspection.description.ignored
    if names:
        text = f"{_files(len(names))} not read (no data, or named in no table): {some(names)}."
        yield Remark("ignored", NOTE, text, names)


CHECKS: dict[str, Check] = {
    "unreadable": unreadable,
    "one_sided_classes": one_sided_classes,
    "classes_of_splits": classes_of_splits,
    "few_samples": few_samples,
    "quiet_and_loud": quiet_and_loud,
    "empty_pictures": empty_pictures,
    "lost_colour": lost_colour,
    "identical_files": identical_files,
    "repeated_rows": repeated_rows,
    "shared_groups": shared_groups,
    "not_paired": not_paired,
    "similar_classes": similar_classes,
    "sizes": sizes,
    "unused_columns": unused_columns,
    "ignored": ignored,
}
"""Every check by name, in the order in which their remarks are shown."""


def remarks(inspection: Inspection) -> tuple[Remark, ...]:
    """What all checks have to say."""
    found = (remark for check in CHECKS.values() for remark in check(inspection))
    return tuple(replace(each, sentence=one_line(each.sentence)) for each in found)


def _masked(
    check: str, modality: DecodedModality, mask: NDArray[np.bool_], words: str
) -> Iterator[Remark]:
    names = tuple(modality.source.samples[place].name for place in np.flatnonzero(mask))
    if names:
        yield Remark(
            check,
            WARNING,
            f"{modality.source.name}: {_files(len(names))} {words}: {some(names)}.",
            names,
        )


def _files(count: int) -> str:
    return f"{count:,} {'file is' if count == 1 else 'files are'}"


def _of(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def refused(found: Sequence[Remark]) -> list[Remark]:
    """The remarks for which the data cannot be used."""
    return [remark for remark in found if remark.weight == REFUSED]
