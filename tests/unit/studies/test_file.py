"""A study's file: what it says becomes a study, and what nobody reads is refused by name."""

from pathlib import Path

import pytest

from spikefuse.cli.study_template import study_template
from spikefuse.core.errors import InputError
from spikefuse.data.sources.registry import SOURCES
from spikefuse.studies.file import EFFORT, StudyFile, factors, read_study, study_of

PLAIN = """
name = "steps"
seeds = 2
[factors]
network = ["snn"]
modality = "fused"
time_steps = [2, 4]
[effort]
images = 50
epochs = {fused = 1}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "steps.toml"
    path.write_text(PLAIN, encoding="utf-8")
    return path


def test_factors_are_crossed(file: Path) -> None:
    found = read_study(file)
    cells = found.study().cells(("disjoint",), SOURCES["builtin"])
    assert [(cell.network, cell.modality, cell.time_steps) for cell in cells] == [
        ("snn", "fused", 2),
        ("snn", "fused", 4),
    ]
    assert (found.seeds, found.effort) == (2, {"images": 50, "epochs": {"fused": 1}})


def test_single_settings_are_changed(file: Path) -> None:
    changes = ["seeds=5", 'factors.neuron=["if"]', "effort.epochs.fused = 3", "profile=smoke"]
    found = read_study(file, changes)
    assert (found.seeds, found.profile) == (5, "smoke")
    assert found.factors["neuron"] == ("if",)
    assert found.effort["epochs"] == {"fused": 3}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("seed=3", "a key must be one of name, title"),
        ("seed=3", "Did you mean seeds?"),
        ("factors.neurons=lif", "Did you mean neuron"),
        ("effort.image=3", "Did you mean images"),
        ("factors.neuron=liv", "must be one of"),
        ("factors.size=M", "size in [factors] must be one of S, S/2, S/3, got 'M'"),
        ("factors.network=[]", "one or more different levels, got none"),
        ('factors.network=["snn", "snn"]', "different levels, got snn, snn"),
        ("factors.time_steps=four", "time_steps in [factors] must be a whole number, got 'four'"),
        ("seeds=0", "seeds must be at least 1, got 0"),
        ("factors.noise_std=[-0.1]", "noise_std in [factors] must be at least 0, got -0.1"),
        ("factors.noise_std=[inf]", "noise_std in [factors] must be a finite number, got inf"),
        ("factors.noise_std=[nan]", "noise_std in [factors] must be "),
        ("seeds=two", "seeds must be a whole number, got 'two'"),
        ("name=reset", "must be a new one, got 'reset'"),
        ('name="a b"', "name must be text like"),
        ("factors=snn", "factors must be values by name, got 'snn'"),
        ("name.first=x", "name is one value and has no entries"),
        ("seeds", "must be KEY=VALUE, got 'seeds'"),
    ],
)
def test_what_nobody_reads_is_refused(file: Path, change: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        read_study(file, [change])
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_none_is_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("name = ", encoding="utf-8")
    for path in (broken, tmp_path / "none.toml"):
        with pytest.raises(InputError, match="must be a readable TOML file") as error:
            read_study(path)
        assert "\n" not in str(error.value)


def test_the_template_is_read_and_so_is_every_comment_in_it() -> None:
    import tomllib

    text = study_template("digits")
    plain = study_of(tomllib.loads(text), "template")
    assert plain.data == "digits"
    assert plain.factors == {"network": ("snn", "dnn"), "modality": ("each", "fused")}
    settings = [
        line.removeprefix("# ") if " = " in line.partition("  #")[0] else line
        for line in text.splitlines()
    ]
    everything = study_of(tomllib.loads("\n".join(settings)), "template")
    assert set(everything.factors) == set(factors())
    assert set(everything.effort) == set(EFFORT)
    assert everything.model_fields_set == set(StudyFile.model_fields)
