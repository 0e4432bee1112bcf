"""`--readings`: what the networks of any command have in place of the base network's settings."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from spikefuse.cli import app, asking, workflow
from spikefuse.cli.checked import check_request
from spikefuse.cli.request import Request
from spikefuse.cli.single import definition_from
from spikefuse.core.errors import InputError
from spikefuse.data import Location
from spikefuse.planning.trials import PlannedTrial
from spikefuse.studies.effort import effort_of

LAB, BASE = ("boxcar", 0.5, "plain"), ("triangle", 1.0, "calibrated")


def spiking(trials: tuple[PlannedTrial, ...]) -> set[tuple[object, ...]]:
    """Surrogate, width and initial weights of the spiking networks."""
    found = (trial.definition for trial in trials if trial.definition.network == "snn")
    return {(each.surrogate, each.surrogate_width, each.init) for each in found}


def levels(trials: tuple[PlannedTrial, ...]) -> set[str]:
    return {use.cell.reading for trial in trials for use in trial.uses}


def request_for(out: Path, readings: str | None, *studies: str) -> Request:
    return Request(
        studies=list(studies), profile="smoke", data="builtin", out=out, readings=readings
    )


@pytest.mark.parametrize(
    ("readings", "network", "level"),
    [(None, BASE, "base"), ("base", BASE, "base"), ("lab", LAB, "lab")],
)
@pytest.mark.parametrize("studies", [(), ("reset",), ("senses", "fusion")])
def test_all_networks_of_a_run_have_it(
    tmp_path: Path,
    readings: str | None,
    network: tuple[object, ...],
    level: str,
    studies: tuple[str, ...],
) -> None:
    """Those of the curves over noise too, which are evaluations of the same networks."""
    console = Console(file=io.StringIO())
    plan = workflow.prepare(request_for(tmp_path, readings, *studies), console).plan
    assert spiking(plan.trials) == {network}
    assert levels(plan.trials) == {level}
    by_study = {use.study for trial in plan.trials for use in trial.uses}
    assert ("robustness" in by_study) is (studies != ("reset",) or plan.adds_curves)


@pytest.mark.parametrize(("readings", "network"), [(None, BASE), ("lab", LAB)])
def test_a_question_is_asked_of_them(
    tmp_path: Path, readings: str | None, network: tuple[object, ...]
) -> None:
    location = Location("builtin", origin="option", reason="")
    checked = check_request(Request(readings=readings, executor="process"))
    effort, console = effort_of("builtin"), Console(file=io.StringIO())
    plan = asking.plan_of(checked, effort, location, tmp_path, console).plan
    assert spiking(plan.trials) == {network}


def test_a_network_by_itself_is_the_base_network_but_for_what_is_asked() -> None:
    usual = definition_from({}, "builtin")
    assert (usual.surrogate, usual.surrogate_width, usual.init) == BASE
    named = definition_from({"surrogate": "boxcar", "init": "plain"}, "builtin")
    assert (named.surrogate, named.surrogate_width, named.init) == LAB
    narrow = definition_from({"surrogate_width": 0.3}, "builtin")
    assert (narrow.surrogate, narrow.surrogate_width) == ("triangle", 0.3)
    assert definition_from({"network": "dnn"}, "builtin").init == "calibrated"


def test_its_help_names_what_it_has() -> None:
    told = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["train", "--help"]).output
    assert "Default: triangle" in told
    assert "Default: calibrated" in told
    for command in ("run", "reproduce", "ask", "plan"):
        assert (
            "--readings"
            in CliRunner(env={"COLUMNS": "200"}).invoke(app, [command, "--help"]).output
        )


@pytest.mark.parametrize(
    ("readings", "studies", "told"),
    [
        ("byte,atan", ("reset",), "run under one reading"),
        ("best-validation", ("reset",), "reading of reset"),
        ("labb", ("reset",), "Did you mean"),
        ("lab", ("census",), "must be left out for census"),
        ("", ("reset",), "--readings"),
    ],
)
def test_what_would_say_nothing_is_refused(
    tmp_path: Path, readings: str, studies: tuple[str, ...], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        workflow.prepare(request_for(tmp_path, readings, *studies), Console(file=io.StringIO()))
    assert list(tmp_path.iterdir()) == []


def test_of_ones_own_network_it_says_nothing(tmp_path: Path) -> None:
    words = ["ask", "builtin", "--network", "missing.py:make", "--readings", "lab"]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, InputError)
    assert "--readings has no effect on a network of yours" in str(done.exception)
