"""Plugins: loaded by path, named by content in what is made with them, missed by name."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spikefuse.core import plugins
from spikefuse.core.errors import InputError, MissingPluginError
from spikefuse.neurons import NEURONS
from spikefuse.noise import NOISES, NoiseCondition
from spikefuse.training import TrialDefinition

CODE = """
from dataclasses import replace
from spikefuse.core.registry import register
from spikefuse.neurons import NEURONS
from spikefuse.noise import NOISES
register("neuron", NEURONS, "slow", replace(NEURONS["lif"], title="slow"))
register("noise", NOISES, "haze", replace(NOISES["gaussian"], title="haze"))
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Path]:
    """A plugin's file; what it registers is gone after the test."""
    before = dict(NEURONS), dict(NOISES), dict(plugins.LOADED)
    path = tmp_path / "mine.py"
    path.write_text(CODE)
    yield path
    for registry, content in zip((NEURONS, NOISES, plugins.LOADED), before, strict=True):
        registry.clear()
        registry.update(content)  # type: ignore[arg-type]


def test_what_is_made_with_a_part_holds_the_content_of_its_plugin(plugin: Path) -> None:
    label = plugins.load_plugin(plugin).label
    made = TrialDefinition.create(neuron="slow")

    assert label.startswith("mine.py:")
    assert made.plugins == (label,)
    assert made.naming()["plugins"] == [label]
    assert NoiseCondition(noise_std=0.1, kind="haze").plugins == (label,)
    assert TrialDefinition.model_validate(made.naming()) == made


def _takes_one(one: object) -> None:
    """Of somebody else."""


def _raised(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind
        call()
    return caught.value


class OutOfMemoryError(RuntimeError):
    """As PyTorch calls it."""


FAULTS = """
def wrong(x):
    return 1 / x


class Made:
    def __init__(self, one):
        self.one = one
"""


def test_an_error_in_a_plugins_lines_is_told_with_the_line(plugin: Path) -> None:
    plugin.write_text(CODE + FAULTS)
    label = plugins.load_plugin(plugin).label
    made = sys.modules[f"spikefuse_plugin_{label.rpartition(':')[2]}"]

    inside = plugins.fault_of(_raised(lambda: made.wrong(0)))
    assert inside is not None
    line = CODE.count("\n") + 3
    assert str(inside).startswith(
        f"plugin: line {line} of {plugin} must run (return 1 / x), got ZeroDivisionError: division"
    )
    before = plugins.fault_of(_raised(lambda: made.Made()))
    assert before is not None
    assert f"plugin: Made of {plugin} must take what it is given, got TypeError" in str(before)
    made._takes_one = _takes_one  # as if the file imported it
    for elsewhere in (lambda: 1 / 0, lambda: dict(1, 2), lambda: _takes_one()):
        beside = plugins.fault_of(_raised(elsewhere))
        assert beside is not None
        assert f"plugin: what parts of {plugin} give back must be what" in str(beside)
        assert "a fault of spikefuse" in str(beside)
    assert plugins.fault_of(SystemExit(2)) is None
    for of_the_machine in (OSError(28, "No space left"), MemoryError(), OutOfMemoryError()):
        assert plugins.fault_of(of_the_machine) is None


def test_without_a_loaded_file_an_error_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "LOADED", {})
    assert plugins.fault_of(_raised(lambda: 1 / 0)) is None


def test_a_file_that_ends_the_process_ends_no_command(plugin: Path) -> None:
    plugin.write_text("import sys\nsys.exit('not today')\n")
    with pytest.raises(InputError, match="must run, got SystemExit: not today"):
        plugins.load_plugin(plugin)


def test_names_of_the_packages_own_parts_stay(plugin: Path) -> None:
    before = TrialDefinition.create(modality="fused").name
    plugins.load_plugin(plugin)

    assert TrialDefinition.create(modality="fused").name == before
    assert "plugins" not in TrialDefinition.create().naming()
    assert "plugins" not in NoiseCondition(noise_std=0.1).naming()


