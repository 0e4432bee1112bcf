"""Trained networks and what they reached."""

import copy
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from torch import nn

from spikefuse.analysis.compare.cells import Operand
from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.series import Series
from spikefuse.analysis.silence import is_silent_network
from spikefuse.core.checks import one_of, require
from spikefuse.core.device import check_device, count_devices, flushed_denormals
from spikefuse.core.errors import InputError, StoreError, StudyError
from spikefuse.core.validation import refusal_of
from spikefuse.data.own.outside import outside, root_of_source
from spikefuse.execution import Event, make_executor
from spikefuse.planning.populations import Population, group_trials, place_of
from spikefuse.planning.run import labels_of, population_name, run_populations
from spikefuse.planning.trials import PlannedTrial
from spikefuse.results import TrialStore
from spikefuse.tracking.events import Tracker
from spikefuse.training import TrialDefinition, stored_definition, train_population
from spikefuse.training.interface import make_known, stored_interface
from spikefuse.workbench.data import Dataset
from spikefuse.workbench.following import events_apart, events_file, follower
from spikefuse.workbench.modules import ModuleRun, train_module
from spikefuse.workbench.networks import SEEDS, Network, network, numbered_seeds
from spikefuse.workbench.predictions import Prediction, Predictor, predictor_of

SPLITS = ("test", "validation")


@dataclass(frozen=True, eq=False)
class Fit:
    """Trained networks, one a seed; made by `fit` and `load`.

    Attributes:
        network: What was trained.
        definitions: Seed -> the whole definition of its trial.
        store: Where the trials lie.
        label: What a sentence calls it.
        keep: Holds what lives as long as this does: the folder of a fit in memory.
        predictors: Networks that were asked once, by seed.
    """

    network: Network
    definitions: Mapping[int, TrialDefinition]
    store: TrialStore
    label: str
    keep: object = None
    predictors: dict[int, Predictor] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        """What it is, in a line; the networks' settings are in `network.definition`."""
        return f"Fit({self.label}, seeds {', '.join(map(str, self.definitions))})"

    def series(self, split: str = "test") -> Series:
        """Accuracy by seed at the best validation epoch; seeds that diverged stay said."""
        one_of("accuracy", "split", split, SPLITS)
        records = {s: self.store.read(d.name).results for s, d in self.definitions.items()}
        broken = {s: r["reason"] for s, r in records.items() if r["status"] == "diverged"}
        key = f"{split}_best"
        return Series(
            values={s: r["accuracy"][key] for s, r in records.items() if s not in broken},
            trials={s: d.name for s, d in self.definitions.items()},
            samples=self._samples() if split == "test" else 0,
            diverged=tuple(broken),
            reasons=tuple(
                f"{self.label}, seed {seed}: {reason}" for seed, reason in broken.items()
            ),
            silent=tuple(
                seed
                for seed, result in records.items()
                if is_silent_network(result.get("rates", {}), self.definitions[seed].fusion)
            ),
        )

    def accuracy(self, split: str = "test") -> Estimate:
        """Mean accuracy over the seeds at the best validation epoch, with its interval.

        Args:
            split: "test" or "validation".

        Raises:
            StudyError: A seed diverged: a mean without it would flatter.
        """
        return told(self.series(split))

    @property
    def trials(self) -> tuple[Path, ...]:
        """The folders of the trained networks, by seed."""
        return tuple(self.store.trials / each.name for each in self.definitions.values())

    def predict(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        seed: int | None = None,
        data_dir: str | Path | None = None,
        **named: Any,
    ) -> Prediction:
        """What a trained network says of one sample.

        Args:
            inputs: By modality, a file (a picture or recording of any size and rate) or an array
                as in the data set, one sample. Modalities may stand as arguments, too:
                `fit.predict(image="a.png", audio="b.wav")`. With late fusion some may be missing.
            seed: Of the network that is asked, where there are several.
            data_dir: Where the data is, for a network that was stored by an early version without
                its statistics.
            named: Further inputs by modality.

        Raises:
            InputError: A modality is missing or unknown, or a file cannot be read.
        """
        known = tuple(self.definitions)
        require(seed is not None or len(known) == 1, "predict", "seed", f"one of {known}", seed)
        chosen = known[0] if seed is None else seed
        require(chosen in known, "predict", "seed", f"one of {known}", seed)
        if chosen not in self.predictors:
            self.predictors[chosen] = predictor_of(
                self.store, self.definitions[chosen], None if data_dir is None else Path(data_dir)
            )
        return self.predictors[chosen].predict({**(inputs or {}), **named})

    def operand(self) -> Operand:
        """One side of a comparison."""
        found = self.series()
        if found.diverged:
            raise StudyError(f"compare: {found.reason}.")
        return Operand(
            self.label,
            found.values,
            found.trials,
            found.samples,
            0.0,
            self.store.root,
            found.silent,
        )

    def _samples(self) -> int:
        first = next(iter(self.definitions.values()))
        return len(self.store.folder(first.name).predictions()["labels"])


