"""`spikefuse evaluate`: a trained network under noise."""

from pathlib import Path
from typing import Annotated, Any

import typer

from spikefuse.cli import options
from spikefuse.cli.records import options_of
from spikefuse.cli.terminal import make_console
from spikefuse.training import NoiseCondition

DEFAULT_STD = 0.1
_STOPPED = "Stopped. Nothing new is stored: the same command begins anew."


@options_of(NoiseCondition, leave_out=("plugins",), shown={"noise_std": str(DEFAULT_STD)})
def evaluate(
    given: dict[str, Any],
    trial: Annotated[Path, typer.Argument(help="Trial folder, RESULTS/trials/NAME.")],
    data: options.DataOrOwn = "auto",
    data_dir: options.DataDir = None,
    device: options.Device = "cpu",
    backend: options.Backend = "auto",
    products: options.Products = "auto",
    as_json: options.AsJson = False,
) -> None:
    """Evaluate a trained network under noise and store the result in its folder.

    Data of your own must be named again (--data); built-in data is found by itself.
    """
    from spikefuse.cli.checked import check_backend, check_products, refuse_folder
    from spikefuse.cli.single import open_trial, show_trial, stopped_in_words
    from spikefuse.core.device import check_device
    from spikefuse.data import locate

    check_device(device)
    check_backend(backend, device)
    console = make_console(to_stderr=as_json)
    store, definition = open_trial(trial, data, console, "evaluate")
    check_products(products, backend, device, definition.precision)
    condition = _condition(given)
    from spikefuse.execution.environment import keep_memory
    from spikefuse.planning.work import run_population

    location = locate(definition.data.source, data_dir)
    refuse_folder("evaluate", location, data_dir)
    keep_memory()
    with stopped_in_words(console, None, _STOPPED):
        run_population(
            {
                "store": str(store.root),
                "data_folder": None if location.folder is None else str(location.folder),
                "device": device,
                "backend": backend,
                "products": products,
                "trials": [
                    {
                        "definition": definition.model_dump(mode="json"),
                        "conditions": [condition.model_dump(mode="json")],
                    }
                ],
            },
            lambda event: None,
        )
    show_trial(store, definition.name, console, as_json)


def _condition(given: dict[str, Any]) -> NoiseCondition:
    """The noise that is asked for.

    Raises:
        InputError: A number or name is not allowed, or an option has no effect.
    """
    from pydantic import ValidationError

    from spikefuse.cli.checked import refuse_idle
    from spikefuse.cli.single import explain
    from spikefuse.core.errors import InputError
    from spikefuse.training.effect import condition_without_effect

    try:
        condition = NoiseCondition.model_validate({"noise_std": DEFAULT_STD} | given)
    except ValidationError as error:
        raise InputError(explain("evaluate", error)) from None
    refuse_idle("evaluate", condition_without_effect(condition, given))
    return condition
