"""Train a population: epochs, validation, best weights, checkpoints, and one test at the end."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from spikefuse.core.deadline import STORE, Deadline, OutOfTimeError
from spikefuse.core.provenance import describe
from spikefuse.data import Corpus, audit
from spikefuse.networks import build
from spikefuse.networks.budget import count_macs, count_parameters
from spikefuse.neurons.lif import resolve_backend
from spikefuse.results import TrialFolder, TrialStore
from spikefuse.training.checkpoint import (
    Progress,
    load_progress,
    read_position,
    save_progress,
)
from spikefuse.training.definition import TrialDefinition
from spikefuse.training.evaluate import accuracy, classify, firing_rates, predict
from spikefuse.training.feed import Batch, Feed
from spikefuse.training.observe import mean_rates, observe
from spikefuse.training.optimiser import PopulationAdam

Report = Callable[[dict[str, Any]], None]
STEPS_BETWEEN_REPORTS = 5


def train_population(
    definitions: Sequence[TrialDefinition],
    corpus: Corpus,
    store: TrialStore,
    report: Report = lambda event: None,
    device: str = "cpu",
    backend: str = "auto",
    deadline: Deadline | None = None,
) -> list[str]:
    """Train trials of one population key; resume those that were begun; skip those that are done.

    Every epoch is stored when it ends, the last one with the results; before a deadline also the
    epoch that has begun, which goes on with its next step. Members that were stopped at different
    steps are trained in groups: their numbers do not depend on who trains beside them.

    Args:
        definitions: Trials that share a `population_key`.
        corpus: Their data.
        store: Where their folders are.
        report: Receives progress: trial names, epoch, epochs, step, steps.
        device: Where to train.
        backend: The neuron's implementation.
        deadline: When to have stopped; never if None.

    Returns:
        "done" or "diverged" for each trial.

    Raises:
        OutOfTimeError: The next step or evaluation does not fit before the deadline.
    """
    deadline = deadline or Deadline()
    open_trials: dict[tuple[int, int], list[tuple[TrialDefinition, TrialFolder]]] = {}
    for definition in definitions:
        if store.state(definition.name) in ("done", "diverged"):
            continue
        folder = store.open(definition.model_dump(mode="json"))
        open_trials.setdefault(read_position(folder), []).append((definition, folder))
    for position in sorted(open_trials):
        group, folders = zip(*open_trials[position], strict=True)
        fit = Fit(list(group), list(folders), corpus, report, device, backend, deadline)
        fit.run()
    return [store.state(definition.name) for definition in definitions]


class Fit:
    """The training of one group of members that stand at the same step of the same epoch."""

    def __init__(
        self,
        definitions: list[TrialDefinition],
        folders: list[TrialFolder],
        corpus: Corpus,
        report: Report,
        device: str,
        backend: str,
        deadline: Deadline | None = None,
    ) -> None:
        self.definitions, self.folders, self.report = definitions, folders, report
        self.epochs = definitions[0].epochs
        self.corpus, self.device, self.backend = corpus, device, resolve_backend(backend, device)
        self.deadline = deadline or Deadline()
        self.feed = Feed(corpus, definitions, device, self.deadline)
        self.network = build(
            [d.network_spec() for d in definitions],
            [d.seed for d in definitions],
            definitions[0].precision,
            backend,
        ).to(device)
        self.optimiser = PopulationAdam(self.network, [d.learning_rate for d in definitions])
        self.progress = [
            load_progress(folder, self.network, self.optimiser, member) or Progress()
            for member, folder in enumerate(folders)
        ]
        for folder, progress in zip(folders, self.progress, strict=True):
            folder.truncate_metrics(progress.epoch)
        self._stored = [progress.position for progress in self.progress]
        self._lap = time.perf_counter()

    def run(self) -> None:
        """All epochs that are left, then the test.

        Raises:
            OutOfTimeError: The next step or evaluation does not fit before the deadline; what is
                done is stored.
        """
        first = self.progress[0].epoch + 1
        try:
            for epoch in range(first, self.epochs + 1):
                self._epoch(epoch)
                if not self._alive():
                    break
        except OutOfTimeError:
            self._take_time()
            self._store()
            raise
        if self.deadline.is_set:  # the test may stop between two batches
            self._store()
        self._finish()
        self.deadline.advance()

    def _store(self) -> None:
        """Write checkpoints of the living members that have done anything since their last one."""
        moved = [m for m in self._alive() if self.progress[m].position != self._stored[m]]
        if not moved:
            return
        with self.deadline.timing(STORE):
            for member in moved:
                progress = self.progress[member]
                save_progress(self.folders[member], self.network, self.optimiser, member, progress)
                self._stored[member] = progress.position

    def _take_time(self) -> None:
        """Share the time since the last call among the members."""
        now = time.perf_counter()
        for progress in self.progress:
            progress.epoch_seconds += (now - self._lap) / len(self.progress)
        self._lap = now

    def _alive(self) -> list[int]:
        return [m for m, progress in enumerate(self.progress) if progress.diverged is None]

    def _epoch(self, epoch: int) -> None:
        self._lap = time.perf_counter()
        self._train_epoch(epoch)
        self.network.eval()
        validation = accuracy(
            predict(self.network, self.feed, "validation"), self.feed.labels("validation")
        )
        rates = firing_rates(self.network, self.feed)
        self._take_time()
        for member in self._alive():
            progress = self.progress[member]
            if validation[member] > progress.best_accuracy:
                progress.best_accuracy, progress.best_epoch = validation[member], epoch
                progress.best_weights = self.network.member_state(member)
            self.folders[member].append_metrics(
                {
                    "epoch": epoch,
                    "train_loss": progress.loss,
                    "train_accuracy": progress.hits,
                    "validation_accuracy": validation[member],
                    "rates": rates[member],
                    "seconds": progress.epoch_seconds,
                }
            )
            progress.close_epoch(epoch, validation[member])
        if epoch < self.epochs:  # after the last one the results follow at once
            self._store()
        self.deadline.advance()
        self._tell(epoch, self._steps(), validation)

    def _steps(self) -> int:
        return -(-self.feed.size("train") // self.definitions[0].batch_size)

    def _tell(self, epoch: int, step: int, validation: list[float] | None = None) -> None:
        self.report(
            {
                "trials": [d.name for d in self.definitions],
                "epoch": epoch,
                "epochs": self.epochs,
                "step": step,
                "steps": self._steps(),
                "validation_accuracy": validation,
            }
        )

    def _train_epoch(self, epoch: int) -> None:
        """The steps that are left of an epoch; adds up each member's mean loss and accuracy."""
        self.network.train()
        samples = self.feed.size("train")
        done = self.progress[self._alive()[0]].step
        for batch in self.feed.training_batches(epoch, done):
            self.deadline.check("step")
            with self.deadline.timing("step"):
                loss, right = self.step(epoch, batch)
                share = batch.labels.shape[1] / samples
                losses = (loss.cpu().double() * share).tolist()
                hits = (right.cpu().double() / samples).tolist()
            for member in self._alive():
                progress = self.progress[member]
                progress.step = batch.number + 1
                progress.loss += losses[member]
                progress.hits += hits[member]
            self.deadline.advance()
            if self.deadline.is_set and not self.deadline.pace.knows(STORE):
                self._store()  # measured once, so that time for it can be left
            if batch.number % STEPS_BETWEEN_REPORTS == 0:
                self._tell(epoch, batch.number)
            if not self._alive():
                break

    def step(self, epoch: int, batch: Batch) -> tuple[Tensor, Tensor]:
        """One update of every living member; a member whose loss or gradient is not finite dies."""
        logits = self.network(batch.inputs)
        losses = torch.stack(
            [F.cross_entropy(x, y) for x, y in zip(logits, batch.labels, strict=True)]
        )
        self.optimiser.clear()
        alive = [m for m in self._alive() if self._is_finite(m, losses[m], epoch, batch)]
        if alive:
            losses[alive].sum().backward()
            # The first layer's gradient is the last to be computed: what went wrong before it
            # shows in it.
            first = next(self.network.parameters()).grad
            assert first is not None
            alive = [m for m in alive if self._is_finite(m, first[m], epoch, batch)]
            self.optimiser.step(alive)
        return losses.detach(), (logits.argmax(dim=-1) == batch.labels).sum(dim=1)

    def _is_finite(self, member: int, values: Tensor, epoch: int, batch: Batch) -> bool:
        if bool(torch.isfinite(values).all()):
            return True
        what = "loss" if values.dim() == 0 else "gradient"
        self.progress[member].diverged = f"{what} not finite in epoch {epoch}, step {batch.number}"
        return False

    def _finish(self) -> None:
        """Test the last and the best weights once, and close the folders."""
        self.network.eval()
        last = best = classify(self.network, self.feed, "test")
        last_weights = [self.network.member_state(m) for m in range(len(self.definitions))]
        for member, progress in enumerate(self.progress):
            if progress.best_weights:
                self.network.load_member(member, progress.best_weights)
        if any(progress.best_epoch != self.epochs for progress in self.progress):
            best = classify(self.network, self.feed, "test")
        observed = observe(self.network, self.feed, best)
        for member, (definition, folder) in enumerate(
            zip(self.definitions, self.folders, strict=True)
        ):
            progress = self.progress[member]
            folder.finish(
                results=self._results(
                    member, last.argmax(dim=-1), best.argmax(dim=-1), mean_rates(observed[member])
                ),
                weights=progress.best_weights or last_weights[member],
                predictions=self._predictions(member, best[member]),
                # A network that broke down has no activity worth a look.
                observations=observed[member] if progress.diverged is None else {},
                provenance=describe(self.device)
                | {
                    "device": self.device,
                    "precision": definition.precision,
                    "backend": self.backend,
                    "threads": torch.get_num_threads(),
                },
            )

    def _predictions(self, member: int, logits: Tensor) -> dict[str, Tensor]:
        """What the best weights answer to each test sample, and which sample it is."""
        samples = self.feed.assignments[member].samples["test"]
        indices = {name: samples[name].to(torch.int32).cpu() for name in samples}
        return {
            "predicted": logits.argmax(dim=-1).to(torch.uint8).cpu(),
            "labels": self.feed.labels("test")[member].to(torch.uint8).cpu(),
            "logits": logits.float().cpu(),
            **indices,
        }

    def _results(
        self,
        member: int,
        last: Tensor,
        best: Tensor,
        rates: dict[str, float],
    ) -> dict[str, Any]:
        progress, spec = self.progress[member], self.definitions[member].network_spec()
        common = {
            "parameters": count_parameters(spec, self.network.width),
            "hidden": self.network.width.hidden,
            "macs": count_macs(spec, self.network.width),
            "audit": audit(self.corpus, self.feed.assignments[member]).model_dump(mode="json"),
            "banner": self.corpus.banner,
            "fingerprint": self.corpus.fingerprint,
            "seconds": progress.seconds,
        }
        if progress.diverged is not None:
            return {"status": "diverged", "reason": progress.diverged, **common}
        test = self.feed.labels("test")
        return {
            "status": "done",
            "best_epoch": progress.best_epoch,
            "accuracy": {
                "validation_best": progress.best_accuracy,
                "validation_last": progress.last_accuracy,
                "test_best": accuracy(best, test)[member],
                "test_last": accuracy(last, test)[member],
            },
            "rates": rates,
            **common,
        }
