"""Every file of results, reports and answers fails to be written once: told in one sentence.

What is there afterwards is the file of before or the whole new one, and the same work done again
ends with all of them. A report takes seconds, so the short form lets one call a kind of file fail.
"""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import synthetic
import typer
from faults import ERRORS, REASONS, WRITES, Disk, content
from long import IS_LONG
from matplotlib.figure import Figure
from rich.console import Console
from rows import ACCURACY, CELL

from spikefuse.analysis import energy_rows, write
from spikefuse.bench import run as bench_run
from spikefuse.cli import asking, bench, compare
from spikefuse.core.errors import SpikefuseError
from spikefuse.data import SOURCES, Location
from spikefuse.report import build, build_report
from spikefuse.report.drawing import pairs, samples
from spikefuse.report.output import files, prediction
from spikefuse.report.output.files import FORMATS
from spikefuse.results import TrialStore

ROOT = Path(__file__).resolve().parents[2]
ROW = CELL | ACCURACY | {"study": "reset", "trial": "0" * 16}


def results(root: Path) -> None:
    """`results.csv`, `energy.csv`, `claims.json` and `run.json`, as a run leaves them."""
    plan = a_plan()
    definition = SimpleNamespace(name=ROW["trial"], source=SOURCES[plan.source])
    plan.trials = (SimpleNamespace(name=ROW["trial"], definition=definition),)
    plan.protocols, plan.adds_curves = ("disjoint",), False
    write.gather(plan, TrialStore(root), root, "banner", "command")


def readings(root: Path) -> None:
    """`readings.csv`, `sensitivity.csv` and `readings.json`."""
    write.gather_readings(a_plan(), TrialStore(root), root)


def a_plan() -> Any:
    """Of two seeds, without trials."""
    profile = SimpleNamespace(name="smoke", model_dump=lambda mode: {})
    plan: dict[str, Any] = {"profile": profile, "source": "mnist-fsdd", "fingerprint": None}
    return SimpleNamespace(trials=(), stages=(), studies=(), seeds=(0, 1), **plan)


def pictures(root: Path) -> None:
    """Of a prediction, and of pairs; the long form takes every format."""
    anything: Any = SimpleNamespace(banner="")
    for ending in FORMATS if IS_LONG else ("svg",):
        prediction.write_prediction(root / f"answer.{ending}", anything)
        pairs.write_pairs(root / "pairs" / f"pairs.{ending}", anything, anything, anything)


def compared(root: Path) -> None:
    with suppress(typer.Exit):  # its code is the answer
        compare.compare("a", "b", results=root, out=root / "answer.json")


def measured(root: Path) -> None:
    bench.bench(out=root / "results.json", page=root / "results.md")


def report(root: Path) -> None:
    build_report(root, root / "report.html", pdf=True)


def answer(root: Path) -> None:
    asking.finish(root, {"answer": "open"}, {}, Console(quiet=True), False)


def data(root: Path) -> None:
    anything: Any = None
    asking.write_data(root, {"samples": 3}, Location("mnist-fsdd"), anything)


def benchmarks(root: Path) -> None:
    bench_run.write_page(record(), root / "benchmarks.md", "notes")


def record() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "benchmarks" / "results.json").read_bytes())
    return found


