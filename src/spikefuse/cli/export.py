"""`spikefuse export`: a trained network for other programs."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from spikefuse.cli import options
from spikefuse.cli.terminal import make_console

_Trial = Annotated[Path, typer.Argument(help="Trial folder, RESULTS/trials/NAME.")]
_To = Annotated[
    str,
    typer.Option(
        "--format",
        help="nir (a graph for other spiking frameworks), onnx (a graph of standard operators, "
        "its steps unrolled) or torch (a program of torch.export and the state_dict of the "
        "plain network).",
    ),
]
_Out = Annotated[
    Path | None,
    typer.Option("--out", help="The file; NAME.nir, NAME.onnx or NAME.pt2 if left out."),
]
_Reset = Annotated[
    str,
    typer.Option(
        "--reset",
        help="With --format nir, what becomes of a soft reset, which NIR has no word for: "
        "refuse, exact (the same network in more nodes) or lif (another network).",
    ),
]
_Samples = Annotated[
    int, typer.Option("--samples", help="Test samples on which the file is judged.")
]


def export(
    trial: _Trial,
    to: _To = "nir",
    out: _Out = None,
    reset: _Reset = "refuse",
    samples: _Samples = 500,
    data: options.DataOrOwn = "auto",
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Write a trained network to a file that other programs read, and say how faithful it is.

    The file is read back and run on test samples before it takes its place. Beyond the tolerance
    nothing is written and the command ends with 1.
    """
    from spikefuse.cli.checked import refuse_folder, refuse_idle
    from spikefuse.cli.single import open_trial
    from spikefuse.data import load_corpus, locate
    from spikefuse.data.own.outside import outside, root_of
    from spikefuse.export.trial import SUFFIXES, export_trial

    if to != "nir" and reset != "refuse":
        refuse_idle("export", ("reset", "--format nir"))
    if out is not None:
        outside(out, root_of(data), "export")
    console = make_console(to_stderr=as_json)
    store, definition = open_trial(trial, data, console, "export", read_only=True)
    location = locate(definition.data.source, data_dir)
    refuse_folder("export", location, data_dir)
    corpus = load_corpus(definition.data, location)
    path = out or Path(definition.name + SUFFIXES.get(to, ""))
    outside(path, root_of(data), "export")
    found = export_trial(
        store.folder(definition.name),
        definition,
        corpus,
        path,
        to=to,
        reset=reset,
        samples=samples,
    )
    if as_json:
        files = [str(each) for each in found.files]
        print(json.dumps({"word": found.word, "drift": asdict(found.drift), "files": files}))
        return
    console.print(f"{found.word}: {found.drift}")
    for file in found.files:
        console.print(str(file))
