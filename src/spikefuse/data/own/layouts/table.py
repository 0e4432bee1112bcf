"""Tables: `metadata.csv` and `metadata.jsonl`, as the Hugging Face folder loaders read them.

Columns: `NAME_file_name` for each modality (or one `file_name`), `label`, perhaps `split` and any
others, of which one may be the group. Every row is one truly paired sample.
"""

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from os.path import splitext
from pathlib import Path
from typing import Any

from spikefuse.core.checks import nearest, one_of
from spikefuse.core.errors import InputError
from spikefuse.core.untrusted import MOST_TABLE_BYTES, NoTextError, read_regular, reason, utf8_text
from spikefuse.data.own.description import SPLIT_NAMES, Modality, Sample
from spikefuse.data.own.kinds.registry import kind_of
from spikefuse.data.own.layouts.folders import single_kind, split_named
from spikefuse.data.own.listing import inside
from spikefuse.data.own.refusals import WHERE, refusal
from spikefuse.data.own.settings import ModalitySettings, OwnSettings

TABLES = ("metadata.csv", "metadata.jsonl")
UNREAD = ("metadata.parquet",)
"""Tables that other loaders read and none here does."""
_ENDING = "_file_name"
_SINGLE = "file_name"


@dataclass(frozen=True)
class Row:
    """One row: where it stands, and its values by column."""

    where: str
    values: Mapping[str, Any]


def find_tables(root: Path) -> list[tuple[str | None, Path]]:
    """The table of a folder, or one for each split folder.

    Raises:
        InputError: There is more than one where one is read, or one that nothing here reads.
    """
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    of_splits = [(each.name, table) for each in folders if (table := _table_of(root, each))]
    own = _table_of(root, root)
    if own is None:
        return [(split, table) for split, table in of_splits]
    for split, table in of_splits:
        if split.lower() in SPLIT_NAMES:
            raise _one_alone(root, own, table)
    return [(None, own)]


def _table_of(root: Path, folder: Path) -> Path | None:
    """The table that lies in a folder.

    As the Hugging Face loaders, which refuse tables of two formats: nobody can know which is true.
    """
    found = [folder / name for name in (*TABLES, *UNREAD) if (folder / name).is_file()]
    if len(found) > 1:
        raise _one_alone(root, *found[:2])
    if found and found[0].name in UNREAD:
        name = found[0].relative_to(root).as_posix()
        raise refusal(f"table of {root.name}", " or ".join(TABLES), name, "Save it as CSV.")
    return found[0] if found else None


def refuse_tables(root: Path, labels: str) -> None:
    """Refuse a table beside a file that says the labels too.

    Raises:
        InputError: There is one.
    """
    table = _table_of(root, root)
    if table is not None:
        raise _one_alone(root, table, root / labels)


def _one_alone(root: Path, first: Path, second: Path) -> InputError:
    names = " and ".join(each.relative_to(root).as_posix() for each in (first, second))
    hint = "Take one away"
    if first.parent == root:
        hint += f", or name the one to read, {root.name}/{first.name}"
    return refusal(f"table of {root.name}", "one file", names, f"{hint}.")


def read_tables(
    root: Path, tables: list[tuple[str | None, Path]], settings: OwnSettings
) -> list[Modality]:
    """The modalities of one table, or of one for each split.

    Raises:
        InputError: A table is unreadable, or a row is not what it must be.
    """
    samples: dict[str, list[Sample]] = {}
    further: dict[str, None] = {}
    for folder, path in tables:
        split = None if folder is None else split_named(folder, f"folder {folder}")
        rows = _rows(root, path)
        columns = _columns(rows[0].values, path.name, settings)
        if samples and set(columns) != set(samples):
            raise refusal(
                path.relative_to(root).as_posix(),
                f"a table of the modalities {', '.join(samples)}",
                ", ".join(columns),
                "Give all tables the same columns.",
            )
        further |= dict.fromkeys(
            column
            for column in rows[0].values
            if column not in ("label", "split", settings.group)
            and not column.endswith(_ENDING)
            and column != _SINGLE
        )
        for row in rows:
            for name, column in columns.items():
                sample = _sample(root, path.parent, row, column, split, settings.group)
                samples.setdefault(name, []).append(sample)
    plain = ModalitySettings()
    return [
        Modality(
            name if name != _SINGLE else single_kind(name, found, None),
            single_kind(name, found, settings.modalities.get(name, plain).kind),
            tuple(found),
            tuple(further),
        )
        for name, found in samples.items()
    ]


def unnamed(root: Path, modalities: list[Modality]) -> list[str]:
    """Data files below a folder that its tables do not name."""
    named = {Path(sample.path) for modality in modalities for sample in modality.samples}
    return sorted(
        (Path(folder) / name).relative_to(root).as_posix()
        for folder, _, names in os.walk(root)
        for name in names
        if kind_of(splitext(name)[1]) and not name.startswith(".")
        if Path(folder) / name not in named
    )


