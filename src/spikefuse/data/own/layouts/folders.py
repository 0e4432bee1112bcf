"""Folders: `modality/class/file`, `modality/split/class/file`, or labels in the file names."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from os.path import basename, join, splitext
from pathlib import Path, PurePosixPath

from spikefuse.core.checks import nearest, one_of
from spikefuse.data.own.description import SPLIT_NAMES, Modality, Sample
from spikefuse.data.own.kinds.registry import KINDS, kind_of, kind_of_file
from spikefuse.data.own.layouts.name_pattern import NamePattern, fields_of, name_pattern
from spikefuse.data.own.listing import Listing, inside, list_folder
from spikefuse.data.own.refusals import WHERE, refusal, some
from spikefuse.data.own.settings import ModalitySettings, OwnSettings
from spikefuse.data.own.spelling import told_apart

_LAYOUT = "Use DATA/MODALITY/CLASS/FILE, a metadata.csv, or --name-pattern with {label}."


def read_folders(root: Path, settings: OwnSettings) -> tuple[list[Modality], list[str]]:
    """The modalities of a folder, and the files in it that are no data.

    Raises:
        InputError: There is none, or one is not laid out as the settings say.
    """
    top = list_folder(root, root)
    chosen = settings.modalities or {name: ModalitySettings() for name in top.folders}
    if not chosen:
        raise refusal(str(root), "a folder with a folder for each modality", "none in it", _LAYOUT)
    if not settings.modalities and all(name.lower() in SPLIT_NAMES for name in chosen):
        raise refusal(
            f"folders of {root.name}",
            "modalities, and splits in each of them",
            f"splits alone ({some(list(chosen))})",
            "Use DATA/MODALITY/SPLIT/CLASS/FILE, or a metadata.csv in each split.",
        )
    modalities, ignored = [], list(top.files)
    for name, own in chosen.items():
        folder = inside(root, own.folder or name, f"folder of modality {name}")
        if not folder.is_dir():
            close = nearest(own.folder or name, top.folders)
            raise refusal(
                f"folder of modality {name}",
                f"in {root.name} ({some(top.folders) or 'it is empty'})",
                repr(own.folder or name),
                f"Did you mean {' or '.join(close)}?" if close else "Name it with folder.",
            )
        modality, others = _modality(root, folder, name, own, settings)
        modalities.append(modality)
        ignored += others
    return modalities, ignored


def _modality(
    root: Path, folder: Path, name: str, own: ModalitySettings, settings: OwnSettings
) -> tuple[Modality, list[str]]:
    pattern = own.name_pattern or settings.name_pattern
    labelled = pattern is not None and "label" in fields_of(pattern)
    found: list[Sample] = []
    ignored: list[str] = []
    reader = None if pattern is None else name_pattern(pattern)
    if pattern is not None and not labelled and settings.group is None:
        _refuse_idle(pattern)
    for split, part in _splits(root, folder):
        source = _flat(root, part, name) if labelled else _by_class(root, part, name)
        for file, label in source:
            if kind_of(splitext(file)[1]) is None:
                ignored.append(file)
                continue
            found.append(_sample(root, file, label, split, reader, pattern, settings.group))
    if not found:
        ends = f"a folder of files that end in {_endings()}"
        raise refusal(f"modality {name}", ends, "none", _LAYOUT)
    return Modality(name, single_kind(name, found, own.kind), tuple(found)), ignored


def _refuse_idle(pattern: str) -> None:
    """Refuse a pattern that says neither the class nor the group."""
    close = get_close_matches("label", fields_of(pattern), 1, 0.6)
    hint = f"Write {{label}} for {{{close[0]}}}." if close else "Name the group, or leave it out."
    must = "with {label}, or with the field that group names"
    raise refusal("name_pattern", must, repr(pattern), hint)


def _endings() -> str:
    # Two kinds may share an ending.
    return ", ".join(dict.fromkeys(end for kind in KINDS.values() for end in kind.suffixes))


def _splits(root: Path, folder: Path) -> list[tuple[str | None, Path]]:
    """The parts of a modality's folder: its splits where all folders in it are called so."""
    names = list_folder(root, folder).folders
    splits = [name for name in names if name.lower() in SPLIT_NAMES]
    if not splits:
        return [(None, folder)]
    if len(splits) < len(names):
        others = [name for name in names if name not in splits]
        close = [c for name in others for c in get_close_matches(name.lower(), SPLIT_NAMES, 1, 0.7)]
        hint = f" Or did you mean {close[0]}?" if close else ""
        raise refusal(
            folder.relative_to(root).as_posix(),
            "divided into splits or into classes",
            f"both ({some(splits)} beside {some(others)})",
            f"Move the classes into the splits.{hint}",
        )
    meant = [SPLIT_NAMES[name.lower()] for name in names]
    if len(set(meant)) < len(meant):
        raise refusal(
            folder.relative_to(root).as_posix(), "one folder a split", some(names), "Join them."
        )
    return [(split, folder / name) for split, name in zip(meant, names, strict=True)]


