"""What is typed wrongly is answered in one line, in a user's words, with exit code 2."""

import sys

import pytest

from spikefuse.cli import main


def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str) -> str:
    monkeypatch.setattr(sys, "argv", ["spikefuse", *words.split()])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.splitlines()
    return line


@pytest.mark.parametrize(
    ("words", "option", "constraint", "got"),
    [
        ("run --seeds 1x", "--seeds", "a whole number", "'1x'"),
        ("run --images 2.5", "--images", "a whole number", "'2.5'"),
        ("ask DATA --seed many", "--seed", "a whole number", "'many'"),
        ("ask DATA --validation half", "--validation", "a number", "'half'"),
        ("train --leak much", "--leak", "a number", "'much'"),
        ("show --figure four", "--figure", "a whole number", "'four'"),
    ],
)
def test_numbers_are_asked_for_in_a_users_words(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    option: str,
    constraint: str,
    got: str,
) -> None:
    line = said(monkeypatch, capsys, words)
    command = words.split()[0]
    assert line.startswith(f"spikefuse: {command}: ")
    assert option in line
    assert "unable to parse" not in line
    assert "valid integer" not in line
    wanted = f"{option} must be {constraint}, got {got}. See `spikefuse {command} --help`."
    assert line == f"spikefuse: {command}: {wanted}"


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("run --sedes 2", "spikefuse: run: no such option: --sedes. Did you mean --seeds", "?"),
        ("evaluate", "spikefuse: evaluate: missing argument", "See `spikefuse evaluate --help`."),
        ("aks DATA", "spikefuse: no such command 'aks'", "`."),
        ("stats", "spikefuse: no such command 'stats'. Did you mean 'status'? See", "`."),
        ("run --seeds", "spikefuse: option '--seeds' requires an argument", "--help`."),
    ],
)
def test_every_other_complaint_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    start: str,
    end: str,
) -> None:
    line = said(monkeypatch, capsys, words)
    assert line.startswith(start)
    assert line.endswith(end)


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("train --encoder latencyy", "train: --encoder must be one of ", "Did you mean latency?"),
        ("train --modality sond", "train: --modality must be one of image, ", "fused?"),
        (
            "train --protocol spkr",
            "train: --protocol must be one of ",
            "Did you mean speaker?",
        ),
        ("train --precision f16", "train: --precision must be one of ", "bf16?"),
        (
            "train --device cud",
            "train: --device must be one that PyTorch has here (cpu",
            "the CPU.",
        ),
        ("train --train imag=50", "train: --train (modality) must be one of image, ", "image?"),
        ("train --data buildin", "train: --data must be one of auto, ", "builtin?"),
        ("run --data nowhere", "run: --data must be one of auto, ", "Check its spelling."),
        ("plan --data buildin", "plan: --data must be one of auto, ", "builtin?"),
    ],
)
def test_what_is_refused_far_below_bears_the_name_of_its_option(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    start: str,
    end: str,
) -> None:
    line = said(monkeypatch, capsys, words)
    assert line.startswith(f"spikefuse: {start}")
    assert line.endswith(end)
    assert "Expected one of" not in line  # PyTorch's own words
