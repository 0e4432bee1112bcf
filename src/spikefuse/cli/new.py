"""`spikefuse new`: a commented file to begin with."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from spikefuse.cli.own import settings_of
from spikefuse.cli.records import options_of
from spikefuse.cli.terminal import fact, make_console
from spikefuse.data.own.outside import outside
from spikefuse.data.own.settings import OwnSettings

app = typer.Typer(help="Write a commented file to begin with.", no_args_is_help=True)


@app.callback()
def _new() -> None:
    """Write a commented file to begin with."""


@app.command("data")
@options_of(OwnSettings, leave_out=("modalities",))
def data(
    given: dict[str, Any],
    own: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="Data of your own: a folder, a metadata table or an .npz archive.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The file to write; the data's name with .toml if left out."),
    ] = None,
) -> None:
    """Write a TOML file that says all about DATA, from a look at its names; no file is opened.

    `spikefuse ask FILE.toml` reads it. Nothing is written into DATA.
    """
    from spikefuse.data.own import describe
    from spikefuse.data.own.template import template
    from spikefuse.results.atomic import write_file

    found = describe(own, settings_of(own, given))
    place = out or Path(f"{own.resolve().stem}.toml")
    outside(place, own, "new data")
    _require_new(place, "new data")
    write_file(place, template(found, _from(place, own)).encode(), "new data")
    fact(make_console(), "written", f"{place} (spikefuse ask {place})")


@app.command("study")
def study(
    out: Annotated[
        Path, typer.Option("--out", help="The file to write.", show_default=True)
    ] = Path("my_study.toml"),
    data: Annotated[
        str,
        typer.Option(
            "--data", help="A ready source, or data of your own: a folder, a table or a TOML file."
        ),
    ] = "auto",
) -> None:
    """Write a TOML file about a study of your own: factors, data, effort, each with a comment.

    `spikefuse run FILE.toml` trains it.
    """
    from spikefuse.cli.study_template import study_template
    from spikefuse.data.sources.registry import choices
    from spikefuse.results.atomic import write_file

    named = data
    if data not in choices():
        if not Path(data).expanduser().exists():
            from spikefuse.core.checks import one_of

            one_of("new study", "--data", data, choices())
        outside(out, Path(data).expanduser(), "new study")
        named = _from(out, Path(data).expanduser())
    _require_new(out, "new study")
    write_file(out, study_template(named).encode(), "new study")
    fact(make_console(), "written", f"{out} (spikefuse run {out})")


def _require_new(place: Path, command: str) -> None:
    """Refuse to write over a file, or into a folder that is not there."""
    from spikefuse.core.errors import InputError
    from spikefuse.results.outputs import require_output

    require_output(place, command)
    if place.exists():
        raise InputError(f"{command}: --out must not be there yet, got {place}. Name another one.")
    if not place.absolute().parent.is_dir():
        raise InputError(f"{command}: --out must lie in a folder that is there, got {place}.")


def _from(file: Path, data: Path) -> str:
    """The data as a path from the folder of a file."""
    relative = os.path.relpath(data.resolve(), file.absolute().parent.resolve())
    return Path(relative).as_posix()