def _rows(root: Path, path: Path) -> list[Row]:
    name = path.relative_to(root).as_posix()
    try:
        text = utf8_text(read_regular(path, MOST_TABLE_BYTES))
    except NoTextError as error:
        raise refusal(name, "a table in UTF-8", str(error), "Save it as UTF-8.") from error
    except OSError as error:
        raise refusal(name, "a readable table", reason(error), "Check who may read it.") from error
    read = _json_rows if path.suffix.lower() == ".jsonl" else _csv_rows
    rows = read(text, name)
    if not rows:
        raise refusal(name, "a table with a row for each sample", "no row", "Fill it.")
    return rows


def _csv_rows(text: str, name: str) -> list[Row]:
    # Line ends of old programs too, as text files have them here.
    reader = csv.reader(io.StringIO(_plain_ends(text), newline=""), strict=True)
    rows: list[Row] = []
    try:
        # As cells are: what follows a comma and a space is meant without the space.
        header = [name.strip() for name in next(reader, [])]
        _require_different(header, f"header of {name}", "columns")
        for cells in reader:
            where = f"{name} line {reader.line_num}"
            if not cells:
                continue
            if len(cells) != len(header):
                raise refusal(where, f"{len(header)} cells", str(len(cells)), "Mend the line.")
            rows.append(Row(where, dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        raise refusal(f"{name} line {reader.line_num}", "CSV", reason(error), "Mend it.") from error
    return rows


def _plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _require_different(names: Sequence[str], where: str, what: str) -> None:
    """Refuse one name twice: which of both is meant, nobody can know."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        said = f"{', '.join(twice)} twice"
        raise refusal(where, f"{what} of different names", said, "Rename one.")


def _json_rows(text: str, name: str) -> list[Row]:
    rows = []
    for number, line in enumerate(_plain_ends(text).split("\n"), 1):
        if not line.strip():
            continue
        where = f"{name} line {number}"
        try:
            values = json.loads(line, object_pairs_hook=partial(_object, where))
        except InputError:
            raise
        except (ValueError, RecursionError) as error:
            raise refusal(where, "one JSON object", repr(line[:40]), f"{reason(error)}.") from error
        if not isinstance(values, dict):
            raise refusal(where, "one JSON object", repr(line[:40]), "Mend the line.")
        rows.append(Row(where, values))
    return rows


def _object(where: str, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    _require_different([key for key, _ in pairs], where, "keys")
    return dict(pairs)


def _columns(header: Mapping[str, Any], name: str, settings: OwnSettings) -> dict[str, str]:
    """Modality -> column."""
    found = {
        column.removesuffix(_ENDING): column
        for column in header
        if column.endswith(_ENDING) and column != _ENDING
    }
    if not found and _SINGLE in header:
        found = {_SINGLE: _SINGLE}
    if not found:
        raise refusal(
            f"columns of {name}",
            "X_file_name for each modality X (or one file_name)",
            ", ".join(header) or "none",
            "Separate columns by commas." if _is_cut_otherwise(header) else "Add them.",
        )
    if "label" not in header:
        close = nearest("label", header)[:1]
        remedy = (
            f"Is it {close[0]!r}? Call that label." if close else "Call the classes' column so."
        )
        raise refusal(f"columns of {name}", "one called label", ", ".join(header), remedy)
    if settings.group is not None:
        one_of(f"{WHERE}: {name}", "group", settings.group, header)
    for modality in settings.modalities:
        one_of(f"{WHERE}: {name}", "modality", modality, found)
    wanted = settings.modalities or found
    return {modality: found[modality] for modality in wanted}


def _is_cut_otherwise(header: Mapping[str, Any]) -> bool:
    """Whether a table has one column, since its cells stand between semicolons or tabs."""
    return len(header) == 1 and any(sign in name for name in header for sign in ";\t|")


def _sample(
    root: Path, folder: Path, row: Row, column: str, split: str | None, group: str | None
) -> Sample:
    relative = _cell(row, column)
    path = inside(folder, relative, f"{column} of {row.where}")
    if not path.is_file():
        raise refusal(
            f"{column} of {row.where}", "a file that is there", repr(relative), "Mend the row."
        )
    if row.values.get("split") not in (None, ""):
        said = split_named(_cell(row, "split"), row.where)
        if split not in (None, said):
            raise refusal(f"split of {row.where}", f"{split}, as its folder", said, "Mend one.")
        split = said
    return Sample(
        str(path),
        path.relative_to(root).as_posix(),
        _cell(row, "label"),
        split,
        None if group is None else _cell(row, group),
    )


def _cell(row: Row, column: str) -> str:
    """The text of a cell; what other columns hold is nobody's business."""
    value = row.values.get(column)
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise refusal(
            f"{column} of {row.where}", "a text or a whole number", repr(value), "Mend it."
        )
    text = "" if value is None else str(value).strip()
    if not text:
        raise refusal(f"{column} of {row.where}", "filled", "an empty cell", "Fill it.")
    return text
