"""`spikefuse ask`: from data of four kinds to an answer; nothing is written into the data."""

import html
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from own_files import class_folders, snapshot, stacked, stem_folders, table_folder

import spikefuse as sf
from spikefuse.cli.asking import ask_data
from spikefuse.core.errors import InputError
from spikefuse.report import build_report
from spikefuse.studies.profiles import SIZES

REPLIES = {"yes": 0, "no": 3, "open": 4}


def a_stack(root: Path) -> Path:
    root.mkdir()
    return stacked(root / "walks.npz")


def with_stems(root: Path) -> Path:
    return stem_folders(root)


CASES: dict[str, tuple[Callable[[Path], Path], dict[str, Any], str]] = {
    "table": (table_folder, {"group": "subject"}, "truly paired"),
    "stems": (with_stems, {"pair": "stem"}, "truly paired"),
    "arrays": (a_stack, {}, "truly paired"),
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of a few weights: what is tested is the way to an answer, not the answer."""
    monkeypatch.setitem(SIZES, "S", 60_000)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def effort(out: Path, **further: object) -> dict[str, Any]:
    return {"profile": "smoke", "seeds": 2, "out": out, "executor": "process", **further}


def command(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "spikefuse", "ask", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=cwd,
        env=dict(os.environ),
    )


def test_class_folders_end_with_an_answer_from_worker_processes(tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "animals")
    before = snapshot(folder)
    options = ("--profile", "smoke", "--seeds", 1, "--workers", 2, "--executor", "pool")
    done = command("animals", *options, cwd=tmp_path)
    out = tmp_path / "runs" / "ask-own-animals"
    answer = json.loads((out / "answer.json").read_text())

    assert done.returncode == REPLIES[answer["answer"]] == 4, done.stderr
    assert done.stdout.index("time ") < done.stdout.index("% ")
    assert not done.stdout.startswith("\n")
    (counted,) = re.findall(r"to do, in (\d+) populations? \(networks of one shape", done.stdout)
    assert f"{counted}/{counted} populations" in done.stdout
    assert "sight (images: 6 train, 2 validation, 2 test)" in done.stdout
    assert "paired by class, not truly paired" in done.stdout
    assert set(answer["networks"]) == {"snn", "dnn"}
    for record in answer["networks"].values():
        assert record["answer"] == "open"
        assert record["test_samples"] == 2
        assert set(record["single"]) == {"sight", "sound"}
        assert record["seeds_to_decide_why"].startswith("one seed says nothing")
        for part in ("fused", "best_single", "product_of_experts", "shuffled"):
            assert record[part]["n"] == 1
            assert 0 <= record[part]["mean"] <= 1
        gain = record["gain_over"]["best_single"]["mean"]
        assert gain == pytest.approx(record["fused"]["mean"] - record["best_single"]["mean"])
    assert answer["data"]["modalities"]["sound"]["counts"]["cat"]["train"] == 3
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "paired by class, not truly paired" in report
    assert report.count("data:image/png;base64,") == 1
    assert "Samples of each class in each split" in report
    assert "2 classes with fewer than 10 test samples" in report
    # One pairing was asked for, and no figure of the paper: nothing of either is unfinished.
    assert "not stored under both pairings" not in report
    assert "Not measured in this run" not in report
    assert snapshot(folder) == before


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", CASES)
def test_data_of_other_kinds_ends_with_an_answer(name: str, tmp_path: Path) -> None:
    make, said, pairing = CASES[name]
    place = make(tmp_path / "data")
    before = snapshot(tmp_path / "data")
    reply = ask_data(str(place), effort(tmp_path / "out"), said, as_json=False)
    answer = json.loads((tmp_path / "out" / "answer.json").read_text())

    assert reply == answer["answer"]
    assert answer["data"]["pairing"] == pairing
    # A seed with a silent network is counted apart, and never without a word.
    spiking = answer["networks"]["snn"]
    accuracies = (spiking["fused"], *spiking["single"].values())
    is_told = any("silent" in reason for reason in spiking["reasons"])
    assert is_told == any("silent" in each for each in accuracies)
    assert spiking["gain_over"]["best_single"]["n"] == 2 or is_told
    assert answer["networks"]["snn"]["product_of_experts"]["n"] == 2
    assert snapshot(tmp_path / "data") == before


@pytest.mark.usefixtures("small")
def test_what_is_stored_is_not_trained_again(tmp_path: Path) -> None:
    place = a_stack(tmp_path / "data")
    asked = effort(tmp_path / "out", seeds=1)
    ask_data(str(place), asked, {}, as_json=False)
    trials = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("trials/*/*")}
    ask_data(str(place), asked, {}, as_json=False)

    assert len(trials) >= 8
    assert {path: path.stat().st_mtime_ns for path in trials} == trials


@pytest.mark.parametrize("out", ["data", "data/results", "elsewhere/../data/sight"])
def test_results_are_never_written_into_the_data(out: str, tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "data")
    before = snapshot(folder)
    with pytest.raises(InputError, match="--out must lie outside the data"):
        ask_data(str(folder), effort(tmp_path / out), {}, as_json=False)
    assert snapshot(folder) == before


def test_one_modality_has_no_second(tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "data")
    for file in sorted((folder / "sound").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    (folder / "sound").rmdir()
    with pytest.raises(
        InputError, match="DATA must be of two modalities or more, got 'sight' alone"
    ):
        ask_data(str(folder), effort(tmp_path / "out"), {}, as_json=False)
    assert not (tmp_path / "out").exists()


NETWORK = Path(__file__).resolve().parents[2] / "examples" / "own_network.py"


def test_a_network_of_plain_pytorch_gets_the_same_answer_file(tmp_path: Path) -> None:
    place = a_stack(tmp_path / "data")
    asked = {"profile": "smoke", "seeds": 2, "out": tmp_path / "out"}
    reply = ask_data(str(place), asked, {}, network=f"{NETWORK}:make")
    answer = json.loads((tmp_path / "out" / "answer.json").read_text())
    record = answer["networks"]["own_network.py:make"]

    assert reply == answer["answer"] == record["answer"]
    assert set(record["single"]) == {"map", "move", "touch"}
    for part in ("fused", "best_single", "product_of_experts", "shuffled"):
        assert record[part]["n"] == 2
        assert 0 <= record[part]["mean"] <= 1
    assert record["test_samples"] == 4
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "modules").iterdir()}
    assert len(kept) == 2 * 5
    ask_data(str(place), asked, {}, network=f"{NETWORK}:make")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_an_answer_that_makes_room_for_another_of_the_same_name_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of fewer seeds, or of a file of the same name with other code; it is trained, too."""
    place, out = a_stack(tmp_path / "data"), tmp_path / "out"
    code = NETWORK.read_text(encoding="utf-8")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "own.py").write_text(f"{code}# {name}\n", encoding="utf-8")

    def told(name: str, seeds: int) -> int:
        caplog.clear()
        asked = {"profile": "smoke", "seeds": seeds, "out": out}
        ask_data(str(place), asked, {}, network=f"{tmp_path}/{name}/own.py:make")
        return sum("held further rows of controls (" in each.message for each in caplog.records)

    assert [told("one", 2), told("one", 2), told("one", 1), told("two", 1)] == [0, 0, 1, 1]
    assert len(list((out / "modules").iterdir())) == (2 + 1) * 5


