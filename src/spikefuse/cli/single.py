"""One trial from the command line: its definition from options, its training, its table."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from spikefuse.analysis.silence import silent_words
from spikefuse.analysis.words import NONE, listing, noise_place, percent
from spikefuse.cli import signals
from spikefuse.cli.checked import (
    check_backend,
    check_products,
    deadline_of,
    refuse_folder,
    refuse_idle,
)
from spikefuse.cli.downloads import download_progress
from spikefuse.cli.own import require_known, source_of
from spikefuse.cli.terminal import fact, make_console, news
from spikefuse.cli.tracked import check_tracking, tracker_of
from spikefuse.cli.workflow import command_line, stop_in_time, tell_slow_neurons
from spikefuse.core.checks import one_of, require
from spikefuse.core.deadline import Deadline, OutOfTimeError, stop_requested, stoppable
from spikefuse.core.device import check_device, flushed_denormals, resolve_precision
from spikefuse.core.errors import InputError, StoreError
from spikefuse.core.threads import require_threads
from spikefuse.core.validation import refusal_of
from spikefuse.data import (
    Corpus,
    DataSettings,
    Location,
    Selection,
    banner_of,
    content_at,
    load_corpus,
    locate,
)
from spikefuse.data.own.outside import results_apart, root_of
from spikefuse.data.sources.registry import FALLBACK, choices
from spikefuse.execution import Event
from spikefuse.execution.environment import keep_memory
from spikefuse.networks import solve_width
from spikefuse.networks.plans import PLAN_OF_SMALL
from spikefuse.planning.run import network_name
from spikefuse.results import TrialRecord, TrialStore
from spikefuse.results.atomic import is_file
from spikefuse.results.outputs import require_beside, require_folder
from spikefuse.results.sound import read_as_results
from spikefuse.studies.profiles import SIZES
from spikefuse.training import TrialDefinition, stored_definition
from spikefuse.training.effect import without_effect


def definition_from(
    given: dict[str, Any], source: str, fingerprint: str | None = None
) -> TrialDefinition:
    """A trial's definition from the options of `spikefuse train` that were given.

    Raises:
        InputError: An option has a value that is not allowed, and the message names the nearest;
            or it has no effect, and the message says what it needs.
    """
    values = dict(given)
    selection = {key: values.pop(key) for key in Selection.model_fields if key in values}
    data = {key: values.pop(key) for key in DataSettings.model_fields if key in values}
    try:
        values |= _budget(values)
        values["selection"] = Selection.model_validate(selection)
        data = {"source": source, "fingerprint": fingerprint} | data
        values["data"] = DataSettings.model_validate(data)
        if "plan" not in values:
            draft = TrialDefinition.of_base(**values, plan=PLAN_OF_SMALL)
            values["plan"] = draft.network_spec().fitting_plan
        definition = TrialDefinition.of_base(**values)
        spec = definition.network_spec()  # refuses, among others, a map too small for the plan
    except ValidationError as error:
        raise InputError(explain("train", error)) from None
    refuse_idle("train", without_effect(definition, given))
    solve_width(spec)  # a budget that cannot be met leaves no folder behind
    return definition


def _budget(values: dict[str, Any]) -> dict[str, Any]:
    """Size and budget say one thing: each decides the other."""
    if "budget" not in values:
        size = one_of("train", "--size", values.get("size", "S"), SIZES)
        return {"size": size, "budget": SIZES[size]}
    budget = values["budget"]
    if "size" in values:
        refuse_idle("train", ("size", "--budget to be left out"))
    require(budget >= 100, "train", "--budget", "at least 100", budget)
    return {"size": str(budget), "budget": budget}


def explain(command: str, error: ValidationError) -> str:
    """The first problem of a record, in the words of the command that was typed."""
    return refusal_of(command, error, _option)


def _option(path: str) -> str:
    """What a field is called on the command line; a number by name keeps its name."""
    records = ("data", "selection", "neuron")
    parts = [part for part in path.split(".") if part not in records] or [path]
    name = "neuron" if parts[0] == "model" else parts[0]
    return " ".join(["--" + name.replace("_", "-"), *parts[1:]])


@dataclass(frozen=True)
class How:
    """What `spikefuse train` is told beside the network's settings; options of these names."""

    data: str
    data_dir: Path | None
    out: Path | None
    threads: int | None
    time_limit: str | None
    device: str
    backend: str
    precision: str
    products: str
    events: Path | None
    track: str | None
    as_json: bool


