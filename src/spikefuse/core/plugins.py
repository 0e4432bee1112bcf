"""Plugins: files of a user's own that register parts, loaded before anything is validated.

A trial that is made with such a part would be another trial with other code behind the same name.
So the record holds the plugin's label, its file's name and the hash of its content, and opening it
without that plugin says which is missing. Installed packages do the same by an entry point of the
group `spikefuse` that names a module.

A plugin is code of the user's, run with the user's rights: only files that were named are loaded.
"""

import hashlib
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from traceback import extract_tb
from typing import Any

from pydantic import BaseModel

from spikefuse.core.errors import (
    InputError,
    MissingPluginError,
    SpikefuseError,
    is_out_of_memory,
)
from spikefuse.core.record import NamedRecord
from spikefuse.core.registry import origin_of, registered_by, registry_of

GROUP = "spikefuse"
_HASH_LENGTH = 16

LOADED: dict[str, "Plugin"] = {}
"""Plugins of this process by label."""


@dataclass(frozen=True)
class Plugin:
    """A loaded plugin.

    Args:
        label: File name and hash of the content: what a trial's definition holds.
        path: Where the file is; None for an installed one, which every process finds by itself.
    """

    label: str
    path: Path | None = None


def load_plugins(paths: Iterable[Path | str] = ()) -> list[Plugin]:
    """Load plugins by path, and all installed ones; those that are loaded already stay.

    Raises:
        InputError: A file cannot be read or does not run.
    """
    return [*_installed(), *(load_plugin(Path(path)) for path in paths)]


def load_plugin(path: Path, wanted: str | None = None) -> Plugin:
    """Run a plugin's file once.

    Args:
        path: A Python file.
        wanted: The label that it must have; None takes what it has.

    Raises:
        InputError: It cannot be read, does not run, or has other content than is wanted.
    """
    path = path.expanduser().absolute()
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"plugin: --plugin must be a Python file that can be read, got {str(path)!r} "
            f"({reason}). Workers on other machines need it at the same place."
        ) from None
    label = _label(path.name, content)
    if wanted not in (None, label):
        raise InputError(
            f"plugin: {path} must be what it was when the work was sent ({wanted}), got {label}. "
            "Start the command again."
        )
    if label not in LOADED:
        module = _module(label)
        spec = importlib.util.spec_from_loader(module, loader=None, origin=str(path))
        assert spec is not None
        made = importlib.util.module_from_spec(spec)
        made.__file__ = str(path)
        sys.modules[module] = made
        try:
            with registered_by(label):
                exec(compile(content, str(path), "exec"), made.__dict__)
        except SpikefuseError:
            raise
        except (Exception, SystemExit) as error:  # a file that ends the process ends no command
            raise InputError(
                f"plugin: {path} must run, got {_said(error)}. `python {path.name}` shows where."
            ) from error
        LOADED[label] = Plugin(label, path)
    return LOADED[label]


def fault_of(error: BaseException) -> InputError | None:
    """What went wrong where a loaded file's parts took part; None where no such file is loaded.

    An error in its own lines is told with the line. What is raised elsewhere while it is loaded is
    mostly about what it gave back, and may be our own: both are said.

    Args:
        error: As it was caught.
    """
    files = {str(plugin.path) for plugin in LOADED.values() if plugin.path is not None}
    places = [each for each in extract_tb(error.__traceback__) if each.filename in files]
    if places:
        last = places[-1]
        where = f"line {last.lineno} of {last.filename} must run ({last.line})"
    elif (called := _called_in(error)) is not None:
        where = f"{called} must take what it is given"
    elif files and isinstance(error, Exception) and not _is_of_the_machine(error):
        parts = " and ".join(sorted(files))
        return InputError(
            f"plugin: what parts of {parts} give back must be what docs/extend.md says, got "
            f"{_said(error)} where it is used. If it is, this is a fault of spikefuse."
        )
    else:
        return None
    return InputError(
        f"plugin: {where}, got {_said(error)}. docs/extend.md has what each part is given."
    )


def _is_of_the_machine(error: Exception) -> bool:
    """Whether a disk or memory failed, of which no part is the cause."""
    return isinstance(error, OSError) or is_out_of_memory(error)


def _called_in(error: BaseException) -> str | None:
    """What of a plugin was called with other arguments than it takes: no line of it has run."""
    said = re.match(r"(\w+)[\w.]*\(\) (?:missing|takes|got)", str(error))
    if said is None or not isinstance(error, TypeError):
        return None
    for plugin in LOADED.values():
        made = sys.modules.get(_module(plugin.label))
        called = vars(made or object).get(said[1])
        # What a plugin only imported is somebody else's.
        if plugin.path is not None and getattr(called, "__module__", "") == _module(plugin.label):
            return f"{said[1]} of {plugin.path}"
    return None


def _module(label: str) -> str:
    """The name of a plugin among the modules."""
    return f"spikefuse_plugin_{label.rpartition(':')[2]}"


def _said(error: BaseException) -> str:
    """The kind of an error and its message, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".rstrip(".: ")


def _label(name: str, content: bytes) -> str:
    return f"{name}:{hashlib.sha256(content).hexdigest()[:_HASH_LENGTH]}"


def _installed() -> list[Plugin]:
    found = []
    for entry in metadata.entry_points(group=GROUP):
        spec = importlib.util.find_spec(entry.module)
        content = Path(spec.origin).read_bytes() if spec and spec.origin else b""
        label = _label(entry.module, content)
        if label not in LOADED:
            with registered_by(label):
                entry.load()
            LOADED[label] = Plugin(label)
        found.append(LOADED[label])
    return found


def plugins_to_send() -> list[dict[str, str]]:
    """What another process needs to load the same files, as JSON."""
    return [
        {"path": str(plugin.path), "label": plugin.label}
        for plugin in LOADED.values()
        if plugin.path is not None
    ]


def receive_plugins(sent: Iterable[Mapping[str, str]]) -> None:
    """Load in a worker what `plugins_to_send` named, and all installed ones.

    Raises:
        InputError: A file is missing here, or has changed meanwhile.
    """
    _installed()
    for each in sent:
        load_plugin(Path(each["path"]), each["label"])


def with_plugins(record: type[NamedRecord], values: Any) -> Any:
    """The values of a record with the labels of the plugins that its parts come from.

    Args:
        record: Its fields name the parts, see `name_in`; `plugins` holds the labels.
        values: As pydantic gives them to a validator before all others.

    Raises:
        MissingPluginError: A label that the values hold is not loaded.
    """
    if not isinstance(values, Mapping):
        return values
    for label in values.get("plugins", ()):
        if label not in LOADED:
            raise MissingPluginError(label, _others(label))
    labels = tuple(sorted(set(_origins_in(record, values))))
    return {**values, "plugins": labels} if labels or "plugins" in values else values


def _origins_in(record: type[BaseModel], values: Mapping[str, Any]) -> Iterator[str]:
    """Labels of the plugins of a record's parts, and of the records within it."""
    for name, field in record.model_fields.items():
        value, inner = values.get(name), field.annotation
        registry = registry_of(field.metadata)
        if registry is not None and (origin := origin_of(registry, value)) is not None:
            yield origin
        elif isinstance(inner, type) and issubclass(inner, BaseModel):
            given = dict(value) if isinstance(value, BaseModel) else value
            if isinstance(given, Mapping):
                yield from _origins_in(inner, given)


def _others(label: str) -> list[str]:
    """Loaded plugins of the same file name: other versions."""
    name = label.rpartition(":")[0]
    return [other for other in LOADED if other.rpartition(":")[0] == name]
