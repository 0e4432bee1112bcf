"""`spikefuse predict`: what a trained network says of files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikefuse.cli import options
from spikefuse.cli.terminal import make_console

if TYPE_CHECKING:
    from rich.console import Console

    from spikefuse.training import TrialDefinition
    from spikefuse.workbench.predictions import Prediction

CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Names of modalities are the data's, so their options are read here."""

_SHOWN = 5


def predict(
    context: typer.Context,
    trial: Annotated[Path, typer.Argument(help="Trial folder, RESULTS/trials/NAME.")],
    named: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="MODALITY=FILE",
            help="A file by its modality; --MODALITY FILE says the same where no other option has "
            "that name.",
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture", help="Draw the input beside its spikes: a file ending in png, svg or pdf."
        ),
    ] = None,
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
    plugin: options.Plugin = None,
) -> None:
    """Ask a trained network about files: class, probability, spikes and modelled energy.

    Files are named by the modalities of its data, for example --image a.png --audio b.wav. Any
    size and rate is brought to what the network was trained on. With late fusion one of them is
    enough.
    """
    from spikefuse.core.plugins import load_plugins
    from spikefuse.results.outputs import require_output
    from spikefuse.workbench.fits import load

    load_plugins(plugin or ())
    given = _once([*_named(named or ()), *_extra(context.args)])
    if picture is not None:
        require_output(picture, "predict", "--picture", reads=given.values())
    fit = load(trial)
    found = fit.predict(given, data_dir=data_dir)
    if picture is not None:
        (definition,) = fit.definitions.values()
        _draw(picture, found, definition)
    if as_json:
        print(json.dumps(_record(found), allow_nan=False))
    else:
        _show(found, make_console())


def _once(given: list[tuple[str, Path]]) -> dict[str, Path]:
    """Files by modality.

    Raises:
        InputError: A modality has two: one of them would be left out in silence.
    """
    from spikefuse.core.errors import InputError

    found: dict[str, Path] = {}
    for name, file in given:
        if name in found:
            raise InputError(
                f"predict: {name} must be one file, got {str(found[name])!r} and {str(file)!r}. "
                "Ask about each on its own."
            )
        found[name] = file
    return found


def _named(pairs: Any) -> list[tuple[str, Path]]:
    from spikefuse.core.errors import InputError

    found = []
    for pair in pairs:
        name, sign, file = pair.partition("=")
        if not sign or not file:
            raise InputError(f"predict: --input must be MODALITY=FILE, got {pair!r}.")
        found.append((name, Path(file).expanduser()))
    return found


def _extra(words: list[str]) -> list[tuple[str, Path]]:
    """Files by modality from `--MODALITY FILE` and `--MODALITY=FILE`.

    Raises:
        InputError: A word is neither.
    """
    from spikefuse.core.errors import InputError

    found: list[tuple[str, Path]] = []
    rest = list(words)
    while rest:
        option = rest.pop(0)
        name, sign, file = option.removeprefix("--").partition("=")
        if not option.startswith("--") or (not sign and (not rest or rest[0].startswith("--"))):
            raise InputError(
                f"predict: inputs must be --MODALITY FILE, got {option!r} in {' '.join(words)!r}. "
                "Name a file after each modality."
            )
        found.append((name, Path(file if sign else rest.pop(0)).expanduser()))
    return found


def _record(found: "Prediction") -> dict[str, Any]:
    return {
        "class": found.label,
        "position": found.position,
        "probability": found.probability,
        "probabilities": dict(found.probabilities),
        "logits": found.logits.tolist(),
        "spikes": dict(found.spikes),
        "energy_nj": found.energy_nj,
        "cost_model": None if found.energy_nj is None else found.cost_model,
        "missing": list(found.missing),
    }


def _show(found: "Prediction", console: "Console") -> None:
    from rich.table import Table
    from rich.text import Text

    without = f" (without {', '.join(found.missing)})" if found.missing else ""
    console.print(
        Text(f"{found.label}, probability {100 * found.probability:.1f} %{without}", style="bold")
    )
    table = Table(show_header=False)
    for name, chance in list(found.probabilities.items())[1:_SHOWN]:
        table.add_row(f"next: {name}", f"{100 * chance:.1f} %")
    for site, spikes in found.spikes.items():
        steps, neurons = len(found.rasters[site]), found.rasters[site][0].numel()
        table.add_row(f"spikes of {site}", f"{spikes:,} of {neurons:,} neurons in {steps} steps")
    if found.energy_nj is not None:
        table.add_row(f"modelled energy ({found.cost_model})", f"{found.energy_nj:,.1f} nJ")
    console.print(table)


def _draw(path: Path, found: "Prediction", definition: "TrialDefinition") -> None:
    from spikefuse.report.output.prediction import Shown, write_prediction

    modalities = [each for each in definition.seen if each.name in found.samples]
    write_prediction(
        path,
        Shown(
            title=f"{found.label}, probability {100 * found.probability:.1f} %",
            detail=f"Trial {definition.name}. "
            + ("A dense network has no spikes." if not found.rasters else ""),
            inputs=[(each, found.samples[each.name].numpy()) for each in modalities],
            rasters={site: each.numpy() for site, each in found.rasters.items()},
        ),
    )
