"""A results folder answers with all its studies: what a further run keeps, and what it does not."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from spikefuse.analysis.earlier import tell_left_out
from spikefuse.analysis.kept import require_kept
from spikefuse.analysis.table import Table
from spikefuse.analysis.write import gather, gather_readings
from spikefuse.core.errors import InputError
from spikefuse.planning import Plan, make_plan
from spikefuse.planning.plan import resolve_studies
from spikefuse.report.reading.sources import read_run
from spikefuse.results import TrialStore, read_tidy, write_tidy
from spikefuse.studies import PROFILES, Profile
from spikefuse.studies.sensitivity import sensitivity_studies
from spikefuse.training import TrialDefinition

SMOKE = PROFILES["smoke"]


def predictions_of(_: TrialDefinition) -> dict[str, torch.Tensor]:
    """Three samples, all of them right."""
    return {
        "image": torch.arange(3),
        "audio": torch.arange(3),
        "labels": torch.tensor([1, 2, 3]),
        "logits": torch.eye(4)[1:],
    }


def answers_by_chance(definition: TrialDefinition) -> dict[str, torch.Tensor]:
    """Forty pairs of 40 images and 20 clips; each network has others of its samples right."""
    count = 20 if definition.modality == "audio" else 40
    draws = torch.Generator().manual_seed(int(definition.name, 16) % 2**31)
    labels = torch.arange(count) % 4
    answers = torch.where(torch.rand(count, generator=draws) < 0.7, labels, (labels + 1) % 4)
    samples = {"image": torch.arange(40), "audio": torch.arange(count) % 20}
    if definition.modality in samples:
        samples = {definition.modality: samples[definition.modality]}
    return {**samples, "labels": labels, "predicted": answers, "logits": torch.eye(4)[answers]}


def finish(plan: Plan, store: TrialStore) -> None:
    """Store every network of a plan with made-up numbers."""
    for trial in plan.trials:
        if store.state(trial.definition.name) != "missing":
            continue
        splits = [{"split": split, "samples": 50} for split in ("train", "validation", "test")]
        ends = ("validation_best", "validation_last", "test_best", "test_last")
        store.open(trial.definition.naming()).finish(
            results={
                "status": "done",
                "parameters": 10,
                "macs": 20,
                "audit": {"splits": splits},
                "accuracy": dict.fromkeys(ends, 0.5),
                "rates": {},
            },
            weights={"w": torch.zeros(1)},
            predictions=predictions_of(trial.definition),
            provenance={},
        )


def run(
    out: Path,
    *studies: str,
    profile: Profile = SMOKE,
    seeds: int = 1,
    with_curves: bool = False,
    readings: Sequence[str] = (),
) -> list[dict]:
    store = TrialStore(out)
    shared = {"protocols": ("paper", "disjoint"), "seeds": seeds, "with_curves": with_curves}
    plan = make_plan(resolve_studies(studies, readings), profile, "builtin", store, **shared)
    finish(plan, store)
    return read_tidy(gather(plan, store, out, "banner", "command"))


def studies_of(rows: list[dict]) -> list[str]:
    """Whose rows are there, apart from the products that every plan adds."""
    return list(dict.fromkeys(row["study"] for row in rows if row["study"] != "controls"))


def test_a_further_study_stands_beside_the_earlier_one(tmp_path: Path) -> None:
    run(tmp_path, "reset")
    first = (tmp_path / "results.csv").read_text().splitlines()
    both = run(tmp_path, "speakers")
    assert studies_of(both) == ["speakers", "reset"]
    kept = set((tmp_path / "results.csv").read_text().splitlines())
    assert [line for line in first if line not in kept] == [], "to the letter"
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["studies"] == ["speakers", "reset", "controls"]
    assert record["protocols"] == ["paper", "disjoint"]
    assert set(record["trials"]) == set(TrialStore(tmp_path))
    assert len((tmp_path / "results.csv").read_bytes().splitlines()) == len(both) + 1


def test_products_of_experts_of_other_networks_stay(tmp_path: Path) -> None:
    """Every plan adds to them, so none may replace them all."""

    def products(rows: list[dict]) -> set[tuple]:
        chosen = [row for row in rows if row["fusion"] == "product-of-experts"]
        assert {row["value"] for row in chosen} == {1.0}
        return {(row["network"], row["reset"], row["protocol"]) for row in chosen}

    protocols = ("paper", "disjoint")
    of_reset = {("snn", reset, name) for reset in ("soft", "hard") for name in protocols}
    assert products(run(tmp_path, "reset")) == of_reset
    both = products(run(tmp_path, "controls"))
    assert both == of_reset | {("dnn", "none", "disjoint")}
    assert products(run(tmp_path, "reset")) == both


@pytest.mark.parametrize(("of_controls", "of_reset"), [(5, 3), (3, 5)])
def test_errors_over_samples_are_of_the_seeds_that_stand_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_controls: int, of_reset: int
) -> None:
    """Of the first screen those of the studies that it reads, whichever study ran last."""
    Errors = dict[tuple, set]

    def errors(rows: list[dict]) -> Errors:
        found: Errors = {}
        for row in rows:
            if str(row["metric"]).startswith("samples_error."):
                place = (row["metric"], row["network"], row["size"], row["reset"], row["protocol"])
                found.setdefault(place, set()).add((row["seed"], row["value"]))
        return found

    monkeypatch.setattr(f"{__name__}.predictions_of", answers_by_chance)
    first = errors(run(tmp_path / "one", "controls", seeds=of_controls))
    one = errors(run(tmp_path / "one", "reset", seeds=of_reset))
    run(tmp_path / "other", "reset", seeds=of_reset)
    assert errors(run(tmp_path / "other", "controls", seeds=of_controls)) == one
    for values in one.values():
        assert len({value for _, value in values}) == 1, "one error of one mean"
    screen = [key for key in first if "product of experts" in key[0] or "mean of uni" in key[0]]
    assert len(screen) >= 4
    for key in screen:
        assert one[key] == first[key]
        assert len(one[key]) == of_controls
    of_hard = [key for key in one if key[3] == "hard" and "mean of unimodals" in key[0]]
    assert of_hard
    assert {len(one[key]) for key in of_hard} == {of_reset}


def test_the_same_study_again_takes_its_place(tmp_path: Path) -> None:
    """With fewer seeds too, and no product of experts stands beside networks that do not."""
    two = run(tmp_path, "reset", "speakers", seeds=2)
    again = run(tmp_path, "reset")
    of_reset = [
        {row["seed"] for row in rows if "+" in str(row["trial"]) and row["reset"] == "hard"}
        for rows in (two, again)
    ]
    assert of_reset == [{0, 1}, {0}]
    assert {row["seed"] for row in again if row["study"] == "reset"} == {0}
    assert {row["seed"] for row in again if row["study"] == "speakers"} == {0, 1}
    assert run(tmp_path, "reset") == again


def test_other_effort_or_lost_trials_are_not_mixed_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(tmp_path, "reset")
    run(tmp_path, "neuron")
    assert "left out" not in caplog.text
    other = SMOKE.model_copy(update={"images": 300})
    assert studies_of(run(tmp_path, "speakers", profile=other)) == ["speakers"]
    told = [each.getMessage() for each in caplog.records if "left out" in each.getMessage()]
    assert len(told) == 1, "once"
    assert "held further rows of neuron, reset (of another effort" in told[0]

    run(tmp_path, "neuron")
    lost = tmp_path / "trials" / run(tmp_path, "neuron")[0]["trial"]
    (lost / "manifest.json").unlink()
    kept = run(tmp_path, "speakers")
    assert studies_of(kept) == ["speakers", "neuron"]
    assert lost.name not in {row["trial"] for row in kept}


def test_rows_of_another_base_network_are_not_mixed_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A version's rows of the reading `base` are of its own base network."""
    run(tmp_path, "reset")
    path = tmp_path / "run.json"
    record = json.loads(path.read_text())
    assert record["base"] == {"surrogate": "triangle", "init": "calibrated"}
    assert studies_of(run(tmp_path, "speakers")) == ["speakers", "reset"]
    for other in ({"surrogate": "atan", "init": "calibrated"}, None):
        again = {name: value for name, value in record.items() if name != "base"}
        run(tmp_path, "reset")
        path.write_text(json.dumps(again | ({"base": other} if other else {})))
        assert studies_of(run(tmp_path, "speakers")) == ["speakers"]
    assert "held further rows of reset" in caplog.text


