"""Options made from the record that they fill: a new field is an option with its help.

    @options_of(NoiseCondition)
    def evaluate(given: dict[str, Any], trial: Path, ...) -> None:

`given` holds what the user wrote and nothing else: defaults stay with the record, and an option
that has no effect can be told from one that was left out.
"""

import dataclasses
import functools
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel
from typer.models import ParameterInfo

from spikefuse.cli import options
from spikefuse.core.errors import InputError
from spikefuse.core.plugins import load_plugins
from spikefuse.core.registry import choices_of

_ENTRY = re.compile(r" {4}(\w+): (.*)")

Record = type[Any]
"""A pydantic model, or a dataclass whose fields are annotated with `typer.Option`."""


@dataclasses.dataclass(frozen=True)
class _Field:
    name: str
    annotation: Any
    metadata: tuple[Any, ...]
    default: Any
    description: str


def fields_of(record: Record) -> dict[str, _Field]:
    """The fields of a record by name."""
    return {field.name: field for field in _fields(record)}


def options_of(
    *records: Record, leave_out: Iterable[str] = (), shown: dict[str, str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for every plain field of the records.

    The command's first parameter receives a dictionary of the options that were given.

    Args:
        records: Fields that are records themselves are left out; name them too. Of fields of one
            name the first record's counts.
        leave_out: Names of fields that are no option of this command.
        shown: What the help says as a field's default, where the record does not say it.
    """
    hidden, told = set(leave_out), shown or {}
    named = {
        field.name: field
        for record in reversed(records)
        for field in _fields(record)
        if field.name not in hidden and not _is_record(field.annotation)
    }
    order = [field.name for record in records for field in _fields(record)]
    chosen = [named[name] for name in dict.fromkeys(order) if name in named]
    parameters = [_parameter(field, told.get(field.name)) for field in chosen]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        needed = _Field("plugin", *_unpacked(options.Plugin), None, "")
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

        @functools.wraps(command)
        def called(**values: Any) -> None:
            load_plugins(values.pop("plugin") or ())
            given = {field.name: (field, values.pop(field.name)) for field in chosen}
            command(
                {
                    name: _read(field, value)
                    for name, (field, value) in given.items()
                    if _is_given(value)
                },
                **values,
            )

        combined = [*parameters, *map(_listed, own), _parameter(needed, None)]
        called.__signature__ = inspect.Signature(combined)  # type: ignore[attr-defined]
        called.__annotations__ = {one.name: one.annotation for one in combined}
        del called.__wrapped__
        return called

    return decorate


def _read(field: _Field, value: Any) -> Any:
    """The value of a field from what was typed.

    Raises:
        InputError: A number by name is none.
    """
    if _by_name(field.annotation) is None:
        return value
    words = [word.strip() for each in value for word in each.split(",")]
    if get_origin(field.annotation) is tuple:
        return tuple(words)
    option = f"--{field.name.replace('_', '-')}"
    return dict(_pair(option, word) for word in words)


def _pair(option: str, word: str) -> tuple[str, float]:
    name, _, text = word.partition("=")
    try:
        number = float(text)
    except ValueError:
        raise InputError(
            f"{option}: must be NAME=NUMBER, or several with commas between, got {word!r}. "
            f"For example {option} {name or 'name'}=1."
        ) from None
    return name.strip(), int(number) if number.is_integer() else number


def _by_name(annotation: Any) -> str | None:
    """What is typed for a field of many entries; None for one of a single value."""
    kinds = {dict: "NAME=NUMBER", tuple: "NAME"}
    return kinds.get(get_origin(annotation))


def _is_given(value: object) -> bool:
    return value is not None and value != []


def _fields(record: Record) -> Iterator[_Field]:
    if issubclass(record, BaseModel):
        documented = _documented(record)
        for name, info in record.model_fields.items():
            default = None if info.is_required() else info.get_default(call_default_factory=True)
            told = info.description or documented.get(name, "")
            yield _Field(name, info.annotation, tuple(info.metadata), default, told)
        return
    hints = typing.get_type_hints(record, include_extras=True)
    for each in dataclasses.fields(record):
        kind, *metadata = get_args(hints[each.name]) if _is_annotated(hints[each.name]) else [None]
        if any(isinstance(one, ParameterInfo) for one in metadata):
            yield _Field(each.name, kind, tuple(metadata), each.default, "")


def _written(default: object) -> str:
    if default is None or default is False:
        return ""
    return f"{default:.4g}" if isinstance(default, float) else str(default)


def _documented(record: Record) -> dict[str, str]:
    """What the record's docstring says of each field below `Args:`."""
    lines = inspect.cleandoc(record.__doc__ or "").partition("Args:\n")[2].splitlines()
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        if line and not line.startswith("    "):
            break
        start = _ENTRY.fullmatch(line)
        if start is not None:
            name = start[1]
            found[name] = start[2].replace("`", "")
        elif name and line.strip():
            found[name] += f" {line.strip()}".replace("`", "")
    return found


def _parameter(field: _Field, shown: str | None) -> inspect.Parameter:
    info = next((one for one in field.metadata if isinstance(one, ParameterInfo)), None)
    if info is None:
        info = typer.Option(f"--{field.name.replace('_', '-')}", help=field.description)
    info = _listing(info, field.annotation, field.metadata)
    default = shown or _written(field.default)
    if (metavar := _by_name(field.annotation)) is not None:
        info.metavar, default = metavar, ""
    if default and info.show_default is True:
        info.help = f"{info.help} Default: {default}."
    hint: Any = Annotated[_plain(field.annotation) | None, info]
    return inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint
    )


def _listed(parameter: inspect.Parameter) -> inspect.Parameter:
    """A parameter of the command's own, with the choices that its annotation names."""
    if not _is_annotated(parameter.annotation):
        return parameter
    kind, info, *further = get_args(parameter.annotation)
    hint: Any = Annotated[kind, _listing(info, kind, further)]
    return parameter.replace(kind=parameter.KEYWORD_ONLY, annotation=hint)


def _listing(info: Any, annotation: object, metadata: Iterable[object]) -> Any:
    """The option with its choices in help and completion; a copy, as commands share options."""
    info = copy(info)
    if names := choices_of(annotation, metadata):
        info.autocompletion = _completion(names)
        info.help = f"{(info.help or '').rstrip('.')}: {', '.join(names)}."
    return info


def _completion(names: Iterable[str]) -> Callable[[str], list[str]]:
    """Gives a shell the names that begin so; what stands in brackets behind one explains it."""
    plain = [name.partition(" ")[0] for name in names]

    def completed(incomplete: str) -> list[str]:
        return [name for name in plain if name.startswith(incomplete)]

    return completed


def _unpacked(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    kind, *metadata = get_args(hint)
    return kind, tuple(metadata)


def _is_annotated(hint: object) -> bool:
    return get_origin(hint) is Annotated


def _is_record(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _plain(annotation: Any) -> Any:
    """The type that a command line reads for a field; checks and names are the record's."""
    if _is_annotated(annotation):
        return _plain(get_args(annotation)[0])
    if _by_name(annotation) is not None:
        return list[str]
    if get_origin(annotation) is Literal:
        return type(get_args(annotation)[0])
    if isinstance(annotation, types.UnionType) or get_origin(annotation) is typing.Union:
        (only,) = (each for each in get_args(annotation) if each is not type(None))
        return _plain(only)
    return annotation
