"""How far a folder is, from the journal of its commands and what lies in it."""

import hashlib
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from spikefuse.cli import app
from spikefuse.core.errors import StoreError
from spikefuse.results import TrialStore, definition_hash
from spikefuse.results.documents import canonical_json
from spikefuse.results.journal import Journal, Planned
from spikefuse.results.status import read_status

Finish = Callable[..., None]
NOISE = {"std": 0.1}


def name(seed: int) -> str:
    return definition_hash({"seed": seed, "epochs": 4})


def plan(store: TrialStore, seeds: int, *, noisy: int = -1) -> None:
    Journal(store.root).plan(
        Planned(
            name(seed),
            f"net {seed}",
            cost=100.0,
            conditions=(definition_hash(NOISE),) if seed == noisy else (),
        )
        for seed in range(seeds)
    )


def begin(store: TrialStore, seed: int, epochs: int) -> None:
    folder = store.open({"seed": seed, "epochs": 4})
    for epoch in range(1, epochs + 1):
        folder.append_metrics({"epoch": epoch, "train_loss": 1.0})
    folder.write_checkpoint({"weight": torch.zeros(1)}, {"epoch": epochs})


def end(store: TrialStore, seed: int, seconds: float = 10.0) -> None:
    tensors = {"weight": torch.zeros(1)}
    store.open({"seed": seed, "epochs": 4}).finish(
        {"status": "done", "seconds": seconds}, tensors, tensors, {}
    )


def test_each_state_is_told(store: TrialStore) -> None:
    plan(store, 6, noisy=1)
    end(store, 0)
    end(store, 1)
    begin(store, 2, 2)
    begin(store, 3, 2)
    journal = Journal(store.root)
    journal.started("job of 2", [name(2)])
    journal.failed(name(4), "out of memory")
    status = read_status(store.root)
    assert dict(status.counts) == {
        "done": 1,
        "diverged": 0,
        "running": 1,
        "failed": 1,
        "begun": 2,
        "waiting": 1,
    }
    assert [(net, failure.error) for net, failure in status.failures] == [
        ("net 4", "out of memory")
    ]
    (worker,) = status.workers
    assert (worker.host, worker.process, worker.is_alive) == (platform.node(), os.getpid(), True)
    # Of 6 x 100: a network's evaluation is a tenth, two networks are half trained, two untouched.
    assert status.left == pytest.approx((10 + 2 * 55 + 200) / 600)
    assert status.seconds_left == pytest.approx(10.0 * (10 + 2 * 55 + 200) / 100)
    assert not status.is_complete


def test_what_is_all_done_is_complete(store: TrialStore, finish: Finish) -> None:
    plan(store, 2, noisy=1)
    end(store, 0)
    end(store, 1)
    assert not read_status(store.root).is_complete
    store.folder(name(1)).write_evaluation(NOISE, {"accuracy": [0.5]})
    status = read_status(store.root)
    assert status.is_complete
    assert (status.left, status.seconds_left) == (0.0, 0.0)


def test_a_failure_is_forgotten_when_the_work_is_done(store: TrialStore) -> None:
    plan(store, 1)
    journal = Journal(store.root)
    journal.failed(name(0), "out of memory")
    assert read_status(store.root).counts["failed"] == 1
    journal.failed(name(0), None)
    assert read_status(store.root).counts["waiting"] == 1


def test_a_process_that_is_gone_is_at_work_no_more(store: TrialStore) -> None:
    plan(store, 1)
    journal = Journal(store.root)
    journal.started("job", [name(0)])
    (sign,) = (store.root / "journal" / "running").iterdir()
    document = json.loads(sign.read_text())
    sign.write_text(json.dumps(document | {"process": 2**22 + 1}))
    assert read_status(store.root).counts["running"] == 0
    # Another machine's process cannot be asked: what it signed stands, and is told as that.
    sign.write_text(json.dumps(document | {"host": "elsewhere"}))
    status = read_status(store.root)
    assert status.counts["running"] == 1
    assert status.workers[0].is_alive is None
    journal.leave()


def test_leaving_takes_the_sign_away(store: TrialStore) -> None:
    plan(store, 1)
    journal = Journal(store.root)
    journal.started("job", [name(0)])
    journal.leave()
    assert read_status(store.root).workers == ()


