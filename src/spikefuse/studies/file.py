"""A study of one's own in a TOML file: which factors are crossed, on which data, at what effort.

```toml
name = "steps-by-neuron"
data = "digits"
protocols = ["disjoint"]
[factors]
network = ["snn"]
neuron = ["lif", "if"]
time_steps = [4, 8]
[effort]
images = 2000
```
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spikefuse.core.checks import one_of
from spikefuse.core.errors import ArgumentError, InputError
from spikefuse.core.untrusted import MOST_JSON_BYTES, NoTextError, read_regular, reason, utf8_text
from spikefuse.core.validation import refusal_of
from spikefuse.data.sources.contract import FUSED
from spikefuse.studies.design import EACH, Cell, Grid, Level, Study
from spikefuse.studies.profiles import EFFORT, SIZES
from spikefuse.studies.registry import STUDIES
from spikefuse.studies.sensitivity import SENSITIVITY

OF_THE_RUN = ("protocol", "held_out", "reading", "disturbance")
"""Fields of a cell that are no factors here: `protocols` and studies of their own decide them."""


class StudyFile(BaseModel):
    """What a study's file says.

    Args:
        name: Of the study, in tables and folders; letters, digits and "-".
        title: A few words.
        question: What it answers, in a sentence.
        data: A ready source, or data of your own beside the file.
        profile: The effort that `effort` changes.
        seeds: How many; the profile's own if left out.
        protocols: Pairing protocols of the networks that see several modalities.
        factors: The levels of each factor; all combinations are trained.
        effort: What is changed of the profile.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]*$")]
    title: str = ""
    question: str = ""
    data: str = "auto"
    profile: str = "quick"
    seeds: Annotated[int, Field(ge=1)] | None = None
    protocols: tuple[str, ...] = ()
    factors: dict[str, tuple[Level, ...]] = {}
    effort: dict[str, Any] = {}

    def study(self) -> Study:
        """The study that it describes."""
        crossed: dict[str, tuple[Level, ...]] = {"modality": (EACH, FUSED), **self.factors}
        return Study(self.name, self.title or self.name, self.question, (Grid(crossed),))


def factors() -> tuple[str, ...]:
    """The factors that a file may name.

    Example:
        >>> factors()[:3]
        ('network', 'modality', 'size')
    """
    return tuple(name for name in Cell.model_fields if name not in OF_THE_RUN)


def read_study(path: Path, changes: Iterable[str] = ()) -> StudyFile:
    """A study's file, with single settings changed.

    Args:
        path: The file.
        changes: "key=value" each; the key of a table's entry has its table before it, as in
            "factors.time_steps=[4, 8]".

    Raises:
        InputError: It cannot be read, or says something that is no setting or not allowed.
    """
    try:
        values = tomllib.loads(utf8_text(read_regular(path, MOST_JSON_BYTES)))
    except (OSError, NoTextError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"run: {path} must be a readable TOML file, got {reason(error)}. `spikefuse new study` "
            "writes one to begin with."
        ) from None
    for change in changes:
        _change(values, change)
    return study_of(values, path.name)


def study_of(values: Mapping[str, Any], where: str) -> StudyFile:
    """A study from plain values.

    Raises:
        InputError: A key is unknown (its nearest spelling is named) or a value is not allowed.
    """
    places = {"": tuple(StudyFile.model_fields), "factors": factors(), "effort": EFFORT}
    _known(values, "", places, where)
    for table in ("factors", "effort"):
        if isinstance(values.get(table), Mapping):
            _known(values[table], table, places, where)
    try:
        found = StudyFile(**_tuples(values))
    except ValidationError as error:
        raise InputError(refusal_of(where, error)) from None
    if found.name in (*STUDIES, SENSITIVITY):
        raise InputError(
            f"{where}: name must be a new one, got {found.name!r}, which is a study of spikefuse's."
        )
    for name, levels in found.factors.items():
        _check_levels(name, levels, where)
    return found


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as tuples, and one level as a list of one; nothing else becomes something else."""
    found = dict(values)
    if isinstance(found.get("protocols"), list):
        found["protocols"] = tuple(found["protocols"])
    if isinstance(found.get("factors"), Mapping):
        found["factors"] = {
            name: tuple(levels) if isinstance(levels, list) else (levels,)
            for name, levels in found["factors"].items()
        }
    return found


def _check_levels(name: str, levels: tuple[Level, ...], where: str) -> None:
    argument = f"{name} in [factors]"
    if not levels or len(set(levels)) != len(levels):
        got = ", ".join(map(str, levels)) or "none"
        raise InputError(f"{where}: {argument} must be one or more different levels, got {got}.")
    for level in levels:
        if name == "size":
            one_of(where, argument, str(level), SIZES)
        try:
            Cell.model_validate({name: level}, strict=True)
        except ValidationError as error:
            raise InputError(
                refusal_of(where, error, lambda path: f"{path} in [factors]")
            ) from None


def _known(
    given: Iterable[str], table: str, places: Mapping[str, Sequence[str]], where: str
) -> None:
    """Refuse a key that nobody reads; one of another table is sent there."""
    for key in given:
        other = next((name for name, keys in places.items() if key in keys), None)
        if other not in (None, table) and key not in places[table]:
            there = f"below [{other}]" if other else "above all tables"
            allowed = f"one of {', '.join(places[table])}"
            refused = f"must be {allowed}, got {key!r}. Write it {there}."
            raise ArgumentError(_place(where, table), "a key", refused)
        one_of(_place(where, table), "a key", key, places[table])


def _place(where: str, table: str) -> str:
    return f"{where}, [{table}]" if table else where


def _change(values: dict[str, Any], change: str) -> None:
    """Put one "key=value" into the values of a file."""
    key, equals, text = (part.strip() for part in change.partition("="))
    if not equals or not key:
        raise InputError(
            f"run: --set must be KEY=VALUE, got {change!r}. For example --set seeds=2, or "
            '--set factors.neuron=["lif", "if"].'
        )
    *tables, last = key.split(".")
    place = values
    for name in tables:
        place = place.setdefault(name, {})
        if not isinstance(place, dict):
            raise InputError(f"run: --set {key}: {name} is one value and has no entries.")
    place[last] = _value(text)


def _value(text: str) -> Any:
    """A value as TOML writes it; a word need not stand in quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
