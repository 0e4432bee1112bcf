"""What a plan tells: all of the time first, then a row for all seeds of a network."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spikefuse.cli import app

NINE_THOUSAND_HOURS_S = 9911 * 3600 + 51 * 60


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(
        "spikefuse.planning.estimate.seconds_of", lambda *_, **__: NINE_THOUSAND_HOURS_S
    )
    study = ["plan", "reset", "--profile", "smoke", "--data", "builtin", "--protocols", "disjoint"]
    result = CliRunner().invoke(app, [*study, "--seeds", "5", "--out", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_the_time_comes_first_and_in_days(told: list[str]) -> None:
    facts = [line.split()[0] for line in told if line[:1].isalpha()]
    assert facts[:2] == ["data", "time"]  # what stands in for data is said before any number
    (time,) = [line for line in told if line.startswith("time ")]
    assert time.split() == ["time", "about", "412", "days", "23", "h"]


def test_all_seeds_of_a_network_are_one_row(told: list[str]) -> None:
    rows = [[cell.strip() for cell in line.split("\u2502")[1:-1]] for line in told if "%" in line]
    rows = [row for row in rows if row]
    names = [row[0] for row in rows]
    assert len(names) == len(set(names)) == 6  # three networks, two resets
    assert {(row[1], row[2]) for row in rows} == {("5", "5")}
    shares = [float(row[3].removesuffix(" %")) for row in rows]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=0.3)


@pytest.mark.usefixtures("told")
def test_a_plan_leaves_nothing(tmp_path: Path) -> None:
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("profile", ["full", "medium"])
def test_the_time_is_the_most_where_networks_end_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    """With the rule of the plateau a network takes 200 epochs at most, and mostly far fewer."""
    monkeypatch.setattr("spikefuse.planning.estimate.seconds_of", lambda *_, **__: 7300.0)
    words = ["plan", "reset", "--profile", profile, "--data", "builtin", "--protocols", "disjoint"]
    words += ["--seeds", "1", "--out", str(tmp_path / "run")]
    told = CliRunner().invoke(app, words).stdout.splitlines()
    (time,) = [line for line in told if line.startswith("time ")]
    assert ("at most about 2 h 01 min" in time) == (profile == "full")
    record = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert record["may_end_early"] == (profile == "full")