def test_readings_stand_side_by_side_in_one_folder(tmp_path: Path) -> None:
    """Each study has one; answers are read by the base where it is there, and say so if not."""
    run(tmp_path, "reset", readings=["lab"])
    first = Table(read_tidy(tmp_path / "results.csv"))
    assert (first.levels("reading"), first.reading) == (["lab"], "lab")
    both = Table(run(tmp_path, "neuron"))
    assert (both.levels("reading", study="reset"), both.levels("reading", study="neuron")) == (
        ["lab"],
        ["base"],
    )
    assert both.reading == "base"


def test_a_dense_network_has_rows_of_every_reading_that_it_is_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is one network under `lab` and `atan`: rows of one are none of the other."""
    run(tmp_path, "model-size", readings=["lab"], with_curves=True)
    first = read_tidy(tmp_path / "results.csv")
    run(tmp_path, "controls", readings=["atan"], with_curves=True)
    lab = {"network": "dnn", "reading": "lab"}
    both = Table(read_tidy(tmp_path / "results.csv"))
    for study in ("model-size", "robustness"):
        kept = both.select(**lab, study=study)
        assert len(kept) == len(Table(first).select(**lab, study=study)) > 0, study
    assert "left out" not in caplog.text
    old = [row for row in first if row["network"] == "dnn" and row["study"] == "model-size"]
    same = [dict(row) | {"reading": "atan"} for row in old]
    assert tell_left_out(tmp_path / "results.csv", old, [*old, *same]) == set()
    assert tell_left_out(tmp_path / "results.csv", old, same) == {"model-size"}


def curves_of(rows: list[dict]) -> set[tuple[str, int]]:
    return {(row["trial"], row["seed"]) for row in rows if row["study"] == "robustness"}


def test_curves_of_networks_of_other_studies_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Every run adds those of its own networks; they go with the networks' other rows."""
    first = curves_of(run(tmp_path, "reset", seeds=2, with_curves=True))
    assert first
    second = curves_of(run(tmp_path, "neuron", "speakers", with_curves=True))
    assert second >= first
    assert "left out" not in caplog.text
    third = curves_of(run(tmp_path, "reset", with_curves=True))
    assert third == {(trial, seed) for trial, seed in second if seed == 0}
    told = [each.getMessage() for each in caplog.records if "left out" in each.getMessage()]
    assert [" rows of reset, robustness (" in each for each in told] == [True]


