"""Sources that are made while a command runs, and how its workers come to know them."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from spikefuse.core.checks import one_of, require
from spikefuse.core.registry import origin_of
from spikefuse.data.sources.contract import Remake
from spikefuse.data.sources.registry import SOURCES

HOME = "spikefuse."
"""Only functions of this program are called: what is sent is data, never code."""


def source_to_send(name: str, root: Path) -> dict[str, Any] | None:
    """What another process needs to make a source, as JSON; None where it knows it.

    Args:
        name: Of the source.
        root: The results folder, which the other process sees too: what must be written down first
            is written into its folder `data`.
    """
    remake = SOURCES[one_of("source", "name", name, SOURCES)].remake
    if remake is None or origin_of(SOURCES, name) is not None:
        return None  # of the package, or of a plugin, which the worker loads
    if not isinstance(remake, Remake):
        remake = remake(name, root.absolute() / "data")
    return {"entry": remake.entry, "arguments": dict(remake.arguments)}


def receive_source(sent: Mapping[str, Any] | None) -> None:
    """Make in a worker what `source_to_send` named; the process that sent it has it already.

    Raises:
        InputError: The entry is no function of this program, or the data is not there or has
            changed since.
    """
    if sent is None:
        return
    entry = str(sent["entry"])
    module, _, function = entry.partition(":")
    is_ours = module.startswith(HOME) and function.isidentifier()
    require(is_ours, "source", "entry", f"a function in {HOME}*", entry)
    getattr(import_module(module), function)(**sent["arguments"])
