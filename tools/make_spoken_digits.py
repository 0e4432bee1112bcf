"""Make the embedded spoken digits with Debian's `flite`: the same bytes on every run.

    python tools/make_spoken_digits.py            writes the package file, prints its SHA-256
    python tools/make_spoken_digits.py --check    compares with the package file, writes nothing

Needs the program `flite` (Debian package `flite`, 2.2) and an importable spikefuse. After a change
put the printed hash into `SPOKEN_DIGITS_SHA256` of `src/spikefuse/data/spoken_digits.py`.
"""

import argparse
import hashlib
import io
import logging
import shutil
import subprocess
import sys
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample

from spikefuse.core.streams import numpy_stream
from spikefuse.data.sources.raw import SAMPLE_RATE_HZ, ClipName
from spikefuse.data.sources.spoken_digits import pack

_log = logging.getLogger("make_spoken_digits")

PACKAGE_FILE = (
    Path(__file__).resolve().parent.parent / "src/spikefuse/data/embedded/spoken_digits.npz"
)
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
VARIATIONS = 20


@dataclass(frozen=True)
class Voice:
    """What a flite voice sounds like here.

    Args:
        pitch_hz: Mean of the fundamental frequency, varied by a third of an octave up and down.
        tract: Factor on all formants, as of a shorter vocal tract, varied by 8 % up and down.
    """

    pitch_hz: float
    tract: float = 1.0


VOICES = {
    "kal": Voice(105),
    "awb": Voice(125),
    # flite's rms does not obey a wanted pitch: it varies with the tract factor alone.
    "rms": Voice(100),
    "slt": Voice(175),
    # The same speaker as kal, recorded at 16 kHz: a shorter tract makes it another one.
    "kal16": Voice(140, tract=1.15),
}


def synthesise(
    voice: str, word: str, stretch: float, pitch_hz: float
) -> tuple[int, NDArray[np.float64]]:
    """Let flite speak one word; the rate in Hz and the waveform in [-1, 1)."""
    command = ["flite", "-voice", voice]
    command += ["--setf", f"duration_stretch={stretch:.4f}"]
    command += ["--setf", f"int_f0_target_mean={pitch_hz:.3f}"]
    command += ["-t", word, "-o", "/dev/stdout"]
    content = subprocess.run(command, check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(content)) as file:
        data = file.readframes(file.getnframes())
        return file.getframerate(), np.frombuffer(data, "<i2") / 32768


def trim(waveform: NDArray[np.float64], below_peak_db: float = 36.0) -> NDArray[np.float64]:
    """Cut what comes before and after the word: frames of 10 ms far below the loudest one."""
    frame = SAMPLE_RATE_HZ // 100
    frames = waveform[: len(waveform) // frame * frame].reshape(-1, frame)
    level = np.sqrt((frames**2).mean(axis=1))
    loud = np.flatnonzero(level > level.max() * 10 ** (-below_peak_db / 20))
    # One frame before the first and one after the last keep a soft onset and decay.
    return waveform[max(loud[0] - 1, 0) * frame : (loud[-1] + 2) * frame]


def speak(name: ClipName) -> NDArray[np.float32]:
    """One clip: its own pitch, rate, tract, gain and noise, all from a stream of its name."""
    draw = numpy_stream(0, "spoken-digits", name.speaker, name.digit, name.index)
    voice = VOICES[name.speaker]
    pitch_hz = voice.pitch_hz * np.exp(draw.uniform(-0.25, 0.25))
    stretch = draw.uniform(0.6, 1.0)
    tract = voice.tract * np.exp(draw.uniform(-0.08, 0.08))
    gain_db = draw.uniform(-18, -1)
    noise_db = draw.uniform(-50, -35)
    # Reading the samples `tract` times faster raises formants and pitch and shortens the word:
    # flite is asked for a lower pitch and a longer word, so that only the formants move.
    rate, waveform = synthesise(name.speaker, WORDS[name.digit], stretch * tract, pitch_hz / tract)
    samples = round(len(waveform) * SAMPLE_RATE_HZ / rate / tract)
    waveform = trim(np.asarray(resample(waveform, samples), np.float64))
    waveform = waveform / np.abs(waveform).max()
    waveform = waveform + 10 ** (noise_db / 20) * draw.standard_normal(len(waveform))
    clip: NDArray[np.float32] = np.clip(waveform * 10 ** (gain_db / 20), -1, 1).astype(np.float32)
    return clip


def main() -> int:
    """Make, then write or compare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare with the package file")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if shutil.which("flite") is None:
        _log.error("make_spoken_digits: flite must be installed. Try: apt-get install flite")
        return 1
    names = [
        ClipName(digit, voice, index)
        for digit in range(len(WORDS))
        for voice in sorted(VOICES)
        for index in range(VARIATIONS)
    ]
    content = pack([speak(name) for name in names], names)
    digest = hashlib.sha256(content).hexdigest()
    _log.info("%d clips, %d bytes, SHA-256 %s", len(names), len(content), digest)
    if arguments.check:
        same = PACKAGE_FILE.is_file() and PACKAGE_FILE.read_bytes() == content
        _log.info("the package file is %s", "the same" if same else "another one")
        return 0 if same else 1
    PACKAGE_FILE.write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
