"""The embedded clips: packing is exact, the file is what it says, and it can be learned."""

import hashlib
import shutil

import numpy as np
import pytest
import scripts
from hypothesis import given
from hypothesis import strategies as st

from spikefuse.core.errors import DataError
from spikefuse.data.sources import spoken_digits
from spikefuse.data.sources.raw import ClipName
from spikefuse.data.sources.spoken_digits import (
    LEVELS,
    SPOKEN_DIGITS_SHA256,
    pack,
    read_spoken_digits,
    unpack,
)


@given(st.lists(st.lists(st.floats(-1, 1, width=32), min_size=1), min_size=1, max_size=4))
def test_packing_errs_by_half_a_level(values: list[list[float]]) -> None:
    clips = [np.array([*clip, 0.5], np.float32) for clip in values]
    names = [ClipName(i % 10, "kal", i) for i in range(len(clips))]
    back = unpack(pack(clips, names))

    assert back.names == tuple(names)
    for clip, waveform in zip(clips, back.waveforms, strict=True):
        assert waveform.dtype == np.float32
        half = np.abs(clip).max() / LEVELS / 2
        assert np.abs(waveform - clip).max() <= half * (1 + 1e-5)


def test_packing_twice_is_the_same() -> None:
    clips = read_spoken_digits()
    content = pack(clips.waveforms[:50], clips.names[:50])
    again = unpack(content)

    assert pack(again.waveforms, again.names) == content
    assert again.digest == hashlib.sha256(content).hexdigest()


def test_what_the_file_holds() -> None:
    clips = read_spoken_digits()
    seconds = np.array([len(waveform) for waveform in clips.waveforms]) / 8000

    assert clips.speaker_names == ("awb", "kal", "kal16", "rms", "slt")
    assert clips.names == tuple(
        ClipName(digit, voice, index)
        for digit in range(10)
        for voice in clips.speaker_names
        for index in range(20)
    )
    assert int(clips.official_test.sum()) == 100
    assert seconds.min() > 0.1
    assert seconds.max() < 1
    assert max(np.abs(waveform).max() for waveform in clips.waveforms) <= 1


def test_clips_and_voices_differ() -> None:
    clips = read_spoken_digits()
    content = {waveform.tobytes() for waveform in clips.waveforms}

    assert len(content) == 1000


def test_digest_is_the_files() -> None:
    assert read_spoken_digits().digest == SPOKEN_DIGITS_SHA256


def test_another_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spoken_digits, "SPOKEN_DIGITS_SHA256", "0" * 64)

    with pytest.raises(DataError, match="SHA-256 0000"):
        read_spoken_digits()


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04junk"])
def test_junk_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match="packed spoken digits"):
        unpack(content)


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
def test_script_makes_the_same_clips() -> None:
    script = scripts.load("tools/make_spoken_digits.py")
    clips = read_spoken_digits()

    for position in (0, 333, 666, 999):
        name = clips.names[position]
        made = unpack(pack([script.speak(name)], [name])).waveforms[0]
        assert np.array_equal(made, clips.waveforms[position]), name
