"""Train a population: epochs, validation, best weights, checkpoints, and one test at the end."""

import time
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from spikefuse.core.checks import require
from spikefuse.core.deadline import STORE, Deadline, OutOfTimeError
from spikefuse.core.provenance import describe
from spikefuse.data import Corpus, audit
from spikefuse.meters import mean_rates
from spikefuse.networks import build
from spikefuse.networks.budget import count_macs, count_parameters, count_sample_macs
from spikefuse.neurons.lif import resolve_backend
from spikefuse.results import TrialFolder, TrialStore
from spikefuse.stats.plateau import has_settled
from spikefuse.training.calibrate import calibrate
from spikefuse.training.card import card_of
from spikefuse.training.checkpoint import (
    Progress,
    load_progress,
    read_position,
    require_epochs,
    save_progress,
)
from spikefuse.training.definition import TrialDefinition
from spikefuse.training.evaluate import accuracy, classify, mean_losses
from spikefuse.training.feed import Feed
from spikefuse.training.graph import capture
from spikefuse.training.interface import interface_of
from spikefuse.training.observe import firing_rates, numbers_of, observe
from spikefuse.training.optimiser import PopulationAdam
from spikefuse.training.outcome import implementations_of, predictions_of
from spikefuse.training.quantise import add_quantised
from spikefuse.training.step import Capture, Sums, TrainingSteps

Report = Callable[[dict[str, Any]], None]
STEPS_BETWEEN_REPORTS = 5
CAPTURED_STEPS = 500
"""Captured steps between two looks of the host, at most: an epoch of all of MNIST has 480."""


def capture_on(device: str) -> Capture | None:
    """How steps are captured on a device; None where each runs operation by operation."""
    return capture if torch.device(device).type == "cuda" else None


def products_of(definitions: Sequence[TrialDefinition], products: str) -> str:
    """How products are computed while these trials train.

    Raises:
        InputError: A penalty on spikes needs their gradient, which events do not carry.
    """
    if not any(definition.spike_penalty for definition in definitions):
        return products
    constraint = "auto or dense with a spike penalty"
    require(products != "events", "training", "products", constraint, products)
    return "dense"


