"""Names of parts: a registry is a plain dictionary, and a name in a record is checked against it.

A copied list of names would have to be found and extended for every new part; here the dictionary
itself decides, at the time of the check, so that a part registered later is known everywhere.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar, get_args, get_origin

from pydantic import AfterValidator

from spikefuse.core.checks import nearest, one_of
from spikefuse.core.errors import InputError

Part = TypeVar("Part")

# Which plugin added which part; the last of the list is the plugin that is being loaded.
_origins: dict[tuple[int, str], str] = {}
_registering: list[str] = []


@dataclass(frozen=True)
class _Check:
    kind: str
    registry: Mapping[str, object]

    def __call__(self, name: str) -> str:
        return one_of(self.kind, "name", name, self.registry)


@dataclass(frozen=True)
class Choices:
    """Names that a setting may have, for its help; to be put into `Annotated`, checks nothing.

    Args:
        names: Called when the help is made, so that parts registered by then are among them.
    """

    names: Callable[[], Iterable[str]]


def choices_of(annotation: object, metadata: Iterable[object] = ()) -> tuple[str, ...]:
    """The names that a field allows: of its `Literal`, its registry or its `Choices`; else none.

    Example:
        >>> from typing import Literal
        >>> choices_of(Literal["round", "square"] | None)
        ('round', 'square')
    """
    for each in metadata:
        if isinstance(each, Choices):
            return tuple(each.names())
        if isinstance(each, AfterValidator) and isinstance(each.func, _Check):
            return tuple(each.func.registry)
    if get_origin(annotation) is Literal:
        return tuple(map(str, get_args(annotation)))
    if get_origin(annotation) is Annotated:
        inner, *further = get_args(annotation)
        return choices_of(inner, further)
    found = (choices_of(each) for each in get_args(annotation))
    return next(filter(None, found), ())


def name_in(kind: str, registry: Mapping[str, object]) -> AfterValidator:
    """The check of a record's field that holds the name of a part.

    Args:
        kind: What the registry holds, in a user's words: "fusion", "neuron".
        registry: The parts by name; may grow after this call.

    Example:
        >>> from typing import Annotated
        >>> from pydantic import TypeAdapter
        >>> TypeAdapter(Annotated[str, name_in("shape", {"round": 1})]).validate_python("round")
        'round'
    """
    return AfterValidator(_Check(kind, registry))


def register(kind: str, registry: dict[str, Part], name: str, part: Part) -> Part:
    """Add a part of one's own; the same part may be added again under its name.

    Raises:
        InputError: The name is taken by another part or is no plain word, or the part is nothing
            like those that are there.
    """
    if not name or not name.replace("-", "").replace("_", "").isalnum() or name != name.lower():
        raise InputError(
            f"{kind}: name must be lower-case letters, digits, '-' and '_', got {name!r}."
            " It becomes part of tables and folders."
        )
    if registry.get(name, part) is not part:
        raise InputError(
            f"{kind}: name must be a new one, got {name!r}, which is taken."
            f" Choose another (close ones that exist: {', '.join(nearest(name, registry))})."
        )
    _require_alike(kind, registry, name, part)
    registry[name] = part
    key = (id(registry), name)
    if _registering:
        _origins[key] = _registering[-1]
    else:
        _origins.pop(key, None)
    return part


def _require_alike(kind: str, registry: Mapping[str, object], name: str, part: object) -> None:
    """Refuse a part that shares no class with the others: it would fail where it is first used.

    Raises:
        InputError: It does not.
    """
    known = [each if isinstance(each, type) else type(each) for each in registry.values()]
    if len(known) < 2:
        return
    shared = next(base for base in known[0].__mro__ if all(issubclass(k, base) for k in known))
    if shared is object:
        return
    are_classes = isinstance(next(iter(registry.values())), type)
    own = part if isinstance(part, type) else type(part)
    told = f"{kind}: part {name!r} must be"
    if not issubclass(own, shared) or isinstance(part, type) is not are_classes:
        wanted = f"a class of {shared.__name__}" if are_classes else f"a {shared.__name__}"
        raise InputError(f"{told} {wanted}, got {own.__name__}. docs/extend.md has a recipe.")
    if are_classes:
        given = inspect.signature(shared).parameters
        try:
            inspect.signature(own).bind(*given)
        except TypeError as error:
            raise InputError(
                f"{told} made from {', '.join(given)} alone, got a class that is not ({error}). "
                "Give a further argument a default, or register a subclass for each."
            ) from None


@contextmanager
def registered_by(label: str) -> Iterator[None]:
    """Parts that are registered meanwhile come from the plugin with this label."""
    _registering.append(label)
    try:
        yield
    finally:
        _registering.pop()


def origin_of(registry: Mapping[str, object], name: object) -> str | None:
    """The label of the plugin that a part comes from; None for the package's own."""
    return _origins.get((id(registry), name)) if isinstance(name, str) else None


def registry_of(metadata: Iterable[object]) -> Mapping[str, object] | None:
    """The registry that a record's field names a part of; None where it names none."""
    for each in metadata:
        if isinstance(each, AfterValidator) and isinstance(each.func, _Check):
            return each.func.registry
    return None
