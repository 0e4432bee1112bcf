"""A results folder that somebody sent: every reader ends, with a reason, whatever lies in it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spikefuse.core import formats
from spikefuse.core.errors import StoreError
from spikefuse.results import TrialFolder, TrialStore, manifest, read_tidy
from spikefuse.results.atomic import write_file

Finish = Callable[..., None]
DOCUMENTS = ["trial.json", "results.json", "provenance.json", "metrics.jsonl", "manifest.json"]
TENSORS = ["weights.safetensors", "predictions.safetensors"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="devices and pipes of POSIX")


@pytest.fixture
def done(store: TrialStore, finish: Finish) -> TrialFolder:
    folder = store.open({"seed": 1})
    finish(folder)
    return folder


def outcome_of(read: Callable[[], object]) -> str:
    """What a reader answers, or the one line with which it refuses."""
    try:
        return str(read())
    except StoreError as error:
        lines = str(error).splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.fixture(params=["/dev/zero", "pipe", "folder", "loop"])
def replaced(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Puts something that is no regular file in the place of a file."""

    def _replace(path: Path) -> None:
        path.unlink()
        if request.param == "pipe":
            os.mkfifo(path)
        elif request.param == "folder":
            path.mkdir()
        else:
            path.symlink_to(path.name if request.param == "loop" else request.param)

    return _replace


@pytest.mark.parametrize("name", DOCUMENTS + TENSORS)
def test_no_reader_waits_for_a_device(
    store: TrialStore, done: TrialFolder, replaced: Callable[[Path], None], name: str
) -> None:
    replaced(done.path / name)
    fresh = TrialFolder(done.path)
    for read in (fresh.state, fresh.record, fresh.weights, fresh.predictions):
        outcome_of(read)
    problems = "\n".join(store.verify())
    assert name in problems or name in ("trial.json", "manifest.json")


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/stdin", "../../../other", "trial.json/."])
def test_a_manifest_leads_nowhere_else(done: TrialFolder, store: TrialStore, target: str) -> None:
    path = done.path / "manifest.json"
    document = json.loads(path.read_bytes())
    document["files"][target] = {"bytes": 0, "sha256": manifest.digest(b"")}
    path.write_text(json.dumps(document))
    assert done.state() == "partial"
    (problem,) = store.verify()
    assert "which is no file of a trial" in problem


def test_a_sparse_file_is_not_read(done: TrialFolder) -> None:
    with (done.path / "results.json").open("r+b") as file:
        file.truncate(2**40)
    path = done.path / "manifest.json"
    document = json.loads(path.read_bytes())
    document["files"]["results.json"]["bytes"] = 2**40
    path.write_text(json.dumps(document))
    assert done.state() == "partial"