def train_population(
    definitions: Sequence[TrialDefinition],
    corpus: Corpus,
    store: TrialStore,
    report: Report = lambda event: None,
    device: str = "cpu",
    backend: str = "auto",
    deadline: Deadline | None = None,
    products: str = "auto",
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
        products: Dense, by events, or what is faster; see `spikefuse.networks.population.choice`.

    Returns:
        "done" or "diverged" for each trial.

    Raises:
        OutOfTimeError: The next step or evaluation does not fit before the deadline.
        StoreError: A folder is another trial's, or does not hold what was written to it.
    """
    deadline = deadline or Deadline()
    open_trials: dict[tuple[int, int], list[tuple[TrialDefinition, TrialFolder]]] = {}
    for definition in definitions:
        if store.state(definition.name) in ("done", "diverged"):
            continue
        folder = store.open(definition.naming())
        open_trials.setdefault(read_position(folder), []).append((definition, folder))
    for position in sorted(open_trials):
        group, folders = zip(*open_trials[position], strict=True)
        fit = Fit(list(group), list(folders), corpus, report, device, backend, deadline, products)
        fit.run()
    return [store.read_final(definition.name).state for definition in definitions]


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
        products: str = "auto",
    ) -> None:
        self.definitions, self.folders, self.report = definitions, folders, report
        self.epochs = definitions[0].epochs
        resolve_backend(backend, device)  # refused before anything is built
        self.corpus, self.device = corpus, device
        self.deadline = deadline or Deadline()
        self.feed = Feed(corpus, definitions, device, self.deadline)
        self.network = build(
            [d.network_spec() for d in definitions],
            [d.seed for d in definitions],
            definitions[0].precision,
            backend,
            products_of(definitions, products),
        ).to(device)
        if all(read_position(folder) == (0, 0) for folder in folders):
            calibrate(self.network, self.feed, definitions)
        self.optimiser = PopulationAdam(self.network, [d.learning_rate for d in definitions])
        self.progress = [
            load_progress(folder, self.network, self.optimiser, member) or Progress()
            for member, folder in enumerate(folders)
        ]
        for folder, progress in zip(folders, self.progress, strict=True):
            require_epochs(folder, progress)
        self.steps = TrainingSteps(self.network, self.feed, self.optimiser, capture_on(device))
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
                self._close_settled()
                if not self._alive():
                    break
                self._epoch(epoch)
        except OutOfTimeError:
            self._take_time()
            self._store()
            raise
        if self.deadline.is_set:  # the test may stop between two batches
            self._store()
        self._finish([m for m, progress in enumerate(self.progress) if not progress.closed])
        self.deadline.advance()

    def _close_settled(self) -> None:
        """Test and close the members that stop at their plateau and have reached it.

        Their results are what they would be alone: the others train on beside them, and what
        becomes of their weights afterwards is nobody's.
        """
        settled = [member for member in self._alive() if self._has_settled(member)]
        if not settled:
            return
        self._finish(settled)
        for member in settled:
            self.progress[member].closed = True
        self.deadline.advance()

    def _has_settled(self, member: int) -> bool:
        if self.definitions[member].stop != "plateau":
            return False
        rows = self.folders[member].own_metrics()
        return has_settled(rows, self.network.joining.is_ready, self.epochs)

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
        """Share the time since the last call among the members that still train."""
        now = time.perf_counter()
        sharing = self._alive()
        for member in sharing:
            self.progress[member].epoch_seconds += (now - self._lap) / len(sharing)
        self._lap = now

    def _alive(self) -> list[int]:
        left = enumerate(self.progress)
        return [m for m, each in left if each.diverged is None and not each.closed]

    def _epoch(self, epoch: int) -> None:
        self._lap = time.perf_counter()
        self._train_epoch(epoch)
        self.network.eval()
        logits = classify(self.network, self.feed, "validation")
        labels = self.feed.labels("validation")
        validation = accuracy(logits.argmax(dim=-1), labels)
        losses = mean_losses(logits, labels)
        rates = firing_rates(self.network, self.feed)
        is_ready = self.network.joining.is_ready(epoch, self.epochs)
        for member in self._alive():  # the last step's weights answer here for the first time
            if not isfinite(losses[member]):
                self.progress[member].diverged = f"loss not finite on validation of epoch {epoch}"
        self._take_time()
        reached: dict[str, Any] = {
            "alive": self._alive(),
            "train_loss": [each.loss for each in self.progress],
            "train_accuracy": [each.hits for each in self.progress],
            "validation_accuracy": validation,
            "validation_loss": losses,
        }
        for member in self._alive():
            progress = self.progress[member]
            if is_ready and self._is_better(member, validation[member], losses[member]):
                progress.best_accuracy, progress.best_epoch = validation[member], epoch
                progress.best_loss = losses[member]
                progress.best_weights = self.network.member_state(member)
            self.folders[member].append_metrics(
                {
                    "epoch": epoch,
                    "train_loss": progress.loss,
                    "train_accuracy": progress.hits,
                    "validation_accuracy": validation[member],
                    "validation_loss": losses[member],
                    "rates": rates[member],
                    "seconds": progress.epoch_seconds,
                }
            )
            progress.close_epoch(epoch, validation[member])
        if epoch < self.epochs:  # after the last one the results follow at once
            self._store()
        self.deadline.advance()
        self._tell(epoch, self.steps.count, reached)

    def _is_better(self, member: int, accuracy: float, loss: float) -> bool:
        """Whether an epoch is the one to be tested so far.

        In long trainings equal validation accuracies are the rule, and the first of them is the
        one trained least; see `TrialDefinition.best_epoch`.
        """
        best = self.progress[member]
        if accuracy != best.best_accuracy or self.definitions[member].best_epoch == "first":
            return accuracy > best.best_accuracy
        return best.best_loss is None or loss < best.best_loss

    def _tell(self, epoch: int, step: int, reached: dict[str, Any] | None = None) -> None:
        self.report(
            {
                "trials": [d.name for d in self.definitions],
                "epoch": epoch,
                "epochs": self.epochs,
                "step": step,
                "steps": self.steps.count,
                "validation_accuracy": None,
                **(reached or {}),
            }
        )

    def _train_epoch(self, epoch: int) -> None:
        """The steps that are left of an epoch; adds up each member's mean loss and accuracy."""
        self.network.train()
        done, total = self.progress[self._alive()[0]].step, self.steps.count
        losses, hits = zip(*((each.loss, each.hits) for each in self.progress), strict=True)
        self.steps.begin(epoch, done, losses, hits)
        at_once = 1 if self.steps.looks else CAPTURED_STEPS
        for first in range(done, total, at_once):
            count = min(at_once, total - first)
            kind = "step" if count == 1 else f"{count} steps"
            self.deadline.check(kind)
            with self.deadline.timing(kind):
                self.steps.run(first, count)
                sums = self.steps.look()
            self._count(epoch, first + count, sums)
            self.deadline.advance()
            if self.deadline.is_set and not self.deadline.pace.knows(STORE):
                self._store()  # measured once, so that time for it can be left
            if first % STEPS_BETWEEN_REPORTS == 0:
                self._tell(epoch, first)
            if not self._alive():
                break

    def _count(self, epoch: int, step: int, sums: Sums) -> None:
        """Note how far an epoch has come, and which members have broken down."""
        for member in self._alive():
            progress, broken = self.progress[member], sums.broken[member]
            progress.step = step
            progress.loss, progress.hits = sums.losses[member], sums.hits[member]
            if broken is not None:
                what, number = broken
                progress.diverged = f"{what} not finite in epoch {epoch}, step {number}"

    def _finish(self, members: Sequence[int]) -> None:
        """Test the last and the best weights of these members once, and close their folders."""
        if not members:
            return
        self.network.eval()
        last = best = classify(self.network, self.feed, "test")
        last_weights = [self.network.member_state(m) for m in range(len(self.definitions))]
        ours = [self.progress[member] for member in members]
        for member, progress in zip(members, ours, strict=True):
            if progress.best_weights:
                self.network.load_member(member, progress.best_weights)
        if any(each.diverged is not None or each.best_epoch != each.epoch for each in ours):
            best = classify(self.network, self.feed, "test")
        observed = observe(self.network, self.feed, best)
        add_quantised(self.network, self.feed, observed)
        validation = classify(self.network, self.feed, "validation")
        for member, own in enumerate(observed):
            own |= {
                "validation/logits": validation[member].float().cpu(),
                "validation/labels": self.feed.labels("validation")[member].cpu(),
            }
        for member, progress in zip(members, ours, strict=True):
            definition, folder = self.definitions[member], self.folders[member]
            results = self._results(
                member, last.argmax(dim=-1), best.argmax(dim=-1), observed[member]
            )
            interface = interface_of(self.feed, member)
            folder.finish(
                results=results,
                weights=progress.best_weights or last_weights[member],
                predictions=predictions_of(self.feed, member, best[member]),
                # A network that broke down has no activity worth a look.
                observations=observed[member] if progress.diverged is None else {},
                interface=interface.model_dump(mode="json"),
                provenance=describe(self.device)
                | {
                    "device": self.device,
                    "precision": definition.precision,
                    "backend": implementations_of(self.network, self.device),
                    "products": self.network.products,
                    "products_by_events": self.network.products_by_events(),
                    "threads": torch.get_num_threads(),
                },
            )
            folder.write_card(card_of(definition, results, interface, observed[member]))

    def _results(
        self,
        member: int,
        last: Tensor,
        best: Tensor,
        observed: dict[str, Tensor],
    ) -> dict[str, Any]:
        progress, spec = self.progress[member], self.definitions[member].network_spec()
        common = {
            "parameters": count_parameters(spec, self.network.width),
            "hidden": self.network.width.hidden,
            "macs": count_macs(spec, self.network.width),
            "sample_macs": count_sample_macs(spec, self.network.width),
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
            "rates": mean_rates(observed),
            **({"meters": numbers} if (numbers := numbers_of(observed)) else {}),
            **common,
        }
