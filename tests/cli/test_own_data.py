"""`spikefuse data verify DATA`: what is there and what is wrong, in one process each."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from own_files import class_folders, snapshot, table_folder


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "spikefuse", "data", "verify", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture
def cache(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "SPIKEFUSE_DATA": str(tmp_path / "none")}


def test_json_says_what_is_there(tmp_path: Path, cache: dict[str, str]) -> None:
    folder = table_folder(tmp_path / "moves")
    before = snapshot(folder)
    answer = run(folder, "--group", "subject", "--json", **cache)

    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["pairing"] == "truly paired"
    assert found["modalities"]["move"]["counts"]["up"] == {"train": 3, "validation": 1, "test": 2}
    assert found["groups"] == ["s0", "s1", "s2", "s3", "s4", "s5"]
    assert snapshot(folder) == before


def test_broken_data_ends_with_one_line_and_2(tmp_path: Path, cache: dict[str, str]) -> None:
    folder = class_folders(tmp_path / "animals")
    (folder / "sight" / "cat" / "[red]0.jpg").write_text("no image")
    answer = run(folder, **cache)

    assert answer.returncode == 2
    assert "sight/cat/[red]0.jpg (no PNG or JPEG image)" in answer.stdout
    assert len(answer.stderr.strip().splitlines()) == 1
    assert answer.stderr.startswith("spikefuse: own data: sight: 1 file is unreadable")


@pytest.mark.parametrize("arguments", [("--pair", "stem"), ("--json",), (".", "--data", "builtin")])
def test_an_option_without_effect_is_refused(
    arguments: tuple[str, ...], cache: dict[str, str]
) -> None:
    answer = run(*arguments, **cache)

    assert answer.returncode == 2
    assert "Leave it out." in answer.stderr