def test_no_product_outlives_its_networks(tmp_path: Path) -> None:
    """A curve that is about to go vouches for none."""
    for curves in (True, False):
        run(tmp_path, "model-size", seeds=2, with_curves=True)
        rows = run(tmp_path, "model-size", seeds=1, with_curves=curves)
        networks = {row["trial"] for row in rows if "+" not in row["trial"]}
        assert {part for row in rows for part in row["trial"].split("+")} == networks
        assert {row["seed"] for row in rows} == {0}


def test_curves_that_were_asked_for_stay_until_they_are_again(tmp_path: Path) -> None:
    whole = curves_of(run(tmp_path, "robustness", seeds=2))
    assert curves_of(run(tmp_path, "reset", with_curves=True)) >= whole
    rows = run(tmp_path, "neuron", seeds=2, with_curves=True)
    trained = {row["trial"] for row in rows if row["study"] == "neuron"}
    assert curves_of(rows) == whole
    expected = {(trial, seed) for trial, seed in whole if seed == 0 or trial in trained}
    assert expected < whole
    assert curves_of(run(tmp_path, "robustness")) == expected
    run(tmp_path, "robustness", seeds=2)
    fewer = curves_of(run(tmp_path, "robustness", "neuron", "model-size"))
    assert {seed for _, seed in fewer} == {0}, "asked for beside others, too"


