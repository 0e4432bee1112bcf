"""`events=` of `sf.fit` and `sf.ask`: what is told is stored; wrong files are refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from torch import nn

import spikefuse as sf
from spikefuse.core.errors import InputError, SpikefuseError, StudyError
from spikefuse.planning.run import run_plan
from spikefuse.studies.profiles import SIZES
from spikefuse.training import fit as training
from spikefuse.workbench import fits, questions


@pytest.fixture(scope="module")
def data():
    numbers, labels = np.random.default_rng(0), np.arange(80) % 4
    shown, heard = (numbers.normal(size=(80, 8, 8)) + labels[:, None, None] for _ in range(2))
    return sf.dataset({"shown": shown, "heard": heard}, labels, test=0.25)


def net_of(data, **settings):
    common = {"parameters": 8_000, "seeds": 2, "time_steps": 2, "plan": "mlp"}
    return sf.network(data, **common | settings)


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("workers", [None, 1], ids=["here", "in a worker"])
def test_a_fit_tells_of_every_seed_as_it_is_stored(data, tmp_path, workers) -> None:
    path, store = tmp_path / "events.jsonl", tmp_path / "kept"
    heard: list[dict] = []
    more = {"store": store, "events": path, "workers": workers, "report": heard.append}
    found = sf.fit(net_of(data), data, epochs=2, **more)

    told = lines(path)
    begun, over = told[0], told[-1]
    assert (begun["event"], begun["trials"]) == ("run_started", 2)
    assert begun["command"] == "sf.fit(net, data, epochs=2)"
    assert (over["event"], over["ended"], over["failed"]) == ("run_ended", 2, 0)
    assert heard  # who asked for progress has it as before
    for folder in found.trials:
        own = [each for each in told if each.get("trial") == folder.name]
        kinds = ["trial_started", "epoch", "epoch", "trial_ended"]
        assert [each["event"] for each in own] == kinds
        stored = lines(folder / "metrics.jsonl")
        assert [e["train_loss"] for e in own[1:3]] == [e["train_loss"] for e in stored]
        results = found.store.read(folder.name).results
        assert own[-1]["test_accuracy"] == results["accuracy"]["test_best"]
    labels = [each["label"] for each in told if each["event"] == "trial_ended"]
    assert sorted(label.partition(" seed ")[2] for label in labels) == ["0", "1"]

    sf.fit(net_of(data), data, epochs=2, store=store, events=str(path))
    again = lines(path)[len(told) :]  # all of it is stored: nothing happens
    assert [each["event"] for each in again] == ["run_started", "run_ended"]
    assert [again[0]["trials"], again[1]["ended"]] == [0, 0]


def test_a_fit_that_fails_is_told(data, tmp_path, monkeypatch) -> None:
    def broken(*arguments: object) -> None:
        raise SpikefuseError("train: the disk is full.")

    monkeypatch.setattr(training.Fit, "_finish", broken)
    path = tmp_path / "events.jsonl"
    with pytest.raises(SpikefuseError, match="disk is full"):
        sf.fit(net_of(data, seeds=1), data, epochs=1, events=path)
    last, over = lines(path)[-2:]
    assert (last["event"], last["error"]) == ("trial_failed", "train: the disk is full.")
    assert (over["event"], over["error"]) == ("run_stopped", "train: the disk is full.")


def test_an_answer_tells_of_its_trials(data, tmp_path, monkeypatch) -> None:
    def run_the_first(plan, store, jobs, executor, on_event):
        run_plan(plan, store, jobs[:1], executor, on_event)
        raise StudyError("ask: that is enough.")

    monkeypatch.setitem(SIZES, "S", 40_000)
    monkeypatch.setattr(questions, "run_plan", run_the_first)
    path, out = tmp_path / "events.jsonl", tmp_path / "out"
    with pytest.raises(StudyError, match="that is enough"):
        sf.ask(data, 1, "smoke", out=out, events=path)

    begun, started, *epochs, ended, over = lines(path)
    assert (begun["event"], begun["trials"]) == ("run_started", 8)  # each alone, both, shuffled
    assert begun["command"].startswith("sf.ask(data, seeds=1, profile='smoke'")
    assert "events" not in begun["command"]  # who listens is no part of the question
    (folder,) = (out / "trials").iterdir()
    assert {each["trial"] for each in (started, *epochs, ended)} == {folder.name}
    assert [each["event"] for each in (started, ended)] == ["trial_started", "trial_ended"]
    assert len(epochs) == epochs[0]["epochs"] == len(lines(folder / "metrics.jsonl"))
    assert (over["event"], over["ended"], over["error"]) == (
        *("run_stopped", 1, "ask: that is enough."),
    )


@pytest.mark.parametrize("wrong", ["no/events.jsonl", "", ".", "a\0b", "~nobody-of-that-name/e"])
def test_a_file_that_cannot_be_written_is_refused_before_anything(
    data, tmp_path, monkeypatch, wrong
) -> None:
    def begun(*arguments: object, **more: object) -> None:
        raise AssertionError("it was begun")

    monkeypatch.chdir(tmp_path)
    for place, name in ((fits, "train_population"), (questions, "_found"), (fits, "TrialStore")):
        monkeypatch.setattr(place, name, begun)
    with pytest.raises(InputError, match="fit: events must be a file that can be written, got"):
        sf.fit(net_of(data), data, epochs=1, store="kept", events=wrong)
    with pytest.raises(InputError, match="ask: events must be a file that can be written, got"):
        sf.ask("builtin", out="out", events=wrong)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_path_and_what_lies_in_the_data_is_refused(data, tmp_path) -> None:
    with pytest.raises(InputError, match="fit: events must be a path, got 3"):
        sf.fit(net_of(data), data, epochs=1, events=3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="ask: events must lie outside the data"):
        sf.ask(tmp_path, events=tmp_path / "events.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_above_that_of_the_trained_is_no_file(data, tmp_path) -> None:
    above = tmp_path / "deep"
    with pytest.raises(InputError, match="events must not be what"):
        sf.fit(net_of(data), data, epochs=1, store=above / "kept", events=above)
    with pytest.raises(InputError, match="events must not be what"):
        sf.ask(data, 1, "smoke", out=above / "kept", events=above)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [".", "journal", "results.csv", "trials/events.jsonl"])
def test_what_the_folder_of_the_trained_keeps_is_refused_and_leaves_none(
    data, tmp_path, name
) -> None:
    kept = tmp_path / "kept"
    with pytest.raises(InputError, match="events must"):  # no folder there, or it keeps it
        sf.fit(net_of(data), data, epochs=1, store=kept, events=kept / name)
    with pytest.raises(InputError, match="events must"):
        sf.ask(data, 1, "smoke", out=kept, events=kept / name)
    assert list(tmp_path.iterdir()) == []
    (kept / name).parent.mkdir(parents=True, exist_ok=True)
    there = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="events must"):
        sf.fit(net_of(data), data, epochs=1, store=kept, events=kept / name)
    with pytest.raises(InputError, match="events must"):
        sf.ask(data, 1, "smoke", out=kept, events=kept / name)
    assert sorted(tmp_path.rglob("*")) == there


def test_what_would_lose_rows_leaves_no_trials(data, tmp_path) -> None:
    """A question refused for the folder's tables makes nothing in it."""
    (tmp_path / "claims.json").write_text('{"format": "spikefuse claims 3"}')
    with pytest.raises(InputError, match="it would be lost"):
        sf.ask(data, 1, "smoke", out=tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["claims.json"]


def test_modules_of_ones_own_have_no_events(data, tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    with pytest.raises(InputError, match="fit: events must be left out for a module of your own"):
        sf.fit(nn.Linear(1, 1), data, epochs=1, events=path)
    with pytest.raises(InputError, match="ask: events must be left out for a network of your own"):
        sf.ask("builtin", network=lambda shapes, classes: nn.Linear(1, 1), events=path)
    assert list(tmp_path.iterdir()) == []


def test_a_question_is_asked_of_the_networks_that_are_named(data, monkeypatch) -> None:
    seen = {}

    def nothing(plan, store, jobs, executor, on_event):
        seen["init"] = {trial.definition.init for trial in plan.trials}
        raise StudyError("ask: that is enough.")

    monkeypatch.setitem(SIZES, "S", 40_000)
    monkeypatch.setattr(questions, "run_plan", nothing)
    for reading, init in ({}, "calibrated"), ({"reading": "lab"}, "plain"):
        with pytest.raises(StudyError, match="that is enough"):
            sf.ask(data, 1, "smoke", **reading)
        assert seen["init"] == {init}
    for wrong in ({"reading": "labb"}, {"reading": "lab", "network": "missing.py:make"}):
        with pytest.raises(InputError, match="reading"):
            sf.ask(data, 1, "smoke", **wrong)
    assert questions.call_of(data, None, "auto", None, "lab", None, {}) == (
        "sf.ask(data, reading='lab')"
    )
