"""Commands that remake a part: the run's own options, and nothing a record could smuggle in."""

import shlex
from typing import Any

import pytest

from spikefuse.report.commands import commands_of, studies_of, typed_of

RECORD: dict[str, Any] = {
    "profile": "quick",
    "source": "mnist-fsdd",
    "seeds": [0, 1],
    "command": "spikefuse reproduce",
}


def test_the_record_fills_in_what_the_command_left_out() -> None:
    commands = commands_of(RECORD)

    assert commands.run("reset") == ("spikefuse run reset --profile quick --data digits --seeds 2")


def test_options_that_decide_numbers_are_kept() -> None:
    called = (
        "spikefuse reproduce --seeds=3 --out 'runs/my run' --workers 2 --executor pool "
        "--protocols disjoint --data auto --profile smoke --device cuda"
    )

    commands = commands_of(RECORD | {"command": called})

    assert commands.run("reset", "neuron") == (
        "spikefuse run reset neuron --profile quick --data digits --seeds 3 "
        "--protocols disjoint --out 'runs/my run' --device cuda"
    )
    assert "--protocols" not in commands.run("speakers", protocols=False)


def test_a_part_of_a_study_is_named_with_this_study_alone() -> None:
    sizes = commands_of(RECORD | {"command": "spikefuse run fusion --sizes S,S/3"})
    assert sizes.run("fusion", protocols=False).endswith("--seeds 2 --sizes S,S/3")
    for others in (
        ("controls",),
        ("model-size", "controls"),
        ("fusion", "reset"),
        ("sensitivity",),
    ):
        assert "--sizes" not in sizes.run(*others)
    called = "spikefuse run sensitivity --readings base,atan --studies reset"
    readings = commands_of(RECORD | {"command": called})
    assert readings.run("sensitivity").endswith("--readings base,atan --studies reset")
    assert readings.run("reset").endswith("--seeds 2")


def test_a_study_is_remade_by_the_command_that_asked_for_it() -> None:
    typed = {
        "fusion": "spikefuse run fusion --sizes S --threads 2",
        "mine": "spikefuse run mine.toml",
        "neuron": "spikefuse run neuron --out here",
    }
    commands = commands_of(RECORD | {"command": typed["neuron"], "commands": typed})
    assert commands.run("fusion") == (
        "spikefuse run fusion --profile quick --data digits --seeds 2 --sizes S --threads 2"
    )
    assert commands.run("neuron").endswith("--seeds 2 --out here")
    assert commands.run("reset", "neuron").endswith("--seeds 2 --out here")
    assert commands.folder == "here"
    assert commands.run("sensitivity", readings="").endswith("--seeds 2 --out here")
    assert commands.run("sensitivity", readings="base").endswith("--readings base --out here")
    assert commands.runs("fusion", "reset", "neuron") == [
        commands.run("fusion"),
        commands.run("reset", "neuron"),
    ]
    for broken in (None, [], {"fusion": 7}):
        line = commands_of(RECORD | {"commands": broken}).run("fusion")
        assert line == "spikefuse run fusion --profile quick --data digits --seeds 2"


def test_the_reading_of_a_study_is_that_of_its_command() -> None:
    typed = {
        "fusion": "spikefuse run fusion --readings calibrated",
        "controls": "spikefuse run controls --readings lab --seeds 10",
        "model-size": "spikefuse run model-size --readings lab --seeds 5",
    }
    commands = commands_of(RECORD | {"command": typed["fusion"], "commands": typed})
    assert commands.run("fusion").endswith("--seeds 2 --readings calibrated")
    assert commands.run("controls").endswith("--seeds 10 --readings lab")
    assert commands.runs("model-size", "controls") == [
        commands.run("model-size"),
        commands.run("controls"),
    ]
    assert commands_of(RECORD).run("controls").endswith("--seeds 2")