def train_one(given: dict[str, Any], how: How, began: float) -> None:
    """Train, store and show one trial.

    Args:
        given: Settings of the network that were given.
        how: Everything else.
        began: When the command did.

    Raises:
        typer.Exit: Interrupted (130), or stopped before the time limit (75).
    """
    deadline = deadline_of(how.time_limit, began)
    require_threads(how.threads, "train", "--threads")
    console = make_console(to_stderr=how.as_json)
    settings = given | {"precision": resolve_precision(how.precision, how.device)}
    _check(how, settings["precision"])
    definition, location = _defined(settings, how, console)
    fact(console, "data", f"{banner_of(location)}")
    keep_memory()
    if how.threads is not None:
        import torch

        torch.set_num_threads(how.threads)
    tell_slow_neurons(console, how.backend, how.device)
    corpus = load_corpus(definition.data, location)
    _require_trainable(definition, corpus, how.products)
    out = how.out or Path("runs") / f"single-{location.source}"
    if how.events is not None:
        require_beside(how.events, out, "train", "--events")
    store = TrialStore(out)
    with stopped_in_words(console, how.time_limit):
        _train(definition, corpus, store, how, deadline, console)
    show_trial(store, definition.name, console, how.as_json)


def _check(how: How, precision: str) -> None:
    """Refuse what can be told before anything is read.

    Raises:
        InputError: An option has a wrong value, or no effect.
    """
    require_known(how.data)
    if how.out is not None:
        require_folder(how.out, "train")
    results_apart(root_of(how.data), how.out, "runs/single-{}", "train", events=how.events)
    check_device(how.device)
    check_backend(how.backend, how.device)
    check_products(how.products, how.backend, how.device, precision)
    check_tracking(how.track, how.events)


def _defined(
    settings: dict[str, Any], how: How, console: Console
) -> tuple[TrialDefinition, Location]:
    """The trial, and where its data are; those of a ready source are downloaded if need be."""
    source = source_of(how.data, console)
    # Refuses what is wrong before anything is downloaded; data of one's own is there already.
    alike = FALLBACK if source == how.data else source
    definition_from(settings, choices().get(source) or alike)
    with download_progress(console) as progress:
        location = locate(source, how.data_dir, progress=progress)
    refuse_folder("train", location, how.data_dir)
    return definition_from(settings, location.source, content_at(location)), location


def _train(
    definition: TrialDefinition,
    corpus: Corpus,
    store: TrialStore,
    how: How,
    deadline: Deadline,
    console: Console,
) -> None:
    """Train under a bar and tell of it whoever follows; what is stored already is not touched."""
    from spikefuse.training import train_population

    bar, report = _progress(definition.epochs, console)
    label = f"{network_name(definition)} seed {definition.seed}"
    is_stored = store.state(definition.name) in ("done", "diverged")
    heard = {} if is_stored else {"train": {definition.name: label}}
    with (
        tracker_of(how.events, how.track, store.root, store, heard, command_line()) as tracker,
        bar,
        flushed_denormals(),
        stoppable(),
    ):
        tracker.on_event(Event("train", "started", {}))

        def hear(told: dict[str, Any]) -> None:
            report(told)
            tracker.on_event(Event("train", "progress", told))

        means = (how.device, how.backend, deadline, how.products)
        train_population([definition], corpus, store, hear, *means)
        tracker.on_event(Event("train", "finished", {}))


@contextmanager
def stopped_in_words(
    console: Console, time_limit: str | None, said: str = signals.STOPPED
) -> Iterator[None]:
    """Say that work on one network was stopped, and end with the code that tells why.

    Args:
        console: Where it is said.
        time_limit: As it was asked for.
        said: Of a stop that was asked for.

    Raises:
        typer.Exit: It was stopped.
    """
    try:
        yield
    except (KeyboardInterrupt, signals.Interrupted):
        news(console, said)
        raise typer.Exit(signals.exit_code()) from None
    except OutOfTimeError as stop:
        if stop_requested():
            news(console, said)
            raise typer.Exit(signals.exit_code()) from None
        stop_in_time(console, "", time_limit, advanced=stop.advanced > 0)


def _require_trainable(definition: TrialDefinition, corpus: Corpus, products: str) -> None:
    """Refuse what only the data can tell, before a folder is made for it.

    Raises:
        InputError: A group or a number of samples that the data does not have.
    """
    from spikefuse.data import assign
    from spikefuse.training.fit import products_of

    products_of([definition], products)
    assign(corpus, definition.modality, definition.protocol, definition.seed, definition.selection)


