"""`predict` and `trials` from the command line: what is typed, printed, drawn and refused."""

import json
from pathlib import Path

import pytest
from PIL import Image
from scipy.io import wavfile
from typer.testing import CliRunner

import spikefuse as sf
from spikefuse.cli import app
from spikefuse.core.errors import InputError, StoreError
from spikefuse.data.sources.spoken_digits import read_spoken_digits
from spikefuse.data.sources.written_digits import read_written_digits


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A results folder of a fused network and one of each modality."""
    folder, data = tmp_path_factory.mktemp("run"), sf.dataset("builtin")
    for modality in ("fused", "image"):
        settings = {"plan": "mlp", "parameters": 100_000, "seeds": 1, "time_steps": 2}
        sf.fit(sf.network(data, modality=modality, **settings), data, epochs=1, store=folder)
    return folder


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("files")
    Image.fromarray(read_written_digits().pixels[7].numpy()).save(folder / "a.png")
    wavfile.write(folder / "b.wav", 8000, read_spoken_digits().waveforms[7])
    return {"image": str(folder / "a.png"), "audio": str(folder / "b.wav")}


def ask(*words: str) -> str:
    answer = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


def found(run: Path, where: str) -> str:
    (only,) = json.loads(ask("trials", str(run), "--where", where, "--json"))
    return only["folder"]


def test_an_answer_is_printed_drawn_and_the_same_as_in_python(run, files, tmp_path) -> None:
    trial, picture = found(run, "modality=fused"), tmp_path / "look.png"
    shown = ["--image", files["image"], f"--audio={files['audio']}"]
    told = json.loads(ask("predict", trial, *shown, "--json", "--picture", str(picture)))
    own = sf.load(trial).predict(files)

    assert told["class"] == own.label
    assert told["probability"] == own.probability
    assert told["spikes"] == dict(own.spikes)
    assert told["energy_nj"] == own.energy_nj > 0
    with Image.open(picture) as drawn:
        assert len(drawn.convert("L").getcolors(1 << 24)) > 20  # not blank
    text = ask("predict", trial, "--input", f"image={files['image']}", *shown[2:])
    assert text.startswith(f"{own.label}, probability")
    assert "nJ" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--image"], "--MODALITY FILE, got '--image'"),
        (["a.png"], "--MODALITY FILE, got 'a.png'"),
        (["--imago", "a.png"], "Did you mean image"),
        (["--image", "none.png"], "none.png.*No such file"),
        (["--input", "image"], "must be MODALITY=FILE"),
        ([], "inputs must be of image"),
        (["--image", "a.png", "--image", "b.png"], "image must be one file, got 'a.png' and 'b"),
        (["--image", "a.png", "--input", "image=b.png"], "image must be one file"),
        (["--input", "image=a.png", "--input", "image=b.png"], "image must be one file"),
    ],
)
def test_what_was_typed_wrong_is_one_sentence(run, words, message) -> None:
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(
            app, ["predict", found(run, "modality=image"), *words], catch_exceptions=False
        )


def test_the_picture_has_an_ending_that_is_known(run, files) -> None:
    words = ["predict", found(run, "modality=image"), "--image", files["image"], "--picture", "x.b"]
    with pytest.raises(InputError, match="ending of --picture"):
        CliRunner().invoke(app, words, catch_exceptions=False)


def test_trials_are_found_by_their_settings(run) -> None:
    every = json.loads(ask("trials", str(run), "--json"))
    assert len(every) == 2
    told = ask("trials", str(run), "--where", "time_steps=2.0,state=done", "--json")
    assert json.loads(told) == every
    assert "2 of 2 trials" in ask("trials", str(run))
    assert "modality" in ask("trials", str(run))
    assert "data.source" in every[0]["definition"]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("modalty=fused", "Did you mean modality"),
        ("modality=fusd", "Did you mean fused"),
        ("modality", "must be NAME=LEVEL"),
        ("reset=none", "must be one of soft"),
    ],
)
def test_a_wrong_filter_names_the_nearest(run, where, message) -> None:
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(app, ["trials", str(run), "--where", where], catch_exceptions=False)


def test_a_folder_without_trials_is_no_answer(run, tmp_path) -> None:
    for folder in (tmp_path, found(run, "modality=image")):
        with pytest.raises(StoreError, match="must be a results folder, got one without trials/"):
            CliRunner().invoke(app, ["trials", str(folder)], catch_exceptions=False)


def test_single_networks_are_listed_and_shown_whole_in_eighty_columns(run, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    listed = ask("trials", str(run))
    names = [each["trial"] for each in json.loads(ask("trials", str(run), "--json"))]
    assert max(map(len, listed.splitlines())) <= 80
    assert all(f" {name} " in listed for name in names)
    assert "modality=fused" in listed

    shown = ask("show", str(run))
    assert "Not measured yet" not in shown
    assert "Networks trained one by one (accuracy" in " ".join(shown.split())
    assert "image SNN" in shown
    assert "fused SNN" in shown