def test_rows_of_the_same_study_that_make_room_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With another effort, or with fewer seeds; never what the run gives again."""

    def told() -> list[str]:
        found = [each.getMessage() for each in caplog.records if "left out" in each.getMessage()]
        caplog.clear()
        return found

    run(tmp_path, "reset", seeds=2)
    run(tmp_path, "speakers", seeds=2)
    run(tmp_path, "reset", seeds=2)
    assert told() == []
    run(tmp_path, "reset", seeds=1)
    assert [" rows of reset (" in each for each in told()] == [True]
    run(tmp_path, "reset", profile=SMOKE.model_copy(update={"images": 300}))
    assert [" rows of reset, speakers (" in each for each in told()] == [True]


def test_readings_that_make_room_are_told_and_what_cannot_be_read_is_moved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = TrialStore(tmp_path)
    studies = sensitivity_studies(["atan"], ["reset"])

    def read(seeds: int) -> list[str]:
        plan = make_plan(studies, SMOKE, "builtin", store, seeds=seeds)
        finish(plan, store)
        gather_readings(plan, store, tmp_path)
        found = [each.getMessage() for each in caplog.records if "is_news" in vars(each)]
        caplog.clear()
        return found

    assert read(2) == read(2) == []
    assert ["readings.csv held further rows of " in each for each in read(1)] == [True]
    (tmp_path / "readings.csv").write_text("no,table\n")
    assert ["lies in readings.csv.unreadable-1" in each for each in read(1)] == [True]
    assert (tmp_path / "readings.csv.unreadable-1").read_text() == "no,table\n"


def test_damaged_files_of_an_earlier_run_are_written_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = run(tmp_path, "reset")
    for number in (1, 2):
        (tmp_path / "results.csv").write_text(f"no,table {number}\n")
        assert run(tmp_path, "reset") == expected
        aside = f"results.csv.unreadable-{number}"
        assert (tmp_path / aside).read_text() == f"no,table {number}\n", "it can still be mended"
        (told,) = [each for each in caplog.records if aside in each.getMessage()]
        assert told.is_news  # type: ignore[attr-defined]
    (tmp_path / "run.json").write_text("[1")
    assert run(tmp_path, "reset") == expected


OTHER = SMOKE.model_copy(update={"images": 300})


def news(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if "is_news" in vars(each)]


def test_a_record_that_cannot_be_read_is_moved_aside_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(tmp_path, "reset")
    (tmp_path / "run.json").write_text("[1")
    run(tmp_path, "neuron")
    told = news(caplog)
    assert "lies in run.json.unreadable-1" in told[0]
    assert "held further rows of reset" in told[1]
    assert (tmp_path / "run.json.unreadable-1").read_text() == "[1"


def test_a_stop_between_table_and_record_mixes_no_efforts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The table is of the run that was stopped, the record of the one before."""
    run(tmp_path, "reset")
    before = (tmp_path / "run.json").read_bytes()
    run(tmp_path, "neuron", profile=OTHER)
    (tmp_path / "run.json").write_bytes(before)
    caplog.clear()
    assert studies_of(run(tmp_path, "speakers")) == ["speakers"]
    assert "held further rows of neuron" in news(caplog)[0]
    # The first effort goes on as if nothing had been.
    assert studies_of(run(tmp_path, "reset")) == ["reset", "speakers"]


def test_what_takes_time_comes_before_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, "reset")
    files = {path: path.read_bytes() for path in tmp_path.glob("*.*")}

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("spikefuse.analysis.energy_rows.energy_rows", stopped)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, "neuron")
    assert {path: path.read_bytes() for path in tmp_path.glob("*.*")} == files


def begin(out: Path, seeds: int, trained: int) -> tuple[TrialStore, Plan]:
    """A study of which the first networks alone are trained."""
    store = TrialStore(out)
    plan = make_plan(resolve_studies(["reset"]), SMOKE, "builtin", store, seeds=seeds)
    finish(replace(plan, trials=plan.trials[:trained]), store)
    gather(plan, store, out, "banner", "command")
    return store, plan


