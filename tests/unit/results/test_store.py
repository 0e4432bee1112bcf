import errno
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from spikefuse.core.errors import InputError, StoreError
from spikefuse.results import TrialStore, definition_hash, manifest

Finish = Callable[..., None]


def test_open_names_the_folder_by_the_definition(
    store: TrialStore, definition: dict[str, Any]
) -> None:
    folder = store.open(definition)
    assert folder.path == store.root / "trials" / definition_hash(definition)
    assert folder.definition() == definition
    assert store.open(dict(reversed(definition.items()))).path == folder.path


def test_open_refuses_a_folder_of_another_definition(
    store: TrialStore, definition: dict[str, Any]
) -> None:
    path = store.open(definition).path / "trial.json"
    path.write_text(path.read_text().replace('"seed": 3', '"seed": 4'))
    with pytest.raises(StoreError, match=r"must hold the trial that it is named by, got trial"):
        store.open(definition)
    path.write_text("{")
    with pytest.raises(StoreError, match=r"trial.json must be a JSON file, got damaged text"):
        store.open(definition)


def test_open_finds_the_type_of_a_number_different(store: TrialStore) -> None:
    assert store.open({"leak": 1}).path != store.open({"leak": 1.0}).path


def test_definition_must_be_json(store: TrialStore) -> None:
    with pytest.raises(InputError, match="a must be what JSON can hold"):
        store.open({"a": Path("x")})
    assert list(store) == []


def test_iteration_gives_stored_names_in_order(store: TrialStore) -> None:
    names = sorted(store.open({"seed": seed}).trial for seed in range(5))
    (store.root / "trials" / "notes").mkdir()
    (store.root / "trials" / ("0" * 16)).mkdir()
    assert list(store) == names


def test_unknown_trials(store: TrialStore) -> None:
    assert store.state("0123456789abcdef") == "missing"
    for read in (store.read, store.folder):
        with pytest.raises(StoreError, match="must be one that is stored in"):
            read("0123456789abcdef")
    with pytest.raises(InputError, match=r"trial must be 16 hexadecimal digits, got '\.\./\.\./x'"):
        store.state("../../x")


@pytest.mark.parametrize("place", ["", "trials"])
def test_file_in_the_place_of_the_folder(tmp_path: Path, place: str) -> None:
    root = tmp_path / "results"
    if place:
        root.mkdir()
    (root / place).write_bytes(b"")
    told = r"results: .* got a file in the place of one|out must be a folder, got .*results, which"
    with pytest.raises((InputError, StoreError), match=told) as caught:
        TrialStore(root)
    assert "\n" not in str(caught.value)


@pytest.fixture
def frozen_disk(tmp_path: Path) -> Any:
    """A results folder on a file system that is mounted read-only."""
    path = tmp_path / "frozen"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a file system")
    try:
        TrialStore(path).open({"seed": 1})
        subprocess.run(["mount", "-o", "remount,ro", str(path)], check=True)
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_read_only_disk(frozen_disk: Path) -> None:
    with pytest.raises(StoreError, match="must be writable, got: Read-only file system") as caught:
        TrialStore(frozen_disk)
    assert "\n" not in str(caught.value)
    reader = TrialStore(frozen_disk, read_only=True)
    assert [reader.read(trial).definition for trial in reader] == [{"seed": 1}]


