"""A run that takes long answers early: a labelled report after each stage, the last one stays."""

import io
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from spikefuse.analysis import write
from spikefuse.cli import app, early, workflow
from spikefuse.cli.request import Request
from spikefuse.core.errors import InputError, StoreError
from spikefuse.execution import Event, InProcessExecutor, Job, JobResult, Listener
from spikefuse.planning import stages

WAIT_S = 240.0


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest plan is worth its stages."""
    monkeypatch.setattr(stages, "WORTH_STAGES", 0.0)


def request_for(out: Path) -> Request:
    return Request(
        studies=["reset"], profile="smoke", data="builtin", seeds=2, protocols="disjoint",
        executor="process", threads=1, out=out, curves=False,
    )  # fmt: skip


class StoppedAfter:
    """Runs the jobs of some turns, waits until something is there, and is interrupted."""

    def __init__(self, turns: int, is_there: Callable[[], bool]) -> None:
        self.turns, self.is_there = turns, is_there

    def run(self, jobs: Sequence[Job], on_event: Listener) -> list[JobResult]:
        InProcessExecutor(1).run([job for job in jobs if job.turn < self.turns], on_event)
        until = time.monotonic() + WAIT_S
        while not self.is_there() and time.monotonic() < until:
            time.sleep(0.05)
        raise KeyboardInterrupt


def run(out: Path, *, reports: bool = False) -> str:
    console = Console(file=io.StringIO(), width=200)
    prepared = workflow.prepare(request_for(out), console, reports=reports)
    try:
        workflow.execute(prepared, console)
    finally:
        text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


@pytest.mark.usefixtures("staged")
def test_a_stopped_run_leaves_its_first_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "report.html"
    executor = StoppedAfter(1, page.is_file)
    monkeypatch.setattr(workflow, "executor_of", lambda request: executor)
    with pytest.raises(typer.Exit):
        run(tmp_path, reports=True)
    label = (
        "Not finished: 3 of 12 networks are trained. Still to come: the other networks with "
        "seed 0; seed 1. The same command goes on."
    )
    assert label in page.read_text(encoding="utf-8")
    for name in ("run.json", "claims.json"):
        assert json.loads((tmp_path / name).read_text(encoding="utf-8"))["unfinished"] == label
    for command in ("show", "claims"):
        told = CliRunner().invoke(app, [command, str(tmp_path)]).output
        assert "Not finished: 3 of 12 networks are trained" in " ".join(told.split())
        as_json = CliRunner().invoke(app, [command, str(tmp_path), "--json"]).stdout
        assert json.loads(as_json)["unfinished"] == label
    rows = (tmp_path / "results.csv").read_text(encoding="utf-8").splitlines()
    assert len({line.split(",")[1] for line in rows[1:] if "product" not in line}) == 3


def test_stages_leave_the_results_of_a_run_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    record = write.write_claims
    monkeypatch.setattr(
        write,
        "write_claims",
        lambda verdicts, path, unfinished: (
            seen.append(unfinished),
            record(verdicts, path, unfinished),
        ),
    )
    plain = run(tmp_path / "plain")
    assert seen == [None]
    assert "time " not in plain
    monkeypatch.setattr(stages, "WORTH_STAGES", 0.0)
    staged = run(tmp_path / "staged")
    assert [bool(label) for label in seen[1:]] == [True, True, False], "two stages and the end"
    assert staged.count("results so far: ") == 2
    assert "time     about " in staged
    assert staged.index("time ") < staged.index("populations\n")
    whole, parts = (tmp_path / name for name in ("plain", "staged"))
    for name in ("results.csv", "claims.json"):
        assert (parts / name).read_bytes() == (whole / name).read_bytes()
    assert "unfinished" not in json.loads((parts / "run.json").read_text(encoding="utf-8"))


class Pretending:
    """Says that every job has failed, which is an end too."""

    def run(self, jobs: Sequence[Job], on_event: Listener) -> list[JobResult]:
        for job in jobs:
            on_event(Event(job.name, "failed", {"error": "it was not tried"}))
        return [JobResult(job.name, False, None, "it was not tried") for job in jobs]


@pytest.mark.usefixtures("staged")
def test_results_that_cannot_be_written_on_the_way_do_not_stop_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def full(prepared: workflow.Prepared) -> Path:
        calls.append(prepared)
        if len(calls) < 3:
            raise StoreError("results: the disk is full")
        return prepared.out

    monkeypatch.setattr(workflow, "write_results", full)
    monkeypatch.setattr(early, "tell_time", lambda prepared, console: None)
    monkeypatch.setattr(workflow, "executor_of", lambda request: Pretending())
    console = Console(file=io.StringIO(), width=200)
    prepared = workflow.prepare(request_for(tmp_path), console, reports=True)
    with pytest.raises(typer.Exit):
        workflow.execute(prepared, console)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert told.count("results so far cannot be written: results: the disk is full") == 2
    assert len(calls) == 3, "two stages, and the end of the run"


def test_a_page_of_somebody_s_own_is_told_before_anything_is_trained(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(InputError, match="must not be a file of yours"):
        run(tmp_path, reports=True)
    assert (tmp_path / "report.html").read_text() == "mine"
    assert not list(tmp_path.glob("trials/*"))
