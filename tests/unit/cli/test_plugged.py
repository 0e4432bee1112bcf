"""Plugins on the command line: in the help of the command, and faults in one line."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spikefuse.cli import app, plugged
from spikefuse.core import plugins
from spikefuse.core.errors import InputError
from spikefuse.encoders import ENCODERS

CODE = """
from spikefuse.core.registry import register
from spikefuse.encoders import ENCODERS, Encoder

class Faulty(Encoder):
    title = "divides by zero"
    def __call__(self, inputs, moment):
        return 1 / 0

register("encoder", ENCODERS, "faulty-one", Faulty)
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Path]:
    """A plugin's file; what it registers is gone after the test."""
    before = dict(ENCODERS), dict(plugins.LOADED)
    path = tmp_path / "my-faults.py"
    path.write_text(CODE)
    yield path
    for registry, content in zip((ENCODERS, plugins.LOADED), before, strict=True):
        registry.clear()
        registry.update(content)  # type: ignore[arg-type]


def _typed(*words: str) -> subprocess.CompletedProcess[str]:
    """A process of its own: a help is made once, when its command is loaded."""
    return subprocess.run(
        [sys.executable, "-c", "from spikefuse.cli import main; main()", *words],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "COLUMNS": "200"},
    )


@pytest.mark.parametrize("words", [("train", "--plugin", "PATH"), ("--plugin=PATH", "train")])
def test_the_help_of_a_command_lists_what_a_plugin_registers(
    plugin: Path, words: tuple[str, ...]
) -> None:
    done = _typed(*(word.replace("PATH", str(plugin)) for word in words), "--help")
    assert done.returncode == 0, done.stderr
    assert "faulty-one" in done.stdout


def test_a_file_that_does_not_run_is_told_before_the_help(plugin: Path) -> None:
    plugin.write_text("import not_there_at_all\n")
    result = CliRunner().invoke(app, ["train", "--plugin", str(plugin), "--help"])
    assert isinstance(result.exception, InputError)
    assert "must run, got ModuleNotFoundError: No module named" in str(result.exception)


@pytest.mark.parametrize("behind", [("--plugin", "PATH"), ("--plugin=PATH",)])
@pytest.mark.parametrize("command", ["export", "show", "trials", "verify"])
def test_every_command_takes_a_plugin_behind_it(
    plugin: Path, tmp_path: Path, command: str, behind: tuple[str, ...]
) -> None:
    words = [word.replace("PATH", str(plugin)) for word in behind]
    done = _typed(command, str(tmp_path / "nothing"), *words)
    assert "no such option" not in done.stderr
    assert "nothing" in done.stderr, "the command itself answers"
    assert done.returncode != 0


def test_an_option_without_a_file_is_left_to_the_parser() -> None:
    plugged.load_named(["train", "--plugin"])
    plugged.load_named(["train", "--plugin="])


def test_an_error_in_a_plugins_lines_is_one_line_and_another_stays(plugin: Path) -> None:
    plugins.load_plugin(plugin)
    encoder = ENCODERS["faulty-one"]("image", [0], 2)
    said = rf"^plugin: line 8 of {plugin} must run \(return 1 / 0\)"
    with pytest.raises(InputError, match=said), plugged.told_faults():
        encoder(None, None)  # type: ignore[arg-type]
    said = rf"^plugin: what parts of {plugin} give back must be .* got KeyError: 'nothing'"
    with pytest.raises(InputError, match=said), plugged.told_faults():
        {}["nothing"]


def test_without_a_plugin_an_error_stays_what_it_is() -> None:
    with pytest.raises(KeyError), plugged.told_faults():
        {}["nothing"]


def test_a_plugin_that_ends_the_process_is_told_and_our_own_end_passes(plugin: Path) -> None:
    plugin.write_text("import sys\ndef end():\n    sys.exit(3)\n")
    label = plugins.load_plugin(plugin).label
    made = sys.modules[f"spikefuse_plugin_{label.rpartition(':')[2]}"]
    said = rf"^plugin: line 3 of {plugin} must run \(sys.exit\(3\)\), got SystemExit: 3"
    with pytest.raises(InputError, match=said), plugged.told_faults():
        made.end()
    with pytest.raises(SystemExit), plugged.told_faults():
        sys.exit(2)


def test_a_training_with_a_faulty_part_ends_with_one_line(plugin: Path, tmp_path: Path) -> None:
    small = "--data builtin --image-size 8 --images 100 --test-images 40 --budget 40000 --epochs 1"
    part = ("--plugin", str(plugin), "--encoder", "faulty-one")
    done = _typed("train", *small.split(), *part, "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    (line,) = [each for each in done.stderr.splitlines() if each.startswith("spikefuse: ")]
    assert line.startswith(f"spikefuse: plugin: line 8 of {plugin} must run (return 1 / 0), got")
