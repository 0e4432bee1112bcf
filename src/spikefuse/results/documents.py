"""JSON documents: what may stand in one, its canonical text and the hash that names a trial."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from spikefuse.core.errors import InputError, StoreError
from spikefuse.core.formats import FORMAT
from spikefuse.core.untrusted import decode_json


def definition_hash(definition: Mapping[str, Any]) -> str:
    """The name of a trial: 16 hex digits of the SHA-256 of its definition's canonical JSON.

    Canonical means sorted keys, no spaces, ASCII. `1` and `1.0` are different texts and so give
    different names; a definition that comes from a typed record always has the same one.

    Raises:
        InputError: The definition holds something that JSON has no word for.

    Example:
        >>> definition_hash({"a": 1, "b": [2.5]}) == definition_hash({"b": [2.5], "a": 1})
        True
    """
    return _hash(plain(definition, "definition_hash"))


def hashes_with(definition: Mapping[str, Any], field: str, values: Iterable[Any]) -> Iterator[str]:
    """The names of a definition with one of its fields at each of some values.

    Raises:
        InputError: The definition, or a value, is something that JSON has no word for.

    Example:
        >>> one, other = hashes_with({"a": 1, "seed": 0}, "seed", (0, 1))
        >>> (one, other) == (
        ...     definition_hash({"a": 1, "seed": 0}), definition_hash({"a": 1, "seed": 1})
        ... )
        True
    """
    shared = plain(definition, "definition_hash")
    for value in values:
        yield _hash(shared | {field: plain(value, "definition_hash")})


def parsed_hash(document: Mapping[str, Any]) -> str:
    """`definition_hash` of what a JSON text held, which needs no copy: it is plain already."""
    return _hash(document)


def _hash(definition: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(definition).encode()).hexdigest()[:16]


def trial_document(definition: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What `trial.json` holds: how its name was made, and the definition that was hashed.

    Raises:
        InputError: The definition holds something that JSON has no word for, or a "format".
    """
    if "format" in definition:
        raise InputError(
            f"{where}: definition must not have a field 'format', got {definition['format']!r}. "
            "That word tells how names are made; call the field something else."
        )
    return {"format": FORMAT, **plain(definition, where)}


class NewerFormatError(StoreError):
    """A folder of a version that does not exist yet for this one: never read, never overwritten."""


def refuse_newer(document: Mapping[str, Any], newest: int, path: Path) -> None:
    """Refuse a file that says it is of a format after the newest one known.

    Raises:
        NewerFormatError: It is.
    """
    found = document.get("format")
    if type(found) is int and found > newest:
        raise NewerFormatError(
            f"results: {path} must have a format up to {newest}, got {found}: a newer spikefuse "
            "wrote it. Install that version, or choose another results folder."
        )


def definition_in(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The definition that `trial.json` holds; the first format had no number.

    Raises:
        NewerFormatError: Its format is a later one, whose names this version cannot make.
        StoreError: Its format is none.
    """
    refuse_newer(document, FORMAT, path)
    found = document.get("format", 1)
    if type(found) is not int or found < 1:
        raise StoreError(
            f"results: {path} must have a format from 1 to {FORMAT}, got {found!r}. "
            "Move its folder away and run the same command again."
        )
    return {name: value for name, value in document.items() if name != "format"}


def canonical_json(value: object) -> str:
    """The one text of a JSON value: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def pretty_json(value: object) -> bytes:
    """The text of a JSON value for a file that people open."""
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()


def plain(value: object, where: str, path: str = "", *, null_for_nan: bool = False) -> Any:
    """A copy of `value` made of dict, list, str, int, float, bool and None only.

    Args:
        value: What should become a JSON document.
        where: Named in the error.
        path: Position inside the document, named in the error.
        null_for_nan: Store a number that is not finite as null, because JSON has no word for it
            (the loss of a diverged trial); otherwise it is refused.

    Raises:
        InputError: Something else is in it, or a number that is not finite.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        if null_for_nan:
            return None
        raise InputError(f"{where}: {path or 'value'} must be a finite number, got {value}.")
    if isinstance(value, Mapping):
        return _plain_mapping(value, where, path, null_for_nan)
    if isinstance(value, list | tuple):
        return [
            plain(item, where, f"{path}[{position}]", null_for_nan=null_for_nan)
            for position, item in enumerate(value)
        ]
    raise InputError(
        f"{where}: {path or 'value'} must be what JSON can hold (text, number, true, false, null, "
        f"list, mapping), got {type(value).__name__}. Convert it first, for example with .item() "
        "or .tolist()."
    )


def _plain_mapping(
    value: Mapping[Any, Any], where: str, path: str, null_for_nan: bool
) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise InputError(
                f"{where}: {path or 'value'} must have text for keys, got {key!r}. "
                "Write the key as text."
            )
    return {
        key: plain(item, where, f"{path}.{key}" if path else key, null_for_nan=null_for_nan)
        for key, item in value.items()
    }


def parse_json(content: bytes, path: object, where: str) -> dict[str, Any]:
    """The mapping that a JSON file holds.

    Raises:
        StoreError: It is damaged, or holds something other than a mapping.
    """
    try:
        value = decode_json(content)
    except ValueError as error:
        raise StoreError(
            f"{where}: {path} must be a JSON file, got damaged text ({error}). "
            "Move its folder away and run the same command again."
        ) from error
    if not isinstance(value, dict):
        raise StoreError(
            f"{where}: {path} must hold a JSON mapping, got {type(value).__name__}. "
            "Move its folder away and run the same command again."
        )
    return value
