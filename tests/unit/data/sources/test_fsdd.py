"""FSDD's clips: names, samples, and one clear error for each kind of damage."""

import random
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikefuse.core.errors import DataError
from spikefuse.data.sources import fsdd
from spikefuse.data.sources.fsdd import (
    expected_names,
    find_recordings,
    foreign_recordings,
    missing_recordings,
    parse_name,
    parse_wav,
    read_recordings,
)
from spikefuse.data.sources.raw import ClipName


@given(st.integers(0, 9), st.sampled_from(fsdd.SPEAKERS), st.integers(0, 49))
def test_name_is_read_back(digit: int, speaker: str, index: int) -> None:
    clip = ClipName(digit, speaker, index)

    assert parse_name(str(clip)) == clip


@pytest.mark.parametrize(
    "name",
    [
        "10_theo_1.wav",
        "1_thea_1.wav",
        "1_theo_50.wav",
        "1_theo_01.wav",
        "1_theo_1.WAV",
        "1_theo.wav",
        "../1_theo_1.wav",
        "1_theo_1.wav\n",
        "١_theo_1.wav",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="a clip's name must be"):
        parse_name(name)


def test_there_are_3000_names() -> None:
    names = expected_names()

    assert len(set(names)) == 3000
    assert names == sorted(names, key=str.encode)


def test_wav_samples(clip_files: dict[str, bytes]) -> None:
    content = clip_files["3_theo_1.wav"]
    waveform = parse_wav(content, "clip")

    assert waveform.dtype == np.float32
    assert np.array_equal(waveform * 32768, np.frombuffer(content[44:], "<i2"))


def test_all_clips_are_read(recordings_folder: Path) -> None:
    (recordings_folder / "README.md").write_text("not a clip")
    clips = read_recordings(recordings_folder)

    assert [str(name) for name in clips.names] == expected_names()
    assert clips.speaker_names == fsdd.SPEAKERS
    assert clips.labels.bincount().tolist() == [12] * 10
    assert clips.speakers.bincount().tolist() == [20] * 6
    assert clips.official_test.tolist() == [name.index == 0 for name in clips.names]


GITHUB = "free-spoken-digit-dataset-1.0.10/recordings"


@pytest.mark.parametrize(
    "below",
    [*("fsdd/recordings", "recordings", "fsdd", "."), GITHUB, f"fsdd/{GITHUB}"],
)
def test_found_wherever_they_stand(tmp_path: Path, below: str) -> None:
    folder = tmp_path / below
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "0_george_0.wav").touch()

    assert find_recordings(tmp_path) == folder
    assert len(missing_recordings(folder)) == 2999


def test_other_sounds_are_not_clips(tmp_path: Path) -> None:
    (tmp_path / "song.wav").touch()

    assert find_recordings(tmp_path) is None


def test_missing_clip(recordings_folder: Path) -> None:
    (recordings_folder / "3_theo_1.wav").unlink()

    with pytest.raises(DataError, match=r"without 3_theo_1\.wav\."):
        read_recordings(recordings_folder)


def test_many_missing_clips_stay_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="and 2,997 more") as error:
        read_recordings(tmp_path)
    assert len(str(error.value)) < 400


def test_wrong_name(recordings_folder: Path) -> None:
    (recordings_folder / "3_theo_1.wav").rename(recordings_folder / "3_theo_x.wav")

    with pytest.raises(DataError, match=r"without 3_theo_1\.wav \(but with 3_theo_x\.wav\)"):
        read_recordings(recordings_folder)


@pytest.mark.parametrize(
    "name", ["6_jackson_50.wav", "song.wav", "1_theo_1.WAV", "0_george_00.wav"]
)
def test_what_is_no_clip_is_not_read(recordings_folder: Path, name: str) -> None:
    (recordings_folder / name).write_bytes(b"no sound at all")
    assert len(read_recordings(recordings_folder).names) == 120
    assert foreign_recordings(recordings_folder) == [name]


@pytest.mark.parametrize("kept", [0, 20, 44, 45, 144])
def test_truncated_clip(recordings_folder: Path, kept: int) -> None:
    path = recordings_folder / "3_theo_1.wav"
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(DataError, match=r"3_theo_1\.wav must .*spikefuse data fetch"):
        read_recordings(recordings_folder)


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(content) if size is None else size) + content


FMT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
DATA = chunk(b"data", bytes(200))
DAMAGED = {
    "a chunk without its pad byte": FMT + chunk(b"LIST", b"INFOabc") + DATA,
    "a chunk beyond the end": FMT + chunk(b"LIST", b"INFO", 2**31) + DATA,
    "samples beyond the end": FMT + chunk(b"data", bytes(200), 2**32 - 2),
    "no format": DATA,
    "a format cut short": chunk(b"fmt ", b"\1\0\1\0") + DATA,
    "no samples": FMT,
    "samples before the format": DATA + FMT,
    "no bits": chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 0)) + DATA,
    "no channel": chunk(b"fmt ", struct.pack("<HHIIHH", 1, 0, 8000, 16000, 2, 16)) + DATA,
    "nothing": b"",
}


@pytest.mark.parametrize("chunks", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_header_is_one_line_with_a_reason(chunks: bytes) -> None:
    content = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks
    with pytest.raises(
        DataError, match=r"clip must .*got:? [^.\s].*spikefuse data fetch"
    ) as caught:
        parse_wav(content, "clip")
    assert "\n" not in str(caught.value)


def test_any_bytes_are_samples_or_one_kind_of_error(clip_files: dict[str, bytes]) -> None:
    draw = random.Random(7)
    sound = clip_files["0_theo_0.wav"][:200]
    for _ in range(3_000):
        content = bytearray(sound[: draw.randint(0, 200)] if draw.random() < 0.2 else sound)
        for _ in range(draw.randint(0, 5)):
            if content:
                content[draw.randrange(min(60, len(content)))] = draw.randrange(256)
        with suppress(DataError):
            parse_wav(bytes(content), "clip")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (22, b"\x02\x00", "got 2 channels"),
        (24, b"\x80\x3e\x00\x00", "16000 Hz"),
        (34, b"\x08\x00", "8 bits"),
        (20, b"\x03\x00", "must be a whole WAV file"),
    ],
)
def test_other_formats(
    clip_files: dict[str, bytes], field: int, value: bytes, message: str
) -> None:
    content = bytearray(clip_files["0_theo_0.wav"])
    content[field : field + len(value)] = value

    with pytest.raises(DataError, match=message):
        parse_wav(bytes(content), "clip")


def test_other_content(recordings_folder: Path) -> None:
    path = recordings_folder / "3_theo_1.wav"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))

    with pytest.raises(DataError, match="combined SHA-256"):
        read_recordings(recordings_folder)


def test_real_clips(real_data: Path) -> None:
    folder = find_recordings(real_data)
    assert folder is not None
    clips = read_recordings(folder)
    lengths = np.array([len(waveform) for waveform in clips.waveforms]) / 8000

    assert len(clips.names) == 3000
    assert int(clips.official_test.sum()) == 300
    assert np.median(lengths) == pytest.approx(0.42, abs=0.005)
    assert lengths.max() == pytest.approx(2.28, abs=0.005)
