"""What trials have in common and what tells them apart."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikefuse.analysis.words import NONE, level_name, percent
from spikefuse.report.reading.sources import Trial
from spikefuse.report.tables import Column, Table

# The factors of the paper's experiments: they name a network; the rest is effort or detail.
_FACTORS = ("network", "size", "neuron", "reset", "time_steps")
_DEFAULTS: Mapping[str, object] = {"neuron": "lif", "reset": "soft", "time_steps": 4}
# Not part of what a group of curves shares: a curve is drawn for each of them.
_WITHIN = ("modality", "protocol", "seed", "fusion")
_ORDER = {"snn": 0, "dnn": 1, "S": 0, "S/2": 1, "S/3": 2}


def flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings with dotted names.

    Example:
        >>> flatten({"data": {"hop": 128}, "seed": 0})
        {'data.hop': 128, 'seed': 0}
    """
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def text(value: object) -> str:
    """A setting as written in a table."""
    if value is None or value == "":
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value) or NONE
    return str(value)


@dataclass(frozen=True)
class Group:
    """Trials of one network setting: they differ in modality, pairing and seed alone."""

    label: str
    network: str
    trials: tuple[Trial, ...]


def seed_of(trial: Trial) -> str:
    """The trial's seed as text."""
    return text(trial.definition.get("seed"))


def groups(trials: Sequence[Trial]) -> tuple[Group, ...]:
    """Trials grouped by network setting, SNN first, then by size, then the default first."""
    by_factors: dict[tuple[str, ...], list[Trial]] = defaultdict(list)
    for trial in trials:
        by_factors[tuple(text(trial.definition.get(name)) for name in _FACTORS)].append(trial)
    found = []
    for factors in sorted(by_factors, key=_rank):
        for extra, members in _split(by_factors[factors]).items():
            label = ", ".join([_label(members[0].definition), *extra])
            found.append(Group(label, factors[0], tuple(members)))
    return tuple(found)


def _rank(factors: tuple[str, ...]) -> tuple[object, ...]:
    ranks = [(_ORDER.get(factor, 9), len(factor), factor) for factor in factors]
    changed = sum(
        factor != text(_DEFAULTS.get(name, factor))
        for name, factor in zip(_FACTORS, factors, strict=True)
    )
    return (ranks[0], changed if factors[0] == "snn" else 0, *ranks[1:])


def _label(definition: Mapping[str, Any]) -> str:
    """`SNN, size S/2`, with what departs from the paper's Table 2."""
    network = str(definition.get("network", "?"))
    parts = [level_name("network", network), f"size {definition.get('size', '?')}"]
    if network == "snn":
        parts += [
            level_name(name, definition[name]).replace("Hard reset", "hard reset")
            for name, default in _DEFAULTS.items()
            if name in definition and definition[name] != default
        ]
    return ", ".join(parts)


def _split(trials: Sequence[Trial]) -> dict[tuple[str, ...], list[Trial]]:
    """Trials of equal factors, split by whatever else varies for one modality, pairing and seed."""
    same: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for trial in trials:
        key = tuple(text(trial.definition.get(name)) for name in _WITHIN)
        same[key].append(flatten(trial.definition))
    varying = sorted(
        {
            name
            for twins in same.values()
            for name in set().union(*twins)
            if len({text(twin.get(name)) for twin in twins}) > 1
        }
    )
    split: dict[tuple[str, ...], list[Trial]] = defaultdict(list)
    for trial in trials:
        flat = flatten(trial.definition)
        phrases = (_phrase(name, text(flat.get(name))) for name in varying)
        split[tuple(filter(None, phrases))].append(trial)
    return dict(sorted(split.items()))


def _phrase(name: str, value: str) -> str:
    """A setting in words; empty where it is the usual one."""
    if name == "selection.held_out_speaker":
        return "" if value == NONE else f"{value} held out"
    if name == "selection.shuffle_audio":
        return "shuffled audio" if value == "yes" else ""
    if name == "selection.shuffled":
        return "" if value == NONE else f"shuffled {value}"
    return f"{name} {value}"


def shared_settings(trials: Sequence[Trial]) -> dict[str, str]:
    """Settings that every trial has in common."""
    flat = [flatten(trial.definition) for trial in trials]
    if not flat:
        return {}
    return {
        name: text(value)
        for name, value in flat[0].items()
        if all(name in other and other[name] == value for other in flat)
    }


def trial_table(trials: Sequence[Trial]) -> Table:
    """One row a trial: what tells it apart, and what came out of it."""
    shared = shared_settings(trials)
    flat = [flatten(trial.definition) for trial in trials]
    names = sorted({name for settings in flat for name in settings} - set(shared), key=_column_rank)
    outcome = ("Best epoch", "Validation %", "Test %", "Parameters", "Multiply-adds", "Seconds")
    rows = []
    for trial, settings in zip(trials, flat, strict=True):
        accuracy = trial.results.get("accuracy")
        accuracy = accuracy if isinstance(accuracy, Mapping) else {}
        rows.append(
            (
                trial.name,
                trial.state,
                *(text(settings.get(name)) for name in names),
                text(trial.results.get("best_epoch")),
                percent(number(accuracy.get("validation_best"))),
                percent(number(accuracy.get("test_best"))),
                _count(trial.results.get("parameters")),
                _count(trial.results.get("macs")),
                _count(trial.results.get("seconds")),
            )
        )
    return Table(
        name="trials",
        caption="Every trial: the settings that differ, and the outcome",
        columns=(
            Column("Trial"),
            Column("State"),
            *(Column(name) for name in names),
            *(Column(name, number=True) for name in outcome),
        ),
        rows=tuple(rows),
    )


def _column_rank(name: str) -> tuple[int, str]:
    first = (*_FACTORS, "modality", "protocol", "seed")
    return (first.index(name) if name in first else len(first), name)


def number(value: object) -> float | None:
    """The value as a number, or None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _count(value: object) -> str:
    found = number(value)
    return NONE if found is None else f"{found:,.0f}"


def provenance_rows(trials: Sequence[Trial]) -> list[tuple[str, str]]:
    """Versions and hardware over all trials: a value where they agree, else the values."""
    seen: dict[str, dict[str, int]] = defaultdict(dict)
    for trial in trials:
        for name, value in flatten(trial.provenance).items():
            written = text(value)
            seen[name][written] = seen[name].get(written, 0) + 1
    rows = []
    for name, values in seen.items():
        if len(values) == 1:
            rows.append((name, next(iter(values))))
        elif len(values) <= 4:
            each = "; ".join(f"{value} ({count} trials)" for value, count in values.items())
            rows.append((name, each))
        else:
            rows.append((name, f"{len(values)} different values, in each trial\u2019s folder"))
    return rows