def told(found: Series) -> Estimate:
    """The mean of a series.

    Raises:
        StudyError: It has none, with the reason.
    """
    step = 1 / found.samples if found.samples else None
    mean = estimate(found, step)
    if mean is None:
        raise StudyError(f"accuracy: there is no mean over the seeds: {found.reason}.")
    return mean


Report = Callable[[dict[str, Any]], None]
Factory = Callable[[], nn.Module]


def fit(
    net: "Network | nn.Module | Factory",
    data: Dataset,
    epochs: int = 5,
    *,
    batch_size: int = 100,
    learning_rate: float = 1e-3,
    store: str | Path | None = None,
    seeds: int | Iterable[int] | None = None,
    device: str = "cpu",
    workers: int | None = None,
    report: Report = lambda event: None,
    events: str | Path | None = None,
) -> "Fit | ModuleRun":
    """Train a network of each seed, choose its epoch on validation, test it once.

    Args:
        net: From `network` or `twin`; or somebody's `nn.Module` that maps a dict of inputs
            [B, C, H, W] by modality to logits [B, K], or a function that makes one, called once a
            seed with PyTorch's generator seeded. It is trained on the same splits, orders and
            seeds. A module itself is one seed, and stays as it is.
        data: The same that the network was made for.
        epochs: Passes over the training split.
        batch_size: Samples a step.
        learning_rate: Of Adam.
        store: A folder that keeps the trained networks; what is there is not trained again. In
            memory only if left out.
        seeds: Of a function that makes modules: how many, or which; three if left out. A network
            has its own.
        device: Where to train.
        workers: Train in so many processes of their own; in this one if left out. Arrays in memory
            are written beside the trained networks for them.
        report: Receives progress, see `spikefuse.training.train_population`.
        events: A file that is told what happens to each network, as lines of JSON.

    Raises:
        StudyError: A worker failed; what the others trained is kept in `store`.
        InputError: A number is out of range, a module's logits do not fit the data, or `events`
            cannot be written.
        DataError: The data is not what the network was made for.
    """
    require(isinstance(data, Dataset), "fit", "data", "made by sf.dataset", type(data).__name__)
    is_path = store is None or (isinstance(store, str | os.PathLike) and str(store) != "")
    require(is_path, "fit", "store", "a folder, or left out", store)
    is_whole = isinstance(workers, int) and not isinstance(workers, bool) and workers >= 1
    require(workers is None or is_whole, "fit", "workers", "at least 1, or left out", workers)
    require(callable(report), "fit", "report", "a function of an event", type(report).__name__)
    require(isinstance(device, str), "fit", "device", "a name, as 'cpu' or 'cuda'", device)
    check_device(device)
    effort: dict[str, Any] = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
    }
    trained = _with_effort(net if isinstance(net, Network) else network(data, seeds=1), effort)
    if not isinstance(net, Network):
        kinds = "a network, an nn.Module or a function that makes one"
        require(callable(net), "fit", "net", kinds, net)
        require(store is None, "fit", "store", "left out for a module of your own", store)
        require(workers is None, "fit", "workers", "left out for a module of your own", workers)
        require(events is None, "fit", "events", "left out for a module of your own", events)
        make = (lambda: copy.deepcopy(net)) if isinstance(net, nn.Module) else net
        if isinstance(net, nn.Module):
            alone = "left out for a module, which is one seed; a function makes one for each"
            require(seeds is None, "fit", "seeds", alone, seeds)
            return train_module(make, data, trained, [0], device=device)
        numbers = numbered_seeds("fit", SEEDS if seeds is None else seeds)
        return train_module(make, data, trained, numbers, device=device)
    require(seeds is None, "fit", "seeds", "left out for a network, which has its own", seeds)
    told_to, root = events_file(events, "fit"), root_of_source(data.source)
    out = None if store is None else Path(store).expanduser()
    events_apart(told_to, root, out, "fit")
    if out is not None:
        outside(out, root, "fit", "store")
    keep = tempfile.TemporaryDirectory(prefix="spikefuse-") if out is None else None
    place = TrialStore(out or Path(keep.name if keep else ""))
    definitions = {seed: trained.model_copy(update={"seed": seed}) for seed in net.seeds}
    planned = [PlannedTrial(d, place.state(d.name), 1.0) for d in definitions.values()]
    populations = group_trials(planned, place_of(device, workers=workers or 1))
    labels = labels_of(each for each in populations if not each[0].is_ready)
    call = f"sf.fit(net, data, epochs={epochs})"
    with follower(told_to, labels, place, "fit", call) as tracker:
        if workers is None:
            _train_here(populations, data, place, device, report, tracker)
        else:
            _train_apart(populations, data, place, workers, device, report, tracker)
    return Fit(net, definitions, place, net.label, keep)