def test_the_report_of_a_network_of_plain_pytorch_is_the_answer_under_its_own_name(
    tmp_path: Path,
) -> None:
    place, out = a_stack(tmp_path / "data"), tmp_path / "out"
    asked = {"profile": "smoke", "seeds": 2, "out": out}
    ask_data(str(place), asked, {}, network=f"{NETWORK}:make")
    answer = json.loads((out / "answer.json").read_text())
    record = answer["networks"]["own_network.py:make"]
    page = html.unescape((out / "report.html").read_text(encoding="utf-8"))
    text = re.sub("<[^>]*>", "", re.sub("<(style|svg)[^>]*>.*?</\\1>", "", page, flags=re.DOTALL))
    screen = re.search('<section class="hero" id="answer".*?</section>', page, re.DOTALL)

    assert screen is not None
    assert record["sentence"] in screen[0]
    assert "<h1>Do map, move and touch together help own_network.py:make more" in page
    assert "own data 'walks.npz'" in page.lower()
    assert f"{100 * record['product_of_experts']['mean']:.2f}" in text
    # The rows call it a dense network; the page must not, nor speak of our sizes and the paper.
    for wrong in ("DNN", "SNN", "size S", "could not be read", "Figure 3", "What could not"):
        assert wrong not in text
    # Drawn again from the folder alone.
    again = build_report(out, out / "again.html").read_text(encoding="utf-8")
    assert record["sentence"] in html.unescape(again)
    shown = subprocess.run(
        [sys.executable, "-m", "spikefuse", "show", str(out)],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert "Open for own_network.py:make: all 3 modalities" in shown.stdout
    assert "DNN" not in shown.stdout


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ("DNN", "--network must be SNN or MODULE:FUNCTION, got 'DNN'"),
        ("nowhere.py:make", "--network must name a file that is there, got 'nowhere.py'"),
        ("no_such_module:make", "must run, got ModuleNotFoundError"),
        ("json:nothing", "json has none of that name"),
        ("json:__name__", "--network must name a function"),
        ("json:dumps", "--network json:dumps must run, got TypeError"),
    ],
)
def test_a_network_that_is_none_is_one_line(network: str, said: str, tmp_path: Path) -> None:
    place = a_stack(tmp_path / "data")
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        ask_data(str(place), {"profile": "smoke", "out": tmp_path / "out"}, {}, network=network)
    assert not (tmp_path / "out").exists()


def test_an_option_without_effect_on_a_module_is_refused(tmp_path: Path) -> None:
    place = a_stack(tmp_path / "data")
    with pytest.raises(InputError, match="--workers has no effect on a network of yours"):
        ask_data(str(place), {"workers": 2}, {}, network=f"{NETWORK}:make")


