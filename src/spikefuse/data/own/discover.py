"""From a path to a description of what is there; only names and tables are read."""

from collections.abc import Callable
from pathlib import Path

from spikefuse.core.checks import one_of
from spikefuse.core.untrusted import reason
from spikefuse.data.own.description import Description, Modality, in_order
from spikefuse.data.own.layouts.folders import join_stems, read_folders
from spikefuse.data.own.layouts.name_pattern import fields_of
from spikefuse.data.own.layouts.stacks import is_stack_folder, read_stacks
from spikefuse.data.own.layouts.table import find_tables, read_tables, refuse_tables, unnamed
from spikefuse.data.own.refusals import WHERE, refusal, some
from spikefuse.data.own.settings import OwnSettings, read_toml
from spikefuse.data.sources.contract import CLASS_LIMITS, RESERVED

FILES = (".toml", ".npz", ".csv", ".jsonl")


def describe(path: Path, settings: OwnSettings | None = None) -> Description:
    """What is at a path: a folder, a table, an archive, or a TOML file that names one.

    Args:
        path: Where it is.
        settings: What is said about it; a TOML file says it itself.

    Raises:
        InputError: There is nothing, or it is not laid out as it must be.
    """
    try:
        return _described(path, settings)
    except PermissionError as error:
        # Asking whether a file is there fails too, where its folder may not be entered.
        place = str(error.filename or path)
        raise refusal(place, "readable", reason(error), "Check who may read it.") from error


def _described(path: Path, settings: OwnSettings | None) -> Description:
    if path.suffix.lower() == ".toml":
        if settings is not None:
            raise refusal(
                path.name, "all that is said", "options beside it", "Write them into the file."
            )
        path, settings = read_toml(path)
    settings = settings or OwnSettings()
    if not path.exists():
        raise refusal(str(path), "a folder or file that is there", "nothing", "Check its name.")
    if path.is_file() and path.suffix.lower() not in FILES:
        raise refusal(
            path.name,
            f"a folder or a file that ends in {', '.join(FILES)}",
            path.suffix,
            "Pack it.",
        )
    layout, modalities, ignored = _read(path, settings)
    description = Description(
        root=path,
        layout=layout,
        classes=in_order({sample.label for each in modalities for sample in each.samples}),
        modalities=tuple(modalities),
        paired=layout != "folders",
        group=_group(modalities, settings),
        ignored=tuple(ignored),
        settings=settings,
    )
    check_names(description)
    refuse_label_as_group(description)
    return description


def _read(path: Path, settings: OwnSettings) -> tuple[str, list[Modality], list[str]]:
    """Layout, modalities and what is no data."""
    if path.is_file() and path.suffix.lower() in (".csv", ".jsonl"):
        tables: list[tuple[str | None, Path]] = [(None, path)]
        return "metadata", _alone(settings, lambda: read_tables(path.parent, tables, settings)), []
    if path.is_file() or is_stack_folder(path):
        if not path.is_file():
            refuse_tables(path, "labels.npy")
        return "arrays", _alone(settings, lambda: read_stacks(path, settings)), []
    tables = find_tables(path)
    if tables:
        found = _alone(settings, lambda: read_tables(path, tables, settings))
        return "metadata", found, unnamed(path, found)
    modalities, ignored = read_folders(path, settings)
    if settings.pair == "stem":
        return "stems", join_stems(modalities), ignored
    return "folders", modalities, ignored


def _alone(settings: OwnSettings, read: Callable[[], list[Modality]]) -> list[Modality]:
    """Refuse what is about file names where a table or an array says it all."""
    patterns = [settings.name_pattern, *(m.name_pattern for m in settings.modalities.values())]
    for name, given in (("name_pattern", any(patterns)), ("pair", settings.pair != "class")):
        if given:
            raise refusal(
                name, "left out where a table or array says it", "both", "Take one of them away."
            )
    return read()


def _group(modalities: list[Modality], settings: OwnSettings) -> str | None:
    has_groups = any(sample.group for each in modalities for sample in each.samples[:1])
    if settings.group is None:
        return "group" if has_groups else None
    if not has_groups:
        patterns = [settings.name_pattern, *(m.name_pattern for m in settings.modalities.values())]
        fields = [field for pattern in patterns if pattern for field in fields_of(pattern)]
        if fields:
            one_of(WHERE, "group", settings.group, fields)
        raise refusal(
            "group",
            "a field of name_pattern or a column of a table",
            repr(settings.group),
            'Give for example --name-pattern "{label}_{speaker}_{take}".',
        )
    return settings.group


def refuse_label_as_group(description: Description) -> None:
    """Refuse groups that are the classes: no class could stand on two sides of a split.

    Raises:
        InputError: Every sample's group is its class.
    """
    every = [sample for each in description.modalities for sample in each.samples if sample.group]
    if every and all(sample.group == sample.label for sample in every):
        raise refusal(
            "group",
            "who or what a sample comes from",
            f"{description.group!r}, which is the class of each",
            "Name another column or field, or leave it out.",
        )


def check_names(description: Description) -> None:
    """Refuse names and numbers of modalities and classes that nothing can be made of.

    Raises:
        InputError: A name is unsuited, or there are too few or too many classes.
    """
    for modality in description.modalities:
        plain = modality.name.replace("-", "").replace("_", "")
        if not (plain.isascii() and plain.isalnum()) or modality.name in RESERVED:
            raise refusal(
                "name of a modality",
                f"letters, digits, '-' and '_', and not {', '.join(sorted(RESERVED))}",
                repr(modality.name),
                "Rename it, or name its folder in a TOML file.",
            )
    odd = [label for label in description.classes if not label.isprintable() or len(label) > 100]
    if odd:
        raise refusal("name of a class", "up to 100 printable characters", repr(odd[0]), "Rename.")
    least, most = CLASS_LIMITS
    if not least <= len(description.classes) <= most:
        raise refusal(
            "classes",
            f"{least} to {most:,}",
            f"{len(description.classes):,} ({some(description.classes)})",
            "Look at how labels are said.",
        )
