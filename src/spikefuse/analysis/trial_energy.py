"""What one stored network computes, priced: for the terminal and as a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikefuse.analysis.energy_rows import MODELS, StoredCounts, counted_in
from spikefuse.core.errors import StoreError
from spikefuse.meters.costs import COST_MODELS, CostModel
from spikefuse.meters.counts import SPIKES
from spikefuse.meters.energy import Energy, price
from spikefuse.meters.opponent import break_even_rate, matched_bits
from spikefuse.results import TrialStore

Rows = tuple[tuple[str, ...], list[tuple[str, ...]]]
"""Headings and rows of a table."""


@dataclass(frozen=True)
class TrialEnergy:
    """The counts of a trial and what they cost.

    Attributes:
        trial: Its name.
        time_steps: T.
        counted: Of its first test samples.
        energies: Under each cost model: every step, and a static first layer once.
    """

    trial: str
    time_steps: int
    counted: StoredCounts
    energies: Sequence[tuple[Energy, Energy]]

    @property
    def is_spiking(self) -> bool:
        """Whether it has neurons that spike."""
        return bool(self.counted.mean.neurons)

    @property
    def rate(self) -> float:
        """Spikes per neuron and step; 0 of a dense network."""
        updates = self.counted.mean.updates()
        return float(self.counted.mean.spikes()) / updates if updates else 0.0

    def record(self) -> dict[str, Any]:
        """Every number as JSON values; energies in pJ an inference."""
        counts = self.counted.mean
        found: dict[str, Any] = {
            "trial": self.trial,
            "samples": self.counted.samples,
            "right": self.counted.right,
            "accumulates": float(counts.accumulates()),
            "multiplies": float(counts.multiplies()),
            "multiplies_once": float(counts.multiplies("once")),
            "dense": counts.dense(),
            "spikes": float(counts.spikes()),
            "updates": counts.updates(),
            "models": {every.model.name: _priced(every, once) for every, once in self.energies},
        }
        for name, own in found["models"].items():
            own["right_pj"] = _per_right(own["pj"], self.counted.right)
            own |= {"left_out": self._model(name).left_out, "source": self._model(name).source}
        if self.is_spiking:
            steps = self.time_steps
            found["rate"] = self.rate
            found["break_even_rate"] = {
                "8-bit weights": break_even_rate(steps),
                f"{matched_bits(steps)}-bit weights": break_even_rate(steps, None),
            }
        return found

    def _model(self, name: str) -> CostModel:
        return next(every.model for every, _ in self.energies if every.model.name == name)

    def tables(self) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
        """Operations of the network, of its layers, and energies in nJ."""
        said = f"mean of {self.counted.samples} test samples"
        return [
            (f"trial {self.trial}: operations of an inference, {said}", *self._operations()),
            ("by layer", *self._layers()),
            ("energy of an inference in nJ, by cost model", *self._energies()),
            ("what it is spent on", *self._where()),
        ]

    def _operations(self) -> Rows:
        counts = self.counted.mean
        rows: list[tuple[str, ...]] = [
            ("synaptic additions (AC)", _whole(float(counts.accumulates()))),
            (
                "synaptic multiplications (MAC), first layer at every step",
                _whole(float(counts.multiplies())),
            ),
            ("the same, first layer once", _whole(float(counts.multiplies("once")))),
            ("all pairs of an input and a weight", _whole(counts.dense())),
        ]
        if self.is_spiking:
            bits, steps = matched_bits(self.time_steps), self.time_steps
            rows += [
                ("neuron updates", _whole(counts.updates())),
                ("spikes", _whole(float(counts.spikes()))),
                ("spikes per neuron and step", f"{100 * self.rate:.2f} %"),
                (
                    f"break-even with a {bits}-bit twin, 8-bit weights",
                    f"{100 * break_even_rate(steps):.2f} %",
                ),
                (
                    f"break-even with a {bits}-bit twin, {bits}-bit weights",
                    f"{100 * break_even_rate(steps, None):.2f} %",
                ),
            ]
        return ("", "an inference"), rows

    def _layers(self) -> Rows:
        counts = self.counted.mean
        spikes = {each.name: float(each.spikes.sum()) for each in counts.neurons}
        rows: list[tuple[str, ...]] = [
            (
                layer.name,
                "AC" if layer.source == SPIKES else "MAC",
                _whole(float(layer.fan_out.sum())),
                _whole(layer.shape.dense * layer.time_steps),
                _whole(spikes[layer.name]) if layer.name in spikes else "",
            )
            for layer in counts.layers
        ]
        return ("layer", "kind", "operations", "all pairs", "spikes"), rows

    def _energies(self) -> Rows:
        rows: list[tuple[str, ...]] = []
        for every, once in self.energies:
            own = _priced(every, once)
            right = _per_right(own["pj"], self.counted.right)
            told = "" if right is None else _nano(right)
            rows.append((every.model.name, _nano(own["pj"]), _nano(own["once_pj"]), told))
        return ("model", "first layer at every step", "first layer once", "a right answer"), rows

    def _where(self) -> Rows:
        rows: list[tuple[str, ...]] = []
        for every, once in self.energies:
            own = _priced(every, once)
            parts = [_shares(own[kind], own["pj"]) for kind in ("branches", "parts")]
            rows.append((every.model.name, *parts))
        return ("model", "branches", "parts"), rows

    def notes(self) -> list[str]:
        """What each model leaves out, in a line."""
        return [f"{e.model.name} leaves out {e.model.left_out}." for e, _ in self.energies]


def trial_energy(path: Path, models: Sequence[CostModel] | None = None) -> TrialEnergy:
    """The energy of a finished trial.

    Args:
        path: Its folder, `RESULTS/trials/NAME`.
        models: Cost models; those of `energy.csv` if left out.

    Raises:
        StoreError: It is no finished trial, or was stored before operations were counted.
    """
    if not (path / "trial.json").is_file():
        raise StoreError(
            f"energy: {path} is no trial folder (it has no trial.json). "
            "Name a folder like RESULTS/trials/NAME."
        )
    whole = path.resolve()
    store = TrialStore(whole.parent.parent, read_only=True)
    state = store.state(whole.name)
    if state != "done":
        raise StoreError(f"energy: the trial in {path} is {state}; only a done one has counts.")
    counted = counted_in(store.folder(whole.name))
    if counted is None:
        raise StoreError(
            f"energy: the trial in {path} must have counts, got one that was stored before "
            "operations were counted. Train it again into another folder (--out)."
        )
    chosen = models or [COST_MODELS[name] for name in MODELS]
    energies = [(price(counted.mean, m), price(counted.mean, m, "once")) for m in chosen]
    steps = max(layer.time_steps for layer in counted.mean.layers)
    return TrialEnergy(whole.name, steps, counted, energies)


def _priced(every: Energy, once: Energy) -> dict[str, Any]:
    return {
        "pj": float(every.total_pj()),
        "once_pj": float(once.total_pj()),
        "first_layer_pj": float(every.first_layer_pj()),
        "branches": {name: float(value) for name, value in every.branch_pj().items()},
        "layers": {name: float(every.layer_pj(name)) for name in every.layers},
        "parts": {name: float(value) for name, value in every.components_pj().items()},
    }


def _per_right(energy_pj: float, right: float | None) -> float | None:
    return energy_pj / right if right else None


def _whole(count: float) -> str:
    return f"{count:,.0f}"


def _nano(energy_pj: float) -> str:
    return f"{energy_pj / 1000:,.4g}" if energy_pj < 1e6 else f"{energy_pj / 1000:,.0f}"


def _shares(parts: dict[str, float], whole: float) -> str:
    """`image 61 %, audio 39 %`, largest first; what rounds to nothing is left out."""
    ordered = sorted(parts.items(), key=lambda each: -each[1])
    return ", ".join(f"{n} {100 * v / whole:.0f} %" for n, v in ordered if v >= 0.005 * whole > 0)
