"""What other test samples would give: rows beside the accuracies, from stored predictions.

Every seed is judged on the same clips, so an interval over seeds holds for these clips alone. For
each fused network that is stored with its parts there are, in the study `controls`,

- `accuracy_on_pairs`: the accuracy of each network of one modality over the fused network's test
  pairs, so that both are asked the same: 300 clips stand in 1,000 pairs unequally often;
- `samples_error.NAME.MODALITY`: the standard error over test samples of NAME, a mean over seeds or
  a difference of such (the same in the row of every seed), see `stats.crossed`. MODALITY is the one
  with the fewest samples, `samples` their number.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any

import numpy as np

from spikefuse.analysis.claims.samples import claim_rows
from spikefuse.analysis.compare.samples import Answers, NoSamples, answers_in, match
from spikefuse.analysis.gains import EXPERTS, MEAN, NETWORKS, TEMPERED, alone, both_alone, shuffled
from spikefuse.analysis.product_of_experts import Temperatures, product_right
from spikefuse.analysis.row_index import DEFAULTS, Level, Row, same
from spikefuse.analysis.sample_errors import CONTROL, ERROR, ON_PAIRS, over
from spikefuse.analysis.table import (
    DEFAULT_STUDIES,
    METRIC,
    SPIKING,
    Table,
    single_modalities,
)
from spikefuse.analysis.words import FEWEST
from spikefuse.core.errors import SpikefuseError
from spikefuse.core.recent import Recent
from spikefuse.data.sources.contract import FUSED
from spikefuse.results import TrialStore
from spikefuse.stats import Observed, sample_error
from spikefuse.studies.controls import CONTROLS
from spikefuse.studies.readings import is_noise

logger = logging.getLogger(__name__)

Contrasts = dict[str, list[Observed]]
NewRow = dict[str, Any]

_OWN = ("network", "size", "neuron", "reset", "time_steps", "protocol", "held_out", "reading")


@dataclass
class _Shelf:
    """Reads each trial's answers once: a single network stands beside several fused ones."""

    store: TrialStore
    temperatures: Temperatures
    read: Recent[str, Answers] = field(default_factory=Recent)
    tensors: Recent[str, Mapping[str, Any]] = field(default_factory=Recent)

    def answers(self, trial: str) -> Answers:
        """What a trial answered to its test set.

        Raises:
            NoSamples: That is not stored, or cannot be read.
        """
        if trial not in self.read:
            self.read[trial] = answers_in(self.store, trial)
        return self.read[trial]

    def product(
        self, trial: str, experts: Mapping[str, str], temperatures: Mapping[str, float]
    ) -> Any:
        """Where the product of the experts is right on a fused network's pairs."""
        fused = self._predictions(trial)
        parts = {name: self._predictions(expert) for name, expert in experts.items()}
        return product_right(fused, parts, temperatures).double().numpy()

    def _predictions(self, trial: str) -> Mapping[str, Any]:
        known = self.tensors.get(trial)
        if known is None:
            known = self.tensors[trial] = self.store.folder(trial).predictions()
        return known


@dataclass(frozen=True)
class _Fused:
    """One fused cell with its parts: by seed, whose trials are whose, and which are silent.

    `counted` has the seeds of each part, by modality and `CONTROL`, that are in the means which
    errors stand beside: of the default networks those of `DEFAULT_STUDIES`, as `gains` reads them.
    """

    row: Row
    modalities: tuple[str, ...]
    trials: Mapping[int, str]
    singles: Mapping[str, Mapping[int, str]]
    shuffled: Mapping[int, str]
    silent: frozenset[str]
    counted: Mapping[str, frozenset[int]]


def sample_rows(
    rows: Iterable[Row], store: TrialStore, temperatures: Temperatures | None = None
) -> list[NewRow]:
    """The rows beside every fused network whose parts are stored, and those of the claims."""
    table, shelf = Table(rows), _Shelf(store, temperatures or Temperatures(store))
    modalities = single_modalities(table)
    found: list[NewRow] = []
    joined: dict[tuple[Any, ...], Contrasts] = {}
    cells = list(_cells(table, modalities))
    for cell in cells:
        try:
            pairs, contrasts = _contrasts(cell, shelf)
        except (NoSamples, SpikefuseError) as problem:
            logger.warning("no errors over test samples of %s: %s", cell.row.get("trial"), problem)
            continue
        found += pairs
        found += [row for name, parts in contrasts.items() for row in _errors(cell, name, parts)]
        if _is_usual(cell):
            joined[_place(cell, cell.row["network"])] = contrasts
    for cell in filter(_is_usual, cells):
        ours, theirs = (joined.get(_place(cell, name)) for name in NETWORKS)
        if cell.row["network"] == NETWORKS[0] and ours and theirs:
            found += _differences(cell, ours, theirs)
    return [*found, *claim_rows(table, shelf.answers)]


def _cells(table: Table, modalities: tuple[str, ...]) -> Iterator[_Fused]:
    if len(modalities) < 2:
        return
    rows = table.select(modality=FUSED, metric=METRIC, split="test", noise_std=0.0, fusion="early")
    seen = set()
    for row in rows:
        levels: dict[str, Level] = {name: row.get(name) or "" for name in _OWN}
        key = tuple(str(levels[name]) for name in _OWN)
        if key in seen or row.get("pairing", "true") == "shuffled" or row.get("disturbance"):
            continue
        if is_noise(str(levels["reading"])):
            continue
        seen.add(key)
        fixed = {name: level for name, level in levels.items() if level != ""}
        fixed |= {"noise_std": 0.0, "disturbance": ""}
        joint = {**fixed, "modality": FUSED, "fusion": "early"}
        silent = table.silent
        wanted: dict[str, dict[str, Level]] = {
            FUSED: {**joint, "pairing": "true"},
            CONTROL: {**joint, "pairing": "shuffled"},
            **{name: {**fixed, "modality": name, "fusion": "none"} for name in modalities},
        }
        found = {name: table.series(**each).trials for name, each in wanted.items()}
        live = {seed: name for seed, name in found[FUSED].items() if name not in silent}
        studies = {"study": DEFAULT_STUDIES} if _is_default(table, row) else {}
        counted = {
            name: frozenset(table.series(**each, **studies).trials) for name, each in wanted.items()
        }
        singles = {name: found[name] for name in modalities}
        yield _Fused(row, modalities, live, singles, found[CONTROL], silent, counted)