def _by_class(root: Path, folder: Path, modality: str) -> Iterator[tuple[str, str]]:
    """Names of files below the root, and their classes."""
    listing = list_folder(root, folder)
    data = [name for name in listing.files if kind_of(splitext(name)[1])]
    if data:
        raise refusal(
            f"files of modality {modality}",
            "in a folder a class",
            f"{some(data)} directly in {folder.relative_to(root).as_posix()}",
            _LAYOUT,
        )
    for label in listing.folders:
        files = list(_below(root, folder / label))
        if not any(kind_of(splitext(file)[1]) for file in files):
            place = (folder / label).relative_to(root).as_posix()
            raise refusal(
                f"class {label} of modality {modality}",
                "a folder with files" + (f" that end in {_endings()}" if files else ""),
                some([basename(file) for file in files]) if files else f"an empty one ({place})",
                "Save them so." if files else "Fill it or take it away.",
            )
        yield from ((file, label) for file in files)


def _below(root: Path, folder: Path) -> Iterator[str]:
    """Names below the root: a path object for each of 100,000 files would take seconds."""
    listing: Listing = list_folder(root, folder)
    above = folder.relative_to(root).as_posix()
    yield from (f"{above}/{name}" for name in listing.files)
    for name in listing.folders:
        yield from _below(root, folder / name)


def _flat(root: Path, folder: Path, modality: str) -> Iterator[tuple[str, str]]:
    listing = list_folder(root, folder)
    if listing.folders:
        raise refusal(
            f"folder of modality {modality}",
            "without folders, as name_pattern has {label}",
            some(listing.folders),
            "Take {label} out of the pattern, or the files out of the folders.",
        )
    above = folder.relative_to(root).as_posix()
    yield from ((f"{above}/{name}", "") for name in listing.files)


def _sample(
    root: Path,
    name: str,
    label: str,
    split: str | None,
    reader: NamePattern | None,
    pattern: str | None,
    group: str | None,
) -> Sample:
    path = join(root, name)
    if reader is None:
        return Sample(path, name, label, split)
    stem = splitext(basename(name))[0]
    fields = reader(stem)
    if fields is None:
        raise refusal(name, f"named as {pattern}", repr(stem), "Rename it or the pattern.")
    if "split" in fields:
        split = split_named(fields["split"], name)
    return Sample(path, name, fields.get("label", label), split, fields.get(group or ""))


def split_named(text: str, where: str) -> str:
    """The split of a spelling.

    Raises:
        InputError: It is none.
    """
    spelling = text.strip().lower()
    one_of(f"{WHERE}: {where}", "split", spelling, SPLIT_NAMES)
    return SPLIT_NAMES[spelling]


def single_kind(name: str, samples: list[Sample], wanted: str | None) -> str:
    """The one kind of a modality's files.

    Raises:
        InputError: They are of two kinds, or not of the kind that is asked for.
    """
    if wanted is not None:
        one_of(f"{WHERE}: modality {name}", "kind", wanted, KINDS)
    first: dict[str, str] = {}
    ends: dict[str, str] = {}
    for sample in samples:
        # By name alone: a table may name a file of no kind.
        ends.setdefault(splitext(sample.name)[1], sample.name)
    for suffix, file in ends.items():
        is_wanted = wanted is not None and suffix.lower() in KINDS[wanted].suffixes
        kind = wanted if is_wanted else kind_of(suffix)
        first.setdefault(kind or "unknown", file)
    if len(first) > 1 or "unknown" in first or (wanted is not None and wanted not in first):
        raise refusal(
            f"modality {name}",
            f"files of one kind ({wanted or ', '.join(KINDS)})",
            " and ".join(f"{kind} ({file})" for kind, file in first.items()),
            "Give each kind a modality of its own.",
        )
    found = next(iter(first))
    # An ending that two kinds share is settled by the first file; a wrong one is then unreadable.
    claimed = kind_of_file(Path(samples[0].path))
    return found if wanted is not None or claimed is None else claimed


def join_stems(modalities: list[Modality]) -> list[Modality]:
    """Bring files of the same place and stem to the same position.

    Raises:
        InputError: A stem is there twice, lacks a partner, or has two labels or groups.
    """
    tables = [_stems(modality) for modality in modalities]
    every = sorted(set().union(*tables))
    for modality, table in zip(modalities, tables, strict=True):
        alone = [stem for stem in every if stem not in table]
        if alone:
            raise refusal(
                f"modality {modality.name}",
                "a partner for every stem of the others",
                f"none for {some(alone)}",
                told_apart(_classes(alone), _classes(table))
                or "Add them, take the others away, or pair by class.",
            )
    for stem in every:
        said = {(t[stem].label, t[stem].split) for t in tables}
        if len(said) > 1:
            names = " and ".join(table[stem].name for table in tables)
            raise refusal(f"files of stem {stem}", "of one class and split", names, "Mend one.")
    return [
        Modality(modality.name, modality.kind, tuple(table[stem] for stem in every))
        for modality, table in zip(modalities, tables, strict=True)
    ]


def _classes(stems: Iterable[str]) -> set[str]:
    """The classes of stems, which stand before the last of their names."""
    return {stem.split("/")[-2] for stem in stems}


def _stems(modality: Modality) -> dict[str, Sample]:
    table: dict[str, Sample] = {}
    for sample in modality.samples:
        path = PurePosixPath(sample.name)
        # Without the modality's own folder: `sight/cat/001.png` and `sound/cat/001.wav` are one.
        stem = f"{sample.split or ''}/{sample.label}/{path.stem}".lstrip("/")
        if stem in table:
            raise refusal(
                f"stem {path.stem} of modality {modality.name}",
                "one file a class and split",
                f"{table[stem].name} and {sample.name}",
                "Rename one.",
            )
        table[stem] = sample
    return table
