"""Questions about what is stored, and errors of an option, are answered without PyTorch."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "results" / "quick"
CELLS = ("modality=fused", "modality=image", "--results", TABLE)

ANSWERS = [
    ("show", TABLE),
    ("claims", TABLE),
    ("compare", *CELLS),
    ("compare", *CELLS, "--margin", "1"),
    ("compare", TABLE, TABLE),
    ("doctor",),
]

NUMBERS = {"numpy"}
"""Intervals take a Student t, and that scipy.special, which takes NumPy."""

POWER = NUMBERS | {"scipy.integrate", "scipy.optimize"}
"""So many seeds would decide: integrals over the spread, and their roots."""

ALLOWED = {"show": NUMBERS, "claims": POWER, "compare": POWER}

ERRORS = [
    ("show", TABLE, "--study", "nope"),
    ("claims", TABLE, "--protocol", "nope"),
    ("compare", "modality=nope", "modality=image", "--results", TABLE),
    ("train", "--neuron", "nope"),
    ("train", "--budget", "7"),
    ("train", "--backend", "nope"),
    ("train", "--precision", "nope"),
    ("train", "--time-steps", "0"),
    ("train", "--data", "nope"),
    ("run", "nope"),
    ("run", "--profile", "nope"),
    ("run", "--shard", "3/2"),
    ("run", "--executor", "nope"),
    ("run", "--time-limit", "soon"),
    ("reproduce", "--protocols", "nope"),
    ("plan", "--backend", "nope"),
    ("plan", "--profile", "nope"),
    ("evaluate", "nowhere"),
]

CODE = """
import sys
from spikefuse.cli import main
code = 0
try:
    main()
except SystemExit as end:
    code = end.code or 0
heavy = {"torch", "scipy.stats", "matplotlib", "ray", "sklearn", "pandas", "PIL", "jinja2"}
heavy |= {"numpy", "scipy.optimize", "scipy.integrate"}
print("LOADED", code, *sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


def call(folder: Path, *words: object) -> tuple[int, list[str], str]:
    """Exit code, heavy libraries that were loaded, and what was said as an error."""
    answer = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, words)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said, found, rest = answer.stderr.rpartition("LOADED")
    assert found, answer.stderr
    code, *loaded = rest.split()
    return int(code), loaded, said


@pytest.mark.parametrize("words", ANSWERS, ids=lambda words: " ".join(map(str, words[:2])))
def test_what_is_stored_is_told_without_torch(tmp_path: Path, words: tuple[object, ...]) -> None:
    code, loaded, said = call(tmp_path, *words)

    assert set(loaded) <= ALLOWED.get(str(words[0]), set())
    assert code in (0, 3, 4), said


def test_a_plan_of_what_is_stored_needs_no_torch(tmp_path: Path) -> None:
    tiny = ("neuron", "--profile", "smoke", "--seeds", "1", "--out", tmp_path / "run")
    subprocess.run(
        [sys.executable, "-m", "spikefuse", "run", *map(str, tiny)], check=True, timeout=300
    )
    code, loaded, said = call(tmp_path, "plan", *tiny)

    assert (code, loaded) == (0, []), said


@pytest.mark.parametrize("words", ERRORS, ids=lambda words: " ".join(map(str, words)))
def test_an_option_is_refused_without_torch(tmp_path: Path, words: tuple[object, ...]) -> None:
    code, loaded, said = call(tmp_path, *words)

    assert code in (1, 2)
    assert said.startswith("spikefuse: ")
    # These look a level up in what is stored, and so read it.
    assert set(loaded) <= (NUMBERS if words[0] in ("claims", "compare") else set())


def test_import_of_the_package_is_light() -> None:
    code = "import sys, spikefuse; print(len([name for name in sys.modules if '.' not in name]))"
    bare = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "pydantic" not in bare.stderr
    assert "numpy" not in bare.stderr
