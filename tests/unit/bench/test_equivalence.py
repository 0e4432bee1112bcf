"""The command that compares the accuracy of two devices and precisions."""

import json
from pathlib import Path
from types import ModuleType

import pytest
import scripts

SMALL = ["--data", "builtin", "--seeds", "2", "--epochs", "1", "--images", "200"]


@pytest.fixture(scope="module")
def equivalence() -> ModuleType:
    return scripts.load("benchmarks/equivalence.py")


def test_two_precisions_are_trained_and_compared(
    equivalence: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--first", "cpu/bf16", "--second", "cpu/float32", "--out", str(tmp_path), *SMALL]
    code = equivalence.main(command)
    record = json.loads((tmp_path / "image" / "equivalence.json").read_text(encoding="utf-8"))
    assert code == (0 if record["equivalent"] else 1)
    first, second = (record["accuracy"][side] for side in ("cpu/bf16", "cpu/float32"))
    mean = sum(a - b for a, b in zip(first, second, strict=True)) / 2
    assert record["estimate"] == pytest.approx(mean)
    assert "n = 2" in capsys.readouterr().out.splitlines()[-1]
    assert equivalence.main(command) == code, "nothing is trained again"
    assert "epoch" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("side", "words"),
    [
        ("cpu/bf15", "bf16"),
        ("cpu", "precision"),
        ("gpu/bf16", "device must be one that PyTorch has"),
    ],
)
def test_a_side_that_is_not_here_gets_one_sentence(
    equivalence: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    side: str,
    words: str,
) -> None:
    assert equivalence.main(["--first", side, "--out", str(tmp_path), *SMALL]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
