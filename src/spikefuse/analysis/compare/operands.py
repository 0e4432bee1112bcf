"""What A and B may be: two cells of one result folder, two trials, or two result folders."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from spikefuse.analysis.compare.cells import Operand, operand_of, select, shared_cells
from spikefuse.analysis.stored_rows import rows_of
from spikefuse.analysis.table import Table
from spikefuse.analysis.words import shown
from spikefuse.core.checks import nearest, one_of
from spikefuse.core.errors import InputError, SpikefuseError, StoreError
from spikefuse.results import TrialStore

TABLE = "results.csv"
SPLITS = ("test", "validation")

Kind = Literal["cell", "trial", "folder"]

_WHERE = "compare"
_TRIAL = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Pairs:
    """What is to be compared.

    Args:
        kind: What A and B are.
        series: Pairs of series, in order.
        refused: Shared cells without fair numbers: label and reason.
    """

    kind: Kind
    series: tuple[tuple[Operand, Operand], ...]
    refused: tuple[tuple[str, str], ...] = ()


def kind_of(text: str, results: Path) -> Kind:
    """Whether an argument is a cell, a trial or a result folder.

    Raises:
        InputError: It is none of them; the message names the nearest folder or trial.
    """
    path = Path(text)
    if (path / "trial.json").is_file() or _TRIAL.fullmatch(text):
        return "trial"
    if path.is_dir():
        return "folder"
    if "=" in text:
        return "cell"
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    folders = [str(each) for each in beside if (each / TABLE).is_file()]
    close = nearest(text, [*folders, *_trials(results)])
    hint = f"Did you mean {' or '.join(close)}?" if close else "See spikefuse compare --help."
    raise InputError(
        f"{_WHERE}: A and B must be cells (factor=level,...), result folders or trials of "
        f"{results}, got {text!r}. {hint}"
    )


def is_looked_up(text: str) -> bool:
    """Whether an argument is the name of a cell or trial, and no folder by itself.

    Example:
        >>> is_looked_up("network=snn"), is_looked_up("runs/mine")
        (True, False)
    """
    return not Path(text).is_dir() and ("=" in text or _TRIAL.fullmatch(text) is not None)


def find_pairs(a: str, b: str, results: Path, split: str = "test") -> Pairs:
    """The series that A and B name.

    Args:
        a: A cell (`factor=level,...`), a trial (its name, or its folder) or a result folder.
        b: The same kind of thing.
        results: Result folder in which cells and trials are looked up.
        split: "test" (at the best validation epoch) or "validation" (best of all epochs).

    Raises:
        InputError: A name is unknown, A and B are of different kinds, or two folders share no cell.
        StudyError: A cell has no fair numbers.
        StoreError: A table or trial is damaged.
    """
    one_of(_WHERE, "--split", split, SPLITS)
    kinds = kind_of(a, results), kind_of(b, results)
    if kinds[0] != kinds[1]:
        raise InputError(
            f"{_WHERE}: A and B must be of one kind, got a {kinds[0]} and a {kinds[1]}. "
            "Name two cells, two trials or two result folders."
        )
    if kinds[0] == "folder":
        return _folders(Path(a), Path(b), split)
    if kinds[0] == "trial":
        return Pairs("trial", ((_trial(a, results, split), _trial(b, results, split)),))
    rows = _rows(results)
    silent = Table(rows).silent
    first, second = (
        operand_of(select(rows, text, split), text, results, split, silent) for text in (a, b)
    )
    if first.trials == second.trials and first.values == second.values:
        raise InputError(
            f"{_WHERE}: A and B must be different cells, got the same one ({a} and {b} name the "
            "same trials). Name a level that differs."
        )
    return Pairs("cell", ((first, second),))


def _rows(folder: Path) -> Sequence[Mapping[str, Any]]:
    if not folder.is_dir():
        beside = folder.parent.iterdir() if folder.parent.is_dir() else ()
        close = nearest(str(folder), [str(each) for each in beside if (each / TABLE).is_file()])
        hint = f"Did you mean {' or '.join(close)}?" if close else "Run a study with it first."
        raise InputError(f"{_WHERE}: the result folder must exist, got {str(folder)!r}. {hint}")
    rows = rows_of(folder)
    if not rows and not (folder / TABLE).is_file():
        raise InputError(
            f"{_WHERE}: the result folder must hold {TABLE} or finished trials, got "
            f"{str(folder)!r}, which has none. Run a study with this folder first."
        )
    return rows


def _folders(a: Path, b: Path, split: str) -> Pairs:
    sides = _rows(a), _rows(b)
    found = shared_cells(*sides, split)
    if not found:
        raise InputError(
            f"{_WHERE}: the two result folders must share a cell with accuracies of split "
            f"{split!r}, got none. Cells are equal when all their factors are."
        )
    silent = [Table(rows).silent for rows in sides]
    series: list[tuple[Operand, Operand]] = []
    refused: list[tuple[str, str]] = []
    for label, rows_a, rows_b in found:
        try:
            first = operand_of(rows_a, label, a, split, silent[0])
            series.append((first, operand_of(rows_b, label, b, split, silent[1])))
        except SpikefuseError as problem:
            refused.append((label, str(problem).removeprefix(f"{_WHERE}: ")))
    return Pairs("folder", tuple(series), tuple(refused))


def _trials(results: Path) -> list[str]:
    return list(TrialStore(results, read_only=True)) if results.is_dir() else []


def _trial(text: str, results: Path, split: str) -> Operand:
    path = Path(text)
    root, name = results, text
    if (path / "trial.json").is_file():
        root, name = path.resolve().parent.parent, path.resolve().name
    stored = _trials(root)
    if name not in stored:
        close = nearest(name, stored)
        hint = f"Did you mean {' or '.join(close)}?" if close else "Name the folder with --results."
        raise InputError(
            f"{_WHERE}: a trial must be one that is stored in {root}, got {name!r}. {hint}"
        )
    record = TrialStore(root, read_only=True).read(name)
    if record.state != "done":
        raise InputError(
            f"{_WHERE}: a trial must be done to be compared, got {name} which is {record.state}."
        )
    try:
        value = float(record.results["accuracy"][f"{split}_best"])
        parts: Sequence[Any] = record.results["audit"]["splits"]
        samples = next(int(part["samples"]) for part in parts if part["split"] == split)
        seed = int(record.definition["seed"])
    except (KeyError, TypeError, ValueError, StopIteration) as problem:
        raise StoreError(
            f"{_WHERE}: trial {name} must tell its seed, accuracy and samples, got a record "
            f"without ({type(problem).__name__}: {shown(problem)}). Train it again."
        ) from problem
    return Operand(
        label=name,
        values={seed: value},
        trials={seed: name},
        samples=samples,
        noise_std=0.0,
        root=root,
    )
