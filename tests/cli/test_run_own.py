"""`spikefuse run` of a study of one's own, and of held-out groups of one's own data."""

import json
from pathlib import Path

import pytest
import typer
from own_files import class_folders, snapshot, table_folder, write_array
from typer.testing import CliRunner, Result

from spikefuse.cli.new import app as new
from spikefuse.cli.plan import plan
from spikefuse.cli.run import run
from spikefuse.core.errors import DataError, InputError
from spikefuse.data.own import read_own
from spikefuse.results import read_tidy
from spikefuse.studies.profiles import SIZES

app = typer.Typer()
app.command()(run)
app.command()(plan)
app.add_typer(new, name="new")

FAST = ("--profile", "smoke", "--seeds", "1", "--executor", "process")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, networks of a few weights, and a cache of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(SIZES, "S", 60_000)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def called(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "160"})


def done(*words: object) -> str:
    result = called(*words)
    assert result.exception is None, result.exception
    return " ".join(result.output.split())


def test_subjects_of_own_data_are_held_out_in_turn_and_called_so(place: Path) -> None:
    moves = table_folder(place / "moves", subjects=4)
    (place / "moves.toml").write_text('data = "moves"\ngroup = "subject"\n', encoding="utf-8")
    before = snapshot(moves)
    output = done("run", "subjects", "--data", "moves.toml", *FAST, "--out", "out")

    rows = read_tidy(place / "out" / "results.csv")
    tested = [
        row
        for row in rows
        if row["split"] == "test"
        and row["metric"] == "accuracy"
        and "product-of-experts" not in row["fusion"]
    ]
    cells = {(row["network"], row["modality"], row["held_out"]) for row in tested}
    assert len(cells) == 2 * 3 * 4
    assert {(row["study"], row["protocol"]) for row in tested} == {("subjects", "speaker")}
    assert "Test accuracy for a subject whom training never met" in output
    assert "the data's own test is of subjects whom training does not know either" in output
    record = json.loads((place / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["groups"] == {"one": "subject", "are_known": False}
    assert snapshot(moves) == before


def spoken(root: Path, lacks: str = "") -> Path:
    """Two modalities, three classes, four speakers; of one the second modality lacks a class."""
    for label in ("cat", "dog", "owl"):
        for speaker in ("ann", "bob", "cem", "dot"):
            for take in range(2):
                write_array(root / "hand" / label / f"{speaker}_{take}.npy", take, (9, 6))
                if f"{speaker} {label}" != lacks:
                    write_array(root / "foot" / label / f"{speaker}_{take}.npy", take + 9, (9, 6))
    named = 'name_pattern = "{speaker}_{take}"\ngroup = "speaker"\n'
    root.with_suffix(".toml").write_text(f'data = "{root.name}"\n{named}', encoding="utf-8")
    return root


def test_a_group_that_lacks_a_class_cannot_be_held_out_and_that_is_said_at_once(
    place: Path,
) -> None:
    spoken(place / "whole")
    done("plan", "speakers", "--data", "whole.toml", *FAST[:4], "--out", "planned")
    # In the file's order `foot` leads: each of its samples meets one of `hand`.
    spoken(place / "gap", lacks="cem dog")
    swapped = (place / "gap.toml").read_text("utf-8") + "[modalities.hand]\n[modalities.foot]\n"
    (place / "swapped.toml").write_text(swapped, encoding="utf-8")
    error = called("run", "speakers", "--data", "swapped.toml", *FAST).exception
    assert isinstance(error, DataError)
    held = "foot must have every class that hand has in the test split with speaker 'cem' held out"
    assert held in str(error)
    assert "got none of 'dog'" in str(error)
    assert not (place / "runs").exists()
    # Nobody is left without a partner where the modality with the gap leads.
    done("plan", "speakers", "--data", "gap.toml", *FAST[:4], "--out", "planned")


def test_the_data_s_own_test_is_of_a_group_that_has_every_class(place: Path) -> None:
    for lacking in ("ann dog", "bob dog", "cem dog", "dot dog"):
        folder = spoken(place / lacking.replace(" ", "-"), lacks=lacking)
        data = read_own(folder.with_suffix(".toml"))
        for modality in data.modalities.values():
            for split in ("train", "validation", "test"):
                assert len(modality.labels[modality.of(split)].unique()) == 3
    every = place / "none"
    spoken(every)
    for speaker in ("ann", "bob", "cem"):
        for file in (every / "foot" / "owl").glob(f"{speaker}_*.npy"):
            file.unlink()
    with pytest.raises(InputError, match=r"has no sample of class owl|training keeps every class"):
        read_own(every.with_suffix(".toml"))


def test_data_without_groups_has_none_to_hold_out(place: Path) -> None:
    class_folders(place / "animals")
    error = called("run", "subjects", "--data", "animals/", *FAST).exception
    assert isinstance(error, InputError)
    assert "subjects needs data of two groups or more" in str(error)
    assert not (place / "runs").exists()


def test_results_are_not_written_into_own_data(place: Path) -> None:
    folder = class_folders(place / "animals")
    before = snapshot(folder)
    error = called("run", "reset", "--data", "animals/", *FAST, "--out", "animals/out").exception
    assert isinstance(error, InputError)
    assert "--out must lie outside the data" in str(error)
    assert snapshot(folder) == before


def test_a_file_is_written_changed_planned_and_run(place: Path) -> None:
    done("new", "study", "--out", "mine.toml", "--data", "builtin")
    changes = ("--set", "factors.network=snn", "--set", "factors.time_steps=[1, 2]")
    effort = ("--set", "effort.images=80", "--clips", "60", "--epochs", "fused=1", *FAST)
    planned = json.loads(called("plan", "mine.toml", *changes, *effort[:-2], "--json").stdout)
    assert (planned["studies"], len(planned["trials"])) == (["my-study"], 8)
    output = done("run", "mine.toml", *changes, *effort)

    rows = read_tidy(place / "runs" / "my-study" / "results.csv")
    mine = [row for row in rows if row["study"] == "my-study" and row["metric"] == "accuracy"]
    assert {row["time_steps"] for row in mine} == {1, 2}
    assert {row["modality"] for row in mine} == {"image", "audio", "fused"}
    record = json.loads((place / "runs" / "my-study" / "run.json").read_text(encoding="utf-8"))
    settings = record["profile_settings"]
    assert (settings["images"], settings["clips"], settings["test_images"]) == (80, 60, 100)
    assert settings["epochs"] == {"image": 2, "audio": 2, "fused": 1}
    assert "Study my-study: test accuracy" in output
    assert "fused SNN at S, T = 1" in output

    assert "report.html" not in output
    page = place / "runs" / "my-study" / "report.html"
    page.write_text("of before", encoding="utf-8")
    assert "report.html" not in done("run", "mine.toml", *changes, *effort), "nothing is new"
    longer = done("run", "mine.toml", *changes, *effort, "--epochs", "fused=2")
    assert "is of before this run: spikefuse report runs/my-study makes it anew" in longer
    assert page.read_text(encoding="utf-8") == "of before"


@pytest.mark.parametrize("option", ["--studies reset", "--sizes S"])
def test_a_part_of_a_ready_study_is_not_asked_of_a_file(place: Path, option: str) -> None:
    done("new", "study", "--out", "mine.toml", "--data", "builtin")
    for command in ("plan", "run"):
        error = called(command, "mine.toml", *option.split()).exception
        assert isinstance(error, InputError)
        assert f"{option.split()[0]} is for a study that is ready" in str(error)
        assert not (place / "runs").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("reset --set seeds=2", "--set needs a study's file"),
        ("reset mine.toml", "mine.toml must stand alone"),
        ("none.toml", "must be a readable TOML file"),
        ("fusion --sizes ,", "--sizes must name one or more, got ','"),
        ("reset --protocols ,", "--protocols must name one or more"),
        ("reset --images 0", "--images must be at least 1, got 0"),
        ("reset --images 5000 --data builtin", "--images must be at most"),
        ("reset --epochs imag=1 --data builtin", "Did you mean image?"),
        ("reset --epochs image=0.5 --data builtin", "must be a whole number"),
        ("reset --image-size 3 --data builtin", "--image-size must be at least 4, got 3"),
        ("reset --profile quik", "Did you mean quick?"),
        ("reset --data nowhere/at-all", "nowhere/at-all"),
    ],
)
def test_what_does_not_fit_is_one_line(place: Path, words: str, message: str) -> None:
    error = called("run", *words.split()).exception
    assert isinstance(error, InputError)
    assert message in str(error)
    assert "\n" not in str(error)
    assert not (place / "runs").exists()
