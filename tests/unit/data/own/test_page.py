"""The page about own data says what happens."""

import doctest
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from own_files import class_folders, snapshot, write_array, write_clip, write_image

from spikefuse.cli import main
from spikefuse.studies.profiles import SIZES

ROOT = Path(__file__).resolve().parents[4]
PAGE = ROOT / "docs" / "own-data.md"


def test_its_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikefuse.data.own.read.user_cache", lambda: tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    found = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)

    assert found.examples
    assert doctest.DocTestRunner().run(found).failed == 0


def test_its_commands_lead_from_two_folders_to_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command of the page, as it stands there but for the effort."""
    lines = PAGE.read_text(encoding="utf-8").split("```sh\n")[1].split("```")[0].splitlines()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(SIZES, "S", 60_000)
    monkeypatch.chdir(tmp_path)
    class_folders(tmp_path / "animals")
    before = snapshot(tmp_path / "animals")
    codes = {}
    for line in lines:
        words = shlex.split(line)
        least = ["--profile", "smoke", "--seeds", "1", "--executor", "process"]
        monkeypatch.setattr("sys.argv", [*words, *(least if words[1] == "ask" else [])])
        with pytest.raises(SystemExit) as ended:
            main()
        codes[" ".join(words[1:])] = ended.value.code or 0
    answer = json.loads((tmp_path / "runs" / "ask-own-animals" / "answer.json").read_text())

    assert codes == {"data verify animals": 0, "data show animals": 0, "ask animals": 4}
    assert answer["answer"] == "open"
    assert (tmp_path / "samples.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "runs" / "ask-own-animals" / "report.html").is_file()
    assert snapshot(tmp_path / "animals") == before


def test_its_settings_are_read(tmp_path: Path, read) -> None:
    text = PAGE.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (tmp_path / "data.toml").write_text(text, encoding="utf-8")
    for label in ("a", "b"):
        for speaker in ("ada", "ben", "cy"):
            stem, seed = f"{label}_{speaker}_0", hash_of(label, speaker)
            write_image(tmp_path / "recordings" / "sight" / f"{stem}.png", seed)
            write_clip(tmp_path / "recordings" / "wav" / f"{stem}.wav", seed)
            write_array(tmp_path / "recordings" / "movement" / f"{stem}.npy", seed)
            write_events(tmp_path / "recordings" / "camera" / f"{stem}.npy", seed)
    modalities = read(tmp_path / "data.toml").modalities

    assert modalities["sight"].inputs.shape == (6, 1, 32, 32)
    assert modalities["sound"].settings["rate_hz"] == 16_000
    assert modalities["sound"].settings["length_ms"] == 1_000
    assert modalities["movement"].inputs.shape == (6, 100, 6)
    assert modalities["camera"].settings["bins"] == 16
    assert modalities["camera"].inputs.shape[-1] == 16


def write_events(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    events = np.zeros(50, [("x", "<u2"), ("y", "<u2"), ("t", "<u4"), ("p", "u1")])
    events["x"], events["y"] = generator.integers(34, size=(2, 50))
    events["t"] = np.sort(generator.integers(300_000, size=50))
    events["p"] = generator.integers(2, size=50)
    np.save(path, events)


def hash_of(label: str, speaker: str) -> int:
    return 10 * ord(label) + len(speaker) + ord(speaker[0])
