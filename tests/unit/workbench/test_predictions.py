"""A network asked about files and arrays says what its evaluation said of the same samples."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import wavfile

import spikefuse as sf
from spikefuse.core.errors import InputError, StoreError
from spikefuse.data.own import read_own
from spikefuse.data.own.source import register_from
from spikefuse.data.sources.registry import SOURCES
from spikefuse.data.sources.spoken_digits import read_spoken_digits
from spikefuse.data.sources.written_digits import read_written_digits
from spikefuse.results import TrialStore, manifest

SAMPLES = 20
SETTINGS = {"plan": "mlp", "parameters": 100_000, "seeds": 1, "time_steps": 3}


@pytest.fixture(scope="module")
def digits() -> "sf.Dataset":
    return sf.dataset("builtin")


@pytest.fixture(scope="module")
def fitted(digits, tmp_path_factory) -> "sf.Fit":
    net = sf.network(digits, image_scale="standard", **SETTINGS)
    return sf.fit(net, digits, epochs=1, store=tmp_path_factory.mktemp("fits"))


@pytest.fixture(scope="module")
def late(digits, tmp_path_factory) -> "sf.Fit":
    net = sf.network(digits, fusion="late", **SETTINGS)
    return sf.fit(net, digits, epochs=1, store=tmp_path_factory.mktemp("late"))


def written(folder: Path, number: int) -> str:
    """A picture of the data as a file, of its own 8 x 8 pixels."""
    path = folder / f"{number}.png"
    Image.fromarray(read_written_digits().pixels[number].numpy()).save(path)
    return str(path)


def spoken(folder: Path, number: int) -> str:
    """A clip of the data as a file, 8 kHz, of its own length."""
    path = folder / f"{number}.wav"
    wavfile.write(path, 8000, read_spoken_digits().waveforms[number])
    return str(path)


def test_files_get_the_answers_of_the_evaluation(fitted, tmp_path) -> None:
    (folder,) = fitted.trials
    stored = fitted.store.folder(folder.name).predictions()
    network = sf.load(folder)
    labels = []
    for position in range(SAMPLES):
        found = network.predict(
            image=written(tmp_path, int(stored["image"][position])),
            audio=spoken(tmp_path, int(stored["audio"][position])),
        )
        torch.testing.assert_close(found.logits, stored["logits"][position], rtol=1e-4, atol=1e-4)
        assert found.position == int(stored["predicted"][position])
        labels.append(found.label)

    assert repr(found) == f"Prediction({found.label}, probability {100 * found.probability:.1f} %)"
    assert len(set(labels)) > 1  # a constant answer would prove nothing
    assert found.probability == pytest.approx(max(found.probabilities.values()))
    assert sum(found.probabilities.values()) == pytest.approx(1)


def test_spikes_and_energy_are_those_of_this_inference(fitted, tmp_path) -> None:
    found = fitted.predict({"image": written(tmp_path, 3), "audio": spoken(tmp_path, 5)})

    assert set(found.spikes) == {"fused.hidden"}
    assert found.spikes["fused.hidden"] == int(found.rasters["fused.hidden"].sum()) > 0
    assert found.rasters["fused.hidden"].shape[0] == 3
    assert found.energy_nj is not None
    assert found.energy_nj > 0
    again = fitted.predict({"audio": spoken(tmp_path, 5), "image": written(tmp_path, 3)})
    assert again.energy_nj == found.energy_nj


def test_any_size_and_rate_is_taken(fitted, tmp_path) -> None:
    big = tmp_path / "big.png"
    Image.fromarray(read_written_digits().pixels[3].numpy()).convert("RGB").resize((96, 64)).save(
        big
    )
    wave = read_spoken_digits().waveforms[5]
    stereo = np.repeat(np.stack([wave, wave], axis=1), 2, axis=0)
    wavfile.write(tmp_path / "stereo.wav", 16_000, stereo)

    found = fitted.predict(image=big, audio=tmp_path / "stereo.wav")
    assert found.samples["image"].shape == (1, 28, 28)
    assert found.samples["audio"].shape == (1, 28, 28)


def test_arrays_are_samples_of_the_data_set(fitted, digits) -> None:
    (folder,) = fitted.trials
    stored = fitted.store.folder(folder.name).predictions()
    pools = digits.corpus.pools
    found = fitted.predict({n: pools[n].inputs[int(stored[n][0])] for n in ("image", "audio")})

    torch.testing.assert_close(found.logits, stored["logits"][0], rtol=1e-4, atol=1e-4)


def test_one_modality_alone_is_its_own_head_where_the_fusion_allows_it(late, tmp_path) -> None:
    image, audio = written(tmp_path, 3), spoken(tmp_path, 5)
    both = late.predict(image=image, audio=audio)
    seen, heard = late.predict(image=image), late.predict(audio=audio)

    torch.testing.assert_close(both.logits, (seen.logits + heard.logits) / 2)
    assert seen.missing == ("audio",)
    assert not any(site.startswith("audio") for site in seen.spikes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"image": True}, "fusion 'early'"),
        ({"imago": True}, "Did you mean image"),
        ({}, "predict: inputs must be of image, audio, got none of them"),
    ],
)
def test_what_is_missing_or_unknown_is_said(fitted, tmp_path, given, message) -> None:
    with pytest.raises(InputError, match=message):
        fitted.predict({name: written(tmp_path, 1) for name in given})


def test_what_is_no_sample_is_said(fitted, tmp_path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"broken\.png': no PNG or JPEG image"):
        fitted.predict(image=broken, audio=spoken(tmp_path, 1))
    with pytest.raises(InputError, match="No such file"):
        fitted.predict(image=tmp_path / "none.png", audio=spoken(tmp_path, 1))
    with pytest.raises(InputError, match=r"one sample \[1, 28, 28\] of type torch.uint8"):
        fitted.predict(image=np.zeros((28, 28)), audio=spoken(tmp_path, 1))
    picture = np.zeros((28, 28), np.uint8)
    with pytest.raises(InputError, match="finite"):
        fitted.predict(image=picture, audio=np.full((28, 28), np.nan))


def test_a_folder_of_before_takes_its_statistics_from_the_data(fitted, tmp_path) -> None:
    (definition,) = fitted.definitions.values()
    new, store = fitted.store.folder(definition.name), TrialStore(tmp_path)
    old, record = store.open(definition.naming()), new.record()
    for row in record.metrics:
        old.append_metrics(row)
    old.finish(record.results, new.weights(), new.predictions(), record.provenance)
    given = {"image": written(tmp_path, 3), "audio": spoken(tmp_path, 5)}

    assert not (old.path / manifest.INTERFACE).exists()
    same = sf.load(old.path).predict(given).logits
    torch.testing.assert_close(same, fitted.predict(given).logits, rtol=0, atol=0)


def test_a_network_is_used_where_its_data_is_not_known(data, small, tmp_path) -> None:
    net = small(seeds=1)
    fit = sf.fit(net, data, epochs=1, store=tmp_path)
    pools = data.corpus.pools
    given = {name: pool.inputs[0] for name, pool in pools.items()}
    wanted = fit.predict(given)
    array = tmp_path / "motion.npy"
    np.save(array, pools["motion"].inputs[0].numpy()[0])
    buffer = io.BytesIO()
    Image.fromarray(pools["picture"].inputs[0, 0].numpy()).save(buffer, "PNG")
    (tmp_path / "picture.png").write_bytes(buffer.getvalue())
    known = SOURCES.pop(data.source.name)
    try:
        (folder,) = fit.trials
        loaded = sf.load(folder)
        assert SOURCES[data.source.name].is_stand_in
        found = loaded.predict(motion=array, picture=tmp_path / "picture.png")
        torch.testing.assert_close(found.logits, wanted.logits, rtol=0, atol=0)
        (old := folder / manifest.INTERFACE).rename(tmp_path / "away")
        del SOURCES[data.source.name]
        with pytest.raises(StoreError, match="partial"):
            sf.load(folder)
        (tmp_path / "away").rename(old)
    finally:
        SOURCES[data.source.name] = known


def test_a_file_of_own_data_is_decoded_as_in_training(tmp_path) -> None:
    rng = np.random.default_rng(0)
    root = tmp_path / "things"
    for place, label in enumerate(("cat", "dog")):
        for number in range(12):
            for modality in ("sight", "sound"):
                (root / modality / label).mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 256, (20, 24), dtype=np.uint8) // (1 + place)
            Image.fromarray(pixels).save(root / "sight" / label / f"{number}.png")
            wave = rng.normal(size=1600).astype(np.float32) / (5 + 20 * place)
            wavfile.write(root / "sound" / label / f"{number}.wav", 8000, wave)
    own = read_own(root)
    source = register_from(own, root)
    data = sf.dataset(source.name)
    fit = sf.fit(sf.network(data, **SETTINGS), data, epochs=1)
    (folder,) = fit.trials
    stored = fit.store.folder(folder.name).predictions()
    del SOURCES[source.name]  # whoever gets the folder has no such data
    try:
        network = sf.load(folder)
        for position in range(4):
            files = {
                name: root / own.modalities[name].names[int(stored[name][position])]
                for name in ("sight", "sound")
            }
            found = network.predict(files)
            torch.testing.assert_close(
                found.logits, stored["logits"][position], rtol=1e-4, atol=1e-4
            )
        assert {found.label} <= {"cat", "dog"}
    finally:
        SOURCES.pop(source.name, None)