def measurements(sitting: object, parts: object, old: object, save: Any, say: object) -> Any:
    """What `measure` does with its numbers, part by part."""
    save(record())
    save(record())
    return record()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What files hold is of no account here: rows are made up, and pictures are empty."""
    rows = [ROW | {"seed": seed} for seed in range(3)]
    monkeypatch.setattr(write, "tabulate", lambda *_: rows)
    monkeypatch.setattr(write, "still_missing", lambda *_: "")
    monkeypatch.setattr(write, "missing_by_study", lambda *_: {})
    monkeypatch.setattr(energy_rows, "energy_rows", lambda *_: iter(rows))
    monkeypatch.setattr(write, "describe", dict)
    monkeypatch.setattr(files, "slide", lambda *_: Figure((1, 1)))
    for name in ("curve_pictures", "rate_pictures", "_activity", "confusions"):
        monkeypatch.setattr(build, name, lambda *_, **__: [])
    monkeypatch.setattr(build, "matrices", lambda _: [])
    monkeypatch.setattr(build, "study_sections", lambda *_: ([], []))
    monkeypatch.setattr("spikefuse.report.build_report", lambda _, out: out)
    monkeypatch.setattr(samples, "choose_samples", lambda *_: [])
    monkeypatch.setattr(samples, "draw_samples", lambda *_: Figure((1, 1)))
    monkeypatch.setattr(asking, "show_answers", lambda *_: None)
    monkeypatch.setattr(write, "make_plan", lambda *_, **__: SimpleNamespace(trials=()))
    monkeypatch.setattr(write, "judge_readings", lambda *_: {})
    monkeypatch.setattr(write, "sensitivity_rows", lambda _: [])
    monkeypatch.setattr(prediction, "draw_prediction", lambda _: Figure((1, 1)))
    for name in ("choose_pairs", "audit"):
        monkeypatch.setattr(pairs, name, lambda *_: None)
    monkeypatch.setattr(pairs, "draw_pairs", lambda *_: Figure((1, 1)))
    monkeypatch.setattr(
        "spikefuse.analysis.compare.answer", lambda *_, **__: SimpleNamespace(reply="open")
    )
    monkeypatch.setattr("spikefuse.analysis.compare.answer_document", lambda _: {"reply": "open"})
    monkeypatch.setattr(compare, "_show", lambda *_: None)
    monkeypatch.setattr(bench_run, "measure", measurements)


def kinds(calls: list[str]) -> dict[str, int]:
    """The first call of each kind on each kind of file, by its words."""
    found: dict[str, int] = {}
    for at, call in enumerate(calls):
        kind, _, name = call.rpartition(" ")
        # A temporary file bears the name of what it will be.
        ending = name.removeprefix(".").split(".")[1] if "." in name[1:] else ""
        found.setdefault(f"{kind} {ending}", at)
    return found


def failed(work: Callable[[Path], None], before: Path, at: int, code: int, *, again: bool) -> None:
    """The work on a copy of a folder, at one call of which the disk fails."""
    root = before.parent / f"{at}-{code}"
    shutil.copytree(before, root)
    told = f"call {at} with {os.strerror(code)}"
    old = content(root)
    refused = ""
    with Disk(root, WRITES, at, code).installed():
        try:
            work(root)
        except SpikefuseError as error:
            refused = str(error)
    assert REASONS[code] in refused, f"{told}: {refused or 'a silent success'}"
    assert "\n" not in refused, told
    found = content(root)
    if again:
        work(root)
    whole = content(root if again else before)
    for path, held in found.items():
        if path == "run.json":  # it has the time of day
            assert json.loads(held)
        else:
            assert held in (old.get(path), whole[path]), f"{told}: half of {path}"
    assert not old.keys() - found.keys(), f"{told}: files are lost"
    shutil.rmtree(root)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "work",
    [results, readings, answer, data, pictures, compared, benchmarks, measured],
    ids=lambda work: work.__name__,
)
def test_every_write_fails_once(work: Callable[[Path], None], tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    work(before)
    with Disk(before, WRITES).installed() as disk:
        work(before)
    # What another way of writing put there would meet none of the faults.
    written = [call for call in disk.calls if call.startswith("replace ")]
    names = {Path(path).name for path in content(before)}
    assert {name for name in names if any(f" .{name}." in call for call in written)} == names
    wanted = [at for at, call in enumerate(disk.calls) if not call.startswith(("mkdir", "unlink"))]
    for at in wanted:
        for code in ERRORS if IS_LONG else (ERRORS[at % len(ERRORS)],):
            failed(work, before, at, code, again=True)


@pytest.mark.usefixtures("quick")
def test_every_kind_of_file_of_a_report_fails_once(tmp_path: Path) -> None:
    before = tmp_path / "before"
    synthetic.write_run(before, seeds=1, epochs=1, studies=("model-size",))
    report(before)
    with Disk(before, WRITES).installed() as disk:
        report(before)
    found = kinds(disk.calls)
    endings = {"html", "csv", "tex", "png", "svg", "pdf"}
    wanted = {call: at for call, at in found.items() if call.split()[-1] in endings}
    assert {call.split()[-1] for call in wanted} == endings
    if not IS_LONG:
        wanted = {call: at for call, at in wanted.items() if call in ("replace html", "write pdf")}
    for number, at in enumerate(wanted.values()):
        failed(report, before, at, ERRORS[number % len(ERRORS)], again=IS_LONG)
