"""`spikefuse ask`: does a second modality help on this data?"""

from typing import Annotated, Any

import typer

from spikefuse.cli import options
from spikefuse.cli.compare import EXIT_CODES
from spikefuse.cli.records import fields_of, options_of
from spikefuse.cli.request import Request
from spikefuse.data.own.settings import OwnSettings

OF_OTHERS = (
    "studies",
    "profile",
    "data",
    "protocols",
    "experiments",
    "sizes",
    "shard",
    "curves",
)
"""Fields of a request that this command decides itself."""


@options_of(Request, OwnSettings, leave_out=(*OF_OTHERS, "modalities"))
def ask(
    given: dict[str, Any],
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="Data of your own (a folder, a metadata table, an .npz archive or a TOML file), "
            "or the name of a source.",
        ),
    ],
    profile: Annotated[
        str,
        typer.Option(
            "--profile",
            help="Effort: auto (by the number of samples), or smoke, quick, medium, full, paper.",
        ),
    ] = "auto",
    network: Annotated[
        str,
        typer.Option(
            "--network",
            help="SNN (with its dense twin), or MODULE:FUNCTION that makes an nn.Module of yours.",
        ),
    ] = "SNN",
    as_json: options.AsJson = False,
) -> None:
    """Does a second modality help on this data? One command, one answer, one report.

    Trains each modality alone and all together, as SNN and as its dense twin, and the control with
    shuffled pairs. Goes on where it was stopped. Nothing is written into the data's folder.

    Exit code: 0 yes, 3 no, 4 open, 1 something failed, 2 wrong options or data.
    """
    from spikefuse.cli.asking import ask_data

    known = fields_of(Request)
    asked = {name: value for name, value in given.items() if name in known} | {"profile": profile}
    own = {name: value for name, value in given.items() if name not in known}
    reply = ask_data(data, asked, own, network=network, as_json=as_json)
    raise typer.Exit(EXIT_CODES[reply])
