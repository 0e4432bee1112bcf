"""`spikefuse data verify DATA`: what is there and what is wrong, in one process each."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from own_files import class_folders, snapshot, table_folder
from rich.console import Console

import spikefuse as sf
from spikefuse.cli.request import Request
from spikefuse.cli.requested import location_of
from spikefuse.core.errors import InputError, MissingExtraError
from spikefuse.data.own import read_own


def run(
    *arguments: object, command: tuple[str, ...] = ("data", "verify"), **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "spikefuse", *command, *map(str, arguments)],
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
    assert not answer.stdout.strip()
    assert "sight/cat/[red]0.jpg (no PNG or JPEG image)" in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1
    assert answer.stderr.startswith("spikefuse: own data: sight: 1 file is unreadable")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--pair", "stems"), "--pair must be one of class, stem, got 'stems'. Did you mean stem?"),
        (("--validation", "2"), "--validation must be below 0.5, got 2.0."),
        (("--test", "0"), "--test must be above 0, got 0.0."),
    ],
)
def test_a_wrong_value_is_called_by_its_option(
    arguments: tuple[str, ...], said: str, tmp_path: Path, cache: dict[str, str]
) -> None:
    answer = run(class_folders(tmp_path / "animals"), *arguments, **cache)

    assert answer.returncode == 2
    assert answer.stderr.strip() == f"spikefuse: own data: {said}"


@pytest.mark.parametrize("arguments", [("--pair", "stem"), ("--json",), (".", "--data", "builtin")])
def test_an_option_without_effect_is_refused(
    arguments: tuple[str, ...], cache: dict[str, str]
) -> None:
    answer = run(*arguments, **cache)

    assert answer.returncode == 2
    assert "Leave it out." in answer.stderr


def test_a_network_is_trained_on_it(tmp_path: Path, cache: dict[str, str]) -> None:
    table_folder(tmp_path / "moves")
    (tmp_path / "moves.toml").write_text('data = "moves"\ngroup = "subject"\n')
    options = {
        "data": tmp_path / "moves.toml",
        "out": tmp_path / "runs",
        "modality": "fused",
        "protocol": "paired",
        "plan": "mlp",
        "budget": 20_000,
        "epochs": 1,
        "time-steps": 2,
    }
    before = snapshot(tmp_path / "moves")
    arguments = [str(each) for name, value in options.items() for each in (f"--{name}", value)]
    answer = run(*arguments, "--json", command=("train",), **cache)

    assert answer.returncode == 0, answer.stderr
    assert "Own data 'moves': sight (images: 6 train, 2 validation, 4 test)" in answer.stderr
    assert 0 <= json.loads(answer.stdout)["results"]["accuracy"]["test_last"] <= 1
    assert snapshot(tmp_path / "moves") == before


def test_a_network_of_ones_own_data_is_evaluated_with_it_and_with_nothing_else(
    tmp_path: Path, cache: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    steps = np.random.default_rng(0).normal(size=(40, 5, 3)).astype("float32")
    for name in ("walks", "runs"):
        np.savez(f"{name}.npz", arm=steps, leg=steps + 1, labels=np.arange(40) % 4)
    small = "--modality fused --plan mlp --budget 20000 --epochs 1 --time-steps 1 --out out"
    train, evaluate = ("train", "--data", "walks.npz"), ("evaluate",)
    assert run(*small.split(), command=train, **cache).returncode == 0
    (trial,) = Path("out/trials").iterdir()
    done = run(trial, "--data", "walks.npz", "--json", command=evaluate, **cache)
    missing = run(trial, command=evaluate, **cache)
    other = run(trial, "--data", "runs.npz", command=evaluate, **cache)

    assert len(json.loads(done.stdout)["evaluations"]) == 1
    assert missing.returncode == 1
    assert "data 'own-walks-npz' must be known here" in missing.stderr
    assert other.returncode == 2
    assert "--data must be own-walks-npz for this network, got 'runs.npz'" in other.stderr


def test_asking_in_python_and_events_write_nothing_into_the_data(tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "pets")
    before = snapshot(folder)
    with pytest.raises(InputError, match=r"^ask: out must lie outside the data"):
        sf.ask(folder, profile="smoke", out=folder / "out")
    console = Console(file=io.StringIO())
    asked = Request(data=str(folder), out=tmp_path / "out", events=folder / "told.jsonl")
    with pytest.raises(InputError, match="--events must lie outside the data"):
        location_of(asked, console)
    assert snapshot(folder) == before


@pytest.mark.parametrize("out", [None, "pets/tr", "link/tr"])
def test_training_writes_nothing_into_the_data(
    tmp_path: Path, cache: dict[str, str], out: str | None
) -> None:
    folder = class_folders(tmp_path / "pets")
    (tmp_path / "link").symlink_to(folder)
    before = snapshot(folder)
    # Without --out results go below the folder where one is, here that of the data.
    place, data = (folder, ".") if out is None else (tmp_path, "pets")
    words = ["train", "--data", data, "--modality", "sight", "--epochs", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "spikefuse", *words, *([] if out is None else ["--out", out])],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=place,
        env={**os.environ, **cache},
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("spikefuse: train: --out must lie outside the data, got ")
    assert snapshot(folder) == before


def test_packed_audio_without_the_extra_is_about_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(content: bytes) -> None:
        raise MissingExtraError("own data: reading FLAC, OGG or MP3", "audio")

    monkeypatch.setattr("spikefuse.data.own.kinds.sound._read_packed", missing)
    folder = class_folders(tmp_path / "pets")
    for file in folder.glob("sound/cat/*"):
        file.write_bytes(b"fLaC" + bytes(40))
    with pytest.raises(InputError, match=r"own data: sound/cat/.*: reading FLAC.*\[audio\]"):
        read_own(folder)
