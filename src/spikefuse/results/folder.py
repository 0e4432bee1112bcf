"""One trial's folder: what defines it, its epochs, its checkpoint, and at the end its results.

Two processes may work on the same trial. Each keeps its own view of the epochs and writes whole
files, so every file belongs to one of them; since the same definition gives the same numbers, it
does not matter whose. Once the trial is finished, later writes of training do nothing.
"""

import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikefuse.core.checks import one_of, require
from spikefuse.core.errors import StoreError
from spikefuse.results import evaluations, manifest
from spikefuse.results.atomic import (
    is_file,
    sweep,
    write_file,
)
from spikefuse.results.checkpoints import CHECKPOINT, checkpoint_problem, read_checkpoint
from spikefuse.results.documents import (
    canonical_json,
    plain,
    pretty_json,
    trial_document,
)
from spikefuse.results.epochs import epoch_lines, read_epochs, rows_in
from spikefuse.results.final import final_bytes, final_parts, settle
from spikefuse.results.marks import FINAL_STATES, States
from spikefuse.results.record import TrialRecord
from spikefuse.results.tensors import pack, pack_checkpoint, unpack, unpack_arrays
from spikefuse.results.view import View, definition_of, document_in, view_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_WHERE = "results"
_log = logging.getLogger(__name__)


