"""A job array whose tasks work in folders of their own ends like one command: status, merge, retry.

The scheduler is pretended by the variables that it sets.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spikefuse.cli import app, workflow
from spikefuse.core.errors import InputError, SpikefuseError
from spikefuse.planning import work
from spikefuse.results import TrialStore
from spikefuse.results.journal import Journal

STUDY = (
    "run", "reset", "--profile", "smoke", "--seeds", "1", "--protocols", "disjoint",
    "--data", "builtin", "--executor", "process", "--threads", "1",
)  # fmt: skip
TASKS = 2
ROOT = Path(__file__).resolve().parents[2]


def call(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit | SpikefuseError)
    return result


def as_task(patch: pytest.MonkeyPatch, task: int, end: float | None = None) -> None:
    patch.setenv("SLURM_ARRAY_TASK_ID", str(task))
    patch.setenv("SLURM_ARRAY_TASK_MIN", "1")
    patch.setenv("SLURM_ARRAY_TASK_MAX", str(TASKS))
    if end is not None:
        patch.setenv("SLURM_JOB_END_TIME", str(int(end)))


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The folders of an array's tasks, each done with its share."""
    root = tmp_path_factory.mktemp("array")
    folders = [root / str(task) for task in range(1, TASKS + 1)]
    for task, folder in enumerate(folders, start=1):
        with pytest.MonkeyPatch.context() as patch:
            as_task(patch, task, time.time() + 3600)
            options = ("--shard", "auto", "--time-limit", "auto", "--out", str(folder))
            result = CliRunner().invoke(app, [*STUDY, *options])
            assert result.exit_code == 0, result.output
    return folders


def test_tasks_share_the_work_and_status_says_how_far_it_is(tasks: list[Path]) -> None:
    records = []
    for folder in tasks:
        result = call("status", folder, "--json")
        assert result.exit_code == 75
        records.append(json.loads(result.stdout))
    planned = [sum(record["networks"].values()) for record in records]
    done = [record["networks"]["done"] for record in records]
    assert planned[0] == planned[1] == sum(done)
    assert min(done) > 0
    assert all(record["seconds_left"] > 0 for record in records)
    shown = call("status", tasks[0]).stdout
    assert f"{planned[0]} planned: {done[0]} done, {planned[0] - done[0]} waiting" in shown


def test_merged_folders_are_complete_and_nothing_is_trained_again(
    tasks: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole"
    result = call("merge", *tasks, "--out", whole)
    assert result.exit_code == 0, result.output
    names = sorted(name for folder in tasks for name in TrialStore(folder, read_only=True))
    assert sorted(TrialStore(whole)) == names

    def fail(*_: object) -> None:
        raise AssertionError("something is trained again")

    monkeypatch.setattr(work, "train_population", fail)
    result = call(*STUDY, "--out", whole)
    assert result.exit_code == 0, result.output
    assert (whole / "results.csv").is_file()
    assert call("status", whole).exit_code == 0
    assert call("verify", whole).exit_code == 0


def test_a_conflict_is_one_line_and_exit_1(tasks: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tasks[0], copy)
    trial = TrialStore(copy).folder(next(iter(TrialStore(copy))))
    victim = trial.path / "weights.safetensors"
    victim.write_bytes(victim.read_bytes()[:-1])
    result = call("merge", tasks[0], copy, "--out", tmp_path / "whole")
    assert result.exit_code == 1
    assert "nothing was merged, 1 conflicts" in result.stdout
    assert not (tmp_path / "whole").exists()
    refused = call("merge", tasks[0], "--out", tasks[0] / "x")
    assert isinstance(refused.exception, InputError)
    assert "must be outside of" in str(refused.exception)
    assert not (tasks[0] / "trials" / "x").exists()


def test_what_failed_is_told_and_tried_again_alone(
    tasks: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "failing"
    train, calls = work.train_population, []

    def fail_once(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if len(calls) == 1:
            raise MemoryError("no memory for 1 TB")
        return train(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "train_population", fail_once)
    as_task(monkeypatch, 1)
    mine = (*STUDY, "--shard", "auto", "--out", str(folder))
    assert call(*mine).exit_code == workflow.INCOMPLETE
    shown = call("status", folder)
    assert shown.exit_code == 1
    assert "failed" in shown.stdout
    assert "no memory for 1 TB" in shown.stdout
    failed = Journal(folder).failures()
    assert failed
    calls.append(())
    before = len(calls)
    assert call(*mine, "--retry-failed").exit_code == 0
    assert len(calls) == before + 1
    assert Journal(folder).failures() == {}
    assert call("status", folder).exit_code == 75
    again = call(*mine, "--retry-failed")
    assert "Nothing has failed" in again.stdout


def script_of_the_page(folder: Path) -> Path:
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    script = folder / "spikefuse-array.sh"
    script.write_text("#!/bin/bash" + page.partition("```bash\n#!/bin/bash")[2].partition("```")[0])
    return script


def run_script(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The page's script as SLURM would start it, with a `scontrol` that notes what it is asked."""
    scontrol = folder / "scontrol"
    scontrol.write_text(f'#!/bin/bash\necho "$@" >> {folder}/asked\n')
    scontrol.chmod(0o755)
    path = os.pathsep.join((str(folder), str(Path(sys.executable).parent), os.environ["PATH"]))
    array = {"SLURM_ARRAY_JOB_ID": "77", "SLURM_ARRAY_TASK_ID": "2"}
    limits = {"SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": str(TASKS)}
    return subprocess.run(
        ["bash", str(script_of_the_page(folder))],
        env={**os.environ, **array, **limits, "PATH": path, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_script_of_the_page_does_its_share(tasks: list[Path], tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(tasks[1], run)  # as if it were requeued in its last moment
    end = str(int(time.time()) + 600)
    done = run_script(tmp_path, STUDY=" ".join(STUDY), RUN=str(run), SLURM_JOB_END_TIME=end)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "asked").exists()


def test_the_script_of_the_page_asks_to_be_queued_again(tmp_path: Path) -> None:
    late = tmp_path / "spikefuse"
    late.write_text('#!/bin/bash\necho "$@" > called\nexit 75\n')
    late.chmod(0o755)
    assert run_script(tmp_path).returncode == 0
    asked = (tmp_path / "called").read_text()
    told = "reproduce --profile paper --out runs/paper --shard auto --time-limit auto\n"
    assert asked == told
    assert (tmp_path / "asked").read_text() == "requeue 77_2\n"
    late.write_text("#!/bin/bash\nexit 3\n")
    assert run_script(tmp_path).returncode == 3


def test_auto_outside_of_an_array_says_what_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SLURM_ARRAY_TASK_ID", "SGE_TASK_ID", "SLURM_JOB_END_TIME"):
        monkeypatch.delenv(name, raising=False)
    for option, told in (("--shard", "outside of a job array"), ("--time-limit", "is not set")):
        result = call(*STUDY, option, "auto", "--out", tmp_path / "none")
        assert isinstance(result.exception, InputError)
        assert told in str(result.exception)
    assert not (tmp_path / "none").exists()
