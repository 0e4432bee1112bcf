"""`predict` on real samples, saved as PNG and WAV, answers what the evaluation of them stored."""

import json
import math
from pathlib import Path

import pytest
import torch
from PIL import Image
from scipy.io import wavfile
from typer.testing import CliRunner

from spikefuse.cli import app
from spikefuse.data import DataSettings, load_corpus, locate
from spikefuse.data.sources import fsdd
from spikefuse.results import TrialStore

SAMPLES = 20
TOLERANCE = 1e-6
"""Of a logit, as share of the greatest: batches of other sizes are summed in another order."""

TRAIN = (
    *("train", "--data", "mnist-fsdd", "--plan", "mlp", "--budget", "30000", "--time-steps", "4"),
    *("--epochs", "2", "--init", "calibrated"),
)
FEW_IMAGES = ("--images", "600", "--test-images", "100")


def called(*words: object) -> str:
    answer = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


@pytest.fixture(scope="module")
def pixels(real_data: Path) -> torch.Tensor:
    settings = DataSettings(source="mnist-fsdd")
    return load_corpus(settings, locate("mnist-fsdd", real_data)).pools["image"].inputs


def saved(name: str, number: int, pixels: torch.Tensor, recordings: Path, folder: Path) -> Path:
    """A sample of the data as a file of its own."""
    path = folder / f"{number}.{'png' if name == 'image' else 'wav'}"
    if name == "image":
        Image.fromarray(pixels[number].reshape(28, 28).numpy()).save(path)
    else:
        rate, wave = wavfile.read(recordings / fsdd.expected_names()[number])
        wavfile.write(path, rate, wave)
    return path


@pytest.mark.parametrize("modality", ["image", "audio", "fused"])
def test_files_of_real_samples_get_the_answers_of_the_evaluation(
    modality: str, real_data: Path, pixels: torch.Tensor, tmp_path: Path
) -> None:
    few = () if modality == "audio" else FEW_IMAGES
    place = ("--data-dir", real_data, "--out", tmp_path / "out")
    called(*TRAIN, *few, "--modality", modality, *place)
    (folder,) = (tmp_path / "out" / "trials").iterdir()
    stored = TrialStore(tmp_path / "out").folder(folder.name).predictions()
    recordings = fsdd.find_recordings(real_data)
    assert recordings is not None
    greatest, labels = float(stored["logits"].abs().max()), set()
    every = len(stored["predicted"]) // SAMPLES  # clips stand by class: the first are all zeros
    for position in range(0, SAMPLES * every, every):
        words: list[object] = ["predict", folder, "--json"]
        for name in ("image", "audio") if modality == "fused" else (modality,):
            number = int(stored[name][position])
            words += [f"--{name}", saved(name, number, pixels, recordings, tmp_path)]
        found = json.loads(called(*words))

        wanted = stored["logits"][position].double()
        assert found["position"] == int(stored["predicted"][position])
        logits = torch.tensor(found["logits"], dtype=torch.float64)
        assert float((logits - wanted).abs().max()) <= TOLERANCE * greatest
        chances = torch.softmax(wanted, 0)
        assert math.isclose(found["probability"], float(chances.max()), abs_tol=TOLERANCE)
        labels.add(found["class"])

    assert len(labels) > 2  # a constant answer would prove nothing
