"""One made-up run and its report, shared by the tests of this folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import synthetic as synthetic_results

from spikefuse.report import build_report


@dataclass(frozen=True)
class Built:
    """A results folder with its report."""

    root: Path
    html: str

    def text(self, name: str) -> str:
        """A file beside the report, as text."""
        return (self.root / name).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    """The generator of made-up results."""
    return synthetic_results


@pytest.fixture(scope="session")
def build(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Built]:
    """Make up a run with the generator's options and build its report."""

    def make(**options: object) -> Built:
        root = tmp_path_factory.mktemp("run")
        synthetic.write_run(root, **options)
        path = build_report(root, root / "report.html")
        return Built(root, path.read_text(encoding="utf-8"))

    return make


@pytest.fixture(scope="session")
def built(build: Callable[..., Built]) -> Built:
    """A run of three experiments and all protocol studies on real data, one trial diverged."""
    return build(
        seeds=3,
        epochs=2,
        studies=("model-size", "noise-size", "reset"),
        diverged={"network": "snn", "size": "S/3", "modality": "audio"},
        speakers=("george", "lucas", "theo"),
        readings=("base", "byte", "atan"),
    )