class TrialFolder:
    """Reads and writes the files of one trial; `TrialStore.open` and `.folder` make it.

    Args:
        path: Its folder.
        states: What its store knows of states; None reads it each time.
    """

    def __init__(self, path: Path, states: States | None = None) -> None:
        self.path = path
        self._states = states or States()
        self._rows: list[dict[str, Any]] | None = None
        self._sealed: list[dict[str, Any]] = []

    @property
    def trial(self) -> str:
        """The trial's name."""
        return self.path.name

    def state(self) -> str:
        """One of "missing", "partial", "done" and "diverged".

        A finished trial whose files no longer fit its manifest is "partial" (logged): it will be
        trained again. Tensor files are compared by size only; `TrialStore.verify` hashes them.

        Raises:
            StoreError: The folder holds another trial than the one it is named by, is of a newer
                format, or cannot be read.
        """
        return self._states.of(self.path, self._read_state)

    def outline(self) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """State, definition and results, for lists of very many; of a partial trial no results.

        Of all other files the size alone is compared. Raises as `record`.
        """
        view = self._looked((manifest.TRIAL, manifest.RESULTS))
        return view.state, view.definition, view.results

    def record(self) -> TrialRecord:
        """Everything the folder holds, apart from tensors.

        Raises:
            StoreError: The trial is missing or a file is damaged.
        """
        view = self._looked()
        found, finished = view.contents, view.state in FINAL_STATES
        path = self.path / manifest.METRICS
        return TrialRecord(
            trial=self.trial,
            state=view.state,
            definition=view.definition,
            metrics=rows_in(found[manifest.METRICS], path) if finished else self.metrics(),
            results=view.results,
            evaluations=evaluations.read_evaluations(self.path),
            provenance=document_in(self.path, manifest.PROVENANCE, found) if finished else {},
        )

    # -- definition ------------------------------------------------------------------------------

    def definition(self) -> dict[str, Any]:
        """The full definition of the trial.

        Raises:
            StoreError: It is missing or damaged, of a newer format, or not the one whose hash is
                the folder's name: then the folder is a copy of another trial's.
        """
        return definition_of(self.path, {})

    def begin(self, definition: Mapping[str, Any]) -> None:
        """Write the definition, or check that the folder has the same one.

        Raises:
            StoreError: The folder belongs to another definition, or cannot be written.
        """
        wanted = trial_document(definition, _WHERE)
        path = self.path / manifest.TRIAL
        if not is_file(path, _WHERE):
            write_file(path, pretty_json(wanted), _WHERE)
            return
        stored = trial_document(self.definition(), _WHERE)
        if canonical_json(stored) != canonical_json(wanted):
            raise StoreError(
                f"{_WHERE}: {path} must be the definition with hash {self.trial}, got another one. "
                "Move this folder away and run the same command again."
            )
        sweep(self.path)

    # -- epochs ----------------------------------------------------------------------------------

    def metrics(self) -> list[dict[str, Any]]:
        """The rows of metrics.jsonl in order, as far as they are whole; see `epochs.read_epochs`.

        Raises:
            StoreError: The file cannot be read.
        """
        return read_epochs(self.path / manifest.METRICS)

    def append_metrics(self, row: Mapping[str, Any]) -> None:
        """Add the row of the next epoch. Numbers that are not finite are stored as null.

        The file is written anew, because an append that is cut short would tear it; with a few
        hundred short rows that costs less than the fsync.

        Raises:
            InputError: `row["epoch"]` is not the next one; call `truncate_metrics` after resuming.
            StoreError: It cannot be written; the rows before it are untouched.
        """
        rows = self.own_metrics()
        expected = len(rows) + 1
        require(row.get("epoch") == expected, _WHERE, "epoch", f"{expected}", row.get("epoch"))
        self._write_rows([*rows, plain(row, _WHERE, null_for_nan=True)])

    def truncate_metrics(self, epochs: int) -> int:
        """Forget every row after the first `epochs`: rewind to the checkpoint before resuming.

        Rows that the checkpoint carries are taken from there: they are sealed, and the file is not.

        Returns:
            The number of rows that are left. Fewer than `epochs` means that rows were lost, and
            the trial should start again from nothing.

        Raises:
            StoreError: It cannot be written.
        """
        require(epochs >= 0, _WHERE, "epochs", "0 or more", epochs)
        rows = (self._sealed if len(self._sealed) >= epochs else self.metrics())[:epochs]
        self._write_rows(rows)
        return len(rows)

    # -- checkpoint ------------------------------------------------------------------------------

    def write_checkpoint(self, tensors: Mapping[str, "Tensor"], state: Mapping[str, Any]) -> None:
        """Replace the checkpoint: tensors of any shape, and a JSON state that comes back exactly.

        Raises:
            InputError: The state is not JSON.
            StoreError: It cannot be written; the checkpoint before it is untouched.
        """
        if self._finished_elsewhere():
            return
        content = pack_checkpoint(tensors, state, self.trial, self.own_metrics())
        write_file(self.path / CHECKPOINT, content, _WHERE)

    def read_checkpoint(self) -> tuple[dict[str, "Tensor"], dict[str, Any]] | None:
        """Tensors and state of the last checkpoint; None when missing or damaged (logged).

        Raises:
            StoreError: It is another trial's. Who put it here may want to have it back.
        """
        found = read_checkpoint(self.path / CHECKPOINT, self.trial)
        if found is None:
            return None
        self._sealed = found.rows
        return found.tensors, found.state

    def checkpoint_problem(self) -> str | None:
        """What is wrong with the checkpoint; None if nothing is, or there is none."""
        return checkpoint_problem(self.path / CHECKPOINT, self.trial)

    # -- results ---------------------------------------------------------------------------------

    def finish(
        self,
        results: Mapping[str, Any],
        weights: Mapping[str, "Tensor"],
        predictions: Mapping[str, "Tensor"],
        provenance: Mapping[str, Any],
        observations: Mapping[str, "Tensor"] | None = None,
        interface: Mapping[str, Any] | None = None,
    ) -> None:
        """Store the final files and, last, the manifest that makes them count; drop the checkpoint.

        Args:
            results: The final numbers with "status" "done" or "diverged".
            weights: The network's tensors.
            predictions: What the network answered, for tests over samples.
            provenance: Versions, device, precision.
            observations: What its hidden layers did, to be looked at; no file if there are none.
            interface: What it takes and gives: classes, modalities, how they are scaled.

        Raises:
            InputError: The status is another one, or a value is not JSON.
            StoreError: It cannot be written; the trial stays resumable.
        """
        one_of(_WHERE, "status", results.get("status", ""), FINAL_STATES)
        origin = {"trial": self.trial}
        contents = {
            manifest.TRIAL: pretty_json(trial_document(self.definition(), _WHERE)),
            manifest.METRICS: epoch_lines(self.own_metrics()),
            manifest.RESULTS: pretty_json(plain(results, _WHERE, null_for_nan=True)),
            manifest.PROVENANCE: pretty_json(plain(provenance, _WHERE, null_for_nan=True)),
            manifest.WEIGHTS: pack(weights, origin),
            manifest.PREDICTIONS: pack(predictions, origin),
        }
        if observations:
            contents[manifest.OBSERVATIONS] = pack(observations, origin)
        if interface:
            contents[manifest.INTERFACE] = pretty_json(plain(interface, _WHERE))
        settle(self.path, contents)
        with suppress(OSError):
            (self.path / CHECKPOINT).unlink()
        sweep(self.path)

    def weights(self) -> dict[str, "Tensor"]:
        """The network's tensors.

        Raises:
            StoreError: The trial is not finished, or the file does not match its manifest.
        """
        return self._tensors(manifest.WEIGHTS)

    def predictions(self) -> dict[str, "Tensor"]:
        """What the network answered.

        Raises:
            StoreError: The trial is not finished, or the file does not match its manifest.
        """
        return self._tensors(manifest.PREDICTIONS)

    def answers(self) -> "dict[str, NDArray[Any]]":
        """The same as NumPy arrays: tables and tests over samples are made without PyTorch.

        Raises:
            StoreError: The trial is not finished, or the file does not match its manifest.
        """
        self._require_final()
        return final_parts(self.path, manifest.PREDICTIONS, unpack_arrays)

    def observations(self) -> dict[str, "Tensor"]:
        """What the hidden layers did; empty for a trial that was stored without.

        Raises:
            StoreError: The trial is not finished, or the file does not match its manifest.
        """
        if self._finished_elsewhere() and not self._names(manifest.OBSERVATIONS):
            return {}
        return self._tensors(manifest.OBSERVATIONS)

    def interface(self) -> dict[str, Any] | None:
        """What the network takes and gives; None for a trial that was stored without.

        Raises:
            StoreError: The trial is not finished, or its folder is damaged.
        """
        self._require_final()
        if not self._names(manifest.INTERFACE):
            return None
        content = final_bytes(self.path, manifest.INTERFACE)
        return document_in(self.path, manifest.INTERFACE, {manifest.INTERFACE: content})

    def write_card(self, text: str) -> None:
        """Write what people read first of the folder.

        Raises:
            StoreError: It cannot be written.
        """
        write_file(self.path / manifest.CARD, text.encode(), _WHERE)

    def write_evaluation(self, condition: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
        """Store what was measured under `condition`; also after the trial is finished.

        Raises:
            InputError: Condition or payload is not JSON.
            StoreError: It cannot be written.
        """
        evaluations.write_evaluation(self.path, condition, payload)

    def evaluation(self, condition: Mapping[str, Any]) -> dict[str, Any] | None:
        """What was measured under `condition`; None when missing or damaged (logged)."""
        return evaluations.read_evaluation(self.path, condition)

    # -- inside ----------------------------------------------------------------------------------

    def _read_state(self) -> str:
        return self._looked().state if is_file(self.path / manifest.TRIAL, _WHERE) else "missing"

    def _looked(self, hashed: Collection[str] = manifest.SMALL) -> View:
        view = view_of(self.path, hashed)
        if view.problems:
            _log.warning("%s counts as unfinished: %s", self.path, "; ".join(view.problems))
        return view

    def _names(self, name: str) -> bool:
        return manifest.expected_hash(self.path, name) is not None

    def _finished_elsewhere(self) -> bool:
        return is_file(self.path / manifest.MANIFEST, _WHERE) and self.state() in FINAL_STATES

    def _write_rows(self, rows: list[dict[str, Any]]) -> None:
        if not self._finished_elsewhere():
            write_file(self.path / manifest.METRICS, epoch_lines(rows), _WHERE)
        self._rows = rows

    def own_metrics(self) -> list[dict[str, Any]]:
        """The rows that this process has written or resumed from; the file may hold another's."""
        if self._rows is None:
            self._rows = self.metrics()
        return self._rows

    def _require_final(self) -> None:
        state = self.state()
        if state not in FINAL_STATES:
            raise StoreError(
                f"{_WHERE}: trial {self.trial} must be finished, got state {state!r}. "
                "Train it first."
            )

    def _tensors(self, name: str) -> dict[str, "Tensor"]:
        self._require_final()
        return final_parts(self.path, name, unpack)
