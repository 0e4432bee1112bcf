import hashlib
import json
from pathlib import Path

import pytest

from spikefuse.core.errors import StoreError
from spikefuse.results import manifest


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    contents = {name: name.encode() for name in manifest.REQUIRED}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / manifest.MANIFEST).write_bytes(manifest.compose(contents))
    return tmp_path


def test_sound_folder_has_no_problem(sound: Path) -> None:
    assert manifest.problems(sound, thorough=True) == []


def test_manifest_names_every_file_with_size_and_hash(sound: Path) -> None:
    document = json.loads((sound / manifest.MANIFEST).read_bytes())
    assert set(document["files"]) == set(manifest.REQUIRED)
    assert document["files"]["trial.json"] == {
        "bytes": 10,
        "sha256": hashlib.sha256(b"trial.json").hexdigest(),
    }


@pytest.mark.parametrize("name", manifest.REQUIRED)
def test_changed_content_of_the_same_size_is_found_by_the_thorough_look(
    sound: Path, name: str
) -> None:
    content = (sound / name).read_bytes()
    (sound / name).write_bytes(content[:-1] + b"?")
    assert manifest.problems(sound, thorough=True) == [
        f"{name} does not match the hash in the manifest"
    ]
    quick = manifest.problems(sound, thorough=False)
    assert bool(quick) == (not name.endswith(".safetensors"))


def test_every_missing_or_longer_file_is_named(sound: Path) -> None:
    (sound / manifest.RESULTS).unlink()
    (sound / manifest.WEIGHTS).write_bytes(b"longer than before, certainly")
    assert sorted(manifest.problems(sound, thorough=False)) == [
        "results.json is missing",
        "weights.safetensors has 29 bytes, the manifest says 19",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is damaged"),
        (b"[]", "is damaged"),
        (b'{"format": 1}', "is damaged"),
        (b'{"format": 1, "files": {"trial.json": 3}}', "is damaged"),
        (b'{"format": 1, "files": {"/dev/zero": {"bytes": 0, "sha256": ""}}}', "no file of a"),
        (b'{"format": 1, "files": {"../x": {"bytes": 0, "sha256": ""}}}', "no file of a trial"),
        (b'{"format": 1, "files": {"trial.json": {"bytes": "9", "sha256": ""}}}', "no size and"),
        (b'{"format": 1e999, "files": {}}', "format is a number out of range"),
        (b'{"format": true, "files": {}}', "format True, this version reads"),
        (b'{"format": 0, "files": {}}', "format 0, this version reads"),
        (b'{"files": {}}', "format None, this version reads"),
        (b"[" * 100_000, "nested deeper than 64 levels"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "nested deeper than 64 levels"),
        (b'{"format": 1' + b"0" * 5000 + b"}", "out of range"),
        (b'{"format": 1, "\\ud800": 1}', "no Unicode"),
        (b"\xff\xfe\xff", "is damaged"),
    ],
)
def test_damaged_manifest(sound: Path, content: bytes, message: str) -> None:
    (sound / manifest.MANIFEST).write_bytes(content)
    (problem,) = manifest.problems(sound, thorough=True)
    assert message in problem
    assert manifest.expected_hash(sound, "trial.json") is None


def test_a_newer_format_is_refused_by_name(sound: Path) -> None:
    newer = manifest.FORMAT + 1
    (sound / manifest.MANIFEST).write_text(json.dumps({"format": newer, "files": {}}))
    words = f"got {newer}: a newer spikefuse wrote it. Install that version"
    with pytest.raises(StoreError, match=words):
        manifest.problems(sound, thorough=False)
    with pytest.raises(StoreError, match=words):
        manifest.expected_hash(sound, "trial.json")


def test_missing_manifest(tmp_path: Path) -> None:
    assert manifest.problems(tmp_path, thorough=True) == ["manifest.json is missing"]
