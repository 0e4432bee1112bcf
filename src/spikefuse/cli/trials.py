"""`spikefuse trials`: the trained networks of a results folder, found by what they are."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikefuse.cli import options
from spikefuse.cli.terminal import make_console

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from spikefuse.analysis.stored_trials import StoredTrial


_Folder = Annotated[
    Path | None, typer.Argument(help="Results folder; the newest under runs/ if left out.")
]
_Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="NAME=LEVEL",
        help="Only trials with this level, for example modality=fused or reset=hard; may be "
        "given again, or several with commas between. state=done is one too.",
    ),
]


def trials(
    folder: _Folder = None,
    where: _Where = None,
    as_json: options.AsJson = False,
) -> None:
    """List the trained networks of a folder, with what tells them apart and what they reached.

    Each has a folder of its own: `predict`, `evaluate` and `export` take it.
    """
    from spikefuse.analysis.stored_trials import matching, stored_trials
    from spikefuse.cli.newest import last_written
    from spikefuse.core.errors import StoreError
    from spikefuse.results import TrialStore

    root = folder or last_written("trials")
    store = TrialStore(root, read_only=True)
    if not store.trials.is_dir():
        raise StoreError(
            f"trials: {root} must be a results folder, got one without trials/. Name the folder "
            "that `train` or `run` was given as --out."
        )
    known = stored_trials(store)
    found = matching(known, where or ())
    if as_json:
        listed = [
            {
                "trial": each.name,
                "folder": str(store.trials / each.name),
                "state": each.state,
                "accuracy": each.accuracy,
                "definition": dict(each.settings),
            }
            for each in found
        ]
        print(json.dumps(listed, allow_nan=False))
        return
    console = make_console()
    console.print(f"{len(found):,} of {len(known):,} trials in {store.trials}")
    if len(found) > MOST_TABLED:
        for line in _lines(found):
            print(line)
    elif found:
        console.print(_table(found))


MOST_TABLED = 1000
"""Trials from which on each is a line: to lay out a table of more takes longer than to read them,
and whoever has so many searches the lines."""


def _lines(found: "Sequence[StoredTrial]") -> "Iterator[str]":
    """One line a trial, its settings as `--where` takes them."""
    from spikefuse.analysis.stored_trials import said, varying

    names = varying(found)
    for each in found:
        settings = ((name, said(each, name)) for name in names)
        told = ",".join(f"{name}={level}" for name, level in settings if level)
        yield f"{each.name}  {each.state:8}  {_reached(each):>8}  {told}"


def _table(found: "Sequence[StoredTrial]") -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from spikefuse.analysis.stored_trials import said, varying

    names = varying(found)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("trial", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("test accuracy", justify="right")
    # One column, written as `--where` takes it: a column a setting cuts every name at 80 columns.
    table.add_column("settings that differ", overflow="fold")
    for each in found:
        settings = ((name, said(each, name)) for name in names)
        told = Text(", ".join(f"{name}={level}" for name, level in settings if level))
        table.add_row(each.name, each.state, _reached(each), told)
    return table


def _reached(trial: "StoredTrial") -> str:
    return "" if trial.accuracy is None else f"{100 * trial.accuracy:.2f}\u00a0%"
