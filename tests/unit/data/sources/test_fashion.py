"""Fashion-MNIST: MNIST's reader, never mistaken for MNIST."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from spikefuse.core.errors import DataError
from spikefuse.data import (
    SOURCES,
    DataSettings,
    assign,
    audit,
    banner_of,
    load_corpus,
    locate,
    verify,
)
from spikefuse.data.sources import mnist
from spikefuse.data.sources.mnist import FASHION, find_mnist, read_mnist

SOURCE = SOURCES["fashion-fsdd"]


@pytest.fixture
def fashion_folder(
    data_folder: Path, idx_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A data folder with MNIST and FSDD, and a small Fashion-MNIST beside them."""
    folder = data_folder / "fashion-mnist"
    folder.mkdir()
    for name, content in idx_files.items():
        # Other pixels, the same labels.
        other = content[:16] + content[16:][::-1] if "images" in name else content
        (folder / f"{name}.gz").write_bytes(gzip.compress(other))
        monkeypatch.setitem(mnist.FASHION_SHA256, name, hashlib.sha256(other).hexdigest())
    return data_folder


def test_each_data_set_is_read_from_its_own_folder(
    fashion_folder: Path, idx_files: dict[str, bytes]
) -> None:
    pixels = {
        wanted.title: read_mnist(find_mnist(fashion_folder, wanted) or Path(), wanted).pixels
        for wanted in mnist.IDX_SETS
    }

    train, test = (idx_files[f"{part}-images-idx3-ubyte"][16:] for part in ("train", "t10k"))
    reversed_bytes = train[::-1] + test[::-1]
    assert pixels["MNIST"].numpy().tobytes() == train + test
    assert pixels["Fashion-MNIST"].numpy().tobytes() == reversed_bytes


def test_located_loaded_and_audited(fashion_folder: Path) -> None:
    location = locate("fashion-fsdd", fashion_folder)
    corpus = load_corpus(DataSettings(source="fashion-fsdd"), location)
    shared = audit(corpus, assign(corpus, "fused", "disjoint", 0)).overlap("train", "validation")

    assert location == locate("fashion", fashion_folder)
    assert corpus.image.inputs.shape == (60, 1, 28, 28)
    assert shared.clips_share == 0
    assert all(finding.ok for finding in verify(location))
    assert "not truly paired" in banner_of(location)
    assert SOURCE.classes[9] == "ankle boot"


@pytest.mark.parametrize("swapped", [mnist.MNIST, FASHION], ids=lambda each: each.title)
def test_files_of_the_other_data_set_are_named(fashion_folder: Path, swapped: mnist.IdxSet) -> None:
    own, other = fashion_folder / "mnist", fashion_folder / "fashion-mnist"
    name = "train-images-idx3-ubyte.gz"
    source, target = (other, own) if swapped is mnist.MNIST else (own, other)
    (target / name).write_bytes((source / name).read_bytes())
    wrong = "Fashion-MNIST" if swapped is mnist.MNIST else "MNIST"

    with pytest.raises(DataError, match=rf"\({swapped.title}\), got that of {wrong}\. `spikefuse"):
        read_mnist(target, swapped)


def test_a_folder_with_mnist_alone_says_what_is_missing_and_how_to_get_it(
    data_folder: Path,
) -> None:
    with pytest.raises(
        DataError,
        match=r"must hold Fashion-MNIST and FSDD.* the four Fashion-MNIST files are in none of "
        r".*data fetch --data fashion-fsdd --out",
    ):
        locate("fashion-fsdd", data_folder)


def test_a_missing_file_names_the_data_set(fashion_folder: Path) -> None:
    folder = fashion_folder / "fashion-mnist"
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()

    with pytest.raises(DataError, match=r"four Fashion-MNIST files .* --data fashion-fsdd` gets"):
        read_mnist(folder, FASHION)


def test_real_files(real_data: Path) -> None:
    folder = find_mnist(real_data, FASHION)
    if folder is None:
        pytest.skip("no Fashion-MNIST")
    images = read_mnist(folder, FASHION)
    training = images.pixels[~images.official_test].numpy() / 255

    assert images.labels.bincount().tolist() == [7_000] * 10
    image = SOURCE.modality("image")
    assert np.allclose(
        (training.mean(), training.std()), (image.pixel_mean, image.pixel_std), atol=5e-5
    )
