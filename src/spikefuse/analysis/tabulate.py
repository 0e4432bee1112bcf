"""Tidy rows from trial folders: one row a number, for every cell of every study."""

from collections.abc import Callable, Iterator, Mapping
from statistics import fmean
from typing import Any

from spikefuse.analysis.effort import COLUMNS, effort_columns, trained_epochs
from spikefuse.analysis.over_samples import sample_rows
from spikefuse.analysis.product_of_experts import Temperatures, product_rows
from spikefuse.analysis.row_index import DIVERGED
from spikefuse.core.threads import one_thread
from spikefuse.planning.plan import Plan
from spikefuse.planning.stored import stored_evaluation
from spikefuse.planning.trials import PlannedTrial, Use
from spikefuse.results import TrialRecord, TrialStore
from spikefuse.results.sound import read_as_results
from spikefuse.studies.controls import CONTROLS

NewRow = dict[str, Any]
"""A tidy row that is being made; who reads one has a `table.Row`."""

MakeRow = Callable[..., NewRow]
"""From split, metric, value and, where it is one of samples, their number to a row."""

FOLLOWS = "follows"
"""Metric: share of answers that are the class which a replaced modality shows."""

COUNTS = ("parameters", "macs", "epochs", DIVERGED)
"""Metrics that are whole numbers."""


Earlier = Callable[[list[NewRow]], list[NewRow]]
"""From the rows of a plan's trials to those that stay beside them."""


def tabulate(plan: Plan, store: TrialStore, earlier: Earlier | None = None) -> list[NewRow]:
    """The rows of every stored trial of a plan; what is not stored has no rows.

    Accuracies are shares in [0, 1]; `samples` says of how many (under noise: times the draws).
    Split "test" is the untouched test set at the best validation epoch; split "validation" is the
    best validation accuracy of all epochs, the paper's number; `accuracy_last` is the same after
    the last epoch. `steps` and `plateau` say how long the trial was trained, see `effort`; they are
    empty for what several trials make together. Under noise the weights are those of the best
    validation epoch, and the value is the mean over draws.

    Under every plan, the study "controls" also has the products of experts of separately trained
    networks, wherever both are stored; see `product_of_experts`.

    Args:
        plan: Whose rows are wanted.
        store: Where its trials are.
        earlier: Gives the rows of other studies that stay. They come last, and what other test
            samples would give is reckoned of all: an error of a mean over seeds is one of those
            seeds that stand in the table.

    Raises:
        StoreError: A trial was finished and cannot be read: its rows would be missing in silence.
    """
    rows: list[NewRow] = []
    for trial in plan.trials:
        record = store.read_if_finished(trial.name)
        if record is None:
            continue
        with read_as_results(trial.name):
            for use in trial.uses:
                rows += _rows(trial, use, record, plan)
    # A few hundred numbers at a time: threads that wait for each other take most of the time.
    with one_thread():
        warm = Temperatures(store)
        rows += [row | dict.fromkeys(COLUMNS, "") for row in product_rows(plan, store, warm)]
        kept = earlier(rows) if earlier is not None else []
        rows += sample_rows([*rows, *kept], store, warm)
    names = dict.fromkeys([*(study.name for study in plan.studies), CONTROLS.name])
    order = {name: number for number, name in enumerate(names)}
    return [*sorted(rows, key=lambda row: order[row["study"]]), *kept]


def _rows(trial: PlannedTrial, use: Use, record: TrialRecord, plan: Plan) -> Iterator[NewRow]:
    common: NewRow = {"study": use.study, "trial": record.trial}
    common |= use.cell.model_dump()
    if use.cell.network == "dnn":
        common["reset"] = "none"
    common |= {"seed": use.seed, **effort_columns(record)}

    def row(split: str, metric: str, value: float, samples: int | str = "") -> NewRow:
        return common | {"split": split, "metric": metric, "value": value, "samples": samples}

    results = record.results
    sizes = {part["split"]: part["samples"] for part in results["audit"]["splits"]}
    yield from plain_rows(record, row)
    if results["status"] == DIVERGED:
        return
    if use.cell.noise_std > 0:
        yield from _noisy_rows(use, record, plan, sizes, row)
        return
    yield from measured_rows(results, row)


def plain_rows(record: TrialRecord, row: MakeRow) -> Iterator[NewRow]:
    """What every trial has, and that its training diverged where it did."""
    for metric in ("parameters", "macs"):
        yield row("", metric, record.results[metric])
    yield row("", "epochs", trained_epochs(record))
    if record.results["status"] == DIVERGED:
        yield row("", DIVERGED, 1)


def measured_rows(results: Mapping[str, Any], row: MakeRow) -> Iterator[NewRow]:
    """What a trial that is done has reached: accuracies, rates, and further meters' numbers."""
    accuracy = results["accuracy"]
    sizes = {part["split"]: part["samples"] for part in results["audit"]["splits"]}
    for split in ("validation", "test"):
        yield row(split, "accuracy", accuracy[f"{split}_best"], sizes[split])
        yield row(split, "accuracy_last", accuracy[f"{split}_last"], sizes[split])
    for site, rate in results["rates"].items():
        yield row("validation", f"rate.{site}", rate)
    for name, value in results.get("meters", {}).items():
        yield row("", name, value)


def _noisy_rows(
    use: Use, record: TrialRecord, plan: Plan, sizes: dict[str, int], row: Any
) -> Iterator[NewRow]:
    wanted = use.cell.condition(plan.profile.draws)
    assert wanted is not None
    evaluation = stored_evaluation(record, wanted)
    if evaluation is None:
        return
    for split in ("validation", "test"):
        draws = evaluation["accuracy"][split]
        samples = min(wanted.samples or sizes[split], sizes[split]) * len(draws)
        yield row(split, "accuracy", fmean(draws), samples)
        if follows := evaluation.get("follows", {}).get(split):
            yield row(split, FOLLOWS, fmean(follows), samples)
