"""`spikefuse evaluate`: a trained network under noise."""

from pathlib import Path
from typing import Annotated

import typer

from spikefuse.cli import options


def evaluate(
    trial: Annotated[Path, typer.Argument(help="Trial folder, RESULTS/trials/NAME.")],
    noise_std: Annotated[float, typer.Option(help="Standard deviation of the noise.")] = 0.1,
    noise_position: Annotated[str, typer.Option(help="before or after the activation.")] = "before",
    sites: Annotated[str, typer.Option(help="all, first or last hidden activations.")] = "all",
    draws: Annotated[int, typer.Option(help="Independent draws.")] = 2,
    samples: Annotated[
        int | None, typer.Option(help="At most this many samples per split; all if left out.")
    ] = None,
    data_dir: options.DataDir = None,
    device: options.Device = "cpu",
    backend: options.Backend = "auto",
    as_json: options.AsJson = False,
) -> None:
    """Evaluate a trained network under Gaussian noise and store the result in its folder."""
    import sys

    from pydantic import ValidationError
    from rich.console import Console

    from spikefuse.cli.single import explain, open_trial, show_trial
    from spikefuse.cli.workflow import check_backend
    from spikefuse.core.device import check_device
    from spikefuse.core.errors import InputError
    from spikefuse.data import locate
    from spikefuse.training import NoiseCondition

    check_device(device)
    check_backend(backend, device)
    store, definition = open_trial(trial)
    try:
        condition = NoiseCondition.model_validate(
            {
                "noise_std": noise_std,
                "noise_position": noise_position,
                "sites": sites,
                "draws": draws,
                "samples": samples,
            }
        )
    except ValidationError as error:
        raise InputError(explain("evaluate", error)) from None
    from spikefuse.planning.work import run_population

    source = definition.data.source
    location = locate("builtin" if source == "builtin" else "digits", data_dir)
    run_population(
        {
            "store": str(store.root),
            "data_folder": None if location.folder is None else str(location.folder),
            "device": device,
            "backend": backend,
            "trials": [
                {
                    "definition": definition.model_dump(mode="json"),
                    "conditions": [condition.model_dump(mode="json")],
                }
            ],
        },
        lambda event: None,
    )
    console = Console(file=sys.stderr if as_json else sys.stdout)
    show_trial(store, definition.name, console, as_json)