def _progress(epochs: int, console: Console) -> tuple[Progress, Callable[[dict[str, Any]], None]]:
    """The bar of a training, and what moves it and says each epoch's accuracy."""
    bar = Progress(
        BarColumn(bar_width=16),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
    )
    task = bar.add_task("training", total=float(epochs))

    def report(event: dict[str, Any]) -> None:
        bar.update(task, completed=event["epoch"] - 1 + event["step"] / event["steps"])
        if event["validation_accuracy"]:
            console.print(
                f"epoch {event['epoch']}/{event['epochs']}  "
                f"validation {100 * event['validation_accuracy'][0]:.2f} %"
            )

    return bar, report


def show_trial(store: TrialStore, trial: str, console: Console, as_json: bool) -> None:
    """Print what a stored trial reached.

    Raises:
        StoreError: It is not finished, or cannot be read.
    """
    record = store.read_final(trial)
    if as_json:
        print(json.dumps({"trial": trial, "results": record.results, **_evaluations(record)}))
        return
    table = Table(title=f"trial {trial}", show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")  # a path that is cut cannot be copied
    with read_as_results(trial):
        _describe(table, record)
    table.add_row("folder", str(store.root / "trials" / trial))
    console.print(table)


def _describe(table: Table, record: TrialRecord) -> None:
    """A row for each thing that a trial has reached."""
    results = record.results
    if results["status"] == "diverged":
        table.add_row("diverged", results["reason"])
    else:
        accuracy = results["accuracy"]
        table.add_row("test accuracy at the best validation epoch", _percent(accuracy["test_best"]))
        table.add_row("test accuracy after the last epoch", _percent(accuracy["test_last"]))
        table.add_row(
            f"best validation accuracy (epoch {results['best_epoch']})",
            _percent(accuracy["validation_best"]),
        )
        if silent := silent_words(results["rates"], record.definition):
            table.add_row(*silent)
        for site, rate in results["rates"].items():
            table.add_row(f"rate of {site}", f"{rate:.3f}")
        for name, value in results.get("meters", {}).items():
            table.add_row(name, NONE if value is None else f"{value:.4g}")
    for evaluation in record.evaluations.values():
        condition = evaluation["condition"]
        draws = evaluation["accuracy"]["test"]
        table.add_row(
            f"test with {condition.get('kind', 'gaussian')} noise {condition['noise_std']:g} "
            f"{_place(condition)} ({len(draws)} draws)",
            _percent(sum(draws) / len(draws)),
        )
    table.add_row("parameters", f"{results['parameters']:,}")
    table.add_row("multiply-accumulates per step", f"{results['macs']:,}")
    table.add_row("training time", f"{results['seconds']:.1f} s")


def _place(condition: Mapping[str, Any]) -> str:
    """Where a stored evaluation's noise stands, and of which modalities."""
    place = noise_place(condition["noise_position"])
    names = condition.get("modalities") or ()
    return f"{place} of {listing(names)}" if names else place


def _percent(share: float) -> str:
    return f"{percent(share)} %"


def _evaluations(record: TrialRecord) -> dict[str, Any]:
    return {"evaluations": list(record.evaluations.values())} if record.evaluations else {}


def open_trial(
    path: Path, data: str, console: Console, command: str, *, read_only: bool = False
) -> tuple[TrialStore, TrialDefinition]:
    """The store and definition of a trial folder `.../trials/<name>`.

    Args:
        path: The folder.
        data: What --data names; data of somebody's own is read and made a source.
        console: For what is said meanwhile.
        command: What is being done with it.
        read_only: Nothing of it is written.

    Raises:
        InputError: The trial is of other data.
        StoreError: It is no finished trial folder.
    """
    if not is_file(path / "trial.json", command):
        raise StoreError(
            f"{command}: {path} is no trial folder (it has no trial.json). "
            "Name a folder like RESULTS/trials/NAME."
        )
    store = TrialStore(path.resolve().parent.parent, read_only=read_only)
    state = store.state(path.resolve().name)
    if state != "done":
        raise StoreError(f"{command}: the trial in {path} is {state}; only a done one has weights.")
    definition = store.read(path.resolve().name).definition
    if data != "auto":
        named = source_of(data, console)
        _require_source(choices().get(named) or named, definition["data"]["source"], data, command)
    return store, stored_definition(definition, command)


def _require_source(source: str, wanted: str, asked: str, command: str) -> None:
    """Refuse other data than a network's, in the words in which data are asked for.

    Raises:
        InputError: They are other data.
    """
    names = [name for name, each in choices().items() if each == wanted] or [wanted]
    require(source == wanted, command, "--data", f"{' or '.join(names)} for this network", asked)
