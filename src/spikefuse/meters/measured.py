"""Energy that the processor says it used, and time, apart from every cost model.

Intel's and AMD's processors count the energy of each package (RAPL, "running average power limit"),
and Linux shows the counters below /sys/class/powercap. They count everything the package does, also
what other programs do on it, in steps of about a millisecond; memory beside the package is not in
it. Elsewhere, and where the system keeps the counters from users (a side channel, CVE-2020-8694),
energy is not measurable.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spikefuse.core.checks import require

POWERCAP = Path("/sys/class/powercap")


@dataclass(frozen=True)
class Measured:
    """What inferences took.

    Attributes:
        samples: Inferences.
        seconds: Wall time of them all.
        joules: Energy of all packages meanwhile; None where it is not measurable.
        reason: Why not; empty where it is.
    """

    samples: int
    seconds: float
    joules: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class _Package:
    """One counter of micro-joules, which begins again at 0 after its range."""

    folder: Path
    range_uj: int

    def read(self) -> int:
        return int((self.folder / "energy_uj").read_text())


def packages(root: Path = POWERCAP) -> tuple[list[_Package], str]:
    """The counters of whole packages that can be read, and why there is none."""
    found: list[_Package] = []
    denied = False
    for folder in sorted(root.glob("*-rapl:*")) if root.is_dir() else []:
        try:
            if not (folder / "name").read_text().startswith("package"):
                continue  # cores and memory: parts of a package, or beside it
            package = _Package(folder, int((folder / "max_energy_range_uj").read_text()))
            package.read()
        except (OSError, ValueError) as error:
            denied = denied or isinstance(error, PermissionError)
            continue
        found.append(package)
    if found:
        return found, ""
    if denied:
        return [], f"the counters below {root} may be read by root alone"
    return [], f"no package shows its energy below {root}"


def measure(run: Callable[[], None], samples: int, root: Path = POWERCAP) -> Measured:
    """Run inferences and read clock and counters before and after.

    Args:
        run: Does them all, once; what it needs is loaded and warm.
        samples: How many these are.
        root: Where the counters are.

    Raises:
        InputError: There is no inference.
    """
    require(samples >= 1, "measure", "samples", "1 or more", samples)
    counters, reason = packages(root)
    before = [each.read() for each in counters]
    start = time.perf_counter()
    run()
    seconds = time.perf_counter() - start
    after = [each.read() for each in counters]
    if not counters:
        return Measured(samples, seconds, None, reason)
    used = sum(
        (last - first) % each.range_uj
        for each, first, last in zip(counters, before, after, strict=True)
    )
    return Measured(samples, seconds, used / 1e6)
