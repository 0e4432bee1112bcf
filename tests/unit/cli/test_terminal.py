"""Text is text, a sentence is a line, every letter has a form in every encoding."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from spikefuse.cli.progress import RunProgress
from spikefuse.cli.terminal import fact, make_console, news
from spikefuse.execution import Event, Job

ROOT = Path(__file__).resolve().parents[3]


def job(name: str) -> Job:
    return Job(name=name, entry="module:function", payload={})


@pytest.mark.parametrize("text", ["[exp]", "runs/[red]x[/red]", "[/]", "a\\[b"])
def test_brackets_are_text(capsys: pytest.CaptureFixture[str], text: str) -> None:
    fact(make_console(), "results", text)

    assert capsys.readouterr().out == f"results  {text}\n"


def test_a_sentence_in_a_log_is_one_line_with_the_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sentence = "word " * 60
    news(make_console(), sentence)

    (line,) = capsys.readouterr().out.splitlines()
    stamp, _, rest = line.partition("  ")
    assert rest == sentence
    assert len(stamp.split(":")) == 3


@pytest.mark.parametrize("encoding", ["ascii", "cp949", "cp1252", "utf-8"])
def test_show_prints_in_any_encoding(encoding: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "spikefuse", "show", "docs/results/quick", "--figure", "3"],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=120,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    text = answer.stdout.decode(encoding)
    assert ("\u00b1" in text) or ("+/-" in text)


@pytest.mark.parametrize("may_end_early", [False, True])
def test_at_80_columns_bar_percent_and_time_come_whole_and_names_last(may_end_early: bool) -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=80, force_terminal=True, color_system=None)
    name = "snn fused S T=4 lif/soft disjoint without jackson seed 0,1,2,3,4 #abcdef"
    with RunProgress([job(name), job("other")], console, may_end_early) as progress:
        progress.on_event(Event(name, "started", {}))
        progress._begin -= 400.0
        data = {"epoch": 1, "epochs": 2, "step": 1, "steps": 10}
        progress.on_event(Event(name, "progress", data))
        lines = [
            "".join(part.text for part in line).rstrip()
            for line in console.render_lines(progress._progress.get_renderable())
        ]

    assert all(len(line) <= 76 for line in lines)
    assert "2 %" in lines[0]
    assert "h " in lines[0]
    assert "left, 0/2 populations" in lines[0]
    assert lines[0].index("%") < lines[0].index("left")
    assert ("at most about" in lines[0]) == may_end_early
    assert lines[1].index("epoch 1/2") < lines[1].index("snn fused")


def test_a_path_of_home_is_expanded(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "spikefuse", "doctor", "--out=~/[x]"],
        cwd=tmp_path,
        env=os.environ | {"HOME": str(tmp_path), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert f"{tmp_path}/[x] can be written" in answer.stdout


def test_a_home_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "spikefuse", "doctor", "--out=~nobody-of-this-name/x"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert answer.returncode == 2
    assert len(answer.stderr.splitlines()) == 1
