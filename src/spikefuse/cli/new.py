"""`spikefuse new`: a commented file to begin with."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from spikefuse.cli.own import outside, settings_of
from spikefuse.cli.records import options_of
from spikefuse.cli.terminal import fact, make_console
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
    from spikefuse.core.errors import InputError
    from spikefuse.data.own import describe
    from spikefuse.data.own.template import template
    from spikefuse.results.atomic import write_file

    found = describe(own, settings_of(own, given))
    place = out or Path(f"{own.resolve().stem}.toml")
    outside(place, own, "new data")
    if place.exists():
        raise InputError(f"new data: --out must not be there yet, got {place}. Name another one.")
    if not place.absolute().parent.is_dir():
        raise InputError(f"new data: --out must lie in a folder that is there, got {place}.")
    relative = os.path.relpath(own.resolve(), place.absolute().parent.resolve())
    write_file(place, template(found, Path(relative).as_posix()).encode(), "new data")
    fact(make_console(), "written", f"{place} (spikefuse ask {place})")
