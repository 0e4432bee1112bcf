"""A trial's state is read once while its files stay as they are, and again when one changes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from spikefuse.core.errors import StoreError
from spikefuse.results import TrialStore, manifest, marks

TENSORS = {"weight": torch.zeros(3)}


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Folders that are looked at."""
    found: list[str] = []
    look = manifest.look

    def counted(folder: Path, hashed: object) -> manifest.Look:
        found.append(folder.name)
        return look(folder, hashed)  # type: ignore[arg-type]

    monkeypatch.setattr(manifest, "look", counted)
    return found


def finished(store: TrialStore) -> Path:
    folder = store.open({"seed": 1})
    folder.append_metrics({"epoch": 1, "train_loss": 0.5})
    folder.finish({"status": "done"}, TENSORS, TENSORS, {})
    return folder.path


def settled(monkeypatch: pytest.MonkeyPatch, *, is_settled: bool) -> None:
    monkeypatch.setattr(marks, "_SETTLED_NS", (-1 if is_settled else 1) * 10**10)


def test_a_state_is_read_once(
    tmp_path: Path, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(monkeypatch, is_settled=True)
    store = TrialStore(tmp_path)
    path = finished(store)
    looks.clear()
    for _ in range(5):
        assert store.state(path.name) == "done"
        assert store.folder(path.name).weights().keys() == {"weight"}
    assert looks == [path.name]


def test_what_changed_a_moment_ago_is_read_again(
    tmp_path: Path, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(monkeypatch, is_settled=False)
    store = TrialStore(tmp_path)
    path = finished(store)
    looks.clear()
    assert [store.state(path.name) for _ in range(3)] == ["done"] * 3
    assert looks == [path.name] * 3


def flip(path: Path) -> None:
    """Another content of the same size, at the same times."""
    at, content = path.stat(), path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(path, ns=(at.st_atime_ns, at.st_mtime_ns))


@pytest.mark.parametrize("name", [manifest.RESULTS, manifest.METRICS])
@pytest.mark.parametrize("change", [flip, Path.unlink])
def test_a_change_is_seen(
    tmp_path: Path, name: str, change: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(monkeypatch, is_settled=True)
    store = TrialStore(tmp_path)
    path = finished(store)
    assert store.state(path.name) == "done"
    change(path / name)
    assert store.state(path.name) == "partial"


def test_a_known_state_forgives_no_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(monkeypatch, is_settled=True)
    store = TrialStore(tmp_path)
    path = finished(store)
    assert store.state(path.name) == "done"
    flip(path / manifest.WEIGHTS)
    with pytest.raises(StoreError, match="does not match the hash in the manifest"):
        store.folder(path.name).weights()


def test_what_changes_while_it_is_looked_at_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clocks of files are coarse: what changed just before the marks were taken may change again
    and bear the same. How long reading takes then does not matter."""
    store = TrialStore(tmp_path)
    path = finished(store)
    changed = marks.marked(path)[1]
    assert not marks.is_settled(changed, changed + marks._SETTLED_NS)
    assert marks.is_settled(changed, changed + marks._SETTLED_NS + 1)
    asked = iter((changed, changed + 10**12))
    monkeypatch.setattr(marks.time, "time_ns", lambda: next(asked))
    states = marks.States()
    reads: list[str] = []

    def slow() -> str:
        reads.append("read")
        return "done"

    assert [states.of(path, slow) for _ in range(2)] == ["done", "done"]
    assert len(reads) == 2


def test_a_plain_file_in_place_of_evaluations_has_no_marks(tmp_path: Path) -> None:
    path = finished(TrialStore(tmp_path))
    assert marks.marked(path)[0]
    (path / "evaluations").write_text("x")
    assert marks.marked(path) == ("", 0)
    assert marks.marked(path, evaluations=False)[0]


def test_times_that_only_the_system_sets_count(tmp_path: Path) -> None:
    path = finished(TrialStore(tmp_path))
    before = marks.marked(path)
    flip(path / manifest.RESULTS)
    after = marks.marked(path)
    assert before[0] != after[0]
    assert after[1] > before[1]
