"""From a location to tensors: shapes, values, fingerprint, cache."""

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from spikefuse.core.errors import DataError, InputError
from spikefuse.data import Corpus, DataSettings, Location, Pool, load_corpus, locate
from spikefuse.data.sources import digits, parts

BUILTIN = DataSettings(source="builtin")
REAL = DataSettings(source="mnist-fsdd")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(parts, "user_cache", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def load_builtin(**changes: object) -> Corpus:
    return load_corpus(BUILTIN.model_copy(update=changes), locate("builtin"))


def test_builtin() -> None:
    loaded = load_builtin()

    assert loaded.source == "builtin"
    assert loaded.image.inputs.shape == (1797, 1, 28, 28)
    assert loaded.image.inputs.dtype == torch.uint8
    assert int(loaded.image.official_test.sum()) == 360
    assert loaded.image.groups is None
    assert loaded.audio.inputs.shape == (1000, 1, 28, 28)
    assert loaded.audio.inputs.dtype == torch.float32
    assert loaded.audio.names[0] == "0_awb_0.wav"
    assert loaded.audio.group_names == ("awb", "kal", "kal16", "rms", "slt")
    assert loaded.audio.groups is not None
    assert loaded.audio.groups.bincount().tolist() == [200] * 5
    assert "EMBEDDED" in loaded.banner
    assert len(int(loaded.fingerprint, 16).to_bytes(8, "big")) == 8
    assert len(loaded.fingerprint) == 16


def test_folder(data_folder: Path, idx_files: dict[str, bytes]) -> None:
    loaded = load_corpus(REAL, Location("mnist-fsdd", data_folder))

    assert loaded.image.inputs.shape == (60, 1, 28, 28)
    pixels = loaded.image.inputs[:40].numpy().tobytes()
    assert pixels == idx_files["train-images-idx3-ubyte"][16:]
    assert loaded.audio.inputs.shape == (120, 1, 28, 28)
    assert loaded.audio.names[-1] == "9_yweweler_1.wav"
    assert loaded.banner.startswith("Real data")


def test_fingerprint_depends_on_content_and_settings(data_folder: Path) -> None:
    prints = [
        load_builtin().fingerprint,
        load_builtin(image_size=32).fingerprint,
        load_builtin(hop=64).fingerprint,
        load_corpus(REAL, Location("mnist-fsdd", data_folder)).fingerprint,
    ]

    assert len(set(prints)) == 4
    assert load_builtin().fingerprint == prints[0]


@pytest.mark.parametrize("part", ["read_written_digits", "read_spoken_digits"])
def test_fingerprint_depends_on_each_part(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_builtin().fingerprint
    content = getattr(digits, part)()
    monkeypatch.setattr(digits, part, lambda: dataclasses.replace(content, digest="another"))

    assert load_builtin().fingerprint != before


def test_fingerprint_does_not_depend_on_the_place(data_folder: Path, tmp_path: Path) -> None:
    first = load_corpus(REAL, Location("mnist-fsdd", data_folder)).fingerprint
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("mnist", "fsdd"):
        (data_folder / name).rename(moved / name)

    assert load_corpus(REAL, Location("mnist-fsdd", moved)).fingerprint == first


def test_spectrograms_are_read_from_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_builtin()
    assert len(list((cache / "spectrograms").iterdir())) == 1

    def forbidden(*arguments: object) -> Tensor:
        raise AssertionError("computed again")

    monkeypatch.setattr(parts, "spectrograms", forbidden)
    assert torch.equal(load_builtin().audio.inputs, first.audio.inputs)
    assert torch.equal(load_builtin(image_size=32).audio.inputs, first.audio.inputs)
    with pytest.raises(AssertionError, match="computed again"):
        load_builtin(clip_ms=900)


@pytest.mark.parametrize("size", [20, 28, 32])
def test_sizes(size: int) -> None:
    loaded = load_builtin(image_size=size, spectrogram_size=size)

    assert loaded.image.inputs.shape[2:] == (size, size)
    assert loaded.audio.inputs.shape[2:] == (size, size)


def test_resizing_images() -> None:
    pixels = torch.tensor([[[0, 255], [255, 0]]], dtype=torch.uint8)
    resized = parts.resize_images(pixels, 4)

    # Bilinear with half-pixel centres: 0, 1/4, 3/4, 1 of the way.
    assert resized[0, 0, 0].tolist() == [0, 64, 191, 255]
    assert resized[0, 0, 1].tolist() == [64, 96, 159, 191]
    assert torch.equal(parts.resize_images(pixels, 2)[:, 0], pixels)
    flat = torch.full((6000, 8, 8), 200, dtype=torch.uint8)
    assert parts.resize_images(flat, 28).unique().tolist() == [200]


def test_another_source_is_refused() -> None:
    with pytest.raises(InputError, match="must hold source 'mnist-fsdd', got 'builtin'"):
        load_corpus(REAL, locate("builtin"))


@pytest.mark.parametrize("folder", [None, Path("nowhere")])
def test_location_without_data(folder: Path | None) -> None:
    with pytest.raises(DataError, match=r"must name a folder|must hold the four MNIST files"):
        load_corpus(REAL, Location("mnist-fsdd", folder))


def test_damage_is_one_error(data_folder: Path) -> None:
    path = data_folder / "fsdd" / "recordings" / "4_lucas_0.wav"
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(DataError, match=r"4_lucas_0\.wav must hold the \d+ samples"):
        load_corpus(REAL, Location("mnist-fsdd", data_folder))


def test_pool_of_unequal_lengths_is_refused() -> None:
    inputs, labels = torch.zeros(3, 1, 2, 2), torch.zeros(3)
    with pytest.raises(InputError, match="as long as inputs"):
        Pool("image", inputs, labels, torch.zeros(2, dtype=torch.bool))
    with pytest.raises(InputError, match="as long as inputs"):
        Pool("audio", inputs, labels, torch.zeros(3, dtype=torch.bool), ("a", "b"))


def test_real_corpus(real_data: Path) -> None:
    loaded = load_corpus(REAL, locate("auto", real_data))

    assert loaded.fingerprint == "89ba7406d4066943"
    assert loaded.image.inputs.shape == (70_000, 1, 28, 28)
    assert loaded.audio.inputs.shape == (3000, 1, 28, 28)
    assert loaded.audio.inputs.isfinite().all()
