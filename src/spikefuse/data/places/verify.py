"""Check every file of a location against its hash, one finding a line."""

from collections.abc import Callable
from dataclasses import dataclass

from spikefuse.core.errors import DataError
from spikefuse.data.places.location import Location
from spikefuse.data.sources.registry import SOURCES


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Args:
        name: The file or set of files.
        ok: Whether it is what it should be.
        detail: What was found, or what is wrong.
    """

    name: str
    ok: bool
    detail: str


def verify(location: Location) -> tuple[Finding, ...]:
    """Read everything at a location; a fault becomes a finding, not an error."""
    checks = SOURCES[location.source].checks(location.folder)
    return tuple(_finding(name, check) for name, check in checks)


def _finding(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except DataError as error:
        return Finding(name, False, str(error))
