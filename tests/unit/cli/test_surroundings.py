"""What shells, terminals and notebooks hand over; folders with any name."""

import os
import subprocess
import sys
from pathlib import Path

import synthetic

PROGRAM = [sys.executable, "-c", "from spikefuse.cli import main; main()"]


def spikefuse(
    *words: object, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PROGRAM, *map(str, words)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        check=False,
        timeout=120,
    )


def test_verify_prints_any_name(tmp_path: Path) -> None:
    root = synthetic.write_run(tmp_path / "[/exp]", epochs=1, studies=("reset",), seeds=1)
    done = spikefuse("verify", root, COLUMNS="40")
    assert done.returncode == 0, done.stderr
    assert f"{root}: ".encode() in done.stdout


def test_a_deleted_working_folder_is_one_line(tmp_path: Path) -> None:
    code = (
        "import os, sys; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')\n"
        "sys.argv = ['spikefuse', 'show']\n"
        "from spikefuse.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        "spikefuse: the working folder must exist, got one that was deleted. "
        "Go to another one with cd and run the same command again.\n"
    )


def test_the_backend_of_a_notebook_is_not_ours(tmp_path: Path) -> None:
    root = synthetic.write_run(tmp_path / "run", epochs=1, studies=("reset",), seeds=1)
    done = spikefuse("report", root, MPLBACKEND="module://matplotlib_inline.backend_inline")
    assert done.returncode == 0, done.stderr
    assert (root / "report.html").is_file()
