"""Which trials a folder holds, found by what defines them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from spikefuse.core.checks import nearest, one_of
from spikefuse.core.errors import InputError
from spikefuse.results import TrialStore
from spikefuse.results.sound import read_as_results
from spikefuse.training import TrialDefinition

STATE, NAME = "state", "trial"
_WHERE = "trials"


@dataclass(frozen=True)
class StoredTrial:
    """One trial of a folder.

    Attributes:
        name: Of its folder.
        state: "partial", "done" or "diverged".
        settings: Everything that defines it, by name; what it was stored without has its default.
        accuracy: On the test split at the best validation epoch; None where there is none.
    """

    name: str
    state: str
    settings: Mapping[str, Any]
    accuracy: float | None


def stored_trials(store: TrialStore) -> list[StoredTrial]:
    """Every trial, in the order of the names.

    Raises:
        StoreError: One is damaged.
    """
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in TrialDefinition.model_fields.items()
        if not isinstance(field.default, BaseModel)
    }
    kept: dict[Any, Any] = {}
    found = []
    for name in store:
        with read_as_results(name):
            found.append(_told(name, store.folder(name).outline(), defaults, kept))
    return found


def _told(
    name: str,
    outline: tuple[str, Mapping[str, Any], Mapping[str, Any]],
    defaults: Mapping[str, Any],
    kept: dict[Any, Any],
) -> StoredTrial:
    state, definition, results = outline
    settings = _flat({**defaults, **definition})
    reached = results.get("accuracy", {}).get("test_best")
    if reached is not None and not 0.0 <= reached <= 1.0:
        raise ValueError(f"accuracy {reached}")
    known = {NAME: name, STATE: state, **settings}
    # Names and most levels are the same in all of a hundred thousand networks: each is kept once.
    known = {kept.setdefault(key, key): _once(kept, value) for key, value in known.items()}
    return StoredTrial(name, state, known, reached)


def _once(kept: dict[Any, Any], value: Any) -> Any:
    # By type too: 1, 1.0 and True are equal and written differently.
    return kept.setdefault((type(value), value), value)


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= {f"{name}.{key}": each for key, each in _flat(value).items()}
        elif not isinstance(value, list | tuple):
            found[name] = value
    return found


def matching(trials: Sequence[StoredTrial], wheres: Sequence[str]) -> list[StoredTrial]:
    """The trials that have every level asked for.

    Args:
        trials: Of one folder.
        wheres: "NAME=LEVEL", or several with commas between them.

    Raises:
        InputError: There is no such name or level; the message says the nearest.
    """
    found = list(trials)
    for pair in (word.strip() for where in wheres for word in where.split(",")):
        name, sign, level = (part.strip() for part in pair.partition("="))
        if not sign or not level:
            raise InputError(f"{_WHERE}: --where must be NAME=LEVEL, got {pair!r}.")
        names = dict.fromkeys(key for each in trials for key in each.settings)
        one_of(_WHERE, "name in --where", name, names)
        levels = dict.fromkeys(_said(each.settings.get(name)) for each in trials)
        wanted = _said(_number(level))
        if wanted not in levels:
            close = nearest(wanted, levels)
            hint = f" Did you mean {' or '.join(close)}?" if close else ""
            raise InputError(
                f"{_WHERE}: {name} must be one of {', '.join(levels)}, the levels of this folder, "
                f"got {level!r}.{hint}"
            )
        found = [each for each in found if _said(each.settings.get(name)) == wanted]
    return found


def varying(trials: Sequence[StoredTrial]) -> list[str]:
    """Names of the settings that are not the same for all, in the order of the definition."""
    names = dict.fromkeys(key for each in trials for key in each.settings)
    levels = {name: {_said(each.settings.get(name)) for each in trials} for name in names}
    return [name for name in names if len(levels[name]) > 1 and name not in (NAME, STATE)]


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _said(value: Any) -> str:
    """A level as it is written: 4 and 4.0 are one, and so are True and true."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def said(trial: StoredTrial, name: str) -> str:
    """A setting of a trial as it is written; empty where it has none."""
    value = trial.settings.get(name)
    return "" if value is None else _said(value)
