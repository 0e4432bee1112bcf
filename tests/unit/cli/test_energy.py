"""`spikefuse energy`: numbers of a stored trial, and one clear line for what cannot be told."""

import json
from pathlib import Path

import pytest
import torch
import typer
from counts import observations
from typer.testing import CliRunner, Result

from spikefuse.cli.energy import energy
from spikefuse.cli.single import open_trial
from spikefuse.cli.terminal import make_console
from spikefuse.core.errors import InputError, StoreError
from spikefuse.results import TrialStore

MINE = """
name = "mine"
source = "a board"
process = "22 nm"
precision = "int8"
left_out = "leakage"
mac_pj = 2
ac_pj = 1
"""


def trial(root: Path, counted: bool = True) -> Path:
    folder = TrialStore(root).open({"seed": 1})
    answers = {"predicted": torch.tensor([1, 0]), "labels": torch.tensor([1, 1])}
    folder.finish(
        {"status": "done"}, {"w": torch.zeros(1)}, answers, {}, observations() if counted else {}
    )
    return folder.path


def invoke(*words: object) -> Result:
    app = typer.Typer()
    app.command()(energy)
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "300"})


def test_a_record_has_counts_energies_and_break_even(tmp_path: Path) -> None:
    result = invoke(trial(tmp_path), "--json")
    found = json.loads(result.output)
    own = found["models"]["horowitz-45nm"]

    assert (found["multiplies"], found["multiplies_once"], found["accumulates"]) == (18, 9, 6)
    assert (found["samples"], found["right"], found["rate"]) == (2, 0.5, 0.5)
    assert own["pj"] == pytest.approx(24 * 4.6 + 6 * 0.9)
    assert own["once_pj"] == pytest.approx(12 * 4.6 + 6 * 0.9)
    assert own["right_pj"] == pytest.approx(2 * own["pj"])
    assert own["branches"] == {"image": pytest.approx(own["pj"])}
    assert sum(own["layers"].values()) == pytest.approx(own["pj"])
    assert found["break_even_rate"] == {"8-bit weights": 0.125, "2-bit weights": 0.5}
    assert list(found["models"])[-1] == "lemaire-2022"


def test_tables_say_nano_joules_and_what_is_left_out(tmp_path: Path) -> None:
    result = invoke(trial(tmp_path), "--model", "horowitz-45nm")

    assert result.exit_code == 0, result.output
    assert "mean of 2 test samples" in result.output
    assert "0.1158" in result.output
    assert "image 100 %" in result.output
    assert "horowitz-45nm leaves out memory, addressing" in result.output


def test_prices_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(MINE)
    found = json.loads(invoke(trial(tmp_path), "--model", file, "--json").output)

    assert list(found["models"]) == ["mine"]
    assert found["models"]["mine"]["pj"] == 24 * 2 + 6
    assert found["models"]["mine"]["left_out"] == "leakage"


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (("--model", "horowitz-45"), InputError, "energy: model must be one of horowitz-45nm, "),
        (("--model", "horowitz-45"), InputError, "Did you mean horowitz-45nm"),
        (("--model", "none.toml"), InputError, "must be readable TOML"),
        (("--data", "digits"), InputError, "energy: --data needs --measured"),
    ],
)
def test_what_cannot_be_priced_is_refused(tmp_path: Path, words, kind, said: str) -> None:
    result = invoke(trial(tmp_path), *words)

    assert isinstance(result.exception, kind)
    assert said in str(result.exception)


def test_a_trial_without_counts_and_what_is_no_trial(tmp_path: Path) -> None:
    old = invoke(trial(tmp_path, counted=False))
    assert isinstance(old.exception, StoreError)
    assert "stored before operations were counted" in str(old.exception)

    none = invoke(tmp_path)
    assert isinstance(none.exception, StoreError)
    assert "is no trial folder" in str(none.exception)

    begun = TrialStore(tmp_path).open({"seed": 2}).path
    partial = invoke(begun)
    assert isinstance(partial.exception, StoreError)
    assert "is partial; only a done one has counts" in str(partial.exception)


@pytest.mark.parametrize(
    ("stored", "asked", "names"),
    [("builtin", "digits", "builtin"), ("mnist-fsdd", "builtin", "digits or mnist-fsdd")],
)
def test_other_data_are_refused_in_the_words_they_were_asked_for(
    tmp_path: Path, stored: str, asked: str, names: str
) -> None:
    folder = TrialStore(tmp_path).open({"seed": 1, "data": {"source": stored}})
    folder.finish({"status": "done"}, {"w": torch.zeros(1)}, {}, {}, {})
    said = f"energy: --data must be {names} for this network, got '{asked}'"
    with pytest.raises(InputError, match=said):
        open_trial(folder.path, asked, make_console(), "energy")