def _is_default(table: Table, row: Row) -> bool:
    """Whether it is of a network as `gains` and the first screen have it, at any size."""
    levels = table.default_levels(str(row["network"]), FUSED)
    return all(
        same(row.get(name) or DEFAULTS.get(name, ""), level)
        for name, level in levels.items()
        if name in _OWN
    )


def _contrasts(cell: _Fused, shelf: _Shelf) -> tuple[list[NewRow], Contrasts]:
    """Accuracies on pairs, and by name what every seed says of each difference.

    Raises:
        NoSamples: Predictions are missing or of other samples.
    """
    rows: list[NewRow] = []
    found: Contrasts = {}
    for seed, trial in cell.trials.items():
        fused = shelf.answers(trial)
        joint = fused.correct.astype(np.float64)
        parts = {}
        for name in cell.modalities:
            single = cell.singles[name].get(seed)
            if single is None:
                continue
            matched = match(fused, shelf.answers(single))
            if len(matched.a) != len(joint):
                raise NoSamples(f"pairs hold {name} samples that {single} was not tested on")
            parts[name] = matched.b.astype(np.float64)
            levels = {"modality": name, "fusion": "none", "trial": single}
            rows.append(_row(cell, seed, ON_PAIRS, parts[name].mean(), len(joint)) | levels)

        counted = cell.counted[FUSED].intersection(cell.trials)
        if seed not in counted or len(counted) < FEWEST:
            continue  # in no mean, or no interval stands on so few
        parts = {name: each for name, each in parts.items() if seed in cell.counted[name]}

        def add(name: str, values: Any, samples: Answers = fused, seed: int = seed) -> None:
            found.setdefault(name, []).append(Observed(seed, values, samples.samples))

        # A difference to a silent network is in no mean, so it is in no error beside that mean.
        live = {n: v for n, v in parts.items() if cell.singles[n][seed] not in cell.silent}
        add(FUSED, joint)
        for name, values in live.items():
            add(alone(name), joint - values)
        if len(live) == len(cell.modalities):
            add(MEAN, joint - np.mean(list(parts.values()), axis=0))
            experts = {name: cell.singles[name][seed] for name in parts}
            add(EXPERTS, joint - shelf.product(trial, experts, {}))
            warm = {name: shelf.temperatures.of(each) for name, each in experts.items()}
            known = {name: each for name, each in warm.items() if each is not None}
            if len(known) == len(warm):
                add(TEMPERED, joint - shelf.product(trial, experts, known))
        noise = cell.shuffled.get(seed) if seed in cell.counted[CONTROL] else None
        if noise is not None and noise not in cell.silent and parts:
            other = shelf.answers(noise)
            values = other.correct.astype(np.float64)
            first = live.get(cell.modalities[0])
            for name, mine in ((shuffled(cell.modalities), joint), (CONTROL, first)):
                if mine is not None:
                    sign = 1.0 if name != CONTROL else -1.0
                    add(name, sign * mine)
                    add(name, -sign * values, other)
    return rows, found


def _is_usual(cell: _Fused) -> bool:
    """Whether a network's neuron, reset and steps are the default ones, as the answers' are."""
    if cell.row["network"] != NETWORKS[0]:
        return True
    return all(same(cell.row.get(name), level) for name, level in SPIKING.items())


def _place(cell: _Fused, network: object) -> tuple[Any, ...]:
    """What fused networks of two kinds have in common."""
    names = ("size", "protocol", "held_out", "reading")
    usual = [cell.row.get(name) or "" for name in names]
    return (network, *usual)


def _errors(cell: _Fused, name: str, parts: list[Observed]) -> Iterator[NewRow]:
    seeds = dict.fromkeys(part.seed for part in parts)
    if len(seeds) < FEWEST:
        return
    error = sample_error(parts)
    for seed in seeds:
        metric = f"{ERROR}.{name}.{error.modality}"
        yield _row(cell, seed, metric, error.error, error.clusters)


def _differences(cell: _Fused, ours: Contrasts, theirs: Contrasts) -> Iterator[NewRow]:
    """How much more the first kind of network gains than the second."""
    names = {name: (name, name) for name in ours if name not in (FUSED, CONTROL)}
    for one, other in permutations(cell.modalities, 2):
        names[both_alone(one, other)] = (alone(one), alone(other))
    for name, (one, other) in names.items():
        first, second = ours.get(one, []), theirs.get(other, [])
        seeds = {part.seed for part in first} & {part.seed for part in second}
        minus = [replace(part, values=-part.values) for part in second]
        both = [part for part in (*first, *minus) if part.seed in seeds]
        yield from _errors(cell, over(name), both)


def _row(cell: _Fused, seed: int, metric: str, value: float, samples: int) -> NewRow:
    return dict(cell.row) | {
        "study": CONTROLS.name,
        "trial": cell.trials[seed],
        "seed": seed,
        "split": "test",
        "metric": metric,
        "value": float(value),
        "samples": samples,
    }