def test_read_only_store_must_exist_and_is_not_touched(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere must be an existing results folder"):
        TrialStore(tmp_path / "nowhere", read_only=True)
    store = TrialStore(tmp_path, read_only=True)
    assert list(store) == []
    assert list(tmp_path.iterdir()) == []


def test_verify_finds_nothing_in_a_sound_store(store: TrialStore, finish: Finish) -> None:
    finish(store.open({"seed": 1}))
    finish(store.open({"seed": 2}), "diverged")
    store.open({"seed": 3})
    store.open({"seed": 1}).write_evaluation({"noise_std": 1.0}, {"accuracy": 0.5})
    assert store.verify() == []


def test_verify_names_every_problem(store: TrialStore, finish: Finish) -> None:
    folders = [store.open({"seed": seed}) for seed in range(6)]
    for folder in folders[:5]:
        finish(folder)
    edits = {
        0: "weights.safetensors",
        1: "predictions.safetensors",
        2: "metrics.jsonl",
        3: "results.json",
    }
    for index, name in edits.items():
        path = folders[index].path / name
        content = path.read_bytes()
        path.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    folders[4].write_evaluation({"noise_std": 1.0}, {"accuracy": 0.5})
    (evaluation,) = (folders[4].path / "evaluations").iterdir()
    evaluation.write_text(evaluation.read_text().replace("0.5", "0.9"))
    (folders[5].path / "trial.json").write_text('{"seed": 7}\n')
    expected = {
        folders[index].trial: f"{name} does not match the hash in the manifest"
        for index, name in edits.items()
    }
    expected[folders[4].trial] = (
        f"evaluations/{evaluation.name} does not match the hash that it carries"
    )
    expected[folders[5].trial] = (
        f"results: {folders[5].path} must hold the trial that it is named by, got trial "
        f"{definition_hash({'seed': 7})}. Move this folder away and run the same command again; "
        "'spikefuse verify RUN' names every such folder."
    )
    assert store.verify() == [f"{trial}: {expected[trial]}" for trial in sorted(expected)]


def test_reading_needs_no_torch(store: TrialStore, finish: Finish) -> None:
    """Tables in the terminal must not wait for an import of more than a second."""
    finish(store.open({"seed": 1}))
    program = (
        "import sys; from pathlib import Path; from spikefuse.results import TrialStore\n"
        "store = TrialStore(Path(sys.argv[1]), read_only=True)\n"
        "print([store.read(trial).state for trial in store], 'torch' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[3] / "src"
    output = subprocess.run(
        [sys.executable, "-c", program, str(store.root)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(root)},
    ).stdout
    assert output.strip() == "['done'] False"


def test_a_trial_says_how_its_name_was_made(store: TrialStore, definition: dict[str, Any]) -> None:
    folder = store.open(definition)
    assert json.loads((folder.path / "trial.json").read_bytes()) == {"format": 2, **definition}
    assert folder.definition() == definition


def test_a_folder_without_a_format_is_of_the_first(
    store: TrialStore, definition: dict[str, Any]
) -> None:
    path = store.open(definition).path / "trial.json"
    path.write_text(json.dumps(definition), encoding="utf-8")
    assert store.open(definition).definition() == definition
    assert store.verify() == []


@pytest.mark.parametrize("number", [0, 3, 99, "2", None, 1.0, True])
def test_a_later_format_is_refused(
    store: TrialStore, definition: dict[str, Any], number: Any
) -> None:
    folder = store.open(definition)
    (folder.path / "trial.json").write_text(json.dumps({"format": number} | definition))
    with pytest.raises(StoreError, match=r"must have a format (up|from 1) to 2, got"):
        folder.definition()


def test_format_is_no_setting(store: TrialStore) -> None:
    with pytest.raises(InputError, match="must not have a field 'format'"):
        store.open({"format": 2})


def test_a_trial_in_the_hands_of_another_process_is_waited_for(
    store: TrialStore, definition: dict[str, Any], finish: Finish
) -> None:
    """While two processes finish one trial, its files are a mixture for a moment."""
    folder = store.open(definition)
    finish(folder)
    path = folder.path / "results.json"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"0.5", b"0.6"))
    assert store.state(folder.trial) == "partial"
    thread = threading.Timer(0.3, path.write_bytes, [content])
    thread.start()
    assert store.read_final(folder.trial).results["accuracy"] == {"test_best": 0.5}
    thread.join()


@pytest.mark.parametrize("fault", ["read", "missing", "unfinished"])
def test_a_trial_that_is_not_there_is_no_empty_record(
    store: TrialStore,
    definition: dict[str, Any],
    finish: Finish,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = store.open(definition)
    words = "is partial"
    if fault == "missing":
        shutil.rmtree(folder.path)
        words = "is missing"
    elif fault == "read":
        finish(folder)
        read = manifest.read_regular

        def broken(path: Path, most: int) -> bytes:
            if str(path).endswith("results.json"):
                raise OSError(errno.EIO, "Input/output error")
            return read(path, most)

        monkeypatch.setattr(manifest, "read_regular", broken)
        words = ""
    told = rf"must be a finished trial, got one that {words}"
    if fault == "read":
        told = r"results\.json must be a readable file, got: Input/output error"
    with pytest.raises(StoreError, match=told):
        store.read_final(folder.trial, patience_s=0.0)
    if fault == "read":
        monkeypatch.setattr(TrialStore, "read_final", partial(store.read_final, patience_s=0.0))
        with pytest.raises(StoreError, match=told):
            store.read_if_finished(folder.trial)
    else:
        assert store.read_if_finished(folder.trial) is None
