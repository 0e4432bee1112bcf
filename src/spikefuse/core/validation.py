"""What a record refuses, in the words of the house: pydantic's own texts reach nobody."""

import re
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from spikefuse.core.checks import nearest
from spikefuse.core.errors import ArgumentError, InputError

_CONSTRAINTS = {
    "greater_than": "above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "below {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_pattern_mismatch": "text like {pattern}",
    "too_short": "{min_length} or more entries",
    "too_long": "{max_length} entries or fewer",
    "finite_number": "a finite number",
    "missing": "given",
    "extra_forbidden": "left out: it is no setting here",
}
_TYPES = {"int": "a whole number", "float": "a number", "bool": "true or false", "string": "text"}
_TYPES |= {"dict": "values by name", "tuple": "a list", "list": "a list", "model": "values by name"}
_NAME = re.compile(r"^[\w ]+: name must be ")


def refusal_of(where: str, error: ValidationError, called: Callable[[str], str] = str) -> str:
    """The first problem of a record as one sentence.

    Args:
        where: What was asked.
        error: As pydantic raised it.
        called: From a field's dotted path to what the user calls it.

    Example:
        >>> from pydantic import BaseModel, Field
        >>> class Leaky(BaseModel):
        ...     leak: float = Field(0.9, le=1)
        >>> try:
        ...     Leaky(leak=7)
        ... except ValidationError as error:
        ...     print(refusal_of("neuron", error))
        neuron: leak must be at most 1, got 7.
    """
    problem = error.errors(include_url=False)[0]
    path = ".".join(part for part in map(str, problem["loc"]) if part != "function-after")
    name = called(path) if path else "the settings"
    said = problem.get("ctx", {}).get("error")
    if said is not None:
        return _said(where, name, said, called)
    constraint, got = _constraint(problem), problem.get("input")
    if problem["type"] == "literal_error":
        return _one_of(where, name, problem["ctx"]["expected"], got)
    shown = "nothing" if problem["type"] == "missing" else repr(got)
    return f"{where}: {name} must be {constraint}, got {shown}."


def constraint_of(error: ValidationError) -> tuple[str, object]:
    """What the first problem of a single value wants, in words, and what was given.

    Example:
        >>> from pydantic import TypeAdapter
        >>> try:
        ...     TypeAdapter(int).validate_python("1x")
        ... except ValidationError as error:
        ...     constraint_of(error)
        ('a whole number', '1x')
    """
    problem = error.errors(include_url=False)[0]
    said = problem.get("ctx", {}).get("error")
    return (str(said) if said is not None else _constraint(problem)), problem.get("input")


def _said(where: str, name: str, error: Exception, called: Callable[[str], str]) -> str:
    """A check's own words; one of a part's name is about the field that holds it."""
    text = str(error)
    if isinstance(error, InputError) and _NAME.match(text):
        return f"{where}: {name} must be {_NAME.sub('', text)}"
    if isinstance(error, ArgumentError) and error.argument.isidentifier():
        return f"{where}: {called(error.argument)} {error.refusal}"
    said = text if text.startswith(f"{where}: ") else f"{where}: {text}"
    return said if said.endswith((".", "?")) else f"{said}."


def _constraint(problem: Any) -> str:
    kind = str(problem["type"])
    limits = {
        key: f"{value:g}" if isinstance(value, float) else value
        for key, value in problem.get("ctx", {}).items()
    }
    if kind in _CONSTRAINTS:
        return _CONSTRAINTS[kind].format(**limits)
    word = kind.partition("_")[0]
    if word in _TYPES:
        return _TYPES[word]
    return str(problem["msg"]).removeprefix("Input should be ")


def _one_of(where: str, name: str, expected: str, got: object) -> str:
    allowed = [part.strip("'") for part in expected.replace(" or ", ", ").split(", ")]
    close = nearest(str(got), allowed)
    hint = f"Did you mean {' or '.join(close)}?" if close else "Choose one of these."
    return f"{where}: {name} must be one of {', '.join(allowed)}, got {got!r}. {hint}"