@pytest.mark.parametrize(
    ("precision", "typed", "said"),
    [
        ("bf16", "", " --precision bf16"),
        ("bf16", " --precision auto", " --precision bf16"),
        ("bf16", " --device cuda", " --device cuda --precision bf16"),
        ("float32", " --device cuda", " --device cuda --precision float32"),
        ("float32", "", ""),
        ("float32", " --precision float32", " --precision float32"),
        ("float32", " --precision auto", " --precision auto"),
        ("float32", " --device cuda --precision auto", " --device cuda --precision float32"),
        ("<b>", " --device cuda", " --device cuda"),
        (None, "", ""),
    ],
)
def test_the_precision_of_the_networks_is_said_where_a_machine_would_decide_it(
    precision: Any, typed: str, said: str
) -> None:
    record = RECORD | {"profile_settings": {"precision": precision}, "base": {}}
    line = commands_of(record | {"command": f"spikefuse run reset{typed}"}).run("reset")
    assert line == f"spikefuse run reset --profile quick --data digits --seeds 2{said}"


OLDER: dict[str, Any] = {"profile_settings": {}}
CALIBRATING: dict[str, Any] = {"profile_settings": {"init": "calibrated"}}


@pytest.mark.parametrize(
    ("record", "typed", "today"),
    [
        (CALIBRATING, "spikefuse ask mine", " --readings calibrated"),
        (CALIBRATING, "spikefuse run time-axis --profile auto", " --readings calibrated"),
        (CALIBRATING, "spikefuse run fusion", " --readings calibrated"),
        (CALIBRATING, "spikefuse run fusion neuron", " --readings calibrated"),
        (OLDER, "spikefuse run mine.toml", " --readings lab"),
        (OLDER, "spikefuse reproduce --seeds 3", " --readings lab"),
        (OLDER, "spikefuse run controls reset", " --readings lab"),
        (OLDER, "spikefuse run fusion", " --readings calibrated"),
        (OLDER, "spikefuse run fusion neuron", ""),
        (OLDER, "spikefuse run census neuron", " --readings lab"),
        (OLDER, "spikefuse run census", ""),
        (OLDER, "spikefuse ask readings", " --readings lab"),
        (OLDER, "spikefuse ask fusion", " --readings lab"),  # a folder of that name
        (OLDER, "spikefuse ask mine --readings lab", ""),
        (OLDER, "spikefuse run sensitivity", ""),
        (OLDER, "spikefuse train", ""),
        (OLDER, "otherfuse run reset", ""),
        (OLDER, "spikefuse", ""),
        (OLDER, "spikefuse run 'unclosed", " --readings lab"),
        (OLDER, "", ""),
    ],
)
def test_what_an_older_version_typed_is_typed_with_its_reading_today(
    record: dict[str, Any], typed: str, today: str
) -> None:
    assert typed_of(record | {"command": typed}) == typed + today
    of_today = record | {"base": {"surrogate": "triangle"}, "command": typed}
    assert typed_of(of_today) == typed


@pytest.mark.parametrize(
    ("typed", "today"),
    [
        ("sf.ask('mine')", "sf.ask('mine', reading='lab')"),
        ("sf.ask('mine', reading='lab')", "sf.ask('mine', reading='lab')"),
        ("sf.ask('mine", "sf.ask('mine"),
    ],
)
def test_what_an_older_version_was_called_with_is_called_with_its_reading(
    typed: str, today: str
) -> None:
    settings = {"precision": "bf16"}  # no option of a call
    assert typed_of({"profile_settings": settings, "command": typed}) == today
    assert typed_of({"profile_settings": settings, "base": {}, "command": typed}) == typed


@pytest.mark.parametrize(
    ("precision", "typed", "today"),
    [
        ("bf16", "spikefuse ask mine", "spikefuse ask mine --precision bf16"),
        ("bf16", "spikefuse run reset", "spikefuse run reset --precision bf16"),
        (
            "bf16",
            "spikefuse reproduce --precision auto --seeds 2",
            "spikefuse reproduce --seeds 2 --precision bf16",
        ),
        (
            "bf16",
            "spikefuse reproduce --precision=auto --seeds 2",
            "spikefuse reproduce --seeds 2 --precision bf16",
        ),
        ("bf16", "spikefuse ask mine --precision bf16", "spikefuse ask mine --precision bf16"),
        ("float32", "spikefuse ask mine", "spikefuse ask mine"),
        (
            "float32",
            "spikefuse ask mine --device cuda",
            "spikefuse ask mine --device cuda --precision float32",
        ),
        (
            "bf16",
            "spikefuse ask mine --device cuda --precision bf16",
            "spikefuse ask mine --device cuda --precision bf16",
        ),
        ("<b>", "spikefuse ask mine", "spikefuse ask mine"),
        (7, "spikefuse ask mine", "spikefuse ask mine"),
        ("bf16", "spikefuse train", "spikefuse train"),
    ],
)
def test_the_precision_of_a_processor_of_then_is_typed_today(
    precision: Any, typed: str, today: str
) -> None:
    record = {"profile_settings": {"precision": precision}, "base": {}, "command": typed}
    assert typed_of(record) == today