def lacking(out: Path) -> str:
    """What both records say is not there yet."""
    found = [json.loads((out / name).read_text()) for name in ("run.json", "claims.json")]
    assert found[0].get("unfinished") == found[1].get("unfinished")
    return str(found[0].get("unfinished", ""))


def test_studies_that_stay_stay_unfinished(tmp_path: Path) -> None:
    """Each by itself, until its own command has gone on, whatever else is stored meanwhile."""
    run(tmp_path, "speakers")
    store, plan = begin(tmp_path, seeds=1, trained=2)
    assert lacking(tmp_path).startswith("Not finished: 2 of 8 networks are trained")
    run(tmp_path, "neuron")
    told = "Not finished: reset (networks not trained: 6 of 8). Its own command goes on."
    assert lacking(tmp_path) == told
    finish(plan, store)  # a stop, or a merge: the table has their rows no sooner
    run(tmp_path, "neuron")
    assert lacking(tmp_path) == told
    other = make_plan(resolve_studies(["time-steps"]), SMOKE, "builtin", store, seeds=1)
    gather(other, store, tmp_path, "banner", "command")
    ours, others = lacking(tmp_path).split(" Not finished either: ")
    assert ours.startswith("Not finished: ")
    assert others == told.removeprefix("Not finished: ")
    finish(other, store)
    gather(other, store, tmp_path, "banner", "command")
    assert lacking(tmp_path) == told
    run(tmp_path, "reset")
    assert lacking(tmp_path) == ""
    run(tmp_path, "neuron")
    assert lacking(tmp_path) == ""


def test_fewer_seeds_leave_nothing_unfinished(tmp_path: Path) -> None:
    run(tmp_path, "speakers")
    begin(tmp_path, seeds=2, trained=3)
    run(tmp_path, "reset")
    assert lacking(tmp_path) == ""


def test_evaluations_that_are_missing_stay_said(tmp_path: Path) -> None:
    run(tmp_path, "robustness", "controls")  # the same networks, without noise
    first = lacking(tmp_path)
    assert "evaluations under noise of these are missing" in first
    run(tmp_path, "speakers")
    told = re.fullmatch(
        r"Not finished: robustness \(evaluations missing: (\d+)\)\. .*", lacking(tmp_path)
    )
    assert told is not None
    assert f"and {told[1]} evaluations" in first