def test_plans_of_two_commands_are_one(store: TrialStore) -> None:
    plan(store, 2)
    plan(store, 2)
    plan(store, 3, noisy=0)
    assert len(list((store.root / "journal" / "plans").iterdir())) == 2
    planned = Journal(store.root).planned()
    assert sorted(planned) == sorted(map(name, range(3)))
    assert planned[name(0)].conditions == (definition_hash(NOISE),)
    assert sum(read_status(store.root).counts.values()) == 3


def test_a_damaged_journal_hides_nothing_that_is_stored(store: TrialStore) -> None:
    plan(store, 2)
    end(store, 0)
    for part, text in (("plans", "{"), ("failed", "[]"), ("running", '{"jobs": 3}')):
        folder = store.root / "journal" / part
        folder.mkdir(exist_ok=True)
        (folder / "0123456789abcdef.json").write_text(text)
    status = read_status(store.root)
    assert status.counts["done"] == 1
    (problem,) = status.damaged
    assert "0123456789abcdef.json must be the plan that a command noted" in problem
    failure = Journal(store.root).failures()["0123456789abcdef"]
    assert failure.error == "its note in the journal is damaged"


def test_a_damaged_trial_is_named(store: TrialStore) -> None:
    plan(store, 2)
    end(store, 0)
    trial = store.folder(name(0)).path / "trial.json"
    trial.write_text(trial.read_text().replace('"seed": 0', '"seed": 7'))
    status = read_status(store.root)
    assert len(status.damaged) == 1
    assert name(0) in status.damaged[0]


def test_a_folder_without_a_plan_says_what_to_do(store: TrialStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="must hold the plan of a run, got none"):
        read_status(store.root)
    with pytest.raises(StoreError, match="must be an existing results folder"):
        read_status(tmp_path / "nothing")


def test_a_journal_that_cannot_be_written_stops_nothing(store: TrialStore) -> None:
    (store.root / "journal").write_text("a file in its place")
    plan(store, 1)
    Journal(store.root).started("job", [name(0)])
    Journal(store.root).leave()


def test_nonsense_in_a_journal_ends_no_reader(store: TrialStore) -> None:
    journal = Journal(store.root)
    journal.plan([Planned(name(0), "net 0", cost=1e300, conditions=())])
    journal.started("job", [name(0)])
    (note,) = (store.root / "journal" / "running").glob("*.json")
    document = json.loads(note.read_text())
    note.write_text(json.dumps(document | {"since": 1e300, "process": 1e300}))
    found = read_status(store.root)
    assert sum(found.counts.values()) == 1
    assert found.left == 1.0
    answer = CliRunner().invoke(app, ["status", str(store.root)])
    assert answer.exit_code == 75, answer.output
    note.write_text(json.dumps(document | {"since": 1e300}))
    answer = CliRunner().invoke(app, ["status", str(store.root)])
    assert answer.exit_code == 75, answer.output
    assert "since a time that its note does not tell" in " ".join(answer.output.split())


def test_a_costly_network_counts_for_what_it_costs(store: TrialStore) -> None:
    """Hundreds of epochs over all data, at many steps: more than 1e15 multiply-accumulates."""
    Journal(store.root).plan(
        Planned(name(seed), f"net {seed}", cost=cost, conditions=())
        for seed, cost in ((0, 1.0), (1, 3e17))
    )
    costs = {name: each.cost for name, each in Journal(store.root).planned().items()}
    assert costs == {name(0): 1.0, name(1): 3e17}


@pytest.mark.parametrize(
    "trials",
    [
        {"NAME": {"network": "net", "cost": 1.0, "conditions": [["a"], {"b": 1}]}},
        {"a name\0": {"network": "net", "cost": 1.0, "conditions": []}, "NAME": {}},
    ],
    ids=("conditions", "name"),
)
def test_a_plan_that_fits_its_name_and_means_nothing_ends_no_reader(
    store: TrialStore, trials: dict[str, Any]
) -> None:
    document = {"trials": {key.replace("NAME", name(0)): each for key, each in trials.items()}}
    seal = hashlib.sha256(canonical_json(document).encode()).hexdigest()[:16]
    plans = store.root / "journal" / "plans"
    plans.mkdir(parents=True)
    (plans / f"{seal}.json").write_text(json.dumps(document))
    planned = Journal(store.root).planned()
    assert {key: each.conditions for key, each in planned.items()} == {name(0): ()}
    answer = CliRunner().invoke(app, ["status", str(store.root)])
    assert answer.exit_code == 75, answer.output
