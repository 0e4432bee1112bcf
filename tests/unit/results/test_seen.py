"""What was seen of trials is taken again only while no file has changed."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from spikefuse.results import TrialStore, manifest, marks, seen
from spikefuse.results.seen import Seen, Sight
from spikefuse.results.store import TrialStore as Store

NOISE = {"std": 0.1}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few trials are noted, and those of this moment too."""
    monkeypatch.setattr(seen, "WORTH", 1)
    monkeypatch.setattr(marks, "_SETTLED_NS", -(10**10))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Trials that are read."""
    read: list[str] = []
    state = Store.state

    def counted(self: TrialStore, trial: str) -> str:
        read.append(trial)
        return state(self, trial)

    monkeypatch.setattr(Store, "state", counted)
    return read


def finished(store: TrialStore, seed: int = 0, status: str = "done") -> Path:
    tensors = {"weight": torch.zeros(1)}
    folder = store.open({"seed": seed})
    folder.append_metrics({"epoch": 1, "train_loss": 0.5})
    folder.finish({"status": status, "seconds": 1.5}, tensors, tensors, {})
    folder.write_evaluation(NOISE, {"accuracy": [0.5]})
    return folder.path


def noted(store: TrialStore) -> None:
    look = Seen(store)
    for name in store:
        look.look(name)
    look.keep()


def test_what_was_seen_is_not_read_again(store: TrialStore, reads: list[str]) -> None:
    path = finished(store)
    diverged = finished(store, 1, "diverged")
    noted(store)
    reads.clear()
    evaluation = next((path / "evaluations").iterdir()).stem
    again = Seen(store)
    assert again.look(path.name) == Sight("done", frozenset({evaluation}))
    assert again.look(diverged.name).state == "diverged"
    assert reads == []


def _flip(path: Path) -> None:
    content = path.read_bytes()
    at = os.stat(path)
    path.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    os.utime(path, ns=(at.st_atime_ns, at.st_mtime_ns))  # its inner clock tells nevertheless


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte of the results": (lambda at: _flip(at / manifest.RESULTS), "partial"),
    "a byte of the epochs": (lambda at: _flip(at / manifest.METRICS), "partial"),
    "weights that are gone": (lambda at: (at / manifest.WEIGHTS).unlink(), "partial"),
    "weights cut short": (lambda at: os.truncate(at / manifest.WEIGHTS, 9), "partial"),
    "a manifest that is gone": (lambda at: (at / manifest.MANIFEST).unlink(), "partial"),
    "a folder that is gone": (shutil.rmtree, "missing"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_read_again(store: TrialStore, reads: list[str], change: str) -> None:
    path = finished(store)
    noted(store)
    reads.clear()
    alter, state = CHANGES[change]
    alter(path)
    assert Seen(store).look(path.name).state == state
    assert reads == [path.name]


@pytest.mark.parametrize("kind", ["damaged", "gone", "new"])
def test_evaluations_are_looked_at_too(store: TrialStore, kind: str) -> None:
    path = finished(store)
    noted(store)
    (file,) = (path / "evaluations").iterdir()
    if kind == "damaged":
        file.write_bytes(b"{}")
    elif kind == "gone":
        file.unlink()
    else:
        store.folder(path.name).write_evaluation({"std": 0.2}, {"accuracy": [0.25]})
    count = {"damaged": 0, "gone": 0, "new": 2}[kind]
    assert len(Seen(store).look(path.name).evaluations) == count


def test_a_folder_copied_over_another_is_read(store: TrialStore, reads: list[str]) -> None:
    one, other = finished(store), finished(store, 1)
    noted(store)
    shutil.rmtree(one)
    shutil.copytree(other, one)
    with pytest.raises(Exception, match="must hold the trial that it is named by"):
        Seen(store).look(one.name)


def test_what_changed_a_moment_ago_is_not_noted(
    store: TrialStore, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "_SETTLED_NS", 10**10)
    path = finished(store)
    noted(store)
    reads.clear()
    Seen(store).look(path.name)
    assert reads == [path.name]


def test_few_trials_are_not_noted(store: TrialStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "WORTH", 2)
    finished(store)
    noted(store)
    assert not (store.root / "journal" / seen.SEEN).exists()


@pytest.mark.parametrize("damage", [b"", b"x", b"spikefuse seen 2 ", b"\xff" * 90])
def test_a_damaged_note_says_nothing(store: TrialStore, damage: bytes, reads: list[str]) -> None:
    path = finished(store)
    noted(store)
    note = store.root / "journal" / seen.SEEN
    note.write_bytes(damage + note.read_bytes()[len(damage) :] if damage else b"")
    reads.clear()
    assert Seen(store).look(path.name).state == "done"
    assert reads == [path.name]


def test_a_line_of_the_note_that_was_changed_says_nothing(store: TrialStore) -> None:
    path = finished(store)
    noted(store)
    note = store.root / "journal" / seen.SEEN
    note.write_bytes(note.read_bytes().replace(b" done ", b" diverged "))
    assert Seen(store).look(path.name).state == "done"


def test_what_cannot_be_noted_is_no_error(store: TrialStore) -> None:
    finished(store)
    (store.root / "journal").write_text("a file in its place")
    noted(store)


@pytest.mark.parametrize("body", [b"\xff done", b"one", b"{name} {mark} nonsense"])
def test_a_sealed_note_of_something_else_says_nothing(store: TrialStore, body: bytes) -> None:
    path = finished(store)
    mark, _ = marks.marked(path)
    body = body.replace(b"{name}", path.name.encode()).replace(b"{mark}", mark.encode())
    note = store.root / "journal" / seen.SEEN
    note.parent.mkdir(exist_ok=True)
    note.write_bytes(f"spikefuse seen 1 {manifest.digest(body)}\n".encode() + body)
    assert Seen(store).look(path.name).state == "done"
