"""What is shown beside the figures, and what of it the registry of studies is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from spikefuse.analysis.table import DEFAULT_STUDIES, Table
from spikefuse.cli.shown import further
from spikefuse.studies import STUDIES

QUICK = Path(__file__).resolve().parents[3] / "docs" / "results" / "quick"


def _rows(*studies: str) -> Table:
    cell = {"network": "snn", "modality": "image", "split": "test", "metric": "accuracy"}
    return Table([{**cell, "study": name, "seed": 0, "value": 0.5} for name in studies])


@pytest.mark.parametrize(
    ("studies", "asked", "shown"),
    [
        (("model-size", "mine"), None, ["mine"]),
        (("controls", "fusion", "speakers", "mine", "trials"), None, ["mine"]),
        (("controls", "mine"), "controls", ["controls"]),
        (("model-size", "mine"), "model-size", []),
        (("trials",), None, ["trials"]),
        (("trials", "mine"), "trials", ["trials"]),
    ],
)
def test_studies_of_ours_and_single_networks_beside_studies_are_shown_on_request(
    studies: tuple[str, ...], asked: str | None, shown: list[str]
) -> None:
    assert list(further(_rows(*studies), {}, asked, None, None).studies) == shown


def test_what_is_left_out_without_asking_the_registry_is_in_it() -> None:
    assert set(DEFAULT_STUDIES) <= set(STUDIES)


def test_the_main_run_is_shown_without_what_takes_long_to_load() -> None:
    code = """
import sys
from spikefuse.cli import main
try:
    main()
finally:
    slow = ("scipy.special", "spikefuse.studies.registry", "spikefuse.data.sources.registry")
    print([name for name in slow if name in sys.modules], file=sys.stderr)
"""
    words = [sys.executable, "-c", code, "show", str(QUICK)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "[]\n")
