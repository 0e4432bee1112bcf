"""N-MNIST's recordings: read, truly paired with their images, and refused where they are others."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from spikefuse.core.errors import DataError
from spikefuse.data import SOURCES, DataSettings, assign, load_corpus, locate, verify
from spikefuse.data.sources import nmnist
from spikefuse.data.splits.protocols import SPLITS
from spikefuse.training import TrialDefinition

TRAIN, TEST = 40, 20


def contents() -> dict[str, bytes]:
    """A recording of 30 events for each image of the small MNIST, and the two lists."""
    draw = np.random.default_rng(0)
    files = {}
    for name, first, count in (("train1K.txt", 1, TRAIN), ("test100.txt", 60_001, TEST)):
        lines = ["#sample #class"]
        for place in range(count):
            rows = draw.integers((34, 34, 256, 2, 256), size=(30, 5)).astype(np.uint8)
            rows[:, 2] &= 0x81
            files[f"{first + place}.bs2"] = rows.tobytes()
            lines.append(f"{first + place}\t{place % 10}")
        files[name] = ("\r\n".join(lines) + "\r\n").encode()
    return files


@pytest.fixture
def folder(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a small N-MNIST beside the small MNIST and FSDD."""
    below = data_folder / "n-mnist"
    below.mkdir()
    files = contents()
    for name, content in files.items():
        (below / name).write_bytes(content)
    lists = {"train1K.txt": range(1, TRAIN + 1), "test100.txt": range(60_001, 60_001 + TEST)}
    for name, numbers in lists.items():
        monkeypatch.setitem(nmnist.LISTS, name, numbers)
    whole = b"".join(files[f"{number}.bs2"] for number in nmnist.numbers())
    labels = bytes([i % 10 for i in range(TRAIN)] + [i % 10 for i in range(TEST)])
    monkeypatch.setattr(nmnist, "NMNIST_SHA256", hashlib.sha256(whole + labels).hexdigest())
    return data_folder


def test_recording_k_is_of_image_k_less_one(folder: Path, idx_files: dict[str, bytes]) -> None:
    location = locate("n-mnist", folder)
    corpus = load_corpus(DataSettings(source="n-mnist", event_bins=8), location)
    pixels = [idx_files[f"{part}-images-idx3-ubyte"][16:] for part in ("train", "t10k")]

    assert corpus.events.inputs.shape == (60, 2, 34, 34, 8)
    assert corpus.events.inputs.sum(dim=(1, 2, 3, 4)).tolist() == [30] * 60
    assert corpus.image.inputs.numpy().tobytes() == b"".join(pixels)
    assert corpus.image.labels.tolist() == corpus.events.labels.tolist()
    assert corpus.events.official_test.tolist() == [False] * TRAIN + [True] * TEST
    assert all(finding.ok for finding in verify(location))
    found = assign(corpus, "fused", "paired", 0)
    for split in SPLITS:
        assert found.samples[split]["image"].tolist() == found.samples[split]["events"].tolist()


def test_bins_are_part_of_the_fingerprint_and_the_name(folder: Path) -> None:
    location = locate("n-mnist", folder)
    loaded = {
        bins: load_corpus(DataSettings(source="n-mnist", event_bins=bins), location)
        for bins in (8, 16)
    }
    names = {
        TrialDefinition.create(
            data=DataSettings(source="n-mnist", event_bins=bins), modality="events"
        ).name
        for bins in loaded
    }
    assert len({corpus.fingerprint for corpus in loaded.values()}) == len(names) == 2


def test_events_meet_spoken_digits(folder: Path) -> None:
    corpus = load_corpus(
        DataSettings(source="n-mnist-fsdd", event_bins=4), locate("n-mnist-fsdd", folder)
    )
    found = assign(corpus, "fused", "disjoint", 0)
    for split in SPLITS:
        clips = corpus.audio.labels[found.samples[split]["audio"]]
        assert clips.tolist() == found.labels[split].tolist()


def test_what_is_missing_or_changed_is_named(folder: Path) -> None:
    (folder / "n-mnist" / "7.bs2").unlink()
    with pytest.raises(DataError, match=r"1 N-MNIST files are missing, the first is 7\.bs2"):
        locate("n-mnist", folder)
    (folder / "n-mnist" / "7.bs2").write_bytes(bytes(150))
    with pytest.raises(DataError, match=r"must have the combined SHA-256 .*slayerPytorch"):
        nmnist.read_recordings(folder / "n-mnist")
    (folder / "n-mnist" / "train1K.txt").write_text("1 5\n2 x\n")
    with pytest.raises(DataError, match="must say a digit of recording 2 in its place, got '2 x'"):
        nmnist.read_recordings(folder / "n-mnist")


def test_a_folder_without_says_where_to_get_them(data_folder: Path) -> None:
    with pytest.raises(DataError, match=r"in none of the folders n-mnist-1100.*on GitHub"):
        locate("n-mnist", data_folder)


def test_real_recordings(real_data: Path) -> None:
    if nmnist.find_recordings(real_data) is None:
        pytest.skip("no N-MNIST")
    corpus = load_corpus(DataSettings(source="n-mnist"), locate("n-mnist", real_data))
    source, events = SOURCES["n-mnist"], corpus.events

    assert events.inputs.shape == (
        1_100,
        *source.modality("events").shape(DataSettings(source="n-mnist")),
    )
    assert events.labels.tolist() == corpus.image.labels.tolist()
    # The events are where the image has edges: its own image fits better than its neighbour's.
    seen = events.inputs.sum(dim=(1, 4)).double()[:, 3:31, 3:31].flatten(1)
    ink = corpus.image.inputs.double().flatten(1)
    seen, ink = (each - each.mean(1, keepdim=True) for each in (seen, ink))
    own = (seen * ink).sum(1) > (seen * ink.roll(1, 0)).sum(1)
    assert float(own.double().mean()) > 0.9
