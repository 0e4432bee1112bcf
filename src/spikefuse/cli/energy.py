"""`spikefuse energy`: what a trained network computes, and what that would cost."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from spikefuse.cli import options
from spikefuse.cli.terminal import make_console

if TYPE_CHECKING:
    from rich.console import Console

    from spikefuse.analysis.trial_energy import TrialEnergy


WORDS = ("kind", "branches", "parts")
"""Columns of words; others are numbers."""


def energy(
    trial: Annotated[Path, typer.Argument(help="Trial folder, RESULTS/trials/NAME.")],
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model", help="Cost model, or a TOML file with one; the built-in ones if left out."
        ),
    ] = None,
    measured: Annotated[
        bool,
        typer.Option(
            "--measured",
            help="Also run the test samples here: time, and energy where the processor shows it.",
        ),
    ] = False,
    data: options.DataOrOwn = "auto",
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Price the operations that a trained network's test samples take, by layer and branch.

    Energy is a product of exact counts and published prices; absolute figures of two cost models
    do not compare. --measured stands apart from them.
    """
    import json
    import os

    from spikefuse.analysis.trial_energy import trial_energy
    from spikefuse.cli.checked import refuse_idle
    from spikefuse.data import ENVIRONMENT
    from spikefuse.meters.costs import cost_model

    is_written = data_dir is not None and str(data_dir) != os.environ.get(ENVIRONMENT)
    if not measured and (data != "auto" or is_written):
        refuse_idle("energy", ("data" if data != "auto" else "data_dir", "--measured"))
    models = [cost_model(name) for name in model] if model else None
    found = trial_energy(trial, models)
    taken = _measured(trial, data, data_dir) if measured else None
    if as_json:
        print(json.dumps(found.record() | ({"measured": taken} if taken else {}), indent=2))
        return
    _print(found, taken, make_console())


def _measured(trial: Path, data: str, data_dir: Path | None) -> dict[str, Any]:
    """Time and energy of an inference here, in a record."""
    from spikefuse.cli.checked import refuse_folder
    from spikefuse.cli.single import open_trial
    from spikefuse.data import load_corpus, locate
    from spikefuse.training.inference import measure_inference

    console = make_console(to_stderr=True)
    store, definition = open_trial(trial, data, console, "energy", read_only=True)
    location = locate(definition.data.source, data_dir)
    refuse_folder("energy", location, data_dir)
    corpus = load_corpus(definition.data, location)
    taken = measure_inference(definition, store.folder(definition.name).weights(), corpus)
    return {
        "samples": taken.samples,
        "milliseconds": 1e3 * taken.seconds / taken.samples,
        "millijoules": None if taken.joules is None else 1e3 * taken.joules / taken.samples,
        "reason": taken.reason,
    }


def _print(found: "TrialEnergy", taken: dict[str, Any] | None, console: "Console") -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    for title, heads, rows in found.tables():
        table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD)
        for place, head in enumerate(heads):
            is_name, is_words = place == 0, head in WORDS
            justify: Literal["left", "right"] = "left" if is_name or is_words else "right"
            table.add_column(head, justify=justify, no_wrap=is_name)  # cut short they look alike
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)
    for note in found.notes():
        console.print(Text(note))
    if taken is not None:
        energy_told = (
            f"not measurable here: {taken['reason']}"
            if taken["millijoules"] is None
            else f"{taken['millijoules']:.3g} mJ an inference of all that the packages did"
        )
        told = f"measured: {taken['milliseconds']:.3g} ms an inference in batches; {energy_told}."
        console.print(Text(told))