BAD = {
    "deep": b"[" * 200_000,
    "deep mapping": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "infinite": b'{"seed": 1e999}',
    "no number": b'{"seed": NaN}',
    "huge": b'{"seed": ' + b"9" * 4_000 + b"}",
    "longer than any": b'{"seed": ' + b"9" * 100_000 + b"}",
    "surrogate": b'{"seed": "\\ud800"}',
    "surrogate key": b'{"\\udfff": 1}',
    "other text": b"\x80\x81",
    "list": b"[1]",
    "null": b"null",
    "empty": b"",
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_json_escapes(store: TrialStore, done: TrialFolder, name: str, content: bytes) -> None:
    (done.path / name).write_bytes(content)
    if name != "manifest.json":  # and with a manifest that fits
        files = {each.name: each.read_bytes() for each in done.path.iterdir() if each.is_file()}
        del files["manifest.json"]
        (done.path / "manifest.json").write_bytes(manifest.compose(files))
    for read in (done.state, done.record):
        outcome_of(read)
    assert store.verify() != [] or name in ("metrics.jsonl", "provenance.json")


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_no_evaluation_escapes(store: TrialStore, done: TrialFolder, content: bytes) -> None:
    done.write_evaluation({"noise_std": 1.0}, {"accuracy": 0.5})
    (path,) = (done.path / "evaluations").iterdir()
    path.write_bytes(content)
    assert done.evaluation({"noise_std": 1.0}) is None
    assert done.record().evaluations == {}
    assert len(store.verify()) == 1


@pytest.mark.parametrize("write", [True, False])
def test_a_newer_format_is_neither_used_nor_trained_again(
    store: TrialStore, done: TrialFolder, finish: Finish, write: bool
) -> None:
    path = done.path / "manifest.json"
    document = json.loads(path.read_bytes())
    document["format"] = manifest.FORMAT + 1
    if write:  # whatever else is new about it
        document = {"format": manifest.FORMAT + 1, "contents": ["trial.json"]}
    path.write_text(json.dumps(document))
    before = {each.name: each.read_bytes() for each in done.path.iterdir()}
    for use in (
        lambda: store.state(done.trial),
        lambda: store.read(done.trial),
        lambda: finish(TrialFolder(done.path)),
        lambda: TrialFolder(done.path).write_checkpoint({}, {}),
        lambda: TrialFolder(done.path).weights(),
    ):
        with pytest.raises(StoreError, match=r"a newer spikefuse wrote it\. Install that version"):
            use()
    assert {each.name: each.read_bytes() for each in done.path.iterdir()} == before
    assert "a newer spikefuse wrote it" in "".join(store.verify())


def test_a_newer_definition_is_refused_by_its_format(store: TrialStore) -> None:
    path = store.open({"seed": 1}).path / "trial.json"
    path.write_text(json.dumps({"format": formats.FORMAT + 1, "trial": {"seed": 1}}))
    with pytest.raises(StoreError, match="a newer spikefuse wrote it"):
        store.state(path.parent.name)


@pytest.fixture
def as_nobody(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Gives up root's right to read everything, once the folders are made."""
    for parent in tmp_path.parents[:3]:
        mode = parent.stat().st_mode
        if not mode & 0o001 and os.geteuid() == 0 and parent.is_relative_to("/tmp/"):
            parent.chmod(mode | 0o011)
    tmp_path.chmod(0o755)
    is_root = os.geteuid() == 0
    yield lambda: os.seteuid(65534) if is_root else None
    if is_root:
        os.seteuid(0)


@pytest.mark.parametrize("closed", ["trials", "trial"])
def test_a_folder_that_may_not_be_entered(
    store: TrialStore, done: TrialFolder, closed: str, as_nobody: Callable[[], None]
) -> None:
    path = store.trials if closed == "trials" else done.path
    path.chmod(0)
    as_nobody()
    try:
        for read in (lambda: store.state(done.trial), lambda: store.read(done.trial)):
            with pytest.raises(StoreError, match="must be a readable folder, got: Permission"):
                read()
        if closed == "trial":
            assert "Permission denied" in "".join(store.verify())
        else:
            with pytest.raises(StoreError, match="must be a readable folder"):
                list(store)
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        path.chmod(0o755)


def test_a_table_that_is_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "results.csv")
    with pytest.raises(StoreError, match="no regular file"):
        read_tidy(tmp_path / "results.csv")


def test_a_folder_that_was_removed_is_not_called_intact(done: TrialFolder) -> None:
    shutil.rmtree(done.path)
    with pytest.raises(StoreError, match="somebody removed or moved it") as caught:
        write_file(done.path / "results.json", b"{}", "results")
    assert "intact" not in str(caught.value)


def test_reading_untrusted_files_is_quick(done: TrialFolder) -> None:
    """In a process of its own with little memory, as a hang or a flood would show there."""
    (done.path / "weights.safetensors").unlink()
    (done.path / "weights.safetensors").symlink_to("/dev/zero")
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))\n"
        "from pathlib import Path; from spikefuse.results import TrialStore\n"
        "print(TrialStore(Path(sys.argv[1]), read_only=True).verify())"
    )
    root = done.path.parent.parent
    command = [sys.executable, "-c", program, str(root)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    assert "weights.safetensors cannot be read (it is no regular file" in output.stdout