def test_another_content_is_another_trial(plugin: Path) -> None:
    first = plugins.load_plugin(plugin)
    name = TrialDefinition.create(neuron="slow").name
    del NEURONS["slow"], NOISES["haze"]
    plugin.write_text(CODE + "# other\n")
    second = plugins.load_plugin(plugin)

    assert first.label != second.label
    assert TrialDefinition.create(neuron="slow").name != name


def test_opening_without_the_plugin_says_which_is_missing(plugin: Path) -> None:
    label = plugins.load_plugin(plugin).label
    stored = TrialDefinition.create(neuron="slow").naming()
    code = (
        "import json, sys\nfrom spikefuse.training import TrialDefinition\n"
        "TrialDefinition.model_validate(json.loads(sys.argv[1]))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, json.dumps(stored)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    digest = label.rpartition(":")[2]
    assert f"MissingPluginError: plugin: this needs mine.py with content {digest}" in answer.stderr
    assert "--plugin mine.py" in answer.stderr


def test_another_version_is_told_apart(plugin: Path) -> None:
    plugins.load_plugin(plugin)
    stored = TrialDefinition.create(neuron="slow").naming() | {"plugins": ["mine.py:0000"]}
    with pytest.raises(MissingPluginError, match=r"another version of it, mine\.py:"):
        TrialDefinition.model_validate(stored)


def test_a_worker_loads_what_is_sent_and_nothing_else(plugin: Path) -> None:
    plugins.load_plugin(plugin)
    sent = [each for each in plugins.plugins_to_send() if each["path"] == str(plugin)]
    code = (
        "import json, sys\nfrom spikefuse.core.plugins import receive_plugins\n"
        "receive_plugins(json.loads(sys.argv[1]))\n"
        "from spikefuse.training import TrialDefinition\n"
        "print(TrialDefinition.create(neuron='slow').name)\n"
    )
    words = [sys.executable, "-c", code, json.dumps(sent)]
    answer = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert answer.stdout.strip() == TrialDefinition.create(neuron="slow").name, answer.stderr

    plugin.write_text(CODE + "# other\n")
    answer = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert "must be what it was when the work was sent" in answer.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("def", "SyntaxError"),
        ("import no_such_module", "ModuleNotFoundError"),
    ],
)
def test_a_file_that_does_not_run_is_one_sentence(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "broken.py"
    path.write_text(content)
    with pytest.raises(InputError, match=told):
        plugins.load_plugin(path)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a Python file that can be read"):
        plugins.load_plugin(tmp_path / "nowhere.py")


def test_jobs_carry_plugins(plugin: Path, tmp_path: Path) -> None:
    from spikefuse.data import Location
    from spikefuse.planning.run import _job
    from spikefuse.planning.trials import PlannedTrial
    from spikefuse.results import TrialStore

    planned = PlannedTrial(TrialDefinition.create(), "new", 1.0)
    place = Location("builtin", None, "embedded", "")
    store = TrialStore(tmp_path / "run")
    how = {"device": "cpu", "backend": "auto", "products": "auto"}
    assert "plugins" not in _job((planned,), store, place, how).payload
    label = plugins.load_plugin(plugin).label
    sent = _job((planned,), store, place, how).payload["plugins"]
    assert sent == [{"path": str(plugin), "label": label}]


def test_commands_take_a_plugin(plugin: Path) -> None:
    def said(*words: str) -> str:
        answer = subprocess.run(
            [sys.executable, "-m", "spikefuse", *words],
            cwd=plugin.parent,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return " ".join(answer.stdout.replace("\u2502", " ").split()) + answer.stderr

    assert "relu, plif, slow." in said("--plugin", "mine.py", "train", "--help")
    refused = ("train", "--neuron", "slow", "--leak", "7", "--data", "builtin")
    assert "must be one of lif, if, relu" in said(*refused)
    assert "leak" in said(*refused, "--plugin", "mine.py")
    assert "must be one of" not in said(*refused, "--plugin", "mine.py")
