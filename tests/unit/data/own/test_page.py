"""The page about own data says what happens."""

import doctest
from pathlib import Path

import pytest
from own_files import write_array, write_clip, write_image

ROOT = Path(__file__).resolve().parents[4]
PAGE = ROOT / "docs" / "own-data.md"


def test_its_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikefuse.data.own.read.user_cache", lambda: tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    found = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)

    assert found.examples
    assert doctest.DocTestRunner().run(found).failed == 0


def test_its_settings_are_read(tmp_path: Path, read) -> None:
    text = PAGE.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (tmp_path / "data.toml").write_text(text, encoding="utf-8")
    for label in ("a", "b"):
        for speaker in ("ada", "ben", "cy"):
            stem, seed = f"{label}_{speaker}_0", hash_of(label, speaker)
            write_image(tmp_path / "recordings" / "sight" / f"{stem}.png", seed)
            write_clip(tmp_path / "recordings" / "wav" / f"{stem}.wav", seed)
            write_array(tmp_path / "recordings" / "movement" / f"{stem}.npy", seed)
    modalities = read(tmp_path / "data.toml").modalities

    assert modalities["sight"].inputs.shape == (6, 1, 32, 32)
    assert modalities["sound"].settings["rate_hz"] == 16_000
    assert modalities["sound"].settings["length_ms"] == 1_000
    assert modalities["movement"].inputs.shape == (6, 100, 6)


def hash_of(label: str, speaker: str) -> int:
    return 10 * ord(label) + len(speaker) + ord(speaker[0])