def test_a_command_that_is_cut_off_stays_so() -> None:
    typed = typed_of(OLDER | {"command": "spikefuse ask " + "x" * 5000})
    assert typed.endswith("x\u2026")
    assert len(typed) == 2000


@pytest.mark.parametrize("studies", [5, "reset", None, {"reset": 1}])
def test_studies_that_are_no_list_are_of_no_older_command(studies: Any) -> None:
    record = RECORD | OLDER | {"studies": studies}
    assert commands_of(record).run("reset").endswith("--seeds 2 --readings lab")


def test_a_study_without_rows_holds_no_numbers_of_the_first_screen() -> None:
    record = {"studies": ["census-leading", "robustness", "census", "controls"]}
    assert studies_of(record) == ("controls",)
    assert studies_of(record, ["census", "census-leading"]) == ("census-leading", "census")
    assert studies_of(record, ["controls", "census"]) == ("controls",)


def test_comparisons_name_cells_and_folder() -> None:
    fused = {"network": "snn", "modality": "fused"}

    line = commands_of(RECORD).compare(fused, fused | {"modality": "image"}, "--split", "test")

    assert line == (
        "spikefuse compare network=snn,modality=fused network=snn,modality=image "
        "--results runs/quick-mnist-fsdd --split test"
    )


def test_claims_of_a_reading() -> None:
    called = RECORD | {"command": "spikefuse reproduce --out here", "source": "builtin"}

    assert commands_of(called).claims("paper", "validation") == (
        "spikefuse claims here --protocol paper --split validation --rules"
    )


@pytest.mark.parametrize("profile", ["", "mine", "<script>", None])
def test_an_unknown_run_has_no_commands(profile: Any) -> None:
    commands = commands_of(RECORD | {"profile": profile})

    assert commands.run("reset") == ""
    assert commands.compare({}, {}) == ""
    assert commands.claims("paper", "test") == ""
    assert commands_of({}).run("reset") == ""


@pytest.mark.parametrize(
    "command",
    ["spikefuse 'unclosed", 7, ["a"], "--out", "spikefuse run --seeds --out x", "\x00 --out"],
)
def test_a_command_that_cannot_be_read_is_left_out(command: Any) -> None:
    line = commands_of(RECORD | {"command": command}).run("reset")

    assert line.startswith("spikefuse run reset --profile quick --data digits --seeds 2")


def test_a_hostile_value_stays_one_word() -> None:
    evil = "$(rm -rf ~); `x` && y"
    called = shlex.join(["spikefuse", "reproduce", "--out", evil])

    words = shlex.split(commands_of(RECORD | {"command": called}).run("reset"))

    assert words[words.index("--out") + 1] == evil
    assert words[-1] == evil


@pytest.mark.parametrize(
    ("studies", "found"),
    [
        (["model-size", "reset"], ("model-size",)),
        (["reset", "controls"], ("controls",)),
        (["energy"], ("energy",)),
        (["fusion"], ("fusion",)),
        (["controls", "model-size"], ("model-size",)),
        (["time-axis", "census"], ("time-axis", "census")),
        ([], ("model-size",)),
        (None, ("model-size",)),
        ("energy", ("model-size",)),
    ],
)
def test_the_first_screen_is_remade_by_a_study_of_the_run(
    studies: object, found: tuple[str, ...]
) -> None:
    assert studies_of({"studies": studies}) == found
