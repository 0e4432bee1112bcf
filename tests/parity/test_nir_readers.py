"""An exported network answers in SpikingJelly, snnTorch and Norse as it does here.

`make nir-peers` makes their environment; without it there is nothing to ask.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READERS = ROOT / ".venv-peers" / "bin" / "python"
SETTINGS = {
    **{"data": "builtin", "image-size": 8, "spectrogram-size": 8, "images": 60, "test-images": 40},
    **{"modality": "fused", "reset": "hard", "budget": 40_000, "time-steps": 3, "threshold": 0.2},
    **{"batch-size": 20, "epochs": 1},
}


@pytest.mark.skipif(not READERS.exists(), reason="make nir-peers makes the readers' environment")
def test_every_reader_gives_the_answers_of_the_trained_network(tmp_path: Path) -> None:
    words = [f"--{name}={value}" for name, value in SETTINGS.items()]
    train = [sys.executable, "-m", "spikefuse", "train", *words, f"--out={tmp_path}"]
    subprocess.run(train, check=True, capture_output=True)
    subprocess.run([*train, "--fusion=hybrid"], check=True, capture_output=True)
    trials = sorted((tmp_path / "trials").iterdir())
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- nir readers: begin -->\n<!-- nir readers: end -->\nafter\n")
    script = [sys.executable, str(ROOT / "benchmarks" / "nir_table.py"), *map(str, trials)]
    options = ["--readers-python", str(READERS), "--page", str(page), "--samples", "40"]
    subprocess.run([*script, *options], check=True, capture_output=True, cwd=ROOT)

    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    rows = re.findall(r"^\| (\w+) \| (\w+)[^|]*\| (\d+) of (\d+) \|", text, re.MULTILINE)
    readers = ["spikefuse", "SpikingJelly", "snnTorch", "Norse"]
    asked = sorted((fusion, name) for fusion, name, _, _ in rows)
    assert asked == sorted((fusion, name) for fusion in ("early", "hybrid") for name in readers)
    assert {(same, count) for _, _, same, count in rows} == {("40", "40")}