def _train_here(
    populations: Sequence[Population],
    data: Dataset,
    place: TrialStore,
    device: str,
    report: Report,
    tracker: Tracker,
) -> None:
    """Train in this process, one population after the other."""
    with flushed_denormals():
        for population in populations:
            members = [trial.definition for trial in population]
            job = population_name(population)

            def hear(told: dict[str, Any], job: str = job) -> None:
                report(told)
                tracker.on_event(Event(job, "progress", told))

            tracker.on_event(Event(job, "started", {}))
            train_population(members, data.corpus, place, hear, device)
            tracker.on_event(Event(job, "finished", {}))


def _with_effort(net: Network, effort: dict[str, Any]) -> TrialDefinition:
    """What is trained, with the effort that it is trained with.

    Raises:
        InputError: A number is out of range, or too small for the network.
    """
    try:
        return TrialDefinition.model_validate(dict(net.definition) | effort)
    except ValidationError as error:
        raise InputError(refusal_of("fit", error)) from None


def _train_apart(
    populations: Sequence[Population],
    data: Dataset,
    place: TrialStore,
    workers: int,
    device: str,
    report: Report,
    tracker: Tracker,
) -> None:
    """Train in processes of their own."""

    def hear(event: Event) -> None:
        tracker.on_event(event)
        if event.kind == "progress":
            report(dict(event.data))

    failed = run_populations(
        populations,
        place,
        data.location,
        make_executor("pool", workers, device=device, gpus=count_devices(device)),
        hear,
        device=device,
        backend="auto",
        products="auto",
    )
    if failed:
        job, reason = next(iter(failed.items()))
        raise StudyError(f"fit: {len(failed)} of the networks failed. {job}: {reason}")


def load(folder: str | Path) -> Fit:
    """A trained network from its trial folder, `RESULTS/trials/NAME`.

    Raises:
        InputError: It is no path.
        StoreError: It is no finished trial.
    """
    is_path = isinstance(folder, str | os.PathLike)
    require(is_path, "load", "folder", "a path", folder)
    path = Path(folder).expanduser().resolve()
    if not (path / "trial.json").is_file():
        raise StoreError(
            f"load: {folder} is no trial folder (it has no trial.json). "
            "Name a folder like RESULTS/trials/NAME."
        )
    store = TrialStore(path.parent.parent, read_only=True)
    state = store.state(path.name)
    if state != "done":
        raise StoreError(f"load: the trial in {folder} is {state}; only a done one has weights.")
    stored, trial = store.read(path.name).definition, store.folder(path.name)
    make_known(stored, stored_interface(trial))
    definition = stored_definition(stored, "load")
    net = Network(definition, (definition.seed,))
    return Fit(net, {definition.seed: definition}, store, net.label)
