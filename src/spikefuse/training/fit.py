"""Train a population: epochs, validation, best weights, checkpoints, and one test at the end."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from spikefuse.core.provenance import describe
from spikefuse.data import Corpus, audit
from spikefuse.networks import build
from spikefuse.networks.budget import count_macs, count_parameters
from spikefuse.neurons.lif import resolve_backend
from spikefuse.results import TrialFolder, TrialStore
from spikefuse.training.checkpoint import Progress, load_progress, save_progress
from spikefuse.training.definition import TrialDefinition
from spikefuse.training.evaluate import accuracy, classify, firing_rates, predict
from spikefuse.training.feed import Batch, Feed
from spikefuse.training.observe import observe
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
) -> list[str]:
    """Train trials of one population key; resume those that were begun; skip those that are done.

    Every epoch is stored when it ends. Members that were stopped at different epochs are trained
    in groups: their numbers do not depend on who trains beside them.

    Args:
        definitions: Trials that share a `population_key`.
        corpus: Their data.
        store: Where their folders are.
        report: Receives progress: trial names, epoch, epochs, step, steps.
        device: Where to train.
        backend: The neuron's implementation.

    Returns:
        "done" or "diverged" for each trial.
    """
    open_trials: dict[int, list[tuple[TrialDefinition, TrialFolder]]] = {}
    for definition in definitions:
        if store.state(definition.name) in ("done", "diverged"):
            continue
        folder = store.open(definition.model_dump(mode="json"))
        checkpoint = folder.read_checkpoint()
        epoch = 0 if checkpoint is None else int(checkpoint[1]["epoch"])
        open_trials.setdefault(epoch, []).append((definition, folder))
    for epoch in sorted(open_trials):
        group = open_trials[epoch]
        _Fit([d for d, _ in group], [f for _, f in group], corpus, report, device, backend).run()
    return [store.state(definition.name) for definition in definitions]


class _Fit:
    """The training of one group of members that stand at the same epoch."""

    def __init__(
        self,
        definitions: list[TrialDefinition],
        folders: list[TrialFolder],
        corpus: Corpus,
        report: Report,
        device: str,
        backend: str,
    ) -> None:
        self.definitions, self.folders, self.report = definitions, folders, report
        self.epochs = definitions[0].epochs
        self.corpus, self.device, self.backend = corpus, device, resolve_backend(backend, device)
        self.feed = Feed(corpus, definitions, device)
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

    def run(self) -> None:
        """All epochs that are left, then the test."""
        first = self.progress[0].epoch + 1
        for epoch in range(first, self.epochs + 1):
            self._epoch(epoch)
            if not self._alive():
                break
        self._finish()

    def _alive(self) -> list[int]:
        return [m for m, progress in enumerate(self.progress) if progress.diverged is None]

    def _epoch(self, epoch: int) -> None:
        begin = time.perf_counter()
        losses, hits = self._train_epoch(epoch)
        self.network.eval()
        validation = accuracy(
            predict(self.network, self.feed, "validation"), self.feed.labels("validation")
        )
        rates = firing_rates(self.network, self.feed)
        seconds = time.perf_counter() - begin
        for member in self._alive():
            progress = self.progress[member]
            progress.epoch, progress.last_accuracy = epoch, validation[member]
            progress.seconds += seconds / len(self.progress)
            if validation[member] > progress.best_accuracy:
                progress.best_accuracy, progress.best_epoch = validation[member], epoch
                progress.best_weights = self.network.member_state(member)
            self.folders[member].append_metrics(
                {
                    "epoch": epoch,
                    "train_loss": float(losses[member]),
                    "train_accuracy": float(hits[member]),
                    "validation_accuracy": validation[member],
                    "rates": rates[member],
                    "seconds": seconds / len(self.progress),
                }
            )
            save_progress(
                self.folders[member], self.network, self.optimiser, member, self.progress[member]
            )
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

    def _train_epoch(self, epoch: int) -> tuple[Tensor, Tensor]:
        """Mean loss and accuracy of each member over the epoch's batches."""
        self.network.train()
        members, samples = len(self.definitions), self.feed.size("train")
        losses, hits = torch.zeros(members).double(), torch.zeros(members).double()
        for batch in self.feed.training_batches(epoch):
            loss, right = self._step(epoch, batch)
            count = batch.labels.shape[1]
            losses += loss.double().cpu() * (count / samples)
            hits += right.double().cpu() / samples
            if batch.number % STEPS_BETWEEN_REPORTS == 0:
                self._tell(epoch, batch.number)
            if not self._alive():
                break
        return losses, hits

    def _step(self, epoch: int, batch: Batch) -> tuple[Tensor, Tensor]:
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
        rates, observed = observe(self.network, self.feed, best)
        for member, (definition, folder) in enumerate(
            zip(self.definitions, self.folders, strict=True)
        ):
            progress = self.progress[member]
            folder.finish(
                results=self._results(member, last.argmax(dim=-1), best.argmax(dim=-1), rates),
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
        rates: list[dict[str, float]],
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
            "rates": rates[member],
            **common,
        }
