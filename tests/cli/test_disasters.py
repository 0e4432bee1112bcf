"""What goes wrong around a command ends in one true sentence, and the same command goes on.

A full disk, a read-only folder or home, two people at one folder, a newer format, an output that
nobody takes. What a killed driver leaves is tried in tests/long, a lost node with Ray's tests.
"""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from faults import Disk
from typer.testing import CliRunner, Result

from spikefuse.cli import app
from spikefuse.core.errors import SpikefuseError, StoreError
from spikefuse.results import TrialStore, manifest
from spikefuse.results.documents import NewerFormatError
from spikefuse.results.journal import Journal

TRAIN = (
    "train", "--data", "builtin", "--plan", "mlp", "--budget", "20000", "--json",
    "--images", "60", "--test-images", "30", "--batch-size", "20", "--epochs", "2",
)  # fmt: skip
STUDY = (
    "run", "reset", "--profile", "smoke", "--seeds", "1", "--protocols", "disjoint",
    "--data", "builtin", "--executor", "process", "--threads", "1",
)  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]


def call(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit | SpikefuseError)
    return result


def sentence(result: Result) -> str:
    """The one line with which the command ends."""
    assert isinstance(result.exception, SpikefuseError), result.output
    message = str(result.exception)
    assert "\n" not in message
    return message


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """A folder with one network, and what training it said."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    result = call(*TRAIN, "--out", folder)
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)["results"]


def same(found: str, wanted: dict[str, object]) -> bool:
    results = json.loads(found)["results"]
    return {**results, "seconds": 0} == {**wanted, "seconds": 0}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("at", [0, 3, 6])
def test_a_full_disk_is_one_sentence_and_the_same_command_goes_on(
    tmp_path: Path, trained: tuple[Path, dict[str, object]], at: int, code: int
) -> None:
    folder = tmp_path / "run"
    with Disk(folder, ("write",), at, code, lasts=True).installed():
        result = call(*TRAIN, "--out", folder)
    message = sentence(result)
    assert f"must have free space, got: {os.strerror(code)}" in message
    assert message.endswith(
        "Free some space and run the same command again; what is stored is intact."
    )
    again = call(*TRAIN, "--out", folder)
    assert again.exit_code == 0, again.output
    assert same(again.stdout, trained[1])


def test_a_disk_that_fills_in_a_study_fails_its_jobs_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with Disk(folder, ("write",), 9, errno.ENOSPC, lasts=True).installed():
        result = call(*STUDY, "--out", folder)
    assert "must have free space, got: No space left on device" in sentence(result)
    assert "Traceback" not in result.output
    assert TrialStore(folder, read_only=True).verify() == []


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    with Disk(tmp_path, ("mkdir", "open to write"), 0, errno.EROFS, lasts=True).installed():
        result = call(*TRAIN, "--out", tmp_path / "run")
    assert sentence(result) == (
        f"results: {tmp_path / 'run'} must be writable, got: Read-only file system. "
        "Choose another folder or change its permissions."
    )


def test_a_read_only_home_is_done_without(
    tmp_path: Path,
    trained: tuple[Path, dict[str, object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    kinds = ("mkdir", "open to write")
    with Disk(home, kinds, 0, errno.EROFS, lasts=True).installed():
        result = call(*TRAIN, "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert same(result.stdout, trained[1])
    assert list(home.iterdir()) == []


def newer(folder: Path) -> Path:
    """Makes the folder's trial one of a format to come."""
    (path,) = (folder / "trials").glob(f"*/{manifest.MANIFEST}")
    document = json.loads(path.read_bytes())
    path.write_text(json.dumps(document | {"format": manifest.FORMAT + 1}))
    return path


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--modality", "audio", "--protocol", "speaker", "--held-out-speaker", "nobody"), "kal"),
        (("--spike-penalty", "1", "--products", "events"), "auto or dense with a spike penalty"),
        (("--images", "99999999"), "images"),
    ],
)
def test_what_only_the_data_can_refuse_leaves_no_folder(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    train = ("train", "--data", "builtin", "--epochs", "1", *options)
    assert words in sentence(call(*train, "--out", tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["train", "show", "verify", "merge", "evaluate"])
def test_a_newer_format_is_one_sentence_and_stays(
    tmp_path: Path, trained: tuple[Path, dict[str, object]], command: str
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(trained[0], folder)
    path = newer(folder)
    before = path.read_bytes()
    words = {
        "train": (*TRAIN, "--out", folder),
        "show": ("show", folder),
        "verify": ("verify", folder),
        "merge": ("merge", folder, "--out", tmp_path / "whole"),
        "evaluate": ("evaluate", path.parent, "--noise-std", "0.1"),
    }[command]
    result = call(*words)
    told = (
        f"results: {path} must have a format up to {manifest.FORMAT}, got {manifest.FORMAT + 1}: a "
        "newer spikefuse wrote it. Install that version, or choose another results folder."
    )
    if command == "verify":
        assert result.exit_code == 1
        assert told in result.output
    else:
        assert isinstance(result.exception, NewerFormatError)
        assert sentence(result) == told
    assert path.read_bytes() == before


def test_two_people_train_one_network(
    tmp_path: Path, trained: tuple[Path, dict[str, object]]
) -> None:
    program = [sys.executable, "-c", "from spikefuse.cli import main; main()"]
    both = [
        subprocess.Popen(
            [*program, *TRAIN, "--out", str(tmp_path / "run")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for running in both:
        output, errors = running.communicate(timeout=300)
        assert running.returncode == 0, errors
        assert same(output, trained[1])
    assert TrialStore(tmp_path / "run", read_only=True).verify() == []


def test_who_comes_to_a_folder_in_use_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    TrialStore(folder)
    monkeypatch.setattr("spikefuse.results.journal.os.getpid", os.getppid)
    Journal(folder).started("snn image S", ["0" * 16])
    monkeypatch.undo()
    monkeypatch.setattr("spikefuse.cli.workflow.write_results", _stop)
    result = CliRunner().invoke(app, [*STUDY, "--out", str(folder)])
    assert isinstance(result.exception, StoreError)
    (told,) = [line for line in result.output.splitlines() if line.startswith("beside")]
    assert f"process {os.getppid()} has been at work in this folder since" in told
    assert told.endswith(
        "A network that both train is stored once; spikefuse status says who does what."
    )


def _stop(*_: object) -> None:
    raise StoreError("far enough")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_output_that_is_full_is_one_line() -> None:
    program = [sys.executable, "-m", "spikefuse", "show", "docs/results/quick", "--figure", "3"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            program, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == (
        "spikefuse: the system must allow what the command does, got: No space left on device. "
        "Run the same command again once it does.\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_reader_that_goes_is_no_error_text() -> None:
    program = [sys.executable, "-m", "spikefuse", "show", "docs/results/quick"]
    running = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    assert running.stderr.read() == b""
    assert running.wait(120) == 1


def test_a_folder_of_another_precision_says_so_before_it_trains_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    assert call(*STUDY, "--precision", "float32", "--out", folder).exit_code == 0
    networks = len(list(TrialStore(folder, read_only=True)))
    for words in (("plan", *STUDY[1:-4]), STUDY):
        monkeypatch.setattr("spikefuse.cli.workflow.execute", _stop)
        result = CliRunner().invoke(
            app, [*words, "--precision", "bf16", "--out", str(folder)], env={"COLUMNS": "400"}
        )
        (told,) = [line for line in result.output.splitlines() if line.startswith("stored")]
        assert told == (
            f"stored   {networks} of these networks are stored here in float32 and would train "
            "again in bf16. --precision float32 takes those that are there."
        )
    same_again = call("plan", *STUDY[1:-4], "--precision", "float32", "--out", folder)
    assert "would train again" not in same_again.output