def test_a_command_is_known_of_each_study(tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    for names in (["reset"], ["neuron"], ["reset"]):
        plan = make_plan(resolve_studies(names), SMOKE, "builtin", store, seeds=1)
        finish(plan, store)
        gather(plan, store, tmp_path, "banner", f"spikefuse run {names[0]} --threads {len(names)}")
    record = json.loads((tmp_path / "run.json").read_text())
    commands = {name: f"spikefuse run {name} --threads 1" for name in ("reset", "neuron")}
    assert record["commands"] == commands


def test_curves_by_the_way_leave_the_command_that_has_more_seeds(tmp_path: Path) -> None:
    store, asked = TrialStore(tmp_path), ("controls", "robustness")
    for names, seeds in ((asked, 2), (("model-size",), 1)):
        studies = resolve_studies(names)
        plan = make_plan(studies, SMOKE, "builtin", store, seeds=seeds, with_curves=True)
        assert plan.adds_curves == (names != asked)
        finish(plan, store)
        gather(plan, store, tmp_path, "banner", f"spikefuse run {' '.join(names)} --seeds {seeds}")
    commands = json.loads((tmp_path / "run.json").read_text())["commands"]
    assert commands["robustness"] == "spikefuse run controls robustness --seeds 2"
    assert commands["model-size"] == "spikefuse run model-size --seeds 1"


def test_an_answer_whose_rows_are_gone_is_moved_aside_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answer = tmp_path / "answer.json"
    run(tmp_path, "controls", seeds=2)
    answer.write_text('{"answer": "yes"}')
    run(tmp_path, "reset", seeds=2)
    run(tmp_path, "reset")
    assert answer.is_file(), "all of its rows are there"
    run(tmp_path, "controls")
    assert (tmp_path / "answer.json.earlier-1").read_text() == '{"answer": "yes"}'
    assert "lies in answer.json.earlier-1" in news(caplog)[-1]
    assert not answer.exists()
    # Nor does it stand beside a table that nobody can read any more.
    answer.write_text('{"answer": "no"}')
    (tmp_path / "results.csv").write_text("no,table\n")
    run(tmp_path, "reset")
    assert (tmp_path / "answer.json.earlier-2").read_text() == '{"answer": "no"}'


def test_what_is_told_of_other_data_is_moved_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(tmp_path, "reset")
    (tmp_path / "data.png").write_bytes(b"png")
    (tmp_path / "data.json").write_text('{"source": "builtin", "fingerprint": null}')
    run(tmp_path, "reset", profile=OTHER)
    assert (tmp_path / "data.json").is_file(), "of the same data"
    (tmp_path / "data.json").write_text('{"source": "mnist-fsdd"}')
    run(tmp_path, "neuron", profile=OTHER)
    assert not (tmp_path / "data.json").exists()
    assert (tmp_path / "data.png.earlier-1").read_bytes() == b"png"
    assert "data.png is of other data, and lies in data.png.earlier-1" in news(caplog)[-1]


def test_energy_is_of_the_networks_of_the_table(tmp_path: Path) -> None:
    rows = run(tmp_path, "reset", "speakers", seeds=2)
    alone = [dict(row) for row in rows if "+" not in str(row["trial"])]
    write_tidy(alone, tmp_path / "energy.csv")
    again = {row["trial"] for row in run(tmp_path, "reset")}
    left = {row["trial"] for row in read_tidy(tmp_path / "energy.csv")}
    ours = {row["trial"] for row in rows if row["study"] == "reset"}
    assert left == {name for name in again if "+" not in str(name)} - ours
    assert left, "of speakers, which stay"
    (tmp_path / "energy.csv").write_text("no,table\n")
    run(tmp_path, "reset")
    assert (tmp_path / "energy.csv.unreadable-1").read_text() == "no,table\n"


def test_readings_have_an_effort_of_their_own(tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    plan = make_plan(sensitivity_studies(["atan"], ["reset"]), SMOKE, "builtin", store, seeds=1)
    finish(plan, store)
    gather_readings(plan, store, tmp_path, "spikefuse run sensitivity --readings atan")
    run(tmp_path, "reset")
    found = read_run(tmp_path)
    assert found.sensitivity
    assert found.record_of_readings["command"] == "spikefuse run sensitivity --readings atan"
    assert found.record["command"] == "command"
    run(tmp_path, "reset", profile=OTHER)
    found = read_run(tmp_path)
    assert found.sensitivity == ()
    assert any(
        "sensitivity.csv is of another effort or other data, and is left out (its command was "
        "spikefuse run sensitivity --readings atan)" in each
        for each in found.notices
    )


def test_paired_data_are_judged_by_their_pairs(tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    for source, protocol in (("builtin", "disjoint"), ("n-mnist", "paired")):
        plan = make_plan(resolve_studies(["reset"]), SMOKE, source, store, seeds=1)
        finish(plan, store)
        gather(plan, store, tmp_path, "banner", "command")
        judged = json.loads((tmp_path / "claims.json").read_text())["claims"]
        assert {claim["protocol"] for claim in judged} == {protocol}


def test_numbers_of_another_network_are_kept_without_their_record(tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    plan = make_plan(resolve_studies(["reset"]), SMOKE, "builtin", store, seeds=1)
    require_kept(plan, store)
    (tmp_path / "modules").mkdir()
    require_kept(plan, store)
    (tmp_path / "modules" / "digest").mkdir()
    with pytest.raises(InputError, match="must not hold the answer about another network"):
        require_kept(plan, store)


@pytest.mark.parametrize("name", ["results.csv", "energy.csv", "claims.json", "run.json"])
def test_a_folder_in_place_of_a_file_is_refused_before_anything_is_trained(
    tmp_path: Path, name: str
) -> None:
    store = TrialStore(tmp_path)
    plan = make_plan(resolve_studies(["reset"]), SMOKE, "builtin", store, seeds=1)
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=f"must have a file or nothing at .*{name}"):
        require_kept(plan, store)