@pytest.mark.usefixtures("small")
def test_the_same_question_in_python(tmp_path: Path) -> None:
    place = a_stack(tmp_path / "data")
    found = sf.ask(place, seeds=2, profile="smoke", out=tmp_path / "out")
    stored = json.loads((tmp_path / "out" / "answer.json").read_text())

    assert found.document == stored
    assert found.document["command"] == (
        f"sf.ask({str(place)!r}, seeds=2, profile='smoke', out={str(tmp_path / 'out')!r})"
    )
    assert eval(found.document["command"], {"sf": sf}).document == stored
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["command"] == found.document["command"]
    assert "sf.ask(" in build_report(tmp_path / "out", tmp_path / "r.html").read_text("utf-8")
    assert found.reply in REPLIES
    assert found.document["data"]["pairing"] == "truly paired"
    assert found.sentence.count("all 3 modalities together") == 2
    with pytest.raises(InputError, match="group is for a path to data of your own"):
        sf.ask("builtin", group="speaker")
    with pytest.raises(InputError, match="seeds must be at least 1"):
        sf.ask(place, seeds=0)


@pytest.mark.usefixtures("small")
def test_a_module_of_ones_own_is_asked_about_in_python(tmp_path: Path) -> None:
    place, out = a_stack(tmp_path / "data"), tmp_path / "out"
    made = []

    def tiny(shapes: dict[str, tuple[int, int, int]], classes: int) -> torch.nn.Module:
        made.append(tuple(shapes))
        return Tiny(shapes, classes)

    found = sf.ask(place, seeds=2, profile="smoke", network=tiny, out=out)
    assert found.document == json.loads((out / "answer.json").read_text())
    call = f"sf.ask({str(place)!r}, seeds=2, profile='smoke', network={{}}, out={str(out)!r})"
    assert found.document["command"] == call.format(tiny.__qualname__)
    (name,) = found.answers
    assert name.endswith("tiny")
    assert found.reply in REPLIES
    # Three modalities, all together, all together but shuffled; each kind is tried before.
    assert len(made) == 2 * 5 + 5
    stored = {path: path.stat().st_mtime_ns for path in (out / "modules").iterdir()}
    assert len(stored) == 2 * 5
    again = sf.ask(place, seeds=2, profile="smoke", network=tiny, out=out)
    assert stored == {path: path.stat().st_mtime_ns for path in (out / "modules").iterdir()}
    assert again.document == found.document
    with pytest.raises(InputError, match="network must be a function or MODULE:FUNCTION"):
        sf.ask(place, profile="smoke", network=3)  # type: ignore[arg-type]


class Tiny(torch.nn.Module):
    """One linear layer over everything it sees."""

    def __init__(self, shapes: dict[str, tuple[int, int, int]], classes: int) -> None:
        super().__init__()
        self.out = torch.nn.Linear(sum(math.prod(shape) for shape in shapes.values()), classes)

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        logits: torch.Tensor = self.out(torch.cat([x.flatten(1) for x in inputs.values()], 1))
        return logits


@pytest.mark.usefixtures("small")
def test_a_module_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    place, out = a_stack(tmp_path / "data"), tmp_path / "out"
    own = tmp_path / "own.py"
    own.write_text(
        "import torch\n"
        "def wrong(shapes, classes):\n"
        "    return torch.nn.Sequential(Front(), torch.nn.Linear(1, classes + 1))\n"
        "def none(shapes, classes):\n"
        "    return 3\n"
        "class Front(torch.nn.Module):\n"
        "    def forward(self, inputs):\n"
        "        return next(iter(inputs.values())).flatten(1)[:, :1]\n"
    )
    asked = {"profile": "smoke", "seeds": 1, "out": out}
    for name, said in (("wrong", "logits must have shape"), ("none", "must make an nn.Module")):
        network = f"{own}:{name}"
        with pytest.raises(InputError, match=f"^ask: --network own.py:{name}.*{said}"):
            ask_data(str(place), asked, {}, network=network)
        with pytest.raises(InputError, match=f"^ask: --network own.py:{name}.*{said}"):
            sf.ask(place, seeds=1, profile="smoke", network=network, out=out)
        assert not out.exists()


@pytest.mark.usefixtures("small")
def test_the_example_network_takes_events(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    frames = random.integers(0, 3, (24, 2, 8, 8, 4)).astype("int16")
    moving = {"frames": frames, "sound": random.normal(size=(24, 9, 6))}
    data = sf.dataset(moving, np.arange(24) % 3, test=0.25, kinds={"frames": "events"})
    found = sf.ask(data, seeds=1, profile="smoke", network=f"{NETWORK}:make")
    question = found.document["question"]
    assert question.startswith("Do frames and sound together help own_network.py:make more")
    call = f"sf.ask(data, seeds=1, profile='smoke', network={f'{NETWORK}:make'!r})"
    assert found.document["command"] == call


def test_an_unknown_word_of_the_question_has_the_nearest() -> None:
    with pytest.raises(InputError, match=r"profil is for a path .* Did you mean profile\?"):
        sf.ask("builtin", profil="smoke")
