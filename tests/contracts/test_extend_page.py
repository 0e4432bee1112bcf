"""`docs/extend.md`: a part for each registry, taken from the page, from training to report."""

import csv
import glob
import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spikefuse.cli import app
from spikefuse.core import plugins
from spikefuse.data import SOURCES, DataSettings, Location, load_corpus
from spikefuse.encoders import ENCODERS
from spikefuse.execution import Executor, InProcessExecutor, PoolExecutor, RayExecutor
from spikefuse.fusion import FUSIONS
from spikefuse.meters import METERS
from spikefuse.networks import PLANS
from spikefuse.neurons import NEURONS, SHAPES
from spikefuse.noise import NOISES, NoiseCondition
from spikefuse.planning.run import _job
from spikefuse.planning.trials import PlannedTrial
from spikefuse.results import TrialStore
from spikefuse.tracking.registry import MIRRORS
from spikefuse.training import TrialDefinition

PAGE = Path(__file__).resolve().parents[2] / "docs" / "extend.md"
REGISTRIES: dict[str, dict[str, Any]] = {
    "FUSIONS": FUSIONS,
    "NEURONS": NEURONS,
    "SHAPES": SHAPES,
    "ENCODERS": ENCODERS,
    "NOISES": NOISES,
    "METERS": METERS,
    "PLANS": PLANS,
    "SOURCES": SOURCES,
    "MIRRORS": MIRRORS,
}


@dataclass(frozen=True)
class Recipe:
    title: str
    file: str
    code: str
    commands: tuple[tuple[str, ...], ...]

    @property
    def run(self) -> Path:
        return Path(self.commands[-1][-1])


def blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def recipes() -> list[Recipe]:
    head, *sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (small,) = re.findall(r'^SMALL="(.*)"$', head, re.MULTILINE)
    found = []
    for section in sections:
        (code,), (commands,) = blocks("python", section), blocks("sh", section)
        first, _, rest = code.partition("\n")
        lines = [shlex.split(line.replace("$SMALL", small)) for line in commands.splitlines()]
        assert all(line[0] == "spikefuse" for line in lines)
        title = section.partition("\n")[0]
        told = tuple(tuple(line[1:]) for line in lines)
        found.append(Recipe(title, first.removeprefix("# "), rest, told))
    return found


RECIPES = recipes()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in; what plugins register there is gone afterwards."""
    known = [*REGISTRIES.values(), plugins.LOADED]
    before = [dict(each) for each in known]
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for each, content in zip(known, before, strict=True):
        each.clear()
        each.update(content)


def call(words: tuple[str, ...]) -> str:
    """What a command says; it must end well."""
    typed = [one for word in words for one in (sorted(glob.glob(word)) if "*" in word else [word])]
    result = CliRunner().invoke(app, typed, env={"COLUMNS": "160"})
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result.output


def test_there_is_a_recipe_for_each_registry() -> None:
    text = PAGE.read_text(encoding="utf-8")
    told = re.findall(r"^\| \[[\w ]+\]\(#([\w-]+)\) \| `(\w+)`", text, re.MULTILINE)

    assert {name for _, name in told} == set(REGISTRIES)
    anchors = {recipe.title.lower().replace(" ", "-") for recipe in RECIPES}
    assert {anchor for anchor, _ in told} == anchors


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_a_recipe_is_one_short_file_that_registers_one_part(recipe: Recipe, place: Path) -> None:
    Path(recipe.file).write_text(recipe.code)
    before = {name: set(registry) for name, registry in REGISTRIES.items()}
    plugins.load_plugin(Path(recipe.file))
    added = [
        (name, part)
        for name, registry in REGISTRIES.items()
        for part in set(registry) - before[name]
    ]

    assert len(added) == 1
    assert len(recipe.code.splitlines()) <= 40


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_a_recipe_runs_from_training_to_report(recipe: Recipe, place: Path) -> None:
    Path(recipe.file).write_text(recipe.code)
    said = [call(command) for command in recipe.commands]

    (folder,) = (recipe.run / "trials").iterdir()
    trial = json.loads((folder / "trial.json").read_text())
    evaluation = json.loads(next(folder.glob("evaluations/*.json")).read_text())
    label = plugins.load_plugin(Path(recipe.file)).label
    if recipe.title == "A kind of noise":
        assert "plugins" not in trial
        assert evaluation["condition"]["plugins"] == [label]
    elif recipe.title == "A mirror of events":
        assert "plugins" not in trial
        accuracy = TrialStore(recipe.run).read(folder.name).results["accuracy"]["test_best"]
        assert f"{folder.name} reached {accuracy}" in said[0]
    elif recipe.title != "A meter":
        assert trial["plugins"] == [label]
    with (recipe.run / "tables" / "single-networks.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert {row["Trial"] for row in rows} == {folder.name}
    assert "noise" in {word for row in rows for word in row["Network"].split()}
    assert folder.name in (recipe.run / "report.html").read_text()
    metrics = {row["Metric"] for row in rows}
    assert ("silent.image.hidden" in metrics) == (recipe.title == "A meter")


def prepared(title: str) -> tuple[Recipe, str]:
    """A recipe with its file written and loaded, and its plugin's label."""
    (recipe,) = (each for each in RECIPES if each.title == title)
    Path(recipe.file).write_text(recipe.code)
    return recipe, plugins.load_plugin(Path(recipe.file)).label


def test_without_its_plugin_a_trial_says_which_is_missing(place: Path) -> None:
    recipe, label = prepared("A data source")
    call(recipe.commands[0])
    (folder,) = (recipe.run / "trials").iterdir()
    del SOURCES["weather"], plugins.LOADED[label]
    result = CliRunner().invoke(app, ["evaluate", str(folder)])

    assert result.exit_code == 1
    digest = label.rpartition(":")[2]
    assert f"this needs weather.py with content {digest}" in str(result.exception)
    assert "--plugin weather.py" in str(result.exception)
    # What is stored is told without it.
    call(("report", str(recipe.run)))


def trained(place: Path, name: str, executor: Executor) -> bytes:
    """The weights of a network with parts from two plugins, trained by this executor."""
    _, fusion = prepared("A fusion with weights")
    _, source = prepared("A data source")
    corpus = load_corpus(DataSettings(source="weather"), Location("weather"))
    settings = {"modality": "fused", "fusion": "weighted", "plan": "mlp", "budget": 60_811}
    effort = {"time_steps": 2, "epochs": 1, "batch_size": 20, "data": {"source": "weather"}}
    definition = TrialDefinition.create(**settings, **effort).on(corpus)
    assert definition.plugins == tuple(sorted((fusion, source)))
    condition = NoiseCondition(noise_std=0.1, draws=1)
    planned = PlannedTrial(definition, "new", 1.0, [condition])
    store = TrialStore(place / name)
    how = {"device": "cpu", "backend": "auto", "products": "auto"}
    job = _job((planned,), store, Location("weather"), how)
    (result,) = executor.run([job], lambda event: None)
    assert result.ok, result.error
    assert len(store.read(definition.name).evaluations) == 1
    return (store.trials / definition.name / "weights.safetensors").read_bytes()


def test_workers_load_what_recipes_register(place: Path) -> None:
    here = trained(place, "here", InProcessExecutor(threads=1))
    assert trained(place, "pool", PoolExecutor(workers=1, threads=1)) == here


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_ray_loads_what_recipes_register(place: Path, cluster: str) -> None:
    here = trained(place, "here", InProcessExecutor(threads=1))
    assert trained(place, "ray", RayExecutor(threads=1, address=cluster)) == here
