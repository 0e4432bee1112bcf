"""Recordings in a folder of one's own: both formats, told apart, refused where broken."""

from pathlib import Path

import numpy as np
import pytest

from spikefuse.core.errors import InputError
from spikefuse.data.own import ModalitySettings, OwnSettings, read_own
from spikefuse.data.own.source import own_source


def binary(seed: int, count: int = 40, side: int = 12) -> bytes:
    draw = np.random.default_rng(seed)
    rows = draw.integers((side, side, 256, 256, 256), size=(count, 5)).astype(np.uint8)
    rows[0, :2] = side - 1
    return rows.tobytes()


def write(folder: Path, as_binary: bool = True, samples: int = 6) -> Path:
    for label in ("cat", "dog"):
        place = folder / "camera" / label
        place.mkdir(parents=True)
        for index in range(samples):
            content = binary(index + 100 * (label == "dog"))
            if as_binary:
                (place / f"{index}.bin").write_bytes(content)
            else:
                rows = np.frombuffer(content, np.uint8).reshape(-1, 5).astype(np.int64)
                array = np.zeros(len(rows), [("x", "u2"), ("y", "u2"), ("t", "i8"), ("p", "i1")])
                array["x"], array["y"], array["p"] = rows[:, 0], rows[:, 1], rows[:, 2] >> 7
                array["t"] = (rows[:, 2] & 127) << 16 | rows[:, 3] << 8 | rows[:, 4]
                np.save(place / f"{index}.npy", array)
    return folder


def test_both_formats_give_the_same_counts(tmp_path: Path) -> None:
    one = read_own(write(tmp_path / "one"), cache=tmp_path / "cache")
    two = read_own(write(tmp_path / "two", as_binary=False), cache=tmp_path / "cache")
    events = one.modalities["camera"]

    assert (events.kind, two.modalities["camera"].kind) == ("events", "events")
    assert events.inputs.shape == (12, 2, 12, 12, 16)
    assert events.inputs.sum(dim=(1, 2, 3, 4)).tolist() == [40] * 12
    assert np.array_equal(events.inputs, two.modalities["camera"].inputs)
    assert dict(events.settings) == {"height": 12, "width": 12, "bins": 16}
    modality = own_source(one).modality("camera")
    assert (modality.kind, modality.noun) == ("events", "recordings")


def told(**decoding: object) -> OwnSettings:
    return OwnSettings(modalities={"camera": ModalitySettings(decoding=decoding)})


def test_bins_and_sides_can_be_said(tmp_path: Path) -> None:
    folder = write(tmp_path / "data")
    data = read_own(folder, told(bins=4, height=20), cache=tmp_path / "cache")
    assert data.modalities["camera"].inputs.shape == (12, 2, 20, 12, 4)


@pytest.mark.parametrize(
    ("content", "settings", "words"),
    [
        (b"1234567", {}, r"cat/0.bin \(7 bytes, no multiple of the 5"),
        (b"", {}, r"cat/0.bin \(no event"),
        (None, {"width": 5}, r"an event at x 11 or y 11, outside 5 x 12"),
        (None, {"bins": 0}, "bins of modality camera must be at least 1, got 0"),
        (None, {"bin": 3}, "Did you mean bins"),
    ],
)
def test_broken_recordings_and_settings_are_refused(
    tmp_path: Path, content: bytes | None, settings: dict[str, object], words: str
) -> None:
    folder = write(tmp_path / "data")
    if content is not None:
        (folder / "camera" / "cat" / "0.bin").write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_own(folder, told(**settings), cache=tmp_path / "cache")


def test_arrays_stay_arrays(tmp_path: Path) -> None:
    for label in ("a", "b"):
        place = tmp_path / "data" / "motion" / label
        place.mkdir(parents=True)
        for index in range(4):
            np.save(place / f"{index}.npy", np.random.default_rng(index).normal(size=(9, 3)))
    assert read_own(tmp_path / "data", cache=tmp_path / "c").modalities["motion"].kind == "array"


@pytest.mark.parametrize("field", ["x", "y"])
def test_a_place_beyond_any_camera_is_refused(tmp_path: Path, field: str) -> None:
    folder = write(tmp_path / "far", as_binary=False)
    for path in folder.rglob("*.npy"):
        array = np.load(path)
        array[field][3] = 60_000
        np.save(path, array)
    with pytest.raises(InputError, match=r"60,001 (rows|columns)"):
        read_own(folder, cache=tmp_path / "cache")
