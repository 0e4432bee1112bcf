"""What the commands say about somebody's own data."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikefuse.core.checks import nearest
from spikefuse.core.errors import ArgumentError, InputError
from spikefuse.data import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console
    from rich.table import Table

    from spikefuse.data.own import OwnData, OwnSettings, Remark

STYLES = {"refused": "red", "warning": "yellow", "note": ""}
_MOST_CLASSES = 30


def refuse_beside(
    own: Path | None,
    given: dict[str, Any],
    *,
    data: str,
    data_dir: Path | None,
    as_json: bool,
    command: str = "data verify",
) -> None:
    """Refuse options that have no effect: those of own data without any, and the other way.

    Raises:
        InputError: One is given.
    """
    idle: dict[str, str] = {}
    if own is None:
        idle = {f"--{name.replace('_', '-')}": "needs data of your own" for name in given}
        idle |= {"--json": "needs data of your own"} if as_json else {}
    else:
        idle |= {"--data": "is for built-in data"} if data != "auto" else {}
        # An environment variable is meant for all commands, not for this one.
        is_written = data_dir is not None and str(data_dir) != os.environ.get(ENVIRONMENT)
        idle |= {"--data-dir": "is for built-in data"} if is_written else {}
    for option, reason in idle.items():
        raise InputError(f"{command}: {option} {reason}. Leave it out.")


def settings_of(path: Path, given: dict[str, Any]) -> OwnSettings | None:
    """What the options say; None where a file says it all."""
    from spikefuse.data.own import own_settings

    if path.suffix.lower() == ".toml" and not given:
        return None
    return own_settings(given, "")


def print_found(data: OwnData, console: Console) -> None:
    """The tables of counts and the remarks, as `data verify` has them."""
    for name in data.modalities:
        console.print(counts_table(data, name))
    _print_remarks(console, data.remarks)


def require_known(data: str) -> None:
    """Refuse a word that is no source, and no path either.

    Raises:
        InputError: It is none; the nearest source is named.
    """
    from spikefuse.data.sources.registry import choices

    if data not in choices() and not (
        Path(data).expanduser().exists() or Path(data).suffix or "/" in data
    ):
        close = nearest(data, choices())
        hint = f"Did you mean {' or '.join(close)}?" if close else "Check its spelling."
        known = f"one of {', '.join(choices())}, or a folder or file of your own that is there"
        raise ArgumentError("data", "data", f"must be {known}, got {data!r}. {hint}")


def source_of(data: str, console: Console) -> str:
    """The source that `--data` names; data of somebody's own is read and made a source first.

    Raises:
        InputError: The data cannot be used as it is.
    """
    from spikefuse.data.sources.registry import choices

    require_known(data)
    if data in choices():
        return data
    # Reading takes PyTorch, which a wrong word need not wait for.
    from spikefuse.data.own import read_own
    from spikefuse.data.own.source import register_from

    path = Path(data).expanduser()
    with files_progress(console) as progress:
        return register_from(read_own(path, progress=progress), path).name


def verify_own(path: Path, given: dict[str, Any], as_json: bool) -> None:
    """Print what is there and what the checks find.

    Raises:
        InputError: The data cannot be used as it is; the reasons were printed.
    """
    from spikefuse.cli.terminal import fact, make_console
    from spikefuse.data.own import accepted, inspect, remarks, summary

    console = make_console(to_stderr=as_json)
    with files_progress(console) as progress:
        inspection = inspect(path, settings_of(path, given), progress=progress)
    found = remarks(inspection)
    if not as_json:
        # The first is what the command ends with.
        _print_remarks(console, [each for each in found if each.weight == "refused"][1:])
    data = accepted(inspection)
    if as_json:
        print(json.dumps(summary(data)))
        return
    fact(console, "data", data.banner)
    print_found(data, console)


def counts_table(data: OwnData, name: str) -> Table:
    """Samples of each class in each split of one modality."""
    from rich.table import Table

    from spikefuse.data.own import counts

    modality = data.modalities[name]
    shape = " x ".join(map(str, modality.inputs.shape[1:]))
    table = Table(title=f"{name}: {shape}", title_justify="left")
    table.add_column("class", overflow="fold")
    by_class = counts(modality, data.classes)
    splits = list(next(iter(by_class.values())))
    for split in splits:
        table.add_column(split, justify="right")
    for label in data.classes[:_MOST_CLASSES]:
        cells = [f"{by_class[label][split]:,}" for split in splits]
        table.add_row(label, *cells)
    if len(data.classes) > _MOST_CLASSES:
        table.add_row(f"and {len(data.classes) - _MOST_CLASSES:,} more", *["" for _ in splits])
    table.add_section()
    totals = [f"{sum(each[split] for each in by_class.values()):,}" for split in splits]
    table.add_row("all", *totals)
    return table


def _print_remarks(console: Console, remarks: Sequence[Remark]) -> None:
    from rich.text import Text

    for remark in remarks:
        mark = (f"{remark.weight:<8} ", STYLES[remark.weight])
        console.print(Text.assemble(mark, remark.sentence))


@contextmanager
def files_progress(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each modality while its files are read."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn())
    # In a log a bar that goes again would leave an empty line.
    is_log = not console.is_terminal
    progress = Progress(*columns, console=console, transient=True, disable=is_log)
    tasks: dict[str, TaskID] = {}

    def step(name: str, done: int, total: int) -> None:
        progress.start()  # here: a bar of nothing would leave an empty line above a refusal
        if name not in tasks:
            tasks[name] = progress.add_task(f"reading {name}", total=total)
        progress.update(tasks[name], completed=done)

    try:
        yield step
    finally:
        if tasks:
            progress.stop()
